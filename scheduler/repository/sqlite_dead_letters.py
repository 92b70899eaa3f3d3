"""Dead letters in SQLite: failed jobs that wait for a person."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.dead_letter import DeadLetter, LetterFilter
from scheduler.core.errors import DeadLetterNotFoundError, InvalidRequestError, PlanChangedError, UniqueConflictError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.job import Job
from scheduler.repository import sqlite_audit, sqlite_jobs
from scheduler.repository.cursors import from_cursor, to_cursor
from scheduler.repository.dead_letter_repository import NewPlan, Requeued
from scheduler.repository.repository_interface import Page
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_rows import storable
from scheduler.repository.storable import maybe_micros, to_json, to_moment

MOST_COUNTED = 10_000
"""Up to so many a total is exact."""

_CURSOR = "letters"
_LETTER = (
    "SELECT d.job_id, d.tenant, d.run, d.code, d.at, d.intent, j.description, j.error"
    " FROM dead_letters AS d JOIN jobs AS j ON j.id = d.job_id"
)


class SQLiteDeadLetterRepository:
    """Keeps the promise of `DeadLetterRepository`."""

    def __init__(self, database: SQLiteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(
        self, wanted: LetterFilter, tenant: TenantId, limit: int = 50, cursor: str | None = None
    ) -> Page[DeadLetter]:
        values: dict[str, Any] = {
            "tenant": tenant, "code": wanted.code, "intent": wanted.intent, "since": maybe_micros(wanted.since),
            "until": maybe_micros(wanted.until), "limit": limit + 1, "most": MOST_COUNTED + 1,
        }  # fmt: skip
        conditions = {
            "d.code = :code": wanted.code,
            "d.intent = :intent": wanted.intent,
            "d.at >= :since": wanted.since,
            "d.at < :until": wanted.until,
        }
        where = " AND ".join(["d.tenant = :tenant", *(text for text, value in conditions.items() if value is not None)])
        further = ""
        if cursor is not None:
            values["at"], values["job_id"] = from_cursor(_CURSOR, (int, str), cursor)
            further = " AND (d.at, d.job_id) < (:at, :job_id)"
        counting = f"SELECT count(*) FROM (SELECT 1 FROM dead_letters AS d WHERE {where} LIMIT :most)"  # noqa: S608
        listing = f"{_LETTER} WHERE {where}{further} ORDER BY d.at DESC, d.job_id DESC LIMIT :limit"

        def read(connection: sqlite3.Connection) -> Page[DeadLetter]:
            found = connection.execute(listing, values).fetchall()
            total = connection.execute(counting, values).fetchone()[0]
            more = (
                to_cursor(_CURSOR, found[limit - 1]["at"], found[limit - 1]["job_id"]) if len(found) > limit else None
            )
            return Page(
                tuple(_letter(row) for row in found[:limit]),
                min(total, MOST_COUNTED),
                next_cursor=more,
                total_is_estimate=total > MOST_COUNTED,
            )

        return await self._database.read(read)

    async def get(self, job_id: JobId, tenant: TenantId) -> DeadLetter | None:
        def read(connection: sqlite3.Connection) -> DeadLetter | None:
            row = connection.execute(f"{_LETTER} WHERE d.job_id = ? AND d.tenant = ?", (job_id, tenant)).fetchone()
            return None if row is None else _letter(row)

        return await self._database.read(read)

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def correct(self, plan: NewPlan, tenant: TenantId, reason: str) -> Job:
        now = self._clock.now()
        return await self._database.write(lambda connection: _correct(connection, plan, tenant, now, reason))

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def requeue(self, job_ids: Sequence[JobId], tenant: TenantId, reason: str) -> Requeued:
        now = self._clock.now()

        def reopen(connection: sqlite3.Connection) -> Requeued:
            opened, taken = list[Job](), dict[JobId, JobId]()
            for job_id in dict.fromkeys(job_ids):
                try:
                    job = _requeue(connection, job_id, tenant, now, reason)
                except UniqueConflictError as error:
                    taken |= error.taken
                    continue
                if job is not None:
                    opened.append(job)
            return Requeued(opened, taken)

        return await self._database.write(reopen)

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def discard(self, job_ids: Sequence[JobId], tenant: TenantId, reason: str) -> Sequence[JobId]:
        now = self._clock.now()

        def discard(connection: sqlite3.Connection) -> list[JobId]:
            return [job_id for job_id in dict.fromkeys(job_ids) if _discard(connection, job_id, tenant, now, reason)]

        return await self._database.write(discard)


def _letter(row: sqlite3.Row) -> DeadLetter:
    return DeadLetter.model_validate(dict(row) | {"at": to_moment(row["at"])})


def _run_of(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId) -> int | None:
    """Return the run of a letter; None: there is no such letter."""
    statement = "SELECT run FROM dead_letters WHERE job_id = ? AND tenant = ?"
    row = connection.execute(statement, (job_id, tenant)).fetchone()
    return None if row is None else int(row["run"])


def _correct(connection: sqlite3.Connection, plan: NewPlan, tenant: TenantId, now: datetime, reason: str) -> Job:
    before = sqlite_jobs.must_fetch(connection, plan.job_id, tenant)
    if _run_of(connection, plan.job_id, tenant) is None:
        raise DeadLetterNotFoundError(plan.job_id)
    if before.plan_version != plan.version:
        raise PlanChangedError(plan.job_id, plan.version)
    digest = plan.task_graph.freeze()
    row = storable({
        "task_graph": plan.task_graph.model_dump_json(), "graph_digest": digest, "context": to_json(plan.context),
        "version": plan.version + 1, "id": plan.job_id,
    })  # fmt: skip
    connection.execute(
        "UPDATE jobs SET task_graph = :task_graph, graph_digest = :graph_digest, context = :context,"
        " plan_version = :version WHERE id = :id",
        row,
    )
    _audit(
        connection, plan.job_id, tenant, "corrected", now, reason or "an operator corrected it",
        run=before.run, version=plan.version + 1, digest=digest, digest_before=before.task_graph.freeze(),
        changes=[change.model_dump(mode="json", exclude_unset=True) for change in plan.changes],
    )  # fmt: skip
    return before.model_copy(
        update={"task_graph": plan.task_graph, "context": plan.context, "plan_version": plan.version + 1}
    )


def _requeue(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId, now: datetime, reason: str) -> Job | None:
    if _run_of(connection, job_id, tenant) is None:
        return None
    try:
        job = sqlite_jobs.must_fetch(connection, job_id, tenant)
    except (ValueError, InvalidRequestError):
        return None
    job = job.next_run(by_operator=True)
    sqlite_jobs.open_run(connection, job, now)
    reason = reason or "an operator requeued it"
    sqlite_jobs.note(connection, job, EventType.JOB_RETRIED, now, reason=reason, retry=job.retry_count, requeued=True)
    return job


def _discard(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId, now: datetime, reason: str) -> bool:
    run = _run_of(connection, job_id, tenant)
    if run is None:
        return False
    connection.execute("DELETE FROM dead_letters WHERE job_id = ?", (job_id,))
    _audit(connection, job_id, tenant, "discarded", now, reason or "an operator discarded it", run=run)
    return True


def _audit(
    connection: sqlite3.Connection,
    job_id: JobId,
    tenant: TenantId,
    action: str,
    now: datetime,
    reason: str,
    **data: Any,  # noqa: ANN401 - JSON
) -> None:
    entry = AuditEntry(
        id=new_id(), timestamp=now, tenant=tenant, job_id=job_id, action=f"job.{action}", reason=reason,
        result="success", metadata=data,
    )  # fmt: skip
    sqlite_audit.append(connection, [entry])
