"""Weighs what rules read in a request against what was learned from examples: how many orders, and which.

Rules know grammar: what is asked, past or negated, what a pronoun means, which slot is which. Examples know wordings
that no rule foresaw. Each is believed where it is right more often (`python -m bench.learned` shows how often).
"""

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from scheduler.core.compound import REMARK, OrderPart, Orders
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.order_cuts import cut
from scheduler.core.order_joining import SENDING
from scheduler.core.slot_finder import slots_of
from scheduler.llm.guess import Guess
from scheduler.llm.llm_intent_router import Router
from scheduler.llm.order_division import Division, Part, divisions, part_of

_REFUSED: Final = "courtesy"
_TOLD: Final = "statement"
_PRONOUN: Final = re.compile(r"(?i)\b(?:sie|es|ihn|diese[nrs]?|das|den|die|it|them|this|that|damit|davon|daraus)\b")
_IN_ORDER: Final = re.compile(
    r"(?i)(?:und |and )?"
    r"(?:dann|danach|anschlie(?:ß|ss)end|sodann|nachher|hinterher|zum schluss|then|after(?:wards| that))\b"
)
_BEFORE: Final = re.compile(r"(?i)(?:bevor|ehe|before)\b")


class Model(Protocol):
    """Something that learned intents; see IntentModel."""

    def guess(self, sentence: str) -> Guess:
        """Return what one sentence most likely wants."""

    def glance(self, sentences: Sequence[str]) -> list[Guess]:
        """Return what sentences most likely want by their words alone."""


class Bands(NamedTuple):
    """From which belief on what is done; shares among all intents, "unknown" one of them."""

    act: float = 0.9
    """That anything is ordered of which rules do not know: from here on it is done,"""
    told: float = 0.99
    """that too which has the form of a statement;"""
    ask: float = 0.3
    """from here on people are asked which is meant; below, nothing is known."""
    against_grammar: float = 0.97
    """From here on people are asked what rules took for a question, for past or negated. It is never done."""
    hardly: float = 0.1
    """Below, what rules read is asked about."""
    over_sure: float = 0.93
    """Another intent than that which rules are sure of is taken from here on,"""
    over_unsure: float = 0.6
    """than that which they are not sure of from here on."""
    part: float = 0.5
    """An order among several that rules do not know is taken from here on."""


class Several(NamedTuple):
    """Weights of the signs that a request holds several orders (logistic regression, `python -m bench.learned`)."""

    learned: float = 2.27
    rules: float = 1.71
    rules_sure: float = 1.08
    one_known: float = -1.3
    belief: float = -0.48
    gain: float = 0.12
    weakest: float = 2.73
    unlike: float = 1.3
    divided: float = -1.44
    rules_unlike: float = 0.66
    shift: float = -1.97


_SEVERAL: Final = Several()
_UNDIVIDED: Final = -12.0
_WEAKEST: Final = -6.0
_SURELY_ONE: Final = -0.7
_SURELY_SEVERAL: Final = 0.5
_FEW: Final = 2
_CLEAR: Final = 0.9
_CLEARLY: Final = 0.5
_AS_GOOD: Final = 0.3


class LearnedIntentRouter:
    """Asks rules first, then what was learned, and takes of both what is right more often.

    What rules understand as something else than an order (a question, a negated order, an order of which nothing is
    configured) is never done. `way` and `why` of each order tell how it was found out.
    """

    def __init__(self, rules: Router, model: Model, bands: Bands | None = None) -> None:
        self._rules = rules
        self._model = model
        self._bands = bands or Bands()
        self._known = {intent.name: intent for intent in rules.intents}

    def route(self, message: str) -> RoutedIntent:
        """Return what the request wants, or the first of its orders."""
        return self.reread(message, Orders((OrderPart(message, self._rules.route(message)),))).parts[0].routed

    def reread(self, message: str, read: Orders) -> Orders:
        """Return the orders of a request in which rules read `read`."""
        text = normalise(message)
        known = [part for part in read.parts if part.routed.name != UNKNOWN]
        pieces = len(cut(text))
        if pieces == 1 and len(read.parts) == 1 and known and known[0].routed.score >= SURE:
            return read
        (glimpse,) = self._model.glance([text])
        if self._agree(glimpse, read, known, pieces):
            return read
        guess = glimpse if known and glimpse.shares[0] >= _CLEAR else self._model.guess(text)
        shares = dict(zip(guess.intents, guess.shares, strict=False))
        acts = 1 - shares.pop(UNKNOWN, 0.0)
        nearest = tuple(name for name in guess.intents if name != UNKNOWN)[:3]
        if not known:
            doubt = self._doubt(read.parts[0].routed, acts, nearest, one_word=" " not in text.strip())
            if doubt is not None:
                return Orders((OrderPart(message, doubt),), read.overlooked)
        elif acts < self._bands.hardly and any(part.routed.score < 1.0 for part in known):
            names = dict.fromkeys((*(part.routed.name for part in known), *nearest))
            return Orders((OrderPart(message, self._asked(known[0].routed, tuple(names)[:3], acts)),))
        one = len(known) < _FEW and (pieces == 1 or glimpse.several < _SURELY_ONE)
        ways = [] if one else divisions(text, self._model.glance)
        if ways and _is_several(guess, shares, read.parts, known, ways):
            parts = self._renamed(read.parts, ways) if len(known) > 1 else self._divided(ways)
            return Orders(parts, read.overlooked)
        return self._single(message, text, read, known, shares, nearest)

    def _agree(self, glimpse: "Guess", read: Orders, known: Sequence[OrderPart], pieces: int) -> bool:
        """Whether words alone say the same as rules, so that there is nothing to weigh."""
        if not known or len(known) < len(read.parts):
            return False
        if len(known) == 1:
            return glimpse.several < _SURELY_ONE and glimpse.intents[0] == known[0].routed.name
        if glimpse.several < _SURELY_SEVERAL or (len(known) == _FEW and pieces > _FEW):
            return False
        texts = [normalise(part.text) for part in known]
        learned = map(part_of, texts, self._model.glance(texts))
        return all(one.intent == part.routed.name for one, part in zip(learned, known, strict=True))

    def _doubt(
        self, routed: RoutedIntent, acts: float, nearest: tuple[str, ...], *, one_word: bool
    ) -> RoutedIntent | None:
        """Return what is unknown or asked about where rules know no order; None: what was learned may be done."""
        if routed.refused or routed.why == _REFUSED:
            ask = not routed.unconfigured and acts >= self._bands.against_grammar
            return self._asked(routed, nearest, acts) if ask else routed
        if not one_word and acts >= (self._bands.told if routed.why == _TOLD else self._bands.act):
            return None
        if acts >= self._bands.ask:
            return self._asked(routed, nearest, acts)
        if routed.why == REMARK:
            return routed
        return routed.model_copy(update={"way": "learned", "why": f"nothing alike ({acts:.2f})"})

    def _asked(self, routed: RoutedIntent, nearest: tuple[str, ...], acts: float) -> RoutedIntent:
        why = REMARK if routed.why == REMARK else f"{routed.why or 'not sure enough'} ({acts:.2f})"
        found = {"locale": routed.locale, "way": "learned", "why": why, "nearest": nearest, "unsure": True}
        unknown = routed if routed.name == UNKNOWN else RoutedIntent(**dict(self._known[UNKNOWN]))
        return unknown.model_copy(update=found)

    def _single(
        self,
        message: str,
        text: str,
        read: Orders,
        known: Sequence[OrderPart],
        shares: dict[str, float],
        nearest: tuple[str, ...],
    ) -> Orders:
        best = nearest[0]
        if len(read.parts) == 1 and known:
            routed = known[0].routed
            needed = self._bands.over_sure if routed.score >= SURE else self._bands.over_unsure
            if routed.name == best or shares[best] < needed:
                return read
        taken = self._taken(text, best, shares[best], read.parts[0].routed, nearest)
        return Orders((OrderPart(message, taken),), read.overlooked)

    def _renamed(self, parts: Sequence[OrderPart], ways: Sequence[Division]) -> tuple[OrderPart, ...]:
        """Return the orders that rules found, by the intents that were learned where those are surer."""
        three = ways[2] if len(parts) == _FEW and len(ways) > 2 else None
        if three and three.belief > ways[1].belief + _CLEARLY and three.weakest > math.log(self._bands.part):
            return self._ordered(three.parts)
        texts = [normalise(part.text) for part in parts]
        guesses = self._model.glance(texts)
        return tuple(map(self._renamed_part, parts, map(part_of, texts, guesses)))

    def _renamed_part(self, part: OrderPart, learned: Part) -> OrderPart:
        routed = part.routed
        if routed.refused or routed.name == learned.intent or {routed.name, learned.intent} == SENDING:
            return part
        needed = (
            self._bands.part
            if routed.name == UNKNOWN
            else self._bands.over_sure
            if routed.score >= SURE
            else self._bands.over_unsure
        )
        if learned.belief <= math.log(needed):
            return part
        taken = self._taken(learned.text, learned.intent, math.exp(learned.belief), routed, (learned.intent,))
        return part._replace(routed=taken)

    def _divided(self, ways: Sequence[Division]) -> tuple[OrderPart, ...]:
        two = ways[1]
        return self._ordered(ways[2].parts if len(ways) > 2 and ways[2].belief > two.belief - _AS_GOOD else two.parts)

    def _ordered(self, parts: Sequence[Part]) -> tuple[OrderPart, ...]:
        """Return orders in the sequence of doing."""
        found = list(parts)
        if len(found) > 1 and _BEFORE.match(found[0].text):
            found = [found[1], found[0], *found[2:]]
        return tuple(
            OrderPart(
                one.text,
                self._taken(one.text, one.intent, math.exp(one.belief), self._rules.route(one.text), (one.intent,)),
                (place - 1,) if place and (_IN_ORDER.match(one.text) or _BEFORE.match(one.text)) else (),
                means_earlier=bool(place and _PRONOUN.search(one.text)),
            )
            for place, one in enumerate(found)
        )

    def _taken(
        self, text: str, intent: str, share: float, read: RoutedIntent, nearest: tuple[str, ...]
    ) -> RoutedIntent:
        """Return an order by what was learned; with what rules found where they read the same."""
        if read.name == intent and not read.rest:
            return read
        return RoutedIntent(
            **dict(self._known[intent]),
            slots=slots_of(intent, text),
            locale=read.locale,
            score=min(share, 1.0),
            nearest=nearest,
            way="learned",
            why=f"like its examples ({share:.2f})",
        )


def _is_several(
    guess: Guess,
    shares: dict[str, float],
    parts: Sequence[OrderPart],
    known: Sequence[OrderPart],
    ways: Sequence[Division],
) -> bool:
    """Whether a request holds more than one order. Rules are believed that know several where no cut is seen."""
    if len(ways) == 1 and len(known) > 1:
        return True
    signs = signs_of_several(guess, shares, parts, known, ways)
    return sum(weight * sign for weight, sign in zip(_SEVERAL, (*signs, 1.0), strict=True)) > 0


def signs_of_several(
    guess: Guess,
    shares: dict[str, float],
    parts: Sequence[OrderPart],
    known: Sequence[OrderPart],
    ways: Sequence[Division],
) -> tuple[float, ...]:
    """Return what `Several` weighs."""
    one, two = ways[0], ways[1] if len(ways) > 1 else None
    divided = two.belief if two else _UNDIVIDED
    return (
        guess.several,
        float(len(known) > 1),
        float(len(known) > 1 and min(part.routed.score for part in known) >= SURE),
        float(len(parts) == 1 and len(known) == 1),
        math.log(max(max(shares.values(), default=0.0), 1e-9)),
        divided - one.belief,
        max(two.weakest if two else _WEAKEST, _WEAKEST),
        float(bool(two) and len({part.intent for part in two.parts}) > 1 if two else False),
        max(divided, _UNDIVIDED),
        float(len({part.routed.name for part in known}) > 1),
    )
