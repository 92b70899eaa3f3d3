"""Makes what is asked beyond the rules. For the container alone: like it, this module knows every adapter."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scheduler.core.actions import ActionCatalog
from scheduler.core.compound import Orders
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import Intent
from scheduler.core.site_book import SiteBook
from scheduler.core.spending import Spender
from scheduler.core.task_graph import TaskGraph
from scheduler.executors.contact_file import ContactFile
from scheduler.llm.learned_intent_router import LearnedIntentRouter
from scheduler.llm.llm_intent_router import LLMIntentRouter
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.office_model import OfficeModel, OfficeRequests, first_look
from scheduler.llm.stopped_plan import StoppedPlan
from scheduler.orchestrator.beyond_rules import BeyondRules
from scheduler.orchestrator.offered_actions import OfferedActions
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine

if TYPE_CHECKING:
    from scheduler.llm.slot_weighing import SlotWeigher

_MOST_KNOWN: Final = 50


def make_learned(router: IntentRouter, folder: Path | None = None) -> LearnedIntentRouter:
    """Return what asks what was learned, beside rules. With a folder what is learned anew is kept there."""
    office = OfficeModel(router.intents, folder)
    return LearnedIntentRouter(router, office, requests=OfficeRequests(), look=first_look)


class _Slots:
    """Weighs slots; what it does so with, numpy among it, is imported with the first request."""

    @functools.cached_property
    def _weigher(self) -> "SlotWeigher":
        from scheduler.llm.slot_weighing import SlotWeigher  # noqa: PLC0415

        return SlotWeigher()

    def settle(self, message: str, orders: Orders) -> Orders:
        return self._weigher.settle(message, orders)


class _TenantPlanner:
    """Has a model plan with all that the tenant's plans may name, the actions of its agents too."""

    def __init__(
        self, provider: LLMProvider, policy: PolicyEngine, catalog_of: Callable[[TenantId], ActionCatalog]
    ) -> None:
        self._provider = provider
        self._policy = policy
        self._catalog_of = catalog_of

    async def propose(
        self, intent: Intent, context: Mapping[str, Any], spender: Spender | None = None
    ) -> tuple[TaskGraph, str]:
        return await self._planner(spender).propose(intent, context, spender)

    async def repair(
        self,
        intent: Intent,
        context: Mapping[str, Any],
        stopped: StoppedPlan,
        *,
        advice: str,
        spender: Spender | None = None,
    ) -> tuple[TaskGraph, str]:
        return await self._planner(spender).repair(intent, context, stopped, advice=advice, spender=spender)

    def _planner(self, spender: Spender | None) -> LLMTaskPlanner:
        catalog, policy = self._catalog_of(DEFAULT_TENANT if spender is None else spender.tenant), self._policy
        return LLMTaskPlanner(
            self._provider,
            catalog=catalog,
            check=lambda graph: check_plan(graph, catalog, policy),
            allowed=lambda action: policy.decide_action(action).allowed,
        )


def make_beyond(
    provider: LLMProvider | None,
    *,
    router: IntentRouter,
    catalog: ActionCatalog,
    policy: PolicyEngine,
    sites: SiteBook,
    contacts: ContactFile,
    folder: Path | None = None,
    offered: OfferedActions | None = None,
) -> BeyondRules:
    """Return what is asked beyond the rules: what was learned from examples, then the model of `provider`.

    What was learned is kept in `folder`.
    """
    learned = make_learned(router, folder)
    if provider is None:
        return BeyondRules(learned=learned, slots=_Slots())

    def known(request: str) -> Mapping[str, str]:
        """Return portals, and of the address book only those whom the request names."""
        words = request.casefold()
        named = [one for one in contacts.read().contacts if any(part in words for part in one.name.casefold().split())]
        addresses = "; ".join(f"{one.name}: {', '.join(one.email)}" for one in named[:_MOST_KNOWN])
        portals = "; ".join(f"{key}: {site.profile.url}" for key, site in list(sites.sites.items())[:_MOST_KNOWN])
        return {name: text for name, text in (("address_book", addresses), ("portals", portals)) if text}

    return BeyondRules(
        learned=learned,
        slots=_Slots(),
        router=LLMIntentRouter(provider, router),
        planner=_TenantPlanner(provider, policy, (lambda _: catalog) if offered is None else offered.of),
        known=known,
    )
