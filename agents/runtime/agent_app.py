"""The agent over HTTP: `/health`, `/tasks`, `/lam/message`."""

from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agents.runtime.reception import Reception
from agents.runtime.scheduler_link import SchedulerLink
from scheduler.core.errors import (
    ConflictError,
    CPAError,
    MessageNotAllowedError,
    MessageTooLargeError,
    SignatureRefusedError,
)
from scheduler.core.lam_json import MAX_MESSAGE_BYTES

_STATUS: Final[tuple[tuple[type[CPAError], HTTPStatus], ...]] = (
    (SignatureRefusedError, HTTPStatus.UNAUTHORIZED),
    (MessageNotAllowedError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (MessageTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
)


def build_agent_app(*, link: SchedulerLink, reception: Reception, concurrency: int) -> Starlette:
    """Build the application. Messages of any type are taken at both addresses; their signature is the credential."""

    async def health(_request: Request) -> Response:
        running, status = reception.load()
        well = "healthy" if link.has_joined and status != "draining" else "degraded"
        about = {"status": well, "joined": link.has_joined, "state": status, "running": running}
        return JSONResponse(about | {"concurrency": concurrency})

    async def take(request: Request) -> Response:
        if not link.has_joined:
            return JSONResponse({"title": "not joined yet"}, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})
        body = await _read(request)
        answer = await reception.receive(body)
        if answer is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return JSONResponse(answer, HTTPStatus.ACCEPTED)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/tasks", take, methods=["POST"]),
            Route("/lam/message", take, methods=["POST"]),
        ],
        exception_handlers={CPAError: _problem},
    )


async def _read(request: Request) -> bytes:
    """Return the body. Raises MessageTooLargeError before more than that was read."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_MESSAGE_BYTES:
            raise MessageTooLargeError("message", size=len(body), limit=MAX_MESSAGE_BYTES)
    return body


async def _problem(_request: Request, error: Exception) -> Response:
    """Answer with a problem document (RFC 9457)."""
    known = error if isinstance(error, CPAError) else CPAError(str(error))
    status = next((status for kind, status in _STATUS if isinstance(known, kind)), HTTPStatus.UNPROCESSABLE_ENTITY)
    document = {
        "type": f"urn:cpa:problem:{known.code}",
        "title": status.phrase,
        "status": status,
        "code": known.code,
        "detail": str(known),
        "kind": getattr(known, "kind", known.code),
    }
    return JSONResponse(document, status, media_type="application/problem+json")
