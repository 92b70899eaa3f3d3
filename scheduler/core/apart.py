"""Puts together what was read of the pieces of a request, and lets nobody be sent what its words mean for another."""

from collections.abc import Sequence
from typing import Final

from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import detect_locale
from scheduler.core.no_order import NoOrder
from scheduler.core.order_joining import SENDING
from scheduler.core.phrases import tokens_of
from scheduler.core.slots import THINGS
from scheduler.core.who_gets_what import Piece, Told

_PERSONS: Final = ("recipient", "cc")
_MEETING: Final = frozenset({"create_appointment"})
_BETWEEN: Final = frozenset({"und", "and"})


def asked_about(text: str, nearest: Sequence[str] = ("send_mail",)) -> OrderPart:
    """Return words as a part that nothing is done about before people have said what is meant."""
    routed = RoutedIntent(name=UNKNOWN, locale=detect_locale(text), nearest=tuple(nearest), refused=True, unsure=True)
    return OrderPart(text, routed.ordering_nothing(NoOrder.ASKED))


def left_undone(text: str) -> OrderPart:
    """Return words that take back what they order as a part of which nothing is done."""
    routed = RoutedIntent(name=UNKNOWN, locale=detect_locale(text), refused=True)
    return OrderPart(text, routed.ordering_nothing(NoOrder.NEGATED))


def put_together(pieces: Sequence[Piece], read: Sequence[Orders]) -> Orders:
    """Return the orders of a request from those of its pieces, as they stand; `read` has those of each piece."""
    parts, overlooked = list[OrderPart](), list[str]()
    for piece, orders in zip(pieces, read, strict=True):
        first = len(parts)
        for part in orders.parts if as_told(piece, orders) else (asked_about(piece.text),):
            after = tuple(first + one for one in part.after)
            follows = piece.follows and first and len(parts) == first
            refers = None if part.refers is None else first + part.refers
            parts.append(part._replace(after=(first - 1, *after) if follows else after, refers=refers))
        overlooked += orders.overlooked
    return Orders(tuple(parts), tuple(overlooked))


def as_told(piece: Piece, orders: Orders) -> bool:
    """Whether the orders of a piece send to, or invite, exactly whom it names."""
    if not piece.persons:
        return True
    wanted, slot = (_MEETING, "participants") if piece.met else (SENDING, "recipient")
    if len(orders.parts) != 1 or orders.parts[0].routed.name not in wanted:
        return False
    return _names(orders.parts[0].routed.all_words.get(slot, [])) == _names(piece.persons)


def _names(many: Sequence[str]) -> list[str]:
    """Return the words of names, without the articles before them."""
    found = list[str]()
    for words in many:
        tokens = [one for one in tokens_of(words) if one.kind != "mark"]
        for place, one in enumerate(tokens):
            begins = not place or tokens[place - 1].key in _BETWEEN
            if one.key not in _BETWEEN and not (begins and one.has("determiners") and len(tokens) > 1):
                found.append(one.key)
    return sorted(found)


def uncrossed(told: Told, orders: Orders) -> Orders:
    """Return orders, those asked about that send somebody what the request means for somebody else."""
    if len(told.pairs) < 2 and not told.asked:
        return orders
    parts = [asked_about(part.text, (part.routed.name,)) if _crosses(told, part) else part for part in orders.parts]
    return orders._replace(parts=tuple(parts))


def _crosses(told: Told, part: OrderPart) -> bool:
    if part.routed.name not in SENDING:
        return False
    if told.asked:
        return True
    persons = {at for slot in _PERSONS for one in part.routed.all_words.get(slot, ()) for at in _places(told, one, 0)}
    things = {at for slot in THINGS for one in part.routed.all_words.get(slot, ()) for at in _places(told, one, 1)}
    return len(persons | things) > 1


def _places(told: Told, words: str, which: int) -> list[int]:
    return [
        at
        for at, pair in enumerate(told.pairs)
        if any(words in one or _bare(one) in words for one in pair[which] if one)
    ]


def _bare(words: str) -> str:
    """Return words without the article before them."""
    tokens = tokens_of(words)
    return words[tokens[1].start :] if len(tokens) > 1 and tokens[0].has("determiners") else words
