"""What a dispatch that is not the truth must bear: Redis offers jobs that the store would not give."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scheduler.core.job import JobStatus
from scheduler.queue.job_queue import JobQueue
from tests.support.builders import a_job
from tests.support.clock import FakeClock
from tests.support.redis_server import RedisServer
from tests.support.store import LEASE

pytestmark = pytest.mark.integration


@pytest.fixture
async def queues(
    store_path: Path, clock: FakeClock, shared_redis: RedisServer
) -> AsyncIterator[tuple[JobQueue, JobQueue]]:
    """The queue with Redis, and one on the same store whose changes Redis does not hear of."""
    shared_redis.empty()
    store_url = f"sqlite:///{store_path}"
    pair = (
        JobQueue(shared_redis.url, store_url=store_url, clock=clock, lease=LEASE),
        JobQueue(store_url, clock=clock, lease=LEASE),
    )
    for queue in pair:
        await queue.connect()
    yield pair
    for queue in pair:
        await queue.close()


async def test_offers_of_jobs_that_have_ended_keep_nobody_from_those_that_have_not(
    queues: tuple[JobQueue, JobQueue],
) -> None:
    queue, behind_its_back = queues
    ended = [a_job() for _ in range(20)]
    for job in ended:
        await queue.enqueue(job)
        await behind_its_back.update_status(job.id, JobStatus.CANCELLED)
    waiting = a_job()
    await queue.enqueue(waiting)

    jobs = await queue.dequeue_many(2)

    assert [job.id for job in jobs] == [waiting.id]


async def test_a_redis_that_hangs_up_is_asked_again_after_a_pause(store_path: Path, clock: FakeClock) -> None:
    calls = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    queue = JobQueue(f"redis://127.0.0.1:{port}/0", store_url=f"sqlite:///{store_path}", clock=clock, lease=LEASE)
    async with server:
        await queue.connect()
        at_first = calls
        await asyncio.sleep(2.5)
        await queue.close()

    assert 0 < calls - at_first < 40, "it is asked about once a second, by two tasks, with one more try each"
