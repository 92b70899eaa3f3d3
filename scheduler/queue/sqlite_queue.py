"""The queue for one machine without servers: the rows of the jobs themselves say which is next."""

import functools
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId, LeaseToken, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.queue_counts import QueueReport
from scheduler.repository import sqlite_accepting, sqlite_counts, sqlite_jobs, sqlite_leases
from scheduler.repository.news import News
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import NO_LIMITS, Limits, Look, Place, Ready

_FEW = 16  # jobs of which the event loop can ask


class SQLiteQueue:
    """Leases live in the table of jobs, so truth and dispatch cannot differ."""

    def __init__(self, database: SQLiteDatabase, clock: Clock, lease: timedelta, *, limits: Limits = NO_LIMITS) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._limits = limits
        self._news = database.work if limits == NO_LIMITS else database
        """Where limits hold every end makes room for others."""
        self._seen: Look | None = None

    @classmethod
    def at(cls, url: str, clock: Clock, lease: timedelta, *, limits: Limits = NO_LIMITS) -> Self:
        """Open the file of a `sqlite:///path` URL for itself."""
        return cls(SQLiteDatabase(sqlite_path(url)), clock, lease, limits=limits)

    async def connect(self) -> None:
        await self._database.connect()

    async def close(self) -> None:
        await self._database.close()

    @crash_points(CrashPoint.BEFORE_ACCEPT, CrashPoint.AFTER_ACCEPT)
    async def enqueue(self, job: Job) -> JobId:
        def store(connection: sqlite3.Connection) -> None:
            if not sqlite_accepting.is_known(connection, job):
                sqlite_accepting.accept(connection, job, None)

        await self._database.write(store)
        return job.id

    async def announce(self, jobs: Collection[Job]) -> None:
        """Do nothing: who is waiting for jobs was woken by the commit that stored them."""

    async def dequeue(self, limit: int = 1) -> Sequence[Job]:
        """Look first: a worker asks after every change, and mostly there is nothing to lease."""
        return await self._claim(self._clock.now(), limit) if limit > 0 and self._look().due else ()

    def _look(self) -> Look:
        """See at once what there is to lease."""
        now = self._clock.now()
        self._seen = self._database.peek(lambda connection: sqlite_leases.look(connection, now))
        return self._seen

    @property
    def next_due(self) -> datetime | None:
        return None if self._seen is None else self._seen.next_due

    @crash_points(CrashPoint.BEFORE_CLAIM, CrashPoint.AFTER_CLAIM)
    async def _claim(self, now: datetime, limit: int) -> Sequence[Job]:
        return await self._database.write(
            lambda connection: sqlite_leases.claim(
                connection, now=now, lease=self._lease, limit=limit, limits=self._limits
            ),
            quick=True,
            lasting=False,
            news=News.FOR_LATER,
        )

    @crash_points(CrashPoint.BEFORE_CLAIM, CrashPoint.AFTER_CLAIM)
    async def claim(self, ids: Sequence[JobId]) -> tuple[Sequence[Job], Mapping[JobId, datetime]]:
        """Lease those of these jobs that may be leased now; return them, and until when others hold the rest."""
        now = self._clock.now()
        return await self._database.write(
            lambda connection: sqlite_leases.claim_these(connection, ids, now=now, lease=self._lease),
            quick=True,
            lasting=False,
            news=News.FOR_LATER,
        )

    async def promote(self) -> Sequence[Ready]:
        """Make delayed jobs whose time has come ready, and return them."""
        return await self._promote(self._clock.now()) if self._look().delay_over else ()

    @crash_points(CrashPoint.BEFORE_CLAIM, CrashPoint.AFTER_CLAIM)
    async def _promote(self, now: datetime) -> Sequence[Ready]:
        return await self._database.write(lambda connection: sqlite_leases.promote(connection, now))

    async def waiting(self, after: Place | None, limit: int) -> tuple[Sequence[Ready], Place | None]:
        """Return a page of the jobs that are ready, and its end; None: it was the last page."""
        return await self._database.read(lambda connection: sqlite_leases.waiting(connection, after, limit))

    async def lapsed(self, limit: int) -> Sequence[Ready]:
        """Return jobs whose worker let its lease run out."""
        now = self._clock.now()
        return self._database.peek(lambda connection: sqlite_leases.lapsed(connection, now, limit))

    @crash_points(CrashPoint.BEFORE_RENEW, CrashPoint.AFTER_RENEW)
    async def renew(self, jobs: Collection[Job]) -> frozenset[JobId]:
        until = self._clock.now() + self._lease
        leases = [(job.id, job.lease.token if job.lease else LeaseToken("")) for job in jobs]
        return frozenset(
            await self._database.write(
                lambda connection: sqlite_leases.renew(connection, leases, until), news=News.FOR_LATER
            )
        )

    async def release(self, jobs: Collection[Job]) -> None:
        """Do nothing: the end of a run, when stored, ended its lease."""

    async def offer_again(self, jobs: Collection[Job]) -> None:
        """Do nothing, as `announce` does."""

    async def sweep(self) -> None:
        """Do nothing: jobs are looked for where they are stored."""

    async def cancelling(self) -> frozenset[JobId]:
        statement = "SELECT id FROM jobs WHERE status = 'cancelling'"
        return self._database.peek(
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
        now = self._clock.now()
        return await self._database.read(lambda connection: sqlite_leases.length(connection, now))

    async def report(self, tenant: TenantId | None = None) -> QueueReport:
        return await self._database.read(lambda connection: sqlite_counts.report(connection, tenant))

    async def trouble(self) -> str | None:
        return None

    async def free_among(self, ids: Sequence[JobId]) -> Collection[JobId]:
        look = functools.partial(sqlite_leases.free_among, ids=ids)
        return self._database.peek(look) if len(ids) <= _FEW else await self._database.read(look)

    @property
    def is_heard(self) -> bool:
        return self._database.is_heard

    def nudge(self) -> None:
        """Count as a change: wake whoever waits."""
        self._database.nudge()

    @property
    def changes(self) -> int:
        return self._news.changes

    async def wait(self, seen: int, limit: float) -> None:
        await self._news.wait(seen, limit)


def sqlite_path(url: str) -> Path:
    """Return the file of a `sqlite:///path` URL. Raises ValueError for one without a file: memory has one reader."""
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or path in {"", ":memory:"}:
        raise ValueError(f"{url!r} is not like sqlite:///data/cpa.db")
    return Path(path)
