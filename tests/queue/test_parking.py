"""What every queue promises of jobs that their workers give up for a while: over both kinds of dispatch."""

from datetime import timedelta

import pytest

from scheduler.core.job import Job, JobStatus
from scheduler.core.questions import OpenQuestions, Question
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from tests.support.builders import a_job, a_progress
from tests.support.clock import FakeClock
from tests.support.queues import leased
from tests.support.store import LEASE

MINUTE = timedelta(minutes=1)


async def parked(queue: JobQueue, database: SQLiteDatabase, clock: FakeClock, *, asks: bool) -> Job:
    """Lease a new job and give it up as a worker does, who has not told the queue yet."""
    await queue.enqueue(a_job())
    job = await leased(queue)
    asked = OpenQuestions(
        round=1, questions=(Question(key="step.code", about="step", text="?"),), expires_at=clock.now()
    )
    status, until = (JobStatus.WAITING, None) if asks else (JobStatus.PENDING, clock.now() + MINUTE)
    progress = a_progress(job, status=status, not_before=until, questions=asked if asks else None)
    await SQLiteJobRepository(database, clock).record(progress)
    return job


async def test_a_job_whose_time_has_not_come_is_nobodys(
    queue: JobQueue, database: SQLiteDatabase, clock: FakeClock
) -> None:
    job = await parked(queue, database, clock, asks=False)
    await queue.release([job])

    early = await queue.dequeue()
    clock.advance(MINUTE)
    again = await leased(queue)

    assert early is None
    assert (again.id, again.status, again.crashes) == (job.id, JobStatus.RUNNING, 0)


async def test_a_job_that_asks_is_nobodys_until_it_is_answered(
    queue: JobQueue, database: SQLiteDatabase, clock: FakeClock
) -> None:
    job = await parked(queue, database, clock, asks=True)
    clock.advance(2 * LEASE)
    assert await queue.dequeue() is None

    questions = SQLiteQuestionRepository(database, clock)
    waiting = await queue.get_job(job.id)
    assert waiting is not None
    answered = await questions.carry_on(waiting, 1, {}, clock.now(), lambda: None)
    await queue.offer_again([answered])
    await queue.sweep()
    again = await leased(queue)

    assert (again.id, again.crashes, await questions.open(job.id)) == (job.id, 0, None)


async def test_an_answer_that_comes_before_the_worker_has_let_go_loses_nothing(
    queue: JobQueue, database: SQLiteDatabase, clock: FakeClock
) -> None:
    job = await parked(queue, database, clock, asks=True)
    waiting = await queue.get_job(job.id)
    assert waiting is not None
    answered = await SQLiteQuestionRepository(database, clock).carry_on(waiting, 1, {}, clock.now(), lambda: None)
    await queue.offer_again([answered])

    again = await leased(queue)
    await queue.release([job])  # late, by the worker that had it
    await queue.renew(again)
    await queue.sweep()

    assert again.id == job.id
    assert await queue.dequeue() is None


@pytest.mark.parametrize("asks", [True, False])
async def test_a_parked_job_is_cancelled_by_the_next_worker(
    queue: JobQueue, database: SQLiteDatabase, clock: FakeClock, asks: bool
) -> None:
    job = await parked(queue, database, clock, asks=asks)
    await queue.release([job])

    assert (await queue.cancel(job.id)).status is JobStatus.CANCELLING
    again = await leased(queue)

    assert (again.id, again.status, again.crashes) == (job.id, JobStatus.CANCELLING, 0)
    assert await SQLiteQuestionRepository(database, clock).open(job.id) is None
