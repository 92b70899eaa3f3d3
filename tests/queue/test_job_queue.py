"""What every queue promises of jobs. The suite knows the port alone, and runs over every back end."""

from datetime import timedelta

import pytest

from scheduler.core.errors import (
    ConflictError,
    InvalidTransitionError,
    JobNotFoundError,
    LeaseLostError,
    RetriesExhaustedError,
    UniqueConflictError,
)
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.queue_counts import QueueCounts, QueueReport
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.queue.job_queue import JobQueue, JobStatus
from tests.support.builders import a_job, a_progress
from tests.support.clock import NOON, FakeClock
from tests.support.queues import ended, leased
from tests.support.store import LEASE, Store

SECOND = timedelta(seconds=1)
OTHERS = TenantId("others")


async def test_a_retry_whose_place_as_the_only_one_is_taken_is_refused(queue: JobQueue, store: Store) -> None:
    claim = UniqueClaim(key="k")
    first, second = a_job(), a_job()
    await store.jobs.save(first, claim=claim)
    await queue.cancel(first.id)
    await store.jobs.save(second, claim=claim)

    with pytest.raises(UniqueConflictError, match=second.id):
        await queue.retry(first.id)

    await queue.cancel(second.id)
    assert (await queue.retry(first.id)).run == 2
    taken = await leased(queue)
    assert taken.id == first.id
    assert await queue.dequeue() is None


async def test_what_is_in_the_queue_is_counted_by_place_and_tenant(
    queue: JobQueue, store: Store, clock: FakeClock
) -> None:
    letter = await store.failed(tenant=OTHERS)
    await queue.enqueue(a_job())
    taken = await leased(queue)
    parked = await store.leased()
    asked = OpenQuestions(round=1, questions=(Question(key="k", about="step", text="?"),), expires_at=clock.now())
    await store.jobs.record(a_progress(parked, status=JobStatus.WAITING, questions=asked))
    await queue.enqueue(a_job())
    await queue.enqueue(a_job())
    await queue.enqueue(a_job(tenant=OTHERS, not_before=NOON + SECOND))

    report = await queue.report()

    ours, theirs = QueueCounts(ready=2, leased=1, parked=1), QueueCounts(delayed=1, dead=1)
    assert dict(report.tenants) == {taken.tenant: ours, letter.tenant: theirs}
    assert report.total == QueueCounts(ready=2, leased=1, parked=1, delayed=1, dead=1)
    assert report.at_least == ()
    assert await queue.report(OTHERS) == QueueReport(total=theirs, tenants={OTHERS: theirs})
    assert await queue.report(TenantId("nobody")) == QueueReport(total=QueueCounts(), tenants={})


class TestHandingOut:
    async def test_a_job_comes_out_as_it_went_in_and_leased(self, queue: JobQueue) -> None:
        job = a_job(
            tasks=3, description="Rechnung für Jörg Müßig 📎", context={"slots": {"Nr": "4711"}}, deadline=NOON + SECOND
        )

        job_id = await queue.enqueue(job)
        taken = await leased(queue)

        assert job_id == job.id
        assert taken.lease is not None
        assert taken.lease.until == NOON + LEASE
        assert taken == job.become(JobStatus.RUNNING, started_at=NOON, lease=taken.lease)

    async def test_an_empty_queue_hands_out_nothing(self, queue: JobQueue) -> None:
        assert await queue.dequeue() is None
        assert await queue.length() == 0

    async def test_a_job_is_handed_out_once(self, queue: JobQueue) -> None:
        await queue.enqueue(a_job())
        await queue.dequeue()

        assert await queue.dequeue() is None

    async def test_enqueuing_again_changes_nothing(self, queue: JobQueue) -> None:
        job = a_job()
        await queue.enqueue(job)
        await queue.enqueue(job)
        taken = await leased(queue)
        await queue.enqueue(job)

        stored = await queue.get_job(job.id)

        assert stored == taken
        assert await queue.dequeue() is None

    async def test_the_id_of_another_tenants_job_is_refused(self, queue: JobQueue) -> None:
        job = a_job(tenant=OTHERS)
        await queue.enqueue(job)

        with pytest.raises(ConflictError):
            await queue.enqueue(a_job(id=job.id))

    async def test_a_job_that_was_begun_elsewhere_is_not_accepted(self, queue: JobQueue) -> None:
        job = a_job(status=JobStatus.RUNNING)

        with pytest.raises(InvalidTransitionError):
            await queue.enqueue(job)

        assert await queue.get_job(job.id) is None

    async def test_the_highest_priority_comes_first_then_the_oldest(self, queue: JobQueue) -> None:
        jobs = [a_job(priority=priority) for priority in (0, 5, 5, -1)]
        for job in jobs:
            await queue.enqueue(job)

        order = [(await leased(queue)).id for _ in jobs]

        assert order == [jobs[1].id, jobs[2].id, jobs[0].id, jobs[3].id]

    async def test_a_delayed_job_waits_for_its_time(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job(not_before=NOON + SECOND, priority=9))
        before = await queue.dequeue(), await queue.length()

        clock.advance(SECOND)

        assert before == (None, 0)
        assert await queue.length() == 1
        assert await queue.dequeue() is not None

    async def test_length_counts_what_is_ready(self, queue: JobQueue) -> None:
        for _ in range(3):
            await queue.enqueue(a_job())
        await queue.dequeue()

        assert await queue.length() == 2


class TestStatus:
    async def test_status_is_what_was_set(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)
        clock.advance(SECOND)

        done = await queue.update_status(job.id, JobStatus.DONE)

        assert await queue.get_status(job.id) is JobStatus.DONE
        assert await queue.get_job(job.id) == done
        assert done.completed_at == clock.now()
        assert done.lease is None

    async def test_an_unknown_job_has_no_status(self, queue: JobQueue) -> None:
        assert await queue.get_job(JobId("unknown")) is None
        with pytest.raises(JobNotFoundError):
            await queue.get_status(JobId("unknown"))
        with pytest.raises(JobNotFoundError):
            await queue.update_status(JobId("unknown"), JobStatus.DONE)

    async def test_a_step_that_the_table_does_not_have_is_refused(self, queue: JobQueue) -> None:
        job = a_job()
        await queue.enqueue(job)

        with pytest.raises(InvalidTransitionError):
            await queue.update_status(job.id, JobStatus.DONE)

        assert await queue.get_status(job.id) is JobStatus.PENDING

    @pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    async def test_a_final_status_is_final(self, queue: JobQueue, status: JobStatus) -> None:
        job = await ended(queue, status)

        for wanted in JobStatus:
            with pytest.raises(InvalidTransitionError):
                await queue.update_status(job.id, wanted)

        assert await queue.get_job(job.id) == job

    async def test_a_job_set_running_by_hand_goes_to_the_next_worker(self, queue: JobQueue) -> None:
        job = a_job()
        await queue.enqueue(job)
        await queue.update_status(job.id, JobStatus.RUNNING)

        taken = await leased(queue)

        assert (taken.id, taken.status, taken.crashes) == (job.id, JobStatus.RUNNING, 0)

    async def test_a_job_set_pending_by_hand_leaves_its_worker_without_lease(self, queue: JobQueue) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)

        await queue.update_status(job.id, JobStatus.PENDING)

        with pytest.raises(LeaseLostError):
            await queue.renew(job)
        assert (await leased(queue)).crashes == 0

    async def test_a_parked_job_costs_no_worker_until_it_is_made_ready(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)
        await queue.update_status(job.id, JobStatus.WAITING)
        clock.advance(2 * LEASE)
        while_parked = await queue.dequeue()

        await queue.update_status(job.id, JobStatus.PENDING)

        assert while_parked is None
        assert (await leased(queue)).id == job.id


class TestCancel:
    async def test_a_waiting_job_is_cancelled_at_once(self, queue: JobQueue) -> None:
        job = a_job()
        await queue.enqueue(job)

        cancelled = await queue.cancel(job.id)

        assert cancelled.status is JobStatus.CANCELLED
        assert cancelled.completed_at == NOON
        assert await queue.get_job(job.id) == cancelled
        assert await queue.dequeue() is None

    async def test_the_worker_of_a_running_job_is_asked(self, queue: JobQueue) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)

        asked = await queue.cancel(job.id)
        again = await queue.cancel(job.id)
        await queue.renew(job)

        assert asked.status is again.status is JobStatus.CANCELLING
        assert await queue.cancelling() == {job.id}

    async def test_a_job_that_is_being_cancelled_goes_on_to_the_next_worker(
        self, queue: JobQueue, clock: FakeClock
    ) -> None:
        await queue.enqueue(a_job())
        await queue.cancel((await leased(queue)).id)
        clock.advance(LEASE)
        after_a_crash = await leased(queue)
        await queue.hand_back(after_a_crash)
        after_a_hand_back = await leased(queue)

        assert after_a_crash.status is after_a_hand_back.status is JobStatus.CANCELLING
        assert after_a_hand_back.crashes == 1

    async def test_a_job_that_was_begun_is_cancelled_by_a_worker(self, queue: JobQueue) -> None:
        await queue.enqueue(a_job())
        await queue.hand_back(await leased(queue))
        job_id = (await queue.cancel((await _begun(queue)).id)).id

        taken = await leased(queue)

        assert (taken.id, taken.status, taken.crashes) == (job_id, JobStatus.CANCELLING, 0)

    async def test_done_beats_cancel_if_it_was_first(self, queue: JobQueue) -> None:
        job = await ended(queue, JobStatus.DONE)

        with pytest.raises(InvalidTransitionError):
            await queue.cancel(job.id)

        assert await queue.get_job(job.id) == job

    async def test_a_worker_that_is_done_in_spite_of_cancel_is_believed(self, queue: JobQueue) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)
        await queue.cancel(job.id)

        await queue.update_status(job.id, JobStatus.DONE)

        assert await queue.get_status(job.id) is JobStatus.DONE
        assert await queue.cancelling() == frozenset()

    async def test_nobody_cancels_or_retries_the_job_of_another_tenant(self, queue: JobQueue) -> None:
        job = await ended(queue, JobStatus.FAILED)

        for attempt in (queue.cancel, queue.retry):
            with pytest.raises(JobNotFoundError):
                await attempt(job.id, OTHERS)
            with pytest.raises(JobNotFoundError):
                await attempt(JobId("unknown"))

        assert await queue.get_job(job.id) == job


async def _begun(queue: JobQueue) -> Job:
    """Return the only job, which was begun and handed back."""
    job = await leased(queue)
    await queue.hand_back(job)
    return job


class TestRetry:
    @pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
    async def test_a_job_that_ended_badly_gets_another_run(self, queue: JobQueue, status: JobStatus) -> None:
        job = await ended(queue, status)

        retried = await queue.retry(job.id)

        assert (retried.status, retried.run, retried.retry_count) == (JobStatus.PENDING, 2, 1)
        assert (retried.started_at, retried.completed_at, retried.error) == (None, None, None)
        assert await queue.get_job(job.id) == retried
        assert (await leased(queue)).id == job.id

    async def test_the_next_run_starts_without_the_crashes_of_the_last(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job())
        await queue.dequeue()
        clock.advance(LEASE)
        job = await leased(queue)
        await queue.update_status(job.id, JobStatus.FAILED)

        retried = await queue.retry(job.id)

        assert retried.crashes == 0
        assert await queue.get_job(job.id) == retried

    async def test_retries_are_counted_and_end(self, queue: JobQueue) -> None:
        job = await ended(queue, JobStatus.FAILED, max_retries=2)
        for _ in range(2):
            await queue.retry(job.id)
            await queue.update_status((await leased(queue)).id, JobStatus.FAILED)

        with pytest.raises(RetriesExhaustedError):
            await queue.retry(job.id)

        assert await queue.get_status(job.id) is JobStatus.FAILED

    async def test_only_a_run_that_ended_badly_is_retried(self, queue: JobQueue) -> None:
        done = await ended(queue, JobStatus.DONE)
        waiting = a_job()
        await queue.enqueue(waiting)

        for job in (done, waiting):
            with pytest.raises(InvalidTransitionError):
                await queue.retry(job.id)


def test_a_url_without_back_end_is_refused() -> None:
    with pytest.raises(ValueError, match="known schemes: redis, rediss, sqlite"):
        JobQueue("carrier-pigeon://roof")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_url_without_file_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not like sqlite:///"):
        JobQueue(url)
