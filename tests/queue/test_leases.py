"""What every queue promises of leases, of many at once, and of waking. Runs over every back end."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from scheduler.core.errors import InvalidTransitionError, LeaseLostError
from scheduler.core.ids import JobId
from scheduler.core.job import Job
from scheduler.queue.job_queue import JobQueue, JobStatus
from tests.support.builders import a_job
from tests.support.clock import FakeClock
from tests.support.queues import OpenQueue, ended, leased, quiet
from tests.support.store import LEASE

SECOND = timedelta(seconds=1)


class TestLease:
    async def test_job_of_a_dead_worker_goes_to_the_next(self, queue: JobQueue, clock: FakeClock) -> None:
        job = a_job()
        await queue.enqueue(job)
        first = await leased(queue)
        clock.advance(LEASE)

        second = await leased(queue)

        assert second.id == job.id
        assert second.crashes == 1
        assert first.lease is not None
        assert second.lease is not None
        assert second.lease.epoch > first.lease.epoch
        assert second.lease.token != first.lease.token

    async def test_a_renewed_lease_holds_on(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)
        clock.advance(LEASE - SECOND)
        await queue.renew(job)
        clock.advance(LEASE - SECOND)

        assert await queue.dequeue() is None

    async def test_who_lost_the_lease_can_neither_renew_nor_hand_back(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job())
        first = await leased(queue)
        clock.advance(LEASE)
        second = await leased(queue)

        for attempt in (queue.renew, queue.hand_back):
            with pytest.raises(LeaseLostError):
                await attempt(first)

        assert await queue.get_job(first.id) == second

    async def test_jobs_leased_together_are_lost_one_by_one(self, queue: JobQueue, clock: FakeClock) -> None:
        for _ in range(2):
            await queue.enqueue(a_job())
        lost, kept = await queue.dequeue_many(2)
        clock.advance(LEASE - SECOND)
        await queue.renew(kept)
        clock.advance(SECOND)
        taken_over = await leased(queue)

        assert taken_over.id == lost.id
        assert await queue.renew_many([lost, kept]) == {lost.id}
        with pytest.raises(LeaseLostError):
            await queue.hand_back(lost)
        await queue.hand_back(kept)

    @pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    async def test_the_end_of_a_run_ends_the_lease(self, queue: JobQueue, clock: FakeClock, status: JobStatus) -> None:
        await queue.enqueue(a_job())
        job = await leased(queue)
        await queue.update_status(job.id, status)
        clock.advance(LEASE)

        with pytest.raises(LeaseLostError):
            await queue.renew(job)
        assert await queue.dequeue() is None

    async def test_a_job_that_was_not_leased_cannot_be_renewed(self, queue: JobQueue) -> None:
        job = a_job()
        await queue.enqueue(job)

        for attempt in (queue.renew, queue.hand_back):
            with pytest.raises(LeaseLostError):
                await attempt(job)

    async def test_what_is_handed_back_is_ready_at_once_and_no_crash(self, queue: JobQueue) -> None:
        await queue.enqueue(a_job())
        first = await leased(queue)

        await queue.hand_back(first)
        second = await leased(queue)

        assert second.crashes == 0
        assert first.lease is not None
        assert second.lease is not None
        assert second.lease.epoch > first.lease.epoch

    async def test_the_epoch_grows_with_every_lease(self, queue: JobQueue, clock: FakeClock) -> None:
        await queue.enqueue(a_job())
        epochs = []
        for number in range(6):
            job = await leased(queue)
            assert job.lease is not None
            epochs.append(job.lease.epoch)
            if number % 3 == 0:
                await queue.hand_back(job)
            elif number % 3 == 1:
                clock.advance(LEASE)
            else:
                await queue.update_status(job.id, JobStatus.FAILED)
                await queue.retry(job.id)

        assert epochs == sorted(set(epochs))

    async def test_new_jobs_do_not_starve_that_of_a_dead_worker(self, queue: JobQueue, clock: FakeClock) -> None:
        old = a_job()
        await queue.enqueue(old)
        await queue.dequeue()
        clock.advance(LEASE)
        await queue.enqueue(a_job())

        assert (await leased(queue)).id == old.id


class TestConcurrency:
    async def test_many_workers_on_two_queues_get_each_job_once(self, open_queue: OpenQueue) -> None:
        queues = [await open_queue(), await open_queue()]
        jobs = [a_job() for _ in range(30)]
        await asyncio.gather(*(queues[number % 2].enqueue(job) for number, job in enumerate(jobs)))
        handed_out = Counter[JobId]()

        async def work(queue: JobQueue) -> None:
            while (job := await queue.dequeue()) is not None:
                handed_out[job.id] += 1

        await asyncio.gather(*(work(queues[number % 2]) for number in range(10)))

        assert handed_out == Counter(job.id for job in jobs)

    async def test_one_job_enqueued_by_many_is_there_once(self, open_queue: OpenQueue) -> None:
        queues = [await open_queue(), await open_queue()]
        job = a_job()

        await asyncio.gather(*(queue.enqueue(job) for queue in queues * 5))

        assert await queues[0].length() == 1

    async def test_cancel_and_done_at_once_leave_one_legal_end(self, open_queue: OpenQueue) -> None:
        ours, theirs = await open_queue(), await open_queue()
        for _ in range(10):
            await ours.enqueue(a_job())
            job = await leased(ours)

            cancelled, done = await asyncio.gather(
                theirs.cancel(job.id), ours.update_status(job.id, JobStatus.DONE), return_exceptions=True
            )

            assert await ours.get_status(job.id) is JobStatus.DONE
            assert isinstance(done, Job)
            assert isinstance(cancelled, InvalidTransitionError | Job)

    async def test_of_two_retries_at_once_one_wins(self, open_queue: OpenQueue) -> None:
        ours, theirs = await open_queue(), await open_queue()
        job = await ended(ours, JobStatus.FAILED)

        answers = await asyncio.gather(ours.retry(job.id), theirs.retry(job.id), return_exceptions=True)

        assert sorted(isinstance(answer, InvalidTransitionError) for answer in answers) == [False, True]
        stored = await ours.get_job(job.id)
        assert stored is not None
        assert stored.run == 2

    async def test_what_was_enqueued_outlives_the_queue(self, open_queue: OpenQueue) -> None:
        job = a_job(description="Grüße 📎")
        first = await open_queue()
        await first.enqueue(job)
        await first.close()

        second = await open_queue()

        assert await second.get_job(job.id) == job


@pytest.mark.parametrize("writer", ["the same queue", "another queue"])
class TestWakeUp:
    async def test_all_who_wait_are_woken_by_a_new_job(self, open_queue: OpenQueue, writer: str) -> None:
        queue, another = await open_queue(), await open_queue()
        seen = await quiet(queue)
        waiting = [asyncio.create_task(queue.wait(seen, 120)) for _ in range(3)]
        await asyncio.sleep(0)

        await (queue if writer == "the same queue" else another).enqueue(a_job())

        async with asyncio.timeout(30):
            await asyncio.gather(*waiting)
        assert queue.changes != seen

    async def test_a_change_between_look_and_wait_is_not_missed(self, open_queue: OpenQueue, writer: str) -> None:
        queue, another = await open_queue(), await open_queue()
        seen = await quiet(queue)
        await (queue if writer == "the same queue" else another).enqueue(a_job())

        async with asyncio.timeout(30):
            await queue.wait(seen, 120)

        assert queue.changes != seen

    async def test_when_one_gives_up_waiting_the_other_is_still_woken(self, open_queue: OpenQueue, writer: str) -> None:
        queue, another = await open_queue(), await open_queue()
        seen = await quiet(queue)
        waiting = [asyncio.create_task(queue.wait(seen, 120)) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])

        await (queue if writer == "the same queue" else another).enqueue(a_job())

        async with asyncio.timeout(30):
            await waiting[1]
        assert waiting[0].cancelled()


class TestWhatTimeBrings:
    """Nobody is woken when a delay or a lease ends: whoever looked knows when to look again."""

    async def test_delays_and_leases_end_at_a_time_that_is_told(self, queue: JobQueue, clock: FakeClock) -> None:
        start = clock.now()
        await queue.enqueue(a_job())
        job = await leased(queue)
        assert await queue.dequeue() is None
        assert queue.next_due == start + LEASE
        for seconds in (2, 5):
            await queue.enqueue(a_job(not_before=start + seconds * SECOND))

        assert await queue.dequeue() is None
        assert queue.next_due == start + 2 * SECOND
        clock.advance(2 * SECOND)
        assert len(await queue.dequeue_many(2)) == 1
        assert queue.next_due == start + 5 * SECOND
        clock.advance(3 * SECOND)
        assert len(await queue.dequeue_many(2)) == 1
        clock.advance(LEASE - 5 * SECOND)
        assert [lost.id for lost in await queue.dequeue_many(2)] == [job.id]
        assert queue.next_due == start + 2 * SECOND + LEASE

    async def test_where_nothing_is_to_come_nothing_is_told(self, queue: JobQueue) -> None:
        await ended(queue, JobStatus.DONE)

        assert await queue.dequeue() is None

        assert queue.next_due is None


async def test_a_wait_has_an_end(queue: JobQueue) -> None:
    async with asyncio.timeout(30):
        await queue.wait(queue.changes, 0.01)
        await queue.wait(queue.changes, 0)
