"""A calendar on a CalDAV server (RFC 4791)."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
        async with self._asking() as http:
            status = (await http.put(self._address(uid), content=content, headers=headers)).status_code
        if status == HTTPStatus.PRECONDITION_FAILED:
            return False
        self._judge(status, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT)
        return True

    async def has(self, uid: str) -> bool:
        async with self._asking() as http:
            status = (await http.get(self._address(uid))).status_code
        self._judge(status, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        return status == HTTPStatus.OK

    @crash_points(CrashPoint.BEFORE_APPOINTMENT, CrashPoint.AFTER_APPOINTMENT)
    async def remove(self, uid: str) -> None:
        async with self._asking() as http:
            status = (await http.delete(self._address(uid))).status_code
        self._judge(status, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

    def _address(self, uid: str) -> str:
        return f"{self._url}/{quote(uid, safe='')}.ics"

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[httpx.AsyncClient]:
        auth = httpx.BasicAuth(self._username, self._password()) if self._username else None
        try:
            async with httpx.AsyncClient(auth=auth, timeout=self._timeout.total_seconds()) as http:
                yield http
        except httpx.HTTPError as error:
            raise CalendarUnreachableError(self._url, str(error) or type(error).__name__) from error

    def _judge(self, status: int, *good: HTTPStatus) -> None:
        if status == HTTPStatus.UNAUTHORIZED:
            raise CalendarLoginError(self._url, self._username)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise CalendarUnreachableError(self._url, f"HTTP {status}")
        if status not in {HTTPStatus.OK, *good}:
            raise CalendarRefusedError(self._url, f"HTTP {status}")
