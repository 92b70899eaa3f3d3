"""The statements by which one job of a kind takes its place in SQLite, for the caller's transaction.

A partial unique index lets one job at a time hold a key. Nobody has to free it: whether the job that holds it is in
the way is told by its status and its age when the next one comes, which then takes the place. One that had not ended
then, because the next did not mind it, stands beside it from there on: others may mind it until it ends.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from scheduler.core.errors import UniqueConflictError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.sqlite_rows import insertion_in_order
from scheduler.repository.sqlite_writer import before_commit, write_gathered
from scheduler.repository.storable import MICROSECOND, to_moment

_COLUMNS: Final = ("job_id", "tenant", "key", "states", "within", "held")
_INSERT: Final = insertion_in_order("unique_jobs", _COLUMNS)
_PASSED, _HELD, _BESIDE = 0, 1, 2
_RIVALS: Final = " UNION ALL ".join(
    f"SELECT job_id, held, status, created_at FROM unique_jobs AS u JOIN jobs ON jobs.id = u.job_id"  # noqa: S608 - ours
    f" WHERE u.tenant = ?1 AND u.key = ?2 AND u.held = {held}"
    for held in (_HELD, _BESIDE)
)
_ENDED: Final = ", ".join(f"'{status.value}'" for status in JobStatus if status.final)
_LET_GO: Final = [
    f"UPDATE unique_jobs SET held = CASE WHEN (SELECT status FROM jobs WHERE id = job_id) IN ({_ENDED})"  # noqa: S608 - ours
    f" THEN {_PASSED} ELSE {_BESIDE} END WHERE tenant = ? AND key = ? AND held = {held}"
    for held in (_BESIDE, _HELD)
]


class Rivals(NamedTuple):
    """By which jobs the places of new ones are taken: of those that get them instead, and of those that want none."""

    met: Mapping[JobId, JobId]
    refused: Mapping[JobId, JobId]


NO_RIVALS: Final = Rivals({}, {})


def holder(
    connection: sqlite3.Connection, tenant: TenantId, claim: UniqueClaim, now: datetime, besides: JobId | None = None
) -> JobId | None:
    """Return the job that is in the way of one with this claim: the last that took the key, or one that goes on.

    `besides`: the job whose claim it is.
    """
    for row in connection.execute(_RIVALS, (tenant, claim.key)).fetchall():
        status = JobStatus(row["status"])
        counts = row["job_id"] != besides and (row["held"] == _HELD or not status.final)
        if counts and claim.met_by(status, _moment(row["created_at"]), now):
            return JobId(row["job_id"])
    return None


def rivals(connection: sqlite3.Connection, jobs: Sequence[Job], claims: Mapping[JobId, UniqueClaim]) -> Rivals:
    """Return those of the new jobs that another one is in the way of, and which; it may be one of them."""
    write_gathered(connection)
    met, refused = dict[JobId, JobId](), dict[JobId, JobId]()
    new: dict[str, JobId] = {}
    for job in jobs:
        claim = claims.get(job.id)
        if claim is None:
            continue
        rival = new.get(claim.key) or holder(connection, job.tenant, claim, job.created_at)
        if rival is None:
            new[claim.key] = job.id
        elif claim.refuses:
            refused[job.id] = rival
        else:
            met[job.id] = rival
    return Rivals(met, refused)


def take(connection: sqlite3.Connection, jobs: Sequence[Job], claims: Mapping[JobId, UniqueClaim]) -> None:
    """Have new jobs that have no rivals hold their keys; their rows are written first."""
    rows = [(job, claims[job.id]) for job in jobs if job.id in claims]
    for job, claim in rows:
        _let_go(connection, job.tenant, claim.key)
    before_commit(connection, _insert, [_row(job, claim) for job, claim in rows])


def take_again(connection: sqlite3.Connection, job: Job, now: datetime) -> None:
    """Have a job that ended hold its key anew, if it has one. Raises UniqueConflictError while another has
    its place."""
    write_gathered(connection)
    row = _row_of(connection, job.id)
    if row is None:
        return
    rival = holder(connection, job.tenant, _claim(row), now, job.id)
    if rival is not None:
        raise UniqueConflictError({job.id: rival})
    _let_go(connection, job.tenant, row["key"])
    connection.execute("UPDATE unique_jobs SET held = ? WHERE job_id = ?", (_HELD, job.id))


def rival_of(connection: sqlite3.Connection, job: Job, now: datetime) -> JobId | None:
    """Return the job that keeps one that ended from holding its key anew."""
    row = _row_of(connection, job.id)
    return None if row is None else holder(connection, job.tenant, _claim(row), now, job.id)


def _row_of(connection: sqlite3.Connection, job_id: JobId) -> sqlite3.Row | None:
    """Return what a job claims, if it does."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM unique_jobs WHERE job_id = ?", (job_id,)).fetchone()
    return row


def _let_go(connection: sqlite3.Connection, tenant: TenantId, key: str) -> None:
    """Have the job that holds the key hold it no more, and see which of those beside it have ended."""
    for statement in _LET_GO:
        connection.execute(statement, (tenant, key))


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    connection.executemany(_INSERT, rows)


def _row(job: Job, claim: UniqueClaim) -> tuple[object, ...]:
    within = None if claim.within is None else claim.within // MICROSECOND
    return job.id, job.tenant, claim.key, json.dumps(claim.states), within, _HELD


def _claim(row: sqlite3.Row) -> UniqueClaim:
    within: Any = None if row["within"] is None else timedelta(microseconds=row["within"])
    states = tuple(JobStatus(state) for state in json.loads(row["states"]))
    return UniqueClaim(key=row["key"], states=states, within=within)


def _moment(micros: int) -> datetime:
    moment = to_moment(micros)
    assert moment is not None  # noqa: S101 - a job has been accepted at some time
    return moment
