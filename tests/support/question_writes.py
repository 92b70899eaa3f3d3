"""Every durable write of a job that asks twice, is answered twice and goes on."""

import asyncio
from pathlib import Path

from scheduler.core import crash_points
from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.repository.repository_interface import IdempotentRequest
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from tests.support.clock import NOON, FakeClock

JOB, TENANT = JobId("job-1"), TenantId("acme")
ANSWERS = ({"slot.recipient": "Anna"}, {"slot.body": "Hallo"})
PLAN = TaskGraph(tasks=[ToDo(id="send", action="mail.send", params={"to": ["anna@example.com"], "subject": "Hallo"})])


async def write_all(database: SQLiteDatabase) -> None:
    """Go through all of them; it may be done again after it was cut anywhere."""
    questions, jobs = SQLiteQuestionRepository(database, FakeClock()), SQLiteJobRepository(database, FakeClock())
    waits = Job(
        id=JOB,
        tenant=TENANT,
        intent="send_mail",
        description="Schick eine Mail",
        task_graph=TaskGraph(),
        status=JobStatus.WAITING,
        created_at=NOON,
    )
    await questions.accept(
        waits, asks("recipient", 0), IdempotentRequest(key="once", route="schedule", body_digest="d")
    )
    asked = await questions.open(JOB)
    if asked is not None and asked.round == 0:
        again = asks("body", 1).model_copy(update={"answers": ANSWERS[0]})
        await questions.ask_again(waits, again, ANSWERS[0], NOON)
        asked = await questions.open(JOB)
    if asked is not None:
        await questions.go_on(waits.model_copy(update={"task_graph": PLAN}), asked.round, ANSWERS[1], NOON)
    stored = await jobs.get(JOB, TENANT)
    assert stored is not None
    assert stored.status is JobStatus.PENDING


def asks(slot: str, round_: int) -> OpenQuestions:
    question = Question(key=f"slot.{slot}", about="slot", text="?", slot=slot)
    return OpenQuestions(questions=(question,), round=round_, expires_at=NOON)


def write_until(path: Path, point: CrashPoint, visit: int) -> None:
    """The body of a process that dies at the point."""

    async def work() -> None:
        database = SQLiteDatabase(path)
        await database.connect()
        crash_points.arm(point, visit)
        await write_all(database)

    asyncio.run(work())
