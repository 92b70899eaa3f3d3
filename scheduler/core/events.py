"""What happened: to a job as people follow it (`JobEvent`, stored with a number), and to a run as `step` reads it.

The second kind carries everything `step` may use, times and chance included, so that a run can be replayed from them.
Nobody changes one, though nothing prevents it, see orchestrator/commands.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.retry import TaskFailure


class EventType(StrEnum):
    """The lines of a job's timeline."""

    JOB_ACCEPTED = "job_accepted"
    JOB_STARTED = "job_started"
    JOB_RESUMED = "job_resumed"
    JOB_HANDED_BACK = "job_handed_back"
    JOB_PARKED = "job_parked"
    JOB_DEFERRED = "job_deferred"
    JOB_CANCEL_REQUESTED = "job_cancel_requested"
    JOB_RETRIED = "job_retried"
    JOB_DONE = "job_done"
    JOB_FAILED = "job_failed"
    JOB_CANCELLED = "job_cancelled"
    REPAIR_SUGGESTED = "repair_suggested"
    QUESTION = "question"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    TASK_STARTED = "task_started"
    TASK_VERIFYING = "task_verifying"
    TASK_RETRY_SCHEDULED = "task_retry_scheduled"
    TASK_ASKS = "task_asks"
    TASK_EXPANDED = "task_expanded"
    TASK_DONE = "task_done"
    TASK_FAILED = "task_failed"
    TASK_SKIPPED = "task_skipped"
    TASK_CANCELLED = "task_cancelled"

    __hash__ = str.__hash__  # Enum's own is written in Python

    @property
    def ends_run(self) -> bool:
        return self in _ENDS_RUN


_ENDS_RUN = frozenset({EventType.JOB_DONE, EventType.JOB_FAILED, EventType.JOB_CANCELLED})


class JobEvent(BaseModel):
    """One line of a job's timeline. `seq` grows over all jobs and is given when the line is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int = 0
    tenant: TenantId = DEFAULT_TENANT
    job_id: JobId
    run: int = 1
    type: EventType
    at: datetime
    task_id: TaskId | None = None
    data: dict[str, Any] = Field(default_factory=dict)


MOST_CRASHES: Final = 5
"""So many workers may die with a job, unless the settings say otherwise; the next one only looks after what they left,
and one more not even that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRules:
    """What the settings say of runs.

    A job gives its worker up if nothing of it can go on for longer than `park_after`, or until somebody answers;
    `answers` is how long that is waited for, unless a question says otherwise. A list may have `most_items` for a step
    to be done for each.
    """

    park_after: timedelta = timedelta(seconds=5)
    answers: timedelta = timedelta(days=7)
    most_items: int = 1000


RULES: Final = RunRules()


@dataclass(slots=True, kw_only=True)
class RunOpened:
    """A worker has leased the job. `crashes` counts the workers that died with it, of which `most_crashes` may.

    `unanswered`: the time for answering what its steps have asked is over. `lacking`: a step that cannot be done here
    whatever comes of the others, and why.
    """

    at: datetime
    crashes: int = 0
    most_crashes: int = MOST_CRASHES
    rules: RunRules = RULES
    unanswered: bool = False
    lacking: tuple[TaskId, TaskFailure] | None = None


@dataclass(slots=True, kw_only=True)
class AttemptSucceeded:
    """An attempt ended well. `verified` is None when nobody could look."""

    task_id: TaskId
    attempt: int
    at: datetime
    result: Mapping[str, Any]
    verified: bool | None = None
    evidence: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class AttemptFailed:
    """An attempt failed. `draw` in [0, 1) is the jitter of a retry, here and below."""

    task_id: TaskId
    attempt: int
    at: datetime
    failure: TaskFailure
    draw: float
    evidence: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class AttemptVerified:
    """Somebody looked whether an attempt of unknown outcome took effect; None: it cannot be told."""

    task_id: TaskId
    attempt: int
    at: datetime
    happened: bool | None
    draw: float
    result: Mapping[str, Any] | None = None
    detail: str = ""


@dataclass(slots=True, kw_only=True)
class LookFailed:
    """Nobody could look now, for example because the mail server is down."""

    task_id: TaskId
    attempt: int
    at: datetime
    failure: TaskFailure
    draw: float


@dataclass(slots=True, kw_only=True)
class TaskDue:
    """The time to try a task, or to look after it, again has come."""

    task_id: TaskId
    at: datetime


@dataclass(slots=True, kw_only=True)
class AttemptOverdue:
    """An attempt has used up its time. Whoever brings a timer back fills in `draw`."""

    task_id: TaskId
    attempt: int
    at: datetime
    draw: float = 0.0


@dataclass(slots=True, kw_only=True)
class DeadlinePassed:
    """The job has used up its time."""

    at: datetime


@dataclass(slots=True, kw_only=True)
class CancelRequested:
    """Somebody wants the job to stop."""

    at: datetime


RunEvent = (
    RunOpened
    | AttemptSucceeded
    | AttemptFailed
    | AttemptVerified
    | LookFailed
    | TaskDue
    | AttemptOverdue
    | DeadlinePassed
    | CancelRequested
)
