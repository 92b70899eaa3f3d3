"""The promise of forgetting kept on SQLite: what is old is found by its time, whatever the clock was when it came."""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Final

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId, TenantId, first_id_of, new_id
from scheduler.repository import sqlite_audit
from scheduler.repository.news import News
from scheduler.repository.retention import PrunedJobs
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.storable import maybe_micros, to_micros

_STEP: Final = 0.005  # seconds a step may delete; the job it is at then is finished
_LOOK: Final = 200  # jobs a step looks at
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
_ENDED: Final = "status IN ('done', 'failed', 'cancelled')"
_IN_THE_WAY: Final = """
EXISTS (
    SELECT 1 FROM unique_jobs WHERE job_id = jobs.id AND held = 1 AND instr(states, '"' || status || '"') > 0
    AND (within IS NULL OR created_at + within > :now)
)
"""
"""Of others of its unique key, for the time that it has asked for: without it they would be let in sooner."""
_OLD = f"completed_at < :limit AND {_ENDED} AND NOT {_IN_THE_WAY}"
_OLD_JOBS = f"SELECT id FROM jobs WHERE {_OLD} ORDER BY completed_at LIMIT :look"  # noqa: S608 - ours, here and below
_BEGUN = "SELECT job_id FROM pruning ORDER BY job_id LIMIT :look"
_TO_GO = f"""
SELECT tenant FROM jobs WHERE id = :id AND ({_OLD} OR {_ENDED} AND id IN (SELECT job_id FROM pruning))
"""  # noqa: S608
_LIVES_ON = f"DELETE FROM pruning WHERE job_id = (SELECT id FROM jobs WHERE id = ? AND NOT {_ENDED})"  # noqa: S608
"""A version of before, which knows no marks, has given it another run."""
_OF_NO_RUNNING_JOB = f" AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = conversation_id AND NOT {_ENDED})"  # noqa: S608
_COUNT_JOBS = f"""
SELECT (SELECT count(*) FROM jobs WHERE {_OLD})
    + (SELECT count(*) FROM pruning CROSS JOIN jobs ON id = job_id WHERE {_ENDED} AND ({_OLD}) IS NOT TRUE)
"""  # noqa: S608


class SQLiteRetentionRepository:
    """Forgetting in SQLite."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    async def prune_jobs(self, ended_before: datetime | None, now: datetime) -> PrunedJobs:
        limit = maybe_micros(ended_before)
        found = await self._database.read(lambda connection: _to_go(connection, limit, now))
        if not found:
            return PrunedJobs((), more=False)
        removed, all_seen = await self._remove_jobs(found, limit, now)
        return PrunedJobs(removed, more=not all_seen or len(found) >= _LOOK)

    @crash_points(CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE)
    async def _remove_jobs(
        self, found: Sequence[JobId], limit: int | None, now: datetime
    ) -> tuple[Sequence[JobId], bool]:
        return await self._database.write(
            lambda connection: _remove_jobs(connection, found, limit, now), news=News.FOR_LATER
        )

    async def prune_messages(self, before: datetime) -> int:
        return await self._prune("messages", ("n",), "stored_at", before, but=_OF_NO_RUNNING_JOB)

    async def prune_schedule_events(self, before: datetime) -> int:
        return await self._prune("schedule_events", ("seq",), "at", before)

    async def prune_spending(self, before: datetime) -> int:
        wanted = f"{_OLD_ACCOUNTS} LIMIT :some", {**_of_accounts(before), "some": _SOME}
        rows = await self._database.read(lambda connection: connection.execute(*wanted).fetchall())
        if rows:
            await self._delete("DELETE FROM spending WHERE account = ?", [tuple(row) for row in rows])
        return len(rows)

    async def prune_keys(self, before: datetime) -> int:
        return await self._prune("idempotency_keys", ("tenant", "route", "key"), "created_at", before)

    async def prune_enrolments(self, ended_before: datetime) -> int:
        return await self._prune("enrolments", ("id",), "expires_at", ended_before)

    async def _prune(self, table: str, key: tuple[str, ...], time_of: str, before: datetime, *, but: str = "") -> int:
        """Remove some rows from before a moment, the oldest first."""
        wanted = (to_micros(before), _SOME)
        oldest = f"SELECT {', '.join(key)} FROM {table} WHERE {time_of} < ?{but} ORDER BY {time_of} LIMIT ?"  # noqa: S608
        rows = await self._database.read(lambda connection: connection.execute(oldest, wanted).fetchall())
        if rows:
            conditions = " AND ".join(f"{column} = ?" for column in key)
            await self._delete(f"DELETE FROM {table} WHERE {conditions}{but}", [tuple(row) for row in rows])  # noqa: S608
        return len(rows)

    @crash_points(CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE)
    async def _delete(self, statement: str, rows: Sequence[tuple[str | int, ...]]) -> None:
        await self._database.write(
            lambda connection: connection.executemany(statement, rows) and None, news=News.FOR_LATER
        )

    async def count_old(
        self,
        jobs: datetime | None,
        messages: datetime | None,
        keys: datetime | None,
        enrolments: datetime | None,
        now: datetime,
    ) -> tuple[int, int, int, int, int, int]:
        def read(connection: sqlite3.Connection) -> tuple[int, int, int, int, int, int]:
            return (
                connection.execute(_COUNT_JOBS, {"limit": maybe_micros(jobs), "now": to_micros(now)}).fetchone()[0],
                _count(connection, "messages", "stored_at", messages, but=_OF_NO_RUNNING_JOB),
                _count(connection, "idempotency_keys", "created_at", keys),
                _count(connection, "schedule_events", "at", jobs),
                0 if jobs is None else len(connection.execute(_OLD_ACCOUNTS, _of_accounts(jobs)).fetchall()),
                _count(connection, "enrolments", "expires_at", enrolments),
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


def _to_go(connection: sqlite3.Connection, limit: int | None, now: datetime) -> list[JobId]:
    """Return jobs that are to be removed: those whose removal has begun, then those that ended before `limit`."""
    values = {"limit": limit, "now": to_micros(now), "look": _LOOK}
    begun = (row["job_id"] for row in connection.execute(_BEGUN, values))
    old = (row["id"] for row in connection.execute(_OLD_JOBS, values))
    return [JobId(job_id) for job_id in dict.fromkeys((*begun, *old))]


def _count(connection: sqlite3.Connection, table: str, time_of: str, before: datetime | None, *, but: str = "") -> int:
    statement = f"SELECT count(*) FROM {table} WHERE {time_of} < ?{but}"  # noqa: S608
    return int(connection.execute(statement, (maybe_micros(before),)).fetchone()[0])


def _remove_jobs(
    connection: sqlite3.Connection, found: Sequence[JobId], limit: int | None, now: datetime
) -> tuple[list[JobId], bool]:
    """Remove jobs, one whole job after the other, until the time is up; one that was retried meanwhile stays.

    Return the ids of those that were removed, and whether all have been seen.
    """
    end = time.monotonic() + _STEP
    entries: list[AuditEntry] = []
    seen = 0
    for job_id in found:
        row = connection.execute(_TO_GO, {"id": job_id, "limit": limit, "now": to_micros(now)}).fetchone()
        if row is None:
            connection.execute(_LIVES_ON, (job_id,))
        else:
            if _has_shortened(connection, job_id):
                break
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
            connection.execute("DELETE FROM spending WHERE account = 'job ' || ?", (job_id,))
            entries.append(_entry(row["tenant"], job_id, now))
        seen += 1
        if time.monotonic() > end:
            break
    by_tenant = attrgetter("tenant")
    for _, group in groupby(sorted(entries, key=by_tenant), key=by_tenant):
        sqlite_audit.append(connection, list(group))
    return [entry.job_id for entry in entries], seen == len(found)


def _has_shortened(connection: sqlite3.Connection, job_id: JobId) -> bool:
    """Remove the oldest events of a job with a long timeline; return whether it was one, for which a step is enough.

    From then on it is on its way out, whatever the retention time becomes: no other run and no dead letter of it.
    """
    statement = "SELECT seq FROM events WHERE job_id = ? ORDER BY seq LIMIT ?"
    events = connection.execute(statement, (job_id, _MOST_EVENTS)).fetchall()
    if len(events) < _MOST_EVENTS:
        return False
    connection.execute("INSERT OR IGNORE INTO pruning (job_id) VALUES (?)", (job_id,))
    connection.execute("DELETE FROM dead_letters WHERE job_id = ?", (job_id,))
    connection.execute("DELETE FROM events WHERE job_id = ? AND seq <= ?", (job_id, events[-1]["seq"]))
    return True


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
