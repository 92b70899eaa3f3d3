"""Leases jobs and runs several at once, keeps their leases alive, and leaves in order when told to."""

import asyncio
from datetime import timedelta

import structlog

from scheduler.core.errors import LeaseLostError, UnavailableError
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
            task = owner.create_task(self._process(job, self._runs_of(job)))
            self._running[task] = job
            task.add_done_callback(self._running.pop)

    async def _next_job(self) -> Job | None:
        try:
            return await self._queue.dequeue()
        except UnavailableError as error:
            log.warning("queue_unavailable", error=str(error))
        except Exception:
            log.exception("lease_failed")
        return None

    def _runs_of(self, job: Job) -> list[asyncio.Task[None]]:
        """Return the runs of the same job here: this process slept through its lease and has got the job again."""
        return [task for task, running in self._running.items() if running.id == job.id]

    async def _wait(self, seen: int) -> None:
        """Wait for a change of the queue, for a free place, or for the order to leave."""
        waits = [
            asyncio.ensure_future(self._change(seen, _LOOK_AGAIN)),
            asyncio.ensure_future(self._draining.wait()),
        ]
        try:
            await asyncio.wait([*waits, *self._running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _change(self, seen: int, limit: float) -> None:
        """Wait for a change of the queue; one that cannot be asked now is asked again a little later."""
        try:
            await self._queue.wait(seen, limit)
        except Exception as error:
            log.warning("queue_unavailable", error=str(error), exc_info=not isinstance(error, UnavailableError))
            await asyncio.sleep(limit)

    async def _process(self, job: Job, earlier: list[asyncio.Task[None]]) -> None:
        """Run the job. A run that breaks keeps its lease until that runs out: a pause, counted as a crash."""
        try:
            for task in earlier:
                task.cancel()
            if earlier:
                await asyncio.wait(earlier)
            await self._orchestrator.process(job)
        except LeaseLostError:
            pass  # whoever has the job now carries it on
        except UnavailableError as error:
            log.warning("job_given_up", job_id=job.id, error=str(error))
            await self._hand_back(job)
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
                await self._stop_cancelled()
            await self._change(seen, self._lease.total_seconds())

    async def _stop_cancelled(self) -> None:
        try:
            wanted = await self._queue.cancelling()
        except Exception as error:
            log.warning("queue_unavailable", error=str(error), exc_info=not isinstance(error, UnavailableError))
            return
        for job in self._running.values():
            if job.id in wanted:
                self._orchestrator.stop(job.id)

    async def _renew(self, task: asyncio.Task[None], job: Job) -> None:
        try:
            await self._queue.renew(job)
        except LeaseLostError:
            if not task.done():
                log.warning("lease_lost", job_id=job.id)
                task.cancel()
        except Exception as error:
            log.warning(
                "lease_not_renewed", job_id=job.id, error=str(error), exc_info=not isinstance(error, UnavailableError)
            )

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
