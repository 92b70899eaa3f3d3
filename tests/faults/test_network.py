"""The network between a worker and Redis is cut, dead, half open or slow: work goes on, nothing is run twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from tests.support.redis_server import RedisServer
from tests.support.scene import Scene, a_mark, an_order
from tests.support.tcp_fault import FaultProxy

pytestmark = pytest.mark.fault
LEASE = 1.5
BACK_TO_WORK = 20.0  # seconds within which a new job must be done; about one on an idle machine
QUICK, SLOW = an_order(a_mark("only", seconds=0.02)), an_order(a_mark("only", seconds=3 * LEASE))
Fault = Callable[[FaultProxy], Coroutine[Any, Any, None]]


async def _cut_again_and_again(proxy: FaultProxy) -> None:
    for _ in range(20):
        proxy.cut()
        await asyncio.sleep(0.1)


async def _cut_for_a_while(proxy: FaultProxy) -> None:
    proxy.refuse = True
    proxy.cut()
    await asyncio.sleep(2 * LEASE)
    proxy.refuse = False


async def _a_black_hole(proxy: FaultProxy) -> None:
    """Connections are accepted, and nothing comes back."""
    proxy.swallow = frozenset({"down"})
    await asyncio.sleep(3 * LEASE)
    proxy.swallow = frozenset()


async def _half_open(proxy: FaultProxy) -> None:
    proxy.half_open()


async def _slow(proxy: FaultProxy) -> None:
    proxy.delay = 0.3
    await asyncio.sleep(2 * LEASE)
    proxy.delay = 0.0


FAULTS = [
    _a_black_hole,
    _half_open,
    *(pytest.param(fault, marks=pytest.mark.slow_fault) for fault in (_cut_again_and_again, _cut_for_a_while, _slow)),
]


@pytest.fixture
async def proxy(redis: RedisServer) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(redis.port).running() as proxy:
        yield proxy


@pytest.mark.parametrize("fault", FAULTS)
async def test_work_goes_on(fault: Fault, proxy: FaultProxy, redis_scene: Scene) -> None:
    """One worker behind the fault, one with a sound network, a client with a sound network."""
    settings = {"WORKER_LEASE_SECONDS": str(LEASE), "WORKER_CONCURRENCY": "4"}
    behind = redis_scene.worker(**settings, QUEUE_URL=f"redis://127.0.0.1:{proxy.port}/0")
    sound = redis_scene.worker(**settings)
    async with redis_scene.client() as services:
        running = await redis_scene.submit(services, *[SLOW] * 4)
        await redis_scene.begun(*running)
        await redis_scene.submit(services, *[QUICK] * 200)

        breaking = asyncio.create_task(fault(proxy))
        await sound.stop()  # the one behind the fault is left alone with it
        (while_it_lasts,) = await redis_scene.submit(services, QUICK.model_copy(update={"priority": 1}))
        await redis_scene.ended(while_it_lasts, limit=BACK_TO_WORK)
        await breaking
        (after,) = await redis_scene.submit(services, QUICK.model_copy(update={"priority": 1}))
        await redis_scene.ended(after, limit=BACK_TO_WORK)
        await redis_scene.ended()
    await behind.stop()

    kept = [job_id for job_id in running if redis_scene.world.begun(job_id)[0].pid == behind.pid]
    assert {job_id: len(redis_scene.world.begun(job_id)) for job_id in kept} == dict.fromkeys(kept, 1)
    assert {*redis_scene.statuses().values()} == {"done"}
    redis_scene.check()
