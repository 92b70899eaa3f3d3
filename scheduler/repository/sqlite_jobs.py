"""The statements that change jobs in SQLite, each meant for the caller's transaction.

A status changes by compare-and-set together with its event and its audit entry.
"""

import sqlite3
from datetime import datetime, timedelta
from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.errors import (
    IdempotencyConflictError,
    InvalidTransitionError,
    JobNotFoundError,
    LeaseLostError,
)
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import JobId, LeaseToken, TenantId, new_id
from scheduler.core.job import JOB_TRANSITIONS, Job, JobStatus, Lease, TaskRun, TaskStatus
from scheduler.repository import sqlite_audit
from scheduler.repository.repository_interface import IdempotentRequest, RunProgress
from scheduler.repository.sqlite_rows import (
    event_to_row,
    insert,
    job_from_row,
    job_to_row,
    maybe_micros,
    task_to_row,
    to_micros,
)

_ASKED = "somebody asked for it"
_LINES = {
    JobStatus.PENDING: EventType.JOB_HANDED_BACK,
    JobStatus.RUNNING: EventType.JOB_STARTED,
    JobStatus.CANCELLING: EventType.JOB_CANCEL_REQUESTED,
    JobStatus.DONE: EventType.JOB_DONE,
    JobStatus.FAILED: EventType.JOB_FAILED,
    JobStatus.CANCELLED: EventType.JOB_CANCELLED,
}


def fetch(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId | None = None) -> Job | None:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None or (tenant is not None and row["tenant"] != tenant) else job_from_row(row)


def must_fetch(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId | None = None) -> Job:
    """Return the job. Raises JobNotFoundError, also when it belongs to another tenant."""
    job = fetch(connection, job_id, tenant)
    if job is None:
        raise JobNotFoundError(job_id)
    return job


def accept(connection: sqlite3.Connection, job: Job, request: IdempotentRequest | None) -> Job:
    """Store a new job with its tasks; what is there already, by id or by the client's key, is returned as it is."""
    earlier = _known_request(connection, job.tenant, request) if request else None
    earlier = earlier or fetch(connection, job.id)
    if earlier is not None:
        return earlier
    insert(connection, "jobs", job_to_row(job))
    for position, task_id in enumerate(job.task_graph.tasks):
        insert(connection, "tasks", task_to_row(TaskRun(job_id=job.id, task_id=task_id)) | {"position": position})
    if request:
        _remember_request(connection, job, request)
    note(connection, job, EventType.JOB_ACCEPTED, job.created_at, reason=job.description or job.intent)
    return job


def _known_request(connection: sqlite3.Connection, tenant: TenantId, request: IdempotentRequest) -> Job | None:
    row = connection.execute(
        "SELECT body_digest, job_id FROM idempotency_keys WHERE tenant = ? AND route = ? AND key = ?",
        (tenant, request.route, request.key),
    ).fetchone()
    if row is None:
        return None
    if row["body_digest"] != request.body_digest:
        raise IdempotencyConflictError(request.key)
    return fetch(connection, row["job_id"])


def _remember_request(connection: sqlite3.Connection, job: Job, request: IdempotentRequest) -> None:
    row = request.model_dump() | {"tenant": job.tenant, "job_id": job.id, "created_at": to_micros(job.created_at)}
    insert(connection, "idempotency_keys", row, verb="INSERT OR REPLACE")


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
    event = JobEvent(tenant=job.tenant, job_id=job.id, run=job.run, type=line, at=at, data=data)
    insert(connection, "events", event_to_row(event))
    entry = AuditEntry(
        id=new_id(),
        timestamp=at,
        tenant=job.tenant,
        job_id=job.id,
        action=f"job.{line.removeprefix('job_')}",
        reason=reason,
        result="failure" if line is EventType.JOB_FAILED else "success",
        metadata={"run": job.run, **data},
    )
    sqlite_audit.append(connection, [entry])


def claim(connection: sqlite3.Connection, *, now: datetime, lease: timedelta) -> Job | None:
    """Lease the next job: one that is ready, else one whose worker has let its lease run out. None: there is none."""
    moment = to_micros(now)
    row = connection.execute(
        "SELECT * FROM jobs WHERE status = 'pending' AND not_before <= ? ORDER BY priority DESC, n LIMIT 1", (moment,)
    ).fetchone()
    if row is None:
        row = connection.execute(
            "SELECT * FROM jobs WHERE lease_until IS NOT NULL AND lease_until < ? ORDER BY lease_until LIMIT 1",
            (moment,),
        ).fetchone()
    if row is None:
        return None
    return _take(connection, row, now=now, lease=lease)


def _take(connection: sqlite3.Connection, row: sqlite3.Row, *, now: datetime, lease: timedelta) -> Job:
    lost = row["lease_token"] is not None
    token, epoch = LeaseToken(new_id()), row["lease_epoch"] + 1
    status = JobStatus.CANCELLING if row["status"] == JobStatus.CANCELLING else JobStatus.RUNNING
    connection.execute(
        "UPDATE jobs SET status = ?, lease_token = ?, lease_epoch = ?, lease_until = ?, crashes = crashes + ?,"
        " started_at = coalesce(started_at, ?) WHERE n = ? AND lease_epoch < ?",
        (status, token, epoch, to_micros(now + lease), lost, to_micros(now), row["n"], epoch),
    )
    job = must_fetch(connection, JobId(row["id"]))
    resumed = lost or row["started_at"] is not None
    line = EventType.JOB_RESUMED if resumed else EventType.JOB_STARTED
    reason = "the lease of its worker ran out" if lost else "it is its turn"
    note(connection, job, line, now, reason=reason, epoch=epoch)
    return job.model_copy(update={"lease": Lease(token=token, epoch=epoch, until=now + lease)})


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
    """Store what a step changed. Raises LeaseLostError unless the lease is still the job's."""
    final = progress.status is not None and progress.status.final
    cursor = connection.execute(
        "UPDATE jobs SET status = coalesce(?, status), error = coalesce(?, error), "
        " error_code = coalesce(?, error_code), completed_at = coalesce(?, completed_at),"
        " lease_token = CASE WHEN ? THEN NULL ELSE lease_token END,"
        " lease_until = CASE WHEN ? THEN NULL ELSE lease_until END"
        " WHERE id = ? AND lease_token = ? AND status IN ('running', 'cancelling')",
        (
            progress.status, progress.error, progress.error_code, maybe_micros(progress.completed_at), final, final,
            progress.job_id, progress.lease_token,
        ),
    )  # fmt: skip
    if cursor.rowcount == 0:
        raise LeaseLostError(progress.job_id)
    for task in progress.tasks:
        put_task(connection, task)
    for event in progress.events:
        insert(connection, "events", event_to_row(event))
    sqlite_audit.append(connection, progress.audit)
    if progress.status is JobStatus.FAILED and progress.completed_at is not None:
        bury(connection, must_fetch(connection, progress.job_id), progress.completed_at)


def put_task(connection: sqlite3.Connection, task: TaskRun) -> bool:
    """Store a task that has a row; return whether it has one."""
    row = task_to_row(task)
    changes = ", ".join(f"{column} = :{column}" for column in row if column not in {"job_id", "task_id"})
    statement = f"UPDATE tasks SET {changes} WHERE job_id = :job_id AND task_id = :task_id"  # noqa: S608 - ours
    return connection.execute(statement, row).rowcount > 0


def bury(connection: sqlite3.Connection, job: Job, at: datetime) -> None:
    """Put a failed job with the dead letters."""
    row = {
        "job_id": job.id,
        "tenant": job.tenant,
        "run": job.run,
        "code": job.error_code or "internal",
        "at": to_micros(at),
    }
    insert(connection, "dead_letters", row, verb="INSERT OR REPLACE")


def change_status(
    connection: sqlite3.Connection,
    job_id: JobId,
    status: JobStatus,
    now: datetime,
    *,
    tenant: TenantId | None,
    reason: str = _ASKED,
) -> Job:
    """Set the status if the table of transitions allows it. Raises JobNotFoundError and InvalidTransitionError."""
    job = must_fetch(connection, job_id, tenant)
    changed = job.become(status, completed_at=now if status.final else job.completed_at)
    connection.execute(
        "UPDATE jobs SET status = ?, completed_at = ? WHERE id = ? AND status = ?",
        (status, maybe_micros(changed.completed_at), job_id, job.status),
    )
    if status.final:
        connection.execute("UPDATE jobs SET lease_token = NULL, lease_until = NULL WHERE id = ?", (job_id,))
    if status is JobStatus.FAILED:
        bury(connection, changed, now)
    note(connection, changed, _LINES[status], now, reason=reason)
    return changed


def cancel(connection: sqlite3.Connection, job_id: JobId, now: datetime, tenant: TenantId | None) -> Job:
    """Cancel a job nobody works on at once; ask for it otherwise. Raises JobNotFoundError, InvalidTransitionError."""
    job = must_fetch(connection, job_id, tenant)
    if job.status is JobStatus.CANCELLING:
        return job
    if job.status is JobStatus.RUNNING:
        return change_status(connection, job_id, JobStatus.CANCELLING, now, tenant=tenant)
    if JobStatus.CANCELLED not in JOB_TRANSITIONS[job.status]:
        raise InvalidTransitionError(job_id, job.status, JobStatus.CANCELLED)
    if job.started_at is not None:
        return _cancel_by_a_worker(connection, job, now)
    connection.execute("UPDATE tasks SET status = ? WHERE job_id = ?", (TaskStatus.CANCELLED, job_id))
    return change_status(connection, job_id, JobStatus.CANCELLED, now, tenant=tenant)


def _cancel_by_a_worker(connection: sqlite3.Connection, job: Job, now: datetime) -> Job:
    """A run that was handed back may have steps of unknown outcome: a worker must look before it ends."""
    connection.execute(
        "UPDATE jobs SET status = 'cancelling', lease_until = ? WHERE id = ? AND status = 'pending'",
        (to_micros(now), job.id),
    )
    note(connection, job, EventType.JOB_CANCEL_REQUESTED, now, reason=_ASKED)
    return must_fetch(connection, job.id)


def next_run(connection: sqlite3.Connection, job_id: JobId, now: datetime, tenant: TenantId | None) -> Job:
    """Open the next run of a job that failed or was cancelled; done tasks are kept.

    Raises JobNotFoundError, InvalidTransitionError and RetriesExhaustedError.
    """
    job = must_fetch(connection, job_id, tenant).next_run()
    row = job_to_row(job)
    columns = ("status", "run", "retry_count", "started_at", "completed_at", "error", "error_code")
    changes = ", ".join(f"{column} = :{column}" for column in columns)
    connection.execute(f"UPDATE jobs SET {changes}, crashes = 0 WHERE id = :id", row)  # noqa: S608 - names are ours
    connection.execute(
        "UPDATE tasks SET status = 'pending', run = ?, attempts = 0, failures = 0, not_before = NULL, failure = NULL,"
        " completed_at = NULL WHERE job_id = ? AND status <> 'done'",
        (job.run, job_id),
    )
    connection.execute("DELETE FROM dead_letters WHERE job_id = ?", (job_id,))
    note(connection, job, EventType.JOB_RETRIED, now, reason="somebody asked for another run", retry=job.retry_count)
    return job
