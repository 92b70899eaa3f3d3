"""A job whose steps an agent does: over each transport, and when the agent refuses, fails or was forgotten."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from scheduler.agents.agent_hands import AgentHands
from scheduler.core.errors import (
    AgentUnreachableError,
    EndpointForbiddenError,
    MailNotSetUpError,
    NoFreeAgentError,
    OutcomeUnknownError,
)
from scheduler.core.ids import AgentId, JobId, TaskId
from scheduler.core.lam_protocol import MessageFactory, reply_to
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.security.lam_signatures import check_signature, seal_of, sign
from tests.support.agent_server import a_message, agent_server
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api, OpenApi, api, clean_environment, open_api, router

pytestmark = pytest.mark.component

__all__ = ["api", "clean_environment", "open_api", "router"]

TODO = ToDo(id="read", action="web.read", selector="#total", timeout=3)
CONTEXT = ExecutionContext(job_id=JobId("job-1"), task_id=TaskId("read"), effect_key="k" * 64, lease_epoch=3)
Answer = Callable[[dict[str, Any]], list[tuple[str, dict[str, Any]]]]


def replies(agent: PlayedAgent, asked: dict[str, Any], kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the signed answer, after a look at who asks."""
    check_signature(asked, seal_of(asked), agent.key.public.model_validate(agent.joined["scheduler"]["keys"][0]))
    answer = reply_to(MessageFactory.from_dict(asked), kind, **fields).to_dict()
    return sign(answer, agent.key, datetime.now(UTC))


def in_process(api: Api, agent: PlayedAgent, answer: Answer) -> list[dict[str, Any]]:
    """Let the agent answer here: the first at once, the rest by POST /lam/message. Returns what it was asked."""
    seen: list[dict[str, Any]] = []

    async def handle(text: bytes) -> bytes | None:
        asked = json.loads(text)
        seen.append(asked)
        first, *rest = [replies(agent, asked, kind, fields) for kind, fields in answer(asked)]
        waiting.extend(asyncio.ensure_future(agent.client.post("/lam/message", json=document)) for document in rest)
        return json.dumps(first).encode()

    waiting: list[Awaitable[Any]] = []
    api.services.agents.here.attach(AgentId(agent.id), handle)
    return seen


DONE = ("done", {"payload": {"result": {"text": "42 €"}}})


async def test_a_step_is_done_by_an_agent(api: Api) -> None:
    agent = await join(api.client)
    seen = in_process(api, agent, lambda _: [("agree", {}), ("inform", {"seq": 1}), DONE])
    remote = api.services.agents.remote

    ended = await remote.execute(TODO, CONTEXT)

    assert ended.success
    assert ended.result == {"text": "42 €"}
    correlation = seen[0]["correlation"]
    assert (correlation["effectKey"], correlation["leaseEpoch"], correlation["attempt"]) == ("k" * 64, 3, 1)
    assert seen[0]["payload"]["todo"]["action"] == "web.read"
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", seen[0]["context"]["traceparent"])
    assert (await remote.verify(TODO, CONTEXT)).result == {"text": "42 €"}, "nobody need be asked again"


async def test_an_agent_that_dials_in_does_a_step(api: Api) -> None:
    agent = await join(api.client)

    async def dial() -> None:
        path = f"/agents/{agent.id}/messages"
        found = (await api.client.get(path, params={"wait": 3}, headers=agent.bearer)).json()["messages"]
        answer = replies(agent, found[0]["message"], *DONE)
        assert (await api.client.post("/lam/message", json=answer)).status_code == 202

    dialled = asyncio.ensure_future(dial())
    ended = await api.services.agents.remote.execute(TODO, CONTEXT)
    await dialled

    assert ended.success


async def test_what_another_scheduler_is_told_reaches_who_asked(open_api: OpenApi) -> None:
    async with open_api() as asking, open_api() as other:
        agent = await join(asking.client)
        work = asyncio.ensure_future(asking.services.agents.remote.execute(TODO, CONTEXT))
        path = f"/agents/{agent.id}/messages"
        found = (await other.client.get(path, params={"wait": 3}, headers=agent.bearer)).json()["messages"]
        answer = replies(agent, found[0]["message"], *DONE)
        taken = await other.client.post("/lam/message", json=answer)
        ended = await work

    assert taken.status_code == 202
    assert ended.result == {"text": "42 €"}
    assert ended.duration < TODO.timeout


@pytest.mark.parametrize(
    ("answer", "code", "effect", "retryable"),
    [
        (("refuse", {"payload": {"reason": "expired"}}), "agent_refused", "none", True),
        (("refuse", {"payload": {"reason": "not here", "retryable": False}}), "agent_refused", "none", False),
        (("not_understood", {"payload": {"reason": "?"}}), "agent_refused", "none", False),
        (
            ("failure", {"payload": {"code": "timeout", "retryable": True, "effect": "unknown"}}),
            "timeout",
            "unknown",
            True,
        ),
        (("cancelled", {"payload": {"effect": "done"}}), "outcome_unknown", "done", True),
    ],
)
async def test_what_goes_wrong_is_told_as_it_was_said(
    api: Api, answer: tuple[str, dict[str, Any]], code: str, effect: str, retryable: bool
) -> None:
    agent = await join(api.client)
    in_process(api, agent, lambda _: [answer])

    ended = await api.services.agents.remote.execute(TODO, CONTEXT)

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect, ended.error.retryable) == (code, effect, retryable)
    assert ended.error.agent_id == agent.id


async def test_one_that_is_busy_leaves_it_to_another(api: Api) -> None:
    busy, free = await join(api.client), await join(api.client, name="web-2")
    asked = in_process(api, busy, lambda _: [("refuse", {"payload": {"reason": "busy"}})])
    in_process(api, free, lambda _: [DONE])

    assert (await api.services.agents.remote.execute(TODO, CONTEXT)).success
    assert len(asked) <= 1


async def test_who_has_failed_at_it_less_often_is_tried_next(api: Api) -> None:
    agents = [await join(api.client, name=f"web-{number}") for number in range(3)]
    failure = ("failure", {"payload": {"code": "unavailable", "retryable": True, "effect": "none"}})
    asked = [in_process(api, agent, lambda _: [failure]) for agent in agents]

    for attempt in range(1, 7):
        await api.services.agents.remote.execute(TODO, CONTEXT._replace(attempt=attempt))

    assert [len(seen) for seen in asked] == [2, 2, 2]


async def test_what_is_not_answered_is_unknown_and_is_asked_about(api: Api) -> None:
    agent = await join(api.client)
    states = iter(["running", "done"])

    def answer(asked: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        if asked["type"] != "query_status":
            return [("agree", {})]
        state = next(states)
        payload = {"effect": "done", "result": {"text": "42"}} if state == "done" else {}
        return [("status", {"status": {"state": state}, "payload": payload})]

    seen = in_process(api, agent, answer)
    quick = TODO.model_copy(update={"timeout": 0.3})

    ended = await api.services.agents.remote.execute(quick, CONTEXT)
    assert ended.error is not None
    assert (ended.error.code, ended.error.facts["what"]) == (OutcomeUnknownError.code, "web.read")
    assert seen[0]["intent"] == "web.read"
    registry = api.services.agents.registry
    assert await registry.find_agent_for_task("web.read") is None, "who is silent gets nothing more"
    await registry.update_heartbeat(AgentId(agent.id))
    assert await registry.find_agent_for_task("web.read") is not None, "until it is heard of"

    found = await api.services.agents.remote.verify(TODO, CONTEXT._replace(lease_epoch=4))
    assert (found.happened, found.result) == (True, {"text": "42"})
    assert seen[-1]["payload"]["todo"]["action"] == "web.read"
    assert seen[-1]["correlation"]["leaseEpoch"] == 4


async def test_who_is_stopped_tells_the_agent_and_waits_for_its_answer(api: Api) -> None:
    agent = await join(api.client)
    begun = asyncio.Event()

    def answer(asked: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        begun.set()
        return [("cancelled", {"payload": {"effect": "none"}})] if asked["type"] == "cancel" else [("agree", {})]

    seen = in_process(api, agent, answer)
    work = asyncio.ensure_future(api.services.agents.remote.execute(TODO, CONTEXT))
    await begun.wait()
    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work
    assert [message["type"] for message in seen] == ["request", "cancel"]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://localhost:9", "http://[::ffff:127.0.0.1]:9"])
async def test_an_address_behind_the_firewall_is_not_called(open_api: OpenApi, endpoint: str) -> None:
    async with open_api(keys={"acme": "a-key-for-the-tenant-acme"}) as api:
        agent = await join(api.client, {"Authorization": "Bearer a-key-for-the-tenant-acme"}, endpoint=endpoint)
        found = await api.services.agents.registry.get_agent(AgentId(agent.id))
        assert found is not None

        with pytest.raises(EndpointForbiddenError):
            await api.services.agents.http.deliver(found, {"type": "request"})


async def test_nobody_at_the_address_is_no_effect(api: Api) -> None:
    agent = await join(api.client, endpoint="http://127.0.0.1:9")
    found = await api.services.agents.registry.get_agent(AgentId(agent.id))
    assert found is not None

    with pytest.raises(AgentUnreachableError):
        await api.services.agents.http.deliver(found, {"type": "request"})


@pytest.mark.parametrize(
    ("action", "agent", "done_by"),
    [("web.read", None, "this machine"), ("web.read", "web-1", "nobody"), ("desktop.click", None, "nobody")],
)
async def test_what_absent_agents_cannot_be_given_is_done_here_if_it_can(
    api: Api, action: str, agent: str | None, done_by: str
) -> None:
    absent = await join(api.client, capabilities=["web.*", "desktop.*"])
    await api.client.post(f"/agents/{absent.id}/drain")
    services, here, todo = api.services.agents, ExecutorRegistry(), TODO.model_copy(update={"action": action})
    here.register("web.*", api.executor)
    hands = AgentHands(here=here, remote=services.remote, registry=services.registry)

    if done_by == "nobody":
        with pytest.raises(NoFreeAgentError):
            await hands.execute(todo.model_copy(update={"agent": agent}), CONTEXT)
    else:
        assert (await hands.execute(todo, CONTEXT)).success
        assert api.executor.done == [action]


async def test_what_this_machine_lacks_matters_where_no_agent_is_there(api: Api) -> None:
    class Lacking(type(api.executor)):  # type: ignore[misc]
        def require(self, todo: ToDo) -> None:
            raise MailNotSetUpError([todo.action])

    services, here = api.services.agents, ExecutorRegistry()
    here.register("web.*", Lacking())
    hands = AgentHands(here=here, remote=services.remote, registry=services.registry)
    with pytest.raises(MailNotSetUpError):
        hands.require(TODO, CONTEXT.tenant)

    hands.require(TODO.model_copy(update={"agent": "web-1"}), CONTEXT.tenant)
    await join(api.client)

    hands.require(TODO, CONTEXT.tenant)


async def test_what_no_agent_was_asked_and_nobody_can_do_here_has_not_happened(api: Api) -> None:
    services = api.services.agents
    hands = AgentHands(here=ExecutorRegistry(), remote=services.remote, registry=services.registry)

    with pytest.raises(NoFreeAgentError):
        await hands.execute(TODO, CONTEXT)
    assert (await hands.verify(TODO, CONTEXT)).happened is False


@pytest.mark.parametrize("happened", [True, False])
async def test_what_a_silent_agent_may_be_at_still_does_not_count_as_not_done(api: Api, happened: bool) -> None:
    agent = await join(api.client)
    in_process(api, agent, lambda _: [("agree", {})])
    services, here = api.services.agents, ExecutorRegistry()
    here.register("web.*", api.executor)
    hands = AgentHands(here=here, remote=services.remote, registry=services.registry)
    asked = TODO.model_copy(update={"timeout": 0.2})
    ended = await hands.execute(asked, CONTEXT)
    assert ended.error is not None

    api.executor.done += [TODO.action] * happened
    if happened:
        assert (await hands.verify(asked, CONTEXT)).happened
    else:
        with pytest.raises(AgentUnreachableError):
            await hands.verify(asked, CONTEXT)


async def test_what_an_agent_cannot_look_at_just_now_is_asked_again(api: Api) -> None:
    agent, unknown = await join(api.client), {"effect": "unknown", "detail": "looking took longer than 5 s"}
    told = [unknown | {"retryable": True}, unknown]

    def answer(asked: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        if asked["type"] == "request":
            return [("agree", {})]
        return [("status", {"status": {"state": "unknown"}, "payload": told.pop(0)})]

    in_process(api, agent, answer)
    remote, asked = api.services.agents.remote, TODO.model_copy(update={"timeout": 0.2})
    await remote.execute(asked, CONTEXT)

    with pytest.raises(AgentUnreachableError, match="longer than 5 s"):
        await remote.verify(asked, CONTEXT)
    assert (await remote.verify(asked, CONTEXT)).happened is None


@pytest.mark.integration
async def test_an_agent_at_its_address_does_a_step(api: Api) -> None:
    with agent_server() as server:
        agent = await join(api.client, endpoint=f"{server.url}/agent")
        server.respond = lambda asked: a_message(replies(agent, asked, *DONE))

        ended = await api.services.agents.remote.execute(TODO, CONTEXT)

    assert ended.result == {"text": "42 €"}
    (path, asked), *more = server.seen
    assert (path, asked["type"], more) == ("/agent/tasks", "request", [])
    waiting = await api.client.get(f"/agents/{agent.id}/messages", headers=agent.bearer)
    assert waiting.json()["messages"] == [], "it has arrived"


@pytest.mark.integration
async def test_an_agent_that_answers_later_is_waited_for(api: Api) -> None:
    with agent_server() as server:
        agent = await join(api.client, endpoint=server.url)
        work = asyncio.ensure_future(api.services.agents.remote.execute(TODO, CONTEXT))
        assert await asyncio.to_thread(server.came.wait, 10)
        await agent.client.post("/lam/message", json=replies(agent, server.seen[0][1], *DONE))

        assert (await work).success


@pytest.mark.integration
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (RedirectResponse("http://127.0.0.1:9/elsewhere", status_code=307), AgentUnreachableError),
        (RedirectResponse("/tasks-of-another", status_code=303), AgentUnreachableError),
        (Response(status_code=503), AgentUnreachableError),
        (Response(status_code=401), AgentUnreachableError),
        (Response(status_code=500), OutcomeUnknownError),
        (Response(b"x" * 2_000_000, status_code=202), OutcomeUnknownError),
    ],
)
async def test_no_redirect_is_followed_and_nothing_odd_is_believed(
    api: Api, answer: Response, error: type[Exception]
) -> None:
    with agent_server() as server:
        agent = await join(api.client, endpoint=server.url)
        server.respond = lambda _: answer
        found = await api.services.agents.registry.get_agent(AgentId(agent.id))
        assert found is not None

        with pytest.raises(error):
            await api.services.agents.http.deliver(found, {"type": "request"})

    assert [path for path, _ in server.seen] == ["/tasks"]
