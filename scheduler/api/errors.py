"""Turns errors into problem documents (RFC 9457): one table from the tree of errors to HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from scheduler.core.errors import (
    ArtifactNotFoundError,
    ConflictError,
    CPAError,
    InvalidRequestError,
    NotFoundError,
    PolicyViolationError,
    RequestTooLargeError,
    UnavailableError,
)
from scheduler.core.job import Locale
from scheduler.core.sentences import sentence

log = structlog.get_logger(__name__)


class UnauthorizedError(CPAError):
    """No valid API key came with the request."""

    code: ClassVar[str] = "unauthorized"

    def __init__(self) -> None:
        super().__init__("no valid API key")


_STATUS: tuple[tuple[type[CPAError], HTTPStatus], ...] = (
    (RequestTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidRequestError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (PolicyViolationError, HTTPStatus.FORBIDDEN),
    (ArtifactNotFoundError, HTTPStatus.NOT_FOUND),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (UnauthorizedError, HTTPStatus.UNAUTHORIZED),
)
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 401: "unauthorized"}
_MEDIA_TYPE = "application/problem+json"


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.add_exception_handler(CPAError, _cpa_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)


def locale_of(request: Request) -> Locale:
    """Return the language the client prefers: English if it says so first, else German."""
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "de"


async def _cpa_error(request: Request, error: Exception) -> JSONResponse:
    known = cast("CPAError", error)
    status = next((status for kind, status in _STATUS if isinstance(known, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = {"Retry-After": "1"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    log.info("request_refused", code=known.code, error=str(known))
    return _problem(request, status, known.code, known.facts, headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Name the first wrong field of a body or query; a body that is no JSON at all is 400."""
    first = cast("RequestValidationError", error).errors()[0]
    path = [str(part) for part in first["loc"][1:]] or [str(part) for part in first["loc"]]
    if first["type"] == "json_invalid":
        facts = {"field": "body", "problem": str(first.get("ctx", {}).get("error", first["msg"]))}
        return _problem(request, HTTPStatus.BAD_REQUEST, "invalid_json", facts)
    facts = {"field": ".".join(path), "problem": str(first["msg"])}
    return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_field", facts)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    known = cast("HTTPException", error)
    code = _HTTP_CODES.get(known.status_code, "invalid_request")
    facts = {"method": request.method, "field": "body", "problem": str(known.detail)}
    return _problem(request, HTTPStatus(known.status_code), code, facts, known.headers)


async def _bug(request: Request, error: Exception) -> JSONResponse:
    log.error("request_crashed", exc_info=error)
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal", {})


def _problem(
    request: Request,
    status: HTTPStatus,
    code: str,
    facts: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    correlation_id = getattr(request.state, "correlation_id", "")
    document = {
        "type": f"urn:cpa:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": sentence(code, locale_of(request), {**facts, "correlation_id": correlation_id}),
        "instance": request.url.path,
        "correlation_id": correlation_id,
    }
    if "field" in facts:
        document["field"] = facts["field"]
    return JSONResponse(document, status, dict(headers or {}), _MEDIA_TYPE)
