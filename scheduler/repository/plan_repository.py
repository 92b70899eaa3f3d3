"""What the store promises about plans that were shown, and about how long their steps took before."""

import abc
from collections.abc import Mapping, Sequence
from datetime import datetime

from scheduler.core.ids import TenantId
from scheduler.core.kept_plans import KeptPlan


class PlanRepository(abc.ABC):
    """Plans by the hash of their graph, each within its tenant. The oldest go when a tenant has very many."""

    @abc.abstractmethod
    async def keep(self, plan: KeptPlan) -> KeptPlan:
        """Store a plan that is shown, in place of one with the same graph; return it with its version.

        With `before` it takes the place of that plan, whose `newer` it is from now on. Raises PlanNotFoundError when
        there is no such plan, PlanSupersededError when it has been changed already, and PlanExpiredError.
        """

    @abc.abstractmethod
    async def get(self, plan_hash: str, tenant: TenantId) -> KeptPlan | None:
        """Return the plan, also one that has expired or been changed; None: there is none, or it is somebody else's."""

    @abc.abstractmethod
    async def forget(self, expired_before: datetime) -> int:
        """Remove plans that expired before that; return how many."""

    @abc.abstractmethod
    async def seconds_of_actions(self, tenant: TenantId) -> Mapping[str, Sequence[float]]:
        """Return by action how many seconds its last steps took, of the tenant's jobs that were done last."""
