"""kill -9 while a step becomes a task for each element of a list: all of them or none, of one list, each done once."""

import asyncio
import signal
import sqlite3
from contextlib import closing

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.core.todo import ToDo
from tests.support.scene import Scene, Scenes, a_look, a_mark, an_order
from tests.support.world import EFFECT, ITEMS, MARK

pytestmark = pytest.mark.fault

WRITES = [point for point in CrashPoint if point.partition("_")[2] in {"claim", "progress", "step"}]
EACH = ToDo(id="each", action=MARK, for_each="${find.items}", params={"item": "${item}"})
_AT_ONCE = 4
_VISITS = 12


def _elements(scene: Scene) -> list[str]:
    with closing(sqlite3.connect(scene.home.database)) as connection:
        return [name for (name,) in connection.execute("SELECT task_id FROM tasks WHERE task_id LIKE 'each[%'")]


async def _killed(scenes: Scenes, point: CrashPoint, visit: int) -> bool:
    """Have a job with a list done, its first worker to die at a point; return whether it did."""
    async with scenes.another() as scene, scene.client() as services:
        await scene.submit(services, an_order(a_look("find"), EACH, a_mark("last", "each")))
        first = scene.worker(CRASH_AT=f"{point}:{visit}")
        await scene.until(lambda: not first.alive or scene.all_ended())
        await first.stop()
        if not scene.all_ended():
            assert len(_elements(scene)) in {0, ITEMS}, (point, visit)
            second = scene.worker()
            await scene.ended()
            await second.stop()
        assert {*scene.statuses().values()} == {"done"}, (point, visit)
        assert sorted(_elements(scene)) == [f"each[{number}]" for number in range(ITEMS)]
        assert sorted(scene.world.count(EFFECT).values()) == [1] * (ITEMS + 1), (point, visit)
        scene.check()
        return first.exit_code == -signal.SIGKILL


async def test_a_list_is_whole_or_not_there_and_each_element_is_done_once(scenes: Scenes) -> None:
    """A few of them, at once: before and after the commit of the list, and among its elements."""
    few = [
        (CrashPoint.BEFORE_PROGRESS, 2), (CrashPoint.AFTER_PROGRESS, 2), (CrashPoint.BEFORE_PROGRESS, 3),
        (CrashPoint.BEFORE_STEP, 4), (CrashPoint.AFTER_STEP, 3),
    ]  # fmt: skip
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(point: CrashPoint, visit: int) -> bool:
        async with gate:
            return await _killed(scenes, point, visit)

    assert await asyncio.gather(*(one(*place) for place in few)) == [True] * len(few)


@pytest.mark.slow_fault
@pytest.mark.parametrize("point", WRITES)
async def test_so_it_is_at_any_write(point: CrashPoint, scenes: Scenes) -> None:
    deaths = [await _killed(scenes, point, visit) for visit in range(1, _VISITS)]

    assert deaths[0], "it never comes by there"
