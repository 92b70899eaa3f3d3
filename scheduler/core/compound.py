"""Says what the orders of a request have to do with each other: which come first, and whose result a pronoun means.

Nothing is dropped without a word: a part that is no order comes back as one that nobody understood; only statements
beside an order are overlooked, and named.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.slot_finder import with_slots

_PRONOUN: Final = re.compile(
    r"(?i)(?:sie|es|ihn|diese[nrs]?|das|den|die|it|them|this|that|beides|both|alles|(?:das |die |the )?"
    r"(?:ergebnis(?:se)?|datei|dokument|pdf|results?|file|document))"
)
_PERSONS: Final = frozenset({"ihr", "ihm", "ihnen", "her", "him", "them", "sie", "ihn"})
_AT_PLACES: Final = frozenset({"download_file", "fill_form", "extract_table", "fetch_and_send"})
_PLACES: Final = frozenset({"portal", "url", "application", "folder"})
_THERE: Final = re.compile(r"(?i)\b(?:dort|there|von da|darauf|auf ihr|daraus|from it|on it)\b")
_TAKES_DOCUMENT: Final = frozenset({"send_mail", "open_document", "export_pdf", "extract_table"})


class OrderPart(NamedTuple):
    """One order of a request. `after` holds the places of those that must be done first because the words say so."""

    text: str
    routed: RoutedIntent
    after: tuple[int, ...] = ()
    refers: int | None = None
    """The place of the order whose result is meant by a pronoun."""
    means_earlier: bool = False
    """It does not name what it is about, an order before does."""


class Orders(NamedTuple):
    """The orders in the sequence of doing, and the statements beside them that no order was found in."""

    parts: tuple[OrderPart, ...]
    overlooked: tuple[str, ...] = ()


class Rules(Protocol):
    """What rules make of a request."""

    def orders(self, message: str) -> Orders:
        """Return what it orders, part by part; one part that is unknown where nothing is ordered."""


class Learned(Protocol):
    """What was learned from examples."""

    def reread(self, message: str, read: Orders) -> Orders:
        """Return the orders of a request in which rules read `read`."""


def split_orders(message: str, rules: Rules, learned: Learned | None = None) -> Orders:
    """Return the orders of a request; one that cannot be split is one order, known or not.

    `learned` weighs what rules read against what was learned from examples.
    """
    read = rules.orders(message)
    if learned is not None:
        read = learned.reread(message, read)
    parts = tuple(part._replace(routed=with_slots(part.routed, part.text)) for part in read.parts)
    kept, overlooked = _without_asides(parts, read.overlooked)
    return Orders(resolved(kept), overlooked)


def _without_asides(
    parts: tuple[OrderPart, ...], overlooked: tuple[str, ...]
) -> tuple[tuple[OrderPart, ...], tuple[str, ...]]:
    """Leave out what nobody knows beside known orders, if it may be a remark; what orders something unknown stays."""
    remarks = {place for place, part in enumerate(parts) if part.routed.name == UNKNOWN and part.routed.why == REMARK}
    if not remarks or len(remarks) == len(parts):
        return parts, overlooked
    places = {old: new for new, old in enumerate(place for place in range(len(parts)) if place not in remarks)}
    kept = tuple(
        part._replace(after=tuple(places[one] for one in part.after if one in places))
        for place, part in enumerate(parts)
        if place not in remarks
    )
    return kept, (*overlooked, *(parts[place].text for place in sorted(remarks)))


REMARK: Final = "a remark"


def resolved(parts: Sequence[OrderPart]) -> tuple[OrderPart, ...]:
    """Give pronouns the words of what they stand for."""
    found = list[OrderPart]()
    for part in parts:
        document = next((place for place in reversed(range(len(found))) if _document_of(found[place])), None)
        words = "" if document is None else _document_of(found[document])
        slots = dict(part.routed.slots)
        refers = None
        if part.routed.name in _AT_PLACES and not slots.keys() & _PLACES and _THERE.search(part.text):
            slots |= next((one for last in reversed(found) if (one := _place_of(last))), {})
        unnamed = (
            part.means_earlier
            and part.routed.name in _TAKES_DOCUMENT
            and not slots.keys() & {"document", "file_name", "body"}
        )
        if document is not None and (unnamed or _PRONOUN.fullmatch(slots.get("document", ""))):
            slots["document"], refers = words, document
        elif words and slots.get("document") == words and part.routed.name in _TAKES_DOCUMENT:
            refers = document
        for name in ("recipient", "participants"):
            if slots.get(name, "").casefold() in _PERSONS:
                person = next((who for one in reversed(found) if (who := _person_of(one))), None)
                slots |= {} if person is None else {name: person}
        routed = part.routed.model_copy(update={"slots": slots})
        found.append(part._replace(routed=routed, refers=refers))
    return tuple(found)


def _document_of(part: OrderPart) -> str:
    """Return the words of what an order gets or makes; a search stands for what it finds."""
    slots = part.routed.slots
    return next((slots[name] for name in ("document", "file_name", "table", "query", "url") if slots.get(name)), "")


def _place_of(part: OrderPart) -> dict[str, str]:
    """Return the page an order goes to, as "there" means it."""
    slots = part.routed.slots if part.routed.name == "navigate_url" else {}
    return {name: slots[name] for name in ("url", "portal") if slots.get(name)}


def _person_of(part: OrderPart) -> str:
    slots = part.routed.slots
    return next((slots[name] for name in ("recipient", "participants", "sender") if slots.get(name)), "")
