"""Makes what is asked beyond the rules. For the container alone: like it, this module knows every adapter."""

import functools
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scheduler.core.compound import Orders
from scheduler.core.ids import TenantId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.site_book import SiteBook
from scheduler.executors.contact_file import ContactFile
from scheduler.llm.learned_intent_router import LearnedIntentRouter
from scheduler.llm.llm_intent_router import LLMIntentRouter
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.llm_wrapper import LLMWrapper
from scheduler.llm.office_model import OfficeModel, OfficeRequests, first_look
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


def make_door(provider: LLMProvider, policy: PolicyEngine, offered: Callable[[], OfferedActions]) -> LLMWrapper:
    """Return the one door to the model: it plans with all that a tenant's plans may name, those of its agents too."""

    def planner_of(tenant: TenantId) -> LLMTaskPlanner:
        catalog = offered().of(tenant)
        return LLMTaskPlanner(
            provider,
            catalog=catalog,
            check=lambda graph: check_plan(graph, catalog, policy),
            allowed=lambda action: policy.decide_action(action).allowed,
            agents=lambda: offered().at_work(tenant),
        )

    return LLMWrapper(provider, planner_of)


def make_beyond(
    provider: LLMProvider | None,
    door: LLMWrapper | None = None,
    *,
    router: IntentRouter,
    sites: SiteBook,
    contacts: ContactFile,
    folder: Path,
    patience: timedelta,
) -> BeyondRules:
    """Return what is asked beyond the rules: what was learned from examples, then the model of `provider` by `door`.

    What was learned is kept in `folder`. `patience`: how long the model may take over one request in all.
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
        planner=door,
        known=known,
        patience=patience,
    )
