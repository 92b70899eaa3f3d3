"""Weighs what rules read in a request against what was learned from examples: how many orders, and which.

Rules know grammar: what is asked, past or negated, what a pronoun means, which slot is which. Examples know wordings
that no rule foresaw. Each is believed where it is right more often (`python -m bench.learned` shows how often).
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.mood_words import DO_NOT, NOT
from scheduler.core.no_order import NoOrder
from scheduler.core.order_cuts import cut, is_whole
from scheduler.core.plain_form import orders_plainly
from scheduler.core.slot_finder import slots_of
from scheduler.llm.grounds import NOT_SURE, Form, Ground, form_of, form_of_several, ground_of
from scheduler.llm.guess import NEAREST, Guess
from scheduler.llm.llm_intent_router import Router
from scheduler.llm.order_division import Part, part_of
from scheduler.llm.ordering import Bands, evidence, likely
from scheduler.llm.reading_checks import (
    all_agree,
    besides_negations,
    is_foreign,
    likeliest,
    one_of_row,
    others_are_remarks,
    shares_verb,
)
from scheduler.llm.readings import Reading, readings

if TYPE_CHECKING:
    from scheduler.llm.order_model import Ways

_NEVER: Final = frozenset({NoOrder.COURTESY, NoOrder.NEGATED, NoOrder.SAID_ONLY})
"""What is not done, however surely examples speak for it, unless they overrule rules."""
_HANDS_OFF: Final = re.compile(
    r"(?i)[\W_]*(?:(?:und|and|aber|but|bitte|please) )*"
    rf"(?:{NOT}|{DO_NOT})\b|.*\bnicht\W*$"
)
_PRONOUN: Final = re.compile(r"(?i)\b(?:sie|es|ihn|diese[nrs]?|das|den|die|it|them|this|that|damit|davon|daraus)\b")


class Model(Protocol):
    """Something that learned intents; see IntentModel."""

    def guess(self, sentence: str) -> Guess:
        """Return what one sentence most likely wants."""

    def glance(self, sentences: Sequence[str]) -> list[Guess]:
        """Return what sentences most likely want by their words alone."""


class Requests(Protocol):
    """Something that learned whole requests; see OrderModel."""

    @property
    def intents(self) -> tuple[str, ...]:
        """The intents that it knows."""

    def read(self, text: str) -> "Ways":
        """Return how a request may be read."""

    def shape(self, text: str) -> float:
        """Return the logarithm of the odds that a request orders anything, by its shape alone."""


_SURELY_ONE: Final = -0.7
_SURELY_SEVERAL: Final = 0.5
_FEW: Final = 2
_CLEAR: Final = 0.9


class _Weighed(NamedTuple):
    """What was learned says of a request."""

    guess: Guess
    ways: "Ways | None"
    """The ways to read it, unless it may want an intent that whole requests do not know."""
    ordered: float
    """How likely it orders anything."""


class LearnedIntentRouter:
    """Asks rules first, then what was learned, and takes of both what is right more often.

    What rules understand as negated or surely only said, or as an order of which nothing is configured, is not done,
    unless only what stands beside an order is negated, or only a word beside it is none of ours.
    `way` and `why` of each order tell how it was found out.
    """

    def __init__(
        self,
        rules: Router,
        model: Model,
        bands: Bands | None = None,
        requests: Requests | None = None,
        look: Callable[[str], float] | None = None,
    ) -> None:
        """`requests` are asked where nothing wants an intent that they do not know.

        `look` returns the logarithm of the odds that a request orders anything at a first look, without any model.
        """
        self._rules = rules
        self._model = model
        self._requests = requests
        self._look = look
        self._bands = bands or Bands()
        self._known = {intent.name: intent for intent in rules.intents}

    def route(self, message: str) -> RoutedIntent:
        """Return what the request wants, or the first of its orders."""
        return self.reread(message, Orders((OrderPart(message, self._rules.route(message)),))).parts[0].routed

    def reread(self, message: str, read: Orders) -> Orders:
        """Return the orders of a request in which rules read `read`."""
        text = normalise(message)
        known = [part for part in read.parts if part.routed.name != UNKNOWN]
        sure = len(known) == 1 and known[0].routed.score >= SURE and others_are_remarks(read)
        whole = sure and len(read.parts) == 1 and is_whole(text, known[0].routed.words)
        if whole and not self.doubts(message, known[0].routed.name):
            return read
        form = form_of(text, read, known[0].routed.name) if sure else NOT_SURE
        if len(known) == len(read.parts) > 1:
            form = form_of_several(text, read)
        (glimpse,) = self._model.glance([text])
        if (form.alone or form.plain or not sure) and self._agree(text, glimpse, read, known):
            return read
        guess = glimpse if known and glimpse.shares[0] >= _CLEAR else self._model.guess(text)
        found = self._weighed(text, guess, read.parts)
        if not known:
            return self._reread_unknown(message, read, found)
        ground = self._ground(text, form, known, found)
        if ground is Ground.NONE:
            names = dict.fromkeys((*(part.routed.name for part in known), *found.guess.nearest))
            asked = self._asked(known[0].routed, tuple(names)[:NEAREST], found.ordered)
            return Orders((OrderPart(message, asked),))
        several = len(known) > len(cut(text))  # no cut is seen where rules know several orders
        if ground is not Ground.LIKELY or whole or several:
            return read
        return self._likeliest(message, read, known, found, least=len(known) if form.every else 1)

    def _reread_unknown(self, message: str, read: Orders, found: "_Weighed") -> Orders:
        """Return the orders of a request in which rules read none, or why nothing is done."""
        text, first = normalise(message), read.parts[0]
        if found.ordered >= self._bands.overrule and self._overrules(text, first.routed, found):
            unrefused = first.routed.model_copy(
                update={"refused": False, "unconfigured": False, "no_order": None, "why": ""}
            )
            read = read._replace(parts=(first._replace(routed=unrefused), *read.parts[1:]))
        else:
            doubt = self._doubt(first.routed, found, one_word=" " not in text.strip())
            if doubt is not None:
                return Orders((OrderPart(message, doubt),), read.overlooked)
        return self._likeliest(message, read, (), found)

    def _ground(self, text: str, form: Form, known: Sequence[OrderPart], found: "_Weighed") -> Ground:
        """Return why what rules know is done."""
        return ground_of(
            form,
            found.ordered,
            self._bands,
            all_agree=lambda: all_agree(text, known, found.guess, found.ways),
            ordered_alone=lambda alone: self._ordered_alone(alone, known[0].routed.name),
        )

    def _ordered_alone(self, alone: str, intent: str) -> bool:
        """Whether the words of one order without what is said beside it may be one, and rules read the same in them."""
        routed, found = self._read_alone(alone)
        return routed.name == intent and found.ordered >= self._bands.ask

    def _overrules(self, text: str, refused: RoutedIntent, found: "_Weighed") -> bool:
        """Whether examples know better than rules that refuse what is very likely ordered.

        What rules take for negated is ordered by the words beside the negation: "They take no Word, so make the plan a
        PDF". What they take for something that nobody configured holds such a word where no order has its verb:
        "Lease signing with Tom at ten, into the diary".
        """
        guess = found.guess
        if refused.no_order is NoOrder.NEGATED:
            if not (beside := besides_negations(text)):
                return False
            _, alone = self._read_alone(beside)
            return alone.guess.intents[0] == guess.intents[0] and alone.ordered >= self._bands.act
        alike = likeliest(found.ways) == guess.intents[:1] and guess.shares[0] >= _CLEAR
        return refused.unconfigured and alike and not is_foreign(text)

    def _read_alone(self, text: str) -> tuple[RoutedIntent, "_Weighed"]:
        """Return what rules read in some words of a request, and what was learned."""
        parts = (OrderPart(text, self._rules.route(text)),)
        return parts[0].routed, self._weighed(text, self._model.guess(text), parts)

    def doubts(self, message: str, intent: str) -> bool:
        """Whether a request does not look like an order, so that it is weighed however sure rules are of `intent`.

        Takes a tenth of a millisecond. What has a plain form of an order is never doubted.
        """
        text = normalise(message)
        return self._look is not None and not orders_plainly(text, intent) and self._look(text) < self._bands.look

    def _weighed(self, text: str, guess: Guess, read: Sequence[OrderPart]) -> "_Weighed":
        """Return how likely a request orders anything, in which rules read `read`."""
        requests = self._who_knows(guess, read)
        if requests is None:
            return _Weighed(guess, None, likely(evidence(guess, None, None, read)))
        ways = requests.read(text)
        return _Weighed(guess, ways, likely(evidence(guess, ways.nothing, requests.shape(text), read)))

    def _who_knows(self, guess: Guess, read: Sequence[OrderPart]) -> Requests | None:
        """Return what learned whole requests, unless one of the house's own intents is wanted."""
        if self._requests is None:
            return None
        own = self._known.keys() - {UNKNOWN, *self._requests.intents}
        if own and (guess.intents[0] in own or any(part.routed.name in own for part in read)):
            return None
        return self._requests

    def _agree(self, text: str, glimpse: Guess, read: Orders, known: Sequence[OrderPart]) -> bool:
        """Whether words alone surely say the same as rules, so that there is nothing to weigh."""
        if not known or len(known) < len(read.parts) or not self._read_alike(text, glimpse, known):
            return False
        requests = self._who_knows(glimpse, known)
        shape = None if requests is None else requests.shape(text)
        return likely(evidence(glimpse, None, shape, read.parts)) >= self._bands.act

    def _read_alike(self, text: str, glimpse: Guess, known: Sequence[OrderPart]) -> bool:
        """Whether words alone have the same intents as rules know."""
        if len(known) == 1:
            return glimpse.several < _SURELY_ONE and glimpse.intents[0] == known[0].routed.name
        if glimpse.several < _SURELY_SEVERAL or (len(known) == _FEW and len(cut(text)) > _FEW):
            return False
        texts = [normalise(part.text) for part in known]
        learned = map(part_of, texts, self._model.glance(texts))
        return all(one.intent == part.routed.name for one, part in zip(learned, known, strict=True))

    def _doubt(self, routed: RoutedIntent, found: "_Weighed", *, one_word: bool) -> RoutedIntent | None:
        """Return what is unknown or asked about where rules know no order; None: what was learned may be done."""
        bands, ordered, refused = self._bands, found.ordered, routed.refused or routed.no_order is NoOrder.COURTESY
        if ordered >= bands.act and not (one_word or routed.unconfigured or routed.no_order in _NEVER):
            return None
        if refused:
            ask = not routed.unconfigured and ordered >= bands.against_grammar
            return self._asked(routed, found.guess.nearest, ordered) if ask else routed
        if ordered >= bands.ask:
            return self._asked(routed, found.guess.nearest, ordered)
        if routed.no_order is NoOrder.REMARK:
            return routed
        return routed.model_copy(update={"way": "learned", "no_order": None, "why": f"nothing alike ({ordered:.2f})"})

    def _asked(self, routed: RoutedIntent, nearest: tuple[str, ...], ordered: float) -> RoutedIntent:
        found: dict[str, Any] = {"locale": routed.locale, "way": "learned", "nearest": nearest, "unsure": True}
        if routed.no_order is not NoOrder.REMARK:
            found |= {"no_order": None, "why": f"{routed.why or 'not sure enough'} ({ordered:.2f})"}
        unknown = routed if routed.name == UNKNOWN else RoutedIntent(**dict(self._known[UNKNOWN]))
        return unknown.model_copy(update=found)

    def _likeliest(
        self, message: str, read: Orders, known: Sequence[OrderPart], found: "_Weighed", *, least: int = 1
    ) -> Orders:
        """Return the orders of the likeliest reading that the request can be divided for; else what rules read.

        There are `least` of them: none that is plainly said is lost in another.
        """
        counts = {1, len(known), len(read.parts)}
        for one in readings(normalise(message), found.guess, known, self._model.glance, found.ways):
            divided = len(one.intents) >= least and (bool(one.division.parts) or len(one.intents) in counts)
            if divided and not shares_verb(one, known) and not one_of_row(one, known):
                return self._as_read(one, message, read, known, found.guess)
        return read

    def _as_read(
        self, reading: Reading, message: str, read: Orders, known: Sequence[OrderPart], guess: Guess
    ) -> Orders:
        """Return the orders of a reading: those of rules where they found as many, else the parts it divides into.

        What rules know to be an order of which nothing is configured is kept, and so is all beside it, unless examples
        know it.
        """
        intents, parts = reading.intents, reading.division.parts
        if known and any(part.routed.refused and not self._knows(part) for part in read.parts):
            return read
        share = guess.share(intents[0])
        if known and len(intents) in {len(known), len(read.parts)}:
            beliefs = [math.exp(part.belief) for part in parts] if len(intents) > 1 and parts else [share]
            return Orders(self._named(read.parts, intents, beliefs), read.overlooked)
        if len(intents) > 1:
            return Orders(self._divided(parts), read.overlooked)
        taken = self._taken(normalise(message), intents[0], share, read.parts[0].routed, guess.nearest)
        first = read.parts[0]
        same = first.text == message and first.routed.name == taken.name
        return Orders((first._replace(routed=taken) if same else OrderPart(message, taken),), read.overlooked)

    def _knows(self, part: OrderPart) -> bool:
        (guess,) = self._model.glance([normalise(part.text)])
        return guess.intents[0] != UNKNOWN

    def _named(
        self, parts: Sequence[OrderPart], intents: tuple[str, ...], beliefs: Sequence[float]
    ) -> tuple[OrderPart, ...]:
        """Return the orders that rules found, by the intents of a reading; what is none by it may be a remark."""
        named = [part for part in parts if len(intents) == len(parts) or part.routed.name != UNKNOWN]
        names = [part.routed.name for part in named]
        if len(named) == len(parts) and names != list(intents) and sorted(names) == sorted(intents):
            return _resequenced(named, intents)
        wanted = iter(names if sorted(names) == sorted(intents) else intents)
        shares, found = iter(beliefs), list[OrderPart]()
        for part in parts:
            routed = part.routed
            if len(intents) < len(parts) and routed.name == UNKNOWN:
                found.append(part._replace(routed=routed.ordering_nothing(NoOrder.REMARK)))
                continue
            intent, share = next(wanted), next(shares, 0.0)
            if intent != routed.name:
                routed = self._taken_beside(normalise(part.text), intent, share, routed, (intent, routed.name))
            found.append(part._replace(routed=routed))
        return tuple(found)

    def _divided(self, parts: Sequence[Part]) -> tuple[OrderPart, ...]:
        return tuple(
            OrderPart(
                one.text,
                self._taken_beside(
                    one.text, one.intent, math.exp(one.belief), self._rules.route(one.text), (one.intent,)
                ),
                (place - 1,) if place and one.follows else (),
                means_earlier=bool(place and _PRONOUN.search(one.text)),
            )
            for place, one in enumerate(parts)
        )

    def _taken_beside(
        self, text: str, intent: str, share: float, read: RoutedIntent, nearest: tuple[str, ...]
    ) -> RoutedIntent:
        """Return an order beside others; what is hardly like one is a remark, or what rules read."""
        if share >= self._bands.beside:
            return self._taken(text, intent, share, read, nearest)
        return read.ordering_nothing(NoOrder.REMARK) if read.name == UNKNOWN else read

    def _taken(
        self, text: str, intent: str, share: float, read: RoutedIntent, nearest: tuple[str, ...]
    ) -> RoutedIntent:
        """Return an order by what was learned; with what rules found where they read the same.

        What says at once that it is not to be done is no order, however much it is like one.
        """
        if read.name == intent and not read.rest:
            return read
        if read.no_order is NoOrder.NEGATED and _HANDS_OFF.match(text):
            return read.ordering_nothing(NoOrder.REMARK)
        return RoutedIntent(
            **dict(self._known[intent]),
            slots=slots_of(intent, text),
            locale=read.locale,
            score=min(share, 1.0),
            nearest=nearest,
            way="learned",
            why=f"like its examples ({share:.2f})",
        )


def _resequenced(parts: Sequence[OrderPart], intents: Sequence[str]) -> tuple[OrderPart, ...]:
    """Return orders in the sequence of these intents, each after the one before."""
    left, found = list(parts), list[OrderPart]()
    for intent in intents:
        part = next(one for one in left if one.routed.name == intent)
        left.remove(part)
        found.append(part._replace(after=(len(found) - 1,) if found else ()))
    return tuple(found)
