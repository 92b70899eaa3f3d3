"""The promise about failed jobs that a language model looks at, kept on SQLite."""

import sqlite3
from datetime import datetime

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import InvalidRequestError, UniqueConflictError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId
from scheduler.core.job import Job
from scheduler.repository import sqlite_jobs, sqlite_unique
from scheduler.repository.repair_repository import Broken, Repaired, RepairRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_rows import task_from_row
from scheduler.repository.sqlite_tasks import add_tasks
from scheduler.repository.sqlite_writer import write_gathered
from scheduler.repository.storable import to_micros, well_formed

_NEXT = """
    SELECT d.job_id, d.tenant, d.run FROM dead_letters AS d LEFT JOIN repairs AS r ON r.job_id = d.job_id
    WHERE d.at >= :since AND (
        r.job_id IS NULL OR (r.tries < :most AND (r.run < d.run OR (r.outcome = 'looking' AND r.at < :stale)))
    )
    ORDER BY d.at LIMIT 1
"""
_TAKE = """
    INSERT INTO repairs (job_id, tenant, run, tries, at, outcome, suggestion) VALUES (?, ?, ?, 1, ?, 'looking', '')
    ON CONFLICT (job_id) DO UPDATE SET run = excluded.run, tries = tries + 1, at = excluded.at, outcome = 'looking'
"""


class SQLiteRepairRepository(RepairRepository):
    """Repairs in SQLite, one row for each job that was looked at."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_REPAIR, CrashPoint.AFTER_REPAIR)
    async def claim(self, now: datetime, *, since: datetime, stale: datetime, most_tries: int) -> Broken | None:
        values = {"since": to_micros(since), "stale": to_micros(stale), "most": most_tries}

        def take(connection: sqlite3.Connection) -> Broken | None:
            row = connection.execute(_NEXT, values).fetchone()
            if row is None:
                return None
            connection.execute(_TAKE, (row["job_id"], row["tenant"], row["run"], to_micros(now)))
            try:
                job = sqlite_jobs.must_fetch(connection, JobId(row["job_id"]))
            except (ValueError, InvalidRequestError):  # another version of ours has stored it
                _conclude(connection, row["job_id"], "unreadable", "", now)
                return None
            rows = connection.execute("SELECT * FROM tasks WHERE job_id = ? ORDER BY position", (job.id,)).fetchall()
            return Broken(job, [task_from_row(task) for task in rows])

        if await self._database.read(lambda connection: connection.execute(_NEXT, values).fetchone()) is None:
            return None  # a look costs less than a write
        return await self._database.write(take)

    @crash_points(CrashPoint.BEFORE_REPAIR, CrashPoint.AFTER_REPAIR)
    async def note(self, job: Job, outcome: str, suggestion: str, at: datetime) -> None:
        def store(connection: sqlite3.Connection) -> None:
            write_gathered(connection)
            _conclude(connection, job.id, outcome, suggestion, at)
            if suggestion:
                line, why = EventType.REPAIR_SUGGESTED, "a language model was asked what went wrong"
                sqlite_jobs.note(connection, job, line, at, reason=why, suggestion=suggestion, outcome=outcome)

        await self._database.write(store)

    @crash_points(CrashPoint.BEFORE_REPAIR, CrashPoint.AFTER_REPAIR)
    async def apply(self, job: Job, repaired: Repaired, suggestion: str, why: str, at: datetime) -> Job | None:
        def store(connection: sqlite3.Connection) -> Job | None:
            now = sqlite_jobs.must_fetch(connection, job.id)
            letter = connection.execute("SELECT run FROM dead_letters WHERE job_id = ?", (job.id,)).fetchone()
            if letter is None or letter["run"] != job.run or now.plan_version != job.plan_version:
                return None
            rival = sqlite_unique.rival_of(connection, job, at)
            if rival is not None:
                _conclude(connection, job.id, UniqueConflictError.code, suggestion, at)
                return None
            changed = _put_plan(connection, now, repaired)
            line = EventType.REPAIR_SUGGESTED
            sqlite_jobs.note(
                connection, now, line, at, reason=why, suggestion=suggestion, outcome="repaired",
                version=changed.plan_version, digest=changed.task_graph.freeze(), digest_before=now.task_graph.freeze(),
                changes=[one.model_dump(mode="json", exclude_unset=True) for one in repaired.changes],
                added=list(repaired.added), removed=list(repaired.removed),
            )  # fmt: skip
            opened = changed.next_run(by_operator=True)
            sqlite_jobs.open_run(connection, opened, at)
            line, retried = EventType.JOB_RETRIED, "its plan was repaired by a language model"
            sqlite_jobs.note(connection, opened, line, at, reason=retried, retry=opened.retry_count, repaired=True)
            _conclude(connection, job.id, "repaired", suggestion, at)
            return opened

        return await self._database.write(store)


def _put_plan(connection: sqlite3.Connection, job: Job, repaired: Repaired) -> Job:
    """Store the next version of the plan; tasks that came get rows, those that went lose them, all stand in order."""
    graph, version = repaired.task_graph, job.plan_version + 1
    digest = graph.freeze()
    connection.execute(
        "UPDATE jobs SET task_graph = ?, graph_digest = ?, plan_version = ? WHERE id = ?",
        (well_formed(graph.canonical()), digest, version, job.id),
    )
    connection.executemany(
        "DELETE FROM tasks WHERE job_id = ? AND task_id = ?", [(job.id, task_id) for task_id in repaired.removed]
    )
    add_tasks(connection, [(job.id, repaired.added)])
    connection.executemany(
        "UPDATE tasks SET position = ? WHERE job_id = ? AND task_id = ?",
        [(place, job.id, task_id) for place, task_id in enumerate(graph.tasks)],
    )
    return job.model_copy(update={"task_graph": graph, "plan_version": version})


def _conclude(connection: sqlite3.Connection, job_id: JobId, outcome: str, suggestion: str, at: datetime) -> None:
    connection.execute(
        "UPDATE repairs SET outcome = ?, suggestion = ?, at = ? WHERE job_id = ?",
        (outcome, well_formed(suggestion), to_micros(at), job_id),
    )
