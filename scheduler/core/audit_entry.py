"""One line of the audit log: what was done, why, how it ended, and where the picture lies."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId


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
