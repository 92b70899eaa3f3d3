"""The store's promise kept on SQLite. Jobs, tasks, messages, events and the audit log share one file and one writer."""

import contextlib
import sqlite3
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import LeaseLostError, UnavailableError
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.job import Job, JobFilter, JobStatus, JobSummary, TaskRun, TaskStatus
from scheduler.core.lam_protocol import BaseMessage, MessageFactory
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository import (
    sqlite_accepting,
    sqlite_audit,
    sqlite_jobs,
    sqlite_listing,
    sqlite_progress,
    sqlite_tasks,
    sqlite_unique,
    sqlite_words,
)
from scheduler.repository.news import News
from scheduler.repository.repository_interface import (
    NO_CLAIMS,
    Answered,
    AuditFilter,
    AuditRepository,
    IdempotentRequest,
    JobRepository,
    MessageRepository,
    Page,
    RunProgress,
    TaskRepository,
)
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_rows import (
    audit_from_row,
    event_from_row,
    insertion,
    job_from_row,
    message_to_row,
    task_from_row,
)
from scheduler.repository.storable import maybe_micros
from scheduler.repository.word_index import WordIndex

_LONG_PLAN = 20_000  # characters, which take a few tenths of a millisecond to read
_OF_THAT_TIME = (
    "block IN (SELECT block FROM audit_spans WHERE tenant = :tenant"
    " AND last >= coalesce(:start, -9e18) AND first < coalesce(:end, 9e18))"
)
"""The blocks among whose lines those of a time can be; there is no index of the lines by time."""


class SQLiteJobRepository(JobRepository):
    """Jobs in SQLite."""

    def __init__(self, database: SQLiteDatabase, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._words = WordIndex(database)

    @crash_points(CrashPoint.BEFORE_ACCEPT, CrashPoint.AFTER_ACCEPT)
    async def save(self, job: Job, request: IdempotentRequest | None = None, claim: UniqueClaim | None = None) -> Job:
        return await self._database.write(lambda connection: sqlite_accepting.accept(connection, job, request, claim))

    @crash_points(CrashPoint.BEFORE_ACCEPT, CrashPoint.AFTER_ACCEPT)
    async def save_many(
        self,
        jobs: Sequence[Job | None],
        request: IdempotentRequest | None = None,
        claims: Mapping[JobId, UniqueClaim] = NO_CLAIMS,
        *,
        atomic: bool = False,
    ) -> Answered:
        return await self._database.write(
            lambda connection: sqlite_accepting.accept_many(connection, jobs, request, claims, atomic=atomic)
        )

    async def earlier(self, tenant: TenantId, request: IdempotentRequest) -> Answered | None:
        return await self._database.read(lambda connection: sqlite_accepting.earlier(connection, tenant, request))

    async def held(self, tenant: TenantId, claims: Sequence[UniqueClaim]) -> Sequence[bool]:
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> Sequence[bool]:
            return [sqlite_unique.holder(connection, tenant, claim, now) is not None for claim in claims]

        return await self._database.read(look)

    async def get(self, job_id: JobId, tenant: TenantId | None = None) -> Job | None:
        """Look on the event loop, which costs less than asking a thread; a long plan is read there all the same."""
        row = self._database.peek(lambda connection: sqlite_jobs.row_of(connection, job_id, tenant))
        if row is None or len(row["task_graph"]) < _LONG_PLAN:
            return None if row is None else job_from_row(row)
        return await self._database.read(lambda connection: sqlite_jobs.fetch(connection, job_id, tenant))

    async def list(
        self, limit: int = 50, offset: int = 0, status_filter: JobStatus | None = None, tenant: TenantId | None = None
    ) -> Page[Job]:
        return await self._database.read(
            lambda connection: sqlite_listing.all_jobs(connection, tenant, status_filter, limit, offset)
        )

    async def find(
        self, wanted: JobFilter, tenant: TenantId, limit: int = 50, offset: int = 0, cursor: str | None = None
    ) -> Page[JobSummary]:
        place = sqlite_listing.Place(limit, offset, cursor)
        if wanted.text is None:
            return await self._database.read(lambda connection: sqlite_listing.find(connection, wanted, tenant, place))
        with contextlib.suppress(UnavailableError):  # who cannot write can read; the total says what is missing
            await self._words.catch_up()
        return await self._database.read(lambda connection: sqlite_words.find(connection, wanted, tenant, place))

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def update_status(self, job_id: JobId, status: JobStatus, tenant: TenantId | None = None) -> Job:
        now = self._clock.now()
        return await self._database.write(
            lambda connection: sqlite_jobs.change_status(connection, job_id, status, now, tenant)
        )

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def delete(self, job_id: JobId, tenant: TenantId | None = None) -> bool:
        now = self._clock.now()
        return await self._database.write(lambda connection: sqlite_jobs.delete(connection, job_id, now, tenant))

    @crash_points(CrashPoint.BEFORE_PROGRESS, CrashPoint.AFTER_PROGRESS)
    async def record(self, *changes: RunProgress) -> None:
        try:
            await self._record(changes)
        except (sqlite3.IntegrityError, LeaseLostError):  # that, too, is said of what was committed and went unanswered
            await self._record(changes, again=True)

    def _record(self, changes: Sequence[RunProgress], *, again: bool = False) -> Awaitable[None]:
        return self._database.write(
            lambda connection: sqlite_progress.record(connection, changes, again=again),
            quick=True,
            news=max(map(_news_of, changes), default=News.NONE),
        )


def _news_of(progress: RunProgress) -> News:
    """Say whom it concerns how a run got on: only a job that is parked may have to be looked at by a worker."""
    if progress.status is None:
        return News.FOR_LATER
    return News.FOR_WATCHERS if progress.status.final else News.FOR_ALL


class SQLiteTaskRepository(TaskRepository):
    """Tasks in SQLite."""

    def __init__(self, database: SQLiteDatabase, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def save(self, task: TaskRun) -> None:
        now = self._clock.now()
        await self._database.write(lambda connection: sqlite_tasks.put_task(connection, task, now))

    async def get(self, job_id: JobId, task_id: TaskId) -> TaskRun | None:
        return await self._database.read(lambda connection: sqlite_tasks.fetch_task(connection, job_id, task_id))

    async def list(self, job_id: JobId) -> Sequence[TaskRun]:
        statement = "SELECT * FROM tasks WHERE job_id = ? ORDER BY position"
        return await self._database.read(
            lambda connection: tuple(task_from_row(row) for row in connection.execute(statement, (job_id,)))
        )

    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def update_status(self, job_id: JobId, task_id: TaskId, status: TaskStatus) -> bool:
        now = self._clock.now()

        def change(connection: sqlite3.Connection) -> bool:
            task = sqlite_tasks.fetch_task(connection, job_id, task_id)
            if task is not None:
                sqlite_tasks.put_task(connection, task.model_copy(update={"status": status}), now)
            return task is not None

        return await self._database.write(change)

    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def delete(self, job_id: JobId, task_id: TaskId) -> bool:
        return await self._database.write(lambda connection: sqlite_tasks.delete_task(connection, job_id, task_id))


class SQLiteMessageRepository(MessageRepository):
    """LAM messages in SQLite, the same rows that inbox and outbox of agents (`sqlite_lam`) take in and give out."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def save(self, message: BaseMessage, tenant: TenantId, at: datetime) -> bool:
        row = message_to_row(message, tenant, None, at)
        statement = f"{insertion('messages', row)} ON CONFLICT (tenant, sender, id) DO NOTHING"
        return await self._database.write(lambda connection: connection.execute(statement, row).rowcount > 0)

    async def get(self, message_id: str, tenant: TenantId) -> BaseMessage | None:
        found = await self._read("id = ? AND tenant = ?", message_id, tenant)
        return found[0] if found else None

    async def list(self, conversation_id: str, tenant: TenantId, limit: int = 1000) -> Sequence[BaseMessage]:
        return await self._read("conversation_id = ? AND tenant = ?", conversation_id, tenant, limit)

    async def _read(self, condition: str, value: str, tenant: TenantId, limit: int = 1) -> Sequence[BaseMessage]:
        statement = f"SELECT document FROM messages WHERE {condition} ORDER BY n LIMIT ?"  # noqa: S608 - ours
        return await self._database.read(
            lambda connection: tuple(
                MessageFactory.from_json(row["document"])
                for row in connection.execute(statement, (value, tenant, limit))
            )
        )


class SQLiteAuditRepository(AuditRepository):
    """The audit log in SQLite."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def save(self, entries: Sequence[AuditEntry]) -> None:
        await self._database.write(lambda connection: sqlite_audit.append(connection, entries), news=News.FOR_LATER)

    async def get(self, entry_id: str, tenant: TenantId | None = None) -> AuditEntry | None:
        statement = "SELECT * FROM audit_log WHERE id = :id AND (:tenant IS NULL OR tenant = :tenant)"

        def read(connection: sqlite3.Connection) -> AuditEntry | None:
            row = connection.execute(statement, {"id": entry_id, "tenant": tenant}).fetchone()
            return None if row is None else audit_from_row(row)

        return await self._database.read(read)

    async def list(self, wanted: AuditFilter, limit: int = 100, offset: int = 0) -> Page[AuditEntry]:
        values = wanted.model_dump() | {"start": maybe_micros(wanted.start_date), "end": maybe_micros(wanted.end_date)}
        conditions = {
            "tenant = :tenant": wanted.tenant,
            "job_id = :job_id": wanted.job_id,
            "timestamp >= :start": wanted.start_date,
            "timestamp < :end": wanted.end_date,
            "action = :action_type": wanted.action_type,
        }
        chosen = [condition for condition, value in conditions.items() if value is not None]
        if wanted.tenant is not None and (wanted.start_date or wanted.end_date):
            chosen.append(_OF_THAT_TIME)
        where = f"WHERE {' AND '.join(chosen)}" if chosen else ""

        def read(connection: sqlite3.Connection) -> Page[AuditEntry]:
            total = connection.execute(f"SELECT count(*) FROM audit_log {where}", values).fetchone()[0]  # noqa: S608
            rows = connection.execute(
                f"SELECT * FROM audit_log {where} ORDER BY tenant, block, position LIMIT :limit OFFSET :offset",  # noqa: S608
                values | {"limit": limit, "offset": offset},
            )
            return Page(tuple(audit_from_row(row) for row in rows), total)

        return await self._database.read(read)

    async def broken_link(self, tenant: TenantId) -> int | None:
        return await self._database.read(lambda connection: sqlite_audit.broken_link(connection, tenant))


class SQLiteEventRepository:
    """The timelines in SQLite."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    async def list(
        self, job_id: JobId, after: int = 0, limit: int = 1000, tenant: TenantId | None = None
    ) -> Sequence[JobEvent]:
        statement = (
            "SELECT * FROM events WHERE job_id = :job_id AND seq > :after AND (:tenant IS NULL OR tenant = :tenant)"
            " ORDER BY seq LIMIT :limit"
        )
        values = {"job_id": job_id, "after": after, "tenant": tenant, "limit": limit}
        return await self._database.read(
            lambda connection: tuple(event_from_row(row) for row in connection.execute(statement, values))
        )
