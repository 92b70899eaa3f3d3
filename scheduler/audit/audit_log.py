"""The audit log as people and programs use it: write one action, find entries, check that none was changed."""

from collections.abc import Mapping
from typing import Any, Literal

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.clock import Clock
from scheduler.core.ids import DEFAULT_TENANT, IdFactory, JobId, TaskId, TenantId
from scheduler.repository.repository_interface import AuditFilter, AuditRepository, Page

__all__ = ["AuditEntry", "AuditFilter", "AuditLog"]


class AuditLog:
    """Append-only: there is no way to change or remove an entry. What a run does is written with its state instead."""

    def __init__(self, *, entries: AuditRepository, clock: Clock, new_id: IdFactory) -> None:
        self._entries = entries
        self._clock = clock
        self._new_id = new_id

    async def log_action(
        self,
        action: str,
        reason: str,
        result: Literal["success", "failure"],
        screenshot_path: str | None = None,
        *,
        job_id: JobId,
        task_id: TaskId | None = None,
        tenant: TenantId = DEFAULT_TENANT,
        metadata: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        """Append one entry and return it."""
        entry = AuditEntry(
            id=self._new_id(),
            timestamp=self._clock.now(),
            tenant=tenant,
            job_id=job_id,
            task_id=task_id,
            action=action,
            reason=reason,
            result=result,
            screenshot_path=screenshot_path,
            metadata=dict(metadata or {}),
        )
        await self._entries.save([entry])
        return entry

    async def query(self, filters: AuditFilter, limit: int = 100, offset: int = 0) -> Page[AuditEntry]:
        """Return entries in the order they were written."""
        return await self._entries.list(filters, limit, offset)

    async def broken_link(self, tenant: TenantId = DEFAULT_TENANT) -> int | None:
        """Return the number of the first block that was tampered with, or None when the chain is whole."""
        return await self._entries.broken_link(tenant)
