"""The statements by which workers take jobs, keep them, write their progress and give them up, for the caller's
transaction.

The token of the lease fences: what a worker writes with a token that is no longer the job's changes nothing. A claim
raises the stored epoch, so that no two leases of a job are alike, whoever handed out its id.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from scheduler.core.assembling import assembled
from scheduler.core.errors import CPAError, LeaseLostError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, LeaseToken, TenantId, new_id
from scheduler.core.job import Job, JobStatus, Lease
from scheduler.core.retry import TaskFailure
from scheduler.core.sentences import sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.repository.sqlite_jobs import bury, note, note_all, said_of
from scheduler.repository.sqlite_passing import next_past
from scheduler.repository.sqlite_rows import JOB_COLUMNS, job_of
from scheduler.repository.sqlite_tasks import end_rest
from scheduler.repository.sqlite_turns import next_turns, taken
from scheduler.repository.storable import to_micros, to_moment

_ITS_TURN: Final = "it is its turn"
_LEASE_RAN_OUT: Final = "the lease of its worker ran out"
_MOST_PROMOTED = 500  # delayed jobs that become ready in one transaction
_LOOK = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE status = 'pending' AND delayed = 0)
    OR EXISTS (SELECT 1 FROM jobs WHERE lease_until <= :now),
    EXISTS (SELECT 1 FROM jobs WHERE status = 'pending' AND delayed = 1 AND not_before <= :now),
    (SELECT min(lease_until) FROM jobs WHERE lease_until > :now),
    (SELECT min(not_before) FROM jobs WHERE status = 'pending' AND delayed = 1 AND not_before > :now)
"""
_CLAIMED = f"n, turn, started_at, lease_token, lease_epoch, {', '.join(JOB_COLUMNS)}"
_READY = f"""
SELECT {_CLAIMED} FROM jobs WHERE status = 'pending' AND delayed = 0 ORDER BY priority DESC, turn, n LIMIT ?
"""  # noqa: S608 - names are ours, here and below
_NUMBERED = f"""
SELECT {_CLAIMED} FROM jobs WHERE n IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, turn, n
"""  # noqa: S608
_LAPSED = f"SELECT {_CLAIMED} FROM jobs WHERE lease_until <= ? ORDER BY lease_until LIMIT ?"  # noqa: S608
_THESE = f"""
SELECT {_CLAIMED} FROM jobs WHERE id IN (SELECT value FROM json_each(:ids))
AND (status = 'pending' AND (delayed = 0 OR not_before <= :now) OR lease_until <= :now)
"""  # noqa: S608
_WAITING = """
SELECT id, tenant, priority, turn, n FROM jobs WHERE status = 'pending' AND delayed = 0 AND {}
ORDER BY priority DESC, turn, n LIMIT ?
"""
_ABOVE_ALL = 2**31
_ID, _TENANT, _STATUS, _RUN, _CRASHES = map(JOB_COLUMNS.index, ("id", "tenant", "status", "run", "crashes"))
"""Where they stand in JOB_COLUMNS: a row looks for a name through all of its columns."""
_TURN, _PRIORITY = 1, 5 + JOB_COLUMNS.index("priority")
"""Where they stand in _CLAIMED."""
_TAKE = """
UPDATE jobs SET status = ?, lease_token = ?, lease_epoch = ?, lease_until = ?, crashes = ?, started_at = ?, delayed = 0
WHERE n IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many jobs may be leased at the same time, in all and of one tenant; None: as many as there are workers."""

    running: int | None = None
    running_of_tenant: int | None = None


NO_LIMITS = Limits()
Place = tuple[int, int, int]
"""Where a ready job stands: its priority, its turn, its number."""


class Ready(NamedTuple):
    """What dispatch needs to know of a job that is ready."""

    job_id: JobId
    tenant: TenantId
    priority: int


class Look(NamedTuple):
    """What there is to lease at a moment, and when there will be more, though nothing changes: a lease runs out, or the
    time of a delayed job comes."""

    ready: bool
    delay_over: bool
    lease_ends: int | None
    delay_ends: int | None

    @property
    def due(self) -> bool:
        return self.ready or self.delay_over

    @property
    def next_due(self) -> datetime | None:
        return to_moment(min((end for end in self[2:] if end is not None), default=None))


class _Room:
    """What the limits leave, counted while jobs are taken."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self._unlimited = limits == NO_LIMITS
        self._left = limits.running
        self._most = limits.running_of_tenant
        self._running: Counter[str] = Counter()
        if not self._unlimited:
            leased = "jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL"
            counts = f"SELECT tenant, count(*) FROM {leased} GROUP BY tenant"  # noqa: S608 - ours
            self._running.update(dict(map(tuple, connection.execute(counts))))
        if self._left is not None:
            self._left -= self._running.total()

    @property
    def left(self) -> bool:
        return self._left is None or self._left > 0

    def ready(self, connection: sqlite3.Connection, limit: int) -> list[sqlite3.Row]:
        """Return the ready jobs that come next, past those of tenants that may have no more now."""
        if not self.left:
            return []
        most = self._most
        full = [] if most is None else [tenant for tenant, running in self._running.items() if running >= most]
        if most is None or not full:
            return connection.execute(_READY, (limit,)).fetchall()
        numbers = next_past(connection, full, limit, most)
        return connection.execute(_NUMBERED, (json.dumps(numbers),)).fetchall()

    def take(self, row: sqlite3.Row) -> bool:
        """Take a place if there is one. A job whose worker is lost has its place already."""
        if self._unlimited or row["lease_token"] is not None:
            return True
        if not self.left or (self._most is not None and self._running[row["tenant"]] >= self._most):
            return False
        self._running[row["tenant"]] += 1
        self._left = None if self._left is None else self._left - 1
        return True


def look(connection: sqlite3.Connection, now: datetime) -> Look:
    """Say whether there is something to lease, and when there will be."""
    return Look._make(connection.execute(_LOOK, {"now": to_micros(now)}).fetchone())


def claim(
    connection: sqlite3.Connection, *, now: datetime, lease: timedelta, limit: int, limits: Limits = NO_LIMITS
) -> list[Job]:
    """Lease the jobs that come next: those whose worker let its lease run out before ready ones of their priority."""
    promote(connection, now)
    room, jobs = _Room(connection, limits), list[Job]()
    while (wanted := limit - len(jobs)) > 0:
        rows = _next_rows(connection, now, wanted, room)
        chosen = [row for row in rows if room.take(row)]
        if chosen:
            taken(connection, [(row[_PRIORITY], row[_TURN]) for row in chosen])
            jobs += _take(connection, chosen, now, lease)
        if len(rows) < wanted or not chosen:
            break
    return jobs


def _next_rows(connection: sqlite3.Connection, now: datetime, limit: int, room: _Room) -> list[sqlite3.Row]:
    lapsed_ = connection.execute(_LAPSED, (to_micros(now), limit)).fetchall()
    ready = room.ready(connection, limit)
    return sorted(lapsed_ + ready, key=lambda row: -row["priority"])[:limit] if lapsed_ else ready


def claim_these(
    connection: sqlite3.Connection, ids: Sequence[JobId], *, now: datetime, lease: timedelta
) -> tuple[list[Job], dict[JobId, datetime]]:
    """Lease those of the jobs that may be leased; return them, and until when others hold the rest, as far as they do.

    What is in neither is not there, has ended, or waits for its time.
    """
    values = {"ids": json.dumps(ids), "now": to_micros(now)}
    found = {row["id"]: row for row in connection.execute(_THESE, values)}
    jobs = _take(connection, [found[job_id] for job_id in ids if job_id in found], now, lease)
    if len(found) == len(ids):
        return jobs, {}
    held = "SELECT id, lease_until FROM jobs WHERE id IN (SELECT value FROM json_each(:ids)) AND lease_until > :now"
    rows = connection.execute(held, values)
    ours = {job.id for job in jobs}
    return jobs, {row["id"]: _certain(row["lease_until"]) for row in rows if row["id"] not in ours}


def _certain(micros: int) -> datetime:
    moment = to_moment(micros)
    assert moment is not None  # noqa: S101 - the statement asks for rows that have one
    return moment


def _take(connection: sqlite3.Connection, rows: Iterable[sqlite3.Row], now: datetime, lease: timedelta) -> list[Job]:
    """Lease the jobs of the rows; one whose plan cannot be read is put aside.

    They share a token, since it is always asked for together with the id of a job.
    """
    jobs, until = list[Job](), now + lease
    changes = defaultdict[tuple[Any, ...], list[int]](list)
    notes = list[tuple[Any, ...]]()
    at, end, new_token = to_micros(now), to_micros(until), LeaseToken(new_id())
    alike: dict[tuple[int, int], tuple[Lease, tuple[str, str]]] = {}
    for row in rows:
        n, _, begun, token, before, *values = row
        epoch, run, lost = before + 1, values[_RUN], token is not None
        if (epoch, run) not in alike:
            new_lease = assembled(Lease, {"token": new_token, "epoch": epoch, "until": until})
            alike[epoch, run] = new_lease, said_of(run, {"epoch": epoch})
        leased, said = alike[epoch, run]
        status = JobStatus.CANCELLING if values[_STATUS] == "cancelling" else JobStatus.RUNNING
        crashes, started_at = values[_CRASHES] + lost, now if begun is None else to_moment(begun)
        try:
            job = job_of(values, lease=leased, status=status, crashes=crashes, started_at=started_at)
        except (ValueError, CPAError):
            _put_aside(connection, row, now)
            continue
        changes[status._value_, new_token, epoch, end, crashes, at if begun is None else begun].append(n)
        line = EventType.JOB_STARTED if begun is None else EventType.JOB_RESUMED
        notes.append((values[_TENANT], values[_ID], run, line, _LEASE_RAN_OUT if lost else _ITS_TURN, *said))
        jobs.append(job)
    for change, numbers in changes.items():  # mostly it is the same for all
        connection.execute(_TAKE, (*change, json.dumps(numbers)))
    note_all(connection, notes, at)
    return jobs


def promote(connection: sqlite3.Connection, now: datetime) -> list[Ready]:
    """Make delayed jobs whose time has come ready, and return them."""
    found = connection.execute(
        "SELECT n, id, tenant, priority FROM jobs WHERE status = 'pending' AND delayed = 1 AND not_before <= ?"
        " ORDER BY not_before LIMIT ?",
        (to_micros(now), _MOST_PROMOTED),
    ).fetchall()
    if not found:
        return []
    turns = [(next_turns(connection, row["priority"], row["tenant"])[0], row["n"]) for row in found]
    connection.executemany("UPDATE jobs SET delayed = 0, turn = ? WHERE n = ?", turns)
    return [Ready(row["id"], row["tenant"], row["priority"]) for row in found]


def waiting(connection: sqlite3.Connection, after: Place | None, limit: int) -> tuple[list[Ready], Place | None]:
    """Return a page of the jobs that are ready, in the order of their turns, and its end; None: it was the last page.

    `after` is the end of the page before, None for the first.
    """
    rows: list[sqlite3.Row] = []
    if after is not None:
        rows += connection.execute(_WAITING.format("priority = ? AND (turn, n) > (?, ?)"), (*after, limit))
    below = _WAITING.format("priority < ?")
    rows += connection.execute(below, (after[0] if after else _ABOVE_ALL, limit - len(rows)))
    end = (rows[-1]["priority"], rows[-1]["turn"], rows[-1]["n"]) if len(rows) == limit else None
    return [Ready(row["id"], row["tenant"], row["priority"]) for row in rows], end


def lapsed(connection: sqlite3.Connection, now: datetime, limit: int) -> list[Ready]:
    """Return jobs whose worker let its lease run out."""
    statement = "SELECT id, tenant, priority FROM jobs WHERE lease_until <= ? ORDER BY lease_until LIMIT ?"
    return [Ready(*row) for row in map(tuple, connection.execute(statement, (to_micros(now), limit)))]


def free_among(connection: sqlite3.Connection, ids: Sequence[JobId]) -> frozenset[JobId]:
    """Return those of the jobs that have not ended and that nobody has."""
    statement = (
        "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
        " AND lease_token IS NULL AND completed_at IS NULL"
    )
    return frozenset(JobId(row[0]) for row in connection.execute(statement, (json.dumps(ids),)))


def count_waiting(connection: sqlite3.Connection, tenant: TenantId | None, most: int) -> int:
    """Return how many jobs are ready or delayed, in all or of a tenant; counting ends at about `most`."""
    if tenant is None:
        rows = (
            "SELECT * FROM (SELECT 1 FROM jobs WHERE status = 'pending' AND delayed = 0 LIMIT :most) UNION ALL"
            " SELECT * FROM (SELECT 1 FROM jobs WHERE status = 'pending' AND delayed = 1 LIMIT :most)"
        )
    else:
        rows = "SELECT 1 FROM jobs WHERE tenant = :tenant AND status = 'pending' LIMIT :most"
    counted = connection.execute(f"SELECT count(*) FROM ({rows})", {"tenant": tenant, "most": most})  # noqa: S608 - ours
    return int(counted.fetchone()[0])


def length(connection: sqlite3.Connection, now: datetime) -> int:
    """Return how many jobs are ready."""
    ready = "SELECT count(*) FROM jobs WHERE status = 'pending' AND delayed = 0"
    due = "SELECT count(*) FROM jobs WHERE status = 'pending' AND delayed = 1 AND not_before <= ?"
    values = (to_micros(now),)
    return int(connection.execute(ready).fetchone()[0] + connection.execute(due, values).fetchone()[0])


def _put_aside(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> None:
    """End a job whose plan this version of ours cannot read, or it would stand in the way of all others."""
    job = Job(
        id=row["id"], tenant=row["tenant"], intent=row["intent"], run=row["run"], task_graph=TaskGraph(), created_at=now
    )
    connection.execute(
        "UPDATE jobs SET status = 'failed', error = ?, error_code = 'internal', completed_at = ?, lease_token = NULL,"
        " lease_until = NULL WHERE id = ?",
        (sentence("internal", row["locale"], {"correlation_id": job.id}), to_micros(now), job.id),
    )
    failure = TaskFailure(code="internal", message="its plan cannot be read")
    end_rest(connection, job.tenant, job.id, job.run, failure, now)
    bury(connection, job.id)
    note(connection, job, EventType.JOB_FAILED, now, reason="its plan cannot be read", code="internal")


def renew(connection: sqlite3.Connection, leases: Iterable[tuple[JobId, LeaseToken]], until: datetime) -> set[JobId]:
    """Prolong leases; return the jobs whose lease is lost."""
    statement = "UPDATE jobs SET lease_until = ? WHERE id = ? AND lease_token = ?"
    return {
        job_id
        for job_id, token in leases
        if connection.execute(statement, (to_micros(until), job_id, token)).rowcount == 0
    }


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
