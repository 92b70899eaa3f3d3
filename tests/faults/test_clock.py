"""The clock of all processes jumps while jobs run: each still ends, done once."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.scene import Scene, a_look, a_mark, an_order

pytestmark = pytest.mark.fault
HOUR = timedelta(hours=1)
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
