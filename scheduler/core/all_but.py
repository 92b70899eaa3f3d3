"""Leaves out what something is to be done to all but: nobody and nothing excepted is sent, fetched or invited."""

import re
from itertools import pairwise
from typing import Final

from scheduler.core.apart import asked_about
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.intents import UNKNOWN
from scheduler.core.language import normalise
from scheduler.core.order_joining import SENDING
from scheduler.core.phrases import tokens_of
from scheduler.core.provisos import ALL_BUT
from scheduler.core.slots import FREE_TEXT, THINGS
from scheduler.core.words import Words

_EXCEPTED: Final = re.compile(
    r"(?i)\b(?P<all>(?:alle\w*|all|any|every\w*|jede\w*|sämtliche\w*|ganze\w*|whole|entire)(?: [^\s,.;!?]+){0,3}?)"
    rf",?(?: nur| just)? (?P<but>{ALL_BUT} "
    r"(?!(?:please|only|also|auch|b?cc|first|put|add|copy|then|don't|not|do|leave|keep)\b)[^.;!?]+)"
)
_LONGEST: Final = 400
"""Characters of a request that is looked at; longer ones are texts."""
_JOINS: Final = frozenset({"und", "and", "dann", "then", ","})
_RECEIVING: Final = frozenset({"recipient", "cc"})
_PROGRAMS: Final = frozenset({"open_app", "close_app"})
"""What is excepted of these is taken out of the words."""


def without_excepted(message: str, orders: Orders) -> Orders:
    """Return orders of a request, without persons who are excepted, asked about where a thing in them may be."""
    found = _EXCEPTED.search(normalise(message)) if len(message) <= _LONGEST else None
    if found is None:
        return orders
    excepted = _before_next_order(found["but"])
    return orders._replace(parts=tuple(_checked(part, found["all"], excepted) for part in orders.parts))


def _before_next_order(words: str) -> str:
    """Return what is excepted, without another order behind it: "außer Tom und öffne Excel"."""
    tokens = tokens_of(words)
    for before, one in pairwise(tokens):
        if before.key in _JOINS and one.text.islower() and Words([one]).imperative is not None:
            return words[: before.start].rstrip()
    return words


def _checked(part: OrderPart, all_of: str, excepted: str) -> OrderPart:
    routed = part.routed
    if routed.name == UNKNOWN or routed.name in _PROGRAMS:
        return part
    if routed.name in SENDING and any(one in all_of for slot in THINGS for one in routed.all_words.get(slot, ())):
        return asked_about(part.text, (routed.name,))._replace(after=part.after)
    touched = {
        slot
        for slot in routed.words
        if slot not in FREE_TEXT
        for one in routed.all_words.get(slot, ())
        if one in excepted or excepted.partition(" ")[0] in one.split()
    }
    if routed.name in SENDING and touched <= _RECEIVING:
        slots = {slot: words for slot, words in routed.slots.items() if slot not in touched}
        said = tuple(one for one in routed.said if one.slot not in touched)
        return part._replace(routed=routed.model_copy(update={"slots": slots, "said": said}))
    return asked_about(part.text, (routed.name,))._replace(after=part.after) if touched else part
