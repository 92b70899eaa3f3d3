"""What a client may ask of jobs, on a real store and without HTTP: each question is limited to the client's tenant."""

from datetime import timedelta

import pytest

from scheduler.core.errors import (
    EmptyRequestError,
    IdempotencyConflictError,
    InvalidFieldError,
    InvalidTransitionError,
    JobNotFoundError,
    RequestTooLargeError,
    RetriesExhaustedError,
)
from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.intent_router import IntentRouter
from scheduler.core.job import JobFilter, JobStatus
from scheduler.core.orders import JobOrder
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.request_text import MAX_TEXT
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import SQLiteEventRepository, SQLiteJobRepository, SQLiteTaskRepository
from tests.orchestrator.test_planner import a_planner
from tests.support.asking import answer_service, plan_service
from tests.support.clock import FakeClock
from tests.support.queues import nobody_waits
from tests.support.services import SENTENCE, router

__all__ = ["router"]

ACME, GLOBEX = TenantId("acme"), TenantId("globex")


@pytest.fixture
def queue(database: SQLiteDatabase, clock: FakeClock) -> JobQueue:
    return JobQueue.over(SQLiteQueue(database, clock, timedelta(seconds=10)))


@pytest.fixture
def jobs(database: SQLiteDatabase, queue: JobQueue, clock: FakeClock, router: IntentRouter) -> JobService:
    planner = a_planner(router)
    return JobService(
        planner=planner,
        questions=answer_service(database, planner, queue, clock),
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database),
        events=SQLiteEventRepository(database),
        job_queue=queue,
        admission=Admission(nobody_waits, clock),
        plans=plan_service(database, planner, clock),
        clock=clock,
        new_id=new_id,
    )


def an_order(**fields: object) -> JobOrder:
    graph = TaskGraph()
    graph.add_task(ToDo(id="open", action="web.goto", params={"url": "https://example.com"}))
    return JobOrder.model_validate({"task_graph": graph, **fields})


async def test_a_sentence_is_stored_and_ready_to_be_done(jobs: JobService, queue: JobQueue) -> None:
    job = await jobs.schedule(SENTENCE, tenant=ACME, context={"desk": "7"})

    leased = await queue.dequeue()
    assert leased is not None
    assert leased.id == job.id
    assert (job.tenant, job.intent, job.description, job.locale) == (ACME, "fetch_and_send", SENTENCE, "de")
    assert job.context["desk"] == "7"
    assert job.context["slots"]["recipient"] == "anna@example.com"


async def test_a_ready_plan_keeps_what_the_order_says(jobs: JobService, clock: FakeClock) -> None:
    order = an_order(priority=7, max_retries=1, deadline_seconds=60, locale="en", description="Öffne es")

    job = await jobs.create(order, tenant=ACME)

    assert (job.intent, job.priority, job.max_retries, job.locale) == ("custom", 7, 1, "en")
    assert job.deadline == clock.now() + timedelta(seconds=60)
    detail, tasks = await jobs.detail(job.id, ACME)
    assert detail == job
    assert [task.task_id for task in tasks] == ["open"]


@pytest.mark.parametrize("text", ["", "  \n", "\u00a0"])
async def test_an_empty_sentence_is_refused(jobs: JobService, text: str) -> None:
    with pytest.raises(EmptyRequestError):
        await jobs.schedule(text, tenant=ACME)


async def test_the_longest_sentence_is_accepted_and_one_letter_more_is_not(jobs: JobService) -> None:
    longest = SENTENCE + " " * (MAX_TEXT - len(SENTENCE))

    await jobs.schedule(longest, tenant=ACME)

    with pytest.raises(RequestTooLargeError):
        await jobs.schedule(f"{longest} ", tenant=ACME)


async def test_an_order_of_nothing_is_refused(jobs: JobService) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        await jobs.create(JobOrder(), tenant=ACME)

    assert caught.value.field == "intent"


async def test_nothing_is_stored_of_what_is_refused(jobs: JobService) -> None:
    for context in ({"slots": 5}, {"slots": {"a": 1}}):
        with pytest.raises(InvalidFieldError):
            await jobs.create(an_order(context=context), tenant=ACME)

    assert (await jobs.find(JobFilter(), ACME)).total == 0


async def test_the_same_key_is_the_same_job_also_after_it_was_done(jobs: JobService) -> None:
    first = await jobs.schedule(SENTENCE, tenant=ACME, key="k", context={"a": 1, "b": 2})
    await jobs.cancel(first.id, ACME)

    again = await jobs.schedule(SENTENCE, tenant=ACME, key="k", context={"b": 2, "a": 1})

    assert (again.id, again.status) == (first.id, JobStatus.CANCELLED)


async def test_a_key_spent_before_an_upgrade_belongs_to_the_same_request(
    jobs: JobService, database: SQLiteDatabase
) -> None:
    await jobs.create(an_order(context={"ü": 1e-7, "a": 1.0}), tenant=ACME, key="k")

    row = await database.read(lambda c: c.execute("SELECT body_digest FROM idempotency_keys").fetchone())
    assert row[0] == "24fffff7dce01c73ae216397db796ce9abd956e43ea49ae04642623fcc849712"


async def test_the_same_key_for_something_else_is_a_conflict(jobs: JobService) -> None:
    await jobs.create(an_order(), tenant=ACME, key="k")

    for order in (an_order(priority=1), an_order(context={"a": 1}), an_order(locale="en")):
        with pytest.raises(IdempotencyConflictError):
            await jobs.create(order, tenant=ACME, key="k")


async def test_a_key_is_the_tenants_and_the_routes_own(jobs: JobService) -> None:
    made = [
        await jobs.create(an_order(), tenant=ACME, key="k"),
        await jobs.create(an_order(), tenant=GLOBEX, key="k"),
        await jobs.schedule(SENTENCE, tenant=ACME, key="k"),
    ]

    assert len({job.id for job in made}) == 3


async def test_a_job_of_another_tenant_does_not_exist(jobs: JobService) -> None:
    job = await jobs.create(an_order(), tenant=ACME)

    for ask in (jobs.get, jobs.detail, jobs.cancel, jobs.retry):
        with pytest.raises(JobNotFoundError):
            await ask(job.id, GLOBEX)
    assert (await jobs.find(JobFilter(), GLOBEX)).total == 0
    assert await jobs.timeline(job.id, GLOBEX) == ()
    assert (await jobs.get(job.id, ACME)).status is JobStatus.PENDING


async def test_a_job_is_cancelled_and_retried_until_its_retries_are_used_up(jobs: JobService) -> None:
    job = await jobs.create(an_order(max_retries=1), tenant=ACME)
    await jobs.cancel(job.id, ACME)

    again = await jobs.retry(job.id, ACME)

    assert (again.status, again.run) == (JobStatus.PENDING, 2)
    with pytest.raises(InvalidTransitionError):
        await jobs.retry(job.id, ACME)
    await jobs.cancel(job.id, ACME)
    with pytest.raises(RetriesExhaustedError):
        await jobs.retry(job.id, ACME)


async def test_the_timeline_goes_on_after_an_event(jobs: JobService) -> None:
    job = await jobs.create(an_order(), tenant=ACME)
    await jobs.cancel(job.id, ACME)

    whole = await jobs.timeline(job.id, ACME)
    rest = await jobs.timeline(job.id, ACME, after=whole[0].seq)

    assert whole[0].type is EventType.JOB_ACCEPTED
    assert EventType.JOB_CANCELLED in {event.type for event in rest}
    assert list(rest) == list(whole[1:])


async def test_jobs_are_listed_by_status_and_page(jobs: JobService) -> None:
    made = [await jobs.create(an_order(), tenant=ACME) for _ in range(3)]
    await jobs.cancel(made[0].id, ACME)

    waiting = await jobs.find(JobFilter(statuses={JobStatus.PENDING}), ACME, limit=1, offset=1)

    assert ([job.id for job in waiting.items], waiting.total) == ([made[1].id], 2)


async def test_what_does_not_exist_is_not_found(jobs: JobService) -> None:
    for ask in (jobs.get, jobs.detail, jobs.cancel, jobs.retry):
        with pytest.raises(JobNotFoundError):
            await ask(JobId("nothing"), ACME)
