"""The queue for one machine without servers: the rows of the jobs themselves say which is next."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import LeaseLostError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.repository import sqlite_batches, sqlite_jobs, sqlite_leases
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_rows import to_micros


class SQLiteQueue:
    """Leases live in the table of jobs, so truth and dispatch cannot differ."""

    def __init__(self, database: SQLiteDatabase, clock: Clock, lease: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease

    @classmethod
    def at(cls, url: str, clock: Clock, lease: timedelta) -> Self:
        """Open the file of a `sqlite:///path` URL for itself."""
        return cls(SQLiteDatabase(sqlite_path(url)), clock, lease)

    async def connect(self) -> None:
        await self._database.connect()

    async def close(self) -> None:
        await self._database.close()

    @crash_points(CrashPoint.BEFORE_ACCEPT, CrashPoint.AFTER_ACCEPT)
    async def enqueue(self, job: Job) -> JobId:
        def store(connection: sqlite3.Connection) -> None:
            if not sqlite_jobs.is_known(connection, job):
                sqlite_jobs.accept(connection, job, None)

        await self._database.write(store)
        return job.id

    async def enqueue_many(self, jobs: Sequence[Job]) -> None:
        """Look first: as a rule they are stored already, and a stored job is ready."""
        ids = {job.id for job in jobs}
        known = await self._database.read(lambda connection: sqlite_batches.known_among(connection, ids))
        for job in jobs:
            if job.id not in known:
                await self.enqueue(job)

    async def dequeue(self) -> Job | None:
        """Look first: a worker asks after every change, and mostly there is nothing to lease."""
        now = self._clock.now()
        if await self._database.read(lambda connection: sqlite_leases.next_due(connection, now)) is None:
            return None
        return await self._claim(now)

    @crash_points(CrashPoint.BEFORE_CLAIM, CrashPoint.AFTER_CLAIM)
    async def _claim(self, now: datetime) -> Job | None:
        return await self._database.write(
            lambda connection: sqlite_leases.claim(connection, now=now, lease=self._lease)
        )

    @crash_points(CrashPoint.BEFORE_RENEW, CrashPoint.AFTER_RENEW)
    async def renew(self, job: Job) -> None:
        if job.lease is None:
            raise LeaseLostError(job.id)
        token, until = job.lease.token, self._clock.now() + self._lease
        await self._database.write(lambda connection: sqlite_leases.renew(connection, job.id, token, until))

    async def cancelling(self) -> frozenset[JobId]:
        statement = "SELECT id FROM jobs WHERE status = 'cancelling'"
        return await self._database.read(
            lambda connection: frozenset(JobId(row["id"]) for row in connection.execute(statement))
        )

    @crash_points(CrashPoint.BEFORE_HAND_BACK, CrashPoint.AFTER_HAND_BACK)
    async def hand_back(self, job: Job) -> None:
        now = self._clock.now()
        await self._database.write(lambda connection: sqlite_leases.hand_back(connection, job, now))

    async def get_job(self, job_id: JobId) -> Job | None:
        return await self._database.read(lambda connection: sqlite_jobs.fetch(connection, job_id))

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def update_status(self, job_id: JobId, status: JobStatus) -> Job:
        now = self._clock.now()
        return await self._database.write(
            lambda connection: sqlite_jobs.change_status(connection, job_id, status, now, None)
        )

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def cancel(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        now = self._clock.now()
        return await self._database.write(lambda connection: sqlite_jobs.cancel(connection, job_id, now, tenant))

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def retry(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        now = self._clock.now()
        return await self._database.write(lambda connection: sqlite_jobs.next_run(connection, job_id, now, tenant))

    async def length(self) -> int:
        statement = "SELECT count(*) FROM jobs WHERE status = 'pending' AND not_before <= ?"
        now = to_micros(self._clock.now())

        def count(connection: sqlite3.Connection) -> int:
            return int(connection.execute(statement, (now,)).fetchone()[0])

        return await self._database.read(count)

    @property
    def changes(self) -> int:
        return self._database.changes

    async def wait(self, seen: int, limit: float) -> None:
        await self._database.wait(seen, limit)


def sqlite_path(url: str) -> Path:
    """Return the file of a `sqlite:///path` URL. Raises ValueError for one without a file: memory has one reader."""
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or path in {"", ":memory:"}:
        raise ValueError(f"{url!r} is not like sqlite:///data/cpa.db")
    return Path(path)
