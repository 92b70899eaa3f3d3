"""Carries one leased job to its end: from the store into a run, through the run, and out again."""

import asyncio
from collections.abc import Callable

import structlog

from scheduler.core.actions import ActionCatalog
from scheduler.core.clock import Clock
from scheduler.core.errors import JobNotFoundError, LeaseLostError
from scheduler.core.ids import IdFactory, JobId
from scheduler.core.job import Job
from scheduler.orchestrator.job_run import JobRun
from scheduler.orchestrator.task_runner import Executors, TaskRunner
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import JobRepository, TaskRepository

log = structlog.get_logger(__name__)


class Orchestrator:
    """Runs jobs that this worker has leased."""

    def __init__(
        self,
        *,
        job_queue: JobQueue,
        jobs: JobRepository,
        tasks: TaskRepository,
        catalog: ActionCatalog,
        executors: Executors,
        runner: TaskRunner,
        clock: Clock,
        random: Callable[[], float],
        new_id: IdFactory,
    ) -> None:
        self._queue = job_queue
        self._jobs = jobs
        self._tasks = tasks
        self._catalog = catalog
        self._executors = executors
        self._runner = runner
        self._clock = clock
        self._random = random
        self._new_id = new_id
        self._runs: dict[JobId, JobRun] = {}

    async def process_job(self, job_id: JobId) -> None:
        """Carry the job, leased before, to the end of its run. Raises JobNotFoundError and LeaseLostError."""
        job = await self._queue.get_job(job_id)
        if job is None:
            raise JobNotFoundError(job_id)
        await self.process(job)

    async def process(self, job: Job) -> None:
        """Carry a job as `dequeue` gave it to the end of its run. Raises LeaseLostError."""
        run = JobRun(
            job,
            await self._tasks.list(job.id),
            catalog=self._catalog,
            runner=self._runner,
            jobs=self._jobs,
            clock=self._clock,
            random=self._random,
            new_id=self._new_id,
        )
        self._runs[job.id] = run
        with structlog.contextvars.bound_contextvars(job_id=job.id, run=job.run):
            log.info("job_run_started", intent=job.intent, epoch=job.lease.epoch if job.lease else None)
            try:
                await run.until_done()
            except LeaseLostError:
                log.warning("lease_lost")
                raise
            finally:
                del self._runs[job.id]
                await asyncio.shield(self._let_go(job))
            log.info("job_run_ended")

    async def _let_go(self, job: Job) -> None:
        stored = await self._queue.get_job(job.id)
        await self._executors.let_go(job.id, ended=stored is None or stored.status.final)

    def stop(self, job_id: JobId) -> None:
        """Ask a run of this worker to stop because its job was cancelled."""
        run = self._runs.get(job_id)
        if run is not None:
            run.cancel()
