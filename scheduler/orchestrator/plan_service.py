"""Plans before they are jobs: shown, kept for a time, changed, compared, and taken to be submitted."""

from datetime import timedelta

from scheduler.core.clock import Clock
from scheduler.core.errors import InvalidFieldError, PlanNotFoundError
from scheduler.core.ids import IdFactory, TenantId
from scheduler.core.job import Locale
from scheduler.core.kept_plans import KeptPlan
from scheduler.core.metering import Spent, metered
from scheduler.core.plan_diff import PlanDiff, diff_plans
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.lacking import Require
from scheduler.orchestrator.plan_check import check_plan
from scheduler.orchestrator.plan_preview import Preview, estimate, lacks_of, risk_of, steps_of
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.request_text import checked_text
from scheduler.repository.plan_repository import PlanRepository

_CHANGE_WHAT = Sentence("zu einem geänderten Plan gehört before", "a changed plan needs before")


class PlanService:
    """`keep`: how long a plan that was shown may be submitted; `currency` is that of the price list.

    `require` is asked of every step that is shown.
    """

    def __init__(
        self,
        *,
        planner: Planner,
        plans: PlanRepository,
        clock: Clock,
        new_id: IdFactory,
        keep: timedelta,
        currency: str,
        require: Require,
    ) -> None:
        self._planner = planner
        self._plans = plans
        self._clock = clock
        self._new_id = new_id
        self._keep = keep
        self._currency = currency
        self._require = require

    async def show(
        self,
        text: str,
        locale: Locale | None,
        tenant: TenantId,
        *,
        before: str | None = None,
        task_graph: TaskGraph | None = None,
    ) -> Preview:
        """Plan a sentence, or take the changed plan of a person, and keep it. Nothing runs.

        With `before`, the hash of a plan that was shown, it becomes the next version of that one; its text may then be
        left out. Raises InvalidRequestError, ActionForbiddenError, and as `PlanRepository.keep` does.
        """
        earlier = None if before is None else await self._kept(before, tenant)
        if earlier is not None:
            earlier.current(self._clock.now())
        text = checked_text(text or ("" if earlier is None else earlier.text), "text")
        if task_graph is None:
            with metered() as calls:
                planned = await self._planner.plan(text, locale, tenant=tenant)
            planned = planned.model_copy(update={"spent": Spent.of(calls)})
        elif earlier is None:
            raise InvalidFieldError("task_graph", _CHANGE_WHAT)
        else:
            planned = self._changed(_planned(earlier), task_graph, tenant)
        kept = await self._plans.keep(self._to_keep(planned, text, tenant, earlier))
        return await self._preview(kept, planned, earlier)

    async def get(self, plan_hash: str, tenant: TenantId) -> Preview:
        """Return a plan that was shown. Raises PlanNotFoundError."""
        kept = await self._kept(plan_hash, tenant)
        earlier = None if kept.before is None else await self._plans.get(kept.before, tenant)
        return await self._preview(kept, _planned(kept), earlier)

    async def diff(self, before: str, after: str, tenant: TenantId) -> PlanDiff:
        """Compare two plans that were shown. Raises PlanNotFoundError."""
        old, new = [_planned(await self._kept(one, tenant)).task_graph for one in (before, after)]
        return diff_plans(old, new)

    async def find(self, plan_hash: str, tenant: TenantId) -> KeptPlan:
        """Return a plan as it was kept, whether or not it may be submitted still. Raises PlanNotFoundError."""
        return await self._kept(plan_hash, tenant)

    def take(self, kept: KeptPlan) -> PlannedRequest:
        """Return what is to become a job: exactly what was shown, and seen now.

        Raises PlanSupersededError, PlanExpiredError, and as `check_plan` does when the plan is no longer allowed.
        """
        planned = _planned(kept.current(self._clock.now()))
        if planned.task_graph.freeze() != kept.hash:  # another version of ours reads it otherwise
            raise PlanNotFoundError(kept.hash)
        check_plan(planned.task_graph, self._planner.catalog_of(kept.tenant), self._planner.policy)
        return planned.model_copy(update={"unseen": ()})

    async def forget_expired(self) -> int:
        """Remove plans that expired a while ago; return how many."""
        return await self._plans.forget(self._clock.now() - self._keep)

    async def _kept(self, plan_hash: str, tenant: TenantId) -> KeptPlan:
        kept = await self._plans.get(plan_hash, tenant)
        if kept is None:
            raise PlanNotFoundError(plan_hash)
        return kept

    def _changed(self, planned: PlannedRequest, graph: TaskGraph, tenant: TenantId) -> PlannedRequest:
        check_plan(graph, self._planner.catalog_of(tenant), self._planner.policy)
        return planned.model_copy(update={"task_graph": graph, "by": "client", "unseen": (), "spent": Spent()})

    def _to_keep(self, planned: PlannedRequest, text: str, tenant: TenantId, earlier: KeptPlan | None) -> KeptPlan:
        now, plan_hash = self._clock.now(), planned.task_graph.freeze()
        same = earlier is not None and earlier.hash == plan_hash
        return KeptPlan(
            id=self._new_id(),
            tenant=tenant,
            hash=plan_hash,
            version=earlier.version if earlier is not None and same else 1,
            before=None if earlier is None or same else earlier.hash,
            text=text,
            document=planned.model_dump(mode="json"),
            created_at=now,
            expires_at=now + self._keep,
        )

    async def _preview(self, kept: KeptPlan, planned: PlannedRequest, earlier: KeptPlan | None) -> Preview:
        evidence = await self._plans.seconds_of_actions(kept.tenant)
        steps = steps_of(planned.task_graph, self._planner.catalog_of(kept.tenant), evidence)
        changes = None if earlier is None else diff_plans(_planned(earlier).task_graph, planned.task_graph)
        return Preview(
            planned=planned,
            kept=kept,
            steps=steps,
            risk=risk_of(steps),
            estimate=estimate(steps, planned.spent, self._currency),
            lacking=lacks_of(planned.task_graph, kept.tenant, planned.locale, self._require),
            changes=changes,
        )


def _planned(kept: KeptPlan) -> PlannedRequest:
    return PlannedRequest.model_validate(kept.document)
