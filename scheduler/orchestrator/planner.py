"""Turns a request in words into a plan that may be stored: intent, slots, template, checks."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog
from scheduler.core.address_book import AddressBook, nobody_known
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import (
    InvalidFieldError,
    InvalidRequestError,
    MissingSlotError,
    NoTemplateError,
    SeveralOrdersError,
    UnknownIntentError,
    UnknownSiteError,
)
from scheduler.core.intent_router import Intent, IntentRouter, RoutedIntent
from scheduler.core.intents import UNKNOWN
from scheduler.core.job import Locale
from scheduler.core.sentences import Sentence
from scheduler.core.site_book import Sites
from scheduler.core.site_errors import SiteFileError
from scheduler.core.sites import SiteProfile
from scheduler.core.task_graph import TaskGraph
from scheduler.core.templates import SITE_VALUES, TIME_VALUES, fill_template, values_needed
from scheduler.core.when import read_span
from scheduler.core.when_dates import WhenError
from scheduler.orchestrator.asking import INTENT, question_of, with_answers
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine

_SLOTS = "context.slots"
_NO_SLOTS = Sentence(
    "erwartet wird ein Objekt, das Namen auf Texte abbildet", "expected is an object that maps names to texts"
)
_PORTAL = "portal"


class PlannedRequest(BaseModel):
    """What was understood of a request, and the plan that follows from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    locale: Locale
    slots: dict[str, str]
    task_graph: TaskGraph


class Planner:
    """Rules only: patterns find the intent, its template gives the plan.

    `sites` are the portals that are set up, `addresses` maps names of people to mail addresses. `zone` is where people
    say times, `search_url` the address with `{query}` at which the web is searched.
    """

    def __init__(
        self,
        *,
        router: IntentRouter,
        catalog: ActionCatalog,
        policy: PolicyEngine,
        sites: Sites,
        addresses: AddressBook = nobody_known,
        clock: Clock | None = None,
        zone: str = "Europe/Berlin",
        search_url: str = "",
    ) -> None:
        self._addresses = addresses
        self._router = router
        self._intents = {intent.name: intent for intent in router.intents if intent.name != UNKNOWN}
        self.catalog = catalog
        self.policy = policy
        self._sites = sites
        self._clock = clock or SystemClock()
        self._zone = zone
        self._search_url = search_url

    def plan(self, text: str, locale: Locale | None = None, answers: Mapping[str, str] | None = None) -> PlannedRequest:
        """Plan one order. Raises InvalidRequestError: unknown intent, several orders, missing slot ...

        With `answers`, even none, what an answer would help is asked for: AskBackError, by the error that it stands
        for. They are read by the keys of their questions: `intent`, `slot.NAME`.
        """
        routed = self._router.route(text)
        if answers and INTENT in answers:
            routed = RoutedIntent(**self._known(answers[INTENT]).model_dump(), slots=routed.slots, locale=routed.locale)
        if routed.name == UNKNOWN:
            raise UnknownIntentError(text, nearest=routed.nearest)
        if routed.rest:
            raise SeveralOrdersError(routed.name, routed.rest)
        routed = with_answers(routed, answers or {})
        routed = routed if locale is None else routed.model_copy(update={"locale": locale})
        try:
            return self._plan(routed)
        except InvalidRequestError as error:
            asked = None if answers is None else question_of(error, routed)
            if asked is None:
                raise
            raise asked from error

    def plan_intent(
        self, intent: str, description: str, context: Mapping[str, Any], locale: Locale | None = None
    ) -> PlannedRequest:
        """Plan a named intent; slots come from the description where it says the same, then from `context["slots"]`.

        Raises InvalidRequestError, said of the field of the order that is to blame.
        """
        known = self._known(intent)
        given = given_slots(context)
        said = self._router.route(description) if description.strip() else None
        slots = {**(said.slots if said and said.name == intent else {}), **given}
        routed = RoutedIntent(**known.model_dump(), slots=slots, locale=locale or (said.locale if said else "de"))
        try:
            return self._plan(routed)
        except NoTemplateError as error:
            raise error.at("intent") from None
        except MissingSlotError as error:
            raise error.at(f"{_SLOTS}.{error.slot}") from None
        except (UnknownSiteError, SiteFileError) as error:
            raise error.at(f"{_SLOTS}.{_PORTAL}") from None
        except InvalidFieldError as error:
            raise error.at(f"{_SLOTS}.{error.field}" if error.field in slots else error.field) from None

    def _known(self, intent: str) -> Intent:
        if intent not in self._intents:
            alike = get_close_matches(intent, self._intents, n=3, cutoff=0.5)
            raise UnknownIntentError(intent, nearest=alike or self._router.route(intent).nearest, field="intent")
        return self._intents[intent]

    def _plan(self, routed: RoutedIntent) -> PlannedRequest:
        graph = fill_template(routed, self._values(routed), self._addresses)
        check_plan(graph, self.catalog, self.policy)
        return PlannedRequest(intent=routed.name, locale=routed.locale, slots=routed.slots, task_graph=graph)

    def _values(self, routed: RoutedIntent) -> dict[str, str]:
        needed = values_needed(routed)
        values: dict[str, str] = {}
        if needed & SITE_VALUES:
            values |= self._site(routed, needed)
        if needed & TIME_VALUES:
            values |= self._span(routed)
        if "search_address" in needed:
            query = quote(routed.slots.get("query", ""), safe="")
            values["search_address"] = self._search_url.replace("{query}", query)
        return {name: value for name, value in values.items() if name in needed}

    def _span(self, routed: RoutedIntent) -> dict[str, str]:
        """Return when it is to be; what is missing or may mean two things is said of the slot."""
        now = self._clock.now().astimezone(ZoneInfo(self._zone))
        try:
            span = read_span(routed.slots.get("date", ""), routed.slots.get("time", ""), now)
        except WhenError as error:
            if error.missing:
                raise MissingSlotError(routed.name, error.slot) from None
            raise InvalidFieldError(error.slot, error.said) from error
        return {"start": span.start.isoformat(), "end": span.end.isoformat(), "zone": self._zone}

    def _site(self, routed: RoutedIntent, needed: frozenset[str]) -> dict[str, str]:
        """Return key and address of the portal that is named; which one is meant is not guessed."""
        name = routed.slots.get(_PORTAL)
        if not name:
            raise MissingSlotError(routed.name, _PORTAL)
        site = self._sites.named(name)
        if "site" in needed:
            _check_slots(routed, site.profile)
        return {"site": site.key, "site_url": site.profile.url}


def _check_slots(routed: RoutedIntent, profile: SiteProfile) -> None:
    """Raise MissingSlotError for what the profile needs to find a document and the request leaves open."""
    for slot in sorted(profile.document.slots if profile.document else ()):
        if not routed.slots.get(slot):
            raise MissingSlotError(routed.name, slot)


def given_slots(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the slots a client gives besides its words. Raises InvalidFieldError."""
    given = context.get("slots", {})
    if not isinstance(given, dict):
        raise InvalidFieldError(_SLOTS, _NO_SLOTS)
    wrong = next((name for name, value in given.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise InvalidFieldError(f"{_SLOTS}.{wrong}", Sentence("ein Text wird erwartet", "a text is expected"))
    return given
