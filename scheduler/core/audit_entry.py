"""One line of the audit log: what was done, why, how it ended, and where the picture lies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.storable import document, to_micros, well_formed


class AuditLine(NamedTuple):
    """An AuditEntry as it is stored; see TaskLine."""

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


class AuditEntry(BaseModel):
    """An entry never changes once it is written; `block` and `position` are its place in the tenant's hash chain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    timestamp: datetime
    tenant: TenantId = DEFAULT_TENANT
    job_id: JobId
    task_id: TaskId | None = None
    action: str
    reason: str
    result: Literal["success", "failure"]
    screenshot_path: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    block: int | None = None
    position: int | None = None
