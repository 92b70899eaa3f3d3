"""Knows what stands beside orders: greetings, thanks, names that sign, and what hangs on an order before."""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.closing_words import FAREWELL, FAREWELL_WORDS, PLEASE, PLEASE_WORDS, THANKS, THANKS_WORDS
from scheduler.core.letters import word_set
from scheduler.core.mood_words import COURTESY
from scheduler.core.phrases import tokens_of
from scheduler.core.word_kinds import GREETINGS

_GREETS: Final = (
    GREETINGS
    | PLEASE_WORDS
    | THANKS_WORDS
    | FAREWELL_WORDS
    | word_set(
        "you vielen besten herzlichen many "
        "dear guten gute good morgen tag abend morning afternoon evening zusammen team all sorry herr frau mr mrs ms dr"
    )
)
_MOST_CALLED: Final = 5
"""Words of a greeting."""
_MOST_SIGNED: Final = 6
"""Lines and words of a line behind a farewell: a name, what somebody is, a number."""
_POLITE_ENDS: Final = re.compile(rf"(?i)[\s,.!:;–-]*(?:(?:{THANKS}|{FAREWELL}|{PLEASE}|ok)[\s,.!]*)*")
_FAREWELL: Final = re.compile(
    rf"(?i)(?:{FAREWELL}|(?:viele |liebe |beste |schöne |herzliche |mit (?:freundlichen|besten|lieben) )"
    r"gr(?:ü|u)(?:ß|ss)en?"
    r"|(?:best |kind |warm )*regards|best(?: wishes)?|yours(?: sincerely| truly)?|--"
    rf"|{THANKS})[\s,.!]*\w*[,.!]*"
)
_SENT_FROM: Final = re.compile(r"(?i)(?:sent|gesendet|von meinem|from my) .{0,40}")
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


def greets(said: str) -> bool:
    """Whether words only greet or thank, and do not begin with a name: that may be who is to do something."""
    tokens = tokens_of(said)
    return bool(tokens) and is_greeting(said) and not (tokens[0].is_name and tokens[0].key not in GREETINGS)


def is_signature(lines: Sequence[str]) -> bool:
    """Whether lines only thank and sign: behind a farewell come a name, what somebody is and where they are reached."""
    for place, line in enumerate(lines):
        said = line.strip()
        if _FAREWELL.fullmatch(said):
            rest = [one for one in lines[place + 1 :] if one.strip()]
            return len(rest) <= _MOST_SIGNED and all(_may_sign(one) for one in rest)
        if not (only_polite(said) or is_greeting(said) or _SENT_FROM.fullmatch(said)):
            return False
    return True


def _may_sign(line: str) -> bool:
    """Whether a line may stand in a signature: a few words none of which is done."""
    tokens = [one for one in tokens_of(line) if one.kind != "mark"]
    return len(tokens) <= _MOST_SIGNED and not any(one.is_verb and one.text.islower() for one in tokens)


def speaks_of_earlier(text: str) -> bool:
    """Whether a pronoun may stand for what was said before."""
    return _PRONOUN.search(text) is not None
