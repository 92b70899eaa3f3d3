"""Puts together what was read of the items of a list."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from scheduler.core.apart import asked_about
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.core.no_order import NoOrder
from scheduler.core.order_reader import read_request
from scheduler.core.phrases import tokens_of
from scheduler.core.sign_offs import speaks_of_earlier

_AROUND: Final = " ,;.-–—•"
_NAMES_NO_THING: Final = frozenset({"recipient", "cc", "date", "time", "file_format"})
_NEEDS_NONE: Final = frozenset({UNKNOWN, "read_mail", "create_appointment"})
_OF_ONE: Final = frozenset({"open_app", "close_app"})
"""Intents of which one order names no things of several items: "öffne Word", "Excel", "schließ Teams"."""
_ORDERS_NONE: Final = frozenset({NoOrder.CONDITIONAL, NoOrder.QUESTION, NoOrder.NEGATED, NoOrder.OF_OTHERS})
"""The reasons for which rules find no order in an item that is none whatever stands beside it."""
_ASIDES: Final = frozenset(
    {NoOrder.REMARK, NoOrder.NEGATED, NoOrder.SAID_ONLY, NoOrder.STATEMENT, NoOrder.INFORMATION, NoOrder.COURTESY}
)
"""Why an item orders nothing, so that nobody need be asked about it."""


def uncovered(whole: Orders, items: Sequence[str]) -> list[str] | None:
    """Return the items of which nothing is ordered in a list read as a whole.

    None where an item holds a list itself, and where some order is none of one item, or of one that by itself asks,
    reports, negates or waits.
    """
    if any("\n" in one for one in items):
        return None
    said, found = [normalise(one) for one in items], set[int]()
    for part in whole.parts:
        words = normalise(part.own or part.text).strip(_AROUND)
        at = next((at for at in range(len(said)) if words in said[at]), None)
        if part.routed.name == UNKNOWN or at is None or not _of_one_item(part, said):
            return None
        if _orders_none(items[at]):
            return None
        found.add(at)
    return [one for at, one in enumerate(items) if at not in found]


def _orders_none(item: str) -> bool:
    reason = read_request(normalise(item)).reason
    return reason in _ORDERS_NONE or (reason is NoOrder.STATEMENT and tokens_of(item)[0].is_name)


def _of_one_item(part: OrderPart, items: Sequence[str]) -> bool:
    """Whether nothing that an order names goes over the end of an item: "Outlook 3", of "2. … Outlook" and "3. …"."""
    for many in part.routed.all_words.values():
        named = [" ".join(words.split()).strip(_AROUND) for words in many]
        places = [{at for at, item in enumerate(items) if words in item} for words in named]
        if not all(places) or (part.routed.name in _OF_ONE and not set.intersection(*places)):
            return False
    return True


def of_list(whole: Orders, items: Sequence[str], done: Sequence[str]) -> Orders:
    """Return the orders of a list read as a whole; of what is overlooked only what its items say is told."""
    said = tuple(one for one in whole.overlooked if any(one in item and one != item for item in items))
    return whole._replace(overlooked=(*said, *done))


def lacks_thing(orders: Orders) -> bool:
    """Whether an order says nothing of what it is about: "als PDF speichern", "an Anna schicken"."""
    return any(
        part.routed.name not in _NEEDS_NONE and not part.routed.slots.keys() - _NAMES_NO_THING for part in orders.parts
    )


def goes_on(both: Orders, before: Orders, alone: Orders) -> bool:
    """Whether an item is rather read with the one before it: all of both is understood then, and nothing is lost."""
    names, first = _intents(both), _intents(before)
    if UNKNOWN in names:
        return False
    if len(names) >= len(first) + len(alone.parts) and names[: len(first)] == first:
        return True
    lost = {*first, *_intents(alone)} - {*names, UNKNOWN}
    said = {one for one in _named(alone) if not speaks_of_earlier(one)}
    return (not lost or "fetch_and_send" in names) and _named(before) | said <= _named(both)


def _intents(orders: Orders) -> list[str]:
    return [part.routed.name for part in orders.parts]


def _named(orders: Orders) -> set[str]:
    return {words for part in orders.parts for many in part.routed.all_words.values() for words in many}


def items_together(read: Sequence[Orders], done: Sequence[str]) -> Orders:
    """Return the orders of a list from those of its items; what orders nothing is overlooked, as is what is `done`."""
    if all(map(orders_nothing, read)):
        return read[0]._replace(
            overlooked=(*read[0].overlooked, *(part.text for one in read[1:] for part in one.parts))
        )
    parts, overlooked = list[OrderPart](), list[str]()
    for orders in read:
        first, kept = len(parts), [place for place, part in enumerate(orders.parts) if not _is_aside(part)]
        at = {old: first + new for new, old in enumerate(kept)}
        for place in kept:
            part = orders.parts[place]
            after = tuple(at[one] for one in part.after if one in at)
            parts.append(part._replace(after=after, refers=at.get(-1 if part.refers is None else part.refers)))
        overlooked += (*orders.overlooked, *(part.text for part in orders.parts if _is_aside(part)))
    corrections = tuple(chain.from_iterable(orders.corrections for orders in read))
    return Orders(tuple(parts), (*overlooked, *done), corrections)


def asked_instead(items: Sequence[str], whole: Orders) -> Orders:
    """Return what is asked about for the items of a list of which nobody knows whether they are orders.

    `whole` is what is read of the whole; it stays where it orders nothing anyway, or only a mail that says them.
    """
    names = [part.routed.name for part in whole.parts]
    if all(name == UNKNOWN for name in names) or _tells(whole, items):
        return whole
    return Orders(tuple(asked_about(one, [name for name in names if name != UNKNOWN][:1]) for one in items))


def _tells(whole: Orders, items: Sequence[str]) -> bool:
    """Whether all that is ordered is a mail to somebody with the items of a list as its text."""
    if len(whole.parts) != 1 or whole.parts[0].routed.name != "send_mail":
        return False
    slots = whole.parts[0].routed.slots
    return "recipient" in slots and all(one in normalise(slots.get("body", "")) for one in items)


def orders_nothing(orders: Orders) -> bool:
    """Whether what is read of an item is that surely nothing is ordered."""
    return all(map(_is_aside, orders.parts))


def _is_aside(part: OrderPart) -> bool:
    routed = part.routed
    return routed.name == UNKNOWN and not routed.unsure and routed.no_order in _ASIDES
