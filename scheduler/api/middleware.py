"""What surrounds every request, as plain ASGI: a correlation id, the last resort, who may come in, how much is read."""

import re
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from time import perf_counter
from typing import Final

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.api.errors import problem
from scheduler.api.headers import header
from scheduler.core.agent_wire import MOST_ARTIFACT_BYTES
from scheduler.core.ids import new_id
from scheduler.settings import is_loopback

MAX_BODY: Final = 8 * 1024 * 1024
"""Bytes of a request's body."""

MAX_UPLOAD: Final = MOST_ARTIFACT_BYTES
"""Bytes of a body that brings files."""

_UPLOADS: Final = frozenset({"/schedule", "/tables"})
_ARTIFACT = re.compile(r"/agents/[^/]+/artifacts/")
_USABLE = re.compile(r"[A-Za-z0-9-]{1,64}")
_HOSTS: Final = 64  # names of this service whose check is remembered
_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

log = structlog.get_logger(__name__)


class Envelope:
    """Binds the id of the request to the log, puts it and the security headers on the answer, and answers a crash.

    The client may bring its own id in `X-Correlation-ID`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = header(scope, b"x-correlation-id")
        correlation_id = given if given and _USABLE.fullmatch(given) else new_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        bound = structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        try:
            await self._answer(scope, receive, send, correlation_id)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, correlation_id: str) -> None:
        started, status = perf_counter(), 0
        marks = (*_HEADERS, (b"x-correlation-id", correlation_id.encode()))

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *marks]
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception:
            log.exception("request_crashed", path=scope["path"])
            if status or scope["type"] != "http":
                raise
            answer = problem(HTTPConnection(scope), HTTPStatus.INTERNAL_SERVER_ERROR, "internal", {})
            await answer(scope, receive, send_marked)
        if scope["type"] == "http":
            took = round((perf_counter() - started) * 1000, 1)
            log.info("request", method=scope["method"], path=scope["path"], status=status, milliseconds=took)


class Door:
    """Lets in who may come in from where: guards a service without a key against the pages of a user's own browser.

    Without a key only the names of loopback, and those in `hosts`, are answered, so that a foreign name that resolves
    to this machine gets nothing. Pages of another origin may neither change anything nor open a WebSocket, unless it is
    in `origins`.
    """

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str], origins: Sequence[str], has_key: bool) -> None:
        self._app = app
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._origins = frozenset(origins)
        self._any_host = has_key
        self._knows = lru_cache(_HOSTS)(self._is_known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "host or origin"})
        else:
            await refused(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        host, origin = header(scope, b"host") or "", header(scope, b"origin")
        if not self._any_host and not self._knows(host):
            return problem(HTTPConnection(scope), HTTPStatus.MISDIRECTED_REQUEST, "unknown_host", {"host": host[:200]})
        harmless = scope["type"] == "http" and scope["method"] in _HARMLESS
        if harmless or origin is None or origin in self._origins or origin.partition("://")[2] == host:
            return None
        return problem(HTTPConnection(scope), HTTPStatus.FORBIDDEN, "foreign_origin", {"origin": origin[:200]})

    def _is_known(self, host: str) -> bool:
        name = re.sub(r":\d+$", "", host).casefold()
        return is_loopback(name) or name in self._hosts


class BodyLimit:
    """Refuses a body that is larger than it may be, announced or not, before anybody reads it whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced, limit = header(scope, b"content-length"), _limit(scope)
        if announced is not None and (not announced.isdigit() or int(announced) > limit):
            await _too_large(scope, limit)(scope, receive, send)
        elif announced is None or header(scope, b"transfer-encoding") is not None:
            await self._watched(scope, receive, send, limit)
        else:  # the server reads no more than was announced
            await self._app(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return {"type": "http.disconnect"} if read > limit else message

        async def send_or_refuse(message: Message) -> None:
            if read <= limit:
                await send(message)
            elif message["type"] == "http.response.start":
                await _too_large(scope, limit)(scope, receive, send)

        await self._app(scope, limited, send_or_refuse)


def _limit(scope: Scope) -> int:
    path: str = scope["path"]
    if scope["method"] == "PUT":
        return MAX_UPLOAD if _ARTIFACT.match(path) else MAX_BODY
    files = (header(scope, b"content-type") or "").startswith("multipart/form-data")
    return MAX_UPLOAD if files and path in _UPLOADS else MAX_BODY


def _too_large(scope: Scope, limit: int) -> JSONResponse:
    facts = {"field": "body", "limit": str(limit)}
    return problem(HTTPConnection(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", facts)
