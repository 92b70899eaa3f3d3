"""The promise about jobs that wait for answers, kept on SQLite."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from scheduler.core.clock import Clock, SystemClock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.questions import OpenQuestions
from scheduler.core.site_errors import NotWaitingError
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository import sqlite_accepting
from scheduler.repository.question_repository import UNANSWERED, QuestionRepository
from scheduler.repository.repository_interface import IdempotentRequest
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_jobs import bury, fetch, note
from scheduler.repository.sqlite_parking import ask
from scheduler.repository.sqlite_rows import job_to_row
from scheduler.repository.sqlite_tasks import add_tasks
from scheduler.repository.sqlite_turns import next_turns
from scheduler.repository.sqlite_writer import write_gathered
from scheduler.repository.storable import to_micros, to_moment, well_formed

_PLANNED = ("intent", "locale", "context", "task_graph", "graph_digest", "status", "delayed", "not_before", "deadline")


class SQLiteQuestionRepository(QuestionRepository):
    """Questions in SQLite, one row for each job that asks."""

    def __init__(self, database: SQLiteDatabase, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    @crash_points(CrashPoint.BEFORE_ACCEPT, CrashPoint.AFTER_ACCEPT)
    async def accept(
        self,
        job: Job,
        asked: OpenQuestions,
        request: IdempotentRequest | None = None,
        claim: UniqueClaim | None = None,
    ) -> Job:
        def store(connection: sqlite3.Connection) -> Job:
            stored = sqlite_accepting.accept(connection, job, request, claim, waits=True)
            if stored is job:
                write_gathered(connection)
                _ask(connection, job, asked, job.created_at)
            return stored

        return await self._database.write(store)

    async def open(self, job_id: JobId, tenant: TenantId | None = None) -> OpenQuestions | None:
        return await self._database.read(lambda connection: _open(connection, job_id, tenant))

    @crash_points(CrashPoint.BEFORE_ANSWER, CrashPoint.AFTER_ANSWER)
    async def ask_again(self, job: Job, asked: OpenQuestions, answers: Mapping[str, str], at: datetime) -> None:
        def store(connection: sqlite3.Connection) -> None:
            _must_wait(connection, job, asked.round - 1)
            _note_answers(connection, job, answers, at)
            _ask(connection, job, asked, at)

        await self._database.write(store)

    @crash_points(CrashPoint.BEFORE_ANSWER, CrashPoint.AFTER_ANSWER)
    async def go_on(self, job: Job, round_: int, answers: Mapping[str, str], at: datetime) -> Job:
        def store(connection: sqlite3.Connection) -> Job:
            _must_wait(connection, job, round_)
            changed = job.become(JobStatus.PENDING)
            _note_answers(connection, changed, answers, at)
            turn = next_turns(connection, job.priority, job.tenant)[0]
            changes = ", ".join(f"{column} = :{column}" for column in _PLANNED)
            connection.execute(
                f"UPDATE jobs SET {changes}, turn = :turn WHERE id = :id",  # noqa: S608 - names are ours
                job_to_row(changed) | {"turn": turn},
            )
            add_tasks(connection, [(job.id, tuple(job.task_graph.tasks))])
            _forget(connection, job.id)
            return changed

        return await self._database.write(store)

    @crash_points(CrashPoint.BEFORE_ANSWER, CrashPoint.AFTER_ANSWER)
    async def carry_on(
        self, job: Job, round_: int, answers: Mapping[str, str] | None, at: datetime, keep: Callable[[], None]
    ) -> Job:
        def store(connection: sqlite3.Connection) -> Job:
            _must_wait(connection, job, round_)
            changes = {"not_before": None, "error_code": UNANSWERED if answers is None else None}
            changed = job.become(JobStatus.PENDING, **changes)
            if answers is None:
                note(connection, changed, EventType.UNANSWERED, at, reason="nobody has answered")
            else:
                _note_answers(connection, changed, answers, at)
            keep()
            turn = next_turns(connection, job.priority, job.tenant)[0]
            connection.execute(
                "UPDATE jobs SET status = 'pending', not_before = 0, delayed = 0, error_code = ?, turn = ?"
                " WHERE id = ?",
                (changed.error_code, turn, job.id),
            )
            _forget(connection, job.id)
            return changed

        return await self._database.write(store)

    async def expired(self, now: datetime, limit: int) -> Sequence[tuple[Job, OpenQuestions]]:
        def look(connection: sqlite3.Connection) -> list[tuple[Job, OpenQuestions]]:
            statement = "SELECT job_id FROM questions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
            ids = [row["job_id"] for row in connection.execute(statement, (to_micros(now), limit))]
            found = ((fetch(connection, job_id), _open(connection, job_id, None)) for job_id in ids)
            return [(job, asked) for job, asked in found if job is not None and asked is not None]

        return await self._database.read(look)

    @crash_points(CrashPoint.BEFORE_STATUS, CrashPoint.AFTER_STATUS)
    async def give_up(self, job: Job, round_: int, error: str, at: datetime) -> bool:
        def store(connection: sqlite3.Connection) -> bool:
            try:
                _must_wait(connection, job, round_)
            except NotWaitingError:
                return False
            changed = job.become(JobStatus.FAILED, completed_at=at, error=error, error_code=UNANSWERED)
            connection.execute(
                "UPDATE jobs SET status = 'failed', completed_at = ?, error = ?, error_code = 'unanswered'"
                " WHERE id = ?",
                (to_micros(at), well_formed(error), job.id),
            )
            _forget(connection, job.id)
            bury(connection, job.id)
            note(
                connection, changed, EventType.JOB_FAILED, at, reason="nobody has answered", code=UNANSWERED,
                error=error,
            )  # fmt: skip
            return True

        return await self._database.write(store)

    async def count(self, tenant: TenantId | None, most: int) -> int:
        which = "" if tenant is None else "WHERE tenant = :tenant"
        statement = f"SELECT count(*) FROM (SELECT 1 FROM questions {which} LIMIT :most)"  # noqa: S608 - ours
        values = {"tenant": tenant, "most": most}
        return await self._database.read(lambda connection: int(connection.execute(statement, values).fetchone()[0]))


def _ask(connection: sqlite3.Connection, job: Job, asked: OpenQuestions, at: datetime) -> None:
    questions = [question.model_dump(mode="json") for question in asked.questions]
    ask(connection, job.id, asked)
    note(
        connection, job, EventType.QUESTION, at, reason=" ".join(question.text for question in asked.questions),
        round=asked.round, questions=questions, expires_at=asked.expires_at.isoformat(),
    )  # fmt: skip


def _note_answers(connection: sqlite3.Connection, job: Job, answers: Mapping[str, str], at: datetime) -> None:
    note(connection, job, EventType.ANSWERED, at, reason="somebody has answered", answers=dict(answers))


def _forget(connection: sqlite3.Connection, job_id: JobId) -> None:
    connection.execute("DELETE FROM questions WHERE job_id = ?", (job_id,))


def _open(connection: sqlite3.Connection, job_id: JobId, tenant: TenantId | None) -> OpenQuestions | None:
    row = connection.execute("SELECT * FROM questions WHERE job_id = ?", (job_id,)).fetchone()
    if row is None or (tenant is not None and row["tenant"] != tenant):
        return None
    document: dict[str, Any] = {"round": row["round"], "questions": from_json(row["questions"])}
    document |= {"answers": from_json(row["answers"]), "expires_at": to_moment(row["expires_at"])}
    return OpenQuestions.model_validate(document)


def _must_wait(connection: sqlite3.Connection, job: Job, round_: int) -> None:
    write_gathered(connection)
    row = connection.execute(
        "SELECT round FROM questions JOIN jobs ON jobs.id = job_id WHERE job_id = ? AND status = 'waiting'", (job.id,)
    ).fetchone()
    if row is None or row["round"] != round_:
        raise NotWaitingError(job.id)
