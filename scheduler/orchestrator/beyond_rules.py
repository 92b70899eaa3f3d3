"""What is asked when rules do not know what a request wants: what was learned from examples, then a language model."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import structlog

from scheduler.core.apart import as_told, asked_about, left_undone, put_together, uncrossed
from scheduler.core.background import as_in_whole, unread, without_background
from scheduler.core.behind_orders import without_behind
from scheduler.core.beside_taught import alone, together
from scheduler.core.compound import Orders, Rules, split_orders
from scheduler.core.errors import CPAError, LLMNotSetUpError, PlanUnusableError
from scheduler.core.frames import SURE
from scheduler.core.ids import TaskId
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.job import Job
from scheduler.core.language import normalise
from scheduler.core.list_heads import Requests, requests_of
from scheduler.core.list_reading import (
    asked_instead,
    goes_on,
    items_together,
    lacks_thing,
    of_list,
    orders_nothing,
    uncovered,
)
from scheduler.core.lost_orders import nothing_lost
from scheduler.core.met_apart import met_apart
from scheduler.core.not_wanted import kept_as_told, without_unwanted
from scheduler.core.order_cuts import is_whole
from scheduler.core.other_words import in_usual_words
from scheduler.core.pasted import own_words
from scheduler.core.plain_words import plain_words
from scheduler.core.said_twice import said_once
from scheduler.core.self_repair import as_corrected
from scheduler.core.spending import Spender
from scheduler.core.taken_back import all_taken_back
from scheduler.core.taught_book import TaughtBook
from scheduler.core.told_mail import ToldMail, told_apart, told_mail
from scheduler.core.told_words import without_reports
from scheduler.core.waiting_orders import without_waiting
from scheduler.core.who_gets_what import Piece, who_gets_what
from scheduler.core.wishes import wishes_as_orders
from scheduler.llm.reasoned_graph import ReasonedGraph
from scheduler.llm.stopped_plan import StoppedPlan

_SURE: Final = 0.5
"""From this confidence on a language model is believed about what is wanted."""

_ANY_ORDER: Final = "Schick Anna bis morgen um 9 Uhr die Rechnung 4711"
_INTENT: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")

Got = TypeVar("Got")

log = structlog.get_logger(__name__)


class Asking(NamedTuple):
    """For whom a request is planned, what that tenant has taught, and until when models may be asked."""

    spender: Spender
    taught: TaughtBook
    until: float
    """A time of the event loop."""


class Learned(Protocol):
    """Finds out what a request wants from examples; takes milliseconds of the processor, and seconds at first."""

    def reread(self, message: str, read: Orders) -> Orders:
        """Return the orders of a request in which rules read `read`."""

    def doubts(self, message: str, intent: str) -> bool:
        """Whether a request must be reread however sure rules are of `intent`; takes a tenth of a millisecond."""


class Slots(Protocol):
    """Weighs what fills the slots of orders against what was learned from examples; takes a millisecond."""

    def settle(self, message: str, orders: Orders) -> Orders:
        """Return the orders of a request with the slots that are believed."""


class ModelRouter(Protocol):
    """Has a language model find out what a request wants. Never raises for what the model does."""

    async def route(
        self, message: str, spender: Spender | None = None, taught: TaughtBook | None = None
    ) -> RoutedIntent:
        """Return what the request wants: one of the intents in `taught`, where it is given."""


class ModelPlanner(Protocol):
    """Has a language model plan. Raises PlanUnusableError and what the provider raises."""

    async def intent_to_task_graph(
        self,
        intent: str,
        description: str,
        context: Mapping[str, Any] | None = None,
        spender: Spender | None = None,
    ) -> ReasonedGraph:
        """Return a plan that passed every check, and why it is like that."""

    async def repair_task_graph(
        self,
        intent: str,
        description: str,
        context: Mapping[str, Any],
        stopped: StoppedPlan,
        *,
        advice: str,
        spender: Spender | None = None,
    ) -> ReasonedGraph:
        """Return the whole plan with another rest that passed every check, and why it is like that."""


def nothing_known(_request: str) -> Mapping[str, str]:
    """Be what is known of a request where nothing is."""
    return {}


async def _in_time(ask: Callable[[], Awaitable[Got]], asking: Asking) -> Got | None:
    """Return what a model answers; None where the time of the request is over before."""
    if asyncio.get_running_loop().time() < asking.until:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(asking.until):
                return await ask()
    log.warning("models_took_too_long", tenant=asking.spender.tenant, job=asking.spender.job)
    return None


def _ordered(text: str, rules: Rules) -> list[str]:
    """Return the intents that rules read in a text."""
    return [part.routed.name for part in split_orders(text, rules).parts if part.routed.name != UNKNOWN]


class BeyondRules:
    """Cheapest first, each able to say "I don't know". Whichever part is missing is passed over.

    `known` returns what the house knows of the words of a request (addresses, portals): texts that a model may see and
    its plan may use. `patience`: how long models may take over one request in all.
    """

    def __init__(
        self,
        *,
        learned: Learned | None = None,
        slots: Slots | None = None,
        router: ModelRouter | None = None,
        planner: ModelPlanner | None = None,
        known: Callable[[str], Mapping[str, str]] = nothing_known,
        patience: timedelta = timedelta(minutes=1),
    ) -> None:
        self._learned = learned
        self._slots = slots
        self._router = router
        self._planner = planner
        self._known = known
        self._patience = patience

    @property
    def has_model(self) -> bool:
        """Whether a language model can be asked for plans."""
        return self._planner is not None

    def said_in(self, text: str) -> tuple[str, ...]:
        """Return what a plan may aim at of a request: its words, and what the house knows of them."""
        return (text, *self._known(text).values())

    def warm_up(self, rules: Rules) -> None:
        """Make what the first request would wait for: takes half a second of the processor, so call it in a thread."""
        read = split_orders(_ANY_ORDER, rules)
        if self._slots is not None:
            self._slots.settle(_ANY_ORDER, read)

    async def split(self, text: str, rules: Rules, taught: TaughtBook | None = None) -> Orders:
        """Return the orders of a request; each item of a list in it is a request by itself."""
        listed = requests_of(text)
        if listed is None:
            return await self._split_one(text, rules, taught)
        if listed.asked or listed.alone:
            whole = await self._split_one(listed.whole, rules, taught)
            texts = [one.text for one in listed.parts]
            if listed.asked:
                return asked_instead(texts or listed.left, whole)
            left = uncovered(whole, texts)
            if left is not None and all([orders_nothing(await self._split_one(one, rules, taught)) for one in left]):
                return of_list(whole, texts, (*left, *listed.left))
        return await self._split_items(listed, rules, taught)

    async def _split_items(self, listed: Requests, rules: Rules, taught: TaughtBook | None) -> Orders:
        """Return the orders of a list item by item; one that says nothing of its thing is read with those before it."""
        read = list[tuple[str, Orders]]()
        for one in listed.parts:
            orders = await self.split(one.text, rules, taught)
            if read and (one.refers or lacks_thing(orders)):
                said = f"{read[-1][0].rstrip(' .')}. {one.text}"
                both = await self._split_one(said, rules, taught)
                if goes_on(both, read[-1][1], orders):
                    read[-1] = (said, both)
                    continue
            read.append((one.text, orders))
        return items_together([orders for _, orders in read], listed.left)

    async def _split_one(self, text: str, rules: Rules, taught: TaughtBook | None) -> Orders:
        """Return the orders of a request: what was taught first, then what is read beside it."""
        corrected = as_corrected(text)
        said, reported = without_reports(corrected.text)
        parts = taught.parts(said) if taught is not None else ()
        if not parts:
            return await self._split_untaught(text, rules)
        read = [Orders(()) if one.routed else await self._split_untaught(alone(one.text), rules) for one in parts]
        orders = together(parts, read, said)
        return orders._replace(overlooked=(*orders.overlooked, *reported), corrections=corrected.corrections)

    async def _split_untaught(self, text: str, rules: Rules) -> Orders:
        """Return the orders of a request by itself; what it tells of several persons apart is read apart."""
        corrected = as_corrected(text)
        text = in_usual_words(wishes_as_orders(without_behind(corrected.text)))
        if all_taken_back(text, lambda words: _ordered(words, rules)):
            return Orders((left_undone(text),))
        whole, reported = without_reports(text)
        said = without_background(whole)
        orders = nothing_lost(said.text, await self._split(said.text, rules))
        if said.beside and (said.refers or any(map(unread, orders.parts))):
            orders = as_in_whole(orders, await self._split(whole, rules))
        beside = (*said.beside, *reported)
        return orders._replace(overlooked=(*orders.overlooked, *beside), corrections=corrected.corrections)

    async def _split(self, text: str, rules: Rules) -> Orders:
        told = who_gets_what(text)
        if told.pieces and told.sure:
            return await self._read_pieces(told.pieces, rules)
        if met := met_apart(text):
            return await self._read_pieces(met, rules)
        whole = uncrossed(told, await self._read_plain(text, rules))
        if (mail := told_mail(text)) is not None and mail.misread(whole):
            return await self._read_mail(mail, whole, rules)
        if not told.pieces or any(part.routed.name != UNKNOWN for part in whole.parts):
            return whole
        read = [await self._read_piece(one, rules) for one in told.pieces]
        all_known = all(
            part.routed.name != UNKNOWN and as_told(one, orders)
            for one, orders in zip(told.pieces, read, strict=True)
            for part in orders.parts
        )
        return put_together(told.pieces, read) if all_known else whole

    async def _read_mail(self, mail: ToldMail, whole: Orders, rules: Rules) -> Orders:
        beside = [await self._split(one, rules) if one else Orders(()) for one in (mail.before, mail.after)]
        read = [await self._read_plain(one, rules) for one in (mail.dictated, mail.told, mail.head)]
        return told_apart(mail, beside[0], [*read, whole], beside[1])

    async def _read_pieces(self, pieces: Sequence[Piece], rules: Rules) -> Orders:
        return put_together(pieces, [await self._read_piece(one, rules) for one in pieces])

    async def _read_piece(self, piece: Piece, rules: Rules) -> Orders:
        """Return the orders of a piece: by rules where they read what it tells, else as of any text."""
        if piece.asked:
            return Orders((asked_about(piece.text),))
        if piece.persons and as_told(piece, read := split_orders(piece.text, rules)):
            return read if self._slots is None else self._slots.settle(piece.text, read)
        return await self._read_plain(piece.text, rules)

    async def _read_plain(self, text: str, rules: Rules) -> Orders:
        """Return the orders of a text without what its words say is not to be done."""
        whole = await self._read(text, rules)
        plain = plain_words(text, rules)
        unknown = plain.sure and all(part.routed.name == UNKNOWN for part in whole.parts)
        if not (unknown or plain.spares(whole)):
            return without_waiting(text, whole)
        read = await self._read(plain.text, rules) if plain.text.strip(" ,.;!?") else Orders(())
        if unknown and any(part.routed.name == UNKNOWN for part in read.parts):
            return whole
        asked = tuple(asked_about(one, [part.routed.name for part in read.parts][:1]) for one in plain.asked)
        return without_waiting(text, Orders((*read.parts, *asked), (*read.overlooked, *plain.left)))

    async def _read(self, text: str, rules: Rules) -> Orders:
        """Return the orders of a text. What was learned is asked, in a thread, unless it can only agree."""
        orders = split_orders(text, rules)
        first = orders.parts[0].routed
        plain = len(orders.parts) == 1 and first.score >= SURE and is_whole(text, first.words)
        if self._learned is not None and (not plain or self._learned.doubts(text, first.name)):
            orders = await asyncio.to_thread(split_orders, text, rules, self._learned)
        settled = orders if self._slots is None else self._slots.settle(text, orders)
        return said_once(without_unwanted(text, kept_as_told(normalise(text), orders, settled), rules))

    def asking(self, spender: Spender, taught: TaughtBook) -> Asking:
        """Return for whom a request is planned that comes now: its time with models begins."""
        return Asking(spender, taught, asyncio.get_running_loop().time() + self._patience.total_seconds())

    async def understand(self, text: str, unknown: RoutedIntent, asking: Asking) -> RoutedIntent:
        """Ask a language model what an order wants that is `unknown`, and return that again if it knows no better.

        What the model itself is not sure of is for people to say.
        """
        if (router := self._router) is None:
            return unknown
        asked = await _in_time(lambda: router.route(text, asking.spender, asking.taught), asking)
        if asked is None:
            return unknown
        if asked.way == "llm" and asked.name != UNKNOWN and asked.score < _SURE:
            told = {"way": "llm", "no_order": None, "why": asked.why}
            return unknown.model_copy(update={"nearest": (asked.name,), "unsure": True, **told})
        nearest = unknown.nearest if unknown.unsure else asked.nearest or unknown.nearest
        unsure = unknown.unsure and asked.name == UNKNOWN
        return asked.model_copy(update={"nearest": nearest, "slots": {**asked.slots}, "unsure": unsure})

    async def plan(self, text: str, routed: RoutedIntent, asking: Asking) -> ReasonedGraph | None:
        """Return a plan of a model, checked, and why it is like that; None without a model, or one that cannot help.

        Raises PlanUnusableError for a plan that could not be repaired.
        """
        if (planner := self._planner) is None:
            return None
        told = {"trusted": self._known(text)}
        try:
            return await _in_time(lambda: planner.intent_to_task_graph(routed.name, text, told, asking.spender), asking)
        except PlanUnusableError:
            raise
        except CPAError as error:
            log.warning("llm_planner_did_not_help", code=error.code, error=str(error))
            return None

    async def repair(
        self, job: Job, done: frozenset[TaskId], error: str, *, advice: str, spender: Spender
    ) -> ReasonedGraph:
        """Have a model plan anew what is left of a failed job; see Repairer. Raises LLMNotSetUpError without one.

        It may aim at what the person said and what fills slots, not at what only stands in pasted text: nobody looks.
        """
        if self._planner is None:
            raise LLMNotSetUpError("no planner")
        slots = {name: value for name, value in job.context.get("slots", {}).items() if isinstance(value, str)}
        said = own_words(job.description)
        context: dict[str, Any] = {"trusted": {**slots, **self._known(said)}}
        if said != job.description:
            context["pasted"] = job.description
        name = job.intent if _INTENT.fullmatch(job.intent) else UNKNOWN
        stopped = StoppedPlan(job.task_graph, done, error)
        return await self._planner.repair_task_graph(name, said, context, stopped, advice=advice, spender=spender)
