"""What a job is, how far each of its tasks has come, and what either may become next.

A *run* is one go at a job: retrying a job that ended opens the next run, which keeps the tasks already done. An
*attempt* is one go at a task within a run.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from scheduler.core.assembling import assembled
from scheduler.core.errors import InvalidTransitionError, RetriesExhaustedError
from scheduler.core.ids import DEFAULT_TENANT, JobId, LeaseToken, TaskId, TenantId, new_id
from scheduler.core.retry import TaskFailure
from scheduler.core.sentences import Locale as Locale  # noqa: PLC0414 - everybody takes it from here
from scheduler.core.task_graph import TaskGraph


class JobStatus(StrEnum):
    """Where a job stands. `cancelling` is a running job whose cancellation has been asked for."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    __hash__ = str.__hash__  # Enum's own is written in Python

    @property
    def final(self) -> bool:
        """Whether the run is over; only a retry, which opens the next run, leads out of it."""
        return self in _FINAL_JOB


class TaskStatus(StrEnum):
    """Where a task stands. `verifying` asks the world whether an attempt of unknown outcome took effect."""

    PENDING = "pending"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    __hash__ = str.__hash__  # Enum's own is written in Python

    @property
    def final(self) -> bool:
        return self in FINAL_TASK


_FINAL_JOB = frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED})
FINAL_TASK = frozenset({TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.SKIPPED, TaskStatus.CANCELLED})

JOB_TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.RUNNING, JobStatus.CANCELLING, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset(
        {
            JobStatus.PENDING,
            JobStatus.WAITING,
            JobStatus.CANCELLING,
            JobStatus.DONE,
            JobStatus.FAILED,
            JobStatus.CANCELLED,
        }
    ),
    JobStatus.WAITING: frozenset({JobStatus.PENDING, JobStatus.CANCELLING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.CANCELLING: frozenset({JobStatus.CANCELLED, JobStatus.DONE, JobStatus.FAILED}),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.PENDING}),
    JobStatus.CANCELLED: frozenset({JobStatus.PENDING}),
}
TASK_TRANSITIONS: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.PENDING: frozenset(
        {TaskStatus.RUNNING, TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.SKIPPED, TaskStatus.CANCELLED}
    ),
    TaskStatus.RUNNING: frozenset({TaskStatus.PENDING, TaskStatus.VERIFYING, TaskStatus.DONE, TaskStatus.FAILED}),
    TaskStatus.VERIFYING: frozenset({TaskStatus.PENDING, TaskStatus.DONE, TaskStatus.FAILED}),
    TaskStatus.DONE: frozenset(),
    TaskStatus.FAILED: frozenset(),
    TaskStatus.SKIPPED: frozenset(),
    TaskStatus.CANCELLED: frozenset(),
}


class Lease(BaseModel):
    """A worker's right to a job until a time. `token` fences writes, `epoch` grows with every claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: LeaseToken
    epoch: int
    until: datetime


class TaskRun(BaseModel):
    """One task of a job and how far it has come. `run` is the run in which it last moved.

    `attempts` counts every start, also those whose worker died; `failures` only the attempts that failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: JobId
    task_id: TaskId
    run: int = 1
    status: TaskStatus = TaskStatus.PENDING
    attempts: int = 0
    failures: int = 0
    not_before: datetime | None = None
    result: dict[str, Any] | None = None
    verified: bool | None = None
    failure: TaskFailure | None = None
    effect_key: str | None = None
    evidence: tuple[str, ...] = ()
    started_at: datetime | None = None
    completed_at: datetime | None = None


class JobSummary(BaseModel):
    """A job as lists show it, without its plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: JobId
    tenant: TenantId
    intent: str
    description: str
    status: JobStatus
    run: int
    created_at: datetime
    completed_at: datetime | None
    not_before: datetime | None
    error: str | None
    error_code: str | None


class JobFilter(BaseModel):
    """Which jobs are wanted; what is not given does not restrict. `since` belongs to them, `until` does not.

    `text`: words, or parts of addresses and the like, that must all be in the description, in any case, ss for ß.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    statuses: frozenset[JobStatus] = frozenset()
    intent: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    text: str | None = None


class Job(BaseModel):
    """One accepted request. Changes return a new job; storing them is the repository's compare-and-set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: JobId = Field(default_factory=lambda: JobId(new_id()))
    tenant: TenantId = DEFAULT_TENANT
    intent: str
    description: str = ""
    locale: Locale = "de"
    context: dict[str, Any] = Field(default_factory=dict)
    task_graph: TaskGraph
    status: JobStatus = JobStatus.PENDING
    priority: int = 0
    run: int = 1
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    not_before: AwareDatetime | None = None
    error: str | None = None
    error_code: str | None = None
    retry_count: int = 0
    max_retries: int = 3
    crashes: int = 0
    plan_version: int = 1
    lease: Lease | None = None

    def become(self, status: JobStatus, **changes: object) -> Self:
        """Return the job in another status. Raises InvalidTransitionError when the table has no such step."""
        if status not in JOB_TRANSITIONS[self.status]:
            raise InvalidTransitionError(self.id, self.status, status)
        return self.model_copy(update={"status": status, **changes})

    def next_run(self, *, by_operator: bool = False) -> Self:
        """Return the job as its next run, free of the times that bound the last one.

        An operator who has looked into it is not bound by `max_retries`, and uses none of them up. Raises
        InvalidTransitionError unless it failed or was cancelled, and RetriesExhaustedError when it was retried
        `max_retries` times.
        """
        if self.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
            raise InvalidTransitionError(self.id, self.status, JobStatus.PENDING)
        if self.retry_count >= self.max_retries and not by_operator:
            raise RetriesExhaustedError(self.id, self.max_retries)
        return self.become(
            JobStatus.PENDING,
            run=self.run + 1,
            retry_count=self.retry_count + (not by_operator),
            started_at=None,
            completed_at=None,
            deadline=None,
            not_before=None,
            error=None,
            error_code=None,
            crashes=0,
            lease=None,
        )


class MetJob(Job):
    """A job that was there already: an order that wanted to be unique met it and made no other."""


def as_met(job: Job) -> MetJob:
    """Return a job as one that an order has met."""
    return assembled(MetJob, dict(job))


_BLANK = dict(Job(intent="", task_graph=TaskGraph(), created_at=datetime(1970, 1, 1, tzinfo=UTC)))


def job_with(*fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Job:
    """Return the job with these fields, which are known to be valid, and the defaults of the others; later ones win.

    Its id, context, intent, plan and `created_at` must be among them.
    """
    values = _BLANK.copy()
    for some in fields:
        values.update(some)
    return assembled(Job, values)
