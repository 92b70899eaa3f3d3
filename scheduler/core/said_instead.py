"""Puts other or more words into an order for what it is about: "Find invoice 5, I mean invoice 6" is "Find invoice 6".

What is said instead or too is a name, a thing, a day or a person without a verb of its own.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.core.compound import Rules
from scheduler.core.intents import UNKNOWN
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.words import Words

_SLOTS: Final = {
    "open_app": "application",
    "close_app": "application",
    "open_document": "document",
    "search_document": "document",
    "export_pdf": "document",
    "download_file": "document",
    "web_search": "query",
}
"""What an order is about, which a correction may take back."""
TIMES: Final = frozenset({"date", "time"})
_BEFORE_PERSON: Final = frozenset({"mit", "with"})


class Corrected(NamedTuple):
    """An order with what is said instead, and the words that this takes the place of."""

    order: str
    taken_back: str


def with_other(order: str, instead: str, rules: Rules) -> Corrected | None:
    """Return an order with other words for what it is about, a day or a person; None where these are not clear."""
    tokens = tokens_of(instead)
    if not _only_names(tokens):
        return None
    routed, *others = (part.routed for part in rules.orders(order).parts)
    if others or routed.name == UNKNOWN:
        return None
    slot = _slot_of(routed.name, tokens)
    start = next((at for at, one in enumerate(tokens) if not _is_small(one)), 0)
    if any(one.has("prepositions") for one in tokens[:start]) and slot in _SLOTS.values():
        return None
    known = _only_words(routed.words.get(slot, ""), order)
    return Corrected(order.replace(known, instead[tokens[start].start :]), known) if known is not None else None


def with_more(order: str, also: str, rules: Rules) -> str | None:
    """Return an order about something more that shares its verb: "Lad die Liste herunter, den Plan auch"."""
    tokens = tokens_of(also)
    if not _only_names(tokens) or tokens[0].has("prepositions"):
        return None
    routed, *others = (part.routed for part in rules.orders(order).parts)
    known = _only_words(routed.words.get(_SLOTS.get(routed.name, ""), ""), order)
    between = "and" if routed.locale == "en" else "und"
    return order.replace(known, f"{known} {between} {also}") if known and not others else None


def _only_words(words: str | list[str], order: str) -> str | None:
    """Return the words of a slot if they stand alone and once in an order."""
    return words if isinstance(words, str) and order.count(words) == 1 else None


def _only_names(tokens: Sequence[Token]) -> bool:
    """Whether words name something and do nothing."""
    return not has_verb(Words(tokens)) and any(map(may_name, tokens))


def _slot_of(intent: str, tokens: Sequence[Token]) -> str:
    """Return the slot that words may fill instead of what was said."""
    if intent != "create_appointment":
        return _SLOTS.get(intent, "")
    kinds = [one.kind for one in tokens if one.kind in TIMES]
    person = tokens[0].key in _BEFORE_PERSON or tokens[0].is_name
    return kinds[0] if kinds and not person else "participants" if person else ""


def may_name(token: Token) -> bool:
    """Whether a word may name a program, a thing, a person or a day."""
    if token.kind != "word":
        return token.kind not in {"mark", "quoted"}
    return not _is_small(token) and (token.text[:1].isupper() or token.has("noun") or any(map(str.isdigit, token.text)))


def has_verb(words: Words) -> bool:
    """Whether there is a verb; "am" is a preposition here."""
    helps = any(one.has("modal") or (one.has("auxiliary") and one.key != "am") for one in words.tokens)
    return helps or words.has_full_verb


def _is_small(token: Token) -> bool:
    return any(map(token.has, ("determiners", "prepositions", "adverbs", "pronouns")))
