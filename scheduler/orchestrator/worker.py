"""Leases jobs and runs many at once, keeps their leases alive, and leaves in order when told to."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from scheduler.core.endings import cancel_for_good
from scheduler.core.errors import LeaseLostError, UnavailableError
from scheduler.core.ids import JobId
from scheduler.core.job import Job
from scheduler.orchestrator.orchestrator import Orchestrator
from scheduler.queue.job_queue import JobQueue

log = structlog.get_logger(__name__)

_LOOK_AGAIN = 1.0  # seconds; delayed jobs and leases that ran out give no wake-up
_SWEEP_AGAIN = 5.0  # seconds
_MOST_AT_ONCE = 256  # jobs that are leased with one question


class Worker:
    """Runs jobs from the queue until `drain` is called. `last_look` tells a health check that it is not stuck."""

    def __init__(
        self,
        *,
        job_queue: JobQueue,
        orchestrator: Orchestrator,
        lease: timedelta,
        concurrency: int = 4,
        grace: timedelta = timedelta(seconds=20),
    ) -> None:
        self._queue = job_queue
        self._orchestrator = orchestrator
        self._lease = lease
        self._concurrency = concurrency
        self._grace = grace
        self._draining = False
        self._look = asyncio.Event()
        self._running: dict[asyncio.Task[None], Job] = {}
        self._latest: dict[JobId, asyncio.Task[None]] = {}
        self.last_look: float | None = None

    def drain(self) -> None:
        """Lease nothing more; finish or hand back what is running, then return from `run`."""
        self._draining = True
        self._look.set()

    async def run(self) -> None:
        """Work until drained."""
        log.info("worker_started", concurrency=self._concurrency, lease=self._lease.total_seconds())
        async with asyncio.TaskGroup() as owner:
            watches = [
                owner.create_task(watch()) for watch in (self._watch_queue, self._keep_leases, self._keep_sweeping)
            ]
            await self._lease_and_start(owner)
            await self._leave()
            await cancel_for_good(*watches)
        log.info("worker_stopped")

    async def _lease_and_start(self, owner: asyncio.TaskGroup) -> None:
        while not self._draining:
            self._look.clear()
            jobs = await self._next_jobs(min(self._concurrency - len(self._running), _MOST_AT_ONCE))
            self.last_look = asyncio.get_running_loop().time()
            for job in jobs:
                self._start(job, owner)
            if not jobs:
                await self._look.wait()

    def _start(self, job: Job, owner: asyncio.TaskGroup) -> None:
        """Run a job. If this process slept through a lease and has got the job again, the earlier run ends first."""
        task = owner.create_task(self._process(job, self._latest.get(job.id)))
        self._running[task], self._latest[job.id] = job, task
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        job = self._running.pop(task)
        if self._latest.get(job.id) is task:
            del self._latest[job.id]
        self._look.set()

    async def _next_jobs(self, limit: int) -> Sequence[Job]:
        if limit < 1:
            return ()
        try:
            return await self._queue.dequeue_many(limit)
        except UnavailableError as error:
            log.warning("queue_unavailable", error=str(error))
        except Exception:
            log.exception("lease_failed")
        return ()

    async def _process(self, job: Job, earlier: asyncio.Task[None] | None) -> None:
        """Run the job. A run that breaks keeps its lease until that runs out: a pause, counted as a crash."""
        try:
            if earlier is not None:
                earlier.cancel()
                await asyncio.wait([earlier])
            await self._orchestrator.process(job)
            await self._queue.release([job])
        except LeaseLostError:
            pass  # whoever has the job now carries it on
        except UnavailableError as error:
            log.warning("job_given_up", job_id=job.id, error=str(error))
            await self._hand_back(job)
        except Exception:
            log.exception("job_run_crashed", job_id=job.id)

    async def _watch_queue(self) -> None:
        """Look for work, and for what is to be stopped, whenever the queue has changed, and now and then."""
        while True:
            seen = self._queue.changes
            self._look.set()
            if self._running:
                await self._stop_cancelled()
            try:
                await self._queue.wait(seen, _LOOK_AGAIN)
            except Exception as error:
                log.warning("queue_unavailable", error=str(error), exc_info=not isinstance(error, UnavailableError))
                await asyncio.sleep(_LOOK_AGAIN)

    async def _stop_cancelled(self) -> None:
        try:
            wanted = await self._queue.cancelling()
        except Exception as error:
            log.warning("queue_unavailable", error=str(error), exc_info=not isinstance(error, UnavailableError))
            return
        for job_id in wanted:
            self._orchestrator.stop(job_id)

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                await self._queue.sweep()
            except Exception as error:
                log.warning("sweep_failed", error=str(error), exc_info=not isinstance(error, UnavailableError))
            await asyncio.sleep(_SWEEP_AGAIN)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            await self._renew()

    async def _renew(self) -> None:
        """Prolong all leases; who lost one stops, unless its run has just ended."""
        running = [job for job in self._running.values() if not self._orchestrator.has_ended(job.id)]
        if not running:
            return
        until, lost = self._orchestrator.now() + self._lease, frozenset[JobId]()
        try:
            lost = await self._queue.renew_many(running)
        except Exception as error:
            log.warning("leases_not_renewed", error=str(error), exc_info=not isinstance(error, UnavailableError))
        else:
            for job in running:
                if job.id not in lost:
                    self._orchestrator.renewed(job.id, until)
        for task, job in list(self._running.items()):
            gone = (job in running and job.id in lost) or self._orchestrator.lease_is_over(job.id)
            if gone and not self._orchestrator.has_ended(job.id):
                log.warning("lease_lost", job_id=job.id)
                task.cancel()

    async def _leave(self) -> None:
        """Give running jobs the grace time, then stop them and hand them back."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=self._grace.total_seconds())
        await asyncio.gather(*(self._stop_and_hand_back(task, job) for task, job in self._running.items()))

    async def _stop_and_hand_back(self, task: asyncio.Task[None], job: Job) -> None:
        task.cancel()
        await asyncio.wait([task])
        await self._hand_back(job)

    async def _hand_back(self, job: Job) -> None:
        try:
            await self._queue.hand_back(job)
        except LeaseLostError:
            return  # it ended just now, or another worker has it
        except UnavailableError as error:
            log.warning("not_handed_back", job_id=job.id, error=str(error))
        else:
            log.info("job_handed_back", job_id=job.id)
