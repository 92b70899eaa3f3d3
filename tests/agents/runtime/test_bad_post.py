"""Messages between the scheduler and an agent are lost, repeated, late and unanswered: every step happens once."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import httpx
import pytest

from scheduler.core.intent_router import IntentRouter
from scheduler.settings import AgentsSettings
from tests.support.agent_processes import ACTION, AgentProcess, neighbourhood
from tests.support.bad_post import BadPost
from tests.support.scene import chance
from tests.support.services import clean_environment, router, running_api, some_settings

__all__ = ["chance", "clean_environment", "router"]

pytestmark = [pytest.mark.fault, pytest.mark.integration, pytest.mark.usefixtures("clean_environment")]
FINAL = {"done", "failed", "cancelled"}
STANDSTILL = 240.0  # seconds; looking again after an unknown outcome may take two minutes
STEPS = ("first", "second")
PLAN = {
    "tasks": [
        {"id": name, "action": ACTION, "text": name, "timeout": 5, "depends_on": list(before)}
        for name, before in zip(STEPS, [(), STEPS[:1]], strict=True)
    ]
}


@pytest.mark.parametrize(("jobs", "share"), [(15, 0.3), pytest.param(60, 0.5, marks=pytest.mark.slow_fault)])
async def test_whatever_the_post_does_every_step_happens_once(
    tmp_path: Path, store_path: Path, router: IntentRouter, chance: random.Random, jobs: int, share: float
) -> None:
    networks = AgentsSettings.model_validate({"networks": {"default": ["127.0.0.0/8"]}})
    settings = some_settings(tmp_path / "data", store_path, hosts=("testserver", "127.0.0.1"))
    settings = settings.model_copy(update={"agents": networks})
    folder = tmp_path / "agents"
    folder.mkdir()
    async with (
        running_api(settings, router, worker=True) as api,
        neighbourhood(api, folder) as near,
        BadPost(near.url, chance, share).running() as to_us,
    ):
        near.url = to_us.url
        agent = AgentProcess(near, "note-1", called=True)
        async with BadPost(agent.url, chance, share).running() as to_agent:
            agent.endpoint = to_agent.url
            near.agents.append(agent)
            await agent.start(token=await near.enrolment(), concurrency=4)
            order = {"description": "x", "task_graph": PLAN}
            accepted = [await api.client.post("/jobs", json=order) for _ in range(jobs)]
            assert {answer.status_code for answer in accepted} == {202}
            async with asyncio.timeout(STANDSTILL):
                ended = await asyncio.gather(*(_ended(api.client, answer.json()["job_id"]) for answer in accepted))

    print(f"to the agent {dict(to_agent.met)}, to the scheduler {dict(to_us.met)}")  # noqa: T201
    assert Counter(ended) == {"done": jobs}
    assert {*Counter(near.effects).values()} == {1}
    assert len(near.effects) == jobs * len(STEPS)
    assert {*to_agent.met, *to_us.met} == {"lost", "unheard", "repeated", "late"}


async def _ended(client: httpx.AsyncClient, job_id: str) -> str:
    while True:
        status = str((await client.get(f"/jobs/{job_id}")).json()["status"])
        if status in FINAL:
            return status
        await asyncio.sleep(0.2)
