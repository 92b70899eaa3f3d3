"""What is about to be stored of tasks, timelines and the audit log, field by field in the form in which it is stored:
times in microseconds, documents as text (storable.py).

A run writes many: validated models, or values that are turned into rows one by one, cost several times more.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple, Self

from scheduler.core.events import EventType
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.repository.storable import document, to_micros, well_formed


class TaskLine(NamedTuple):
    """A TaskRun."""

    run: int
    status: str
    attempts: int
    failures: int
    effect_key: str | None
    not_before: int | None
    result: str | None
    verified: int | None
    failure: str | None
    evidence: str
    started_at: int | None
    completed_at: int | None
    job_id: JobId
    task_id: TaskId


class EventLine(NamedTuple):
    """A JobEvent."""

    tenant: TenantId
    job_id: JobId
    run: int
    type: str
    at: int
    task_id: TaskId | None
    data: str

    @classmethod
    def of(
        cls,
        tenant: TenantId,
        job_id: JobId,
        run: int,
        type_: EventType,
        at: datetime,
        task_id: TaskId | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the line of an event."""
        return cls(tenant, job_id, run, type_._value_, to_micros(at), task_id, document(data or {}))


class AuditLine(NamedTuple):
    """An AuditEntry."""

    tenant: TenantId
    id: str
    timestamp: int
    job_id: JobId
    task_id: TaskId | None
    action: str
    reason: str
    result: Literal["success", "failure"]
    screenshot_path: str | None
    metadata: str

    @classmethod
    def of(
        cls,
        *,
        tenant: TenantId,
        id_: str,
        timestamp: datetime,
        job_id: JobId,
        task_id: TaskId | None = None,
        action: str,
        reason: str,
        result: Literal["success", "failure"] = "success",
        screenshot_path: str | None = None,
        metadata: Mapping[str, Any],
    ) -> Self:
        """Return the line of an entry."""
        path = screenshot_path and well_formed(screenshot_path)
        action, reason, at = well_formed(action), well_formed(reason), to_micros(timestamp)
        return cls(tenant, well_formed(id_), at, job_id, task_id, action, reason, result, path, document(metadata))


task_of: Callable[[tuple[Any, ...]], TaskLine] = partial(tuple.__new__, TaskLine)
event_of: Callable[[tuple[Any, ...]], EventLine] = partial(tuple.__new__, EventLine)
entry_of: Callable[[tuple[Any, ...]], AuditLine] = partial(tuple.__new__, AuditLine)
"""What `_make` does, without a look at the number of values."""
