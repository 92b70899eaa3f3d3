"""The short way in for what is sent thousands of times a second: a sound order is read in one step.

FastAPI's reading of parameters and its validation of answers cost more than accepting the job. What is no sound order,
in any respect, goes FastAPI's way, which says what is wrong and where.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Message, Receive, Scope, Send

from scheduler.api.dependencies import job_service, tenant_of
from scheduler.api.headers import header
from scheduler.core.errors import InvalidRequestError
from scheduler.core.ids import TenantId
from scheduler.orchestrator.job_service import JobService

LONGEST_KEY: Final = 255
"""Characters of an idempotency key."""

_JSON: Final = "application/json"

Accept = Callable[[BaseModel, JobService, TenantId, Response, str | None], Awaitable[BaseModel]]


class QuickRoute(APIRoute):
    """A route whose function is `(order, jobs, tenant, response, idempotency_key)`; `order` is the model of the body.

    The function answers with a model. FastAPI describes the route as any other.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
        super().__init__(path, endpoint, **options)
        self._order: type[BaseModel] = get_type_hints(endpoint)["order"]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await received(receive) if scope["method"] in (self.methods or ()) else []
        order = self._sound_order(scope, body)
        if order is None:
            await super().handle(scope, first(body, receive), send)
            return
        request, response = Request(scope), Response(status_code=self.status_code or 200, media_type=_JSON)
        jobs, tenant = await job_service(request), await tenant_of(request)
        accept = cast("Accept", self.endpoint)
        answer = await accept(order, jobs, tenant, response, header(scope, b"idempotency-key"))
        response.body = answer.model_dump_json().encode()
        response.headers["content-length"] = str(len(response.body))
        await response(scope, receive, send)

    def _sound_order(self, scope: Scope, body: list[Message]) -> BaseModel | None:
        kind, key = header(scope, b"content-type") or "", header(scope, b"idempotency-key")
        if kind.partition(";")[0] != _JSON or (key is not None and not 0 < len(key) <= LONGEST_KEY):
            return None
        try:
            return self._order.model_validate_json(b"".join(part.get("body", b"") for part in body))
        except (ValidationError, InvalidRequestError):
            return None


async def received(receive: Receive) -> list[Message]:
    """Return the parts of the body, or what came of it until the client went away."""
    parts = [await receive()]
    while parts[-1].get("more_body"):
        parts.append(await receive())
    return parts


def first(parts: list[Message], receive: Receive) -> Receive:
    """Return what gives these parts before it receives more."""
    left = iter(parts)

    async def receive_again() -> Message:
        return next(left, None) or await receive()

    return receive_again
