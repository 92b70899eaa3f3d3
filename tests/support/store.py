"""Fixtures of the stores. The embedded one is a migrated file per test, copied from one that is migrated once."""

import contextlib
import functools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from scheduler.core.clock import Clock
from scheduler.core.errors import StoreBusyError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.dead_letter_repository import DeadLetterRepository
from scheduler.repository.migrations import upgrade
from scheduler.repository.news import News
from scheduler.repository.repository_interface import (
    AuditFilter,
    AuditRepository,
    ChangeSignal,
    EventRepository,
    JobRepository,
    MessageRepository,
    TaskRepository,
)
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_dead_letters import SQLiteDeadLetterRepository
from scheduler.repository.sqlite_repository import (
    SQLiteAuditRepository,
    SQLiteEventRepository,
    SQLiteJobRepository,
    SQLiteMessageRepository,
    SQLiteTaskRepository,
)
from tests.support.builders import a_job, a_progress, a_task_run
from tests.support.clock import FakeClock

LEASE = timedelta(seconds=10)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "migrated.db"
    upgrade(path)
    return path


@pytest.fixture
def store_path(migrated_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "cpa.db"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(store_path: Path) -> AsyncIterator[SQLiteDatabase]:
    database = SQLiteDatabase(store_path, busy_timeout=0.1)
    await database.connect()
    yield database
    await database.close()


@dataclass(frozen=True, kw_only=True)
class Store:
    """The repositories over one store, and the queue that leases its jobs.

    What is written within `unanswered` is committed, and fails all the same with a StoreBusyError.
    """

    jobs: JobRepository
    tasks: TaskRepository
    messages: MessageRepository
    events: EventRepository
    audit: AuditRepository
    letters: DeadLetterRepository
    queue: JobQueue
    changes: ChangeSignal
    now: Callable[[], datetime]
    unanswered: Callable[[], contextlib.AbstractContextManager[None]]

    async def leased(self, **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
        """Accept a job and lease it."""
        await self.jobs.save(a_job(**changes))
        job = await self.queue.dequeue()
        assert job is not None
        return job

    async def failed(self, code: str = "site_unreachable", **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
        """Accept a job and have its run fail for good now; it is a dead letter then."""
        job = await self.leased(**changes)
        end = {"status": JobStatus.FAILED, "error": f"Fehler {code} 📎", "error_code": code, "completed_at": self.now()}
        tasks = [a_task_run(job, status=TaskStatus.FAILED, attempts=1, effect_key="key")]
        await self.jobs.record(a_progress(job, tasks=tasks, **end))
        failed = await self.jobs.get(job.id)
        assert failed is not None
        return failed

    async def everything(self, job_id: JobId) -> tuple[object, ...]:
        """Return all that is stored about a job."""
        return (
            await self.jobs.get(job_id),
            await self.tasks.list(job_id),
            await self.events.list(job_id),
            await self.audit.list(AuditFilter(job_id=job_id)),
        )

    async def lines(self, job_id: JobId) -> list[EventType]:
        return [event.type for event in await self.events.list(job_id)]


def sqlite_store(database: SQLiteDatabase, clock: Clock) -> Store:
    return Store(
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database, clock),
        messages=SQLiteMessageRepository(database),
        events=SQLiteEventRepository(database),
        audit=SQLiteAuditRepository(database),
        letters=SQLiteDeadLetterRepository(database, clock),
        queue=JobQueue.over(SQLiteQueue(database, clock, LEASE)),
        changes=database,
        now=clock.now,
        unanswered=functools.partial(_unanswered, database),
    )


@contextlib.contextmanager
def _unanswered(database: SQLiteDatabase) -> Iterator[None]:
    def fails(_news: News) -> None:
        raise StoreBusyError("or so it seems")

    with mock.patch.object(database._desk, "ring", fails):  # which the writer's thread does when it has committed
        yield


BACK_ENDS: Mapping[str, Callable[[SQLiteDatabase, Clock], Store]] = {"sqlite": sqlite_store}


@pytest.fixture(params=sorted(BACK_ENDS))
def store(request: pytest.FixtureRequest, database: SQLiteDatabase, clock: FakeClock) -> Store:
    return BACK_ENDS[request.param](database, clock)


def fill_the_disk(connection: sqlite3.Connection) -> None:
    """Let the file not grow any more: what needs another page finds the disk full."""
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")


def free_the_disk(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA max_page_count = {2**30 - 1}")
