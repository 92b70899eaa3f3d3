"""How many jobs may run at once, in all and of one tenant, on every back end; what is kept back is not lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from scheduler.core.ids import TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.redis_queue import RedisQueue
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import Limits
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from tests.support.builders import a_job, a_progress
from tests.support.clock import FakeClock
from tests.support.queues import BACK_ENDS, quiet
from tests.support.redis_server import RedisServer  # noqa: TC001 - as the others
from tests.support.store import LEASE

ACME, GLOBEX = TenantId("acme"), TenantId("globex")
OpenLimited = Callable[[Limits], Awaitable[JobQueue]]


@pytest.fixture(params=BACK_ENDS)
async def open_limited(
    request: pytest.FixtureRequest, store_path: Path, clock: FakeClock
) -> AsyncIterator[OpenLimited]:
    """Opens the queue with limits."""
    server: RedisServer | None = None
    if request.param == "redis":
        server = request.getfixturevalue("shared_redis")
        server.empty()
    async with AsyncExitStack() as stack:

        async def open_one(limits: Limits) -> JobQueue:
            store = SQLiteQueue.at(f"sqlite:///{store_path}", clock, LEASE, limits=limits)
            queue = JobQueue.over(RedisQueue(server.url, store, clock, LEASE, limits=limits) if server else store)
            stack.push_async_callback(queue.close)
            await queue.connect()
            return queue

        yield open_one


async def _ended(queue: JobQueue, job: Job) -> None:
    await queue.update_status(job.id, JobStatus.DONE)
    await queue.release([job])


async def test_one_tenant_gets_no_more_places_than_it_may_have(open_limited: OpenLimited) -> None:
    queue = await open_limited(Limits(running_of_tenant=2))
    for tenant in (ACME, ACME, ACME, ACME, GLOBEX):
        await queue.enqueue(a_job(tenant=tenant))

    first = await queue.dequeue_many(10)

    assert sorted(job.tenant for job in first) == [ACME, ACME, GLOBEX]
    assert not await queue.dequeue_many(10)


async def test_what_was_kept_back_comes_when_a_place_is_free_and_everything_comes_once(
    open_limited: OpenLimited,
) -> None:
    queue = await open_limited(Limits(running_of_tenant=2))
    jobs = [a_job(tenant=ACME) for _ in range(7)]
    for job in jobs:
        await queue.enqueue(job)

    done: list[str] = []
    while taken := await queue.dequeue_many(10):
        assert len(taken) <= 2
        for _ in range(3):
            await queue.sweep()  # which must not disturb what is kept back
        for job in taken:
            await _ended(queue, job)
            done.append(job.id)

    assert sorted(done) == sorted(job.id for job in jobs)


async def test_no_more_jobs_run_than_all_workers_may_have(open_limited: OpenLimited) -> None:
    queue = await open_limited(Limits(running=3))
    for tenant in (ACME, GLOBEX) * 3:
        await queue.enqueue(a_job(tenant=tenant))

    first = await queue.dequeue_many(10)
    none = await queue.dequeue_many(10)
    await _ended(queue, first[0])
    next_one = await queue.dequeue_many(10)

    assert (len(first), len(none), len(next_one)) == (3, 0, 1)


async def test_who_looked_before_a_place_was_free_is_woken_when_it_is(
    open_limited: OpenLimited, database: SQLiteDatabase, clock: FakeClock
) -> None:
    """The end of a run is told by the store; a dispatch beside it may hear of it later."""
    queue = await open_limited(Limits(running=1))
    _, second = [await queue.enqueue(a_job()) for _ in range(2)]
    (job,) = await queue.dequeue_many(2)
    done = a_progress(job, status=JobStatus.DONE, completed_at=clock.now())
    await SQLiteJobRepository(database, clock).record(done)
    taken = list(await queue.dequeue_many(2))
    seen = await quiet(queue)

    await queue.release([job])

    if not taken:
        async with asyncio.timeout(30):
            await queue.wait(seen, 120)
        assert queue.changes != seen
        taken += await queue.dequeue_many(2)
    assert [job.id for job in taken] == [second]


async def test_jobs_of_a_worker_that_died_come_again_though_their_limits_are_reached(
    open_limited: OpenLimited, clock: FakeClock
) -> None:
    queue = await open_limited(Limits(running=2, running_of_tenant=2))
    jobs = [await queue.enqueue(a_job(tenant=ACME)) for _ in range(3)]
    assert len(await queue.dequeue_many(10)) == 2  # and the worker dies here
    clock.advance(2 * LEASE)

    again = await queue.dequeue_many(10)

    assert sorted(job.id for job in again) == sorted(jobs[:2])


async def test_tenants_that_may_have_more_are_served_in_fair_turns_past_one_that_may_not(
    open_limited: OpenLimited,
) -> None:
    queue = await open_limited(Limits(running_of_tenant=3))
    for _ in range(8):
        await queue.enqueue(a_job(tenant=ACME, priority=1))
    assert len(await queue.dequeue_many(3)) == 3
    tenants = [TenantId(name) for name in ("a", "b", "c")]
    for tenant in tenants:
        for _ in range(2):
            await queue.enqueue(a_job(tenant=tenant))
    urgent = await queue.enqueue(a_job(tenant=tenants[2], priority=1))

    taken = [(await queue.dequeue_many(1))[0] for _ in range(6)]

    assert taken[0].id == urgent
    assert sorted(job.tenant for job in taken[1:4]) == tenants
    assert len({job.tenant for job in taken[4:]}) == 2
