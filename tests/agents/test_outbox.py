"""What was stored for an agent and never posted, since its process died in between, is posted by another."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.responses import Response

from scheduler.core.ids import AgentId, TenantId, new_id
from scheduler.core.lam_protocol import MessageFactory
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from tests.agents.test_remote_tasks import DONE, replies
from tests.support.agent_server import AgentServer, a_message, agent_server
from tests.support.agents import PlayedAgent, join
from tests.support.lam import a_document
from tests.support.services import Api, api, clean_environment, open_api, router

__all__ = ["api", "clean_environment", "open_api", "router"]

DEFAULT = TenantId("default")
pytestmark = pytest.mark.integration


async def stored(api: Api, agent: PlayedAgent, job_id: str, *, kind: str = "request", ago: float = 20) -> str:
    """Store a message as a process that dies before it posts; return its id."""
    document = a_document(kind, id=new_id(), to=[agent.joined["uri"]])
    document["correlation"] = {"conversationId": job_id, "taskId": "task-1", "leaseEpoch": 3}
    at = datetime.now(UTC) - timedelta(seconds=ago)
    lam, message = SQLiteLamRepository(api.services.changes), MessageFactory.from_dict(document)  # type: ignore[arg-type]
    await lam.send(message, DEFAULT, AgentId(agent.id), at, at + timedelta(minutes=5))
    return message.id


async def a_job(api: Api, *, epoch: int = 3, status: str = "running") -> str:
    job_id = str((await api.submit())["job_id"])
    until = 9e15 if status == "running" else "NULL"
    await api.run_sql(
        f"UPDATE jobs SET status = '{status}', lease_epoch = {epoch}, lease_until = {until} WHERE id = '{job_id}'"  # noqa: S608
    )
    return job_id


async def answered(api: Api, message_id: str) -> list[str]:
    lam = SQLiteLamRepository(api.services.changes)  # type: ignore[arg-type]
    return [str(message.type) for message in await lam.answers(DEFAULT, message_id)]


def does(server: AgentServer, agent: PlayedAgent) -> None:
    server.respond = lambda asked: a_message(replies(agent, asked, *DONE))


async def test_what_was_left_lying_is_posted_once(api: Api) -> None:
    with agent_server() as server:
        agent = await join(api.client, endpoint=server.url)
        does(server, agent)
        asked = await stored(api, agent, await a_job(api))

        assert await api.services.agents.outbox.post_again() == 1
        assert await api.services.agents.outbox.post_again() == 0

    assert await answered(api, asked) == ["done"]
    assert len(server.seen) == 1


async def test_what_cannot_be_posted_now_stays(api: Api) -> None:
    with agent_server() as server:
        agent = await join(api.client, endpoint=server.url)
        server.respond = lambda _: Response(status_code=503)
        asked = await stored(api, agent, await a_job(api))

        assert await api.services.agents.outbox.post_again() == 0
        does(server, agent)
        assert await api.services.agents.outbox.post_again() == 1

    assert await answered(api, asked) == ["done"]


@pytest.mark.parametrize(
    ("job", "message", "posted"),
    [
        ({"epoch": 4}, {}, 0),
        ({"status": "cancelling"}, {}, 0),
        ({"epoch": 4}, {"kind": "cancel"}, 1),
        ({}, {"ago": 1}, 0),
        ({}, {"ago": 400}, 0),
    ],
)
async def test_only_what_still_counts_is_posted(
    api: Api, job: dict[str, Any], message: dict[str, Any], posted: int
) -> None:
    with agent_server() as server:
        agent = await join(api.client, endpoint=server.url)
        await stored(api, agent, await a_job(api, **job), **message)

        assert await api.services.agents.outbox.post_again() == posted

    assert len(server.seen) == posted, json.dumps(server.seen)
