"""The statements by which workers take jobs, keep them, write their progress and give them up, for the caller's
transaction.

The token of the lease fences: what a worker writes with a token that is no longer the job's changes nothing.
"""

import sqlite3
from datetime import datetime, timedelta

from scheduler.core.errors import CPAError, InvalidTransitionError, LeaseLostError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, LeaseToken, new_id
from scheduler.core.job import JOB_TRANSITIONS, Job, JobStatus, Lease
from scheduler.core.sentences import sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.repository import sqlite_audit, sqlite_events
from scheduler.repository.repository_interface import RunProgress
from scheduler.repository.sqlite_jobs import bury, must_fetch, note
from scheduler.repository.sqlite_rows import maybe_micros, storable, to_micros
from scheduler.repository.sqlite_tasks import put_tasks

_NEXT = """
SELECT n FROM (
    SELECT * FROM (
        SELECT n, priority FROM jobs WHERE status = 'pending' AND not_before <= :now ORDER BY priority DESC, n LIMIT 1
    )
    UNION ALL
    SELECT * FROM (SELECT n, priority FROM jobs WHERE lease_until <= :now ORDER BY priority DESC, n LIMIT 1)
) ORDER BY priority DESC, n LIMIT 1
"""
"""The first of the jobs that are ready and of those whose worker let its lease run out, so that neither starves."""


def next_due(connection: sqlite3.Connection, now: datetime) -> int | None:
    """Return the row number of the job that comes next, or None."""
    found = connection.execute(_NEXT, {"now": to_micros(now)}).fetchone()
    return None if found is None else int(found["n"])


def claim(connection: sqlite3.Connection, *, now: datetime, lease: timedelta) -> Job | None:
    """Lease the next job. None: there is none."""
    while (number := next_due(connection, now)) is not None:
        row = connection.execute(
            "SELECT id, tenant, intent, run, locale, started_at IS NOT NULL AS begun, lease_token IS NOT NULL AS lost,"
            " lease_epoch + 1 AS epoch FROM jobs WHERE n = ?",
            (number,),
        ).fetchone()
        taken = Lease(token=LeaseToken(new_id()), epoch=row["epoch"], until=now + lease)
        connection.execute(
            "UPDATE jobs SET status = CASE status WHEN 'cancelling' THEN status ELSE 'running' END, lease_token = ?,"
            " lease_epoch = ?, lease_until = ?, crashes = crashes + ?, started_at = coalesce(started_at, ?)"
            " WHERE n = ?",
            (taken.token, taken.epoch, to_micros(taken.until), row["lost"], to_micros(now), number),
        )
        try:
            job = must_fetch(connection, JobId(row["id"]))
        except (ValueError, CPAError):
            _put_aside(connection, row, now)
            continue
        line = EventType.JOB_RESUMED if row["begun"] else EventType.JOB_STARTED
        reason = "the lease of its worker ran out" if row["lost"] else "it is its turn"
        note(connection, job, line, now, reason=reason, epoch=taken.epoch)
        return job
    return None


def _put_aside(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> None:
    """End a job whose plan this version of ours cannot read, or it would stand in the way of all others."""
    job = Job(
        id=row["id"], tenant=row["tenant"], intent=row["intent"], run=row["run"], task_graph=TaskGraph(), created_at=now
    )
    connection.execute(
        "UPDATE jobs SET status = 'failed', error = ?, error_code = 'internal', completed_at = ?, lease_token = NULL,"
        " lease_until = NULL WHERE id = ?",
        (sentence("internal", row["locale"], {"correlation_id": job.id}), to_micros(now), job.id),
    )
    bury(connection, job.id)
    note(connection, job, EventType.JOB_FAILED, now, reason="its plan cannot be read", code="internal")


def renew(connection: sqlite3.Connection, job_id: JobId, token: LeaseToken, until: datetime) -> None:
    """Prolong a lease. Raises LeaseLostError."""
    statement = "UPDATE jobs SET lease_until = ? WHERE id = ? AND lease_token = ?"
    if connection.execute(statement, (to_micros(until), job_id, token)).rowcount == 0:
        raise LeaseLostError(job_id)


def hand_back(connection: sqlite3.Connection, job: Job, now: datetime) -> None:
    """Give a leased job up before it has ended, for the next worker. Raises LeaseLostError."""
    if job.lease is None:
        raise LeaseLostError(job.id)
    cursor = connection.execute(
        "UPDATE jobs SET status = CASE status WHEN 'running' THEN 'pending' ELSE status END, lease_token = NULL,"
        " lease_until = CASE status WHEN 'running' THEN NULL ELSE ? END WHERE id = ? AND lease_token = ?",
        (to_micros(now), job.id, job.lease.token),
    )
    if cursor.rowcount == 0:
        raise LeaseLostError(job.id)
    note(connection, job, EventType.JOB_HANDED_BACK, now, reason="its worker is shutting down")


def record(connection: sqlite3.Connection, progress: RunProgress) -> None:
    """Store what a step changed. Raises LeaseLostError unless the lease is still the job's, InvalidTransitionError."""
    statement = "SELECT status FROM jobs WHERE id = ? AND lease_token = ?"
    row = connection.execute(statement, (progress.job_id, progress.lease_token)).fetchone()
    if row is None:
        raise LeaseLostError(progress.job_id)
    put_tasks(connection, progress.tasks)
    sqlite_events.append(connection, progress.events)
    sqlite_audit.append(connection, progress.audit)
    if progress.status is not None:
        _change(connection, progress, JobStatus(row["status"]), progress.status)


def _change(connection: sqlite3.Connection, progress: RunProgress, before: JobStatus, status: JobStatus) -> None:
    """Set the status that a run has reached; a status that ends the work gives the lease up."""
    if status not in JOB_TRANSITIONS[before] or status is JobStatus.CANCELLING:
        raise InvalidTransitionError(progress.job_id, before, status)
    connection.execute(
        "UPDATE jobs SET status = :status, error = :error, error_code = :error_code, completed_at = :completed_at,"
        " lease_token = NULL, lease_until = NULL WHERE id = :job_id AND lease_token = :lease_token",
        storable(
            {
                "status": status,
                "error": progress.error,
                "error_code": progress.error_code,
                "completed_at": maybe_micros(progress.completed_at),
                "job_id": progress.job_id,
                "lease_token": progress.lease_token,
            }
        ),
    )
    if status is JobStatus.FAILED:
        bury(connection, progress.job_id)
