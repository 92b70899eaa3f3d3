"""Cuts an order into tokens, days and times as one each, and says what a chunk of them is."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from scheduler.core.job import Locale
from scheduler.core.language import detect_locale
from scheduler.core.lexicon import lexicon
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.slot_times import Found, times_in
from scheduler.core.slot_words import slot_words
from scheduler.core.slots import FILE_NAME
from scheduler.core.word_classes import word_classes

ABBREVIATED: Final = slot_words("abbreviated")
TITLES: Final = slot_words("titles")
_SHORT: Final = 6
_PART_OF_NAME: Final = re.compile(r"[\w&+.-]*\w")
_ONLY_NUMBER: Final = re.compile(r"[\d_.-]+\.[a-z]", re.IGNORECASE)
_FILE_WORDS: Final = frozenset({"datei", "file"})
_INSTEAD: Final = {
    "date": "Montag",
    "time": "12",
    "amount": "12",
    "length": "Stunde",
    "url": "Seite",
    "file": "Datei",
    "address": "Anna",
    "quoted": "Titel",
}
"""What is no word is judged, by its kind, as this word would be in its place."""
_OWNS: Final = re.compile(r"['’] \w")
_FIRST_WORD: Final = re.compile(r"\s*([a-z]+)", re.IGNORECASE)
_GERMAN_WORD: Final = re.compile(
    r"\b(?:der|die|das|den|dem|mir|mal|bitte|und|an|im|vom|zum|auf|zu|aus|mit)\b", re.IGNORECASE
)
_ENGLISH_ORDERS: Final = slot_words("english_orders")


@dataclass
class Chunk:
    """A stretch of the order that belongs together; `kind` is np, date, time, length, amount, self or verb.

    `near`: only white space stands between it and the chunk before; `clause` counts the marks before it, `sentence` those
    that end one. `joined`: "and" stands before it.
    """

    kind: str
    prep: str = ""
    tokens: list[Token] = field(default_factory=list)
    near: bool = False
    joined: bool = False
    clause: int = 0
    sentence: int = 0

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    @property
    def det(self) -> str:
        return self.tokens[0].key if self.tokens[0].has("determiners") else ""

    @property
    def content(self) -> list[Token]:
        return [token for token in self.tokens if not token.has("determiners")]

    def noun(self, *senses: str) -> bool:
        return any(token.has("noun", sense) for token in self.tokens for sense in senses)

    def of_kind(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)


def language_of(text: str) -> Locale:
    """Return the language of an order; one without small words is English where it begins as English orders do."""
    first = _FIRST_WORD.match(text)
    short = len(text.split()) <= _SHORT and first is not None and first[1].casefold() in _ENGLISH_ORDERS
    return "en" if short and text.isascii() and not _GERMAN_WORD.search(text) else detect_locale(text)


def classes_of(tokens: Sequence[Token], locale: Locale) -> list[str]:
    """Return the class of each token, as `word_classes` names them."""
    said = [one.text if one.kind in {"word", "mark"} else _INSTEAD.get(one.kind, one.text) for one in tokens]
    return word_classes(said, locale)


@functools.lru_cache(maxsize=16)
def tokens_with_times(text: str) -> list[Token]:
    """Return the tokens, days and times as one token each, the dot of an abbreviation as part of it.

    The list is shared, so it must not be changed.
    """
    times, tokens = list(times_in(text)), list[Token]()
    waiting = iter(times)
    one: Found | None = next(waiting, None)
    for read in tokens_of(text):
        token = read
        while one is not None and one.end <= token.start:
            tokens.append(_time(text, one))
            one = next(waiting, None)
        if one is not None and token.end > one.start and token.kind not in {"url", "address", "file", "quoted"}:
            if token.end > one.end and token.kind == "word":
                tokens.append(_time(text, one))
                rest = text[one.end : token.end]
                tokens.append(replace(token, text=rest, start=one.end, meanings=lexicon().meanings(rest)))
                one = next(waiting, None)
            continue
        if one is not None and token.end > one.start:
            one = next(waiting, None)
        token = _as_word(_owning(text, read))
        last = tokens[-1] if tokens else None
        if token.text == "." and last is not None and last.end == token.start and is_abbreviated(last):
            tokens[-1] = replace(last, text=text[last.start : token.end], end=token.end)
            continue
        if token.kind == "file":
            token = _with_blanks(text, tokens, token)
        tokens.append(token)
    while one is not None:
        tokens.append(_time(text, one))
        one = next(waiting, None)
    return tokens


def _with_blanks(text: str, tokens: list[Token], token: Token) -> Token:
    """Return the name of a file with its words before blanks, which are taken off: "die Datei Liste 2025.xlsx"."""
    most = 5
    first = len(tokens)
    while (
        first
        and most
        and _PART_OF_NAME.fullmatch(tokens[first - 1].text)
        and tokens[first - 1].kind in {"word", "date"}
    ):
        first, most = first - 1, most - 1
    named = first and tokens[first - 1].key in _FILE_WORDS
    if not named:
        bare = _ONLY_NUMBER.match(token.text) is not None and tokens and tokens[-1].end + 1 == token.start
        first = (
            len(tokens) - 1
            if bare and _PART_OF_NAME.fullmatch(tokens[-1].text) and _is_plain(tokens[-1])
            else len(tokens)
        )
    if first == len(tokens):
        return token
    start = tokens[first].start
    del tokens[first:]
    return replace(token, text=text[start : token.end], start=start)


def _is_plain(token: Token) -> bool:
    small = any(token.has(kind) for kind in ("prepositions", "determiners", "adverbs", "modal", "auxiliary", "self"))
    return (
        token.kind == "word" and not small and (token.has("noun") or not token.is_verb) and token.key not in _FILE_WORDS
    )


def is_abbreviated(token: Token) -> bool:
    """Whether a dot after this word ends no sentence: "Nr.", "bzgl.", "Gartenstr."."""
    return is_abbreviation(token.key)


def is_abbreviation(word: str) -> bool:
    key = word.casefold().strip(".")
    return key in ABBREVIATED or (key.endswith("str") and len(key) > len("str"))


def _owning(text: str, token: Token) -> Token:
    """Return the word with the sign that belongs to it: the plural that owns ("the tenants' email"), "w/"."""
    if token.key == "w" and text[token.end : token.end + 2] == "/ ":
        return replace(token, text="w/", end=token.end + 1)
    if token.kind != "word" or token.text[-1:] != "s" or not _OWNS.match(text, token.end):
        return token
    return replace(token, text=text[token.start : token.end + 1], end=token.end + 1)


def _as_word(token: Token) -> Token:
    """Return what only looks like a time here as a word, and a word that ends as files do as a file."""
    if token.kind in {"date", "time", "amount"}:
        return replace(token, kind="word", meanings=lexicon().meanings(token.text))
    if token.kind == "word" and FILE_NAME.fullmatch(token.text):
        return replace(token, kind="file", meanings=())
    return token


def _time(text: str, one: Found) -> Token:
    end = one.end
    if one.modifies:
        end = re.compile(r"['’-]?s?").match(text, end).end()  # type: ignore[union-attr]
    return Token("word" if one.modifies else one.kind, text[one.start : end], one.start, end)


def is_cased(tokens: Sequence[Token]) -> bool:
    """Whether nouns are written with capitals: names may be where nothing else is ("schick die rechnung an Bob")."""
    words = [token for token in tokens if token.kind == "word"]
    capitals = sum(token.text[:1].isupper() and not token.text[:2].isupper() for token in words)
    small = sum(token.text[:1].islower() and token.has("noun") and len(token.meanings) == 1 for token in words)
    return capitals > small
