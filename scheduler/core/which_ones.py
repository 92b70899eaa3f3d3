"""Hears which of several mails or files a request means: the unread ones, the newest, so many, those since a day."""

import re
from typing import Final, NamedTuple

from scheduler.core.past_days import NUMBER, number_of

_ENDING: Final = "(?:e[nmrs]?)?"
_NEW: Final = rf"(?:ungelesen|ungeöffnet|neu){_ENDING}|unread|unopened|new"
_NEWEST: Final = rf"(?:letzt|(?:aller)?neu(?:e)?st|jüngst|aktuellst){_ENDING}|latest|last|newest|most recent"
_CURRENT: Final = rf"{_NEWEST}|aktuell{_ENDING}|current"
_MAIL: Final = r"(?:e-?mail|mail|nachricht|message)"
_MAILS: Final = rf"(?:{_MAIL}(?:s|en)?|post)"
_UNREAD: Final = re.compile(
    rf"\b(?:{_NEW}) (?:\w+ )?{_MAILS}\b"
    rf"|\b(?:neu|neues|new) (?:im|in|in my|in meinem|in the) (?:posteingang|postfach|inbox|mailbox)\b"
    r"|\bnoch nicht gelesen|\bhaven[’']t read|\bnot read\b",
    re.IGNORECASE,
)
_THE_NEWEST: Final = re.compile(rf"\b(?:{_NEWEST}) {_MAIL}\b", re.IGNORECASE)
_SO_MANY: Final = re.compile(
    rf"\b(?:(?:{_NEWEST}|erste[nr]?|first) )?(?P<number>{NUMBER}) (?:(?:{_NEW}|{_NEWEST}) )?{_MAIL}(?:s|en)\b",
    re.IGNORECASE,
)
_MOST: Final = 100


class Mails(NamedTuple):
    """Which mails: only the unread ones, and how many of the newest; None: not said."""

    unread: bool
    most: int | None


def which_mails(text: str) -> Mails:
    """Hear which mails are to be shown."""
    many = _SO_MANY.search(text)
    count = max(1, min(number_of(many["number"]), _MOST)) if many else 1 if _THE_NEWEST.search(text) else None
    return Mails(unread=_UNREAD.search(text) is not None, most=count)


def is_newest(text: str, thing: str) -> bool:
    """Whether the newest of all that are called `thing` is meant."""
    said = rf"\b(?:{_CURRENT}) (?:\w+ )?{re.escape(thing)}"
    return without_newest(thing) != thing or re.search(said, text, re.IGNORECASE) is not None


def bound(text: str, days: str) -> str:
    """Return "since" or "before" where the request says that of the words for days, else nothing."""
    said = re.search(
        rf"\b(?P<word>seit|since|ab|after|nach|vor|before)(?: (?:dem|der|den|the))? {re.escape(days)}",
        text,
        re.IGNORECASE,
    )
    if said is None:
        return ""
    return "before" if said["word"].casefold() in {"vor", "before"} else "since"


def without_newest(words: str) -> str:
    """Return the words for a thing without those that say that it is the newest."""
    return re.sub(rf"^(?:(?:{_CURRENT})\s+)+(?=\S)", "", words, flags=re.IGNORECASE)
