"""A whole run over the real store: what is done, in which order, and how it ends."""

import asyncio
from datetime import timedelta

from scheduler.core.errors import (
    CalendarNotSetUpError,
    MailNotSetUpError,
    OutcomeUnknownError,
    SiteUnreachableError,
)
from scheduler.core.events import EventType
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.retry import RetryPolicy, TaskFailure
from scheduler.core.task_executor_interface import ExecutionContext, Verification
from scheduler.core.todo import Postcondition
from tests.support.executors import FakeExecutors, fails, gives, hangs, ignores_being_stopped
from tests.support.orchestration import Office
from tests.support.runs import FIND, SEND, a_step


class TestJob:
    async def test_a_simple_job_is_done_and_tells_so(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [gives({"message_id": "<1@cpa>"})]

        job = await office.run(a_step("send"))

        assert job.status is JobStatus.DONE
        assert (job.lease, job.error, job.completed_at) == (None, None, office.clock.now())
        row = (await office.rows(job.id))["send"]
        assert (row.status, row.attempts, row.verified) == (TaskStatus.DONE, 1, True)
        assert row.result == {"message_id": "<1@cpa>"}
        assert await office.store.lines(job.id) == [
            EventType.JOB_ACCEPTED,
            EventType.JOB_STARTED,
            EventType.TASK_STARTED,
            EventType.TASK_DONE,
            EventType.JOB_DONE,
        ]
        assert executors.gone == [(job.id, True)]

    async def test_results_flow_to_the_steps_that_refer_to_them(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["find"] = [gives({"address": "jörg@example.com", "count": 2})]
        steps = (
            a_step("find", action=FIND),
            a_step("other", action=FIND),
            a_step("send", "other", text="an ${find.address}", params={"n": "${find.count}"}),
        )

        job = await office.run(*steps)

        assert job.status is JobStatus.DONE
        ((todo, context),) = executors.asked["send"]
        assert (todo.text, todo.params) == ("an jörg@example.com", {"n": 2})
        assert (await office.rows(job.id))["send"].effect_key == context.effect_key

    async def test_steps_that_do_not_wait_for_each_other_run_at_the_same_time(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        meeting = asyncio.Barrier(2)

        async def meet(*_: object) -> dict[str, object]:
            await meeting.wait()
            return {}

        executors.scripts |= {"a": [meet], "b": [meet]}

        async with asyncio.timeout(10):
            job = await office.run(a_step("a"), a_step("b"))

        assert job.status is JobStatus.DONE

    async def test_a_transient_failure_is_tried_again(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [fails(SiteUnreachableError("http://portal", "refused")), gives()]

        job = await office.run(a_step("send"))

        row = (await office.rows(job.id))["send"]
        assert (job.status, row.attempts, row.failures) == (JobStatus.DONE, 2, 1)
        assert [context.attempt for _, context in executors.asked["send"]] == [1, 2]
        assert EventType.TASK_RETRY_SCHEDULED in await office.store.lines(job.id)

    async def test_what_happened_unnoticed_is_found_and_not_repeated(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.scripts["send"] = [fails(OutcomeUnknownError("the mail", "no answer"), happens=True)]

        job = await office.run(a_step("send"))

        assert job.status is JobStatus.DONE
        assert (await office.rows(job.id))["send"].result == {"seen": True}
        assert list(executors.world.effects.values()) == [1]

    async def test_a_reference_to_nothing_fails_the_step_and_nobody_is_asked_to_do_it(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        job = await office.run(a_step("find", action=FIND), a_step("send", text="${find.address}"))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "invalid_input")
        assert executors.asked["send"] == []
        assert (await office.rows(job.id))["send"].effect_key is None

    async def test_an_action_that_nobody_here_can_do_any_more_fails_the_job(self, office: Office) -> None:
        job = await office.run(a_step("gone", action="gone.away"))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "unknown_action")

    async def test_a_demand_that_does_not_hold_fails_the_step_that_was_done(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.verify_as["send"] = lambda _: Verification(happened=False, detail="no confirmation")
        executors.evidence["send"] = ("data/screenshots/job/send.png",)

        job = await office.run(a_step("send", verify=Postcondition(text="Danke")))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "verification_failed")
        assert job.error is not None
        assert "no confirmation" in job.error
        assert (SEND, "failure", "data/screenshots/job/send.png") in await office.audit(job.id)

    async def test_what_hindered_it_is_said_rather_than_that_it_does_not_hold(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        hindered = TaskFailure.of(SiteUnreachableError("http://portal/login", "HTTP 503"))
        executors.verify_as["send"] = lambda _: Verification(happened=False, failure=hindered)
        demand, retry = Postcondition(text="Danke"), RetryPolicy(max_attempts=1)

        job = await office.run(a_step("send", verify=demand, retry=retry, failure_code="login_rejected"))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "site_unreachable")


class TestMistakesOfAnExecutor:
    async def test_a_mistake_does_not_take_the_job_along(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [fails(KeyError("oops"))]

        job = await office.run(a_step("send", retry=RetryPolicy(max_attempts=2)))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "internal")
        assert job.error is not None
        assert job.id in job.error
        assert len(executors.asked["send"]) == 2

    async def test_what_happened_before_the_mistake_is_found(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [fails(RuntimeError("after the effect"), happens=True)]

        assert (await office.run(a_step("send"))).status is JobStatus.DONE

    async def test_a_mistake_in_looking_ends_as_an_unknown_outcome(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.scripts["send"] = [fails(OutcomeUnknownError("the mail", "no answer"))]
        executors.verify_as["send"] = _breaks

        job = await office.run(a_step("send"))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "outcome_unknown")


def _breaks(_context: ExecutionContext) -> Verification:
    raise ZeroDivisionError


class TestTime:
    async def test_an_attempt_that_takes_too_long_is_stopped(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [hangs()]

        job = await office.run(a_step("send", timeout=0.005, retry=RetryPolicy(max_attempts=1)), locale="de")

        assert (job.status, job.error_code) == (JobStatus.FAILED, "timeout")
        assert job.error == f"send ({SEND}) hat länger als 0.005 s gedauert. Bitte später wiederholen."
        assert executors.busy["send"] == 0

    async def test_who_does_not_stop_at_once_is_waited_for_before_anybody_looks(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        release, stopping = asyncio.Event(), asyncio.Event()
        executors.scripts["send"] = [ignores_being_stopped(release, stopping)]
        job = await office.accept(a_step("send", timeout=0.2))
        running = asyncio.create_task(office.orchestrator.process(await office.lease()))
        await stopping.wait()
        await asyncio.sleep(0.03)
        looked_too_early = list(executors.looked)

        release.set()
        await running

        job = await office.now(job.id)
        assert looked_too_early == []

        assert job.status is JobStatus.DONE
        assert list(executors.world.effects.values()) == [1]

    async def test_the_next_attempt_does_not_begin_beside_one_that_does_not_stop(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        release = asyncio.Event()
        executors.scripts["find"] = [ignores_being_stopped(release), gives()]
        retry = RetryPolicy(max_attempts=100)
        job = await office.accept(a_step("find", action=FIND, timeout=0.005, retry=retry))
        running = asyncio.create_task(office.orchestrator.process(await office.lease()))

        async def tried_often() -> bool:
            return (await office.rows(job.id))["find"].attempts >= 4

        await office.until(tried_often)
        release.set()
        await running

        assert (await office.now(job.id)).status is JobStatus.DONE
        assert executors.busiest["find"] == 1

    async def test_a_job_past_its_deadline_stops(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [hangs()]
        deadline = office.clock.now() + timedelta(milliseconds=20)

        job = await office.run(a_step("send"), a_step("after", "send"), deadline=deadline)

        assert (job.status, job.error_code) == (JobStatus.FAILED, "deadline_exceeded")
        assert await office.statuses(job.id) == {"send": "skipped", "after": "skipped"}
        assert executors.gone == [(job.id, True)]


class TestCancel:
    async def test_a_cancelled_job_ends_and_keeps_what_was_done(self, office: Office, executors: FakeExecutors) -> None:
        begun = asyncio.Event()
        executors.scripts["send"] = [hangs(begun)]
        await office.accept(a_step("find", action=FIND), a_step("send", "find"), a_step("after", "send"))
        job = await office.lease()
        running = asyncio.create_task(office.orchestrator.process(job))
        await begun.wait()

        await office.store.queue.cancel(job.id)
        for _ in range(2):
            office.orchestrator.stop(job.id)
        await running

        assert (await office.now(job.id)).status is JobStatus.CANCELLED
        assert await office.statuses(job.id) == {"find": "done", "send": "cancelled", "after": "cancelled"}
        assert (await office.store.lines(job.id)).count(EventType.JOB_CANCEL_REQUESTED) == 1
        assert executors.gone == [(job.id, True)]

    async def test_stopping_a_job_that_does_not_run_here_does_nothing(self, office: Office) -> None:
        job = await office.accept(a_step("send"))

        office.orchestrator.stop(job.id)

        assert (await office.now(job.id)).status is JobStatus.PENDING


class TestWhatIsLacking:
    async def test_a_job_of_which_a_step_cannot_be_done_here_begins_none(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.lacking["enter"] = CalendarNotSetUpError(["CPA_CALENDAR_URL"])

        job = await office.run(a_step("send"), a_step("enter", "send"))

        assert (job.status, job.error_code) == (JobStatus.FAILED, "calendar_not_set_up")
        assert "CPA_CALENDAR_URL" in (job.error or "")
        assert not executors.asked
        rows = await office.rows(job.id)
        assert (rows["enter"].status, rows["enter"].attempts) == (TaskStatus.FAILED, 0)
        assert rows["send"].status is TaskStatus.SKIPPED

    async def test_a_step_that_a_condition_may_spare_lets_the_others_begin(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.lacking["enter"] = CalendarNotSetUpError(["CPA_CALENDAR_URL"])
        executors.scripts["find"] = [gives({"count": 0})]
        spared = a_step("enter", "find").model_copy(update={"when": "${find.count} > 0"})

        job = await office.run(a_step("find", action=FIND), spared)

        assert job.status is JobStatus.DONE
        assert (await office.rows(job.id))["enter"].status is TaskStatus.SKIPPED

    async def test_what_is_done_already_is_not_asked_for_again(self, office: Office, executors: FakeExecutors) -> None:
        executors.scripts["send"] = [gives()]
        executors.scripts["enter"] = [fails(CalendarNotSetUpError(["CPA_CALENDAR_URL"]))]
        job = await office.run(a_step("send"), a_step("enter", "send"))
        assert job.status is JobStatus.FAILED

        executors.lacking["send"] = MailNotSetUpError(["CPA_MAIL_ADDRESS"])
        executors.scripts["enter"] = [gives()]
        await office.store.queue.retry(job.id)
        await office.orchestrator.process(await office.lease())

        assert (await office.now(job.id)).status is JobStatus.DONE
