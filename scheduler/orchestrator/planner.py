"""Turns a request in words into a plan that may be stored: intent, slots, template, checks."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import InvalidFieldError, UnknownIntentError, UnknownSiteError
from scheduler.core.intent_router import IntentRouter, RoutedIntent
from scheduler.core.intents import UNKNOWN
from scheduler.core.job import Locale
from scheduler.core.references import strings_in
from scheduler.core.task_graph import TaskGraph
from scheduler.core.templates import fill_template
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine

_SITE = "{site_url}"


class PlannedRequest(BaseModel):
    """What was understood of a request, and the plan that follows from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    locale: Locale
    slots: dict[str, str]
    task_graph: TaskGraph


class Planner:
    """Rules only: patterns find the intent, its template gives the plan. `sites` maps names of portals to addresses."""

    def __init__(
        self, *, router: IntentRouter, catalog: ActionCatalog, policy: PolicyEngine, sites: Mapping[str, str]
    ) -> None:
        self._router = router
        self.catalog = catalog
        self.policy = policy
        self._sites = {name.casefold(): url.rstrip("/") for name, url in sites.items()}

    def plan(self, text: str, locale: Locale | None = None) -> PlannedRequest:
        """Plan a sentence. Raises InvalidRequestError: unknown intent, missing slot, unknown site, ..."""
        routed = self._router.route(text)
        if routed.name == UNKNOWN:
            raise UnknownIntentError(text, nearest=routed.nearest)
        return self._plan(routed if locale is None else routed.model_copy(update={"locale": locale}))

    def plan_intent(
        self, intent: str, description: str, context: Mapping[str, Any], locale: Locale | None = None
    ) -> PlannedRequest:
        """Plan a named intent; slots come from the description where it says the same, then from `context["slots"]`.

        Raises InvalidRequestError.
        """
        known = {known.name: known for known in self._router.intents}
        if intent not in known or intent == UNKNOWN:
            raise UnknownIntentError(intent, nearest=self._router.route(intent).nearest, field="intent")
        given = context.get("slots", {})
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise InvalidFieldError("context.slots", "must map names of slots to texts")
        said = self._router.route(description) if description.strip() else None
        slots = {**(said.slots if said and said.name == intent else {}), **given}
        routed = RoutedIntent(
            **known[intent].model_dump(), slots=slots, locale=locale or (said.locale if said else "de")
        )
        return self._plan(routed)

    def _plan(self, routed: RoutedIntent) -> PlannedRequest:
        graph = fill_template(routed, self._values(routed))
        check_plan(graph, self.catalog, self.policy)
        return PlannedRequest(intent=routed.name, locale=routed.locale, slots=routed.slots, task_graph=graph)

    def _values(self, routed: RoutedIntent) -> dict[str, str]:
        if not any(_SITE in text for text in strings_in([todo.model_dump() for todo in routed.task_template])):
            return {}
        name = routed.slots.get("portal")
        if name is None and self._sites:
            return {"site_url": next(iter(self._sites.values()))}
        if name is None or name.casefold() not in self._sites:
            raise UnknownSiteError(name or "–", known=self._sites)
        return {"site_url": self._sites[name.casefold()]}
