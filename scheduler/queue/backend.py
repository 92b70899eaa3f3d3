"""What every back end of the queue promises, and what a store promises beside it to a dispatch of its own."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.queue_counts import QueueReport
from scheduler.repository.sqlite_leases import Place, Ready


class QueueBackend(Protocol):
    """What every back end promises; the contract suite runs over all of them."""

    async def connect(self) -> None:
        """Open it. May be called again."""

    async def close(self) -> None:
        """Close it. Leases run out by themselves."""

    async def enqueue(self, job: Job) -> JobId:
        """Make a job ready, storing it first if it is new. Enqueuing the same job again changes nothing."""

    async def announce(self, jobs: Collection[Job]) -> None:
        """Tell workers of jobs that are stored and ready. May be repeated; one that gets lost is found by a sweep."""

    async def dequeue(self, limit: int = 1) -> Sequence[Job]:
        """Lease the next jobs: the highest priority first, then by fair turns of the tenants, then the oldest."""

    async def renew(self, jobs: Collection[Job]) -> frozenset[JobId]:
        """Prolong the leases; return the jobs whose lease is lost."""

    async def release(self, jobs: Collection[Job]) -> None:
        """Forget the leases of jobs whose run has ended, which is stored."""

    async def offer_again(self, jobs: Collection[Job]) -> None:
        """Tell workers of jobs that had a worker and are nobody's now, as is stored. What that worker still says late
        does no harm."""

    async def sweep(self) -> None:
        """Bring back what was lost on the way between store and workers. Called every few seconds."""

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
        """Open the next run of a job that failed or was cancelled. Raises JobNotFoundError, InvalidTransitionError,
        RetriesExhaustedError, and JobPrunedError when its removal has begun."""

    async def length(self) -> int:
        """Return how many jobs are ready."""

    async def report(self, tenant: TenantId | None = None) -> QueueReport:
        """Count what is ready, delayed, leased, parked and dead, of a tenant or of all, as the store has it."""

    async def trouble(self) -> str | None:
        """Say what keeps the queue from working as it should, though it works; None: nothing. Names no secret."""

    @property
    def next_due(self) -> datetime | None:
        """When there will be something to lease though nothing changes, as the last `dequeue` saw it: the time of a
        delayed job comes, or a lease runs out. None: it saw nothing of the kind."""

    @property
    def changes(self) -> int:
        """Grows with every change that was noticed and may bring something to lease or to stop: read it, look at the
        queue, `wait` with it, and none of them is missed. How jobs get on and end need not count, nor does what time
        brings."""

    async def wait(self, seen: int, limit: float) -> None:
        """Return when `changes` is no longer `seen`, or after `limit` seconds."""


class StoreQueue(QueueBackend, Protocol):
    """A queue in the store itself, with what a dispatch beside the store needs: the store stays the truth."""

    async def claim(self, ids: Sequence[JobId]) -> tuple[Sequence[Job], Mapping[JobId, datetime]]:
        """Lease those of these jobs that may be leased now; return them, and until when others hold the rest."""

    async def promote(self) -> Sequence[Ready]:
        """Make delayed jobs whose time has come ready, and return them."""

    async def waiting(self, after: Place | None, limit: int) -> tuple[Sequence[Ready], Place | None]:
        """Return a page of the jobs that are ready, and its end; None: it was the last page."""

    async def lapsed(self, limit: int) -> Sequence[Ready]:
        """Return jobs whose worker let its lease run out."""

    async def free_among(self, ids: Sequence[JobId]) -> Collection[JobId]:
        """Return those of these jobs that have not ended and that nobody has."""

    @property
    def is_heard(self) -> bool:
        """Whether whoever waits for jobs, in whatever process, hears at once of those that are stored."""

    def nudge(self) -> None:
        """Count as a change: wake whoever waits."""
