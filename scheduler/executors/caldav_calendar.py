"""A calendar on a CalDAV server (RFC 4791)."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote

import httpx

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import CalendarLoginError, CalendarRefusedError, CalendarUnreachableError


class CaldavCalendar:
    """The CalendarStore at `url`, the address of one calendar. `password` is asked for at every call.

    An appointment is put under its uid with `If-None-Match: *`, so the server itself holds that it is there once.
    """

    def __init__(
        self, *, url: str, username: str, password: Callable[[], str], timeout: timedelta = timedelta(seconds=20)
    ) -> None:
        self._url = url.rstrip("/")
        self._username = username
        self._password = password
        self._timeout = timeout

    @crash_points(CrashPoint.BEFORE_APPOINTMENT, CrashPoint.AFTER_APPOINTMENT)
    async def put(self, uid: str, content: str) -> bool:
        headers = {"Content-Type": "text/calendar; charset=utf-8", "If-None-Match": "*"}
        status = await self._ask("PUT", uid, content=content, headers=headers)
        if status == HTTPStatus.PRECONDITION_FAILED:
            return False
        if status not in {HTTPStatus.CREATED, HTTPStatus.NO_CONTENT, HTTPStatus.OK}:
            raise CalendarRefusedError(self._url, f"HTTP {status}")
        return True

    async def has(self, uid: str) -> bool:
        status = await self._ask("GET", uid)
        if status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise CalendarRefusedError(self._url, f"HTTP {status}")
        return status == HTTPStatus.OK

    @crash_points(CrashPoint.BEFORE_APPOINTMENT, CrashPoint.AFTER_APPOINTMENT)
    async def remove(self, uid: str) -> None:
        status = await self._ask("DELETE", uid)
        if status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise CalendarRefusedError(self._url, f"HTTP {status}")

    async def _ask(
        self, method: str, uid: str, *, content: str | None = None, headers: dict[str, str] | None = None
    ) -> int:
        address = f"{self._url}/{quote(uid, safe='')}.ics"
        auth = httpx.BasicAuth(self._username, self._password()) if self._username else None
        try:
            async with httpx.AsyncClient(auth=auth, timeout=self._timeout.total_seconds()) as http:
                answer = await http.request(method, address, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise CalendarUnreachableError(self._url, str(error) or type(error).__name__) from error
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise CalendarLoginError(self._url, self._username)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise CalendarUnreachableError(self._url, f"HTTP {answer.status_code}")
        return answer.status_code
