"""The agent over HTTP: `/health`, `/tasks`, `/lam/message`."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

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


def build_agent_app(*, link: SchedulerLink, reception: Reception, concurrency: int) -> FastAPI:
    """Build the application. Messages of any type are taken at both addresses; their signature is the credential."""
    app = FastAPI(title="CPA agent", openapi_url=None)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        running, status = reception.load()
        well = "healthy" if link.has_joined and status != "draining" else "degraded"
        return {"status": well, "joined": link.has_joined, "state": status, "running": running} | {
            "concurrency": concurrency
        }

    @app.post("/tasks", status_code=HTTPStatus.ACCEPTED)
    @app.post("/lam/message", status_code=HTTPStatus.ACCEPTED)
    async def take(request: Request) -> Response:
        if not link.has_joined:
            return JSONResponse({"title": "not joined yet"}, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})
        body = await _read(request)
        answer = await reception.receive(body)
        if answer is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return JSONResponse(answer, HTTPStatus.ACCEPTED)

    app.add_exception_handler(CPAError, _problem)
    return app


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
