"""Which job is next: the port every back end keeps, and the facade that picks one by the scheme of its URL.

A job handed out is *leased*: the worker must renew the lease, and writes only with its token. A worker that dies loses
the lease by time, and the next `dequeue` anywhere hands the job out again, with a greater epoch. Nothing is popped.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, Self
from urllib.parse import urlsplit

from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import JobNotFoundError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.queue.sqlite_queue import SQLiteQueue

__all__ = ["DEFAULT_LEASE", "Job", "JobQueue", "JobStatus", "QueueBackend"]

DEFAULT_LEASE = timedelta(seconds=10)


class QueueBackend(Protocol):
    """What every back end promises; the contract suite runs over all of them."""

    async def connect(self) -> None:
        """Open it. May be called again."""

    async def close(self) -> None:
        """Close it. Leases run out by themselves."""

    async def enqueue(self, job: Job) -> JobId:
        """Make a job ready, storing it first if it is new. Enqueuing the same job again changes nothing."""

    async def enqueue_many(self, jobs: Sequence[Job]) -> None:
        """Make jobs ready as `enqueue` does, all at once."""

    async def dequeue(self) -> Job | None:
        """Lease the next job: the highest priority first, then the oldest. None: there is none now."""

    async def renew(self, job: Job) -> None:
        """Prolong the lease. Raises LeaseLostError."""

    async def cancelling(self) -> frozenset[JobId]:
        """Return the jobs somebody wants stopped while a worker holds them."""

    async def hand_back(self, job: Job) -> None:
        """Give a leased job up for the next worker. Raises LeaseLostError."""

    async def get_job(self, job_id: JobId) -> Job | None:
        """Return the job, or None."""

    async def update_status(self, job_id: JobId, status: JobStatus) -> Job:
        """Set the status. Raises JobNotFoundError and InvalidTransitionError."""

    async def cancel(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        """Cancel a waiting job at once, ask the worker of a running one to stop. Raises JobNotFoundError, and
        InvalidTransitionError for a job that has ended."""

    async def retry(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        """Open the next run of a job that failed or was cancelled. Raises JobNotFoundError, InvalidTransitionError and
        RetriesExhaustedError."""

    async def length(self) -> int:
        """Return how many jobs are ready."""

    @property
    def changes(self) -> int:
        """Grows with every change that was noticed: read it, look at the queue, `wait` with it; nothing is missed."""

    async def wait(self, seen: int, limit: float) -> None:
        """Return when `changes` is no longer `seen`, or after `limit` seconds."""


class JobQueue:
    """The queue behind `url`: `sqlite:///data/cpa.db` (relative) or `sqlite:////var/lib/cpa/cpa.db` (absolute).

    Raises ValueError for a URL whose scheme has no back end.
    """

    def __init__(self, redis_url: str, *, clock: Clock | None = None, lease: timedelta = DEFAULT_LEASE) -> None:
        scheme = urlsplit(redis_url).scheme
        if scheme not in _BACKENDS:
            raise ValueError(f"no queue for {redis_url!r}; known schemes: {', '.join(sorted(_BACKENDS))}")
        self._backend = _BACKENDS[scheme](redis_url, clock or SystemClock(), lease)

    @classmethod
    def over(cls, backend: QueueBackend) -> Self:
        """Wrap a back end that shares its connection with others."""
        queue = cls.__new__(cls)
        queue._backend = backend  # noqa: SLF001 - a second constructor
        return queue

    async def connect(self) -> None:
        await self._backend.connect()

    async def close(self) -> None:
        await self._backend.close()

    async def enqueue(self, job: Job) -> JobId:
        return await self._backend.enqueue(job)

    async def enqueue_many(self, jobs: Sequence[Job]) -> None:
        await self._backend.enqueue_many(jobs)

    async def dequeue(self) -> Job | None:
        return await self._backend.dequeue()

    async def renew(self, job: Job) -> None:
        await self._backend.renew(job)

    async def cancelling(self) -> frozenset[JobId]:
        return await self._backend.cancelling()

    async def hand_back(self, job: Job) -> None:
        await self._backend.hand_back(job)

    async def get_job(self, job_id: JobId) -> Job | None:
        return await self._backend.get_job(job_id)

    async def get_status(self, job_id: JobId) -> JobStatus:
        """Return the status. Raises JobNotFoundError."""
        job = await self._backend.get_job(job_id)
        if job is None:
            raise JobNotFoundError(job_id)
        return job.status

    async def update_status(self, job_id: JobId, status: JobStatus) -> Job:
        return await self._backend.update_status(job_id, status)

    async def cancel(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        return await self._backend.cancel(job_id, tenant)

    async def retry(self, job_id: JobId, tenant: TenantId | None = None) -> Job:
        return await self._backend.retry(job_id, tenant)

    async def length(self) -> int:
        return await self._backend.length()

    @property
    def changes(self) -> int:
        return self._backend.changes

    async def wait(self, seen: int, limit: float) -> None:
        await self._backend.wait(seen, limit)


_BACKENDS: Mapping[str, Callable[[str, Clock, timedelta], QueueBackend]] = {"sqlite": SQLiteQueue.at}
