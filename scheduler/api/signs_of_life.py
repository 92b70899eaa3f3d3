"""The short way in for signs of life, of which a thousand agents give a hundred a second: each is read in one step.

What surrounds other requests guards keys, bodies and pages of browsers; a sign of life brings the agent's own token and
some numbers. What is not a sound one, in any respect, goes the way of all requests, which says what is wrong.
"""

from typing import Final, cast

from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scheduler.agents.enrolment import AGENT_TOKEN, EnrolmentService
from scheduler.api.headers import header
from scheduler.api.quick import first, received
from scheduler.core.agent_wire import HeartbeatRequest
from scheduler.core.ids import AgentId

_BEARER: Final = f"Bearer {AGENT_TOKEN}_"
_LONGEST: Final = 1000  # bytes
_END: Final = "/heartbeat"
_HEADERS: Final = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff")]


class SignsOfLife:
    """Answers signs of life before anything else looks at them. They are not logged one by one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope) if scope["type"] == "http" else None
        if token is None:
            await self._app(scope, receive, send)
            return
        parts = await received(receive)
        answer = _answer(scope, token, parts)
        if answer is None:
            await self._app(scope, first(parts, receive), send)
            return
        headers = [*_HEADERS, (b"content-length", str(len(answer)).encode())]
        start: Message = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer})


def _token(scope: Scope) -> str | None:
    """Return the agent's token of what looks like a sign of life, sent as our agents send it."""
    if not scope["path"].endswith(_END) or scope["method"] != "POST":
        return None
    told, length = header(scope, b"authorization") or "", header(scope, b"content-length") or ""
    plain = (header(scope, b"content-type") or "") == "application/json" and header(scope, b"x-correlation-id") is None
    if not (plain and told.startswith(_BEARER) and length.isdigit() and int(length) <= _LONGEST):
        return None
    return told.removeprefix("Bearer ")


def _answer(scope: Scope, token: str, parts: list[Message]) -> bytes | None:
    agent_id = scope["path"].removeprefix("/agents/").removesuffix(_END)
    enrolment = cast("EnrolmentService", scope["app"].state.services.agents.enrolment)
    try:
        said = HeartbeatRequest.model_validate_json(b"".join(part.get("body", b"") for part in parts))
    except ValidationError:
        return None
    answer = enrolment.beat_at_once(AgentId(agent_id), token, said)
    return None if answer is None else answer.model_dump_json().encode()
