"""Jobs that wait for a person or for a time hold no worker: over a real store, with the real worker."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from scheduler.core.errors import SiteUnreachableError
from scheduler.core.events import EventType, RunRules
from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.core.job import Job, JobStatus
from scheduler.core.questions import Question
from scheduler.core.retry import RetryPolicy
from scheduler.core.site_errors import NotWaitingError, SecondFactorNeededError
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.orchestrator.answer_service import AnswerService
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.orchestrator.test_planner import a_planner
from tests.orchestrator.test_worker import a_worker, at_work
from tests.support.asking import PATIENCE, answer_service
from tests.support.clock import FakeClock
from tests.support.executors import Attempt, FakeExecutors, World, fails
from tests.support.orchestration import Office
from tests.support.runs import FIND, a_step
from tests.support.services import router

__all__ = ["router"]

CODE = "471108"


def asks_for_a_code(used: list[str], patience: timedelta | None = None) -> Attempt:
    """Ask until somebody has answered; note what was answered."""

    async def attempt(world: World, context: ExecutionContext) -> dict[str, str]:
        code = context.answers.get("code")
        if code is None:
            question = Question(key="code", about="step", text="Wie lautet der Code?", secret=True, patience=patience)
            raise SecondFactorNeededError("Portal", context.job_id, "600 s", [question])
        used.append(code)
        world.happens(context)
        return {"site": "portal"}

    return attempt


@pytest.fixture
def answers(office: Office, database: SQLiteDatabase, router: object, clock: FakeClock) -> AnswerService:
    return answer_service(database, a_planner(router), office.store.queue, clock, office.answers)  # type: ignore[arg-type]


async def parked(office: Office, used: list[str], **fields: object) -> Job:
    """Return a job that waits for a code."""
    office.executors.scripts["login"] = [asks_for_a_code(used)]
    job = await office.run(a_step("login"), a_step("send", "login"), **fields)
    assert job.status is JobStatus.WAITING
    return job


async def answered(answers: AnswerService, job: Job, given: Mapping[str, str] | None = None) -> Job:
    return await answers.answer(job, answers=given or {"login.code": CODE}, text=None)


async def goes_on(office: Office) -> Job:
    """Let a worker take the next job and carry it as far as it goes."""
    job = await office.lease()
    await office.orchestrator.process(job)
    return await office.now(job.id)


async def test_one_place_is_enough_for_a_job_that_waits_and_one_that_runs(
    office: Office, answers: AnswerService
) -> None:
    used: list[str] = []
    office.executors.scripts["login"] = [asks_for_a_code(used)]
    worker = a_worker(office, concurrency=1)

    async with at_work(worker):
        first = await office.accept(a_step("login"), a_step("send", "login"))
        await office.becomes(first.id, JobStatus.WAITING)
        second = await office.accept(a_step("find", action=FIND), a_step("post", "find"))
        await office.becomes(second.id, JobStatus.DONE)

        still = await office.now(first.id)
        assert (still.status, still.lease) == (JobStatus.WAITING, None)
        await answered(answers, still)
        await office.becomes(first.id, JobStatus.DONE)

    assert used == [CODE]
    assert (await office.now(first.id)).crashes == 0
    assert office.answers.given == {}


async def test_what_is_asked_and_answered_is_told_but_no_secret(office: Office, answers: AnswerService) -> None:
    used: list[str] = []
    job = await parked(office, used)
    asked = await answers.open(job)
    assert asked is not None
    assert [question.key for question in asked.questions] == ["login.code"]

    await answers.answer(job, answers=None, text=CODE)
    done = await goes_on(office)

    assert (done.status, used) == (JobStatus.DONE, [CODE])
    lines = [event.type for event in await office.events(job.id)]
    told = [EventType.TASK_ASKS, EventType.QUESTION, EventType.ANSWERED, EventType.JOB_RESUMED, EventType.TASK_STARTED]
    assert lines[lines.index(EventType.TASK_ASKS) :][:5] == told
    everything = [*await office.events(job.id), *await office.audit(job.id), await office.rows(job.id), done]
    assert CODE not in str(everything)
    assert (await office.rows(job.id))["login"].failures == 0


async def test_an_answer_is_used_once_and_a_step_may_ask_again(office: Office, answers: AnswerService) -> None:
    used: list[str] = []
    ask = asks_for_a_code(used)
    refused = asks_for_a_code([])

    async def wants_another(world: World, context: ExecutionContext) -> dict[str, str]:
        used.append(context.answers["code"])
        return await refused(world, context._replace(answers={}))

    office.executors.scripts["login"] = [ask, wants_another, ask, ask]
    job = await office.run(a_step("login"))
    await answered(answers, job, {"login.code": "old"})
    again = await goes_on(office)
    assert again.status is JobStatus.WAITING
    await answered(answers, again, {"login.code": "new"})
    done = await goes_on(office)

    assert (done.status, used) == (JobStatus.DONE, ["old", "new"])


async def test_who_answers_second_is_told_that_nothing_is_asked_and_changes_nothing(
    office: Office, answers: AnswerService
) -> None:
    used: list[str] = []
    job = await parked(office, used)

    ends = await asyncio.gather(
        *(answered(answers, job, {"login.code": code}) for code in ("first", "second")), return_exceptions=True
    )
    await goes_on(office)

    assert [type(end) for end in ends] == [Job, NotWaitingError]
    assert used == ["first"]


async def test_nobody_answers_in_time(office: Office, answers: AnswerService, clock: FakeClock) -> None:
    job = await parked(office, [])
    assert await answers.give_up_unanswered() == 0
    clock.advance(PATIENCE)

    assert await answers.give_up_unanswered() == 1
    failed = await goes_on(office)

    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "second_factor_needed")
    assert await office.statuses(job.id) == {"login": "failed", "send": "skipped"}
    assert EventType.UNANSWERED in [event.type for event in await office.events(job.id)]
    assert office.executors.gone[-1] == (job.id, True)
    assert await office.store.letters.get(job.id, job.tenant) is not None


async def test_a_retry_asks_anew(office: Office, answers: AnswerService, clock: FakeClock) -> None:
    used: list[str] = []
    job = await parked(office, used)
    clock.advance(PATIENCE)
    await answers.give_up_unanswered()
    await goes_on(office)

    await office.store.queue.retry(job.id)
    waits = await goes_on(office)
    assert waits.status is JobStatus.WAITING
    await answered(answers, waits)

    assert ((await goes_on(office)).status, used) == (JobStatus.DONE, [CODE])


async def test_a_deadline_passes_while_the_job_waits(office: Office, answers: AnswerService, clock: FakeClock) -> None:
    await parked(office, [], deadline=clock.now() + timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))

    assert await answers.give_up_unanswered() == 1
    failed = await goes_on(office)

    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "deadline_exceeded")


async def test_a_waiting_job_is_cancelled_by_the_next_worker(office: Office, answers: AnswerService) -> None:
    used: list[str] = []
    job = await parked(office, used)

    assert (await office.store.queue.cancel(job.id)).status is JobStatus.CANCELLING
    with pytest.raises(NotWaitingError):
        await answered(answers, await office.now(job.id))
    ended = await goes_on(office)

    assert (ended.status, used) == (JobStatus.CANCELLED, [])
    assert await answers.open(ended) is None
    assert office.executors.gone[-1] == (job.id, True)


async def test_a_job_that_is_cancelled_just_before_it_would_be_parked_is_cancelled(
    office: Office, answers: AnswerService
) -> None:
    used: list[str] = []

    async def is_cancelled_and_asks(world: World, context: ExecutionContext) -> dict[str, str]:
        await office.store.queue.cancel(JobId(context.job_id))
        return await asks_for_a_code(used)(world, context)

    office.executors.scripts["login"] = [is_cancelled_and_asks]
    job = await office.run(a_step("login"))
    assert (job.status, job.lease) == (JobStatus.CANCELLING, None)
    assert await answers.open(job) is None

    assert (await goes_on(office)).status is JobStatus.CANCELLED


async def test_a_worker_that_dies_with_the_answer_leaves_it_to_the_next(
    office: Office, answers: AnswerService, clock: FakeClock
) -> None:
    used: list[str] = []
    job = await parked(office, used)
    await answered(answers, job)
    begun = asyncio.Event()

    async def hangs(*_: object) -> dict[str, str]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    dying = FakeExecutors(login=[hangs], world=office.executors.world)
    run = asyncio.create_task(office.another_orchestrator(dying).process(await office.lease()))
    await begun.wait()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    clock.advance(timedelta(seconds=11))

    done = await goes_on(office)

    assert (done.status, used, done.crashes) == (JobStatus.DONE, [CODE], 1)


async def test_a_long_pause_before_the_next_attempt_gives_the_worker_up(office: Office, clock: FakeClock) -> None:
    down = SiteUnreachableError("https://portal.example.com", "it did not answer")
    office.executors.scripts["find"] = [fails(down), *office.executors.scripts.get("find", [])]
    office.executors.scripts["find"].append(asks_for_nothing)
    retry = RetryPolicy(base_delay=timedelta(minutes=1))
    await office.accept(a_step("find", action=FIND, retry=retry), a_step("send", "find"))
    job = await office.lease()
    office.orchestrator._means.runner._random = lambda: 0.5

    await office.orchestrator.process(job)
    deferred = await office.now(job.id)

    assert (deferred.status, deferred.lease) == (JobStatus.PENDING, None)
    assert deferred.not_before == clock.now() + timedelta(seconds=30)
    assert await office.store.queue.dequeue() is None
    clock.advance(timedelta(seconds=30))
    assert (await goes_on(office)).status is JobStatus.DONE
    assert (await office.rows(job.id))["find"].attempts == 2


async def asks_for_nothing(world: World, context: ExecutionContext) -> dict[str, str]:
    world.happens(context)
    return {}


async def test_the_tenant_of_another_job_cannot_answer(office: Office, answers: AnswerService) -> None:
    job = await parked(office, [])

    assert await answers._questions.open(job.id, DEFAULT_TENANT) is not None
    assert await answers._questions.open(job.id, "globex") is None  # type: ignore[arg-type]


def test_parking_is_for_five_seconds_or_more_unless_the_settings_say_otherwise() -> None:
    assert RunRules().park_after == timedelta(seconds=5)
