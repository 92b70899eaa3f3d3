"""The statements by which workers write their progress, for the caller's transaction; see sqlite_leases.py."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

from scheduler.core.errors import InvalidTransitionError, LeaseLostError
from scheduler.core.ids import JobId, LeaseToken
from scheduler.core.job import JOB_TRANSITIONS, JobStatus
from scheduler.repository import sqlite_audit, sqlite_events
from scheduler.repository.repository_interface import RunProgress
from scheduler.repository.sqlite_jobs import bury
from scheduler.repository.sqlite_parking import park
from scheduler.repository.sqlite_tasks import add_items, end_rest, put_tasks
from scheduler.repository.sqlite_writer import before_commit
from scheduler.repository.storable import document, maybe_micros, well_formed

_tasks, _events, _entries = map(attrgetter, ("tasks", "events", "audit"))


def record(connection: sqlite3.Connection, changes: Sequence[RunProgress], *, again: bool = False) -> None:
    """Store what steps changed when the caller's transaction is committed, together with what others changed.

    With `again`, what is stored already is left out; steps without an audit entry always are, as no id would clash.
    All of it is of the tenant of its job, as RunProgress sees to. Raises, now or then, LeaseLostError unless each lease
    is still the job's, InvalidTransitionError, and sqlite3.IntegrityError for what is stored already.
    """
    if again or not all(map(_entries, changes)):
        changes = _without_recorded(connection, changes, again)
    going, ends = [one for one in changes if one.status is None], [one for one in changes if one.status is not None]
    if going:
        before_commit(connection, _must_hold, going)
    if ends:
        before_commit(connection, _end, ends)
    for progress in changes:
        if progress.added:
            _must_hold(connection, (progress,))  # who has it now may have added the same
            add_items(connection, progress.job_id, progress.added)
    before_commit(connection, put_tasks, tuple(chain.from_iterable(map(_tasks, changes))))
    for progress in ends:
        if progress.rest is not None and progress.completed_at is not None:
            run = progress.events[0].run
            end_rest(connection, progress.tenant, progress.job_id, run, progress.rest, progress.completed_at)
    sqlite_events.append(connection, tuple(chain.from_iterable(map(_events, changes))))
    sqlite_audit.append_of_tenants(connection, tuple(chain.from_iterable(map(_entries, changes))))


def _without_recorded(
    connection: sqlite3.Connection, changes: Sequence[RunProgress], again: bool
) -> Sequence[RunProgress]:
    """Leave out what is stored already: whoever goes on from there must hold the lease all the same."""
    new: list[RunProgress] = []
    for progress in changes:
        if not (again or not progress.audit) or not _is_recorded(connection, progress):
            new.append(progress)
        elif progress.status is None:
            _must_hold(connection, (progress,))
    return new


def _is_recorded(connection: sqlite3.Connection, progress: RunProgress) -> bool:
    """Say whether a step is stored already. Ids of entries are made but once; a line without an entry is known by all
    it says, its time included. What has neither says only how tasks stand, and may be stored again."""
    if not progress.audit:
        return sqlite_events.ends_with(connection, progress.job_id, progress.events)
    statement = "SELECT EXISTS (SELECT 1 FROM audit_log WHERE id = ? AND job_id = ?)"
    ids = ((entry.id, progress.job_id) for entry in progress.audit)
    return all(connection.execute(statement, entry).fetchone()[0] for entry in ids)


def _must_hold(connection: sqlite3.Connection, changes: Sequence[RunProgress]) -> None:
    """Raise LeaseLostError when a lease is lost. When one of several is, all are undone and tried alone."""
    by_token = defaultdict[LeaseToken, list[JobId]](list)
    for progress in changes:
        by_token[progress.lease_token].append(progress.job_id)
    statement = "SELECT count(*) FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND lease_token = ?"
    for token, ids in by_token.items():
        if connection.execute(statement, (document(ids), token)).fetchone()[0] != len(ids):
            raise LeaseLostError(ids[0])


def _end(connection: sqlite3.Connection, ends: Sequence[RunProgress]) -> None:
    """Set the statuses that runs have reached. When one of several cannot be set, all are undone and tried alone."""
    by_status: defaultdict[JobStatus, list[RunProgress]] = defaultdict(list)
    for progress in ends:
        by_status[progress.status or JobStatus.RUNNING].append(progress)
    for progress in by_status.pop(JobStatus.PENDING, []) + by_status.pop(JobStatus.WAITING, []):
        park(connection, progress)
    for status, group in by_status.items():
        if status not in _END or _set(connection, status, group) != len(group):
            before = _status_of(connection, group[0])
            if before is None:
                raise LeaseLostError(group[0].job_id)
            raise InvalidTransitionError(group[0].job_id, before, status)
    for progress in by_status[JobStatus.FAILED]:
        bury(connection, progress.job_id)


def _set(connection: sqlite3.Connection, status: JobStatus, ends: Sequence[RunProgress]) -> int:
    """Set a status that runs have reached; return of how many that could be done. Those that end alike share a
    statement: most jobs of a claim do."""
    alike = defaultdict[tuple[LeaseToken, str | None, str | None], dict[JobId, int | None]](dict)
    for end in ends:
        error = None if end.error is None else well_formed(end.error)
        alike[end.lease_token, error, end.error_code][end.job_id] = maybe_micros(end.completed_at)
    return sum(
        connection.execute(_END[status], (status._value_, error, code, document(times), token)).rowcount
        for (token, error, code), times in alike.items()
    )


def _status_of(connection: sqlite3.Connection, progress: RunProgress) -> JobStatus | None:
    """Return the status of the job; None: the lease is lost."""
    statement = "SELECT status FROM jobs WHERE id = ? AND lease_token = ?"
    row = connection.execute(statement, (progress.job_id, progress.lease_token)).fetchone()
    return None if row is None else JobStatus(row["status"])


def _statement_to_reach(status: JobStatus) -> str:
    """Return the statement by which a run reaches a status; one that ends the work gives the lease up."""
    allowed = [f"'{before}'" for before in JobStatus if status in JOB_TRANSITIONS[before]]
    return (
        "UPDATE jobs SET status = ?, error = ?, error_code = ?, completed_at = time.value, lease_token = NULL,"  # noqa: S608
        " lease_until = NULL FROM json_each(?) AS time"
        f" WHERE jobs.id = time.key AND lease_token = ? AND jobs.status IN ({', '.join(allowed)})"
    )


_END = {status: _statement_to_reach(status) for status in JobStatus if status.final or status is JobStatus.RUNNING}
