"""A read that is late is asked of a second agent as well, seldom enough to cost little."""

import asyncio
from typing import Any

import httpx
import pytest

from scheduler.agents.hedging import Hedging
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from tests.agents.test_remote_tasks import DONE, replies
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api, api, clean_environment, open_api, router

__all__ = ["api", "clean_environment", "open_api", "router"]

SEARCH = ToDo(id="find", action="mail.search", timeout=30)


def at(number: int) -> ExecutionContext:
    return ExecutionContext(job_id=JobId("job"), task_id=TaskId(f"t{number}"), effect_key=f"{number}", lease_epoch=1)


def slow(api: Api, agent: PlayedAgent, seconds: float) -> list[dict[str, Any]]:
    """Let the agent take its time; a cancel it answers at once."""
    seen: list[dict[str, Any]] = []
    waiting: set[asyncio.Task[httpx.Response]] = set()

    async def later(asked: dict[str, Any]) -> httpx.Response:
        await asyncio.sleep(seconds)
        return await agent.client.post("/lam/message", json=replies(agent, asked, *DONE))

    async def handle(text: bytes) -> bytes | None:
        asked = httpx.Response(200, content=text).json()
        seen.append(asked)
        if asked["type"] == "cancel":
            answer = replies(agent, asked, "cancelled", {"payload": {"effect": "none"}})
            return httpx.Request("POST", "http://x", json=answer).content
        waiting.add(asyncio.ensure_future(later(asked)))
        return None

    api.services.agents.here.attach(agent.id, handle)  # type: ignore[arg-type]
    return seen


@pytest.mark.component  # a whole service
async def test_a_late_read_is_asked_of_another_and_the_loser_is_stopped(api: Api) -> None:
    remote = api.services.agents.remote
    for _ in range(21):
        remote._hedging.answered(SEARCH.action, 1.0)
    lame = await join(api.client, name="lame", capabilities=["mail.*"])
    asked_lame = slow(api, lame, 60.0)
    waiting = asyncio.ensure_future(remote.execute(SEARCH, at(1)))
    while not asked_lame:  # noqa: ASYNC110 - the transport has no event
        await asyncio.sleep(0.001)
    quick = await join(api.client, name="quick", capabilities=["mail.*"])
    asked_quick = slow(api, quick, 0.0)

    ended = await waiting

    assert ended.success
    assert [one["type"] for one in asked_quick] == ["request"]
    await remote.close()
    assert [one["type"] for one in asked_lame] == ["request", "cancel"]


@pytest.mark.component  # a whole service
async def test_what_has_an_effect_or_a_session_is_never_asked_of_two(api: Api) -> None:
    sessions = api.services.agents.remote._sessions

    assert sessions.may_be_hedged(SEARCH, at(1))
    assert not sessions.may_be_hedged(ToDo(id="s", action="mail.send"), at(1))
    assert not sessions.may_be_hedged(ToDo(id="r", action="web.extract", selector="#x"), at(1))
    assert not sessions.may_be_hedged(SEARCH.model_copy(update={"repeatable": False}), at(1))
    assert not sessions.may_be_hedged(ToDo(id="u", action="data.unheard_of"), at(1))


def test_of_a_hundred_steps_at_most_some_are_hedged() -> None:
    hedging = Hedging()
    assert hedging.patience("mail.search") is None, "nothing is known yet"
    spent = 0
    for number in range(400):
        hedging.answered("mail.search", number % 100 / 100)
        spent += hedging.spend()

    assert hedging.patience("mail.search") == 0.95
    assert 15 <= spent <= 22
