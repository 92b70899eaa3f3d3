"""The promise of forgetting kept on SQLite: old rows are found by their numbers, which grow with time."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Final

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId, TenantId, first_id_of, new_id
from scheduler.core.job import JobStatus
from scheduler.repository import sqlite_audit
from scheduler.repository.retention import PrunedJobs
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.storable import maybe_micros, to_micros

_STEP: Final = 0.005  # seconds a step may delete; the job it is at then is finished
_LOOK: Final = 200  # rows a step looks at
_MOST_EVENTS: Final = 1_000  # a longer timeline goes in several steps
_SOME: Final = 500  # rows without anything hanging on them that a step removes
_OLD_ACCOUNTS: Final = """
    SELECT account FROM spending WHERE account >= 'day ' AND account < 'day ' || :day
    UNION ALL SELECT account FROM spending
        WHERE account >= 'tenant ' AND account < 'tenant!' AND substr(account, -10) < :day
    UNION ALL SELECT account FROM spending
        WHERE account >= 'job ' AND account < 'job ' || :first AND substr(account, 19, 1) = '7'
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = substr(account, 5))
"""
"""Ids of version 7 sort by time; a job of another id loses its account only together with itself."""
_OLD_JOBS: Final = "SELECT n, id, tenant, status, completed_at, created_at FROM jobs WHERE n > ? ORDER BY n LIMIT ?"


class SQLiteRetentionRepository:
    """Forgetting in SQLite."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    async def prune_jobs(self, ended_before: datetime, after: int, now: datetime) -> PrunedJobs:
        limit = to_micros(ended_before)
        found, go_on = await self._database.read(lambda connection: _old_jobs(connection, limit, after))
        if not found:
            return PrunedJobs((), go_on)
        removed, last = await self._remove_jobs(found, limit, now)
        return PrunedJobs(removed, go_on if last == found[-1] else last)

    @crash_points(CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE)
    async def _remove_jobs(self, found: Sequence[int], limit: int, now: datetime) -> tuple[list[JobId], int]:
        return await self._database.write(lambda connection: _remove_jobs(connection, found, limit, now))

    async def prune_messages(self, before: datetime) -> int:
        return await self._prune("messages", "n", "stored_at", before)

    async def prune_schedule_events(self, before: datetime) -> int:
        return await self._prune("schedule_events", "seq", "at", before)

    async def prune_spending(self, before: datetime) -> int:
        wanted = f"{_OLD_ACCOUNTS} LIMIT :some", {**_of_accounts(before), "some": _SOME}
        rows = await self._database.read(lambda connection: connection.execute(*wanted).fetchall())
        if rows:
            await self._delete("spending", "account", [row[0] for row in rows])
        return len(rows)

    async def prune_keys(self, before: datetime) -> int:
        wanted = (to_micros(before), _SOME)
        oldest = "SELECT tenant, route, key FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?"
        rows = await self._database.read(lambda connection: connection.execute(oldest, wanted).fetchall())
        if rows:
            await self._forget([tuple(row) for row in rows])
        return len(rows)

    @crash_points(CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE)
    async def _forget(self, keys: Sequence[tuple[str, str, str]]) -> None:
        statement = "DELETE FROM idempotency_keys WHERE tenant = ? AND route = ? AND key = ?"
        await self._database.write(lambda connection: connection.executemany(statement, keys))

    async def _prune(self, table: str, number: str, time_of: str, before: datetime) -> int:
        """Remove rows from the oldest on until one is young enough."""
        oldest = f"SELECT {number}, {time_of} FROM {table} WHERE {number} > 0 ORDER BY {number} LIMIT ?"  # noqa: S608
        rows = await self._database.read(lambda connection: connection.execute(oldest, (_SOME,)).fetchall())
        limit = to_micros(before)
        old = [row[0] for row in takewhile(lambda row: row[1] < limit, rows)]
        if old:
            await self._delete(table, number, old)
        return len(old)

    @crash_points(CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE)
    async def _delete(self, table: str, number: str, old: Sequence[int | str]) -> None:
        statement = f"DELETE FROM {table} WHERE {number} = ?"  # noqa: S608 - names are ours
        await self._database.write(lambda connection: connection.executemany(statement, [(row,) for row in old]))

    async def count_old(
        self, jobs: datetime | None, messages: datetime | None, keys: datetime | None
    ) -> tuple[int, int, int, int, int]:
        def read(connection: sqlite3.Connection) -> tuple[int, int, int, int, int]:
            forgotten = "SELECT count(*) FROM idempotency_keys WHERE created_at < ?"
            return (
                _count_jobs(connection, maybe_micros(jobs)),
                _count(connection, "messages", "n", "stored_at", maybe_micros(messages)),
                connection.execute(forgotten, (maybe_micros(keys),)).fetchone()[0],
                _count(connection, "schedule_events", "seq", "at", maybe_micros(jobs)),
                0 if jobs is None else len(connection.execute(_OLD_ACCOUNTS, _of_accounts(jobs)).fetchall()),
            )

        return await self._database.read(read)

    async def unknown_jobs(self, job_ids: Sequence[JobId]) -> Sequence[JobId]:
        statement = "SELECT 1 FROM jobs WHERE id = ?"
        return await self._database.read(
            lambda connection: [
                job_id for job_id in job_ids if connection.execute(statement, (job_id,)).fetchone() is None
            ]
        )


def _of_accounts(before: datetime) -> dict[str, str]:
    return {"day": before.astimezone(UTC).date().isoformat(), "first": first_id_of(before)}


def _old_jobs(connection: sqlite3.Connection, limit: int, after: int) -> tuple[list[int], int | None]:
    """Return the numbers of jobs that ended before `limit`, and where to look next.

    Numbers grow with the time of acceptance, and no job ends before it was accepted: the look ends at the first that
    was accepted after `limit`.
    """
    rows = connection.execute(_OLD_JOBS, (after, _LOOK)).fetchall()
    seen = list(takewhile(lambda row: row["created_at"] < limit, rows))
    found = [row["n"] for row in seen if _is_old(row, limit)]
    return found, seen[-1]["n"] if len(seen) == _LOOK else None


def _is_old(row: sqlite3.Row, limit: int) -> bool:
    return JobStatus(row["status"]).final and row["completed_at"] is not None and row["completed_at"] < limit


def _count_jobs(connection: sqlite3.Connection, limit: int | None) -> int:
    count, after = 0, None if limit is None else 0
    while limit is not None and after is not None:
        found, after = _old_jobs(connection, limit, after)
        count += len(found)
    return count


def _count(connection: sqlite3.Connection, table: str, number: str, time_of: str, limit: int | None) -> int:
    """Count rows from the oldest on until one is young enough."""
    rows = connection.execute(f"SELECT {time_of} FROM {table} WHERE {number} > 0 ORDER BY {number}")  # noqa: S608
    return 0 if limit is None else sum(1 for _ in takewhile(lambda row: row[0] < limit, rows))


def _remove_jobs(
    connection: sqlite3.Connection, found: Sequence[int], limit: int, now: datetime
) -> tuple[list[JobId], int]:
    """Remove jobs, one whole job after the other, until the time is up; one that was retried meanwhile stays.

    Return the ids of those that were removed, and the number after which there is more to do.
    """
    end = time.monotonic() + _STEP
    entries: list[AuditEntry] = []
    last = found[0] - 1
    for number in found:
        row = connection.execute("SELECT id, tenant, status, completed_at FROM jobs WHERE n = ?", (number,)).fetchone()
        if row is not None and _is_old(row, limit):
            if _has_shortened(connection, row["id"]):
                break
            connection.execute("DELETE FROM jobs WHERE n = ?", (number,))
            connection.execute("DELETE FROM spending WHERE account = 'job ' || ?", (row["id"],))
            entries.append(_entry(row["tenant"], row["id"], now))
        last = number
        if time.monotonic() > end:
            break
    by_tenant = attrgetter("tenant")
    for _, group in groupby(sorted(entries, key=by_tenant), key=by_tenant):
        sqlite_audit.append(connection, list(group))
    return [entry.job_id for entry in entries], last


def _has_shortened(connection: sqlite3.Connection, job_id: JobId) -> bool:
    """Remove the oldest events of a job with a long timeline; return whether it was one, for which a step is enough."""
    statement = "SELECT seq FROM events WHERE job_id = ? ORDER BY seq LIMIT ?"
    events = connection.execute(statement, (job_id, _MOST_EVENTS)).fetchall()
    if len(events) == _MOST_EVENTS:
        connection.execute("DELETE FROM events WHERE job_id = ? AND seq <= ?", (job_id, events[-1]["seq"]))
    return len(events) == _MOST_EVENTS


def _entry(tenant: TenantId, job_id: JobId, now: datetime) -> AuditEntry:
    return AuditEntry(
        id=new_id(),
        timestamp=now,
        tenant=tenant,
        job_id=job_id,
        action="job.pruned",
        reason="it is older than the retention time",
        result="success",
    )
