"""A database is filled with copies of its jobs, which are as whole as what was done."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.copies import fill
from bench.peers.database import Database
from scheduler.core.ids import JobId, new_id
from scheduler.repository.sqlite_care import check
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors
from tests.support.orchestration import Office
from tests.support.runs import FIND, SEND, a_step
from tests.support.store import Store, clock, database, migrated_file, store, store_path

__all__ = ["clock", "database", "migrated_file", "store", "store_path"]
pytestmark = pytest.mark.component


async def test_copies_are_whole_jobs_older_than_those_that_were_done(
    store: Store, store_path: Path, clock: FakeClock
) -> None:
    office = Office(store, FakeExecutors(), clock)
    steps = (a_step("find", action=FIND), a_step("send", "find", action=SEND))
    done = [await office.run(*steps, id=JobId(new_id())) for _ in range(3)]
    real = Database(store_path).rows()

    await asyncio.to_thread(fill, store_path, 7, 0)
    await asyncio.to_thread(fill, store_path, 9, 7)

    held = Database(store_path).rows()
    per_job = ("jobs", "tasks", "events", "audit_log")
    assert {table: held[table] / real[table] for table in per_job} == dict.fromkeys(per_job, 4)
    assert [finding for finding in check(store_path) if not finding.good] == []
    with closing(sqlite3.connect(store_path)) as connection:
        by_age = [job_id for (job_id,) in connection.execute("SELECT id FROM jobs ORDER BY created_at, id")]
    assert by_age == sorted(by_age)
    assert by_age[-3:] == [job.id for job in done]
    copy = await store.jobs.get(JobId(by_age[0]))
    assert copy is not None
    assert (copy.status, copy.task_graph.freeze()) == (done[0].status, done[0].task_graph.freeze())


async def test_of_nothing_no_copies_are_made(store_path: Path) -> None:
    with pytest.raises(ValueError, match="no 1 copies"):
        await asyncio.to_thread(fill, store_path, 1, 0)
