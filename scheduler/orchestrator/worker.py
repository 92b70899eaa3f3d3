"""Leases jobs and runs several at once, keeps their leases alive, and leaves in order when told to."""

import asyncio
from datetime import timedelta

import structlog

from scheduler.core.errors import CPAError, LeaseLostError, UnavailableError
from scheduler.core.job import Job
from scheduler.orchestrator.orchestrator import Orchestrator
from scheduler.queue.job_queue import JobQueue

log = structlog.get_logger(__name__)

_LOOK_AGAIN = 1.0  # seconds; delayed jobs and leases that ran out give no wake-up


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
        self._draining = asyncio.Event()
        self._running: dict[asyncio.Task[None], Job] = {}
        self.last_look: float | None = None

    def drain(self) -> None:
        """Lease nothing more; finish or hand back what is running, then return from `run`."""
        self._draining.set()

    async def run(self) -> None:
        """Work until drained."""
        log.info("worker_started", concurrency=self._concurrency, lease=self._lease.total_seconds())
        async with asyncio.TaskGroup() as owner:
            watches = [owner.create_task(self._keep_leases()), owner.create_task(self._watch_for_cancellations())]
            await self._lease_and_start(owner)
            await self._leave()
            for watch in watches:
                watch.cancel()
        log.info("worker_stopped")

    async def _lease_and_start(self, owner: asyncio.TaskGroup) -> None:
        while not self._draining.is_set():
            seen = self._queue.changes
            job = await self._next_job() if len(self._running) < self._concurrency else None
            self.last_look = asyncio.get_running_loop().time()
            if job is None:
                await self._wait(seen)
                continue
            task = owner.create_task(self._process(job))
            self._running[task] = job
            task.add_done_callback(self._running.pop)

    async def _next_job(self) -> Job | None:
        try:
            return await self._queue.dequeue()
        except UnavailableError as error:
            log.warning("queue_unavailable", error=str(error))
            return None

    async def _wait(self, seen: int) -> None:
        """Wait for a change of the queue, for a free place, or for the order to leave."""
        waits = [
            asyncio.ensure_future(self._queue.wait(seen, _LOOK_AGAIN)),
            asyncio.ensure_future(self._draining.wait()),
        ]
        try:
            await asyncio.wait([*waits, *self._running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _process(self, job: Job) -> None:
        try:
            await self._orchestrator.process(job)
        except LeaseLostError:
            pass  # whoever has the job now carries it on
        except CPAError as error:
            log.warning("job_put_back", job_id=job.id, error=str(error))
        except Exception:
            log.exception("job_run_crashed", job_id=job.id)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            for task, job in list(self._running.items()):
                await self._renew(task, job)

    async def _watch_for_cancellations(self) -> None:
        while True:
            seen = self._queue.changes
            if self._running:
                wanted = await self._queue.cancelling()
                for job in list(self._running.values()):
                    if job.id in wanted:
                        self._orchestrator.stop(job.id)
            await self._queue.wait(seen, self._lease.total_seconds())

    async def _renew(self, task: asyncio.Task[None], job: Job) -> None:
        try:
            await self._queue.renew(job)
        except LeaseLostError:
            task.cancel()
        except UnavailableError as error:
            log.warning("lease_not_renewed", job_id=job.id, error=str(error))

    async def _leave(self) -> None:
        """Give running jobs the grace time, then stop them and hand them back."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=self._grace.total_seconds())
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for job in left.values():
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
