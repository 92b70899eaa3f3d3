"""Every durable write about agents and their messages, in an order in which each finds what it needs."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from scheduler.core import crash_points
from scheduler.core.agent import Agent, AgentType
from scheduler.core.agent_wire import PublicKey
from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import AgentId, TenantId, new_id
from scheduler.core.lam_protocol import MessageFactory
from scheduler.repository.agent_repository import AgentKey, AgentRecord, Enrolment
from scheduler.repository.lam_repository import Arrival
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from tests.support.clock import NOON, FakeClock
from tests.support.lam import a_document

TENANT, AGENT = TenantId("acme"), AgentId("agent-1")
DONE = "the-one-answer"
KEYS = tuple(AgentKey(f"kid-{letter}", PublicKey(x=letter * 43)) for letter in "AE")
VISITS = {"agent": 8, "lam_in": 2, "lam_out": 4}
"""How often each point is come by."""


async def write_all(database: SQLiteDatabase) -> None:
    """Go through all of them; it may be done again after it was cut anywhere."""
    agents, lam = SQLiteAgentRepository(database), SQLiteLamRepository(database)
    beats = SQLiteHeartbeatStore(database, FakeClock())
    agent = Agent(
        id=AGENT, name="web-1", type=AgentType.WEB, capabilities=("web.*",), tenant=TENANT, last_heartbeat=NOON
    )
    enrolment_id = new_id()
    await agents.allow(
        Enrolment(id=enrolment_id, tenant=TENANT, digest="d", expires_at=NOON + timedelta(hours=1), uses=1)
    )
    assert await agents.spend(enrolment_id, NOON)
    await agents.save(AgentRecord(agent=agent, token_digest="d", keys=KEYS))
    await agents.retire_key(AGENT, KEYS[1].kid)
    await beats.note([agent])
    asked = await ask(lam, "request", "the-one-request")
    await lam.sent(asked, AGENT)
    await lam.take(an_arrival("done", DONE, asked, payload={"result": {}}))
    asked = await ask(lam, "cancel", new_id())
    await lam.take(an_arrival("cancelled", new_id(), asked, payload={"effect": "none"}))
    *_, waiting = await lam.waiting(AGENT, 0, NOON)
    await lam.arrived(AGENT, waiting.n)
    await beats.forget(AGENT)
    other = agent.model_copy(update={"id": AgentId("agent-2"), "name": "web-2"})
    await agents.save(AgentRecord(agent=other, token_digest="d"))
    await agents.remove(other.id)


async def ask(lam: SQLiteLamRepository, kind: str, message_id: str) -> str:
    document = a_document(kind, id=message_id, correlation={"conversationId": "job-1", "taskId": "task-1"})
    if await lam.answers(TENANT, message_id) or await _known(lam, message_id):
        return message_id
    await lam.send(MessageFactory.from_dict(document), TENANT, AGENT, NOON, NOON + timedelta(hours=1))
    return message_id


async def _known(lam: SQLiteLamRepository, message_id: str) -> bool:
    return any(order.id == message_id for _, order, _ in await lam.orders(TENANT, "job-1", "task-1"))  # type: ignore[arg-type]


def an_arrival(kind: str, message_id: str, asked: str, **fields: Any) -> Arrival:  # noqa: ANN401 - of a message
    document = a_document(
        kind, id=message_id, sender=f"agent://web/{AGENT}", correlation={"inReplyTo": asked}, **fields
    )
    return Arrival(
        message=MessageFactory.from_dict(document),
        tenant=TENANT,
        agent_id=AGENT,
        kid=KEYS[1].kid,
        nonce=new_id(),
        expires=NOON + timedelta(minutes=5),
        digest=message_id,
        at=NOON,
    )


def write_until(path: Path, point: CrashPoint, visit: int) -> None:
    """The body of a process that dies at the point."""

    async def work() -> None:
        database = SQLiteDatabase(path)
        await database.connect()
        crash_points.arm(point, visit)
        await write_all(database)

    asyncio.run(work())
