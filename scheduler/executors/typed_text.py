"""Reads numbers, dates, yes and no as Germans and English people write them; what may mean two things is refused."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from scheduler.core.calendar_words import MONTH_NUMBERS
from scheduler.core.money_words import CODE, SIGN

Kind = Literal["text", "number", "integer", "date", "datetime", "boolean"]
Value = str | int | float | bool

_YES = frozenset({"ja", "yes", "wahr", "true", "1", "on", "an", "x", "✓", "✔", "☑", "y", "j"})
_NO = frozenset({"nein", "no", "falsch", "false", "0", "off", "aus", "", "✗", "✘", "☐", "n", "-", "–"})
_AROUND = re.compile(rf"[\s\u00a0\u202f¥%']|{SIGN}|{CODE}\b", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_TIME = re.compile(r"[\sT,]*(?:um\s+|at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm|uhr)?", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4}|\d{2})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\.?\s+([^\W\d_]+)\.?,?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2}),?\s+(\d{4})")
_FEW = 3  # letters that tell months apart
_MONTHS = {name[:_FEW]: number for name, number in MONTH_NUMBERS.items()}


def typed(text: str, kind: Kind, language: str, pattern: str | None = None) -> Value:
    """Return what `text` means; dates and times as ISO 8601. `language` is like `de` or `en-GB`.

    Raises ValueError, which says what cannot be read or could mean two things.
    """
    text = text.strip()
    if pattern is not None and kind in {"date", "datetime"}:
        read = datetime.strptime(text, pattern)  # noqa: DTZ007 - pages rarely say a zone, and ours would be a guess
        return read.date().isoformat() if kind == "date" else read.isoformat()
    return _READERS[kind](text, language)


def _number(text: str, language: str) -> float | int:
    value = _decimal(text, language)
    return int(value) if value == value.to_integral_value() else float(value)


def _integer(text: str, language: str) -> int:
    value = _decimal(text, language)
    if value != value.to_integral_value():
        raise ValueError(f"{text!r} is no whole number")
    return int(value)


def _decimal(text: str, language: str) -> Decimal:
    bare = _AROUND.sub("", text).replace("\u2212", "-").replace("\u2013", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if bare.endswith("-"):  # as in bookkeeping
        bare = f"-{bare[:-1]}"
    if bare.endswith(",-") or not _NUMBER.fullmatch(bare):
        raise ValueError(f"{text!r} is no number")
    point = _decimal_point(bare.lstrip("+-"), language)
    plain = bare.replace("." if point == "," else ",", "").replace(",", ".")
    if plain.count(".") > 1:
        raise ValueError(f"{text!r} is no number")
    return Decimal(plain)


def _decimal_point(digits: str, language: str) -> str:
    """Return the mark before the fraction: the last of two kinds, the only one, else what the language uses."""
    dot, comma = digits.rfind("."), digits.rfind(",")
    if dot >= 0 and comma >= 0:
        return "." if dot > comma else ","
    mark = "." if dot >= 0 else ","
    usual = "," if language.startswith("de") else "."
    if _GROUPED.fullmatch(digits):
        return usual
    if digits.count(mark) > 1:
        raise ValueError(f"{digits!r} is no number")
    return mark


def _date(text: str, language: str) -> str:
    read, rest = _date_at_start(text, language)
    if rest and not _TIME.fullmatch(rest):
        raise ValueError(f"{text!r} is no date")
    return read.isoformat()


def _datetime(text: str, language: str) -> str:
    read, rest = _date_at_start(text, language)
    time = _TIME.fullmatch(rest)
    if time is None:
        raise ValueError(f"{text!r} is no date with a time")
    hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
    half = (time[4] or "").lower()
    if half in {"am", "pm"}:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text!r} has no such hour")
        hour = hour % 12 + (12 if half == "pm" else 0)
    return datetime(read.year, read.month, read.day, hour, minute, second).isoformat()  # noqa: DTZ001 - as it stands


def _date_at_start(text: str, language: str) -> tuple[date, str]:
    bare = re.sub(r"^[^\W\d_]+\.?,\s*", "", text)  # the day of the week
    if match := _ISO.match(bare):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DOTTED.match(bare):
        day, month, year = int(match[1]), int(match[2]), _year(match[3])
    elif match := _SLASHED.match(bare):
        day, month, year = _slashed(match, language)
    elif match := _DAY_FIRST.match(bare):
        day, month, year = int(match[1]), _month(match[2]), int(match[3])
    elif match := _MONTH_FIRST.match(bare):
        month, day, year = _month(match[1]), int(match[2]), int(match[3])
    else:
        raise ValueError(f"{text!r} is no date")
    return date(year, month, day), bare[match.end() :].strip()


def _slashed(match: "re.Match[str]", language: str) -> tuple[int, int, int]:
    first, second, year = int(match[1]), int(match[2]), _year(match[3])
    if first > 12 or language in {"en-GB", "de"} or first == second:
        return first, second, year
    if second > 12 or language == "en-US":
        return second, first, year
    raise ValueError(f"{match[0]!r} may be day/month or month/day; say language en-GB or en-US, or a format")


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else (2000 if int(text) < 70 else 1900) + int(text)


def _month(name: str) -> int:
    month = _MONTHS.get(name.lower()[:3])
    if month is None:
        raise ValueError(f"{name!r} is no month")
    return month


def _boolean(text: str, _: str) -> bool:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{text!r} is neither yes nor no")


def _text(text: str, _: str) -> str:
    return text


_READERS: Mapping[Kind, Callable[[str, str], Value]] = {
    "text": _text,
    "number": _number,
    "integer": _integer,
    "date": _date,
    "datetime": _datetime,
    "boolean": _boolean,
}
