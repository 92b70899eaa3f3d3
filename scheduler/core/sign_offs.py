"""Knows what stands beside orders: greetings, thanks, names that sign, and what hangs on an order before."""

import re
from typing import Final

from scheduler.core.letters import word_set
from scheduler.core.mood_words import COURTESY
from scheduler.core.phrases import tokens_of
from scheduler.core.word_kinds import GREETINGS

_GREETS: Final = GREETINGS | word_set(
    """
    liebe lieber liebes dear guten gute good morgen tag abend morning afternoon evening zusammen team all viele schoene
    beste herzliche mit freundlichen gruesse gruss lg vg mfg danke dank vielen besten thanks thank you many cheers
    regards kind best sorry bitte please herr frau mr mrs ms dr
    """
)
_MOST_CALLED: Final = 5
"""Words of a greeting."""
_POLITE_ENDS: Final = re.compile(
    r"(?i)[\s,.!:;–-]*(?:(?:danke|vielen dank|thanks|thank you|thx|lg|vg|bitte|please|cheers|gruß|ok)[\s,.!]*)*"
)
_PRONOUN: Final = re.compile(
    r"(?i)\b(?:sie|es|ihn|ihm|ihr|ihnen|it|them|him|her|this|that|they|damit|davon|daraus|dies\w*|which)\b"
)


def only_polite(said: str) -> bool:
    """Whether words are nothing but a courtesy: "bitte", "Thanks!"."""
    return COURTESY.match(said) is not None or _POLITE_ENDS.fullmatch(said) is not None


def is_greeting(said: str) -> bool:
    """Whether words only greet, thank or sign: "Hallo Anna", "Viele Grüße Eva"."""
    tokens = [one for one in tokens_of(said) if one.kind != "mark"]
    return len(tokens) <= _MOST_CALLED and all(
        one.key in _GREETS or (one.is_name and not one.has("modal")) for one in tokens
    )


def speaks_of_earlier(text: str) -> bool:
    """Whether a pronoun may stand for what was said before."""
    return _PRONOUN.search(text) is not None
