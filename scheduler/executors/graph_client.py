"""Calls Microsoft Graph for one mailbox: tokens, four calls at once, waiting when told to, errors in our words."""

import asyncio
import contextlib
import email.utils
import random
import re
import ssl
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from scheduler.core.errors import MailServerUnreachableError
from scheduler.core.ids import new_id
from scheduler.executors.graph_account import GraphAccount
from scheduler.executors.graph_errors import AnswerLost, GraphRefusal, translated
from scheduler.executors.graph_login import GraphLogin

AT_ONCE = 4
"""Requests Exchange Online serves at once for one app and mailbox."""
IMMUTABLE = 'IdType="ImmutableId"'

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0  # seconds
_AWAY = {500, 502, 503, 504}
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class GraphClient:
    """Opens sessions on the mailbox. What it raises: MailAccessError, MailServerUnreachableError, MailDeferredError."""

    def __init__(self, account: GraphAccount, login: GraphLogin, *, tls: ssl.SSLContext | None = None) -> None:
        self._account, self._login = account, login
        self._tls = tls or httpx.create_ssl_context()
        self._places = asyncio.Semaphore(AT_ONCE)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["GraphSession"]:
        """Yield a session. A refusal that nobody inside has understood leaves it as an error of ours."""
        timeout = self._account.timeout.total_seconds()
        async with httpx.AsyncClient(verify=self._tls, timeout=timeout) as http:
            try:
                yield GraphSession(self._account, self._login, self._places, http)
            except GraphRefusal as refusal:
                raise translated(refusal, self._account.address) from refusal
            except AnswerLost as lost:
                raise MailServerUnreachableError(self._account.root, str(lost)) from lost


class GraphSession:
    """Requests on one mailbox. Paths are relative to it; links that Graph gave are used as they are."""

    def __init__(
        self, account: GraphAccount, login: GraphLogin, places: asyncio.Semaphore, http: httpx.AsyncClient
    ) -> None:
        self._account, self._login, self._places, self._http = account, login, places, http
        self._base = f"{account.root.rstrip('/')}/v1.0/users/{quote(account.address)}/"

    async def get(self, path: str, *, prefer: str = IMMUTABLE, **query: str) -> Mapping[str, Any]:
        answer = await self._call("GET", path, again=True, headers={"Prefer": prefer}, params=query or None)
        return answer.json()  # type: ignore[no-any-return]

    async def content(self, path: str) -> bytes:
        return (await self._call("GET", path, again=True, headers={"Prefer": IMMUTABLE})).content

    async def post(self, path: str, document: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Have something done once. Raises AnswerLost when it may or may not have been done."""
        answer = await self._call("POST", path, again=False, headers={"Prefer": IMMUTABLE}, json=document or {})
        return answer.json() if answer.content else {}

    async def post_mime(self, path: str, source: bytes) -> Mapping[str, Any]:
        """Post a mail as it travels, in base64. Raises AnswerLost like `post`."""
        headers = {"Prefer": IMMUTABLE, "Content-Type": "text/plain"}
        return (await self._call("POST", path, again=False, headers=headers, content=source)).json()  # type: ignore[no-any-return]

    async def patch(self, path: str, document: Mapping[str, Any]) -> None:
        await self._call("PATCH", path, again=True, headers={"Prefer": IMMUTABLE}, json=document)

    async def delete(self, path: str) -> None:
        await self._call("DELETE", path, again=True, headers={"Prefer": IMMUTABLE})

    async def at_upload(
        self, method: str, url: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask the address of an upload session, which is its own key: it takes no token, and gets none."""
        return await self._call(method, url, again=False, token=False, content=content, headers=dict(headers or {}))

    async def pages(self, path: str, *, prefer: str = IMMUTABLE, **query: str) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the items of a list, page after page."""
        page = await self.get(path, prefer=prefer, **query)
        while True:
            for item in page["value"]:
                yield item
            if "@odata.nextLink" not in page:
                return
            page = await self.get(page["@odata.nextLink"], prefer=prefer)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        again: bool,
        token: bool = True,
        **how: Any,  # noqa: ANN401
    ) -> httpx.Response:
        """Ask until there is an answer or patience is over. `again` is whether doing it twice does no harm."""
        url = path if path.startswith("https://") else self._base + path
        until, tries, key = time.monotonic() + self._account.patience.total_seconds(), 0, await self._key(token)
        renewed = False
        while True:
            tries += 1
            why, pause = "", _backoff(tries)
            try:
                answer = await self._ask(method, url, key, how)
            except _NOT_SENT as error:
                why = f"{type(error).__name__} {error}"
                if time.monotonic() + pause > until:
                    raise MailServerUnreachableError(self._account.root, why) from error
            except httpx.HTTPError as error:
                why = f"{type(error).__name__} {error}"
                if not again or time.monotonic() + pause > until:
                    raise AnswerLost(why) from error
            else:
                if answer.is_success:
                    return answer
                refusal = GraphRefusal(answer)
                if refusal.asks_for_a_token and key is not None and not renewed:
                    key, renewed = await self._login.token(refused=key, claims=_claims(answer)), True
                    continue
                pause = _retry_after(answer, pause)
                self._judge(refusal, again=again, in_time=time.monotonic() + pause <= until)
            await asyncio.sleep(pause)

    async def _ask(self, method: str, url: str, key: str | None, how: Mapping[str, Any]) -> httpx.Response:
        headers = {**how.get("headers", {}), "client-request-id": new_id()}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        async with self._places:
            return await self._http.request(method, url, **{**how, "headers": headers})

    async def _key(self, wanted: bool) -> str | None:
        return await self._login.token() if wanted else None

    @staticmethod
    def _judge(refusal: GraphRefusal, *, again: bool, in_time: bool) -> None:
        """Raise unless it is worth asking again after a pause."""
        if refusal.status in _AWAY and not (again and in_time):
            raise AnswerLost(refusal.said)
        if refusal.status not in {*_AWAY, httpx.codes.TOO_MANY_REQUESTS} or not in_time:
            raise refusal


def _backoff(tries: int) -> float:
    full: float = min(_FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE)
    return random.uniform(0.5, 1.0) * full  # noqa: S311 - jitter


def _retry_after(answer: httpx.Response, otherwise: float) -> float:
    """Return the seconds that Graph asks us to wait: a number or a date."""
    text = answer.headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return otherwise


def _claims(answer: httpx.Response) -> str | None:
    """Return what the next token must contain, if the refusal says so (continuous access evaluation)."""
    found = re.search(r'claims="([A-Za-z0-9+/_=-]+)"', answer.headers.get("www-authenticate", ""))
    try:
        return b64decode(found[1]).decode() if found else None
    except ValueError:
        return None
