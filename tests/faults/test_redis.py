"""Redis restarted, killed, frozen, emptied, not there at all: work goes on, and no running job is run twice."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from scheduler.container import Services
from scheduler.core.ids import JobId
from tests.support.redis_server import RedisServer
from tests.support.scene import Scene, a_mark, an_order

pytestmark = pytest.mark.fault
LEASE = 2.0
BACK_TO_WORK = 20.0  # seconds within which a new job must be done after the fault; about one on an idle machine
QUICK, SLOW = an_order(a_mark("only", seconds=0.05)), an_order(a_mark("only", seconds=3 * LEASE))


async def _restart(redis: RedisServer) -> None:
    await asyncio.to_thread(redis.stop)
    await asyncio.to_thread(redis.start)


async def _crash(redis: RedisServer) -> None:
    await asyncio.to_thread(redis.stop, signal.SIGKILL)
    await asyncio.to_thread(redis.start)


async def _freeze(redis: RedisServer) -> None:
    redis.freeze()
    await asyncio.sleep(2 * LEASE)
    redis.thaw()


async def _empty(redis: RedisServer) -> None:
    await asyncio.to_thread(redis.empty)


async def _go_for_good(redis: RedisServer) -> None:
    await asyncio.to_thread(redis.stop, signal.SIGKILL)


async def _freeze_for_good(redis: RedisServer) -> None:
    redis.freeze()


Fault = Callable[[RedisServer], Coroutine[Any, Any, None]]
FAULTS = [
    _crash,
    _freeze,
    _empty,
    *(pytest.param(fault, marks=pytest.mark.slow_fault) for fault in (_restart, _go_for_good, _freeze_for_good)),
]


@pytest.fixture
def scene(redis_scene: Scene) -> Scene:
    redis_scene.settings |= {"WORKER_LEASE_SECONDS": str(LEASE), "WORKER_CONCURRENCY": "6"}
    return redis_scene


@pytest.mark.parametrize("fault", FAULTS)
async def test_work_goes_on(
    fault: Callable[[RedisServer], Coroutine[Any, Any, None]], scene: Scene, redis: RedisServer
) -> None:
    workers = [scene.worker(), scene.worker()]
    async with scene.client() as services:
        running = await scene.submit(services, *[SLOW] * 4)
        await scene.begun(*running)
        await scene.submit(services, *[QUICK] * 200)  # most wait

        breaking = asyncio.create_task(fault(redis))
        await _is_done_in_time(scene, services)  # while it lasts
        await breaking
        await _is_done_in_time(scene, services)
        await scene.ended()
        if fault not in {_go_for_good, _freeze_for_good}:
            await scene.until(lambda: "redis_lost" not in _last_word_of_redis(scene))
            assert await services.queue.trouble() is None
    for worker in workers:
        await worker.stop()

    assert {job_id: len(scene.world.begun(job_id)) for job_id in running} == dict.fromkeys(running, 1)
    assert {*scene.statuses().values()} == {"done"}
    scene.check()


async def test_work_is_done_when_redis_is_not_there_at_the_start(scene: Scene, redis: RedisServer) -> None:
    redis.stop()
    worker = scene.worker()
    async with scene.client() as services:
        await _is_done_in_time(scene, services)

        redis.start()
        await scene.until(lambda: "redis_reached" in _last_word_of_redis(scene))
        await _is_done_in_time(scene, services)
    await worker.stop()
    scene.check()


async def test_jobs_that_wait_for_a_worker_outlive_an_emptied_redis(scene: Scene, redis: RedisServer) -> None:
    async with scene.client() as services:
        await scene.submit(services, *[QUICK] * 50)
        redis.empty()
        await scene.submit(services, *[QUICK] * 50)
        worker = scene.worker()
        await scene.ended()
    await worker.stop()
    scene.check()


async def _is_done_in_time(scene: Scene, services: Services) -> JobId:
    """Submit a job that comes before the others; it must be accepted and done soon."""
    begun = time.monotonic()
    (job_id,) = await scene.submit(services, QUICK.model_copy(update={"priority": 1}))
    await scene.ended(job_id, limit=BACK_TO_WORK)
    assert time.monotonic() - begun < BACK_TO_WORK
    return job_id


def _last_word_of_redis(scene: Scene) -> str:
    lines = [line for line in scene.home.log.read_text().splitlines() if "redis_" in line]
    return lines[-1] if lines else ""
