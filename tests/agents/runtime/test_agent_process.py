"""An agent as a real process beside a real scheduler: what it agrees to is done at most once and answered for."""

import asyncio
import functools
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.errors import Effect
from scheduler.core.ids import JobId, TaskId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.security.lam_signatures import SigningKey, check_signature, seal_of, sign
from scheduler.settings import AgentsSettings
from tests.support.agent_processes import ACTION, AgentProcess, EmbeddedAgent, Neighbourhood, neighbourhood, note
from tests.support.services import clean_environment, router, running_api, some_settings

__all__ = ["clean_environment", "router"]

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_environment")]
KEY = "k" * 64
CONTEXT = ExecutionContext(job_id=JobId("job-1"), task_id=TaskId("t"), effect_key=KEY, lease_epoch=3)


def todo(text: str = "x", *, timeout: float = 20, **params: Any) -> ToDo:  # noqa: ANN401 - NoteParams
    return ToDo(id="t", action=ACTION, text=text, params=params, timeout=timeout)


@pytest.fixture
async def near(tmp_path: Path, store_path: Path, router: IntentRouter) -> AsyncIterator[Neighbourhood]:
    networks = AgentsSettings.model_validate({"networks": {"default": ["127.0.0.0/8"]}})
    settings = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1"))
    settings = settings.model_copy(update={"agents": networks})
    (tmp_path / "agents").mkdir()
    async with running_api(settings, router, worker=False) as api, neighbourhood(api, tmp_path / "agents") as one:
        yield one


async def eventually(holds: Callable[[], Awaitable[bool]], limit: float = 15) -> None:
    async with asyncio.timeout(limit):
        while not await holds():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)


async def answers(near: Neighbourhood, message_id: str) -> list[str]:
    found = await near.api.services.agents.remote._messages.answers(CONTEXT.tenant, message_id)
    return [str(answer.type) for answer in found]


async def look(near: Neighbourhood, **params: Any) -> Any:  # noqa: ANN401 - a Verification
    """Ask what became of the step, as another worker would."""
    return await near.api.services.agents.remote.verify(todo(**params), CONTEXT._replace(lease_epoch=4))


async def shown(near: Neighbourhood, agent: AgentProcess | EmbeddedAgent) -> dict[str, Any]:
    listed = (await near.api.client.get("/agents")).json()["agents"]
    return next(dict(one) for one in listed if one["name"] == agent.name)


async def test_a_repeated_request_gets_the_same_answer_and_no_second_effect(near: Neighbourhood) -> None:
    agent = await near.start()
    asked = await agent.message("request", payload=note())

    first, second = [await agent.post(agent.signed(asked)) for _ in range(2)]
    changed = await agent.post(agent.signed(asked | {"payload": note("other")}))

    assert [first.status_code, second.status_code, changed.status_code] == [202, 202, 409]
    same = [{name: part for name, part in one.json().items() if name != "security"} for one in (first, second)]
    assert same[0] == same[1]
    assert same[0]["type"] == "agree"
    key = agent_key(near, agent, first.json()["security"]["kid"])
    check_signature(first.json(), seal_of(first.json()), await key)
    await eventually(lambda: happened(near, 1))


async def agent_key(near: Neighbourhood, agent: AgentProcess, kid: str) -> Any:  # noqa: ANN401, ARG001
    found = await near.api.services.agents.registry.of_key(kid)
    assert found is not None
    return found[1].key


async def happened(near: Neighbourhood, times: int) -> bool:
    return len(near.effects) == times


async def test_another_request_for_the_same_effect_gets_the_result_that_was_kept(near: Neighbourhood) -> None:
    await near.start()
    remote = near.api.services.agents.remote

    first = await remote.execute(todo("42"), CONTEXT)
    again = await remote.execute(todo("42"), CONTEXT._replace(attempt=2, lease_epoch=4))

    assert (first.result, again.result) == ({"line": "42"}, {"line": "42"})
    assert near.effects == [KEY]


@pytest.mark.fault
@pytest.mark.parametrize(
    ("params", "happened", "effects"),
    [({"die": "after"}, True, 1), ({"die": "before"}, False, 0), ({"die": "after", "blind": True}, None, 1)],
    ids=["after-the-effect", "before-it", "nobody-can-tell"],
)
async def test_an_agent_that_was_killed_says_after_restart_what_happened(
    near: Neighbourhood, params: dict[str, Any], happened: bool | None, effects: int
) -> None:
    agent = await near.start()
    waiting = asyncio.create_task(near.api.services.agents.remote.execute(todo("x", **params), CONTEXT))
    assert await agent.ended() == -signal.SIGKILL

    await agent.start()  # by the token it kept: no enrolment
    ended = await waiting

    if happened:
        assert ended.success, ended.error
    else:
        assert ended.error is not None
        assert ended.error.effect is (Effect.NONE if happened is False else Effect.UNKNOWN)
        assert ended.error.retryable is (happened is False)
    assert (await look(near, **params)).happened is happened
    assert near.effects == [KEY] * effects


@pytest.mark.fault
async def test_what_may_be_repeated_is_begun_again_though_nobody_can_tell_what_became_of_it(
    near: Neighbourhood,
) -> None:
    agent = await near.start()
    remote, step = near.api.services.agents.remote, todo(blind=True, die="after")
    step = step.model_copy(update={"action": "data.scribble"})
    waiting = asyncio.create_task(remote.execute(step, CONTEXT))
    assert await agent.ended() == -signal.SIGKILL
    await agent.start()
    ended = await waiting
    assert ended.error is not None
    assert (ended.error.effect, ended.error.retryable) == (Effect.NONE, True)

    again = todo(blind=True).model_copy(update={"action": "data.scribble"})
    ended = await remote.execute(again, CONTEXT._replace(attempt=2))

    assert ended.success, ended.error
    assert near.effects == [KEY, KEY]


WRITES = [("before_agent_write", 4), *[("after_agent_write", visit) for visit in (4, 5, 6, 7)]]
"""The first three are of the start; then come: agreed, begun, ended, said."""
POSTS = [("before_agent_post", 1), ("after_agent_post", 1)]
"""The final answer; where the agent dials out, the agree."""


@pytest.mark.fault
@pytest.mark.parametrize(
    ("point", "visit", "called"),
    [
        *[(*point, True) for point in WRITES + POSTS],
        ("before_agent_effect", 1, True),
        ("after_agent_effect", 1, True),
        ("after_agent_write", 4, False),
        ("after_agent_effect", 1, False),
        ("before_agent_post", 1, False),
    ],
)
async def test_wherever_an_agent_is_killed_the_step_happens_once(
    near: Neighbourhood, point: str, visit: int, *, called: bool
) -> None:
    agent = await near.start(called=called, crash_at=f"{point}:{visit}")
    remote = near.api.services.agents.remote

    waiting = asyncio.create_task(remote.execute(todo(timeout=10), CONTEXT))
    assert await agent.ended() == -signal.SIGKILL
    await agent.start()
    ended = await waiting
    if not ended.success:
        seen = await look(near)
        assert seen.happened is not None
        assert seen.happened or near.effects == []
        ended = await remote.execute(todo(), CONTEXT._replace(attempt=2, lease_epoch=5))

    assert ended.success, ended.error
    assert near.effects == [KEY]


async def test_a_step_is_stopped_and_says_what_it_had_done(near: Neighbourhood) -> None:
    agent = await near.start()
    remote = near.api.services.agents.remote
    for key, part, effect in (("a" * 64, "wait", "none"), ("b" * 64, "linger", "done")):
        params: dict[str, Any] = {part: 30}
        waiting = asyncio.create_task(remote.execute(todo(**params), CONTEXT._replace(effect_key=key)))
        await eventually(functools.partial(begun, near, agent, key, params))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        seen = await remote.verify(todo(**params), CONTEXT._replace(effect_key=key, lease_epoch=4))
        assert seen.happened is (effect == "done")
    assert near.effects == ["b" * 64]


async def begun(near: Neighbourhood, agent: AgentProcess, key: str, params: dict[str, Any]) -> bool:
    if "linger" in params:
        return key in near.effects
    return bool((await agent.health())["running"] == 1)


async def test_a_cancel_that_overtakes_its_request_wins(near: Neighbourhood) -> None:
    agent = await near.start()
    request = await agent.message("request", payload=note())
    cancel = await agent.message("cancel")

    stopped = await agent.post(agent.signed(cancel), "/lam/message")
    late = await agent.post(agent.signed(request))

    assert stopped.json()["type"] == "cancelled"
    assert stopped.json()["payload"] == {"effect": "none"}
    assert late.status_code == 409
    assert near.effects == []


async def test_a_forged_expired_replayed_or_misdirected_message_is_refused(near: Neighbourhood) -> None:
    agent = await near.start()
    good = agent.signed(await agent.message("request", payload=note()))
    other = SigningKey.generate()
    key = near.api.services.agents.gateway._key
    plain = await agent.message("request", payload=note())
    now = datetime.now(UTC)
    bad = {
        "forged": {**good, "payload": note("changed")},
        "unknown_key": sign(plain, other, now),
        "expired": sign(plain, key, now - timedelta(hours=1)),
        "from_the_future": sign(plain, key, now + timedelta(hours=1)),
        "unsigned": plain,
        "wrong_tenant": sign(plain | {"context": {"tenant": "other"}}, key, now),
        "wrong_sender": sign(plain | {"sender": "agent://web/x"}, key, now),
        "wrong_addressee": sign(plain | {"to": ["agent://web/x"]}, key, now),
    }

    refused = {kind: await agent.post(document) for kind, document in bad.items()}
    first, again = await agent.post(good), await agent.post(good)

    assert {kind: answer.json()["kind"] for kind, answer in refused.items()} == {kind: kind for kind in bad}
    assert {answer.status_code for answer in refused.values()} == {401, 403}
    assert first.status_code == 202
    assert (again.status_code, again.json()["kind"]) == (401, "replayed")
    assert "lam_refused" in agent.log


async def test_what_cannot_be_read_or_done_is_said_so(near: Neighbourhood) -> None:
    agent = await near.start()
    unknown = await agent.message("request", payload=note())
    documents = [
        sign(unknown | {"type": "sing"}, _key(near), datetime.now(UTC)),
        agent.signed(await agent.message("request", payload={"todo": {"id": "t", "action": "web.click"}})),
        agent.signed(await agent.message("request", payload=note(), expected={"deadline": "2020-01-01T00:00:00Z"})),
        agent.signed(await agent.message("request", "e" * 64, payload=note(), expected={"budgetMs": 0})),
    ]

    said = [(await agent.post(document)).json() for document in documents]

    assert [one["type"] for one in said] == ["not_understood", "refuse", "refuse", "refuse"]
    assert "request" in said[0]["payload"]["types"]
    assert "web.click" in said[1]["payload"]["reason"]
    assert [one["payload"]["reason"] for one in said[2:]] == ["expired", "expired"]
    assert near.effects == []


def _key(near: Neighbourhood) -> SigningKey:
    return near.api.services.agents.gateway._key


async def test_an_older_lease_is_refused_and_the_deadline_stops_a_step(near: Neighbourhood) -> None:
    agent = await near.start()
    newer = await agent.message("request", payload=note(wait=30), expected={"budgetMs": 6_000})
    older = await agent.message("request", payload=note(), about={"leaseEpoch": 2})

    assert (await agent.post(agent.signed(newer))).json()["type"] == "agree"
    assert (await agent.post(agent.signed(older))).status_code == 409
    busy = await agent.post(agent.signed(await agent.message("request", "f" * 64, payload=note())))
    assert busy.json()["payload"] == {"reason": "busy"}
    query = await agent.message("query_status", payload=note(wait=30))
    assert (await agent.post(agent.signed(query), "/lam/message")).json()["status"]["state"] == "running"
    await eventually(lambda: idle(agent))

    query = await agent.message("query_status", payload=note(wait=30))
    told = (await agent.post(agent.signed(query), "/lam/message")).json()
    assert (told["status"]["state"], told["payload"]["effect"]) == ("failed", "none")
    assert near.effects == []


async def idle(agent: AgentProcess) -> bool:
    return bool((await agent.health())["running"] == 0)


async def test_what_it_does_not_know_it_looks_up_in_the_world(near: Neighbourhood) -> None:
    agent = await near.start()
    earlier = await agent.message("request", "n" * 64, payload=note(), about={"taskId": "other"})
    with (near.folder / "effects").open("a", encoding="utf-8") as file:
        file.write(f"{KEY}\n")

    told = []
    for key, task in ((KEY, "t"), ("n" * 64, "other")):
        query = await agent.message("query_status", key, payload=note("42"), about={"taskId": task})
        told.append((await agent.post(agent.signed(query), "/lam/message")).json())
    late = await agent.post(agent.signed(earlier))

    assert (told[0]["status"]["state"], told[0]["payload"]) == ("done", {"effect": "done", "result": {"line": "42"}})
    assert (told[1]["status"]["state"], told[1]["payload"]["effect"]) == ("unknown", "none")
    assert late.status_code == 409, "what was said not to have happened must not happen afterwards"


async def test_a_bid_keeps_a_slot_until_it_is_rejected_or_taken(near: Neighbourhood) -> None:
    agent = await near.start()

    async def say(kind: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a message
        return dict((await agent.post(agent.signed(await agent.message(kind, **fields)), "/lam/message")).json())

    call = {"capability": ACTION, "replyBy": (datetime.now(UTC) + timedelta(seconds=5)).isoformat()}
    offer = await say("discover", payload=call)
    second = await say("discover", payload=call)
    confirmed = await say("reject", about={"inReplyTo": offer["id"]})
    third = await say("discover", payload=call)
    taken = await say("assign", about={"inReplyTo": third["id"]}, payload=note())

    kinds = [one["type"] for one in (offer, second, confirmed, third, taken)]
    assert kinds == ["offer", "refuse", "confirm", "offer", "agree"]
    assert await say("discover", payload=call | {"capability": "web.click"})
    await eventually(lambda: happened(near, 1))


async def test_progress_is_told_in_order(near: Neighbourhood) -> None:
    await near.start()
    remote = near.api.services.agents.remote
    waiting = asyncio.create_task(remote.execute(todo(wait=1.5, tell=30), CONTEXT))
    seen: list[float] = []

    async def over() -> bool:
        for _, order, _ in await remote._messages.orders(CONTEXT.tenant, CONTEXT.job_id, CONTEXT.task_id):
            told = await remote._messages.answers(CONTEXT.tenant, order.id)
            seen.extend(answer.status.progress for answer in told if answer.status.progress is not None)
        return waiting.done()

    await eventually(over)
    assert (await waiting).success
    assert seen == sorted(seen)
    assert len(set(seen)) >= 3


async def test_one_that_is_asked_to_end_takes_nothing_new_and_finishes(near: Neighbourhood) -> None:
    agent = await near.start(concurrency=2)
    waiting = asyncio.create_task(near.api.services.agents.remote.execute(todo(wait=1), CONTEXT))
    await eventually(lambda: begun(near, agent, KEY, {}))
    await agent.signal(signal.SIGTERM)
    await eventually(lambda: drains(near, agent))
    refused = await agent.post(agent.signed(await agent.message("request", "f" * 64, payload=note())))

    assert refused.json()["payload"] == {"reason": "draining"}
    assert (await waiting).success
    assert await agent.ended() == 0
    assert near.effects == [KEY]


async def test_what_lasts_longer_than_the_grace_time_is_stopped_and_answered_for(near: Neighbourhood) -> None:
    agent = await near.start()
    waiting = asyncio.create_task(near.api.services.agents.remote.execute(todo(wait=60, timeout=60), CONTEXT))
    await eventually(lambda: begun(near, agent, KEY, {}))
    await agent.signal(signal.SIGTERM)

    ended = await waiting

    assert ended.error is not None
    assert ended.error.effect is Effect.NONE
    assert await agent.ended() == 0


async def drains(near: Neighbourhood, agent: AgentProcess) -> bool:
    return str((await shown(near, agent))["status"]) == "draining"


async def test_one_that_was_forgotten_joins_again_or_ends_when_it_is_not_let_in(near: Neighbourhood) -> None:
    token = await near.enrolment(uses=2)
    agent = await near.start(token=token)
    before = (await shown(near, agent))["agent_id"]
    assert (await near.api.client.delete(f"/agents/{before}")).status_code == 204

    await agent.kill()
    await agent.start(token=token)
    assert (await shown(near, agent))["agent_id"] != before
    assert (await near.api.services.agents.remote.execute(todo(), CONTEXT)).success

    twin = AgentProcess(near, agent.name, called=True)
    await twin.start(token=token)
    assert await twin.ended() == 2

    stranger = AgentProcess(near, "stranger", called=True)
    near.agents.append(stranger)
    await stranger.start(token="cpa_enrol_none_none")
    assert await stranger.ended() == 3
    assert "cpa agents enrol" in stranger.log
