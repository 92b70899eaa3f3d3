"""Which job is next: the facade that picks a back end by the scheme of its URL.

A job handed out is *leased*: the worker must renew the lease, and writes only with its token. A worker that dies loses
the lease by time, and the next `dequeue` anywhere hands the job out again, with a greater epoch. Nothing is popped.
"""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import JobNotFoundError, LeaseLostError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.queue_counts import QueueReport
from scheduler.queue.backend import QueueBackend, StoreQueue
from scheduler.queue.sqlite_queue import SQLiteQueue

__all__ = ["DEFAULT_LEASE", "Job", "JobQueue", "JobStatus", "QueueBackend"]

DEFAULT_LEASE = timedelta(seconds=10)
DEFAULT_STORE = "sqlite:///data/cpa.db"


class JobQueue:
    """The queue behind a URL: `redis://host:6379/0` beside a store, or the store itself, `sqlite:///data/cpa.db`.

    A path after three slashes is relative, after four absolute. `store_url` is where the jobs of a Redis queue lie.
    Raises ValueError for a URL whose scheme has no back end.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        store_url: str = DEFAULT_STORE,
        clock: Clock | None = None,
        lease: timedelta = DEFAULT_LEASE,
    ) -> None:
        clock = clock or SystemClock()
        dispatch, store = urlsplit(redis_url).scheme, urlsplit(store_url).scheme
        if dispatch in _STORES:
            self._backend: QueueBackend = _STORES[dispatch](redis_url, clock, lease)
        elif dispatch in _DISPATCHES and store in _STORES:
            self._backend = _DISPATCHES[dispatch](redis_url, _STORES[store](store_url, clock, lease), clock, lease)
        else:
            known = ", ".join(sorted({**_STORES, **_DISPATCHES}))
            raise ValueError(f"no queue for {redis_url!r} and {store_url!r}; known schemes: {known}")

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

    async def announce(self, jobs: Collection[Job]) -> None:
        """Tell workers of jobs that are stored and ready. May be repeated."""
        await self._backend.announce(jobs)

    async def dequeue(self) -> Job | None:
        """Lease the next job. None: there is none now."""
        jobs = await self._backend.dequeue(1)
        return jobs[0] if jobs else None

    async def dequeue_many(self, limit: int) -> Sequence[Job]:
        """Lease the next jobs, `limit` at most."""
        return await self._backend.dequeue(limit)

    async def renew(self, job: Job) -> None:
        """Prolong the lease. Raises LeaseLostError."""
        if await self._backend.renew([job]):
            raise LeaseLostError(job.id)

    async def renew_many(self, jobs: Collection[Job]) -> frozenset[JobId]:
        """Prolong the leases; return the jobs whose lease is lost."""
        return await self._backend.renew(jobs)

    def release(self, jobs: Collection[Job]) -> Coroutine[Any, Any, None]:
        """Forget the leases of jobs whose run has ended, which is stored."""
        return self._backend.release(jobs)

    async def offer_again(self, jobs: Collection[Job]) -> None:
        """Tell workers of jobs that had a worker and are nobody's now, as is stored."""
        await self._backend.offer_again(jobs)

    async def sweep(self) -> None:
        """Bring back what was lost on the way between store and workers."""
        await self._backend.sweep()

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

    async def report(self, tenant: TenantId | None = None) -> QueueReport:
        return await self._backend.report(tenant)

    async def trouble(self) -> str | None:
        """Say what keeps the queue from working as it should; None: nothing."""
        return await self._backend.trouble()

    @property
    def next_due(self) -> datetime | None:
        return self._backend.next_due

    @property
    def changes(self) -> int:
        return self._backend.changes

    async def wait(self, seen: int, limit: float) -> None:
        await self._backend.wait(seen, limit)


def _redis(url: str, store: StoreQueue, clock: Clock, lease: timedelta) -> QueueBackend:
    from scheduler.queue.redis_queue import RedisQueue  # noqa: PLC0415 - only those who use Redis pay for its import

    return RedisQueue.at(url, store, clock, lease)


_STORES: Mapping[str, Callable[[str, Clock, timedelta], StoreQueue]] = {"sqlite": SQLiteQueue.at}
_DISPATCHES: Mapping[str, Callable[[str, StoreQueue, Clock, timedelta], QueueBackend]] = {
    "redis": _redis,
    "rediss": _redis,
}
