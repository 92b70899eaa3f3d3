"""One tenant floods, another has little to do: its steps are done all the same, in the order of fair turns."""

import asyncio
import json
from typing import Any

import pytest

from scheduler.core.ids import AgentId
from tests.agents.test_offered_actions import BRINGS, an_order
from tests.agents.test_remote_tasks import replies
from tests.support.agents import PlayedAgent, join
from tests.support.services import (
    KEY_A,
    KEY_B,
    TWO_TENANTS,
    Api,
    OpenApi,
    bearer,
    clean_environment,
    open_api,
    router,
)

pytestmark = pytest.mark.component

__all__ = ["clean_environment", "open_api", "router"]

FLOOD, TRICKLE = 40, 4


async def a_worker(api: Api, key: str, seconds: float, done: list[str]) -> PlayedAgent:
    """Let an agent join that does one step at a time, and notes for whom."""
    agent = await join(api.client, bearer(key), **BRINGS)

    async def handle(text: bytes) -> bytes:
        await asyncio.sleep(seconds)
        done.append(key)
        return json.dumps(replies(agent, json.loads(text), "done", {"payload": {"result": {"grams": 1}}})).encode()

    api.services.agents.here.attach(AgentId(agent.id), handle)
    return agent


async def submit(api: Api, key: str, count: int) -> list[str]:
    orders = {"jobs": [an_order(what=f"{key} {number}") for number in range(count)]}
    answer = await api.client.post("/jobs:batch", json=orders, headers=bearer(key))
    assert answer.status_code == 202, answer.text
    return [one["job_id"] for one in answer.json()["jobs"]]


async def test_a_tenant_that_floods_its_slow_agent_keeps_no_other_from_its_own(open_api: OpenApi) -> None:
    done: list[str] = []
    async with open_api(worker=True, keys=TWO_TENANTS) as api:
        await a_worker(api, KEY_A, 0.02, done)
        await a_worker(api, KEY_B, 0.0, done)
        flood = await submit(api, KEY_A, FLOOD)
        while len(done) < 2:  # noqa: ASYNC110 - all of the worker's places are taken by now
            await asyncio.sleep(0.005)
        trickle = await submit(api, KEY_B, TRICKLE)
        ended: list[dict[str, Any]] = [await api.ended(job_id, headers=bearer(KEY_B)) for job_id in trickle]
        ahead = done.index(KEY_B), len(done) - 1 - done[::-1].index(KEY_B)
        last = await api.ended(flood[-1], headers=bearer(KEY_A))

    assert [job["status"] for job in (*ended, last)] == ["done"] * (TRICKLE + 1)
    assert ahead[1] < FLOOD / 2, f"the trickle was done at places {ahead} of {FLOOD + TRICKLE}"
