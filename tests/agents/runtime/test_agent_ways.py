"""How an agent as a process is reached: every way keeps the same promise; and what odd agents come to."""

import asyncio
import json
import signal
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.ids import JobId
from scheduler.core.lam_protocol import MessageType
from tests.agents.runtime.test_agent_process import (
    CONTEXT,
    KEY,
    eventually,
    near,
    shown,
    todo,
)
from tests.support.agent_processes import ACTION, AgentProcess, EmbeddedAgent, Neighbourhood, neighbourhood
from tests.support.services import clean_environment, router

__all__ = ["clean_environment", "near", "router"]

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_environment")]
WAYS: dict[str, dict[str, Any]] = {"called": {}, "socket": {"called": False}, "poll": {"called": False, "dial": "poll"}}
"""How a scheduler and an agent reach each other over the network."""


@pytest.mark.parametrize("way", [*WAYS, "here"])
async def test_whatever_the_way_every_transport_keeps_the_same_promise(near: Neighbourhood, way: str) -> None:
    """A step is done, once; a cancel stops it, a question is answered, a kill is survived."""
    agent = await near.embed() if way == "here" else await near.start(**WAYS[way])
    remote = near.api.services.agents.remote

    ended = await remote.execute(todo("42 €"), CONTEXT)
    assert ended.success, ended.error
    assert ended.result == {"line": "42 €"}
    assert near.effects == [KEY]
    listed = await shown(near, agent)
    assert (listed["status"], listed["concurrency"], listed["capabilities"][0]["name"]) == ("online", 1, ACTION)

    again = await remote.execute(todo("42 €"), CONTEXT._replace(attempt=2))
    assert (again.result, near.effects) == (ended.result, [KEY])

    stopped = CONTEXT._replace(effect_key="s" * 64)
    work = asyncio.create_task(remote.execute(todo(wait=30), stopped))
    await eventually(lambda: at_work(agent))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (await remote.verify(todo(wait=30), stopped._replace(lease_epoch=4))).happened is False

    killed = CONTEXT._replace(effect_key="d" * 64, lease_epoch=4)
    work = asyncio.create_task(remote.execute(todo(die="after"), killed))
    assert await agent.ended() == -signal.SIGKILL
    await agent.start()
    assert (await work).success
    assert near.effects == [KEY, "d" * 64]


async def test_an_agent_whose_clock_is_an_hour_off_works_as_others_do(near: Neighbourhood) -> None:
    remote = near.api.services.agents.remote
    for place, hours in enumerate((-1, 1)):
        agent = await near.start(f"note{hours}", called=bool(place), clock_off=timedelta(hours=hours))
        context = CONTEXT._replace(effect_key=f"{place}" * 64)

        ended = await remote.execute(todo().model_copy(update={"agent": agent.name}), context)
        assert ended.success, ended.error

        late = context._replace(effect_key=f"{place + 5}" * 64)
        slow = todo(wait=30, timeout=1).model_copy(update={"agent": agent.name})
        ended = await remote.execute(slow, late)
        assert ended.error is not None
        assert (await remote.verify(slow, late._replace(lease_epoch=4))).happened is False
    assert near.effects == ["0" * 64, "1" * 64]


async def test_two_agents_of_one_name_are_not_both_let_in(near: Neighbourhood, tmp_path: Path) -> None:
    first = await near.start(called=False)
    other = Neighbourhood(near.api, near.url, tmp_path)
    second = AgentProcess(other, first.name, called=False)
    near.agents.append(second)

    await second.start(token=await near.enrolment(), ready=False)
    await eventually(lambda: has_said(second, "scheduler_not_joined"))
    assert (await near.api.services.agents.remote.execute(todo(), CONTEXT)).success
    first_id = (await shown(near, first))["agent_id"]
    await first.kill()
    await near.api.client.delete(f"/agents/{first_id}")

    await eventually(lambda: has_said(second, "agent_joined"), 40)


async def has_said(agent: AgentProcess, words: str) -> bool:
    return words in agent.log


async def test_a_flood_of_progress_becomes_a_trickle(near: Neighbourhood) -> None:
    await near.start()

    ended = await near.api.services.agents.remote.execute(todo(tell=300, wait=1.5), CONTEXT)

    assert ended.success, ended.error
    with sqlite3.connect(near.api.database) as store:
        rows = store.execute("SELECT document FROM messages WHERE type = 'inform'").fetchall()
    assert len(rows) == 1, "the last counts"
    assert json.loads(rows[0][0])["correlation"]["seq"] > 100


async def at_work(agent: AgentProcess | EmbeddedAgent) -> bool:
    return bool((await agent.health())["running"])


async def test_who_hangs_up_gets_nothing_until_it_is_back(near: Neighbourhood) -> None:
    agent, registry = await near.start(called=False), near.api.services.agents.registry

    async def gets_work() -> bool:
        return await registry.find_agent_for_task(ACTION) is not None

    async def gets_none() -> bool:
        return not await gets_work()

    await eventually(gets_work)
    assert (await near.api.services.agents.remote.execute(todo(), CONTEXT)).success  # known, it may not hear us yet
    await agent.kill()
    await eventually(gets_none, 10)  # long before it counts as offline
    await agent.start()
    await eventually(gets_work)


async def test_where_no_socket_gets_through_it_polls(near: Neighbourhood) -> None:
    async with neighbourhood(near.api, near.folder, ws="none") as deaf:
        agent = await deaf.start(called=False)

        ended = await near.api.services.agents.remote.execute(todo(), CONTEXT)

        assert ended.success, ended.error
        assert "no_socket" in agent.log


async def test_the_end_of_a_job_frees_what_the_agent_holds_for_it(near: Neighbourhood) -> None:
    await near.start(called=False)
    remote, hold = near.api.services.agents.remote, todo().model_copy(update={"action": "data.hold"})
    other = CONTEXT._replace(job_id=JobId("job-2"), effect_key="o" * 64)
    for context in (CONTEXT, other):
        ended = await remote.execute(hold, context)
        assert ended.success, ended.error
    conversation, agents = remote._conversation, near.api.services.agents
    (agent,) = await agents.registry.list_agents()
    until = datetime.now(UTC) + timedelta(minutes=1)
    late = CONTEXT._replace(job_id=JobId("job-2"), lease_epoch=2)  # from before the job was opened again
    told = conversation.message(MessageType.INFORM, agent, late, until, seq=1, status={"state": "ended"})
    await conversation.say(agent, told, late, until)

    await remote.let_go(JobId("job-1"), ended=True)

    await eventually(lambda: has_let_go(near))
    assert (near.folder / "effects.let_go").read_text().split() == ["job-1", "True"]


async def has_let_go(near: Neighbourhood) -> bool:
    return (near.folder / "effects.let_go").exists()
