"""Fixtures of the queue's contract suite: the same queues over every back end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.job import Job, JobStatus
from scheduler.queue.job_queue import JobQueue
from tests.support.builders import a_job
from tests.support.clock import FakeClock
from tests.support.redis_server import RedisServer  # noqa: TC001 - as the others
from tests.support.store import LEASE

QueueOver = Callable[[Path, FakeClock], JobQueue]
OpenQueue = Callable[[], Awaitable[JobQueue]]


async def nobody_waits(*_: object) -> int:
    """Count for an Admission."""
    return 0


BACK_ENDS = ("sqlite", pytest.param("redis", marks=pytest.mark.integration))


@pytest.fixture(params=BACK_ENDS)
def queue_over(request: pytest.FixtureRequest) -> QueueOver:
    """Makes a queue object with connections of its own over the store at a path; the dispatch beside it is empty."""
    server: RedisServer | None = None
    if request.param == "redis":
        server = request.getfixturevalue("shared_redis")
        server.empty()

    def make(store: Path, clock: FakeClock) -> JobQueue:
        store_url = f"sqlite:///{store}"
        return JobQueue(server.url if server else store_url, store_url=store_url, clock=clock, lease=LEASE)

    return make


@pytest.fixture
async def open_queue(queue_over: QueueOver, store_path: Path, clock: FakeClock) -> AsyncIterator[OpenQueue]:
    """Opens another queue object on the same store."""
    async with AsyncExitStack() as stack:

        async def open_one() -> JobQueue:
            queue = queue_over(store_path, clock)
            stack.push_async_callback(queue.close)
            await queue.connect()
            return queue

        yield open_one


@pytest.fixture
async def queue(open_queue: OpenQueue) -> JobQueue:
    return await open_queue()


async def leased(queue: JobQueue) -> Job:
    """Lease the next job."""
    job = await queue.dequeue()
    assert job is not None, "nothing to lease"
    return job


async def ended(queue: JobQueue, status: JobStatus, **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
    """Bring a new job to a final status."""
    await queue.enqueue(a_job(**changes))
    return await queue.update_status((await leased(queue)).id, status)


async def quiet(queue: JobQueue) -> int:
    """Return `changes` when nothing more is noticed: a wait may end early for no reason."""
    seen = -1
    while seen != queue.changes:
        seen = queue.changes
        await queue.wait(seen, 0.05)
    return seen
