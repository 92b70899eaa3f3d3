"""Steps that share a session go to the agent that holds it; when the job has ended, that agent is told."""

import asyncio
import json
from typing import Any

import pytest

from scheduler.agents.agent_hands import AgentHands
from scheduler.core.errors import NoFreeAgentError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from tests.agents.test_remote_tasks import DONE, in_process
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api, api, clean_environment, open_api, router

pytestmark = pytest.mark.component

__all__ = ["api", "clean_environment", "open_api", "router"]

READ = ToDo(id="read", action="web.extract", selector="#total", timeout=3)
MAIL = ToDo(id="mail", action="mail.search", timeout=3)


def at(step: str, job: str = "job-1", **changes: Any) -> ExecutionContext:  # noqa: ANN401 - fields of the context
    context = ExecutionContext(JobId(job), TaskId(step), effect_key=f"{job} {step}", lease_epoch=1)
    return context._replace(**changes)


async def three(api: Api) -> tuple[list[PlayedAgent], list[list[dict[str, Any]]]]:
    agents = [await join(api.client, name=f"web-{number}", capabilities=["web.*", "mail.*"]) for number in range(3)]
    return agents, [in_process(api, agent, lambda _: [DONE]) for agent in agents]


async def test_the_steps_of_one_session_go_to_one_agent_and_others_anywhere(api: Api) -> None:
    _, asked = await three(api)
    remote = api.services.agents.remote

    for number in range(12):
        assert (await remote.execute(READ, at(f"read{number}"))).success
    for number in range(30):
        assert (await remote.execute(MAIL, at(f"mail{number}"))).success

    orders = [[one for one in seen if one["type"] == "request"] for seen in asked]
    reads = [sum(one["payload"]["todo"]["action"] == READ.action for one in seen) for seen in orders]
    assert sorted(reads) == [0, 0, 12]
    assert all(len(seen) > reads[place] for place, seen in enumerate(orders))


async def test_another_worker_and_another_run_know_whose_it_is(api: Api) -> None:
    agents, asked = await three(api)
    remote = api.services.agents.remote
    await remote.execute(READ, at("first"))
    (holder,) = [place for place, seen in enumerate(asked) if seen]
    await remote.let_go(JobId("job-1"), ended=False)

    for number in range(6):
        await remote.execute(READ, at(f"next{number}", lease_epoch=2))
    assert len(asked[holder]) == 7, "read from the store"

    await api.client.post(f"/agents/{agents[holder].id}/drain")
    ended = await remote.execute(READ, at("again", lease_epoch=3, run=2))
    assert ended.success, "a new run begins a new session"
    assert len(asked[holder]) == 7


async def test_who_holds_it_is_waited_for_and_nobody_takes_its_place(api: Api) -> None:
    agents, asked = await three(api)
    remote, here = api.services.agents.remote, ExecutorRegistry()
    here.register("web.*", api.executor)
    hands = AgentHands(here=here, remote=remote, registry=api.services.agents.registry)
    await hands.execute(READ, at("first"))
    (holder,) = [agent for agent, seen in zip(agents, asked, strict=True) if seen]
    await api.client.post(f"/agents/{holder.id}/drain")

    short = READ.model_copy(update={"timeout": 0.3})
    with pytest.raises(NoFreeAgentError):
        await hands.execute(short, at("second"))
    waiting = asyncio.ensure_future(hands.execute(READ, at("second")))
    await asyncio.sleep(0)
    await api.client.post(f"/agents/{holder.id}/release")

    assert (await waiting).success
    assert api.executor.done == []


async def test_a_session_that_began_here_stays_here(api: Api) -> None:
    agent = await join(api.client)
    asked = in_process(api, agent, lambda _: [DONE])
    here = ExecutorRegistry()
    here.register("web.*", api.executor)
    hands = AgentHands(here=here, remote=api.services.agents.remote, registry=api.services.agents.registry)
    await api.client.post(f"/agents/{agent.id}/drain")
    await hands.execute(READ, at("first"))
    await api.client.post(f"/agents/{agent.id}/release")

    await hands.execute(READ, at("second"))
    assert (api.executor.done, asked) == ([READ.action] * 2, [])

    await hands.let_go(JobId("job-1"), ended=True)
    await hands.execute(READ, at("third"))
    assert len(asked) == 1


async def test_a_session_that_a_dead_worker_has_left_on_this_machine_stays_here(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = in_process(api, await join(api.client), lambda _: [DONE])
    here, kept = ExecutorRegistry(), {(JobId("job-1"), 1)}

    async def keeps(context: ExecutionContext) -> bool:
        return (context.job_id, context.run) in kept

    monkeypatch.setattr(api.executor, "keeps_session", keeps)
    here.register("web.*", api.executor)
    hands = AgentHands(here=here, remote=api.services.agents.remote, registry=api.services.agents.registry)

    await hands.execute(READ, at("next", lease_epoch=2))
    await hands.execute(READ, at("last", lease_epoch=2))
    assert (api.executor.done, asked) == ([READ.action] * 2, [])

    await hands.execute(READ, at("again", lease_epoch=3, run=2))
    await hands.execute(READ, at("other", job="job-2", lease_epoch=2))
    assert (len(api.executor.done), len(asked)) == (2, 2), "another run and another job have no session here"


async def test_the_end_of_a_job_is_told_to_who_held_its_session(api: Api) -> None:
    agent = await join(api.client)
    in_process(api, agent, lambda _: [DONE])
    remote = api.services.agents.remote
    await remote.execute(READ, at("read"))
    await remote.execute(MAIL.model_copy(update={"action": "web.extract"}), at("other", job="job-2"))
    assert remote.hold_anything

    await remote.let_go(JobId("job-1"), ended=True)
    await remote.let_go(JobId("job-2"), ended=False)

    found = (await api.client.get(f"/agents/{agent.id}/messages", headers=agent.bearer)).json()["messages"]
    told = [item["message"] for item in found if item["message"]["type"] == "inform"]
    assert [(one["correlation"]["conversationId"], one["status"]["state"]) for one in told] == [("job-1", "ended")]
    assert not remote.hold_anything
    assert json.dumps(told).count("job-1") == 1
