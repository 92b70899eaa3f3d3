"""Reads what a request orders by rules and by what was learned of whole requests, each believed as far as it is right.

What rules understand as something else than an order (a question, a negated order, an order of which nothing is
configured) is never done. What wants an intent of a house's own is left to what was learned of examples.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from scheduler.core.clause_mood import NEGATED
from scheduler.core.compound import REMARK, OrderPart, Orders
from scheduler.core.frames import SURE
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.core.order_cuts import cut
from scheduler.llm.learned_intent_router import REFUSED, TOLD, LearnedIntentRouter, Model
from scheduler.llm.llm_intent_router import Router
from scheduler.llm.order_choice import Choice, RulesRead, choose
from scheduler.llm.order_division import Division, Part, in_sequence
from scheduler.llm.order_model import Ways

_BELIEVED: Final = 0.5  # of an intent of a house's own


class Reader(Protocol):
    """What was learned of whole requests; see OrderModel."""

    @property
    def intents(self) -> tuple[str, ...]:
        """The intents that it knows."""

    def read(self, text: str, asked: Sequence[str] = ()) -> Ways:
        """Return the likely ways to read a request."""


class Limits(NamedTuple):
    """What is done; else people are asked. `python -m bench.calibration` shows what these cost and spare."""

    right: float = 0.15
    """How likely the chosen way must be right,"""
    nothing: float = 0.5
    """and the share of the reader's belief that nothing is ordered, at most, where rules know an order,"""
    nothing_alone: float = 0.1
    """where they know none,"""
    nothing_told: float = 0.01
    """or where it has the form of a statement."""
    by_rules: float = 0.12
    """Where the model sees nothing and rules an order: how likely it must be that they are right,"""
    ask: float = 0.3
    """The belief that anything is ordered of which rules do not know: below, nothing is known."""
    against_grammar: float = 0.6
    """From here on people are asked what rules took for a question, for past or negated. It is never done."""


class LearnedOrders(LearnedIntentRouter):
    """Asks `reader` about the intents that come with CPA, and `model` about those it does not know."""

    def __init__(self, rules: Router, model: Model, reader: Reader, limits: Limits | None = None) -> None:
        super().__init__(rules, model)
        self._reader = reader
        self._limits = limits or Limits()

    def reread(self, message: str, read: Orders) -> Orders:
        """Return the orders of a request in which rules read `read`."""
        text = normalise(message)
        known = [part for part in read.parts if part.routed.name != UNKNOWN]
        if len(read.parts) == 1 and known and known[0].routed.score >= SURE and len(cut(text)) == 1:
            return read
        if self._is_own(text, known):
            return super().reread(message, read)
        rules = rules_read(read.parts)
        choice = choose(self._reader.read(text, rules.intents), rules)
        return self._doubted(message, read, known, choice) or self._taken_as(message, text, read, choice)

    def _is_own(self, text: str, known: Sequence[OrderPart]) -> bool:
        """Whether it may want an intent of which the reader knows nothing."""
        own = self._known.keys() - {UNKNOWN, *self._reader.intents}
        if not own or any(part.routed.name in own for part in known):
            return bool(own)
        guess = self._model.guess(text)
        return guess.intents[0] in own and guess.shares[0] >= _BELIEVED

    def _doubted(self, message: str, read: Orders, known: Sequence[OrderPart], choice: Choice) -> Orders | None:
        """Return what is unknown or asked about; None: the choice may be done."""
        first, limits, acts = read.parts[0].routed, self._limits, 1 - choice.nothing
        if not known and (first.refused or first.why == REFUSED):
            sure = bool(choice.intents) and choice.right >= limits.against_grammar
            return Orders((OrderPart(message, self._asked(first, choice.nearest, acts) if sure else first),))
        if known and not choice.intents and choice.by_rules >= limits.by_rules:
            return read
        most = limits.nothing if known else limits.nothing_told if first.why == TOLD else limits.nothing_alone
        if choice.intents and choice.right >= limits.right and choice.nothing <= most:
            return None
        if known or (acts >= limits.ask and choice.nearest):
            return Orders((OrderPart(message, self._asked(first, choice.nearest, acts)),), read.overlooked)
        if first.why == REMARK:
            return read
        nothing = first.model_copy(update={"way": "learned", "why": f"nothing alike ({acts:.2f})"})
        return Orders((OrderPart(message, nothing),), read.overlooked)

    def _taken_as(self, message: str, text: str, read: Orders, choice: Choice) -> Orders:
        names = [part.routed.name for part in read.parts if part.routed.name != UNKNOWN]
        if choice.orders is None or sorted(choice.intents) == sorted(names):
            return Orders(tuple(map(_remark_if_unknown, read.parts)), read.overlooked)
        if names and any(part.routed.refused for part in read.parts):  # what they refuse might be among these
            return read
        if any(self._rules.route(one.text).why == NEGATED for one in choice.orders):
            return read
        if len(choice.orders) > 1:
            parts = tuple(Part(one.text, one.intent, 0.0) for one in choice.orders)
            return Orders(self._divided(in_sequence(Division(parts=parts)).parts, choice.right), read.overlooked)
        (name,) = choice.intents
        taken = self._taken(text, name, choice.right, read.parts[0].routed, choice.nearest)
        return Orders((OrderPart(message, taken),), read.overlooked)


def _remark_if_unknown(part: OrderPart) -> OrderPart:
    """Return a part of which neither rules nor examples make an order as a remark."""
    if part.routed.name != UNKNOWN or part.routed.refused:
        return part
    return part._replace(routed=part.routed.model_copy(update={"why": REMARK}))


def rules_read(parts: Sequence[OrderPart]) -> RulesRead:
    """Return what rules make of a request, as it is weighed."""
    known = [part.routed for part in parts if part.routed.name != UNKNOWN]
    return RulesRead(
        tuple(routed.name for routed in known),
        min((routed.score for routed in known), default=0.0),
        unknown=len(known) < len(parts),
        refused=any(part.routed.refused for part in parts),
    )
