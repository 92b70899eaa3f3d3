"""kill -9 of a worker, of who takes up what it left, and of a client, at every named crash point on the way."""

import asyncio
import itertools
import random
import signal

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import JobId
from scheduler.core.orders import JobOrder
from tests.support.fault_process import an_asker, answers
from tests.support.scene import Scene, Scenes, a_look, a_mark, an_order

pytestmark = pytest.mark.fault

# A worker does not come by the others: clients accept, cancel and retry, mail and files are steps of their own.
# Those are tried in tests/e2e/test_crash_points.py and tests/repository/test_processes.py.
ON_THE_WAY = [point for point in CrashPoint if point.partition("_")[2] in {"claim", "renew", "progress", "step"}]
RENEWED = {CrashPoint.BEFORE_RENEW, CrashPoint.AFTER_RENEW}
CLAIMED = {CrashPoint.BEFORE_CLAIM, CrashPoint.AFTER_CLAIM}
_AT_ONCE = 4  # scenes; more would only wait for the processor


def _order(points: set[str]) -> JobOrder:
    """Return two marks; they take their time where a lease has to be renewed."""
    seconds = 2.0 if {point.partition(":")[0] for point in points} & RENEWED else 0.0
    return an_order(a_mark("first", seconds=seconds), a_mark("second", "first"))


async def _killed(scenes: Scenes, *crash_at: str) -> int:
    """Have a job done by one worker after the other, each to die at its point; return how many did."""
    async with scenes.another() as scene, scene.client() as services:
        await scene.submit(services, _order({*crash_at}))
        deaths = 0
        for point in crash_at:
            worker = scene.worker(CRASH_AT=point)
            await scene.until(lambda worker=worker: not worker.alive or scene.all_ended())  # type: ignore[misc]
            await worker.stop()
            deaths += worker.exit_code == -signal.SIGKILL
        if not scene.all_ended():
            last = scene.worker()
            await scene.ended()
            await last.stop()
        assert {*scene.statuses().values()} == {"done"}, crash_at
        scene.check()
        return deaths


async def _all_killed(scenes: Scenes, runs: list[tuple[str, ...]]) -> list[int]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(run: tuple[str, ...]) -> int:
        async with gate:
            return await _killed(scenes, *run)

    return await asyncio.gather(*map(one, runs))


@pytest.mark.parametrize("point", ON_THE_WAY)
async def test_a_job_whose_worker_is_killed_is_done_by_the_next(point: CrashPoint, scenes: Scenes) -> None:
    visits = (1,) if point in CLAIMED else (1, 2)
    assert await _all_killed(scenes, [(f"{point}:{visit}",) for visit in visits]) == [1 for _ in visits]


@pytest.mark.slow_fault
@pytest.mark.parametrize("point", [point for point in ON_THE_WAY if point not in RENEWED])
async def test_so_it_is_at_every_visit(point: CrashPoint, scenes: Scenes) -> None:
    deaths = await _all_killed(scenes, [(f"{point}:{visit}",) for visit in range(1, 9)])

    assert deaths == sorted(deaths, reverse=True)
    assert deaths[-1] == 0, "there are more visits than were tried"


LEFT = [CrashPoint.AFTER_CLAIM, CrashPoint.AFTER_PROGRESS, CrashPoint.BEFORE_STEP, CrashPoint.AFTER_STEP]
RECOVERIES = [
    (f"{first}:1", f"{second}:{visit}")
    for first, second, visit in itertools.product(LEFT, ON_THE_WAY, (1, 2))
    if second not in RENEWED
]


async def test_who_takes_up_what_a_dead_worker_left_may_die_as_well(scenes: Scenes, chance: random.Random) -> None:
    deaths = await _all_killed(scenes, chance.sample(RECOVERIES, 5))

    assert min(deaths) >= 1
    assert max(deaths) == 2


@pytest.mark.slow_fault
@pytest.mark.parametrize("first", LEFT)
async def test_so_it_is_at_every_point(first: CrashPoint, scenes: Scenes) -> None:
    deaths = await _all_killed(scenes, [run for run in RECOVERIES if run[0] == f"{first}:1"])

    assert min(deaths) >= 1
    assert deaths.count(2) > len(deaths) / 2


@pytest.mark.parametrize("point", [CrashPoint.BEFORE_ACCEPT, CrashPoint.AFTER_ACCEPT])
async def test_a_client_killed_while_it_submits_asks_again_and_gets_one_job(
    point: CrashPoint, redis_scene: Scene
) -> None:
    first = redis_scene.submitter([an_order()], "told", ["key"], CRASH_AT=point)
    await first.wait()
    assert first.exit_code == -signal.SIGKILL
    assert answers(redis_scene.home.folder / "told") == []

    await redis_scene.submitter([an_order()], "told", ["key"]).wait()
    (told,) = answers(redis_scene.home.folder / "told")
    worker = redis_scene.worker()
    await redis_scene.ended(JobId(told["answer"]))
    await worker.stop()

    assert redis_scene.statuses() == {told["answer"]: "done"}
    redis_scene.check()


@pytest.mark.parametrize("question", ["cancel", "retry"])
@pytest.mark.parametrize("point", [CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS])
async def test_a_client_killed_while_it_asks_asks_again(point: CrashPoint, question: str, redis_scene: Scene) -> None:
    async with redis_scene.client() as services:
        (job_id,) = await redis_scene.submit(services, an_order(a_look("first"), a_mark("second", "first")))
        if question == "retry":
            await services.queue.cancel(job_id)
    told = redis_scene.home.folder / "told"
    settings = redis_scene.home.settings(**redis_scene.settings)

    first = an_asker(redis_scene.home, settings | {"CPA_CRASH_AT": point}, question, [job_id], told)
    await first.wait()
    assert first.exit_code == -signal.SIGKILL
    await an_asker(redis_scene.home, settings, question, [job_id], told).wait()
    worker = redis_scene.worker()
    await redis_scene.ended()
    await worker.stop()

    assert redis_scene.statuses()[job_id] == ("done" if question == "retry" else "cancelled")
    redis_scene.check()


@pytest.mark.parametrize("point", [CrashPoint.BEFORE_HAND_BACK, CrashPoint.AFTER_HAND_BACK])
async def test_a_worker_killed_while_it_hands_back_loses_nothing(point: CrashPoint, redis_scene: Scene) -> None:
    worker = redis_scene.worker(CRASH_AT=point)
    async with redis_scene.client() as services:
        (job_id,) = await redis_scene.submit(services, an_order(a_look("first", seconds=1), a_mark("second", "first")))
        await redis_scene.begun(job_id)
        await worker.stop()
        assert worker.exit_code == -signal.SIGKILL

        again = redis_scene.worker()
        await redis_scene.ended()
    await again.stop()
    redis_scene.check()
