"""What the fake answers when it refuses, in the form Graph gives to errors."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse


class Refusal(Exception):  # noqa: N818 - an answer of the service, not an error of ours
    """An OData error: `code` and `message` as Exchange Online words them."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}

    def response(self, request_id: str, client_request_id: str) -> JSONResponse:
        inner = {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        body: dict[str, Any] = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        return JSONResponse(body, self.status, headers=self.headers)


def bad_request(message: str, code: str = "BadRequest") -> Refusal:
    return Refusal(400, code, message)


def item_not_found() -> Refusal:
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def throttled(message: str, seconds: float) -> Refusal:
    return Refusal(429, "ApplicationThrottled", message, {"Retry-After": f"{seconds:g}"})
