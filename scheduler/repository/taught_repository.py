"""What the store promises of what people teach. Every back end passes the same contract suite."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from scheduler.core.ids import TenantId
from scheduler.core.taught import Taught


class TaughtRepository(Protocol):
    """What was taught, tenant by tenant; nothing is deleted, what is forgotten can be seen in the audit log."""

    async def add(self, taught: Sequence[Taught]) -> None:
        """Store all of it with its audit entries, or nothing. Raises IntentExistsError for an intent that is there."""

    async def forget(self, tenant: TenantId, ids: Sequence[str], at: datetime) -> int:
        """Forget these; return how many were known."""

    async def list(self, tenant: TenantId) -> Sequence[Taught]:
        """Return what is known, in the order it was taught."""

    async def version(self, tenant: TenantId) -> tuple[int, int]:
        """Return what changes with every change, whichever process made it."""
