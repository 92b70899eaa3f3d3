"""Leaves out what something is to be done to all but: nobody and nothing excepted is sent, fetched or invited."""

import re
from typing import Final

from scheduler.core.apart import asked_about
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.core.order_joining import SENDING
from scheduler.core.provisos import ALL_BUT
from scheduler.core.slots import FREE_TEXT

_EXCEPTED: Final = re.compile(
    r"(?i)\b(?:alle\w*|all|any|every\w*|jede\w*|sämtliche\w*|ganze\w*|whole|entire)(?: [^\s,.;!?]+){0,3}?"
    rf",?(?: nur| just)? (?P<but>{ALL_BUT} (?!please\b|only\b|don't\b|not\b|do\b|leave\b|keep\b)[^.;!?]+)"
)
_RECEIVING: Final = frozenset({"recipient", "cc"})
_PROGRAMS: Final = frozenset({"open_app", "close_app"})
"""What is excepted of these is taken out of the words."""


def without_excepted(message: str, orders: Orders) -> Orders:
    """Return orders of a request, without persons who are excepted, asked about where a thing in them may be."""
    found = _EXCEPTED.search(normalise(message))
    if found is None:
        return orders
    return orders._replace(parts=tuple(_checked(part, found["but"]) for part in orders.parts))


def _checked(part: OrderPart, excepted: str) -> OrderPart:
    routed = part.routed
    if routed.name == UNKNOWN or routed.name in _PROGRAMS:
        return part
    touched = {
        slot
        for slot, many in routed.words.items()
        if slot not in FREE_TEXT
        for one in ([many] if isinstance(many, str) else many)
        if one in excepted or excepted.partition(" ")[0] in one.split()
    }
    if routed.name in SENDING and touched <= _RECEIVING:
        slots = {slot: words for slot, words in routed.slots.items() if slot not in touched}
        said = tuple(one for one in routed.said if one.slot not in touched)
        return part._replace(routed=routed.model_copy(update={"slots": slots, "said": said}))
    return asked_about(part.text, (routed.name,))._replace(after=part.after) if touched else part
