"""Keeps what a request says is not to be done away from what is: "Send it to Anna, not to Tom" goes to Anna only."""

from collections.abc import Sequence
from typing import Final

from scheduler.core.clause_mood import NEGATED
from scheduler.core.compound import OrderPart, Orders, Rules
from scheduler.core.intents import RoutedIntent
from scheduler.core.language import normalise

_THINGS: Final = frozenset({"document", "document_id", "file_name", "table", "form"})
"""What a pronoun may stand for: "Don't send the offer to Tom, send it to Anna"."""

_Span = tuple[int, int]


def without_unwanted(message: str, orders: Orders, rules: Rules) -> Orders:
    """Return the orders without words that only stand where something is said not to be done.

    Of things such words stay where an order names no other.
    """
    text = normalise(message)
    spans = [_span(text, one) for one in orders.overlooked if _is_negated(one, rules)]
    if not spans:
        return orders
    return orders._replace(parts=tuple(_cleared(part, text, spans) for part in orders.parts))


def _is_negated(statement: str, rules: Rules) -> bool:
    return any(part.routed.why == NEGATED for part in rules.orders(statement).parts)


def _span(text: str, statement: str) -> _Span:
    start = text.find(normalise(statement))
    return (start, start + len(normalise(statement))) if start >= 0 else (0, 0)


def _cleared(part: OrderPart, text: str, spans: Sequence[_Span]) -> OrderPart:
    words = {slot: [many] if isinstance(many, str) else many for slot, many in part.routed.words.items()}
    unwanted = {(slot, one) for slot, many in words.items() for one in many if _only_within(spans, text, one)}
    if not any(slot in _THINGS and (slot, one) not in unwanted for slot, many in words.items() for one in many):
        unwanted = {(slot, one) for slot, one in unwanted if slot not in _THINGS}
    return part._replace(routed=_without(part.routed, words, unwanted)) if unwanted else part


def _only_within(spans: Sequence[_Span], text: str, words: str) -> bool:
    places = [place for place in range(len(text)) if text.startswith(words, place)] if words else []
    return bool(places) and all(any(start <= place < end for start, end in spans) for place in places)


def _without(routed: RoutedIntent, words: dict[str, list[str]], unwanted: set[tuple[str, str]]) -> RoutedIntent:
    between = " and " if routed.locale == "en" else " und "
    kept = {slot: [one for one in many if (slot, one) not in unwanted] for slot, many in words.items()}
    slots = {
        slot: routed.slots[slot] if many == words[slot] else between.join(many) for slot, many in kept.items() if many
    }
    said = tuple(one for one in routed.said if (one.slot, one.words) not in unwanted)
    return routed.model_copy(update={"slots": slots, "said": said})
