"""What makes a worker look for work when nobody tells it of any; the look that it takes now and then is none of it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from scheduler.core.errors import StoreBusyError
from scheduler.core.job import Job, JobStatus
from scheduler.orchestrator.worker import Worker
from scheduler.queue.job_queue import JobQueue
from tests.orchestrator.test_worker import BEAT, Troubled, a_worker, at_work
from tests.support.clock import FakeClock
from tests.support.orchestration import Office
from tests.support.runs import a_step
from tests.support.store import LEASE

LONG = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def looks_only_for_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.orchestrator.worker._LOOK_AGAIN", LONG.total_seconds() / 2)
    monkeypatch.setattr("scheduler.repository.sqlite_database._LOOK_BESIDE_BELL", LONG.total_seconds() / 2)


async def test_a_job_begins_when_its_time_has_come(office: Office, clock: FakeClock) -> None:
    jobs = [await office.accept(a_step("send"), not_before=clock.now() + delay) for delay in (BEAT, 2 * BEAT)]
    worker = a_worker(office)

    async with at_work(worker):
        for job in jobs:
            await _has_looked(worker)
            clock.advance(BEAT)
            await office.becomes(job.id, JobStatus.DONE)


async def test_a_job_whose_worker_died_begins_when_its_lease_has_run_out(office: Office, clock: FakeClock) -> None:
    await office.accept(a_step("send"))
    job = await office.lease()
    clock.advance(LEASE - BEAT)
    worker = a_worker(office)

    async with at_work(worker):
        await _has_looked(worker)
        clock.advance(BEAT)
        await office.becomes(job.id, JobStatus.DONE)


async def test_what_falls_due_during_a_look_is_looked_at_again(office: Office, clock: FakeClock) -> None:
    job = await office.accept(a_step("send"), not_before=clock.now() + LONG)
    queue = Slow(office.store.queue, clock)
    worker = a_worker(office, job_queue=queue, lease=LONG)

    async with at_work(worker):
        await _has_looked(worker)
        queue.takes = LONG
        await office.accept(a_step("other"), not_before=clock.now() + 2 * LONG)
        await office.becomes(job.id, JobStatus.DONE)


async def test_who_cannot_look_does_not_try_all_the_time(office: Office, clock: FakeClock) -> None:
    await office.accept(a_step("send"), not_before=clock.now() + BEAT)
    queue = Troubled(office.store.queue, StoreBusyError("cpa.db"), times=0)
    worker = a_worker(office, job_queue=queue)

    async with at_work(worker):
        await _has_looked(worker)
        await queue.break_down("dequeue")
        clock.advance(BEAT)
        await asyncio.sleep(3 * BEAT.total_seconds())

    assert queue.failed["dequeue"] < 10


async def test_who_is_full_looks_again_when_a_run_has_ended(office: Office) -> None:
    jobs = [await office.accept(a_step("send")) for _ in range(5)]

    async with at_work(a_worker(office, concurrency=1)):
        for job in jobs:
            await office.becomes(job.id, JobStatus.DONE)


class Slow(JobQueue):
    """A queue one of whose looks `takes` long."""

    def __init__(self, queue: JobQueue, clock: FakeClock) -> None:
        self._backend = queue._backend
        self._clock = clock
        self.takes = timedelta(0)

    async def dequeue_many(self, limit: int) -> Sequence[Job]:
        jobs = await super().dequeue_many(limit)
        takes, self.takes = self.takes, timedelta(0)
        self._clock.advance(takes)
        return jobs


async def _has_looked(worker: Worker) -> None:
    while worker.last_look is None:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.001)
    await asyncio.sleep(BEAT.total_seconds())  # it looks once more when it begins to hear of changes
