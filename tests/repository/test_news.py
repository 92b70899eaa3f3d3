"""Who is woken by what was written: workers by what may bring them work, whoever watches by everything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from scheduler.core.agent import Agent, AgentType
from scheduler.core.ids import DEFAULT_TENANT, AgentId
from scheduler.core.job import JobStatus
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.agent_repository import AgentRecord
from scheduler.repository.news import SOON, News
from scheduler.repository.repository_interface import ChangeSignal
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import Limits
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.repository.word_index import WordIndex
from tests.support.builders import a_job, a_message, a_progress, a_task_run, an_audit_entry, an_event
from tests.support.clock import FakeClock
from tests.support.store import LEASE, Store, sqlite_store

Written = TypeVar("Written")


@pytest.fixture(autouse=True)
def nobody_looks_of_their_own_accord(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.repository.sqlite_database._LOOK_BESIDE_BELL", 60)


@pytest.fixture
async def another(store_path: Path) -> AsyncIterator[SQLiteDatabase]:
    """The same file as another process would have it."""
    database = SQLiteDatabase(store_path, busy_timeout=0.1)
    await database.connect()
    yield database
    await database.close()


@pytest.fixture
def here(database: SQLiteDatabase, clock: FakeClock) -> Store:
    return sqlite_store(database, clock)


async def _woken(signal: ChangeSignal, seen: int, within: float = 30) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await signal.wait(seen, 60)
    return signal.changes != seen


async def _looked(database: SQLiteDatabase) -> None:
    """Have the first look at the file over, which whoever waits first takes."""
    await database.wait(database.changes, 0.001)


async def test_how_a_job_gets_on_is_heard_by_those_who_watch_and_by_no_worker(
    database: SQLiteDatabase, another: SQLiteDatabase, here: Store
) -> None:
    await here.jobs.save(a_job())
    assert await _woken(another.work, 0)
    await _looked(another)
    work, work_there = database.work.changes, another.work.changes

    async def watchers_hear_of(write: Awaitable[Written]) -> Written:
        seen, seen_there = database.changes, another.changes
        written = await write
        assert await _woken(database, seen)
        assert await _woken(another, seen_there)
        return written

    job = await watchers_hear_of(here.queue.dequeue())
    assert job is not None
    step = a_progress(job, tasks=[a_task_run(job, attempts=1)], events=[an_event(job)])
    await watchers_hear_of(here.jobs.record(step))
    await watchers_hear_of(here.jobs.record(a_progress(job, status=JobStatus.DONE, completed_at=here.now())))

    assert database.work.changes == work
    assert another.work.changes == work_there


async def test_what_brings_nobody_work_wakes_no_worker(
    database: SQLiteDatabase, another: SQLiteDatabase, here: Store
) -> None:
    """Renewals, signs of life, the index of words, entries of the audit log, and what is too old and goes."""
    agent = Agent(id=AgentId("a"), name="a", type=AgentType.WEB, capabilities=(), last_heartbeat=here.now())
    await SQLiteAgentRepository(database).save(AgentRecord(agent=agent, token_digest="d"))
    ended = await here.failed()
    await here.messages.save(a_message(), DEFAULT_TENANT, here.now())
    job = await here.leased()
    await asyncio.sleep(2 * SOON)
    await _looked(another)
    work, work_there, seen_there = database.work.changes, another.work.changes, another.changes
    retention, later = SQLiteRetentionRepository(database), here.now() + timedelta(days=1)

    await here.queue.renew(job)
    await SQLiteHeartbeatStore(database, FakeClock()).note([agent])
    assert await WordIndex(database).catch_up()
    await here.audit.save([an_audit_entry()])
    assert await retention.prune_messages(later) == 1
    assert (await retention.prune_jobs(later, later)).jobs == [ended.id]

    assert await _woken(another, seen_there)
    assert database.work.changes == work
    assert another.work.changes == work_there


async def test_a_job_that_is_parked_may_be_work(database: SQLiteDatabase, another: SQLiteDatabase, here: Store) -> None:
    job = await here.leased()
    await asyncio.sleep(2 * SOON)
    seen, there = database.work.changes, another.work.changes

    await here.jobs.record(a_progress(job, status=JobStatus.PENDING, not_before=here.now()))

    assert await _woken(database.work, seen)
    assert await _woken(another.work, there)


async def test_where_limits_hold_an_end_makes_room_for_other_jobs(
    database: SQLiteDatabase, clock: FakeClock, here: Store
) -> None:
    queue = SQLiteQueue(database, clock, LEASE, limits=Limits(running=1))
    job = await here.leased()
    await asyncio.sleep(2 * SOON)
    seen = queue.changes

    await here.jobs.record(a_progress(job, status=JobStatus.DONE, completed_at=here.now()))

    async with asyncio.timeout(30):
        await queue.wait(seen, 60)
    assert queue.changes != seen


async def test_what_can_wait_is_told_once_together_with_what_follows(
    database: SQLiteDatabase, another: SQLiteDatabase, here: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.news_desk.SOON", 60)
    await here.jobs.save(a_job())
    assert await _woken(another, 0)
    await _looked(another)
    seen = another.changes

    job = await here.queue.dequeue()
    assert job is not None
    await here.jobs.record(a_progress(job, status=JobStatus.DONE, completed_at=here.now()))

    assert await _woken(another, seen)
    assert not await _woken(another, seen + 1, within=4 * SOON)
    assert database.changes == 3


async def test_what_could_wait_is_told_before_the_file_is_closed(
    store_path: Path, another: SQLiteDatabase, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.news_desk.SOON", 60)
    database = SQLiteDatabase(store_path)
    await database.connect()
    here = sqlite_store(database, clock)
    await here.jobs.save(a_job())
    assert await _woken(another, 0)
    await _looked(another)
    seen = another.changes

    await here.queue.dequeue()
    await database.close()

    assert await _woken(another, seen)


async def test_of_writes_that_share_a_commit_the_most_urgent_counts(database: SQLiteDatabase, here: Store) -> None:
    job = await here.leased()
    await asyncio.sleep(2 * SOON)
    seen = database.work.changes

    await asyncio.gather(
        here.jobs.record(a_progress(job, tasks=[a_task_run(job, attempts=1)])), here.jobs.save(a_job(id="other"))
    )

    assert database.work.changes == seen + 1


async def test_a_change_that_nobody_rang_for_may_be_work(database: SQLiteDatabase) -> None:
    seen, work = database.changes, database.work.changes

    database.nudge()

    assert (database.changes, database.work.changes) == (seen + 1, work + 1)


def test_the_most_urgent_is_the_greatest() -> None:
    assert max(News) is News.FOR_ALL
    assert min(News) is News.NONE
