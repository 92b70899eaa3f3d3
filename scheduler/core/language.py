"""Reads a request as written: one spelling of each letter, single spaces, and German or English."""

import functools
import re
import unicodedata
from collections.abc import Iterable

from scheduler.core.job import Locale

_LONGEST_REMEMBERED = 2_000  # characters
_UNSEEN = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
_SHORT_AND = re.compile(r" u\. (?=[^\W\d_])(?![aU]\.)")
_ARROW = re.compile(r"(?<=[\w)]) ?(?:[-=–]{1,2}>|→) ?(?=\w)")
_WORD = re.compile(r"[^\W\d_]+")
_WHOLE_WORD = re.compile(r"\S+")
_GERMAN_WORDS = """
aber alle als am an auf aus beende bei bin bis bitte das dass dein dem den der des die dir drucke du ein eine einen
einer er es exportiere finde fülle für geh gib hallo hol ich ihm ihn ihr im ist ja kannst kein lade leg leite lies
mach mein meine meinen mir mit nach nein neue nicht noch nur oder rechnung schick schließ schreib sende sich sie
sind starte such suche termin um und uns unser vom von war was wie wir wo zeig zu zum zur öffne über
"""
_ENGLISH_WORDS = """
a about all an and any are as at book can close convert could do download export fetch find for forward from get
give have hello how i in into is it its launch let mail me my new no not of on open our please print quit read reply
run save say schedule search send show shut start tell that the their them there this to translate unread up us was
we what when where will with would you your
"""
_GERMAN = frozenset(_GERMAN_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())


def normalise(text: str) -> str:
    """Return `text` in Unicode form NFC, without invisible characters, white space made single and cut at the ends."""
    return " ".join(_visible(text).split())


def as_written(words: str, message: str) -> str:
    """Return `words`, a part of the normalised message, with the line breaks they have in the message."""
    visible = _visible(message)
    starts = [(found.start(), len(found[0])) for found in _WHOLE_WORD.finditer(visible)]
    begin = normalise(message).rfind(words)
    if begin < 0:
        return words
    return visible[_place(starts, begin) : _place(starts, begin + len(words) - 1) + 1]


def _visible(text: str) -> str:
    seen = text if text.isascii() else _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    if ">" in seen or "→" in seen:
        seen = _ARROW.sub(" to " if detect_locale(seen) == "en" else " an ", seen)
    return _SHORT_AND.sub(" und ", seen) if " u. " in seen else seen


def _place(words: Iterable[tuple[int, int]], offset: int) -> int:
    """Return where a letter of the normalised text stands in the text; `words` are (start, length) in the text."""
    for start, length in words:
        if offset < length:
            return start + offset
        offset -= length + 1
    raise ValueError(f"the text ends {offset} letters before that place")


def detect_locale(text: str) -> Locale:
    """Return the language whose small words `text` uses more; German where neither wins."""
    return _locale(text) if len(text) <= _LONGEST_REMEMBERED else _locale.__wrapped__(text)


@functools.lru_cache(maxsize=256)
def _locale(text: str) -> Locale:
    words = _WORD.findall(text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold())
    german, english = sum(map(_GERMAN.__contains__, words)), sum(map(_ENGLISH.__contains__, words))
    if not text.isascii():
        german += sum(not word.isascii() and word not in _GERMAN for word in words)
    return "en" if english > german else "de"
