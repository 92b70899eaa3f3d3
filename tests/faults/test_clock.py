"""The clock of all processes jumps while jobs run: each still ends, done once, and is forgotten in time."""

import asyncio
from datetime import timedelta

import pytest

from scheduler.core.ids import JobId
from scheduler.orchestrator.pruning import Cutoffs, Pruner
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from tests.support.scene import Scene, a_look, a_mark, an_order

pytestmark = pytest.mark.fault
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG = an_order(a_mark("first", seconds=2.5), a_look("second", "first"), a_mark("third", "second"))


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "backward"])
async def test_a_job_that_runs_while_the_clock_jumps_is_done_once(jump: timedelta, either_scene: Scene) -> None:
    """Between lease and renewal: the lease seems to have run out long ago, or to last for an hour."""
    worker = either_scene.worker()
    async with either_scene.client() as services:
        running = await either_scene.submit(services, *[LONG] * 3)
        await either_scene.begun(*running)
        either_scene.home.clock.set(jump)
        await either_scene.submit(services, an_order())
        await either_scene.ended()
        either_scene.home.clock.set(timedelta())
        await either_scene.submit(services, an_order())
        await either_scene.ended()
    await worker.stop()

    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()


async def test_a_jump_forward_between_two_workers_does_nothing_twice(either_scene: Scene) -> None:
    """The other worker may take every job; the first must stop before it has done what the other does again."""
    worker = either_scene.worker()
    async with either_scene.client() as services:
        running = await either_scene.submit(services, *[LONG] * 6)
        await either_scene.begun(*running)
        other = either_scene.worker()
        await either_scene.until(lambda: either_scene.home.log.read_text().count("worker_started") == 2)
        either_scene.home.clock.set(HOUR)
        await either_scene.ended()
    await asyncio.gather(worker.stop(), other.stop())

    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()


async def test_a_clock_that_trembles_harms_nobody(either_scene: Scene) -> None:
    worker = either_scene.worker()
    async with either_scene.client() as services:
        await either_scene.submit(services, *[LONG] * 3, *[an_order()] * 50)
        for number in range(20):
            either_scene.home.clock.set(timedelta(seconds=(-1) ** number * 0.4))
            await asyncio.sleep(0.1)
        await either_scene.ended()
    await worker.stop()

    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()


@pytest.mark.parametrize("jump", [3650 * DAY, -3650 * DAY], ids=["forward", "backward"])
async def test_what_ended_while_the_clock_was_wrong_keeps_nothing_from_being_forgotten(
    jump: timedelta, scene: Scene
) -> None:
    worker = scene.worker()
    by_clock = dict[timedelta, list[JobId]]()
    async with scene.client() as services:
        for shift in (jump, timedelta()):
            scene.home.clock.set(shift)
            by_clock[shift] = await scene.submit(services, *[an_order()] * 3)
            await scene.ended()
    await worker.stop()
    scene.check()
    database = SQLiteDatabase(scene.home.database)
    await database.connect()
    clock = scene.home.clock
    pruner = Pruner(store=SQLiteRetentionRepository(database), files=(), clock=clock)

    await pruner.prune(Cutoffs(jobs=clock.now() - DAY))
    clock.set(2 * DAY)
    last = await pruner.prune(Cutoffs(jobs=clock.now() - DAY))
    await database.close()

    assert {*scene.statuses()} == {job_id for job_id in by_clock[jump] if jump > timedelta()}
    assert last.jobs == 3
