"""Several processes on one file, and processes that are killed in the middle of a write."""

import asyncio
import multiprocessing
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import DEFAULT_TENANT
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job
from tests.support.clock import FakeClock
from tests.support.fork_server import FORK_SERVER
from tests.support.opens_store import do_everything, lease_all, opened
from tests.support.store import LEASE, Store

SPAWN = multiprocessing.get_context("spawn")
STORE_WRITES = [
    point
    for point in CrashPoint
    if point.partition("_")[2] in {"accept", "claim", "renew", "hand_back", "status", "progress", "record"}
]
ORPHANS = """
SELECT (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM tasks))
     + (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM events WHERE type = 'job_accepted'))
     + (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM audit_log WHERE action = 'job.accepted'))
     + (SELECT count(*) FROM jobs WHERE (status IN ('running', 'cancelling')) <> (lease_until IS NOT NULL))
     + (SELECT count(*) FROM jobs WHERE (status = 'failed') <> (id IN (SELECT job_id FROM dead_letters)))
"""
"""Counts what only half a transaction could leave."""


@pytest.mark.integration
async def test_two_processes_share_the_jobs_and_get_each_once(store: Store, store_path: Path) -> None:
    jobs = [await store.jobs.save(a_job()) for _ in range(60)]

    with SPAWN.Pool(2) as pool:
        shares = await asyncio.to_thread(pool.map, lease_all, [store_path] * 2, 1)

    assert Counter(job_id for share in shares for job_id in share) == Counter(job.id for job in jobs)
    assert await store.audit.broken_link(DEFAULT_TENANT) is None


@pytest.mark.integration
async def test_the_write_of_another_process_wakes_who_waits(database: SQLiteDatabase, store: Store) -> None:
    await store.jobs.save(a_job())
    seen = database.changes
    waiting = asyncio.create_task(database.wait(seen, 60))

    with SPAWN.Pool(1) as pool:
        await asyncio.to_thread(pool.map, lease_all, [database.path])

    async with asyncio.timeout(30):
        await waiting
    assert database.changes > seen


@pytest.mark.fault
@pytest.mark.parametrize("point", STORE_WRITES)
async def test_a_process_killed_at_a_write_leaves_all_or_nothing(point: CrashPoint, store_path: Path) -> None:
    process = FORK_SERVER.Process(target=do_everything, args=(store_path, point))
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == -signal.SIGKILL

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute(ORPHANS).fetchone() == (0,)
    clock = FakeClock()
    clock.advance(10 * LEASE)
    async with opened(store_path, clock) as store:
        assert await store.audit.broken_link(DEFAULT_TENANT) is None
        ready = {job.id for job in (await store.jobs.list()).items if not job.status.final}
        handed_out = set()
        while (job := await store.queue.dequeue()) is not None:
            handed_out.add(job.id)
        assert handed_out == ready
