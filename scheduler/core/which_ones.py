"""Hears which of several mails or files a request means: the unread ones, the newest, so many, those since a day."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from scheduler.core.calendar_words import MONTH, WEEKDAY, any_of
from scheduler.core.past_days import NUMBER, number_of

_ENDING: Final = "(?:e[nmrs]?)?"
_NEW: Final = rf"(?:ungelesen|ungeöffnet|neu){_ENDING}|unread|unopened|new"
_NEWEST: Final = rf"(?:letzt|(?:aller)?neu(?:e)?st|jüngst|aktuellst){_ENDING}|latest|last|newest|most recent"
_TIME: Final = rf"(?:tag|day|woche|week|monat|month|quartal|quarter|jahr|year|{WEEKDAY}|{MONTH})(?:e?[ns])?\b"
_CURRENT: Final = rf"(?:{_NEWEST}|aktuell{_ENDING}|current)(?! (?i:{_TIME}))"
"""Of things; "last year's report" is no newest one, and written with a capital it is a part of a name."""
_MAIL: Final = r"(?:e-?mail|mail|nachricht|message)"
_MAILS: Final = rf"(?:{_MAIL}(?:s|en)?|post)"
_UNREAD: Final = re.compile(
    rf"\b(?:{_NEW}) (?:\w+ )?{_MAILS}\b"
    rf"|\b(?:neu|neues|new) (?:im|in|in my|in meinem|in the) (?:posteingang|postfach|inbox|mailbox)\b"
    r"|\bnoch nicht gelesen|\bhaven[’']t read|\bnot read\b",
    re.IGNORECASE,
)
_THE_NEWEST: Final = re.compile(rf"\b(?:{_NEWEST}) (?:(?:{_NEW}) )?{_MAIL}\b", re.IGNORECASE)
_SO_MANY: Final = re.compile(
    rf"\b(?P<number>{NUMBER}) (?:(?:{_NEW}|{_NEWEST}) ){{0,2}}{_MAIL}(?:s|en)\b", re.IGNORECASE
)
_ALL: Final = re.compile(rf"\b(?:aller?|sämtliche|all|every)(?: of)? (?:\w+ ){{0,2}}{_MAILS}\b", re.IGNORECASE)
_MOST: Final = 100

Side = Literal["", "since", "after", "until", "before"]
_SIDES: Final[Mapping[str, Side]] = {
    **dict.fromkeys(("seit", "since", "ab", "zwischen", "between"), "since"),
    **dict.fromkeys(("nach", "after"), "after"),
    **dict.fromkeys(("bis", "bis zu", "bis zum", "bis zur", "until", "till", "up to"), "until"),
    **dict.fromkeys(("vor", "before"), "before"),
}
_BETWEEN: Final = frozenset({"zwischen", "between"})
_TWO: Final = re.compile(r"(.+?) (?:und|and) (?:dem |der |den |the )?(.+)", re.IGNORECASE)
_ARTICLE: Final = "(?:dem|der|den|the)"
_LOOKS: Final = r"\b(?P<looks>(?:such|schau|sieh|guck)\w*(?: (?:bitte|mal|mir|noch))* )?"
"""Behind these "nach" says what is looked for, not when that was."""


class Mails(NamedTuple):
    """Which mails: only the unread ones, and how many of the newest (of all as many as may be); None: not said."""

    unread: bool
    most: int | None


def which_mails(text: str, names: Iterable[str] = ()) -> Mails:
    """Hear which mails are to be shown; what stands in `names`, such as a subject, tells nothing of that."""
    for name in names:
        text = text.replace(name, "…")
    many = _SO_MANY.search(text)
    if many is not None:
        count: int | None = max(1, min(number_of(many["number"]), _MOST))
    elif _THE_NEWEST.search(text):
        count = 1
    else:
        count = _MOST if _ALL.search(text) else None
    return Mails(unread=_UNREAD.search(text) is not None, most=count)


def is_newest(text: str, thing: str) -> bool:
    """Whether the newest of all that are called `thing` is meant."""
    said = rf"(?:^(?i:{_CURRENT})|\b{_CURRENT}) (?:\w+ )?(?i:{re.escape(thing)})"
    return without_newest(thing) != thing or re.search(said, text) is not None


def without_newest(words: str) -> str:
    """Return the words for a thing without those that say that it is the newest."""
    return re.sub(rf"^(?:{_CURRENT}\s+)+(?=\S)", "", words)


def when_meant(text: str, days: str) -> tuple[str, Side]:
    """Return the words for the days, and on which side of these it lies, as the request says; "": within them.

    Between two days it lies from the first to the last. In "such nach gestern eingegangenen Mails" it lies within.
    """
    said = re.search(
        rf"{_LOOKS}(?P<word>{any_of(tuple(_SIDES))})(?P<article> {_ARTICLE})? {re.escape(days)}", text, re.IGNORECASE
    )
    if said is None:
        return days, ""
    word = said["word"].casefold()
    if word in _BETWEEN and (ends := _TWO.fullmatch(days)) is not None:
        return f"{ends[1]} – {ends[2]}", ""
    sought = word == "nach" and said["looks"] is not None and said["article"] is None
    return days, "" if sought else _SIDES[word]
