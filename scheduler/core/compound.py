"""Says what the orders of a request have to do with each other: which come first, and whose result a pronoun means.

Nothing is dropped without a word: a part that is no order comes back as one that nobody understood; only statements
beside an order are overlooked, and named.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from scheduler.core.intents import UNKNOWN, RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.no_order import NoOrder
from scheduler.core.self_repair import Correction
from scheduler.core.slot_carried import Named, carried
from scheduler.core.slot_finder import with_slots


class OrderPart(NamedTuple):
    """One order of a request. `after` holds the places of those that must be done first because the words say so."""

    text: str
    routed: RoutedIntent
    after: tuple[int, ...] = ()
    refers: int | None = None
    """The place of the order whose result is meant by a pronoun."""
    own: str = ""
    """The words of the order alone, where `text` is the whole request."""
    said: str = ""
    """The words with what was told before in the place of its pronouns."""
    means_earlier: bool = False
    """It does not name what it is about, an order before does."""


class Orders(NamedTuple):
    """The orders in the sequence of doing, and the statements beside them that no order was found in."""

    parts: tuple[OrderPart, ...]
    overlooked: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    """What the request takes back and says otherwise."""


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
    parts = tuple(
        part._replace(
            routed=with_slots(
                part.routed,
                part.text,
                own=part.own,
                filled=part.said,
                overlooked=read.overlooked,
                refers=part.means_earlier,
            )
        )
        for part in read.parts
    )
    kept, overlooked = _without_asides(parts, read.overlooked)
    return Orders(resolved(kept, message), overlooked)


def _without_asides(
    parts: tuple[OrderPart, ...], overlooked: tuple[str, ...]
) -> tuple[tuple[OrderPart, ...], tuple[str, ...]]:
    """Leave out what nobody knows beside known orders, if it may be a remark; what orders something unknown stays."""
    remarks = {
        place
        for place, part in enumerate(parts)
        if part.routed.name == UNKNOWN and part.routed.no_order is NoOrder.REMARK
    }
    if not remarks or len(remarks) == len(parts):
        return parts, overlooked
    places = {old: new for new, old in enumerate(place for place in range(len(parts)) if place not in remarks)}
    kept = tuple(
        part._replace(after=tuple(places[one] for one in part.after if one in places))
        for place, part in enumerate(parts)
        if place not in remarks
    )
    return kept, (*overlooked, *(parts[place].text for place in sorted(remarks)))


def resolved(parts: Sequence[OrderPart], message: str) -> tuple[OrderPart, ...]:
    """Give pronouns the words of what they stand for; `message` is the whole request."""
    text, named, found = normalise(message), list[Named](), list[OrderPart]()
    for part in parts:
        own = Named(part.routed.name, part.text, part.routed.slots)
        slots, refers = carried(own, named, text, means_earlier=part.means_earlier)
        named.append(own._replace(slots=slots))
        found.append(part._replace(routed=part.routed.model_copy(update={"slots": slots}), refers=refers))
    return tuple(found)
