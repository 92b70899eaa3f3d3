"""Turns errors into problem documents (RFC 9457): one table from the tree of errors to HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from scheduler.core.errors import (
    ConflictError,
    CPAError,
    EnrolmentRefusedError,
    InvalidFieldError,
    InvalidRequestError,
    MessageNotAllowedError,
    MessageTooLargeError,
    NotFoundError,
    PolicyViolationError,
    QueueFullError,
    RequestTooLargeError,
    SignatureRefusedError,
    TooManyMessagesError,
    TooManyOrdersError,
    UnansweredFullError,
    UnavailableError,
)
from scheduler.core.job import Locale
from scheduler.core.problems import flaw
from scheduler.core.sentences import Sentence, sentence

MEDIA_TYPE: Final = "application/problem+json"

log = structlog.get_logger(__name__)


class UnauthorizedError(CPAError):
    """No valid API key came with the request."""

    code: ClassVar[str] = "unauthorized"

    def __init__(self) -> None:
        super().__init__("no valid API key")


_STATUS: tuple[tuple[type[CPAError], HTTPStatus], ...] = (
    (RequestTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (MessageTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooManyOrdersError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (InvalidRequestError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (PolicyViolationError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (QueueFullError, HTTPStatus.TOO_MANY_REQUESTS),
    (UnansweredFullError, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyMessagesError, HTTPStatus.TOO_MANY_REQUESTS),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (UnauthorizedError, HTTPStatus.UNAUTHORIZED),
    (EnrolmentRefusedError, HTTPStatus.UNAUTHORIZED),
    (SignatureRefusedError, HTTPStatus.UNAUTHORIZED),
    (MessageNotAllowedError, HTTPStatus.FORBIDDEN),
)
_HTTP_CODES = {400: "invalid_json", 401: "unauthorized", 404: "not_found", 405: "method_not_allowed"}
_SAY_JSON: Final = Sentence("diese Kopfzeile muss application/json sagen", "this header must say application/json")
_UNREADABLE: Final = Sentence("er lässt sich nicht lesen", "it cannot be read")


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error that a route may meet with a problem document."""
    app.add_exception_handler(CPAError, _cpa_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def problem(
    connection: HTTPConnection,
    status: HTTPStatus,
    code: str,
    facts: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Answer with the problem document of `code` in the language the client prefers."""
    return JSONResponse(_document(connection, status, code, facts), status, dict(headers or {}), MEDIA_TYPE)


def problem_of(connection: HTTPConnection, error: CPAError) -> dict[str, str | int]:
    """Return the problem document of an error of ours, for an answer that holds several."""
    return _document(connection, _status_of(error), error.code, error.facts)


def _document(
    connection: HTTPConnection, status: HTTPStatus, code: str, facts: Mapping[str, str]
) -> dict[str, str | int]:
    correlation_id = str(connection.scope.get("state", {}).get("correlation_id", ""))
    document: dict[str, str | int] = {
        "type": f"urn:cpa:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": sentence(code, locale_of(connection), {**facts, "correlation_id": correlation_id}),
        "instance": connection.scope["path"],
        "correlation_id": correlation_id,
    }
    if "field" in facts:
        document["field"] = facts["field"]
    return document


def _status_of(error: CPAError) -> HTTPStatus:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def locale_of(connection: HTTPConnection) -> Locale:
    """Return the one of German and English that `Accept-Language` weighs more; German if neither, or both alike."""
    weights = {"de": 0.0, "en": 0.0}
    for entry in connection.headers.get("accept-language", "").lower().split(","):
        name, _, weight = entry.strip().partition(";q=")
        language = name.partition("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _number(weight))
    return "en" if weights["en"] > weights["de"] else "de"


def _number(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0


async def _cpa_error(request: Request, error: Exception) -> JSONResponse:
    known = cast("CPAError", error)
    status = _status_of(known)
    headers = {"Retry-After": str(known.come_back)} if isinstance(known, UnavailableError) else {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    log.info("request_refused", status=status.value, code=known.code, error=str(known))
    return problem(request, status, known.code, known.facts, headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Name the first wrong field of a body, query or header; a body that is no JSON at all is 400."""
    first = cast("RequestValidationError", error).errors()[0]
    if first["type"] == "json_invalid" and isinstance(first["loc"][-1], int):
        at = Sentence(f"ab Zeichen {first['loc'][-1]}", f"from character {first['loc'][-1]}")
        return _refuse(request, HTTPStatus.BAD_REQUEST, "invalid_json", InvalidFieldError("body", at))
    if first["type"] == "model_attributes_type" and first["loc"] == ("body",) and not _is_json(request):
        return _refuse(
            request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "invalid_field", InvalidFieldError("Content-Type", _SAY_JSON)
        )
    path, words = flaw(first)  # it begins with where the field is: body, query, header
    error_at = InvalidFieldError(path.partition(".")[2] or path, words)
    return _refuse(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_field", error_at)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    known = cast("HTTPException", error)
    status = HTTPStatus(known.status_code)
    code = _HTTP_CODES.get(status, "invalid_request")
    facts = {"method": request.method}
    if status is HTTPStatus.BAD_REQUEST:
        facts |= InvalidFieldError("body", _UNREADABLE).facts
    return problem(request, status, code, facts, known.headers)


def _refuse(request: Request, status: HTTPStatus, code: str, error: InvalidFieldError) -> JSONResponse:
    log.info("request_refused", status=status.value, code=code, error=str(error))
    return problem(request, status, code, error.facts)
