"""The statements that accept jobs in SQLite, one or many, meant for the caller's transaction.

Built for thousands of jobs a second: what belongs to new jobs is gathered and written at the end of the transaction,
together with that of all others who share it; rows are tuples, a plan that several jobs share is written out once.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from scheduler.core.errors import ConflictError, IdempotencyConflictError, InvalidTransitionError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TaskId, TenantId, new_id
from scheduler.core.job import Job, JobStatus, as_met
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository import sqlite_audit, sqlite_events, sqlite_unique
from scheduler.repository.lines import AuditLine, EventLine
from scheduler.repository.repository_interface import NO_CLAIMS, Answered, IdempotentRequest
from scheduler.repository.sqlite_jobs import fetch, must_fetch
from scheduler.repository.sqlite_rows import insertion_in_order
from scheduler.repository.sqlite_tasks import add_tasks
from scheduler.repository.sqlite_turns import next_turns
from scheduler.repository.sqlite_writer import before_commit, write_gathered
from scheduler.repository.storable import maybe_micros, to_json, to_micros, well_formed

Row = tuple[object, ...]

_JOB_COLUMNS: Final = (
    "id", "tenant", "intent", "description", "locale", "status", "priority", "run", "created_at", "started_at",
    "completed_at", "deadline", "not_before", "delayed", "error", "error_code", "retry_count", "max_retries", "crashes",
    "plan_version", "graph_digest", "context", "task_graph", "turn",
)  # fmt: skip
_JOBS: Final = insertion_in_order("jobs", _JOB_COLUMNS)
_KEY_COLUMNS: Final = ("tenant", "route", "key", "body_digest", "job_id", "created_at", "job_ids", "met")
_KEYS: Final = f"{insertion_in_order('idempotency_keys', _KEY_COLUMNS)} ON CONFLICT (tenant, route, key) DO NOTHING"


class _Plan(NamedTuple):
    """What the rows of a job hold of its plan."""

    document: str
    digest: str
    tasks: Sequence[TaskId]


def accept(
    connection: sqlite3.Connection,
    job: Job,
    request: IdempotentRequest | None,
    claim: UniqueClaim | None = None,
    *,
    waits: bool = False,
) -> Job:
    """Store a new job with its tasks; what is there already, by id or by the client's key, is returned as it is, and
    what its claim meets as MetJob.

    `waits`: it may be one that waits for answers, which the caller stores with it. Raises IdempotencyConflictError,
    ConflictError as `is_known` does, InvalidTransitionError for a job that was begun elsewhere, UniqueConflictError.
    """
    if _owner(connection, job.id) is None:
        claims = NO_CLAIMS if claim is None else {job.id: claim}
        rival = _rivals(connection, [job], claims, request).get(job.id)
        if request is not None and not _spend_key(connection, job, request, None, rival):
            return _earlier_job(connection, job.tenant, request)
        if rival is not None:
            return as_met(must_fetch(connection, rival))
        _store(connection, [job], JobStatus.WAITING if waits else JobStatus.PENDING, claims)
        return job
    if request is not None and earlier(connection, job.tenant, request) is not None:
        return _earlier_job(connection, job.tenant, request)
    is_known(connection, job)
    return must_fetch(connection, job.id)


def _earlier_job(connection: sqlite3.Connection, tenant: TenantId, request: IdempotentRequest) -> Job:
    write_gathered(connection)
    ids, met = earlier(connection, tenant, request) or Answered(())
    job = next((fetch(connection, job_id) for job_id in ids if job_id is not None), None)
    if job is None:
        raise IdempotencyConflictError(request.key)
    return as_met(job) if met else job


def earlier(connection: sqlite3.Connection, tenant: TenantId, request: IdempotentRequest) -> Answered | None:
    """Return what the same request with this key has brought; None: it is new.

    Raises IdempotencyConflictError when it was another request.
    """
    row = connection.execute(
        "SELECT body_digest, job_id, job_ids, met FROM idempotency_keys WHERE tenant = ? AND route = ? AND key = ?",
        (tenant, request.route, request.key),
    ).fetchone()
    if row is None:
        return None
    if row["body_digest"] != request.body_digest:
        raise IdempotencyConflictError(request.key)
    ids: list[JobId | None] = [row["job_id"]] if row["job_ids"] is None else json.loads(row["job_ids"])
    return Answered(ids, frozenset(json.loads(row["met"] or "[]")))


def is_known(connection: sqlite3.Connection, job: Job) -> bool:
    """Say whether the job is stored. Raises ConflictError when its id is that of another tenant's job."""
    owner = _owner(connection, job.id)
    if owner not in {None, job.tenant}:
        raise ConflictError(f"Job id {job.id!r} is taken")
    return owner is not None


def _owner(connection: sqlite3.Connection, job_id: JobId) -> TenantId | None:
    row = connection.execute("SELECT tenant FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else TenantId(row[0])


def accept_many(
    connection: sqlite3.Connection,
    jobs: Sequence[Job | None],
    request: IdempotentRequest | None,
    claims: Mapping[JobId, UniqueClaim] = NO_CLAIMS,
) -> Answered:
    """Store new jobs of one tenant with all that belongs to them; return their ids, or those of the earlier request.

    Raises IdempotencyConflictError, InvalidTransitionError for a job begun elsewhere, UniqueConflictError, and
    ValueError for jobs of several tenants. The transaction raises ConflictError when an id is taken.
    """
    sound = [job for job in jobs if job is not None]
    if not sound:
        return Answered([None] * len(jobs))
    tenant = sound[0].tenant
    if any(job.tenant != tenant for job in sound):
        raise ValueError("a batch holds the jobs of one tenant")
    rivals = _rivals(connection, sound, claims, request)
    ids = [None if job is None else rivals.get(job.id, job.id) for job in jobs]
    met = [place for place, job in enumerate(jobs) if job is not None and job.id in rivals]
    if request is not None and not _spend_key(connection, sound[0], request, json.dumps(ids), met):
        return earlier(connection, tenant, request) or Answered(())
    _store(connection, [job for job in sound if job.id not in rivals], claims=claims)
    return Answered(ids, frozenset(met))


def known_among(connection: sqlite3.Connection, job_ids: Collection[JobId]) -> frozenset[JobId]:
    """Return those of the jobs that are stored."""
    statement = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
    return frozenset(JobId(row[0]) for row in connection.execute(statement, (json.dumps(list(job_ids)),)))


def _rivals(
    connection: sqlite3.Connection,
    jobs: Sequence[Job],
    claims: Mapping[JobId, UniqueClaim],
    request: IdempotentRequest | None,
) -> Mapping[JobId, JobId]:
    """Return what new jobs meet; a request that comes again meets nothing. Raises UniqueConflictError."""
    if not claims or (request is not None and earlier(connection, jobs[0].tenant, request) is not None):
        return {}
    return sqlite_unique.rivals(connection, jobs, claims)


def _spend_key(
    connection: sqlite3.Connection,
    job: Job,
    request: IdempotentRequest,
    job_ids: str | None,
    met: JobId | Sequence[int] | None = None,
) -> bool:
    """Note the client's key; return whether it is new. It stays spent when its job is deleted: nothing comes twice.

    `met`: the job that the only order met, or the places of those that met one.
    """
    stands_for, places = (job.id, met) if not isinstance(met, str) else (met, [0])
    row = (
        job.tenant, request.route, request.key, request.body_digest, stands_for, to_micros(job.created_at), job_ids,
        json.dumps(places) if places else None,
    )  # fmt: skip
    return connection.execute(_KEYS, row).rowcount > 0


def _store(
    connection: sqlite3.Connection,
    jobs: Sequence[Job],
    status: JobStatus = JobStatus.PENDING,
    claims: Mapping[JobId, UniqueClaim] = NO_CLAIMS,
) -> None:
    """Have the jobs written before the commit, and then what refers to them."""
    for job in jobs:
        if job.status is not status:
            raise InvalidTransitionError(job.id, job.status, status)
    before_commit(connection, _insert, jobs, first=True)
    if claims:
        sqlite_unique.take(connection, jobs, claims)
    line = EventType.JOB_ACCEPTED
    sqlite_events.append(connection, [EventLine.of(job.tenant, job.id, job.run, line, job.created_at) for job in jobs])
    sqlite_audit.append(connection, [_entry_of(job) for job in jobs])


def _insert(connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
    plans: dict[int, _Plan] = {}
    rows: list[Row] = []
    tasks: list[tuple[JobId, Sequence[TaskId]]] = []
    turns = _turns(connection, jobs)
    for job in jobs:
        plan = plans.get(id(job.task_graph))
        if plan is None:
            plan = plans[id(job.task_graph)] = _plan_of(job)
        rows.append((*_row_of(job, plan), next(turns[job.tenant, job.priority])))
        tasks.append((job.id, plan.tasks))
    try:
        connection.executemany(_JOBS, rows)
    except sqlite3.IntegrityError as error:
        taken = known_among(connection, [job.id for job in jobs])
        raise ConflictError(f"Job ids are taken or given twice: {sorted(taken)}") from error
    add_tasks(connection, tasks)


def _turns(connection: sqlite3.Connection, jobs: Sequence[Job]) -> Mapping[tuple[TenantId, int], Iterator[int]]:
    """Return the turns of the jobs, by tenant and priority."""
    counts = Counter((job.tenant, job.priority) for job in jobs)
    return {
        (tenant, priority): iter(next_turns(connection, priority, tenant, count))
        for (tenant, priority), count in counts.items()
    }


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
    return AuditLine.of(
        tenant=job.tenant, id_=new_id(), timestamp=job.created_at, job_id=job.id, action="job.accepted",
        reason=job.description or job.intent, metadata={"run": job.run},
    )  # fmt: skip
