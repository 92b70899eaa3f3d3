"""What the store promises. Every back end passes the same contract suite.

A write has happened when the call returns: it survives the death of the process and a power cut. Whoever asks on behalf
of a client names the client's tenant and sees nothing else; `tenant=None` is for the engine itself.
"""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, LeaseToken, TaskId, TenantId
from scheduler.core.job import Job, JobFilter, JobStatus, JobSummary, TaskRun, TaskStatus
from scheduler.core.lam_protocol import BaseMessage
from scheduler.core.questions import OpenQuestions
from scheduler.core.retry import TaskFailure
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.lines import AuditLine, EventLine, TaskLine

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list, newest first, and how many there are in all: an estimate where it says so.

    `next_cursor` leads to the next page; None: this is the last one, or the list has no cursors.
    """

    items: Sequence[Item]
    total: int
    next_cursor: str | None = None
    total_is_estimate: bool = False


class IdempotentRequest(BaseModel):
    """A client's key for one request, and the digest of what it asked for. The key belongs to the tenant and route.

    `implied`: the client gave none; what is asked for is its own key, which is spent only by a job that it brings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1, max_length=255)
    route: str
    body_digest: str
    implied: bool = False


class Answered(NamedTuple):
    """What the orders of a request have brought, by their places; None: refused. In the places `met` they brought no
    job: that of their unique key was there already. `refused` says in which places they wanted none then, and names
    the job that was there. In the places `gone` the job of then has been removed."""

    ids: Sequence[JobId | None]
    met: frozenset[int] = frozenset()
    refused: Mapping[int, JobId] = MappingProxyType({})
    gone: frozenset[int] = frozenset()


NO_CLAIMS: Final[Mapping[JobId, UniqueClaim]] = MappingProxyType({})


@dataclass(slots=True, kw_only=True)
class RunProgress:
    """What one step of a run changed. It is stored whole, by the holder of the lease, or not at all.

    Nobody changes it, though nothing prevents that; see orchestrator/commands.py.

    A `status` ends the run or parks it, and gives the lease up; `error`, `error_code`, `completed_at` belong to an end.
    A parked job waits for answers to `questions`, or is pending until `not_before`; one that is to be cancelled only
    gives its lease up, for the next worker. `added` are tasks that have no rows yet.
    With `rest`, tasks that have not ended end with the run: those that were begun failed so, the others are skipped.
    `checked`: it is made like another one, of which it is known that its lines belong to the job.
    """

    job_id: JobId
    tenant: TenantId
    lease_token: LeaseToken
    tasks: Sequence[TaskRun | TaskLine] = ()
    events: Sequence[JobEvent | EventLine] = ()
    audit: Sequence[AuditEntry | AuditLine] = ()
    status: JobStatus | None = None
    error: str | None = None
    error_code: str | None = None
    completed_at: datetime | None = None
    rest: TaskFailure | None = None
    not_before: datetime | None = None
    questions: OpenQuestions | None = None
    added: Sequence[TaskId] = ()
    checked: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what belongs to another job or tenant: the lease gives no right to it."""
        if self.checked:
            return
        job_id, tenant = self.job_id, self.tenant
        for lines in (self.events, self.audit):
            for line in lines:
                if line.job_id != job_id or line.tenant != tenant:
                    raise ValueError(f"the progress of job {job_id!r} names {line.job_id!r} of {line.tenant!r}")
        for task in self.tasks:
            if task.job_id != job_id:
                raise ValueError(f"the progress of job {job_id!r} names {task.job_id!r}")
        if self.status is not None and self.status.final and self.completed_at is None:
            raise ValueError(f"the end of job {self.job_id!r} has no time")


class JobRepository(abc.ABC):
    """Jobs, each with its tasks, its events and its audit entries."""

    @abc.abstractmethod
    async def save(self, job: Job, request: IdempotentRequest | None = None, claim: UniqueClaim | None = None) -> Job:
        """Accept a job with its tasks, its first event and audit entry, all or nothing; return what is stored.

        Saving a job that is there already, or a request whose key is known, stores nothing and returns the earlier job.
        With a claim a job that is in the way is returned instead, as MetJob; of any number of savers, in any number of
        processes, one stores its job. Raises UniqueConflictError when the claim refuses that.
        Raises IdempotencyConflictError when the key was used for another request, EarlierJobGoneError when its job has
        been deleted or pruned,
        ConflictError when the id is that of another tenant's job, InvalidTransitionError for a job begun elsewhere.
        """

    @abc.abstractmethod
    async def save_many(
        self,
        jobs: Sequence[Job | None],
        request: IdempotentRequest | None = None,
        claims: Mapping[JobId, UniqueClaim] = NO_CLAIMS,
        *,
        atomic: bool = False,
    ) -> Answered:
        """Accept new jobs of one tenant as `save` does, in one transaction; return their ids, or what is in their way.

        None keeps the place of an order that was refused. Those whose claims refuse what is in their way are left out,
        or, if it is `atomic`, UniqueConflictError is raised for all of them. A request whose key is known stores
        nothing and returns what was stored then; one of which nothing is accepted leaves its key unused. Raises
        IdempotencyConflictError when the key was used for another request, ConflictError when one of the ids is taken,
        InvalidTransitionError for a job begun elsewhere; nothing is stored then.
        """

    @abc.abstractmethod
    async def earlier(self, tenant: TenantId, request: IdempotentRequest) -> Answered | None:
        """Return what the same request with this key has brought; None when it is new.

        Raises IdempotencyConflictError when the key was used for another request.
        """

    @abc.abstractmethod
    async def held(self, tenant: TenantId, claims: Sequence[UniqueClaim]) -> Sequence[bool]:
        """Say of each claim whether a job is in the way of it now: then there need be no room."""

    @abc.abstractmethod
    async def get(self, job_id: JobId, tenant: TenantId | None = None) -> Job | None:
        """Return the job, or None."""

    @abc.abstractmethod
    async def list(
        self, limit: int = 50, offset: int = 0, status_filter: JobStatus | None = None, tenant: TenantId | None = None
    ) -> Page[Job]:
        """Return jobs, newest first."""

    @abc.abstractmethod
    async def find(
        self, wanted: JobFilter, tenant: TenantId, limit: int = 50, offset: int = 0, cursor: str | None = None
    ) -> Page[JobSummary]:
        """Return the jobs that fit, newest first, at a cost that does not grow with the number of jobs.

        A cursor goes on where a page ended; a page found by words may be shorter than `limit` and still have a next
        one. Words of very many jobs that came in the last seconds may be found a little later. Raises InvalidFieldError
        for a cursor of another list, and for a text without a word.
        """

    @abc.abstractmethod
    async def update_status(self, job_id: JobId, status: JobStatus, tenant: TenantId | None = None) -> Job:
        """Set the status by compare-and-set, with its event and audit entry.

        A job set running or cancelling that no worker holds goes to the next one that asks. Out of a final status leads
        only JobQueue.retry. Raises JobNotFoundError and InvalidTransitionError.
        """

    @abc.abstractmethod
    async def delete(self, job_id: JobId, tenant: TenantId | None = None) -> bool:
        """Remove a job that has ended, with tasks and events; the audit log stays and says so.

        Return whether there was one. Its idempotency key stays spent.

        Raises InvalidTransitionError while it has not ended.
        """

    @abc.abstractmethod
    async def record(self, *changes: RunProgress) -> None:
        """Store what steps of runs changed, all of it, or nothing.

        What went unanswered may be tried again, together or each alone: what is stored already is not stored twice.
        Raises LeaseLostError unless each lease is still the job's, and InvalidTransitionError.
        """


class TaskRepository(abc.ABC):
    """How far each task of a job has come.

    While a worker holds the job, its tasks are written by JobRepository.record alone: here LeaseLostError is raised.
    """

    @abc.abstractmethod
    async def save(self, task: TaskRun) -> None:
        """Store a task of an existing job, replacing what was there. Raises JobNotFoundError."""

    @abc.abstractmethod
    async def get(self, job_id: JobId, task_id: TaskId) -> TaskRun | None:
        """Return the task, or None."""

    @abc.abstractmethod
    async def list(self, job_id: JobId) -> Sequence[TaskRun]:
        """Return the tasks of a job in the order of the plan."""

    @abc.abstractmethod
    async def update_status(self, job_id: JobId, task_id: TaskId, status: TaskStatus) -> bool:
        """Set the status of a task, with its event; return whether there is such a task."""

    @abc.abstractmethod
    async def delete(self, job_id: JobId, task_id: TaskId) -> bool:
        """Remove a task; return whether there was one."""


class MessageRepository(abc.ABC):
    """LAM messages sent and received, each once by tenant, sender and id."""

    @abc.abstractmethod
    async def save(self, message: BaseMessage, tenant: TenantId, at: datetime) -> bool:
        """Store a message; return False, and store nothing, if it was stored before."""

    @abc.abstractmethod
    async def get(self, message_id: str, tenant: TenantId) -> BaseMessage | None:
        """Return the message, or None."""

    @abc.abstractmethod
    async def list(self, conversation_id: str, tenant: TenantId, limit: int = 1000) -> Sequence[BaseMessage]:
        """Return the messages of a conversation in the order they were stored."""


class AuditFilter(BaseModel):
    """Which entries of the audit log are wanted; what is not given does not restrict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: TenantId | None = None
    job_id: JobId | None = None
    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    action_type: str | None = None


class AuditRepository(abc.ABC):
    """The audit log: append-only, one chain of hashes per tenant, one hash per commit."""

    @abc.abstractmethod
    async def save(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries of one tenant as the next block of its chain. Raises ValueError for those of several."""

    @abc.abstractmethod
    async def get(self, entry_id: str, tenant: TenantId | None = None) -> AuditEntry | None:
        """Return the entry, or None."""

    @abc.abstractmethod
    async def list(self, wanted: AuditFilter, limit: int = 100, offset: int = 0) -> Page[AuditEntry]:
        """Return entries in the order they were written, tenant by tenant."""

    @abc.abstractmethod
    async def broken_link(self, tenant: TenantId) -> int | None:
        """Recompute the chain; return the number of the first block that does not fit or is missing, or None."""


class EventRepository(Protocol):
    """The timelines of jobs, read by sequence number."""

    async def list(
        self, job_id: JobId, after: int = 0, limit: int = 1000, tenant: TenantId | None = None
    ) -> Sequence[JobEvent]:
        """Return the events of a job whose `seq` is greater than `after`, in order."""


class ChangeSignal(Protocol):
    """Says "look": somebody, in this process or another, has written something that this signal is for."""

    @property
    def changes(self) -> int:
        """Grows with every such write that was noticed, which may be some milliseconds after it, and once for several:
        read it, look at the store, `wait` with it; what was noticed is not missed."""

    async def wait(self, seen: int, limit: float) -> None:
        """Return some milliseconds after `changes` is no longer `seen`, or after `limit` seconds. May return early for
        no reason."""
