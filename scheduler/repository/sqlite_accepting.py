"""The statements that accept jobs in SQLite, one or many, meant for the caller's transaction.

Built for thousands of jobs a second: what belongs to new jobs is gathered and written at the end of the transaction,
together with that of all others who share it; rows are tuples, a plan that several jobs share is written out once.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from scheduler.core.assembling import values_of
from scheduler.core.errors import (
    ConflictError,
    EarlierJobGoneError,
    IdempotencyConflictError,
    InvalidTransitionError,
    UniqueConflictError,
)
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TaskId, TenantId, ids_of, new_id
from scheduler.core.job import Job, JobStatus, as_met
from scheduler.core.task_graph import TaskGraph
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository import sqlite_audit, sqlite_events, sqlite_unique
from scheduler.repository.lines import AuditLine, EventLine, entry_of, event_of
from scheduler.repository.repository_interface import NO_CLAIMS, Answered, IdempotentRequest
from scheduler.repository.sqlite_insertion import Insertion
from scheduler.repository.sqlite_jobs import fetch, must_fetch
from scheduler.repository.sqlite_tasks import add_tasks
from scheduler.repository.sqlite_turns import next_turns
from scheduler.repository.sqlite_unique import NO_RIVALS, Rivals
from scheduler.repository.sqlite_writer import before_commit, write_gathered
from scheduler.repository.storable import document, maybe_micros, to_json, to_micros, well_formed

Row = tuple[object, ...]
_Fields = Mapping[str, Any]
"""The fields of a job."""

_NEW: Final[Mapping[str, int | None]] = {
    "run": 1, "retry_count": 0, "crashes": 0, "started_at": None, "completed_at": None, "error": None,
    "error_code": None,
}  # fmt: skip
"""What is the same in all jobs that nobody has begun."""
_begun_as = itemgetter(*_NEW)
_NOT_BEGUN: Final = tuple(_NEW.values())
_JOB_COLUMNS: Final = (
    "id", "tenant", "intent", "description", "locale", "status", "priority", "created_at", "deadline", "not_before",
    "delayed", "max_retries", "plan_version", "graph_digest", "context", "task_graph", "turn", *_NEW,
)  # fmt: skip
_insert_jobs: Final = Insertion("jobs", _JOB_COLUMNS, _NEW).run
_RUN: Final = _NEW["run"]
_ACCEPTED: Final = EventType.JOB_ACCEPTED._value_
_NO_DATA: Final = document({})
_METADATA: Final = document({"run": _RUN})
_KEY_COLUMNS: Final = ("tenant", "route", "key", "body_digest", "job_id", "created_at", "job_ids", "met", "refused")
_KEYS: Final = (
    f"INSERT INTO idempotency_keys ({', '.join(_KEY_COLUMNS)}) SELECT {', '.join('?' * len(_KEY_COLUMNS))}"  # noqa: S608 - ours
    " WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = ?) ON CONFLICT (tenant, route, key) DO NOTHING"
)
"""To look whether the job is there by a statement of its own costs as much as to spend the key."""


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
    EarlierJobGoneError, ConflictError as `is_known` does, InvalidTransitionError for a job that was begun elsewhere,
    UniqueConflictError.
    """
    claims = NO_CLAIMS if claim is None else {job.id: claim}
    if (request is None or claims) and _owner(connection, job.id) is not None:
        return _there_already(connection, job, request)
    met, refused = _rivals(connection, [job], claims, request)
    if refused:
        raise UniqueConflictError(refused)
    rival = met.get(job.id)
    if rival is not None and request is not None and request.implied:
        return as_met(must_fetch(connection, rival))
    answered = Answered([rival or job.id], frozenset(() if rival is None else (0,)))
    if request is not None and not _spend_key(connection, job, request, answered, unless=job.id):
        return _there_already(connection, job, request)
    if rival is not None:
        return as_met(must_fetch(connection, rival))
    _store(connection, [job], JobStatus.WAITING if waits else JobStatus.PENDING, claims)
    return job


def _there_already(connection: sqlite3.Connection, job: Job, request: IdempotentRequest | None) -> Job:
    """Return what the same request has brought, or else the job with this id. Raises as `accept` does."""
    if request is not None and earlier(connection, job.tenant, request) is not None:
        return _earlier_job(connection, job.tenant, request)
    is_known(connection, job)
    return must_fetch(connection, job.id)


def _earlier_job(connection: sqlite3.Connection, tenant: TenantId, request: IdempotentRequest) -> Job:
    known = earlier(connection, tenant, request) or Answered(())
    job_id = next((job_id for job_id in known.ids if job_id is not None), None)
    if job_id is None:
        raise IdempotencyConflictError(request.key)
    job = fetch(connection, job_id)
    if job is None:
        raise EarlierJobGoneError(request.key, job_id)
    return as_met(job) if known.met else job


def earlier(connection: sqlite3.Connection, tenant: TenantId, request: IdempotentRequest) -> Answered | None:
    """Return what the same request with this key has brought; None: it is new.

    Raises IdempotencyConflictError when it was another request.
    """
    row = connection.execute(
        "SELECT body_digest, job_id, job_ids, met, refused FROM idempotency_keys"
        " WHERE tenant = ? AND route = ? AND key = ?",
        (tenant, request.route, request.key),
    ).fetchone()
    if row is None:
        return None
    if row["body_digest"] != request.body_digest:
        raise IdempotencyConflictError(request.key)
    ids: list[JobId | None] = [row["job_id"]] if row["job_ids"] is None else json.loads(row["job_ids"])
    refused = {int(place): JobId(rival) for place, rival in json.loads(row["refused"] or "{}").items()}
    return Answered(ids, frozenset(json.loads(row["met"] or "[]")), refused, _gone(connection, ids))


def _gone(connection: sqlite3.Connection, ids: Sequence[JobId | None]) -> frozenset[int]:
    """Return in which places the job has been removed."""
    write_gathered(connection)
    there = known_among(connection, [job_id for job_id in ids if job_id is not None])
    return frozenset(place for place, job_id in enumerate(ids) if job_id is not None and job_id not in there)


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
    *,
    atomic: bool = False,
) -> Answered:
    """Store new jobs of one tenant with all that belongs to them; return their ids, or those of the earlier request.

    Raises IdempotencyConflictError, InvalidTransitionError for a job begun elsewhere, if it is `atomic`
    UniqueConflictError, and ValueError for jobs of several tenants. The transaction raises ConflictError when an id is
    taken.
    """
    sound = [job for job in jobs if job is not None]
    if len({job.tenant for job in sound}) > 1:
        raise ValueError("a batch holds the jobs of one tenant")
    met, refused = _rivals(connection, sound, claims, request)
    if atomic and refused:
        raise UniqueConflictError(refused)
    left = [job for job in sound if job.id not in refused]
    ids = [None if job is None or job.id in refused else met.get(job.id, job.id) for job in jobs]
    answered = Answered(
        ids,
        frozenset(place for place, job in enumerate(jobs) if job is not None and job.id in met),
        {place: refused[job.id] for place, job in enumerate(jobs) if job is not None and job.id in refused},
    )
    if not left:
        return answered
    if request is not None and not _spend_key(connection, left[0], request, answered, batch=True):
        return earlier(connection, left[0].tenant, request) or Answered(())
    _store(connection, [job for job in left if job.id not in met], claims=claims)
    return answered


def known_among(connection: sqlite3.Connection, job_ids: Collection[JobId]) -> frozenset[JobId]:
    """Return those of the jobs that are stored."""
    statement = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
    return frozenset(JobId(row[0]) for row in connection.execute(statement, (json.dumps(list(job_ids)),)))


def _rivals(
    connection: sqlite3.Connection,
    jobs: Sequence[Job],
    claims: Mapping[JobId, UniqueClaim],
    request: IdempotentRequest | None,
) -> Rivals:
    """Return what new jobs meet; a request that comes again meets nothing."""
    if not (jobs and claims) or (request is not None and earlier(connection, jobs[0].tenant, request) is not None):
        return NO_RIVALS
    return sqlite_unique.rivals(connection, jobs, claims)


def _spend_key(
    connection: sqlite3.Connection,
    job: Job,
    request: IdempotentRequest,
    answered: Answered,
    *,
    batch: bool = False,
    unless: JobId | None = None,
) -> bool:
    """Note with the client's key what is answered; return whether it is new. It stays spent when its job is deleted:
    nothing comes twice. `job`: one of the request's own. `unless`: nothing is noted, either, when this job is stored.
    """
    ids, met, refused, _ = answered
    row = (
        job.tenant, request.route, request.key, request.body_digest, job.id if batch else ids[0],
        to_micros(job.created_at), json.dumps(ids) if batch else None, json.dumps(sorted(met)) if met else None,
        json.dumps(refused) if refused else None, unless,
    )  # fmt: skip
    return connection.execute(_KEYS, row).rowcount > 0


def _store(
    connection: sqlite3.Connection,
    jobs: Sequence[Job],
    status: JobStatus = JobStatus.PENDING,
    claims: Mapping[JobId, UniqueClaim] = NO_CLAIMS,
) -> None:
    """Have the jobs written before the commit, and then what refers to them."""
    fields = [values_of(job) for job in jobs]
    for job in fields:
        if job["status"] is not status or _begun_as(job) != _NOT_BEGUN:
            raise InvalidTransitionError(job["id"], job["status"], status)
    before_commit(connection, _insert, fields, first=True)
    if claims:
        sqlite_unique.take(connection, jobs, claims)
    ids = ids_of(new_id, len(jobs))
    sqlite_events.append(connection, [_line_of(job) for job in fields])
    sqlite_audit.append(connection, [_entry_of(id_, job) for id_, job in zip(ids, fields, strict=True)])


def _line_of(job: _Fields) -> EventLine:
    return event_of((job["tenant"], job["id"], _RUN, _ACCEPTED, to_micros(job["created_at"]), None, _NO_DATA))


def _entry_of(id_: str, job: _Fields) -> AuditLine:
    reason, at = well_formed(job["description"] or job["intent"]), to_micros(job["created_at"])
    return entry_of((job["tenant"], id_, at, job["id"], None, "job.accepted", reason, "success", None, _METADATA))


def _insert(connection: sqlite3.Connection, jobs: Sequence[_Fields]) -> None:
    plans: dict[int, _Plan] = {}
    rows: list[Row] = []
    tasks: list[tuple[JobId, Sequence[TaskId]]] = []
    turns = _turns(connection, jobs)
    for job in jobs:
        graph: TaskGraph = job["task_graph"]
        plan = plans.get(id(graph))
        if plan is None:
            plan = plans[id(graph)] = _plan_of(graph)
        rows.append(_row_of(job, plan, next(turns[job["tenant"], job["priority"]])))
        tasks.append((job["id"], plan.tasks))
    try:
        _insert_jobs(connection, rows)
    except sqlite3.IntegrityError as error:
        taken = known_among(connection, [job["id"] for job in jobs])
        raise ConflictError(f"Job ids are taken or given twice: {sorted(taken)}") from error
    add_tasks(connection, tasks)


def _turns(connection: sqlite3.Connection, jobs: Sequence[_Fields]) -> Mapping[tuple[TenantId, int], Iterator[int]]:
    """Return the turns of the jobs, by tenant and priority."""
    counts = Counter((job["tenant"], job["priority"]) for job in jobs)
    return {
        (tenant, priority): iter(next_turns(connection, priority, tenant, count))
        for (tenant, priority), count in counts.items()
    }


def _plan_of(graph: TaskGraph) -> _Plan:
    text = graph.seal().canonical()
    return _Plan(text, hashlib.sha256(text.encode()).hexdigest(), tuple(graph.tasks))


def _row_of(job: _Fields, plan: _Plan, turn: int) -> Row:
    begins = job["not_before"]
    return (
        job["id"], job["tenant"], well_formed(job["intent"]), well_formed(job["description"]), job["locale"],
        job["status"]._value_, job["priority"], to_micros(job["created_at"]), maybe_micros(job["deadline"]),
        maybe_micros(begins) or 0, int(begins is not None), job["max_retries"], job["plan_version"], plan.digest,
        well_formed(to_json(job["context"])), plan.document, turn,
    )  # fmt: skip
