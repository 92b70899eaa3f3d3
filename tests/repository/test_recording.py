"""What every store promises of runs: steps are fenced and stored whole, and nothing crosses a tenant."""

import asyncio
import time
from datetime import timedelta

import pytest

from scheduler.core.errors import (
    InvalidTransitionError,
    JobNotFoundError,
    LeaseLostError,
)
from scheduler.core.events import EventType
from scheduler.core.ids import DEFAULT_TENANT, JobId, LeaseToken, TaskId, TenantId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.core.retry import TaskFailure
from scheduler.repository.repository_interface import (
    AuditFilter,
    RunProgress,
)
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job, a_message, a_progress, a_task_run, an_audit_entry, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.store import LEASE, Store

OTHERS = TenantId("others")
SECOND = timedelta(seconds=1)
FAILURE = TaskFailure(code="timeout", message="Zu spät 📎", facts={"limit": "30 s"}, retryable=True)


class TestRecording:
    async def test_a_step_is_stored_whole(self, store: Store) -> None:
        job = await store.leased(tasks=2)
        done = a_task_run(
            job,
            status=TaskStatus.DONE,
            attempts=2,
            failures=1,
            result={"path": "artifact://a/b/Rechnung Müller.pdf"},
            verified=True,
            effect_key="k" * 64,
            evidence=("data/1.png",),
            started_at=NOON,
            completed_at=NOON + timedelta(microseconds=7),
        )
        waiting = a_task_run(job, "task2", not_before=NOON + SECOND, failure=FAILURE, verified=False)
        entry = an_audit_entry(job_id=job.id)

        await store.jobs.record(a_progress(job, tasks=[done, waiting], events=[an_event(job)], audit=[entry]))

        assert await store.tasks.list(job.id) == (done, waiting)
        assert (await store.lines(job.id))[2:] == [EventType.TASK_DONE]
        stored = await store.audit.get(entry.id)
        assert stored is not None
        assert stored.model_copy(update={"block": None, "position": None}) == entry
        assert await store.jobs.get(job.id) == job

    async def test_the_end_of_a_run_is_stored_and_gives_the_lease_up(self, store: Store) -> None:
        job = await store.leased()

        await store.jobs.record(
            a_progress(job, status=JobStatus.FAILED, error="Zu spät", error_code="timeout", completed_at=NOON)
        )

        ended = await store.jobs.get(job.id)
        assert ended is not None
        assert (ended.status, ended.error, ended.error_code) == (JobStatus.FAILED, "Zu spät", "timeout")
        assert (ended.completed_at, ended.lease) == (NOON, None)

    async def test_a_step_under_an_old_lease_changes_nothing(self, store: Store, clock: FakeClock) -> None:
        job = await store.leased()
        clock.advance(LEASE)
        await store.queue.dequeue()
        before = await store.everything(job.id)
        progress = a_progress(
            job,
            tasks=[a_task_run(job, status=TaskStatus.DONE, result={})],
            events=[an_event(job)],
            audit=[an_audit_entry(job_id=job.id)],
            status=JobStatus.DONE,
            completed_at=NOON,
        )

        with pytest.raises(LeaseLostError):
            await store.jobs.record(progress)

        assert await store.everything(job.id) == before

    async def test_what_several_runs_changed_is_stored_with_one_write(self, store: Store) -> None:
        jobs = [await store.leased() for _ in range(3)]

        await store.jobs.record(*(_an_end(job) for job in jobs))
        await store.jobs.record()

        for job in jobs:
            ended = await store.jobs.get(job.id)
            assert ended is not None
            assert (ended.status, ended.lease) == (JobStatus.DONE, None)
            assert next(row.status for row in await store.tasks.list(job.id)) is TaskStatus.DONE
        assert await store.audit.broken_link(jobs[0].tenant) is None

    async def test_of_several_runs_nothing_is_stored_when_one_has_lost_its_lease(
        self, store: Store, clock: FakeClock
    ) -> None:
        lost = await store.leased()
        clock.advance(LEASE)
        heir = await store.queue.dequeue()
        others = [await store.leased() for _ in range(2)]
        before = [await store.everything(job.id) for job in (lost, *others)]
        assert heir is not None

        for last in (_an_end(lost), a_progress(lost, audit=[an_audit_entry(job_id=lost.id)])):
            with pytest.raises(LeaseLostError):
                await store.jobs.record(*map(_an_end, others), last)

        assert [await store.everything(job.id) for job in (lost, *others)] == before

    async def test_who_has_lost_the_lease_adds_no_items_that_its_heir_has_added(
        self, store: Store, clock: FakeClock
    ) -> None:
        job = await store.leased()
        clock.advance(LEASE)
        heir = await store.queue.dequeue()
        assert heir is not None
        item = TaskId("items.1")
        await store.jobs.record(a_progress(heir, added=[item]))

        with pytest.raises(LeaseLostError):
            await store.jobs.record(a_progress(job, added=[item]))

    async def test_nothing_is_recorded_after_the_end(self, store: Store) -> None:
        job = await store.leased()
        await store.jobs.record(a_progress(job, status=JobStatus.DONE, completed_at=NOON))
        before = await store.everything(job.id)

        for late in (a_progress(job), a_progress(job, status=JobStatus.FAILED, completed_at=NOON)):
            with pytest.raises(LeaseLostError):
                await store.jobs.record(late)

        assert await store.everything(job.id) == before

    async def test_progress_is_accepted_while_the_job_is_being_cancelled(self, store: Store) -> None:
        job = await store.leased()
        await store.queue.cancel(job.id)

        await store.jobs.record(a_progress(job, tasks=[a_task_run(job, status=TaskStatus.DONE, result={})]))
        still = await store.jobs.get(job.id)
        await store.jobs.record(a_progress(job, status=JobStatus.DONE, completed_at=NOON))

        assert still is not None
        assert still.status is JobStatus.CANCELLING
        assert (await store.tasks.list(job.id))[0].status is TaskStatus.DONE
        ended = await store.jobs.get(job.id)
        assert ended is not None
        assert ended.status is JobStatus.DONE

    @pytest.mark.parametrize("status", [JobStatus.WAITING, JobStatus.PENDING])
    async def test_a_job_that_is_to_be_cancelled_is_not_parked_but_given_to_the_next_worker(
        self, store: Store, status: JobStatus
    ) -> None:
        job = await store.leased()
        await store.queue.cancel(job.id)

        await store.jobs.record(a_progress(job, status=status, not_before=NOON + timedelta(days=1)))
        again = await store.queue.dequeue()

        assert again is not None
        assert (again.id, again.status, again.crashes) == (job.id, JobStatus.CANCELLING, 0)

    async def test_a_parked_job_is_ready_when_its_time_has_come(self, store: Store, clock: FakeClock) -> None:
        job, until = await store.leased(), clock.now() + timedelta(minutes=1)

        await store.jobs.record(a_progress(job, status=JobStatus.PENDING, not_before=until))
        parked = await store.jobs.get(job.id)
        early = await store.queue.dequeue()
        clock.advance(timedelta(minutes=1))
        again = await store.queue.dequeue()

        assert parked is not None
        assert (parked.status, parked.not_before, parked.lease) == (JobStatus.PENDING, until, None)
        assert early is None
        assert again is not None
        assert (again.id, again.crashes) == (job.id, 0)

    async def test_a_worker_ends_or_parks_a_job_but_does_not_ask_to_cancel_it(self, store: Store) -> None:
        job = await store.leased()

        with pytest.raises(InvalidTransitionError):
            await store.jobs.record(a_progress(job, status=JobStatus.CANCELLING))

        assert await store.jobs.get(job.id) == job

    async def test_a_task_that_is_not_in_the_plan_is_refused_with_all_the_rest(self, store: Store) -> None:
        job = await store.leased()
        before = await store.everything(job.id)

        with pytest.raises(ValueError, match="not in the plan"):
            await store.jobs.record(
                a_progress(job, tasks=[a_task_run(job, attempts=1), a_task_run(job, "unknown")], events=[an_event(job)])
            )

        assert await store.everything(job.id) == before

    def test_an_end_without_a_time_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no time"):
            RunProgress(job_id=JobId("job"), tenant=DEFAULT_TENANT, lease_token=LeaseToken("t"), status=JobStatus.DONE)


class TestNextRun:
    async def test_done_tasks_are_kept_and_the_others_open_again(self, store: Store) -> None:
        job = await store.leased(tasks=3)
        done = a_task_run(job, status=TaskStatus.DONE, attempts=1, result={"n": 1}, completed_at=NOON)
        failed = a_task_run(
            job, "task2", status=TaskStatus.FAILED, attempts=3, failures=3, failure=FAILURE, evidence=("2.png",),
            effect_key="e" * 64, started_at=NOON, completed_at=NOON,
        )  # fmt: skip
        skipped = a_task_run(job, "task3", status=TaskStatus.SKIPPED, completed_at=NOON)
        await store.jobs.record(
            a_progress(job, tasks=[done, failed, skipped], status=JobStatus.FAILED, completed_at=NOON)
        )

        await store.queue.retry(job.id)

        assert await store.tasks.list(job.id) == (
            done,
            a_task_run(job, "task2", run=2, evidence=("2.png",), effect_key="e" * 64),
            a_task_run(job, "task3", run=2),
        )
        assert (await store.lines(job.id))[-1] is EventType.JOB_RETRIED

    async def test_cancelling_the_next_run_before_it_begins_keeps_done_tasks(self, store: Store) -> None:
        job = await store.leased(tasks=2)
        done = a_task_run(job, status=TaskStatus.DONE, result={"n": 1}, completed_at=NOON)
        await store.jobs.record(a_progress(job, tasks=[done], status=JobStatus.FAILED, completed_at=NOON))
        await store.queue.retry(job.id)

        await store.queue.cancel(job.id)

        first, second = await store.tasks.list(job.id)
        assert first == done
        assert (second.status, second.run) == (TaskStatus.CANCELLED, 2)


class TestTenants:
    async def test_nothing_of_a_job_is_seen_or_changed_from_another_tenant(self, store: Store) -> None:
        job = await store.jobs.save(a_job())
        await store.queue.cancel(job.id)
        before = await store.everything(job.id)

        assert await store.jobs.get(job.id, OTHERS) is None
        assert (await store.jobs.list(tenant=OTHERS)).total == 0
        assert await store.jobs.delete(job.id, OTHERS) is False
        assert list(await store.events.list(job.id, tenant=OTHERS)) == []
        assert (await store.audit.list(AuditFilter(tenant=OTHERS, job_id=job.id))).total == 0
        with pytest.raises(JobNotFoundError):
            await store.jobs.update_status(job.id, JobStatus.DONE, OTHERS)

        assert await store.everything(job.id) == before

    async def test_an_audit_entry_is_shown_to_its_tenant(self, store: Store) -> None:
        entry = an_audit_entry(tenant=OTHERS)
        await store.audit.save([entry])

        assert await store.audit.get(entry.id, DEFAULT_TENANT) is None
        assert await store.audit.get(entry.id, OTHERS) == entry.model_copy(update={"block": 1, "position": 0})

    async def test_messages_belong_to_their_tenant(self, store: Store) -> None:
        message = a_message()
        assert await store.messages.save(message, DEFAULT_TENANT, NOON)
        assert await store.messages.save(message, OTHERS, NOON)

        assert await store.messages.get(message.id, TenantId("third")) is None
        assert list(await store.messages.list("job-1", TenantId("third"))) == []

    async def test_progress_of_another_job_or_tenant_is_refused(self, store: Store) -> None:
        job, other = await store.leased(), await store.jobs.save(a_job())

        for foreign in (
            {"tasks": [a_task_run(other)]},
            {"events": [an_event(other)]},
            {"audit": [an_audit_entry(job_id=other.id)]},
            {"events": [an_event(job, tenant=OTHERS)]},
            {"audit": [an_audit_entry(job_id=job.id, tenant=OTHERS)]},
        ):
            with pytest.raises(ValueError, match="names"):
                a_progress(job, **foreign)


async def test_who_cancels_in_the_commit_in_which_the_run_ends_comes_too_late(
    store: Store, database: SQLiteDatabase
) -> None:
    job = await store.leased()
    end = a_progress(job, status=JobStatus.DONE, completed_at=NOON, events=[an_event(job, type=EventType.JOB_DONE)])

    before = database.write(lambda _: time.sleep(0.05))  # what comes meanwhile shares the next commit
    _, _, answer = await asyncio.gather(
        before, store.jobs.record(end), store.queue.cancel(job.id), return_exceptions=True
    )

    assert isinstance(answer, InvalidTransitionError)
    assert EventType.JOB_CANCEL_REQUESTED not in await store.lines(job.id)


def _an_end(job: Job) -> RunProgress:
    return a_progress(
        job,
        tasks=[a_task_run(job, status=TaskStatus.DONE, result={})],
        events=[an_event(job)],
        audit=[an_audit_entry(job_id=job.id)],
        status=JobStatus.DONE,
        completed_at=NOON,
    )
