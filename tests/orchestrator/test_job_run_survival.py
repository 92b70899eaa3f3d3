"""What a run does when the store, its lease or its worker is lost."""

import asyncio

import pytest

from scheduler.core.errors import (
    LeaseLostError,
    OutcomeUnknownError,
    StoreBusyError,
    UnavailableError,
)
from scheduler.core.events import MOST_CRASHES, EventType
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.task_executor_interface import ExecutionContext, Verification
from scheduler.repository.repository_interface import AuditFilter, RunProgress
from tests.support.builders import a_progress, a_task_run
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors, World, fails, gives, hangs, ignores_being_stopped
from tests.support.orchestration import Office
from tests.support.runs import FIND, a_step
from tests.support.store import LEASE, Store


class FlakyJobs:
    """A store that cannot be written for some time."""

    def __init__(self, store: Store, failures: int) -> None:
        self._jobs = store.jobs
        self.failures = failures
        self.tried: list[object] = []

    async def record(self, *changes: RunProgress) -> None:
        self.tried += changes
        if len(self.tried) <= self.failures:
            raise StoreBusyError("cpa.db")
        await self._jobs.record(*changes)


async def test_a_run_that_is_stopped_again_and_again_waits_for_who_is_busy(
    office: Office, executors: FakeExecutors
) -> None:
    release = asyncio.Event()
    executors.scripts["send"] = [ignores_being_stopped(release)]
    await office.accept(a_step("send"))
    run = asyncio.create_task(office.orchestrator.process(await office.lease()))
    async with asyncio.timeout(30):
        while not executors.busy["send"]:  # noqa: ASYNC110 - a fake tells nobody
            await asyncio.sleep(0)

        for _ in range(3):
            run.cancel()
            await asyncio.wait([run], timeout=0.1)
            assert not run.done()
        release.set()
        await asyncio.wait([run])

    assert run.cancelled()
    assert executors.busy["send"] == 0


class TestStore:
    async def test_a_store_that_is_busy_for_a_moment_is_asked_again_and_nothing_is_done_before(
        self, store: Store, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        flaky = FlakyJobs(store, failures=3)
        asked_when: list[int] = []

        async def note(*_: object) -> dict[str, object]:
            asked_when.append(len(flaky.tried))
            return {}

        executors.scripts["send"] = [note]
        office = Office(store, executors, clock, jobs=flaky)  # type: ignore[arg-type]  # all that a run needs of it

        job = await office.run(a_step("send"))

        assert job.status is JobStatus.DONE
        assert asked_when == [4]
        assert all(progress is flaky.tried[0] for progress in flaky.tried[:4])
        assert (await store.lines(job.id)).count(EventType.TASK_STARTED) == 1

    async def test_a_store_that_stays_away_ends_the_wait_and_the_job_can_be_taken_up(
        self, store: Store, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        office = Office(store, executors, clock, jobs=FlakyJobs(store, failures=10_000))  # type: ignore[arg-type]

        with pytest.raises(UnavailableError):
            await office.run(a_step("send"))

        assert executors.asked["send"] == []
        assert [ended for _, ended in executors.gone] == [False]

    async def test_a_lost_lease_stops_everything_and_nothing_more_is_stored(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        begun, stolen = asyncio.Event(), asyncio.Event()

        async def ends_when_stolen(*_: object) -> dict[str, object]:
            await stolen.wait()
            return {}

        executors.scripts |= {"a": [hangs(begun)], "b": [ends_when_stolen]}
        await office.accept(a_step("a"), a_step("b"))
        running = asyncio.create_task(office.orchestrator.process(await office.lease()))
        await begun.wait()

        clock.advance(LEASE * 2)
        job = await office.lease()
        stolen.set()
        with pytest.raises(LeaseLostError):
            await running

        assert executors.busy == {"a": 0, "b": 0}
        assert await office.statuses(job.id) == {"a": "running", "b": "running"}
        assert executors.gone == [(job.id, False)]


class TestTakingUp:
    async def test_another_process_takes_up_a_run_and_sends_nothing_twice(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        begun = asyncio.Event()

        async def sends_and_hangs(world: World, context: ExecutionContext) -> dict[str, object]:
            world.happens(context)
            begun.set()
            return await asyncio.Future()

        executors.scripts |= {"find": [gives({"row": {"z": 1, "a": [2.5, "ü"]}})], "send": [sends_and_hangs]}
        await office.accept(a_step("find", action=FIND), a_step("send", text="Zeile: ${find.row}"))
        job = await office.lease()
        first = asyncio.create_task(office.orchestrator.process(job))
        await begun.wait()
        first.cancel()
        await asyncio.wait([first])

        clock.advance(LEASE * 2)
        successor = FakeExecutors(world=executors.world)
        await office.another_orchestrator(successor).process(await office.lease())

        assert (await office.now(job.id)).status is JobStatus.DONE
        assert successor.asked["send"] == []
        assert list(executors.world.effects.values()) == [1, 1]
        assert executors.gone == [(job.id, False)]
        assert successor.gone == [(job.id, True)]

    async def test_a_step_left_running_that_could_never_begin_fails(self, office: Office) -> None:
        await office.accept(a_step("find", action=FIND), a_step("send", text="${find.address}"))
        job = await office.lease()
        find = a_task_run(job, "find", status=TaskStatus.DONE, attempts=1, result={})
        send = a_task_run(job, "send", status=TaskStatus.RUNNING, attempts=1, started_at=office.clock.now())
        await office.store.jobs.record(a_progress(job, tasks=[find, send]))

        await office.orchestrator.process(job)

        assert (await office.now(job.id)).error_code == "invalid_input"

    async def test_the_next_run_looks_before_it_repeats_what_an_earlier_one_began(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.scripts["send"] = [fails(OutcomeUnknownError("the mail", "no answer"), happens=True)]
        executors.verify_as["send"] = lambda _: Verification(happened=None)
        job = await office.run(a_step("send"))
        assert job.error_code == "outcome_unknown"

        del executors.verify_as["send"]
        await office.store.queue.retry(job.id)
        await office.orchestrator.process(await office.lease())

        assert (await office.now(job.id)).status is JobStatus.DONE
        assert list(executors.world.effects.values()) == [1]

    async def test_tasks_of_a_job_that_is_put_aside_end_with_it_and_a_requeue_works(self, office: Office) -> None:
        await office.accept(a_step("a"), a_step("b", "a"), locale="en")
        leased = await office.lease()
        busy = a_task_run(leased, "a", status=TaskStatus.RUNNING, attempts=1, effect_key="key")
        await office.store.jobs.record(a_progress(leased, tasks=[busy]))

        await office.orchestrator.process(leased.model_copy(update={"crashes": MOST_CRASHES + 2}))

        a, b = await office.store.tasks.list(leased.id)
        assert (a.status, b.status) == (TaskStatus.FAILED, TaskStatus.SKIPPED)
        assert a.failure is not None
        assert a.failure.code == "worker_crashes"
        lines = await office.store.lines(leased.id)
        assert lines[-3:] == [EventType.TASK_FAILED, EventType.TASK_SKIPPED, EventType.JOB_FAILED]
        audited = await office.store.audit.list(AuditFilter(job_id=leased.id))
        assert {"task.failed", "task.skipped"} <= {entry.action for entry in audited.items}

        [again] = (await office.store.letters.requeue([leased.id], leased.tenant, "mended")).opened
        await office.orchestrator.process(await office.lease())

        assert (await office.now(again.id)).status is JobStatus.DONE
        assert {task.status for task in await office.store.tasks.list(again.id)} == {TaskStatus.DONE}

    async def test_a_job_that_cannot_even_be_opened_is_put_aside(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        await office.accept(a_step("send"), locale="en")
        leased = await office.lease()
        crashed = leased.model_copy(update={"crashes": MOST_CRASHES + 2})

        await office.orchestrator.process(crashed)

        job = await office.now(leased.id)
        assert (job.status, job.error_code) == (JobStatus.FAILED, "worker_crashes")
        assert job.error == f"The job ended its worker {MOST_CRASHES + 2} times and was put aside."
        assert executors.asked["send"] == []
