"""The statements that accept many jobs at once in SQLite, meant for the caller's transaction.

Built for thousands of jobs a second: rows are tuples, a plan that several jobs share is written out once.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.audit_entry import AuditLine
from scheduler.core.errors import ConflictError, IdempotencyConflictError, InvalidTransitionError
from scheduler.core.events import EventLine, EventType
from scheduler.core.ids import JobId, TaskId, TenantId, new_id
from scheduler.core.job import Job, JobStatus
from scheduler.repository import sqlite_audit, sqlite_events
from scheduler.repository.repository_interface import IdempotentRequest
from scheduler.repository.sqlite_rows import (
    insert,
    insertion_in_order,
    maybe_micros,
    to_json,
    to_micros,
    well_formed,
)
from scheduler.repository.sqlite_tasks import add_tasks_of
from scheduler.repository.sqlite_turns import next_turns

Row = tuple[object, ...]

_JOB_COLUMNS: Final = (
    "id", "tenant", "intent", "description", "locale", "status", "priority", "run", "created_at", "started_at",
    "completed_at", "deadline", "not_before", "delayed", "error", "error_code", "retry_count", "max_retries", "crashes",
    "plan_version", "graph_digest", "context", "task_graph", "turn",
)  # fmt: skip
_JOBS: Final = insertion_in_order("jobs", _JOB_COLUMNS)


class _Plan(NamedTuple):
    """What the rows of a job hold of its plan."""

    document: str
    digest: str
    tasks: Sequence[TaskId]


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
    tasks: list[tuple[JobId, Sequence[TaskId]]] = []
    turns = _turns(connection, jobs)
    for job in jobs:
        plan = plans.get(id(job.task_graph))
        if plan is None:
            plan = plans[id(job.task_graph)] = _plan_of(job)
        rows.append((*_row_of(job, plan), next(turns[job.priority])))
        tasks.append((job.id, plan.tasks))
    try:
        connection.executemany(_JOBS, rows)
    except sqlite3.IntegrityError as error:
        taken = known_among(connection, [job.id for job in jobs])
        raise ConflictError(f"Job ids are taken or given twice: {sorted(taken)}") from error
    add_tasks_of(connection, tasks)
    line = EventType.JOB_ACCEPTED
    sqlite_events.append(
        connection, [EventLine(job.tenant, job.id, job.run, line, job.created_at, None, {}) for job in jobs]
    )
    sqlite_audit.append(connection, [_entry_of(job) for job in jobs])


def _turns(connection: sqlite3.Connection, jobs: Sequence[Job]) -> Mapping[int, Iterator[int]]:
    """Return the turns of the jobs, by their priority."""
    counts = Counter(job.priority for job in jobs)
    tenant = jobs[0].tenant
    return {priority: iter(next_turns(connection, priority, tenant, count)) for priority, count in counts.items()}


def _plan_of(job: Job) -> _Plan:
    document = job.task_graph.seal().canonical()
    return _Plan(document, hashlib.sha256(document.encode()).hexdigest(), tuple(job.task_graph.tasks))


def _row_of(job: Job, plan: _Plan) -> Row:
    return (
        job.id, job.tenant, well_formed(job.intent), well_formed(job.description), job.locale, job.status, job.priority,
        job.run, to_micros(job.created_at), maybe_micros(job.started_at), maybe_micros(job.completed_at),
        maybe_micros(job.deadline), maybe_micros(job.not_before) or 0, int(job.not_before is not None), job.error,
        job.error_code, job.retry_count, job.max_retries, job.crashes, job.plan_version, plan.digest,
        well_formed(to_json(job.context)), plan.document,
    )  # fmt: skip


def _entry_of(job: Job) -> AuditLine:
    return AuditLine(
        id=new_id(),
        timestamp=job.created_at,
        tenant=job.tenant,
        job_id=job.id,
        task_id=None,
        action="job.accepted",
        reason=job.description or job.intent,
        result="success",
        screenshot_path=None,
        metadata={"run": job.run},
    )
