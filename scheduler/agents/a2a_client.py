"""Talks to an A2A agent of others: its card, a message, a task. Imported by the first who needs it.

Raises AgentUnreachableError when nothing has arrived there, AgentRefusedError when the agent says no, and
OutcomeUnknownError when what was sent may have arrived.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, NamedTuple

import httpx
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientError
from a2a.helpers.proto_helpers import get_data_parts, get_text_parts, get_url_parts, new_data_part, new_text_part
from a2a.types import (
    AgentCard,
    Artifact,
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Role,
    SendMessageRequest,
    Task,
    TaskState,
)
from a2a.utils.errors import A2AError, InternalError
from google.protobuf.json_format import Error as JsonError

from scheduler.core.errors import AgentRefusedError, AgentUnreachableError, OutcomeUnknownError

_CARD: Final = "/.well-known/agent-card.json"
_BINDINGS: Final = ["JSONRPC", "HTTP+JSON"]
_MOST_TEXT: Final = 100_000  # characters of what a task gave, and of its data as JSON
_LOOK_BACK: Final = 50  # tasks that are looked through for a message
_JUNK: Final = (JsonError, ValueError, KeyError, TypeError, AttributeError, httpx.InvalidURL)
"""What the library raises for a document that is not what it should be."""
_STATES: Final = {
    TaskState.TASK_STATE_COMPLETED: "done",
    TaskState.TASK_STATE_FAILED: "failed",
    TaskState.TASK_STATE_REJECTED: "rejected",
    TaskState.TASK_STATE_CANCELED: "cancelled",
    TaskState.TASK_STATE_INPUT_REQUIRED: "asks",
    TaskState.TASK_STATE_AUTH_REQUIRED: "asks_to_log_in",
}


class Skill(NamedTuple):
    """What the agent says it can do."""

    id: str
    description: str


class Outcome(NamedTuple):
    """How a task stands: `running`, `done`, `failed`, `rejected`, `cancelled`, `asks` or `asks_to_log_in`.

    `words` say why, in the message `said`. `task_id` is None for one that was answered with a message alone.
    """

    task_id: str | None
    state: str
    words: str
    result: dict[str, Any]
    said: str = ""


class Card(NamedTuple):
    """Who the agent is."""

    name: str
    description: str
    skills: tuple[Skill, ...]


async def fetch_card(http: httpx.AsyncClient, url: str) -> Card:
    """Return the card that lies at `url`, or at the well-known place below it."""
    card = await _card(http, url, url)
    return Card(card.name, card.description, tuple(Skill(skill.id, skill.description) for skill in card.skills))


async def send(
    http: httpx.AsyncClient,
    url: str,
    name: str,
    *,
    text: str,
    data: object,
    skill: str,
    message_id: str,
    task_id: str | None = None,
) -> Outcome:
    """Send one message that begins a task, or goes on with one that asks, and return how that stands."""
    message = Message(message_id=message_id, role=Role.ROLE_USER, task_id=task_id or "")
    message.parts.append(new_text_part(text))
    if data is not None:
        message.parts.append(new_data_part(data, media_type="application/json"))
    message.metadata.update({"skill": skill})
    async with _client(http, url, name) as client:
        with _told(name, "the message"):
            async for answer in client.send_message(SendMessageRequest(message=message)):
                if answer.HasField("task"):
                    return _outcome(answer.task)
                return Outcome(None, "done", "", _gave(answer.message, []))
    raise OutcomeUnknownError(f"the message to {name}", "it was answered with nothing")


async def look(http: httpx.AsyncClient, url: str, name: str, task_id: str) -> Outcome:
    """Return how a task stands. Raises AgentUnreachableError when that cannot be found out now."""
    async with _client(http, url, name) as client:
        with _looking(name):
            return _outcome(await client.get_task(GetTaskRequest(id=task_id)))


async def find(http: httpx.AsyncClient, url: str, name: str, message_id: str) -> Outcome | None:
    """Look among the latest tasks for the one that a message began; None: it is not seen, which proves nothing."""
    async with _client(http, url, name) as client:
        with _looking(name):
            asked = ListTasksRequest(page_size=_LOOK_BACK, history_length=_LOOK_BACK, include_artifacts=True)
            for task in (await client.list_tasks(asked)).tasks:
                if any(message.message_id == message_id for message in task.history):
                    return _outcome(task)
    return None


async def stop(http: httpx.AsyncClient, url: str, name: str, task_id: str) -> Outcome:
    """Ask for a task to stop; return how it stands then."""
    async with _client(http, url, name) as client:
        with _looking(name):
            return _outcome(await client.cancel_task(CancelTaskRequest(id=task_id)))


async def _card(http: httpx.AsyncClient, url: str, name: str) -> AgentCard:
    base, path = (url, _CARD) if not url.endswith(".json") else (url, "/")
    try:
        return await A2ACardResolver(http, base).get_agent_card(relative_card_path=None if path == _CARD else path)
    except (A2AError, *_JUNK) as error:
        raise AgentUnreachableError(name, str(error)) from error


@asynccontextmanager
async def _client(http: httpx.AsyncClient, url: str, name: str) -> AsyncIterator[Client]:
    config = ClientConfig(httpx_client=http, streaming=False, polling=True, supported_protocol_bindings=_BINDINGS)
    card = await _card(http, url, name)
    try:
        if "authorization" in http.headers:  # the token is for the host that was named, not for one that a card names
            host = httpx.URL(url).host
            kept = [one for one in card.supported_interfaces if httpx.URL(one.url).host == host]
            del card.supported_interfaces[:]
            card.supported_interfaces.extend(kept)
        client = ClientFactory(config).create(card)
    except _JUNK as error:  # no binding in common, no address
        raise AgentUnreachableError(name, str(error)) from error
    yield client


@contextmanager
def _told(name: str, what: str) -> Iterator[None]:
    try:
        yield
    except A2AClientError as error:
        cause = error.__cause__
        if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            raise AgentUnreachableError(name, str(error)) from error
        if isinstance(cause, httpx.HTTPStatusError) and cause.response.status_code < 500:
            raise AgentRefusedError(name, f"HTTP {cause.response.status_code}") from error
        raise OutcomeUnknownError(f"{what} to {name}", str(error)) from error
    except (InternalError, *_JUNK) as error:
        raise OutcomeUnknownError(f"{what} to {name}", str(error)) from error
    except A2AError as error:
        raise AgentRefusedError(name, str(error)) from error


@contextmanager
def _looking(name: str) -> Iterator[None]:
    try:
        yield
    except (A2AError, *_JUNK) as error:
        raise AgentUnreachableError(name, str(error)) from error


def _outcome(task: Task) -> Outcome:
    words = " ".join(get_text_parts(task.status.message.parts))
    return Outcome(
        task.id,
        _STATES.get(task.status.state, "running"),
        words[:2000],
        _gave(task.status.message, task.artifacts),
        task.status.message.message_id,
    )


def _gave(message: Message, artifacts: Any) -> dict[str, Any]:  # noqa: ANN401 - a repeated field
    """Return what later steps may refer to, within bounds."""
    places: list[Message | Artifact] = [*artifacts, message]
    text = "\n".join(part for place in places for part in get_text_parts(place.parts))
    data = [part for place in places for part in get_data_parts(place.parts)]
    files = [part for place in places for part in get_url_parts(place.parts)]
    fits = len(json.dumps(data)) <= _MOST_TEXT
    shortened = len(text) > _MOST_TEXT or not fits
    return {"text": text[:_MOST_TEXT], "data": data if fits else [], "files": files[:100], "shortened": shortened}
