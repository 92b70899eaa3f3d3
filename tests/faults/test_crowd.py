"""Many jobs, many workers, and one that dies again and again."""

import asyncio
import os
import random
import time
from pathlib import Path

import pytest

from scheduler.container import Services
from tests.support.scene import Scene, a_look, a_mark, an_order

pytestmark = pytest.mark.fault
MIB = 2**20


@pytest.mark.parametrize(
    ("either_scene", "seconds"),
    [("redis", 8.0), *(pytest.param(kind, 60.0, marks=pytest.mark.slow_fault) for kind in ("sqlite", "redis"))],
    indirect=["either_scene"],
)
async def test_workers_share_a_store_while_one_dies_again_and_again(
    seconds: float, either_scene: Scene, chance: random.Random
) -> None:
    workers = [either_scene.worker() for _ in range(3)]
    end = time.monotonic() + seconds
    deaths = 0
    async with either_scene.client() as services:
        submitting = asyncio.create_task(_submit_until(either_scene, services, end, chance))
        while time.monotonic() < end:
            await asyncio.sleep(chance.uniform(0.2, 2))
            place = chance.randrange(len(workers))
            await asyncio.to_thread(workers[place].kill)
            workers[place] = either_scene.worker()
            deaths += 1
        await submitting
        await either_scene.ended()
    for worker in workers:
        await worker.stop()

    print(f"{len(either_scene.accepted)} jobs, {deaths} deaths")  # noqa: T201
    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()


async def _submit_until(scene: Scene, services: Services, end: float, chance: random.Random) -> None:
    while time.monotonic() < end:
        order = an_order(a_look("first", seconds=chance.uniform(0, 0.2)), a_mark("second", "first", seconds=0.05))
        await scene.submit(services, *[order] * chance.randint(1, 8))
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("either_scene", "jobs"),
    [("redis", 200), *(pytest.param(kind, 2000, marks=pytest.mark.slow_fault) for kind in ("sqlite", "redis"))],
    indirect=["either_scene"],
)
async def test_ten_times_more_than_can_be_done_ends_and_fills_no_memory(jobs: int, either_scene: Scene) -> None:
    """At 50 ms each a second is good for 20, or 80 at four at once; what waits costs the worker nothing."""
    either_scene.settings["WORKER_CONCURRENCY"] = "4" if jobs > 200 else "1"
    order = an_order(a_look("only", seconds=0.05))
    worker = either_scene.worker()
    async with either_scene.client() as services:
        await either_scene.submit(services, *[order] * 20)
        await either_scene.ended()
        before = _memory(worker.pid)
        await either_scene.submit(services, *[order] * jobs)
        most = before
        while not either_scene.all_ended():
            most = max(most, _memory(worker.pid))
            await asyncio.sleep(0.2)
    await worker.stop()

    print(f"{(most - before) / MIB:.1f} MiB more for {jobs} jobs")  # noqa: T201
    assert most - before < 32 * MIB
    assert {*either_scene.statuses().values()} == {"done"}
    either_scene.check()


def _memory(pid: int) -> int:
    """Return the bytes of memory that a process has in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
