"""What the model of the store keeps: rows, commits, and the blocks of the audit log."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import LeaseToken, TaskId
from scheduler.core.job import Job, TaskRun, TaskStatus
from scheduler.core.questions import OpenQuestions
from scheduler.core.retry import TaskFailure
from scheduler.core.todo import step_of
from scheduler.repository.lines import AuditLine, EventLine, TaskLine
from scheduler.repository.storable import to_moment

Model = TypeVar("Model", bound=BaseModel)
_MOMENTS = {"at", "timestamp", "not_before", "started_at", "completed_at"}
_DOCUMENTS = {"data", "metadata", "failure", "evidence", "result"}


class RepeatedEntryError(Exception):
    """An audit entry with this id is stored already; SQLite says IntegrityError."""


@dataclass(slots=True)
class Stored:
    """A job with all that belongs to it. `due`: when whoever asks may have it, whether or not a worker holds it.

    `turn` is its place among the ready jobs of its priority; None: it is delayed and has none yet.
    """

    number: int
    job: Job
    tasks: dict[TaskId, TaskRun]
    epoch: int = 0
    due: datetime | None = None
    turn: int | None = None
    questions: OpenQuestions | None = None
    events: list[JobEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction changed, for whoever watches. `token` is the one that a worker showed."""

    kind: str
    before: Job | None
    stored: Stored
    tasks_before: Mapping[TaskId, TaskRun] = field(default_factory=dict)
    events: Sequence[JobEvent] = ()
    audit: Sequence[AuditEntry] = ()
    token: LeaseToken | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """The audit entries of one commit; the digest covers them and the block before."""

    entries: tuple[AuditEntry, ...]
    digest: str


def digest(previous: str, entries: Sequence[AuditEntry]) -> str:
    covered = (entry.model_dump_json() for entry in entries)
    return hashlib.sha256("\n".join((previous, *covered)).encode()).hexdigest()


def line_of(
    job: Job, type_: EventType, at: datetime, task_id: TaskId | None = None, data: Mapping[str, Any] | None = None
) -> JobEvent:
    return JobEvent(
        tenant=job.tenant, job_id=job.id, run=job.run, type=type_, at=at, task_id=task_id, data=dict(data or {})
    )


def is_due(stored: Stored, now: datetime) -> bool:
    return stored.job.not_before is None or stored.job.not_before <= now


def as_model(kind: type[Model], line: object) -> Model:
    """Return a line of a run as it will be read back."""
    if isinstance(line, kind):
        return line
    assert isinstance(line, TaskLine | EventLine | AuditLine)
    values = line._asdict()
    moments = {name: to_moment(values[name]) for name in _MOMENTS & values.keys()}
    texts = _DOCUMENTS & values.keys() - ({"result"} if isinstance(line, AuditLine) else set())
    documents = {name: values[name] and json.loads(values[name]) for name in texts}
    return kind.model_validate(values | moments | documents)


def ends_with(timeline: Sequence[JobEvent], lines: Sequence[JobEvent | EventLine]) -> bool:
    """Whether all lines, if there are any, are among the last of a timeline; four of others may come after them."""
    last = timeline[-len(lines) - 4 :]
    return bool(lines) and all(as_model(JobEvent, line) in last for line in lines)


def put_aside(task: TaskRun, run: int, rest: TaskFailure, at: datetime) -> tuple[TaskRun, EventType]:
    """End a task because its job is put aside: what was begun has failed, else it is skipped."""
    changes: dict[str, Any] = {"status": TaskStatus.SKIPPED, "run": run, "completed_at": at}
    if task.status is TaskStatus.PENDING:
        return task.model_copy(update=changes), EventType.TASK_SKIPPED
    return task.model_copy(update={**changes, "status": TaskStatus.FAILED, "failure": rest}), EventType.TASK_FAILED


def put_aside_entry(job: Job, task: TaskRun, rest: TaskFailure, at: datetime, entry_id: str) -> AuditEntry:
    """Return the entry of a task that has ended so."""
    return AuditEntry(
        id=entry_id,
        timestamp=at,
        tenant=job.tenant,
        job_id=job.id,
        task_id=task.task_id,
        action=f"task.{task.status}",
        reason=rest.message,
        result="failure",
        metadata={"run": job.run, "task": task.status.value, "code": rest.code},
    )


def cancelled_entry(job: Job, task_id: TaskId, at: datetime, entry_id: str) -> AuditEntry:
    """Return the entry of a task that is cancelled with its job."""
    todo = job.task_graph.tasks[step_of(task_id)]
    return AuditEntry(
        id=entry_id,
        timestamp=at,
        tenant=job.tenant,
        job_id=job.id,
        task_id=task_id,
        action=todo.action,
        reason=todo.reason or job.description or job.intent,
        result="failure",
        metadata={"run": job.run, "task": "cancelled"},
    )
