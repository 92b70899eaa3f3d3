"""The statements that change jobs in SQLite, each meant for the caller's transaction.

A status changes by compare-and-set together with its event and its audit entry.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any

from scheduler.core.errors import InvalidTransitionError, JobNotFoundError, JobPrunedError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TenantId, ids_of, new_id
from scheduler.core.job import Job, JobStatus
from scheduler.repository import sqlite_audit, sqlite_events, sqlite_unique
from scheduler.repository.lines import AuditLine, entry_of, event_of
from scheduler.repository.sqlite_rows import job_from_row, job_to_row
from scheduler.repository.sqlite_tasks import cancel_open_tasks, reset_tasks
from scheduler.repository.sqlite_turns import next_turns
from scheduler.repository.sqlite_writer import write_gathered
from scheduler.repository.storable import document, maybe_micros, to_micros, well_formed

_ASKED = "somebody asked for it"
_LINES = {
    JobStatus.PENDING: EventType.JOB_HANDED_BACK,
    JobStatus.RUNNING: EventType.JOB_STARTED,
    JobStatus.WAITING: EventType.JOB_PARKED,
    JobStatus.CANCELLING: EventType.JOB_CANCEL_REQUESTED,
    JobStatus.DONE: EventType.JOB_DONE,
    JobStatus.FAILED: EventType.JOB_FAILED,
    JobStatus.CANCELLED: EventType.JOB_CANCELLED,
}
_AS_STORED: Mapping[EventType, tuple[str, str, str]] = {
    line: (line.value, f"job.{line.removeprefix('job_')}", "failure" if line is EventType.JOB_FAILED else "success")
    for line in EventType
}
"""A line's type, and the action and the result of the entry that goes with it."""
_NEEDS_WORKER = frozenset({JobStatus.RUNNING, JobStatus.CANCELLING})


def fetch(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId | None = None) -> Job | None:
    row = row_of(connection, job_id, tenant)
    return None if row is None else job_from_row(row)


def row_of(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId | None = None) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None or (tenant is not None and row["tenant"] != tenant) else row


def must_fetch(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId | None = None) -> Job:
    """Return the job as it is with all that this transaction has brought so far.

    Raises JobNotFoundError, also when it belongs to another tenant.
    """
    write_gathered(connection)
    job = fetch(connection, job_id, tenant)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


def note(
    connection: sqlite3.Connection,
    job: Job,
    line: EventType,
    at: datetime,
    *,
    reason: str,
    **data: Any,  # noqa: ANN401 - JSON
) -> None:
    """Add a line to the timeline and an entry to the audit log."""
    said = said_of(job.run, data)
    note_all(connection, [(job.tenant, job.id, job.run, line, well_formed(reason), *said)], to_micros(at))


def said_of(run: int, data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the documents of a line of the timeline and of the entry that goes with it, as they are stored."""
    return document(data), document({"run": run, **data})


def note_all(connection: sqlite3.Connection, notes: Sequence[Sequence[Any]], at: int) -> None:
    """Add lines to the timelines of jobs, and the entries that go with them to the audit log.

    A note is the tenant, the job, its run, what has happened, why, and the two documents of `said_of`; each value as it
    is stored.
    """
    if not notes:
        return
    tenants, ids, runs, types, reasons, data, metadata = zip(*notes, strict=True)
    none, ats = repeat(None), repeat(at)
    types_, actions, results = zip(*map(_AS_STORED.__getitem__, types), strict=True)
    events = tuple(map(event_of, zip(tenants, ids, runs, types_, ats, none, data, strict=False)))
    new_ids = ids_of(new_id, len(notes))
    entries = zip(tenants, new_ids, ats, ids, none, actions, reasons, results, none, metadata, strict=False)
    sqlite_events.append(connection, events)
    sqlite_audit.append_of_tenants(connection, tuple(map(entry_of, entries)))


def audit(
    connection: sqlite3.Connection,
    job: Job,
    action: str,
    at: datetime,
    *,
    reason: str,
    **data: Any,  # noqa: ANN401 - JSON
) -> None:
    """Add an entry to the audit log."""
    entry = AuditLine.of(
        tenant=job.tenant, id_=new_id(), timestamp=at, job_id=job.id, action=f"job.{action}", reason=reason,
        metadata={"run": job.run, **data},
    )  # fmt: skip
    sqlite_audit.append(connection, [entry])


def change_status(
    connection: sqlite3.Connection, job_id: JobId, status: JobStatus, now: datetime, tenant: TenantId | None
) -> Job:
    """Set the status if the table of transitions allows it; only `next_run` leads out of a final one.

    A job that is to be worked on and has no worker is due for the next that asks; one that is not loses its worker.
    Raises JobNotFoundError and InvalidTransitionError.
    """
    return _change(connection, must_fetch(connection, job_id, tenant), status, now)


def _change(connection: sqlite3.Connection, job: Job, status: JobStatus, now: datetime) -> Job:
    if job.status.final:
        raise InvalidTransitionError(job.id, job.status, status)
    changed = job.become(
        status,
        started_at=job.started_at or (now if status is JobStatus.RUNNING else None),
        completed_at=now if status.final else None,
        lease=job.lease if status in _NEEDS_WORKER else None,
    )
    lease_until = changed.lease.until if changed.lease else now
    connection.execute(
        "UPDATE jobs SET status = ?, started_at = ?, completed_at = ?, lease_token = ?, lease_until = ?"
        " WHERE id = ? AND status = ?",
        (
            status, maybe_micros(changed.started_at), maybe_micros(changed.completed_at),
            changed.lease.token if changed.lease else None, to_micros(lease_until) if status in _NEEDS_WORKER else None,
            job.id, job.status,
        ),
    )  # fmt: skip
    if job.status is JobStatus.WAITING:
        connection.execute("DELETE FROM questions WHERE job_id = ?", (job.id,))
    if status is JobStatus.FAILED:
        bury(connection, job.id)
    note(connection, changed, _LINES[status], now, reason=_ASKED)
    return changed


def cancel(connection: sqlite3.Connection, job_id: JobId, now: datetime, tenant: TenantId | None) -> Job:
    """Cancel a job that was not begun at once. One that was may have steps of unknown outcome, so that its worker, or
    the next one, looks before it ends. Raises JobNotFoundError and InvalidTransitionError."""
    job = must_fetch(connection, job_id, tenant)
    if job.status in {JobStatus.CANCELLING, JobStatus.CANCELLED}:
        return job
    if job.status is JobStatus.RUNNING or job.started_at is not None:
        return _change(connection, job, JobStatus.CANCELLING, now)
    cancel_open_tasks(connection, job, now)
    return _change(connection, job, JobStatus.CANCELLED, now)


def next_run(connection: sqlite3.Connection, job_id: JobId, now: datetime, tenant: TenantId | None) -> Job:
    """Open the next run of a job that failed or was cancelled; done tasks are kept.

    Raises JobNotFoundError, InvalidTransitionError, RetriesExhaustedError, JobPrunedError and UniqueConflictError.
    """
    job = must_fetch(connection, job_id, tenant).next_run()
    open_run(connection, job, now)
    note(connection, job, EventType.JOB_RETRIED, now, reason="somebody asked for another run", retry=job.retry_count)
    return job


def open_run(connection: sqlite3.Connection, job: Job, now: datetime) -> None:
    """Store a job that has become its next run; it is a dead letter no longer.

    Raises JobPrunedError, and UniqueConflictError while another job of its unique key is in the way; nothing is stored
    then.
    """
    if connection.execute("SELECT 1 FROM pruning WHERE job_id = ?", (job.id,)).fetchone():
        raise JobPrunedError(job.id)
    sqlite_unique.take_again(connection, job, now)
    columns = (
        "status", "run", "retry_count", "started_at", "completed_at", "deadline", "not_before", "error", "error_code",
        "crashes", "delayed", "turn",
    )  # fmt: skip
    changes = ", ".join(f"{column} = :{column}" for column in columns)
    turn = next_turns(connection, job.priority, job.tenant)[0]
    connection.execute(f"UPDATE jobs SET {changes} WHERE id = :id", job_to_row(job) | {"turn": turn})  # noqa: S608 - names are ours
    reset_tasks(connection, job)
    connection.execute("DELETE FROM dead_letters WHERE job_id = ?", (job.id,))


def bury(connection: sqlite3.Connection, job_id: JobId) -> None:
    """Put a failed job with the dead letters."""
    connection.execute(
        "INSERT OR REPLACE INTO dead_letters (job_id, tenant, run, code, at, intent)"
        " SELECT id, tenant, run, coalesce(error_code, 'internal'), completed_at, intent FROM jobs WHERE id = ?",
        (job_id,),
    )


def delete(connection: sqlite3.Connection, job_id: JobId, now: datetime, tenant: TenantId | None) -> bool:
    """Remove a job that has ended; the audit log says so. Raises InvalidTransitionError while it has not ended."""
    job = fetch(connection, job_id, tenant)
    if job is None:
        return False
    if not job.status.final:
        raise InvalidTransitionError(job_id, job.status, "deleted")
    connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
    audit(connection, job, "deleted", now, reason=_ASKED)
    return True
