"""What a dispatch that is not the truth must bear: Redis offers jobs that the store would not give."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.job import Job, JobStatus
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.redis_dispatch import RedisDispatch, member_of
from scheduler.repository.sqlite_leases import NO_LIMITS, Ready
from tests.support.builders import a_job
from tests.support.clock import NOON, FakeClock
from tests.support.queues import leased, quiet
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


@pytest.fixture
async def dispatch(shared_redis: RedisServer) -> AsyncIterator[RedisDispatch]:
    """Tells Redis of jobs, whatever the store says."""
    async with Redis.from_url(shared_redis.url, decode_responses=True) as client:
        yield RedisDispatch(client, "cpa:", NO_LIMITS)


def ready(job: Job) -> Ready:
    return Ready(job.id, job.tenant, job.priority)


async def test_offers_of_jobs_that_have_ended_keep_nobody_from_those_that_have_not(
    queues: tuple[JobQueue, JobQueue], dispatch: RedisDispatch
) -> None:
    queue, behind_its_back = queues
    ended = [a_job() for _ in range(20)]
    for job in ended:
        await queue.enqueue(job)
        await behind_its_back.update_status(job.id, JobStatus.CANCELLED)
    await dispatch.put([ready(job) for job in ended])
    waiting = a_job()
    await queue.enqueue(waiting)

    jobs = await queue.dequeue_many(2)

    assert [job.id for job in jobs] == [waiting.id]


async def test_who_got_less_because_of_a_wrong_offer_is_woken_to_ask_again(
    queues: tuple[JobQueue, JobQueue], dispatch: RedisDispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.sqlite_database._LOOK_BESIDE_BELL", 60)
    queue, behind_its_back = queues
    await queue.enqueue(a_job())
    await dispatch.put([ready(await leased(behind_its_back))])
    jobs = [await queue.enqueue(a_job()) for _ in range(2)]
    seen = await quiet(queue)

    first = await queue.dequeue_many(2)
    async with asyncio.timeout(30):
        await queue.wait(seen, 120)
    second = await queue.dequeue_many(2)

    assert [[job.id for job in taken] for taken in (first, second)] == [[job] for job in jobs]


async def test_while_nothing_waits_in_redis_jobs_come_from_the_store(
    queues: tuple[JobQueue, JobQueue], dispatch: RedisDispatch, shared_redis: RedisServer
) -> None:
    queue, behind_its_back = queues
    first, second = a_job(), a_job()
    await behind_its_back.enqueue(first)
    assert [job.id for job in await queue.dequeue_many(2)] == [first.id]
    await queue.enqueue(second)
    assert [job.id for job in await queue.dequeue_many(2)] == [second.id]

    for job in (first, second):
        await behind_its_back.update_status(job.id, JobStatus.DONE)
        await queue.release([job])
    await dispatch.put([ready(first)])
    await queue.sweep()
    assert await queue.dequeue_many(2) == ()
    await queue.close()

    assert await held_by(shared_redis) == set(), "nor does what was put in late stay there"


async def test_redis_hears_of_new_jobs_that_nobody_has_taken_a_moment_later(
    queues: tuple[JobQueue, JobQueue], shared_redis: RedisServer
) -> None:
    queue, _ = queues
    assert await queue.dequeue() is None
    taken, left = a_job(), a_job()
    await queue.enqueue(taken)
    assert await leased(queue) == await queue.get_job(taken.id)
    await queue.enqueue(left)

    held = await held_by(shared_redis)
    for _ in range(3_000):
        if held:
            break
        await asyncio.sleep(0.01)
        held = await held_by(shared_redis)
    await queue.release([taken])

    assert held == {member_of(left.id, left.tenant)}


async def test_redis_hears_at_the_latest_when_the_queue_is_closed(
    queues: tuple[JobQueue, JobQueue], shared_redis: RedisServer
) -> None:
    queue, _ = queues
    job = a_job()
    await queue.enqueue(job)
    await queue.close()

    assert await held_by(shared_redis) == {member_of(job.id, job.tenant)}


async def test_where_redis_hears_of_new_jobs_at_once_it_hears_of_their_ends(
    queues: tuple[JobQueue, JobQueue], shared_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.doorbell.Doorbell.hangs", False)
    queue, behind_its_back = queues
    assert await queue.dequeue() is None
    await queue.enqueue(a_job())
    (job,) = await queue.dequeue_many(2)
    await behind_its_back.update_status(job.id, JobStatus.DONE)
    await queue.release([job])
    await queue.close()

    assert await held_by(shared_redis) == set()


async def test_a_lease_that_redis_heard_of_only_when_it_was_prolonged_is_forgotten_with_the_others(
    queues: tuple[JobQueue, JobQueue], shared_redis: RedisServer
) -> None:
    queue, _ = queues
    assert await queue.dequeue() is None
    await queue.enqueue(a_job())
    job = await leased(queue)
    await queue.renew(job)
    await queue.update_status(job.id, JobStatus.DONE)
    await queue.release([job])
    await queue.close()

    assert await held_by(shared_redis) == set()


async def held_by(server: RedisServer) -> set[str]:
    """Return the members of what is ready and of what is leased in Redis."""
    async with Redis.from_url(server.url, decode_responses=True) as client:
        return {*await client.zrange("cpa:ready", 0, -1), *await client.zrange("cpa:leased", 0, -1)}


async def test_redis_hands_out_a_backlog(queues: tuple[JobQueue, JobQueue]) -> None:
    queue, behind_its_back = queues
    assert await queue.dequeue_many(1) == ()
    unknown, *known = [a_job(priority=5), *(a_job() for _ in range(3))]
    for job in known:
        await queue.enqueue(job)
    assert len(await queue.dequeue_many(1)) == 1, "as many as were asked for: there may be more"
    await behind_its_back.enqueue(unknown)

    assert [job.id for job in await queue.dequeue_many(3)] == [job.id for job in known[1:]]


async def test_a_worker_that_has_not_asked_redis_tells_it_whose_time_has_come(
    queues: tuple[JobQueue, JobQueue], clock: FakeClock
) -> None:
    queue, _ = queues
    assert await queue.dequeue_many(2) == ()
    urgent = [a_job(priority=5, not_before=NOON + timedelta(minutes=1)) for _ in range(3)]
    for job in urgent:
        await queue.enqueue(job)
    assert await queue.dequeue_many(2) == ()
    clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await queue.enqueue(a_job())

    jobs = [job for limit in (1, 2, 2) for job in await queue.dequeue_many(limit)]

    assert {job.id for job in jobs[:3]} == {job.id for job in urgent}


async def test_a_turn_that_was_had_without_redis_is_over(shared_redis: RedisServer) -> None:
    shared_redis.empty()
    acme, globex = ([Ready(JobId(new_id()), TenantId(name), 0) for _ in range(5)] for name in ("acme", "globex"))
    async with Redis.from_url(shared_redis.url, decode_responses=True) as client:
        dispatch, now = RedisDispatch(client, "cpa:", NO_LIMITS), datetime.now(UTC)
        await dispatch.put(acme)
        had = [member_of(one.job_id, one.tenant) for one in acme[:4]]
        await dispatch.extend([(member, now + LEASE) for member in had[:2]])
        await dispatch.done(had[2:])
        await dispatch.put(globex[:3])

        taken = await dispatch.take(5, now, now + LEASE)

    assert len(taken.members) == 4
    assert taken.members[-1].endswith(":globex"), "a tenant that comes late is not before all who were there"


async def test_a_thousand_jobs_told_at_once_and_twice_are_ready_once_and_in_turns(shared_redis: RedisServer) -> None:
    """More than Lua passes to one command; of two tenants and two priorities."""
    shared_redis.empty()
    brought = [
        Ready(JobId(new_id()), TenantId(tenant), priority)
        for priority in (0, 5)
        for tenant in ("flood", "other")
        for _ in range(600 if tenant == "flood" else 2)
    ]
    async with Redis.from_url(shared_redis.url, decode_responses=True) as client:
        dispatch = RedisDispatch(client, "cpa:", NO_LIMITS)
        await dispatch.put([*brought, *brought])
        await dispatch.put(brought)
        now = datetime.now(UTC)

        taken = await dispatch.take(5_000, now, now + LEASE)

    assert sorted(taken.members) == sorted(member_of(one.job_id, one.tenant) for one in brought)
    first = [member_of(one.job_id, one.tenant) for one in brought if one.priority == 5]
    assert set(taken.members[: len(first)]) == set(first)
    assert sum(member.endswith(":other") for member in taken.members[:4]) == 2


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
