"""The statements by which one job of a kind takes its place in SQLite, for the caller's transaction.

A partial unique index lets one job at a time hold a key. Nobody has to free it: whether the job that holds it is in
the way is told by its status and its age when the next one comes, which then takes the place.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.core.errors import UniqueConflictError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.sqlite_rows import insertion_in_order
from scheduler.repository.sqlite_writer import before_commit, write_gathered
from scheduler.repository.storable import MICROSECOND, to_moment

_COLUMNS: Final = ("job_id", "tenant", "key", "states", "within", "held")
_INSERT: Final = insertion_in_order("unique_jobs", _COLUMNS)
_HOLDER: Final = """
SELECT job_id, status, created_at FROM unique_jobs AS u JOIN jobs ON jobs.id = u.job_id
WHERE u.tenant = ? AND u.key = ? AND u.held = 1
"""


def holder(connection: sqlite3.Connection, tenant: TenantId, claim: UniqueClaim, now: datetime) -> JobId | None:
    """Return the job that is in the way of one with this claim."""
    row = connection.execute(_HOLDER, (tenant, claim.key)).fetchone()
    if row is None or not claim.met_by(JobStatus(row["status"]), _moment(row["created_at"]), now):
        return None
    return JobId(row["job_id"])


def rivals(
    connection: sqlite3.Connection, jobs: Sequence[Job], claims: Mapping[JobId, UniqueClaim]
) -> Mapping[JobId, JobId]:
    """Return those of the new jobs that another one is in the way of, and which; it may be one of them.

    Raises UniqueConflictError for those that want no other in their place.
    """
    write_gathered(connection)
    met: dict[JobId, JobId] = {}
    new: dict[str, JobId] = {}
    for job in jobs:
        claim = claims.get(job.id)
        if claim is None:
            continue
        rival = new.get(claim.key) or holder(connection, job.tenant, claim, job.created_at)
        if rival is None:
            new[claim.key] = job.id
        else:
            met[job.id] = rival
    taken = {job_id: rival for job_id, rival in met.items() if claims[job_id].refuses}
    if taken:
        raise UniqueConflictError(taken)
    return met


def take(connection: sqlite3.Connection, jobs: Sequence[Job], claims: Mapping[JobId, UniqueClaim]) -> None:
    """Have new jobs that have no rivals hold their keys; their rows are written first."""
    rows = [(job, claims[job.id]) for job in jobs if job.id in claims]
    for job, claim in rows:
        _let_go(connection, job.tenant, claim.key)
    before_commit(connection, _insert, [_row(job, claim) for job, claim in rows])


def take_again(connection: sqlite3.Connection, job: Job, now: datetime) -> None:
    """Have a job that ended hold its key anew, if it has one. Raises UniqueConflictError while another has
    its place."""
    row = _let_go_of(connection, job.id)
    if row is None:
        return
    rival = holder(connection, job.tenant, _claim(row), now)
    if rival is not None:
        raise UniqueConflictError({job.id: rival})
    _let_go(connection, job.tenant, row["key"])
    connection.execute("UPDATE unique_jobs SET held = 1 WHERE job_id = ?", (job.id,))


def rival_of(connection: sqlite3.Connection, job: Job, now: datetime) -> JobId | None:
    """Return the job that keeps one that ended from holding its key anew."""
    row = _let_go_of(connection, job.id)
    return None if row is None else holder(connection, job.tenant, _claim(row), now)


def _let_go_of(connection: sqlite3.Connection, job_id: JobId) -> sqlite3.Row | None:
    """Return what a job claims, if another one has taken its place."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM unique_jobs WHERE job_id = ? AND held = 0", (job_id,)
    ).fetchone()
    return row


def _let_go(connection: sqlite3.Connection, tenant: TenantId, key: str) -> None:
    connection.execute("UPDATE unique_jobs SET held = 0 WHERE tenant = ? AND key = ? AND held = 1", (tenant, key))


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    connection.executemany(_INSERT, rows)


def _row(job: Job, claim: UniqueClaim) -> tuple[object, ...]:
    within = None if claim.within is None else claim.within // MICROSECOND
    return job.id, job.tenant, claim.key, json.dumps(claim.states), within, 1


def _claim(row: sqlite3.Row) -> UniqueClaim:
    within: Any = None if row["within"] is None else timedelta(microseconds=row["within"])
    states = tuple(JobStatus(state) for state in json.loads(row["states"]))
    return UniqueClaim(key=row["key"], states=states, within=within)


def _moment(micros: int) -> datetime:
    moment = to_moment(micros)
    assert moment is not None  # noqa: S101 - a job has been accepted at some time
    return moment
