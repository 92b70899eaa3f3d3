"""A plan that was shown to somebody and may be submitted for a time."""

from datetime import datetime
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from scheduler.core.errors import PlanExpiredError, PlanSupersededError
from scheduler.core.ids import TenantId


class KeptPlan(BaseModel):
    """`hash` is the digest of its graph, `document` all that was shown, `id` names this showing.

    `before` is the hash of the version before it, `newer` that of the version that has taken its place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    tenant: TenantId
    hash: str
    version: int = 1
    before: str | None = None
    newer: str | None = None
    text: str
    document: dict[str, Any]
    created_at: AwareDatetime
    expires_at: AwareDatetime

    def current(self, now: datetime) -> Self:
        """Return it if it may be submitted or changed. Raises PlanSupersededError and PlanExpiredError."""
        if self.newer is not None:
            raise PlanSupersededError(self.hash, self.newer)
        if self.expires_at <= now:
            raise PlanExpiredError(self.hash, f"{self.expires_at:%Y-%m-%d %H:%M} UTC")
        return self
