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
_MOST: Final = 100

Side = Literal["", "since", "after", "until", "before"]
_SIDES: Final[Mapping[str, Side]] = {
    **dict.fromkeys(("seit", "since", "ab", "zwischen", "between"), "since"),
    **dict.fromkeys(("nach", "after"), "after"),
    **dict.fromkeys(("bis", "bis zu", "bis zum", "bis zur", "until", "till", "up to"), "until"),
    **dict.fromkeys(("vor", "before"), "before"),
}
_ARTICLE: Final = "(?:dem|der|den|the)"


class Mails(NamedTuple):
    """Which mails: only the unread ones, and how many of the newest; None: not said."""

    unread: bool
    most: int | None


def which_mails(text: str, names: Iterable[str] = ()) -> Mails:
    """Hear which mails are to be shown; what stands in `names`, such as a subject, tells nothing of that."""
    for name in names:
        text = text.replace(name, "…")
    many = _SO_MANY.search(text)
    count = max(1, min(number_of(many["number"]), _MOST)) if many else 1 if _THE_NEWEST.search(text) else None
    return Mails(unread=_UNREAD.search(text) is not None, most=count)


def is_newest(text: str, thing: str) -> bool:
    """Whether the newest of all that are called `thing` is meant."""
    said = rf"(?:^(?i:{_CURRENT})|\b{_CURRENT}) (?:\w+ )?(?i:{re.escape(thing)})"
    return without_newest(thing) != thing or re.search(said, text) is not None


def without_newest(words: str) -> str:
    """Return the words for a thing without those that say that it is the newest."""
    return re.sub(rf"^(?:{_CURRENT}\s+)+(?=\S)", "", words)


def bound(text: str, days: str) -> Side:
    """Return on which side of the days it lies, as the request says; "": within them.

    From "between Monday and Wednesday" the later end is not heard.
    """
    said = re.search(rf"\b(?P<word>{any_of(tuple(_SIDES))})(?: {_ARTICLE})? {re.escape(days)}", text, re.IGNORECASE)
    return _SIDES[said["word"].casefold()] if said else ""
