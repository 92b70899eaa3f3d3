"""Says of what stands behind a list, and of its items, whether it ends the list, signs it, or takes some of it back."""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.closing_words import ALL_SAID, NO_HURRY
from scheduler.core.letters import word_set
from scheduler.core.listed import Item
from scheduler.core.mood_words import NOT
from scheduler.core.phrases import tokens_of
from scheduler.core.sign_offs import greets, is_greeting, is_signature, only_polite
from scheduler.core.taken_back import REFUSALS, all_taken_back, calls_off, holds_off, undoes_a_part
from scheduler.core.waiting_orders import waits_for

AROUND: Final = " .,;!?"
SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_TAKES_BACK: Final = re.compile(
    rf"(?i)\b(?:{NOT}|kein\w*|{REFUSALS}|doch|lieber|except|außer|ausser|skip|drop)\b|n['’]t\b"
)
_NO_MORE: Final = re.compile(rf"(?i)\b(?:{ALL_SAID}|{NO_HURRY})\b")
_LATER: Final = re.compile(
    r"(?i)(?:please |bitte |but |aber |erst |only )*(?:wait|wart\w*|hold|hang on|not before|nicht vor)\b"
    r"|.*\b(?:can wait|kann (?:noch )?warten|können (?:noch )?warten|hat (?:noch )?zeit|not yet|noch nicht)\b"
)
"""What puts off a list, or an item of it: "Wait for my OK", "the second one can wait"."""
_COUNTS: Final = word_set("nummer nr number no punkt punkte point item items schritt step aufgabe task eintrag")
_NOTHING: Final = re.compile(
    r"(?i)(?:das |it )?(?:entfällt|fällt (?:weg|aus)|erledigt|gestrichen|hat sich erledigt|nichts(?: weiter)?"
    r"|nothing(?: else| further)?|dropped|cancelled|skip(?: (?:it|this))?|n/a|(?:already )?done|-+)[ .!]*"
)
"""What an item says that orders nothing."""
_TICKED: Final = re.compile(
    r"(?i)~~.+~~|.*(?:[✓✔☑✅]\ufe0f?|[([](?:ist |schon |bereits |already )?(?:erledigt|done|gemacht|fertig|ok|x)[)\]]"
    r"|(?: [–—-]+|:|,) (?:ist |schon |bereits |already )*(?:erledigt|done|gemacht|fertig))[ .!]*"
)
"""What is struck through, or says at its end that it is done: "Word schließen (erledigt)"."""


def is_done(item: Item) -> bool:
    """Whether an item says that it is done, or that it orders nothing."""
    return item.done or any(one.fullmatch(item.text) for one in (_NOTHING, _TICKED))


def is_polite(said: str) -> bool:
    """Whether words only greet or thank."""
    return only_polite(said) or greets(said)


def unsigned(item: Item) -> Item:
    """Return an item without the thanks and the name behind it."""
    first, *more = SENTENCE.split(item.text)
    if more and all(is_polite(one) or is_greeting(one) for one in more):
        return item._replace(text=first)
    return item


def signed(after: str) -> str:
    """Return what stands behind a list, nothing where that only ends it, thanks and signs."""
    said = _NO_MORE.sub("", after).strip(AROUND)
    return "" if is_signature(SENTENCE.split(said)) else said


def undoes(said: str, others: Sequence[str]) -> bool:
    """Whether words in or behind a list take back, or put off, some or all of it: "nein", "Excel doch nicht"."""
    said = _NO_MORE.sub("", said)
    if calls_off(said.strip(AROUND)) or (others and all_taken_back(f"{others[0]}. {said}", lambda _: ())):
        return True
    if not (undoes_a_part(said) or holds_off(said) or _TAKES_BACK.search(said)):
        return False
    names = _names(said)
    return not names or any(names & _names(other) for other in others)


def puts_off(after: str) -> bool:
    """Whether words behind a list say when or whether it is to be done: "but only if Tom agrees", "wait for my OK"."""
    return any(_LATER.match(one) or waits_for(one) for one in SENTENCE.split(after))


def _names(said: str) -> set[str]:
    """Return the words that name somebody or something; not those that count items, "Nummer 2"."""
    return {
        one.key
        for one in tokens_of(said)
        if (one.is_name or one.has("noun") or one.text[:1].isupper())
        and one.key not in _COUNTS
        and not _TAKES_BACK.fullmatch(one.text)
    }
