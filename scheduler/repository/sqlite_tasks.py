"""The statements that change tasks in SQLite, each meant for the caller's transaction."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from scheduler.core.errors import JobNotFoundError, LeaseLostError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TaskId, TenantId, new_id
from scheduler.core.job import Job, TaskRun, TaskStatus
from scheduler.core.retry import TaskFailure
from scheduler.core.todo import ToDo
from scheduler.repository import sqlite_audit, sqlite_events
from scheduler.repository.lines import AuditLine, EventLine, TaskLine
from scheduler.repository.sqlite_insertion import Insertion
from scheduler.repository.sqlite_rows import insertion_in_order, task_from_row, task_line
from scheduler.repository.storable import to_micros

_LINES: Mapping[TaskStatus, EventType] = {
    TaskStatus.PENDING: EventType.TASK_RETRY_SCHEDULED,
    TaskStatus.RUNNING: EventType.TASK_STARTED,
    TaskStatus.VERIFYING: EventType.TASK_VERIFYING,
    TaskStatus.DONE: EventType.TASK_DONE,
    TaskStatus.FAILED: EventType.TASK_FAILED,
    TaskStatus.SKIPPED: EventType.TASK_SKIPPED,
    TaskStatus.CANCELLED: EventType.TASK_CANCELLED,
}
_KEY = 2  # columns of a task, the last ones, that name it
_COLUMNS = (*TaskLine._fields, "position")
_INSERT = insertion_in_order("tasks", _COLUMNS)
_UPDATE = (
    f"UPDATE tasks SET {', '.join(f'{column} = ?' for column in TaskLine._fields[:-_KEY])}"  # noqa: S608 - names are ours
    " WHERE job_id = ? AND task_id = ?"
)
_UNTOUCHED = task_line(TaskRun(job_id=JobId(""), task_id=TaskId("")))[:-_KEY]
_insert_untouched = Insertion("tasks", _COLUMNS, dict(zip(TaskLine._fields, _UNTOUCHED, strict=False))).run


def fetch_task(connection: sqlite3.Connection, job_id: JobId, task_id: TaskId) -> TaskRun | None:
    statement = "SELECT * FROM tasks WHERE job_id = ? AND task_id = ?"
    row = connection.execute(statement, (job_id, task_id)).fetchone()
    return None if row is None else task_from_row(row)


def add_tasks(connection: sqlite3.Connection, jobs: Iterable[tuple[JobId, Iterable[TaskId]]]) -> None:
    """Give every task of new jobs its row."""
    rows = [(job_id, task_id, place) for job_id, tasks in jobs for place, task_id in enumerate(tasks)]
    _insert_untouched(connection, rows)


def add_items(connection: sqlite3.Connection, job_id: JobId, tasks: Sequence[TaskId]) -> None:
    """Give tasks that a run has come upon their rows, after all others."""
    statement = "SELECT coalesce(max(position) + 1, 0) FROM tasks WHERE job_id = ?"
    first = connection.execute(statement, (job_id,)).fetchone()[0]
    rows = [(job_id, task_id, first + place) for place, task_id in enumerate(tasks)]
    _insert_untouched(connection, rows)


def put_tasks(connection: sqlite3.Connection, tasks: Sequence[TaskRun | TaskLine]) -> None:
    """Store tasks that have rows. Raises ValueError when one has none."""
    lines = [task if isinstance(task, TaskLine) else task_line(task) for task in tasks]
    plain = map(tuple, lines)  # of any other kind of tuple `sqlite3` has Python look up each value
    if connection.executemany(_UPDATE, plain).rowcount != len(lines):
        raise ValueError(f"one of the tasks {[task.task_id for task in tasks]} is not in the plan of the job")


def put_task(connection: sqlite3.Connection, task: TaskRun, now: datetime) -> None:
    """Store a task outside of a run, with an event if its status changes. Raises as `must_be_idle` does."""
    job = must_be_idle(connection, task.job_id)
    before = fetch_task(connection, task.job_id, task.task_id)
    if before is None:
        statement = "SELECT coalesce(max(position) + 1, 0) FROM tasks WHERE job_id = ?"
        position = connection.execute(statement, (task.job_id,)).fetchone()[0]
        connection.execute(_INSERT, (*task_line(task), position))
    else:
        put_tasks(connection, [task])
    if before is None or before.status is not task.status:
        line = EventLine.of(job["tenant"], task.job_id, job["run"], _LINES[task.status], now, task.task_id)
        sqlite_events.append(connection, [line])


def must_be_idle(connection: sqlite3.Connection, job_id: JobId) -> sqlite3.Row:
    """Return tenant and run of a job whose tasks somebody is going to touch.

    The epoch grows, as with a lease: the tasks of a job in its first epoch are untouched. Raises JobNotFoundError, and
    LeaseLostError while a worker holds it.
    """
    row: sqlite3.Row | None = connection.execute(
        "UPDATE jobs SET lease_epoch = lease_epoch + (lease_token IS NULL) WHERE id = ?"
        " RETURNING tenant, run, lease_token",
        (job_id,),
    ).fetchone()
    if row is None:
        raise JobNotFoundError(job_id)
    if row["lease_token"] is not None:
        raise LeaseLostError(job_id)
    return row


def delete_task(connection: sqlite3.Connection, job_id: JobId, task_id: TaskId) -> bool:
    """Remove a task; return whether there was one. Raises LeaseLostError while a worker holds the job."""
    if fetch_task(connection, job_id, task_id) is None:
        return False
    must_be_idle(connection, job_id)
    connection.execute("DELETE FROM tasks WHERE job_id = ? AND task_id = ?", (job_id, task_id))
    return True


def cancel_open_tasks(connection: sqlite3.Connection, job: Job, now: datetime) -> None:
    """Cancel every task of a job that has not ended, each with its event and audit entry, as its worker would."""
    rows = connection.execute(
        "UPDATE tasks SET status = 'cancelled', run = :run, completed_at = :at WHERE job_id = :job_id"
        " AND status NOT IN ('done', 'failed', 'skipped', 'cancelled') RETURNING position, task_id",
        {"job_id": job.id, "run": job.run, "at": to_micros(now)},
    )
    todos = job.task_graph.tasks
    cancelled = [todos[row["task_id"]] for row in sorted(rows, key=itemgetter("position")) if row["task_id"] in todos]
    sqlite_events.append(connection, [_cancelled_line(job, todo, now) for todo in cancelled])
    sqlite_audit.append(connection, [_cancelled_entry(job, todo, now) for todo in cancelled])


def _cancelled_line(job: Job, todo: ToDo, now: datetime) -> EventLine:
    data = {"action": todo.action}
    return EventLine.of(job.tenant, job.id, job.run, EventType.TASK_CANCELLED, now, todo.id, data)


def _cancelled_entry(job: Job, todo: ToDo, now: datetime) -> AuditLine:
    return AuditLine.of(
        id_=new_id(),
        timestamp=now,
        tenant=job.tenant,
        job_id=job.id,
        task_id=todo.id,
        action=todo.action,
        reason=todo.reason or job.description or job.intent,
        result="failure",
        metadata={"run": job.run, "task": TaskStatus.CANCELLED},
    )


def end_rest(
    connection: sqlite3.Connection, tenant: TenantId, job_id: JobId, run: int, failure: TaskFailure, now: datetime
) -> None:
    """End every task that has not: those that were begun have failed, the others are skipped.

    The plan is not asked: it may be what cannot be read. Each gets its event and audit entry.
    """
    rows = connection.execute(
        "UPDATE tasks SET status = CASE WHEN status = 'pending' THEN 'skipped' ELSE 'failed' END,"
        " failure = CASE WHEN status = 'pending' THEN failure ELSE :failure END, run = :run, completed_at = :at"
        " WHERE job_id = :job_id AND status NOT IN ('done', 'failed', 'skipped', 'cancelled')"
        " RETURNING position, task_id, status",
        {"failure": failure.model_dump_json(), "run": run, "at": to_micros(now), "job_id": job_id},
    )
    for row in sorted(rows, key=itemgetter("position")):
        status, task_id, data = TaskStatus(row["status"]), TaskId(row["task_id"]), {"code": failure.code}
        sqlite_events.append(connection, [EventLine.of(tenant, job_id, run, _LINES[status], now, task_id, data)])
        entry = AuditLine.of(
            id_=new_id(),
            timestamp=now,
            tenant=tenant,
            job_id=job_id,
            task_id=task_id,
            action=f"task.{status.value}",
            reason=failure.message,
            result="failure",
            metadata={"run": run, "task": status.value, **data},
        )
        sqlite_audit.append(connection, [entry])


def reset_tasks(connection: sqlite3.Connection, job: Job) -> None:
    """Open all tasks for the next run but those that are done. A list that was frozen for a step stays so."""
    connection.execute(
        "UPDATE tasks SET status = 'pending', run = ?, attempts = 0, failures = 0, not_before = NULL,"
        " result = CASE json_type(result, '$.for_each') WHEN 'array' THEN result END,"
        " verified = NULL, failure = NULL, started_at = NULL, completed_at = NULL"
        " WHERE job_id = ? AND status <> 'done'",
        (job.run, job.id),
    )
