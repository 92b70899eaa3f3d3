"""Jobs of the queue are leased, run, kept and handed back; no trouble ends the worker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from scheduler.core.errors import StoreBusyError
from scheduler.core.events import EventType
from scheduler.core.ids import JobId
from scheduler.core.job import Job, JobStatus
from scheduler.orchestrator.job_run import JobRun
from scheduler.orchestrator.worker import Worker
from scheduler.queue.job_queue import JobQueue
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors, gives, hangs, ignores_being_stopped
from tests.support.orchestration import Office
from tests.support.runs import FIND, a_step
from tests.support.store import LEASE

Logs = list[MutableMapping[str, Any]]

BEAT = timedelta(milliseconds=30)
"""The lease as the worker counts it; it renews three times as often."""


def a_worker(office: Office, executors: FakeExecutors | None = None, **options: Any) -> Worker:  # noqa: ANN401
    orchestrator = office.orchestrator if executors is None else office.another_orchestrator(executors)
    queue = options.pop("job_queue", office.store.queue)
    lease = options.pop("lease", BEAT)
    return Worker(job_queue=queue, orchestrator=orchestrator, clock=office.clock, lease=lease, **options)


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[None]:
    """Let it work; drain it at the end if the test has not."""
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.drain()
        async with asyncio.timeout(30):
            await running


async def test_jobs_are_run_as_they_come(office: Office, executors: FakeExecutors) -> None:
    before = await office.accept(a_step("send"))
    worker = a_worker(office)

    async with at_work(worker):
        await office.becomes(before.id, JobStatus.DONE)
        after = await office.accept(a_step("find", action=FIND), a_step("send", "find"))
        await office.becomes(after.id, JobStatus.DONE)

    assert worker.last_look is not None
    assert sorted(executors.gone) == sorted([(before.id, True), (after.id, True)])


async def test_no_more_jobs_run_at_once_than_allowed(office: Office, executors: FakeExecutors) -> None:
    begun = asyncio.Event()
    executors.scripts |= {"a": [hangs(begun)], "b": [gives()]}
    first, second = await office.accept(a_step("a")), await office.accept(a_step("b"))

    async with at_work(a_worker(office, concurrency=1, grace=timedelta(0))):
        await begun.wait()
        await asyncio.sleep(BEAT.total_seconds())
        assert (await office.now(second.id)).status is JobStatus.PENDING

        await office.store.queue.cancel(first.id)
        await office.becomes(second.id, JobStatus.DONE)


async def test_a_cancelled_job_is_stopped(office: Office, executors: FakeExecutors) -> None:
    begun = asyncio.Event()
    executors.scripts["send"] = [hangs(begun)]
    job = await office.accept(a_step("send"))

    async with at_work(a_worker(office)):
        await begun.wait()
        await office.store.queue.cancel(job.id)
        await office.becomes(job.id, JobStatus.CANCELLED)

    assert executors.busy["send"] == 0


class TestDraining:
    async def test_what_is_nearly_finished_is_finished(self, office: Office, executors: FakeExecutors) -> None:
        begun, release = asyncio.Event(), asyncio.Event()

        async def send(*_: object) -> dict[str, object]:
            begun.set()
            await release.wait()
            return {}

        executors.scripts["send"] = [send]
        job, waiting = await office.accept(a_step("send")), await office.accept(a_step("other"))
        worker = a_worker(office, concurrency=1)

        async with at_work(worker):
            await begun.wait()
            worker.drain()
            release.set()

        assert (await office.now(job.id)).status is JobStatus.DONE
        assert (await office.now(waiting.id)).status is JobStatus.PENDING

    async def test_what_takes_longer_is_handed_back_and_another_worker_finishes_it(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        begun = asyncio.Event()

        async def sends_and_hangs(world: Any, context: Any) -> dict[str, object]:  # noqa: ANN401 - as Attempt
            world.happens(context)
            begun.set()
            return await asyncio.Future()

        executors.scripts |= {"find": [gives({"n": 1})], "send": [sends_and_hangs]}
        job = await office.accept(a_step("find"), a_step("send", text="${find.n} mal"), a_step("after", "send"))

        async with at_work(a_worker(office, grace=timedelta(0))):
            await begun.wait()
        handed_back = await office.now(job.id)
        successor = FakeExecutors(world=executors.world)
        async with at_work(a_worker(office, successor)):
            await office.becomes(job.id, JobStatus.DONE)

        assert (handed_back.status, handed_back.lease) == (JobStatus.PENDING, None)
        assert EventType.JOB_HANDED_BACK in await office.store.lines(job.id)
        assert list(executors.world.effects.values()) == [1, 1, 1]
        assert (successor.asked["find"], successor.asked["send"]) == ([], [])
        assert (await office.now(job.id)).crashes == 0
        assert (executors.gone, successor.gone) == ([(job.id, False)], [(job.id, True)])

    async def test_who_does_not_stop_at_once_keeps_only_his_own_job_from_being_handed_back(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        begun, release = asyncio.Event(), asyncio.Event()
        executors.scripts |= {"a": [ignores_being_stopped(release)], "b": [hangs(begun)]}
        stubborn, other = await office.accept(a_step("a")), await office.accept(a_step("b"))

        worker = a_worker(office, grace=timedelta(0))

        async with at_work(worker):
            await begun.wait()
            worker.drain()
            await office.becomes(other.id, JobStatus.PENDING)
            assert (await office.now(stubborn.id)).status is JobStatus.RUNNING
            release.set()

        assert (await office.now(stubborn.id)).status is JobStatus.PENDING


class TestLeases:
    @pytest.fixture(autouse=True)
    def _looks_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The clock that these tests move wakes nobody."""
        monkeypatch.setattr("scheduler.orchestrator.worker._LOOK_AGAIN", 0.05)

    async def test_a_job_that_takes_long_keeps_its_lease(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        begun = asyncio.Event()
        executors.scripts["send"] = [hangs(begun)]
        job = await office.accept(a_step("send"))

        async with at_work(a_worker(office, grace=timedelta(0))):
            await begun.wait()
            for _ in range(4):
                clock.advance(LEASE * 0.6)
                await office.until(_leased_until(office, job.id, clock.now() + LEASE))
            assert await office.store.queue.dequeue() is None

    async def test_a_job_that_another_worker_has_is_let_go(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        begun = asyncio.Event()
        executors.scripts["send"] = [hangs(begun)]
        job = await office.accept(a_step("send"))

        async with at_work(a_worker(office, lease=timedelta(seconds=0.15), concurrency=1)):
            await begun.wait()
            async with asyncio.timeout(30):
                stolen = None
                while stolen is None:  # a renewal may have been on its way
                    clock.advance(LEASE * 2)
                    stolen = await office.store.queue.dequeue()
                while executors.busy["send"]:  # noqa: ASYNC110 - a fake tells nobody
                    await asyncio.sleep(0.005)

        assert (await office.now(job.id)).lease == stolen.lease
        assert executors.gone == [(job.id, False)]

    async def test_a_worker_that_slept_through_its_lease_stops_its_old_run_before_it_begins_anew(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        begun = asyncio.Event()
        executors.scripts["send"] = [hangs(begun), gives()]
        job = await office.accept(a_step("send"))

        async with at_work(a_worker(office, lease=100 * LEASE)):  # so it does not renew during the test
            await begun.wait()
            clock.advance(LEASE * 2)
            await office.becomes(job.id, JobStatus.DONE)

        assert executors.busiest["send"] == 1
        assert executors.gone == [(job.id, False), (job.id, True)]
        assert list(executors.world.effects.values()) == [1]

    async def test_who_lost_a_job_and_does_not_stop_at_once_keeps_his_successors_waiting(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        release = asyncio.Event()
        executors.scripts["send"] = [ignores_being_stopped(release), gives()]
        job = await office.accept(a_step("send"))

        async with at_work(a_worker(office, lease=100 * LEASE)):  # so it does not renew during the test
            await office.until(_busy(executors))
            for epoch in (2, 3, 4):  # who waits for him loses the job as well
                clock.advance(LEASE * 2)
                await office.until(_in_epoch(office, job.id, epoch))
            assert executors.busiest["send"] == 1
            release.set()
            await office.becomes(job.id, JobStatus.DONE)

        assert executors.busiest["send"] == 1
        assert list(executors.world.effects.values()) == [1]

    async def test_a_successor_keeps_the_lease_while_he_waits(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        release = asyncio.Event()
        executors.scripts["send"] = [ignores_being_stopped(release), gives()]
        job = await office.accept(a_step("send"))
        queue = Troubled(office.store.queue, StoreBusyError("cpa.db"), times=0)

        async with at_work(a_worker(office, job_queue=queue)):
            await office.until(_busy(executors))
            await queue.break_down("dequeue", "renew")
            clock.advance(LEASE * 2)
            await office.lease()  # another worker has it for a while
            queue.broken.clear()
            clock.advance(LEASE * 2)
            await office.until(_in_epoch(office, job.id, 3))
            enough = queue.failed.get("renew", 0) + 5
            while queue.failed.get("renew", 0) < enough:  # noqa: ASYNC110 - a fake tells nobody
                await asyncio.sleep(0.005)
            release.set()
            await office.becomes(job.id, JobStatus.DONE)

        assert (await office.now(job.id)).crashes == 2
        assert list(executors.world.effects.values()) == [1]

    async def test_a_job_whose_lease_cannot_be_prolonged_is_let_go_before_another_worker_has_it(
        self, office: Office, executors: FakeExecutors, clock: FakeClock
    ) -> None:
        executors.scripts["send"] = [hangs()]
        job = await office.accept(a_step("send"))
        queue = Troubled(office.store.queue, StoreBusyError("cpa.db"), times=0)

        async with at_work(a_worker(office, job_queue=queue)):
            await office.until(_busy(executors))
            await queue.break_down("dequeue", "renew")
            clock.advance(LEASE * 0.9)
            await office.until(_busy(executors, 0))
            assert (await office.now(job.id)).status is JobStatus.RUNNING

        assert executors.gone == [(job.id, False)]


class Troubled(JobQueue):
    """A queue each of whose calls fails at the first `times` times, and while its name is among the `broken`."""

    def __init__(self, queue: JobQueue, error: Exception, times: int = 1) -> None:
        self._backend = queue._backend
        self._error = error
        self._times = times
        self.failed: dict[str, int] = {}
        self.broken: set[str] = set()
        self.under_way = 0

    async def _once(self, name: str, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 - any answer
        self.failed[name] = self.failed.get(name, 0) + 1
        if self.failed[name] <= self._times or name in self.broken:
            raise self._error
        self.under_way += 1
        try:
            return await call()
        finally:
            self.under_way -= 1

    async def break_down(self, *names: str) -> None:
        """Let these calls fail from now on; return when none is under way that began before."""
        self.broken.update(names)
        while self.under_way:  # noqa: ASYNC110 - a fake tells nobody
            await asyncio.sleep(0.001)

    async def dequeue_many(self, limit: int) -> Sequence[Job]:
        answer: Sequence[Job] = await self._once("dequeue", lambda: JobQueue.dequeue_many(self, limit))
        return answer

    async def renew_many(self, jobs: Collection[Job]) -> frozenset[JobId]:
        answer: frozenset[JobId] = await self._once("renew", lambda: JobQueue.renew_many(self, jobs))
        return answer

    async def cancelling(self) -> frozenset[JobId]:
        answer: frozenset[JobId] = await self._once("cancelling", super().cancelling)
        return answer


class TestTrouble:
    @pytest.mark.parametrize("error", [StoreBusyError("cpa.db"), RuntimeError("a bug")])
    async def test_trouble_with_the_queue_does_not_end_the_worker(
        self, office: Office, executors: FakeExecutors, error: Exception
    ) -> None:
        begun = asyncio.Event()
        executors.scripts["send"] = [hangs(begun)]
        job = await office.accept(a_step("send"))
        queue = Troubled(office.store.queue, error)

        async with at_work(a_worker(office, job_queue=queue)):
            await asyncio.sleep(0)
            other = await office.accept(a_step("other"))  # a change: look again
            await begun.wait()
            await asyncio.sleep(BEAT.total_seconds())
            await office.store.queue.cancel(job.id)
            await office.becomes(job.id, JobStatus.CANCELLED)
            await office.becomes(other.id, JobStatus.DONE)

        assert set(queue.failed) == {"dequeue", "renew", "cancelling"}

    async def test_a_run_that_breaks_keeps_its_lease_and_the_others_go_on(
        self,
        office: Office,
        executors: FakeExecutors,
        monkeypatch: pytest.MonkeyPatch,
        clock: FakeClock,
        logs: Logs,
    ) -> None:
        broken = await office.accept(a_step("a"))
        go_on = JobRun.go_on

        def go_on_or_break(run: JobRun) -> bool:
            if run.job.id == broken.id and not run.job.crashes:
                raise RuntimeError("a bug")
            return go_on(run)

        monkeypatch.setattr(JobRun, "go_on", go_on_or_break)

        async with at_work(a_worker(office)):
            other = await office.accept(a_step("b"))
            await office.becomes(other.id, JobStatus.DONE)
            assert (await office.now(broken.id)).status is JobStatus.RUNNING
            await office.until(_logged(logs, "job_run_crashed"))  # until it has cleared up, it prolongs its lease
            clock.advance(LEASE * 2)
            await office.accept(a_step("c"))
            await office.becomes(broken.id, JobStatus.DONE)

        assert (await office.now(broken.id)).crashes == 1
        assert executors.gone


def _logged(logs: Logs, event: str) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def there() -> bool:
        return any(line["event"] == event for line in logs)

    return there


def _leased_until(office: Office, job_id: JobId, moment: object) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def there() -> bool:
        lease = (await office.now(job_id)).lease
        return lease is not None and lease.until == moment

    return there


def _busy(executors: FakeExecutors, count: int = 1) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def so_many() -> bool:
        return executors.busy["send"] == count

    return so_many


def _in_epoch(office: Office, job_id: JobId, epoch: int) -> Callable[[], Coroutine[Any, Any, bool]]:
    async def there() -> bool:
        lease = (await office.now(job_id)).lease
        return lease is not None and lease.epoch >= epoch

    return there
