"""Agents bid for steps: the best bid gets it, the others hear so, and where nobody bids somebody is chosen directly."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.settings import AgentsSettings
from tests.agents.test_remote_tasks import DONE, in_process
from tests.support.agents import PlayedAgent, join
from tests.support.services import Api, OpenApi, clean_environment, open_api, router, running_api, some_settings

pytestmark = pytest.mark.component

__all__ = ["clean_environment", "open_api", "router"]

SEND = ToDo(id="send", action="mail.send", timeout=4)
CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("send"), effect_key="k" * 64, lease_epoch=1)


def bid(*, cost: float = 0, eta: int = 0, valid: float = 10, confidence: float = 1) -> tuple[str, dict[str, Any]]:
    until = (datetime.now(UTC) + timedelta(seconds=valid)).isoformat()
    payload = {"cost": cost, "etaMs": eta, "load": 0.0, "confidence": confidence, "validUntil": until}
    return "offer", {"payload": payload}


@pytest.fixture
async def bidding(tmp_path: Any, store_path: Any, router: Any, clean_environment: None) -> Any:  # noqa: ANN401, ARG001
    settings = some_settings(tmp_path / "data", store_path)
    settings = settings.model_copy(update={"agents": AgentsSettings(choice="bids")})
    async with running_api(settings, router, worker=False) as api:
        yield api


async def a_bidder(
    api: Api, name: str, offer: tuple[str, dict[str, Any]], order: tuple[str, dict[str, Any]] = DONE
) -> tuple[PlayedAgent, list[str]]:
    """Have an agent join that answers each announcement with this; return it, and the types of what it was told."""
    agent = await join(api.client, name=name, capabilities=["mail.*"])
    types: list[str] = []

    def answer(asked: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        types.append(asked["type"])
        return [{"discover": offer, "reject": ("confirm", {})}.get(asked["type"], order)]

    in_process(api, agent, answer)
    return agent, types


async def settled(*told: list[str]) -> None:
    async with asyncio.timeout(5):
        while any(types[-1] == "discover" for types in told):  # noqa: ASYNC110 - what is said behind has no event
            await asyncio.sleep(0.01)


async def test_the_best_bid_gets_the_step_and_the_others_hear_so(bidding: Api) -> None:
    _, dear = await a_bidder(bidding, "dear", bid(cost=2))
    _, late = await a_bidder(bidding, "late", bid(cost=1, eta=9000))
    _, best = await a_bidder(bidding, "best", bid(cost=1, eta=10))

    ended = await bidding.services.agents.remote.execute(SEND, CONTEXT)

    assert ended.success, ended.error
    await settled(dear, late, best)
    assert (best, dear, late) == (["discover", "assign"], ["discover", "reject"], ["discover", "reject"])
    orders = await bidding.services.agents.remote._orders(CONTEXT)
    assert [order.message.type for order in orders] == ["assign"]


async def test_who_bids_is_told_where_it_would_act(bidding: Api) -> None:
    agent = await join(bidding.client, capabilities=["web.*"])
    told = in_process(bidding, agent, lambda asked: [bid() if asked["type"] == "discover" else DONE])
    goes = ToDo(id="send", action="web.goto", params={"url": "https://shop.example.com/cart"}, timeout=4)

    assert (await bidding.services.agents.remote.execute(goes, CONTEXT)).success

    assert told[0]["payload"]["constraints"] == {"domain": "shop.example.com"}


async def test_where_nobody_bids_it_is_announced_again_and_then_chosen_directly(bidding: Api) -> None:
    _, told = await a_bidder(bidding, "shy", ("refuse", {"payload": {"reason": "busy"}}))

    assert (await bidding.services.agents.remote.execute(SEND, CONTEXT)).success
    assert told == ["discover", "discover", "request"]


async def test_a_bid_that_is_over_is_none(bidding: Api) -> None:
    _, old = await a_bidder(bidding, "old", bid(valid=-1))
    _, good = await a_bidder(bidding, "good", bid(cost=5))

    assert (await bidding.services.agents.remote.execute(SEND, CONTEXT)).success
    assert (old, good) == (["discover"], ["discover", "assign"])


async def test_who_wins_and_is_busy_after_all_loses_it_to_the_next_round(bidding: Api) -> None:
    _, fickle = await a_bidder(bidding, "fickle", bid(), ("refuse", {"payload": {"reason": "busy"}}))
    _, good = await a_bidder(bidding, "good", bid(cost=5))

    assert (await bidding.services.agents.remote.execute(SEND, CONTEXT)).success
    await settled(fickle, good)
    assert fickle == ["discover", "assign"]
    assert good == ["discover", "reject", "discover", "assign"]


async def test_an_offer_that_comes_too_late_is_a_conflict(bidding: Api) -> None:
    agent, _ = await a_bidder(bidding, "web-1", bid())
    conversation, clock = bidding.services.agents.remote._conversation, datetime.now(UTC)
    known = await bidding.services.agents.registry.get_agent(agent.id)  # type: ignore[arg-type]
    assert known is not None
    past = clock - timedelta(seconds=1)
    asked = conversation.message("discover", known, CONTEXT, past, payload={"capability": "mail.send", "replyBy": past})  # type: ignore[arg-type]
    await conversation.say(known, asked, CONTEXT, clock + timedelta(minutes=1))

    late = agent.says("offer", correlation={"inReplyTo": asked.id}, **bid()[1])
    answer = await agent.post(late)

    assert answer.status_code == 409
    assert "replyBy" in answer.json()["detail"]


async def test_without_the_setting_nobody_is_asked_for_bids(open_api: OpenApi) -> None:
    async with open_api() as api:
        _, told = await a_bidder(api, "web-1", bid())
        await api.services.agents.remote.execute(SEND, CONTEXT)

    assert told == ["request"]
