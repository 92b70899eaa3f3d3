"""What surrounds every request, as plain ASGI: a correlation id, and a limit to what is read."""

import re

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.core.ids import new_id
from scheduler.core.sentences import sentence

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a request's body."""

_USABLE = re.compile(r"[A-Za-z0-9-]{1,64}")


class CorrelationId:
    """Binds the id of the request to the log and returns it. The client may bring its own in `X-Correlation-ID`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-correlation-id", "")
        correlation_id = given if _USABLE.fullmatch(given) else new_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Correlation-ID"] = correlation_id
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            await self._app(scope, receive, send_with_id)


class BodyLimit:
    """Refuses a body that is larger than `MAX_BODY`, announced or not, before anybody reads it whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > MAX_BODY:
            await _too_large(scope)(scope, receive, send)
            return
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY:
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, limited, send)


def _too_large(scope: Scope) -> JSONResponse:
    facts = {"field": "body", "limit": str(MAX_BODY)}
    english = Headers(scope=scope).get("accept-language", "").lower().startswith("en")
    document = {
        "type": "urn:cpa:problem:request_too_large",
        "title": "Content Too Large",
        "status": 413,
        "code": "request_too_large",
        "detail": sentence("request_too_large", "en" if english else "de", facts),
        "instance": scope["path"],
        "field": "body",
    }
    return JSONResponse(document, 413, media_type="application/problem+json")
