"""Finds what a request seems to order and nobody read: "Send Anna the quote and hide the prices" is no mail alone.

Verbs of which our lexicon knows nothing are told by the tagger. What they order is asked about, never dropped.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from scheduler.core.apart import asked_about
from scheduler.core.compound import Orders
from scheduler.core.dictation import dictation
from scheduler.core.intents import UNKNOWN
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.quotation import MARKS
from scheduler.core.slot_tokens import language_of
from scheduler.core.word_classes import VERB, word_classes
from scheduler.core.words import Words

_LONGEST: Final = 600
"""Characters of a request that is looked through."""
_JOINS: Final = frozenset({"und", "and", "dann", "then", "danach", "&"})
_BETWEEN: Final = frozenset({"bitte", "please", "dann", "then", "danach", "noch", "auch", "also", "mir", "gleich"})
_TELLS: Final = frozenset({"write", "tell", "reply", "lookup", "know"})
_QUOTES: Final = re.compile(f"[{MARKS}:]")


def nothing_lost(text: str, orders: Orders) -> Orders:
    """Return the orders of a request, with what it orders by unknown verbs and no order holds as asked about."""
    known = [part for part in orders.parts if part.routed.name != UNKNOWN]
    if len(text) > _LONGEST or not known or len(known) < len(orders.parts) or _QUOTES.search(text):
        return orders
    if dictation(text)[1] is not None or any("body" in part.routed.slots for part in known):
        return orders
    tokens = tokens_of(text)
    named = _named(orders)
    lost = [
        said
        for said in _unread_orders(text, tokens, orders.overlooked)
        if not any(said in one or said.endswith(one) for one in named)
    ]
    if not lost or Words(tokens).senses & _TELLS:
        return orders
    overlooked = tuple(one for one in orders.overlooked if not any(one in said or said in one for said in lost))
    return orders._replace(parts=(*orders.parts, *(asked_about(one, ()) for one in lost)), overlooked=overlooked)


def _named(orders: Orders) -> list[str]:
    """Return what the slots of orders hold."""
    return [words for part in orders.parts for many in part.routed.all_words.values() for words in many if words]


def _unread_orders(text: str, tokens: list[Token], overlooked: Sequence[str]) -> Iterator[str]:
    """Yield what "und" joins to an order and begins with a verb, unknown or overlooked, and what it is done to."""
    classes: list[str] = []
    for place, token in enumerate(tokens[:-1]):
        before = place - 1
        while before > 0 and tokens[before].key in _BETWEEN - _JOINS:
            before -= 1
        unknown = token.kind == "word" and token.text.islower() and token.text.isalpha() and not token.meanings
        end = next((one.start for one in tokens[place:] if one.kind == "mark"), len(text))
        said = text[token.start : end].strip()
        orders = any(one.orders for one in token.meanings)
        unread = unknown or (orders and any(one.rstrip(" .!?").endswith(said) for one in overlooked))
        if before < 1 or not unread or tokens[before].key not in _JOINS or not tokens[place + 1].has("determiners"):
            continue
        if not _joined_to_order(tokens[:before]):
            continue
        classes = classes or word_classes([one.text for one in tokens], language_of(text))
        if classes[place] == VERB:
            yield said


def _joined_to_order(tokens: list[Token]) -> bool:
    """Whether the sentence so far is an order, so that what "und" joins to it is one, too."""
    start = next((at for at in range(len(tokens), 0, -1) if tokens[at - 1].text in ".!?;"), 0)
    return Words(tokens[start:]).imperative is not None
