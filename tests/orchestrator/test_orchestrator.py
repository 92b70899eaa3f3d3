"""Jobs whose steps agents do, through the whole of it: orders, answers, and what becomes of a step that fails."""

import asyncio
from typing import Any

import pytest

from scheduler.core.errors import MessageConflictError
from scheduler.core.ids import AgentId, JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from tests.agents.test_offered_actions import WEIGH
from tests.agents.test_remote_tasks import DONE, in_process, replies
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api, OpenApi, api, clean_environment, open_api, router, working_api

pytestmark = pytest.mark.component

__all__ = ["api", "clean_environment", "open_api", "router", "working_api"]

Said = tuple[str, dict[str, Any]]
PACK = WEIGH | {"name": "data.pack", "repeatable": False}


def a_step(step_id: str, *needs: str, action: str = "data.pack", what: str = "parcel", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of ToDo
    retry = {"base_delay": "PT0S"}
    return {
        "id": step_id,
        "action": action,
        "params": {"what": what},
        "depends_on": needs,
        "retry": retry,
        **fields,
    }


async def packers(
    api: Api, *scripts: list[Said], status: Said | None = None
) -> list[tuple[PlayedAgent, list[dict[str, Any]]]]:
    """Let agents join, each of which answers orders as its script says, the last for all further ones.

    `status` is what they say when they are asked how it stands.
    """
    found = []
    for number, script in enumerate(scripts):
        agent = await join(
            api.client, name=f"packer-{number}", type="data", capabilities=["data.*"], actions=[PACK, WEIGH]
        )
        left = list(script)

        def answer(asked: dict[str, Any], left: list[Said] = left) -> list[Said]:
            if asked["type"] == "query_status" and status is not None:
                return [status]
            return [left.pop(0) if len(left) > 1 else left[0]]

        found.append((agent, in_process(api, agent, answer)))
    return found


async def submitted(api: Api, *steps: dict[str, Any], **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of the request
    answer = await api.client.post("/jobs", json={"task_graph": {"tasks": steps}, **fields})
    assert answer.status_code == 202, answer.text
    return await api.ended(answer.json()["job_id"])


def said(kind: str, **payload: Any) -> Said:  # noqa: ANN401 - of the message
    return kind, {"payload": payload}


def failure(code: str, *, retryable: bool, effect: str = "none") -> Said:
    return said("failure", code=code, message=code, retryable=retryable, effect=effect)


async def test_steps_are_done_in_order_with_what_came_before_and_all_of_it_is_one_conversation(
    working_api: Api,
) -> None:
    gives = said("done", result={"grams": 42})
    ((_, seen),) = await packers(working_api, [gives])

    job = await submitted(
        working_api,
        a_step("weigh", action="data.weigh"),
        a_step("pack", "weigh", what="${weigh.grams} g"),
        a_step("label", "pack"),
    )

    assert job["status"] == "done", job
    assert [order["payload"]["todo"]["id"] for order in seen] == ["weigh", "pack", "label"]
    assert seen[1]["payload"]["todo"]["params"] == {"what": "42 g"}
    assert {order["correlation"]["conversationId"] for order in seen} == {job["job"]["job_id"]}


async def test_an_order_may_be_given_by_hand_and_its_answer_taken_in(api: Api) -> None:
    ((agent, seen),) = await packers(api, [("agree", {})])
    orchestrator = api.services.worker.orchestrator
    known = await api.services.agents.registry.get_agent(AgentId(agent.id))
    assert known is not None
    context = ExecutionContext(JobId("job-1"), TaskId("pack"), effect_key="e" * 64, lease_epoch=2)

    conversation = await orchestrator.assign_task_to_agent(
        ToDo(id="pack", action="data.pack", params={"what": "x"}), known, context
    )
    answer = replies(agent, seen[0], *DONE)
    receipt = await orchestrator.handle_agent_response(answer)
    second = replies(agent, seen[0], *failure("late", retryable=False))

    assert (conversation, seen[0]["correlation"]["conversationId"]) == ("job-1", "job-1")
    assert receipt.status == "accepted"
    assert (await api.services.agents.remote.verify(ToDo(id="pack", action="data.pack"), context)).happened
    with pytest.raises(MessageConflictError):
        await orchestrator.handle_agent_response(second)


BUSY_WORLD = failure("unavailable", retryable=True)
LEAVING = said("refuse", reason="draining")
UNABLE = said("refuse", reason="no scales", retryable=False)


@pytest.mark.parametrize(
    ("scripts", "status", "asked"),
    [
        pytest.param([[BUSY_WORLD, DONE]], "done", [2], id="what passes is tried again, at the only one there is"),
        pytest.param([[BUSY_WORLD]], "failed", [3], id="but no more often than the step allows"),
        pytest.param([[LEAVING, DONE], [LEAVING, DONE]], "done", [1, 2], id="an agent that leaves: at another"),
        pytest.param([[UNABLE], [UNABLE]], "failed", [1, 1], id="who never will is asked once, then nobody is left"),
        pytest.param([[failure("invalid_input", retryable=True)]], "failed", [1], id="validation: not again"),
        pytest.param([[failure("action_forbidden", retryable=True)]], "failed", [1], id="permission: not again"),
        pytest.param([[failure("no_scales", retryable=False)]], "failed", [1], id="what is for good: not again"),
    ],
)
async def test_a_failed_step_goes_on_by_the_class_of_its_error(
    working_api: Api, scripts: list[list[Said]], status: str, asked: list[int]
) -> None:
    agents = await packers(working_api, *scripts)

    job = await submitted(working_api, a_step("pack"))

    assert job["status"] == status, job
    counts = sorted(len(seen) for _, seen in agents)
    assert sum(counts) == sum(asked) if LEAVING in scripts[0] else counts == asked


@pytest.mark.parametrize(
    ("effect", "orders"),
    [("done", 1), ("none", 2)],
)
async def test_what_may_have_happened_is_asked_about_before_it_is_done_again(
    working_api: Api, effect: str, orders: int
) -> None:
    told = ("status", {"status": {"state": "done"}, "payload": {"effect": effect, "result": {}}})
    ((_, seen),) = await packers(working_api, [failure("broke", retryable=False, effect="unknown"), DONE], status=told)

    job = await submitted(working_api, a_step("pack"))

    types = [message["type"] for message in seen]
    assert job["status"] == "done", job
    assert (types[:2], types.count("request")) == (["request", "query_status"], orders)


async def test_a_lost_agent_is_replaced_and_the_timeline_says_whom_to_avoid(working_api: Api) -> None:
    lost = await join(
        working_api.client,
        name="lost",
        type="data",
        capabilities=["data.*"],
        actions=[PACK],
        endpoint="http://127.0.0.1:9",
    )
    first = asyncio.ensure_future(submitted(working_api, a_step("pack", timeout=5)))
    while not working_api.query("SELECT 1 FROM events WHERE type = 'task_retry_scheduled'"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    ((_, seen),) = await packers(working_api, [DONE])
    job = await first
    lines = (await working_api.client.get(f"/jobs/{job['job']['job_id']}/timeline")).json()["events"]

    (again, *_) = [line["data"] for line in lines if line["type"] == "task_retry_scheduled"]
    assert (job["status"], len(seen)) == ("done", 1), (job, lines)
    assert (again["why"], again["avoid"]) == ("agent_unreachable", [lost.id])


async def test_a_job_past_its_deadline_ends_and_knows_what_was_done(working_api: Api) -> None:
    untouched = ("status", {"status": {"state": "cancelled"}, "payload": {"effect": "none"}})
    ((_, seen),) = await packers(working_api, [("agree", {}), said("cancelled", effect="none")], status=untouched)

    job = await submitted(working_api, a_step("pack"), deadline_seconds=1)

    assert (job["status"], job["job"]["error_code"]) == ("failed", "deadline_exceeded"), job
    asked, *_, last = [message["type"] for message in seen]  # it is told to stop, too, if it was not yet over by itself
    assert (asked, last) == ("request", "query_status"), "it is found out what was done by then"


async def test_a_model_looks_at_once_at_a_job_that_failed(open_api: OpenApi) -> None:
    from scheduler.llm.mock_provider import MockProvider  # noqa: PLC0415

    provider = MockProvider(rules=[lambda _: "Weigh it elsewhere."])
    async with open_api(worker=True, provider=provider) as api:
        await packers(api, [failure("no_scales", retryable=False)])
        assert api.services.repairs is not None
        looking = asyncio.ensure_future(api.services.repairs.run())
        await asyncio.sleep(0)
        await submitted(api, a_step("pack"))
        async with asyncio.timeout(3):  # it looks by itself every five seconds
            while not provider.calls:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.01)
        looking.cancel()

    assert "no_scales" in provider.calls[0].prompt
