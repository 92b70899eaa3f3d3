"""A request that lacks something waits for a person, then runs, is cancelled, or is given up."""

from datetime import timedelta

import pytest

from scheduler.core.errors import InvalidFieldError, MissingSlotError, UnansweredFullError
from scheduler.core.events import EventType
from scheduler.core.ids import TenantId, new_id
from scheduler.core.intent_router import IntentRouter
from scheduler.core.job import JobStatus
from scheduler.core.site_errors import NotWaitingError
from scheduler.executors.contacts import Contact, Contacts
from scheduler.orchestrator.answer_service import AnswerService
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.planner import Planner
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import (
    SQLiteAuditRepository,
    SQLiteEventRepository,
    SQLiteJobRepository,
    SQLiteTaskRepository,
)
from tests.orchestrator.test_planner import a_planner
from tests.support.asking import MOST, PATIENCE, answer_service, plan_service
from tests.support.clock import FakeClock
from tests.support.queues import nobody_waits
from tests.support.services import router

__all__ = ["router"]

ACME, GLOBEX = TenantId("acme"), TenantId("globex")
TWO_ANNAS = "Schick eine Mail an Anna mit dem Text: Bis morgen"
MAYER, BERG = "anna.mayer@example.com", "anna.berg@example.com"
BOOK = Contacts(contacts=(Contact(name="Anna Mayer", email=(MAYER,)), Contact(name="Anna Berg", email=(BERG,))))


@pytest.fixture
def planner(router: IntentRouter) -> Planner:
    planner = a_planner(router)
    planner._addresses = BOOK.resolve
    return planner


@pytest.fixture
def queue(database: SQLiteDatabase, clock: FakeClock) -> JobQueue:
    return JobQueue.over(SQLiteQueue(database, clock, timedelta(seconds=10)))


@pytest.fixture
def answers(database: SQLiteDatabase, planner: Planner, queue: JobQueue, clock: FakeClock) -> AnswerService:
    return answer_service(database, planner, queue, clock)


@pytest.fixture
def jobs(
    database: SQLiteDatabase, planner: Planner, queue: JobQueue, clock: FakeClock, answers: AnswerService
) -> JobService:
    return JobService(
        planner=planner,
        questions=answers,
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database),
        events=SQLiteEventRepository(database),
        job_queue=queue,
        admission=Admission(nobody_waits, clock),
        plans=plan_service(database, planner, clock),
        clock=clock,
        new_id=new_id,
    )


async def test_of_two_people_of_one_name_is_asked_and_the_answer_is_planned(
    jobs: JobService, queue: JobQueue, database: SQLiteDatabase
) -> None:
    job = await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True)
    asked = await jobs.questions(job)

    assert job.status is JobStatus.WAITING
    assert asked is not None
    (question,) = asked.questions
    assert [choice.value for choice in question.choices] == [MAYER, BERG]
    assert question.text.startswith("An wen soll es gehen?")
    assert await queue.dequeue() is None
    assert await jobs.questions(job.model_copy(update={"tenant": GLOBEX})) is None

    pending = await jobs.answer(job.id, ACME, answers={question.key: "2"})
    leased = await queue.dequeue()

    assert pending.status is JobStatus.PENDING
    assert leased is not None
    assert leased.id == job.id
    assert BERG in leased.task_graph.canonical()
    assert leased.task_graph.canonical() == pending.task_graph.canonical()
    assert [task.status for _, tasks in [await jobs.detail(job.id, ACME)] for task in tasks]
    lines = [event.type for event in await jobs.timeline(job.id, ACME)]
    assert lines[:4] == [EventType.JOB_ACCEPTED, EventType.QUESTION, EventType.ANSWERED, EventType.JOB_STARTED]
    assert await SQLiteAuditRepository(database).broken_link(ACME) is None


async def test_what_still_lacks_is_asked_in_the_next_round(jobs: JobService) -> None:
    job = await jobs.schedule("Send a mail to Anna saying: see you", tenant=ACME, ask=True)
    (first,) = (await jobs.questions(job)).questions  # type: ignore[union-attr]

    assert (await jobs.answer(job.id, ACME, text="Anna")).status is JobStatus.WAITING

    again = await jobs.questions(job)
    assert again is not None
    assert (again.round, again.answers) == (2, {first.key: "Anna"})
    assert again.questions[0].locale == "en"
    assert (await jobs.answer(job.id, ACME, text="bob@example.com")).status is JobStatus.PENDING


@pytest.mark.parametrize("given", [{"text": " "}, {"answers": {}}, {"answers": {"slot.title": "x"}}, {}])
async def test_what_is_no_answer_changes_nothing(jobs: JobService, given: dict[str, object]) -> None:
    job = await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True)

    with pytest.raises(InvalidFieldError):
        await jobs.answer(job.id, ACME, **given)  # type: ignore[arg-type]

    assert (await jobs.questions(job)) is not None


async def test_the_same_request_is_asked_about_once_and_nobody_answers_twice(jobs: JobService) -> None:
    job = await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True, key="k")

    assert (await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True, key="k")).id == job.id
    await jobs.answer(job.id, ACME, text="1")
    with pytest.raises(NotWaitingError):
        await jobs.answer(job.id, ACME, text="1")
    assert (await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True, key="k")).status is JobStatus.PENDING


async def test_a_waiting_job_is_cancelled_at_once(jobs: JobService) -> None:
    job = await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True)

    assert (await jobs.cancel(job.id, ACME)).status is JobStatus.CANCELLED
    with pytest.raises(NotWaitingError):
        await jobs.answer(job.id, ACME, text="1")


async def test_nobody_answers_and_the_job_fails_with_a_sentence(
    jobs: JobService, answers: AnswerService, clock: FakeClock
) -> None:
    job = await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True)

    clock.advance(PATIENCE - timedelta(seconds=1))
    assert await answers.give_up_unanswered() == 0
    clock.advance(timedelta(seconds=1))
    assert await answers.give_up_unanswered() == 1
    ended = await jobs.get(job.id, ACME)

    assert (ended.status, ended.error_code) == (JobStatus.FAILED, "unanswered")
    assert "An wen soll es gehen?" in (ended.error or "")


async def test_who_does_not_want_to_be_asked_is_refused_as_ever(jobs: JobService) -> None:
    with pytest.raises(InvalidFieldError):
        await jobs.schedule(TWO_ANNAS, tenant=ACME)
    with pytest.raises(MissingSlotError):
        await jobs.schedule("Schick eine Mail", tenant=ACME)


async def test_only_so_many_jobs_may_wait_for_answers(jobs: JobService) -> None:
    for _ in range(MOST):
        await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True)

    with pytest.raises(UnansweredFullError):
        await jobs.schedule(TWO_ANNAS, tenant=ACME, ask=True)
