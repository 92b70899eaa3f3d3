"""Turns a request in words into a plan that may be stored: intent, slots, template, checks.

Rules first; what they do not know goes the dearer ways of `BeyondRules`. Several orders in one request become one plan.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from scheduler.core.actions import ActionCatalog, Risk
from scheduler.core.address_book import AddressBook, nobody_known
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.confidence import confidence_of
from scheduler.core.errors import (
    CPAError,
    InvalidFieldError,
    InvalidRequestError,
    MissingSlotError,
    NoTemplateError,
    PlanUnusableError,
    UnknownIntentError,
    UnknownSiteError,
)
from scheduler.core.form_sending import FILL_FORM, without_sending
from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.intent_router import Intent, IntentRouter, RoutedIntent
from scheduler.core.intents import UNKNOWN
from scheduler.core.job import Locale
from scheduler.core.pasted import own_words
from scheduler.core.several_values import one_for_each
from scheduler.core.site_book import Sites
from scheduler.core.site_errors import SiteFileError
from scheduler.core.slot_finder import with_slots
from scheduler.core.spending import Spender
from scheduler.core.task_graph import TaskGraph
from scheduler.core.taught_book import TaughtBook
from scheduler.core.templates import fill_template
from scheduler.orchestrator.asking import question_of
from scheduler.orchestrator.beyond_rules import Asking, BeyondRules
from scheduler.orchestrator.compound_plan import Joined, OrderPlan, join_plans
from scheduler.orchestrator.mail_sent_on import that_send_on, with_mail, without_mail
from scheduler.orchestrator.offered_actions import OfferedActions
from scheduler.orchestrator.pasted_steps import steps_of_pasted_orders, steps_that_aim
from scheduler.orchestrator.plan_check import check_plan
from scheduler.orchestrator.plan_questions import apply_answers, ask_what_is_meant, at_order, of_order
from scheduler.orchestrator.planned_request import SLOTS, PlannedOrder, PlannedRequest, given_slots
from scheduler.orchestrator.slot_values import each_once, of_order_number, typed_slots
from scheduler.orchestrator.teaching import Teaching
from scheduler.orchestrator.template_values import PORTAL, TemplateValues
from scheduler.security.policies import PolicyEngine

SEVERAL: Final = "several_orders"
"""The intent of a request that holds several."""
_WAYS: Final = ("given", "rules", "learned", "llm")


class Planner:
    """Patterns find the intent, its template gives the plan; `beyond` is asked where these do not know.

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
        beyond: BeyondRules | None = None,
        offered: OfferedActions | None = None,
        teaching: Teaching | None = None,
    ) -> None:
        self.offered = offered
        self._addresses = addresses
        self._router = router
        self._untaught = TaughtBook({intent.name: intent for intent in router.intents if intent.name != UNKNOWN})
        self.catalog = catalog
        self.policy = policy
        self._values = TemplateValues(sites=sites, clock=clock or SystemClock(), zone=zone, search_url=search_url)
        self.beyond = beyond or BeyondRules()
        self._teaching = teaching

    def warm_up(self) -> None:
        """Make what the first request would wait for; see BeyondRules."""
        self.beyond.warm_up(self._router)

    def catalog_of(self, tenant: TenantId) -> ActionCatalog:
        """Return what plans of the tenant may name: our actions, and those that its agents bring."""
        return self.catalog if self.offered is None else self.offered.of(tenant)

    @property
    def intents(self) -> Sequence[Intent]:
        """What may be asked for."""
        return tuple(self._untaught.intents.values())

    async def plan(
        self,
        text: str,
        locale: Locale | None = None,
        answers: Mapping[str, str] | None = None,
        *,
        tenant: TenantId = DEFAULT_TENANT,
        job: JobId | None = None,
    ) -> PlannedRequest:
        """Plan a request. `answers` are what people said to questions: "intent", "slot.NAME", "ORDER.slot.NAME".

        Models are asked on behalf of the tenant and, if it has an id already, the job.

        Raises InvalidRequestError: unknown intent, missing slot ... With `answers`, even none, and of one order among
        several, what an answer would help is asked for: AskBackError, by the error that it stands for. Raises
        NoFreeAgentError when nobody is at work who brings an action of the plan.
        """
        if self.offered is not None:
            await self.offered.now(tenant)
        planned = await self._plan_request(text, locale, answers, Spender(tenant, job))
        return await self._with_agents(planned, tenant)

    async def _with_agents(self, planned: PlannedRequest, tenant: TenantId) -> PlannedRequest:
        if self.offered is not None:
            actions = {todo.action: None for todo in planned.task_graph.tasks.values()}
            await self.offered.check_alive(actions, tenant)
        return planned

    async def _plan_request(
        self, text: str, locale: Locale | None, answers: Mapping[str, str] | None, spender: Spender
    ) -> PlannedRequest:
        taught = await self._taught(spender.tenant)
        orders, sending = await self._split(text, taught)
        asking = self.beyond.asking(spender, taught)
        if len(orders.parts) == 1:
            (part,) = orders.parts
            if sending and part.routed.name == FILL_FORM:
                slots = {**part.routed.slots, "submit": sending}
                part = part._replace(routed=part.routed.model_copy(update={"slots": slots}))
            planned = await self._plan_order(part.text, _in(part.routed, locale), answers, asking)
            planned = planned.model_copy(update={"overlooked": orders.overlooked})
        else:
            planned = await self._plan_orders(text, orders, locale, answers or {}, asking)
        planned = planned.corrected(orders.corrections)
        return await self._with_pasted(planned, text, orders, answers or {}, taught)

    async def _split(self, text: str, taught: TaughtBook) -> tuple[Orders, str]:
        """Return the orders of a request, and what the preview says of sending the form that it has filled in."""
        orders = await self.beyond.split(text, self._router, taught)
        filled_in, sending = without_sending(text)
        if sending and orders.parts[0].routed.name == FILL_FORM:
            orders = await self.beyond.split(filled_in, self._router, taught)
        return orders, sending

    async def _with_pasted(
        self, planned: PlannedRequest, text: str, orders: Orders, answers: Mapping[str, str], taught: TaughtBook
    ) -> PlannedRequest:
        """Return it with the steps that follow only from pasted text; what a person has answered is their own word."""
        if (own := own_words(text)) == text:
            return planned
        parts = (await self._split(own, taught))[0].parts if own.strip() else ()
        doubtful = steps_of_pasted_orders(planned, orders.parts, parts, answers)
        return planned.with_pasted(doubtful | self._aimed(planned, text, [own, *answers.values()]))

    def _aimed(self, planned: PlannedRequest, text: str, own: Sequence[str]) -> set[str]:
        """Return the steps that aim at what the text holds and the person's `own` words do not."""
        said = self.beyond.said_in("\n".join(own))
        return steps_that_aim(planned, self.beyond.said_in(text), said, self._addresses)

    async def _plan_orders(
        self, text: str, orders: Orders, locale: Locale | None, answers: Mapping[str, str], asking: Asking
    ) -> PlannedRequest:
        """Plan the orders side by side, and join them. Raises AskBackError for one that is none or lacks something."""
        own = [of_order(answers, number) for number in range(len(orders.parts))]
        left_out = {number for number, said in enumerate(own) if said.get("intent") == UNKNOWN}  # by a person
        kept = [(number, part) for number, part in enumerate(orders.parts) if number not in left_out]
        if not kept:
            raise UnknownIntentError(orders.parts[0].text, nearest=())
        sent_on = that_send_on({number: part for number, part in kept if "intent" not in own[number]})
        wanted = {n: with_mail(part.routed) if n in sent_on else part.routed for n, part in kept}
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._planned_or_error(part.text, _in(wanted[number], locale), own[number], asking))
                for number, part in kept
            ]
        planned = list[PlannedRequest]()
        for (number, part), task in zip(kept, tasks, strict=True):
            if isinstance(one := task.result(), InvalidRequestError):
                raise at_order(one, number, part.text, asking.taught.intents) from one
            if isinstance(one, CPAError):
                raise one
            planned.append(without_mail(one) if number in sent_on else one)
        place = {number: position for position, (number, _) in enumerate(kept)}
        plans = [
            OrderPlan(
                one.task_graph,
                [place[n] for n in part.after if n in place],
                place.get(-1 if part.refers is None else part.refers),
                one.slots.keys(),
                number in sent_on,
            )
            for (number, part), one in zip(kept, planned, strict=True)
        ]
        catalog = self.catalog_of(asking.spender.tenant)
        joined = join_plans(plans, catalog)
        check_plan(joined.graph, catalog, self.policy)
        return _together([part for _, part in kept], planned, joined, orders.overlooked, text)

    async def _planned_or_error(
        self, text: str, routed: RoutedIntent, answers: Mapping[str, str], asking: Asking
    ) -> PlannedRequest | CPAError:
        try:
            return await self._plan_order(text, routed, answers, asking)
        except CPAError as error:  # the others are planned all the same, and the first error is told
            return error

    async def _plan_order(
        self, text: str, routed: RoutedIntent, answers: Mapping[str, str] | None, asking: Asking
    ) -> PlannedRequest:
        """Plan one order, the dearer ways included; without `answers` nothing is asked."""
        taught = asking.taught
        may_be_planned = not routed.refused or routed.unconfigured
        if routed.name == UNKNOWN and may_be_planned and "intent" not in (answers or {}):
            routed = _in(await self.beyond.understand(text, routed, asking), routed.locale)
        if routed.name == UNKNOWN:
            nearest = taught.nearest(text, routed.nearest, first=not routed.unsure)
            routed = routed.model_copy(update={"nearest": nearest})
        routed = apply_answers(routed, answers or {}, taught, text, self._values.is_portal)
        if routed.name != UNKNOWN and routed.task_template:
            catalog = self.catalog_of(asking.spender.tenant)
            return self._plan(routed, catalog, text) if answers is None else self._plan_or_ask(routed, catalog, text)
        if not may_be_planned and routed.unsure and answers is not None:
            raise ask_what_is_meant(routed, taught.intents, text)
        if not may_be_planned:
            raise UnknownIntentError(text, nearest=routed.nearest)
        try:
            made = await self.beyond.plan(text, routed, asking)
        except PlanUnusableError as error:
            raise ask_what_is_meant(routed, taught.intents) from error
        if made is None and routed.name != UNKNOWN:
            raise NoTemplateError(routed.name)
        if made is None and routed.unsure and answers is not None:
            raise ask_what_is_meant(routed, taught.intents, text)
        if made is None:
            raise UnknownIntentError(text, nearest=routed.nearest)
        name = "custom" if routed.name == UNKNOWN else routed.name
        return PlannedRequest(
            intent=name,
            locale=routed.locale,
            slots=routed.slots,
            task_graph=made,
            way="llm",
            why=made.why,
            confidence=routed.score if routed.way == "llm" and routed.name != UNKNOWN else 0.5,
            by="llm",
            unseen=tuple(_risky(made, self.catalog_of(asking.spender.tenant))),
        )

    def _plan_or_ask(self, routed: RoutedIntent, catalog: ActionCatalog, text: str) -> PlannedRequest:
        try:
            return self._plan(routed, catalog, text)
        except InvalidRequestError as error:
            asked = question_of(error, routed)
            if asked is None:
                raise
            raise asked from error

    async def plan_intent(
        self,
        intent: str,
        description: str,
        context: Mapping[str, Any],
        locale: Locale | None = None,
        *,
        tenant: TenantId = DEFAULT_TENANT,
    ) -> PlannedRequest:
        """Plan a named intent; slots come from the description where it says the same, then from `context["slots"]`.

        Raises InvalidRequestError, said of the field of the order that is to blame.
        """
        known = await self._known(intent, tenant)
        if self.offered is not None:
            await self.offered.now(tenant)
        given = given_slots(context)
        said = with_slots(self._router.route(description), description) if description.strip() else None
        slots = {**(said.slots if said and said.name == intent else {}), **given}
        routed = RoutedIntent(
            **known.model_dump(),
            slots=slots,
            said=said.said if said and said.name == intent else (),
            locale=locale or (said.locale if said else "de"),
            score=1.0,
        )
        try:
            if not routed.task_template and description.strip():
                asking = self.beyond.asking(Spender(tenant), await self._taught(tenant))
                planned = await self._plan_order(description, routed, {}, asking)
            else:
                planned = self._plan(routed, self.catalog_of(tenant), description)
            if (own := own_words(description)) != description:
                planned = planned.with_pasted(self._aimed(planned, description, [own, *given.values()]))
            return await self._with_agents(planned, tenant)
        except NoTemplateError as error:
            raise error.at("intent") from None
        except MissingSlotError as error:
            raise error.at(f"{SLOTS}.{error.slot}") from None
        except (UnknownSiteError, SiteFileError) as error:
            raise error.at(f"{SLOTS}.{PORTAL}") from None
        except InvalidFieldError as error:
            raise error.at(f"{SLOTS}.{error.field}" if error.field in slots else error.field) from None

    async def _known(self, intent: str, tenant: TenantId) -> Intent:
        intents = (await self._taught(tenant)).intents
        if intent not in intents:
            alike = get_close_matches(intent, intents, n=3, cutoff=0.5)
            raise UnknownIntentError(intent, nearest=alike or self._router.route(intent).nearest, field="intent")
        return intents[intent]

    async def _taught(self, tenant: TenantId) -> TaughtBook:
        return await self._teaching.book(tenant) if self._teaching else self._untaught

    def _plan(self, routed: RoutedIntent, catalog: ActionCatalog, text: str) -> PlannedRequest:
        """Plan by the template; what was said of several things is done for each of them."""
        orders = [self._plan_one(one, catalog, text) for one in one_for_each(routed)]
        if len(orders) == 1:
            return orders[0]
        joined = join_plans([OrderPlan(one.task_graph, (), None) for one in orders], catalog)
        check_plan(joined.graph, catalog, self.policy)
        typed = each_once(slot for one in orders for slot in one.typed)
        return orders[0].model_copy(update={"slots": routed.slots, "task_graph": joined.graph, "typed": typed})

    def _plan_one(self, routed: RoutedIntent, catalog: ActionCatalog, text: str) -> PlannedRequest:
        graph = fill_template(routed, self._values.of(routed, text), self._addresses)
        check_plan(graph, catalog, self.policy)
        return PlannedRequest(
            intent=routed.name,
            locale=routed.locale,
            slots=routed.slots,
            task_graph=graph,
            way=routed.way,
            why=routed.why or why_of(routed),
            confidence=confidence_of(routed),
            by="template",
            unseen=tuple(_risky(graph, catalog)) if routed.way == "llm" else (),
            typed=typed_slots(routed.slots, routed.said, self._values.now(), self._addresses),
        )


def _risky(graph: TaskGraph, catalog: ActionCatalog) -> Iterator[str]:
    for task_id, todo in graph.tasks.items():
        if catalog.get(todo.action).risk is not Risk.LOW:
            yield f"{task_id}: {todo.action}"


def _in(routed: RoutedIntent, locale: Locale | None) -> RoutedIntent:
    return routed if locale is None or locale == routed.locale else routed.model_copy(update={"locale": locale})


def why_of(routed: RoutedIntent) -> str:
    """Say in the language of the request how rules came to this."""
    share = f"{min(routed.score, 1.0):.0%}"
    if routed.locale == "de":
        return f"Ein Muster von {routed.name} erklärt {share} der Wörter"
    return f"A pattern of {routed.name} explains {share} of the words"


def _together(
    parts: Sequence[OrderPart],
    planned: Sequence[PlannedRequest],
    joined: Joined,
    overlooked: tuple[str, ...],
    text: str,
) -> PlannedRequest:
    """Return several orders as one request; it is as sure as the least sure of them."""
    orders = tuple(
        PlannedOrder(text=part.text, intent=one.intent, slots=one.slots, tasks=tasks)
        for part, one, tasks in zip(parts, planned, joined.tasks, strict=True)
    )
    weakest = min(planned, key=lambda one: (-_WAYS.index(one.way), one.confidence))
    return PlannedRequest(
        intent=planned[0].intent if len(planned) == 1 else SEVERAL,
        locale=planned[0].locale,
        slots={f"{number}.{name}": words for number, one in enumerate(planned) for name, words in one.slots.items()},
        typed=tuple(
            slot
            for number, (part, one) in enumerate(zip(parts, planned, strict=True))
            for slot in of_order_number(one.typed, number, text.find(part.text))
        ),
        task_graph=joined.graph,
        way=weakest.way,
        why="; ".join(one.why for one in planned),
        confidence=min(one.confidence for one in planned),
        by="llm" if any(one.by == "llm" for one in planned) else "template",
        orders=orders,
        overlooked=overlooked,
        unseen=tuple(step for one in planned for step in one.unseen),
    )
