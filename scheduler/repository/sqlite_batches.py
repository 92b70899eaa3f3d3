"""The statements that accept many jobs at once in SQLite, meant for the caller's transaction.

Built for thousands of jobs a second: rows are tuples, a plan that several jobs share is written out once.
"""

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.errors import ConflictError, IdempotencyConflictError, InvalidTransitionError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TaskId, TenantId, new_id
from scheduler.core.job import Job, JobStatus, TaskRun
from scheduler.repository import sqlite_audit
from scheduler.repository.repository_interface import IdempotentRequest
from scheduler.repository.sqlite_rows import insert, maybe_micros, storable, task_to_row, to_json, to_micros

Row = tuple[object, ...]

_JOBS: Final = (
    "INSERT INTO jobs (id, tenant, intent, description, locale, status, priority, run, created_at, started_at,"
    " completed_at, deadline, not_before, error, error_code, retry_count, max_retries, crashes, plan_version,"
    " graph_digest, context, task_graph) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UNTOUCHED: Final = task_to_row(TaskRun(job_id=JobId(""), task_id=TaskId("")))
_STILL: Final = tuple(name for name in _UNTOUCHED if name not in {"job_id", "task_id"})
_TASKS: Final = (
    f"INSERT INTO tasks (job_id, task_id, position, {', '.join(_STILL)})"  # noqa: S608 - names are ours
    f" VALUES (?, ?, ?, {', '.join('?' * len(_STILL))})"
)
_STILL_VALUES: Final = tuple(_UNTOUCHED[name] for name in _STILL)
_EVENTS: Final = "INSERT INTO events (tenant, job_id, run, type, at, task_id, data) VALUES (?, ?, ?, ?, ?, NULL, '{}')"


class _Plan(NamedTuple):
    """What the rows of a job hold of its plan; each task as its row without the job."""

    document: str
    digest: str
    tasks: Sequence[Row]


def known_among(connection: sqlite3.Connection, job_ids: Collection[JobId]) -> frozenset[JobId]:
    """Return those of the jobs that are stored."""
    statement = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
    return frozenset(JobId(row[0]) for row in connection.execute(statement, (json.dumps(list(job_ids)),)))


def accept_many(
    connection: sqlite3.Connection, jobs: Sequence[Job | None], request: IdempotentRequest | None
) -> Sequence[JobId | None]:
    """Store new jobs of one tenant with all that belongs to them; return their ids, or those of the earlier request.

    Raises IdempotencyConflictError, ConflictError when an id is taken, InvalidTransitionError for a job begun
    elsewhere, and ValueError for jobs of several tenants.
    """
    new = [job for job in jobs if job is not None]
    if not new:
        return [None] * len(jobs)
    tenant = new[0].tenant
    earlier = _known_batch(connection, tenant, request) if request else None
    if earlier is not None:
        return earlier
    for job in new:
        if job.tenant != tenant:
            raise ValueError("a batch holds the jobs of one tenant")
        if job.status is not JobStatus.PENDING:
            raise InvalidTransitionError(job.id, job.status, JobStatus.PENDING)
    _insert(connection, new)
    ids = [None if job is None else job.id for job in jobs]
    if request:
        row = request.model_dump() | {"tenant": tenant, "job_id": new[0].id, "job_ids": json.dumps(ids)}
        insert(connection, "idempotency_keys", row | {"created_at": to_micros(new[0].created_at)})
    return ids


def _known_batch(
    connection: sqlite3.Connection, tenant: TenantId, request: IdempotentRequest
) -> Sequence[JobId | None] | None:
    row = connection.execute(
        "SELECT body_digest, job_ids FROM idempotency_keys WHERE tenant = ? AND route = ? AND key = ?",
        (tenant, request.route, request.key),
    ).fetchone()
    if row is None:
        return None
    if row["body_digest"] != request.body_digest:
        raise IdempotencyConflictError(request.key)
    ids: list[JobId | None] = json.loads(row["job_ids"])
    return ids


def _insert(connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    plans: dict[int, _Plan] = {}
    rows: list[Row] = []
    tasks: list[Row] = []
    for job in jobs:
        plan = plans.get(id(job.task_graph))
        if plan is None:
            plan = plans[id(job.task_graph)] = _plan_of(job)
        rows.append(_row_of(job, plan))
        tasks += [(job.id, *task) for task in plan.tasks]
    try:
        connection.executemany(_JOBS, rows)
    except sqlite3.IntegrityError as error:
        taken = known_among(connection, [job.id for job in jobs])
        raise ConflictError(f"Job ids are taken or given twice: {sorted(taken)}") from error
    connection.executemany(_TASKS, tasks)
    line = EventType.JOB_ACCEPTED
    connection.executemany(_EVENTS, [(job.tenant, job.id, job.run, line, to_micros(job.created_at)) for job in jobs])
    sqlite_audit.append(connection, [_entry_of(job) for job in jobs])


def _plan_of(job: Job) -> _Plan:
    return _Plan(
        document=job.task_graph.model_dump_json(),
        digest=job.task_graph.freeze(),
        tasks=[(task_id, position, *_STILL_VALUES) for position, task_id in enumerate(job.task_graph.tasks)],
    )


def _row_of(job: Job, plan: _Plan) -> Row:
    texts = storable({"intent": job.intent, "description": job.description, "context": to_json(job.context)})
    return (
        job.id, job.tenant, texts["intent"], texts["description"], job.locale, job.status, job.priority, job.run,
        to_micros(job.created_at), maybe_micros(job.started_at), maybe_micros(job.completed_at),
        maybe_micros(job.deadline), maybe_micros(job.not_before) or 0, job.error, job.error_code, job.retry_count,
        job.max_retries, job.crashes, job.plan_version, plan.digest, texts["context"], plan.document,
    )  # fmt: skip


def _entry_of(job: Job) -> AuditEntry:
    return AuditEntry(
        id=new_id(),
        timestamp=job.created_at,
        tenant=job.tenant,
        job_id=job.id,
        action="job.accepted",
        reason=job.description or job.intent,
        result="success",
        metadata={"run": job.run},
    )
