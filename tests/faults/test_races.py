"""Two want something of one job at the same time: cancel and done, retry and retry, the same request twice."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest

from scheduler.container import Services
from scheduler.core.errors import InvalidTransitionError
from scheduler.core.ids import DEFAULT_TENANT, JobId
from tests.support.fault_process import answers
from tests.support.scene import Scene, a_look, a_mark, an_order

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("jobs", [60, pytest.param(600, marks=pytest.mark.slow_fault)])
async def test_cancel_races_with_done(jobs: int, either_scene: Scene, chance: random.Random) -> None:
    """Whoever came first has it; what is cancelled did not happen, what happened is done."""
    either_scene.settings["WORKER_CONCURRENCY"] = "32"
    worker = either_scene.worker()
    async with either_scene.client() as services:
        answered = await asyncio.gather(*(_one_race(either_scene, services, chance) for _ in range(jobs)))
        await either_scene.ended()
    await worker.stop()

    ends = Counter(either_scene.statuses().values())
    print(ends, Counter(answered))  # noqa: T201
    assert ends["done"] + ends["cancelled"] == jobs
    assert ends["cancelled"] <= sum(answer != "too late" for answer in answered)
    either_scene.check()


async def _one_race(scene: Scene, services: Services, chance: random.Random) -> str:
    first = a_look("first", seconds=chance.choice([0, 0.02]))
    order = an_order(first, a_mark("second", "first", seconds=chance.choice([0, 0, 0.1])), a_mark("third", "second"))
    wait = chance.uniform(0, 0.25)
    (job_id,) = await scene.submit(services, order)
    await asyncio.sleep(wait)
    try:
        return str((await services.queue.cancel(job_id)).status)
    except InvalidTransitionError:
        return "too late"


async def test_one_of_two_that_ask_for_another_run_gets_it(either_scene: Scene) -> None:
    async with either_scene.client() as services:
        jobs = await either_scene.submit(services, *[an_order()] * 30)
        for job_id in jobs:
            await services.queue.cancel(job_id)
        worker = either_scene.worker()
        askers = [either_scene.asker("retry", jobs, f"told{number}") for number in range(2)]
        await asyncio.gather(*(asker.wait() for asker in askers))
        await either_scene.ended()
        runs = [(await services.jobs.get(job_id, DEFAULT_TENANT)).run for job_id in jobs]
    await worker.stop()

    told = _told(either_scene, ["told0", "told1"])
    assert [sorted(told[job_id]) for job_id in jobs] == [["!invalid_transition", "pending"]] * len(jobs)
    assert runs == [2] * len(jobs)
    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()


async def test_another_run_races_with_cancel(either_scene: Scene) -> None:
    worker = either_scene.worker()
    async with either_scene.client() as services:
        jobs = await either_scene.submit(
            services, *[an_order(a_look("first", seconds=0.1), a_mark("second", "first"))] * 30
        )
        for _ in range(2):
            askers = [either_scene.asker(question, jobs, question) for question in ("cancel", "retry", "cancel")]
            await asyncio.gather(*(asker.wait() for asker in askers))
        await either_scene.ended()
    await worker.stop()

    assert {*either_scene.statuses().values()} <= {"done", "cancelled"}
    either_scene.check()


async def test_the_same_requests_from_two_processes_make_one_job_each(either_scene: Scene) -> None:
    keys = [f"key{number}" for number in range(40)]
    worker = either_scene.worker()
    clients = [either_scene.submitter([an_order()] * 40, f"told{number}", keys, together=True) for number in range(2)]
    await asyncio.gather(*(client.wait() for client in clients))
    told: defaultdict[str, set[str]] = defaultdict(set)
    for number in range(2):
        for line in answers(either_scene.home.folder / f"told{number}"):
            told[line["key"]].add(line["answer"])

    assert {key: len(told[key]) for key in keys} == dict.fromkeys(keys, 1)
    accepted = [JobId(answer) for found in told.values() for answer in found]
    await either_scene.ended(*accepted)
    await worker.stop()
    assert sorted(either_scene.statuses()) == sorted(accepted)
    either_scene.check(accepted)


def _told(scene: Scene, names: Sequence[str]) -> dict[str, list[str]]:
    told: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        for line in answers(scene.home.folder / name):
            told[line["job"]].append(line["answer"])
    return told
