"""Reads which day is meant: heute, Freitag, next Monday, 1. Dezember, 2026-12-01, in zwei Wochen."""

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from scheduler.core.calendar_words import MONTH_NUMBERS, WEEKDAY_NUMBERS, any_of, usual_weekday
from scheduler.core.sentences import Sentence

_NTH: Final = (
    "erste first", "zweite second", "dritte third", "vierte fourth", "fünfte fifth", "sechste sixth",
    "siebte siebente seventh", "achte eighth", "neunte ninth", "zehnte tenth", "elfte eleventh", "zwölfte twelfth",
    "dreizehnte thirteenth", "vierzehnte fourteenth", "fünfzehnte fifteenth", "sechzehnte sixteenth",
    "siebzehnte seventeenth", "achtzehnte eighteenth", "neunzehnte nineteenth", "zwanzigste twentieth",
    "einundzwanzigste twenty-first", "zweiundzwanzigste twenty-second", "dreiundzwanzigste twenty-third",
    "vierundzwanzigste twenty-fourth", "fünfundzwanzigste twenty-fifth", "sechsundzwanzigste twenty-sixth",
    "siebenundzwanzigste twenty-seventh", "achtundzwanzigste twenty-eighth", "neunundzwanzigste twenty-ninth",
    "dreißigste thirtieth", "einunddreißigste thirty-first",
)  # fmt: skip
_NUMBERED: Final = {name: number for number, names in enumerate(_NTH, 1) for name in names.split()}
_COUNTS: Final = {"einem": 1, "einer": 1, "a": 1, "an": 1, "one": 1, "zwei": 2, "two": 2, "drei": 3, "three": 3}
_PARTS: Final = {
    "früh": "a", "vormittag": "a", "vormittags": "a", "morning": "a",
    "nachmittag": "p", "nachmittags": "p", "abend": "p", "abends": "p", "afternoon": "p", "evening": "p",
}  # fmt: skip

_NAMES = any_of(tuple(WEEKDAY_NUMBERS))
_MONTH_NAMES = any_of(tuple(MONTH_NUMBERS))
_THE = r"(?:am |on |den |dem |the |für |for )?"
_DAY_NUMBER = r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?"
_YEAR = r"(?:,? ?(?P<year>\d{4}|\d\d(?!\d|:)))?"
_PART = re.compile(rf"^[ -]?(?P<part>{'|'.join(sorted(_PARTS, key=len, reverse=True))})\b")
_AFTER = r"(?![\w])"
_LONGEST_MONTH: Final = 31
_SPELT: Final = re.compile(
    rf"\b(?P<nth>{'|'.join(sorted(_NUMBERED, key=len, reverse=True)).replace('-', '[- ]')})[nr]?\b"
)


class DayPart(NamedTuple):
    """A part of the day that was said, and the half of the clock it lies in: a or p."""

    word: str
    half: str


class WhenError(ValueError):
    """The words do not say when; `slot` is the one to blame, `missing` that it was not said at all.

    `candidates` are the days that may be meant, as far as they are known.
    """

    def __init__(self, slot: str, said: Sentence, *, missing: bool = False, candidates: Sequence[str] = ()) -> None:
        super().__init__(said.en)
        self.slot = slot
        self.said = said
        self.missing = missing
        self.candidates = self.labels = tuple(candidates)


_Reader = Callable[[re.Match[str], date], date]


def day_of(words: str, today: date, *, ahead: bool = False) -> tuple[date, DayPart | None, str]:
    """Return the day, the part of it that was said, and the words that are left.

    A day of which only the number is said is read where what is meant lies `ahead`: it is the next of that number.

    Raises WhenError when no day is said, it may be two days, or it is no day.
    """
    if not words:
        raise WhenError("date", Sentence("der Tag fehlt", "the day is missing"), missing=True)
    said = _SPELT.sub(lambda spelt: f"{_NUMBERED[spelt['nth'].replace(' ', '-')]}.", words, count=1)
    for pattern, reader in (*_FORMS, *_BY_NUMBER) if ahead else _FORMS:
        match = pattern.match(said)
        if match is None:
            continue
        day, rest = reader(match, today), said[match.end() :]
        part = _PART.match(rest)
        if part is None:
            return day, None, rest.strip(" ,.")
        return day, DayPart(part["part"], _PARTS[part["part"]]), rest[part.end() :].strip(" ,.")
    raise WhenError(
        "date",
        Sentence(
            f"„{words[:100]}“ ist kein Tag, den ich lesen kann; etwa morgen, Freitag oder 1.12.2026",
            f"“{words[:100]}” is no day I can read; for example tomorrow, Friday or 2026-12-01",
        ),
    )


def _relative(days: int) -> _Reader:
    return lambda _match, today: today + timedelta(days=days)


def _in_some_time(match: re.Match[str], today: date) -> date:
    count = _COUNTS.get(match["count"]) or int(match["count"])
    if count > 3650:
        raise _no_day(match[0])
    return today + timedelta(days=count * (7 if match["unit"].startswith("w") else 1))


def _weekday(match: re.Match[str], today: date) -> date:
    number = WEEKDAY_NUMBERS[match["weekday"]]
    coming = today + timedelta(days=(number - today.weekday()) % 7 or 7)
    which = (match["which"] or "").strip()
    monday = today - timedelta(days=today.weekday())
    if which.startswith(("dies", "this")):
        return monday + timedelta(days=number)
    if coming - today == timedelta(days=7) and not which:
        raise _two(match[0], today, coming)
    if which.startswith(("nächste", "naechste", "next")):
        of_next_week = monday + timedelta(days=7 + number)
        if coming != of_next_week:
            raise _two(match[0], coming, of_next_week)
    return coming


def _weekday_of_week(match: re.Match[str], today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    weeks = 0 if match["week"].startswith(("dies", "this")) else 1
    if match["weekday"] is None:
        raise WhenError(
            "date",
            Sentence(f"welcher Tag in „{match[0]}“?", f"which day in “{match[0]}”?"),
        )
    return monday + timedelta(days=7 * weeks + WEEKDAY_NUMBERS[match["weekday"]])


def _iso(match: re.Match[str], _today: date) -> date:
    return _date(int(match["year"]), int(match["month"]), int(match["day"]), match[0])


def _numbers(match: re.Match[str], today: date) -> date:
    return _maybe_yearless(match, int(match["month"]), today)


def _named_month(match: re.Match[str], today: date) -> date:
    return _maybe_yearless(match, MONTH_NUMBERS[match["name"]], today)


def _of_this_month(match: re.Match[str], today: date) -> date:
    """Return the next day of that number; where the month that comes has none, people are asked."""
    number = int(match["day"])
    if not 1 <= number <= _LONGEST_MONTH:
        raise _no_day(match[0])
    month = today.replace(day=1) if number >= today.day else (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    with contextlib.suppress(ValueError):
        return month.replace(day=number)
    later = (month + timedelta(days=32)).replace(day=number)  # no two months in a row are short
    raise WhenError("date", _no_day(match[0]).said, candidates=[later.isoformat()])


def _weekday_of_number(match: re.Match[str], today: date) -> date:
    """Return the next day of that number, which must be that day of the week: "Samstag, den 6."."""
    return _of_weekday(_of_this_month(match, today), match)


def _slashes(match: re.Match[str], today: date) -> date:
    first, second = int(match["first"]), int(match["second"])
    if first <= 12 and second <= 12 and first != second:
        raise WhenError(
            "date",
            Sentence(
                f"„{match[0]}“ kann der {first}.{second}. oder der {second}.{first}. sein",
                f"“{match[0]}” may be day {first} of month {second} or day {second} of month {first}",
            ),
        )
    day, month = (first, second) if first > 12 else (second, first)
    return _with_year(match["year"], month, day, today, match[0])


def _maybe_yearless(match: re.Match[str], month: int, today: date) -> date:
    day = _with_year(match["year"], month, int(match["day"]), today, match[0])
    return day if match.groupdict().get("weekday") is None else _of_weekday(day, match)


def _of_weekday(day: date, match: re.Match[str]) -> date:
    if day.weekday() != WEEKDAY_NUMBERS[match["weekday"]]:
        german, english = usual_weekday(day.weekday())
        raise WhenError(
            "date",
            Sentence(
                f"der {day:%d.%m.%Y} ist ein {german.capitalize()}, kein {match['weekday'].capitalize()}",
                f"{day:%Y-%m-%d} is a {english.capitalize()}, no {match['weekday'].capitalize()}",
            ),
        )
    return day


def _with_year(year: str | None, month: int, day: int, today: date, words: str) -> date:
    """Return the day; without a year the next one there is."""
    if year is not None:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day, words)
    for candidate in range(today.year, today.year + 9):  # 29 February may be eight years away
        with contextlib.suppress(ValueError):
            if (found := date(candidate, month, day)) >= today:
                return found
    raise _no_day(words)


def _date(year: int, month: int, day: int, words: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _no_day(words) from None


def _no_day(words: str) -> WhenError:
    return WhenError("date", Sentence(f"den Tag „{words}“ gibt es nicht", f"there is no day “{words}”"))


def _two(words: str, one: date, other: date) -> WhenError:
    return WhenError(
        "date",
        Sentence(
            f"„{words}“ kann der {one:%d.%m.} oder der {other:%d.%m.%Y} sein; bitte das Datum nennen",
            f"“{words}” may be {one:%Y-%m-%d} or {other:%Y-%m-%d}; please say the date",
        ),
        candidates=[one.isoformat(), other.isoformat()],
    )


_ON_WEEKDAY = rf"(?:(?P<weekday>{_NAMES})\b\.?,? ?{_THE})?"
_FORMS: Final[tuple[tuple[re.Pattern[str], _Reader], ...]] = tuple(
    (re.compile(pattern + _AFTER), reader)
    for pattern, reader in (
        (r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", _iso),
        (
            (rf"{_THE}{_ON_WEEKDAY}(?P<day>\d{{1,2}})\. ?(?P<month>\d{{1,2}})"
            r"(?:\. ?(?P<year>\d{4}|\d\d(?![\d:.])(?! ?(?:uhr|bis|-))))?\.?"),
            _numbers,
        ),
        (rf"{_THE}{_ON_WEEKDAY}{_DAY_NUMBER}(?: of)? (?P<name>{_MONTH_NAMES}){_YEAR}", _named_month),
        (rf"{_THE}{_ON_WEEKDAY}(?P<name>{_MONTH_NAMES}) {_DAY_NUMBER}(?:,? (?P<year>\d{{4}}))?", _named_month),
        (rf"{_THE}(?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})(?:/(?P<year>\d{{4}}|\d\d))?", _slashes),
        (r"(?:heute|today|this(?= (?:morning|afternoon|evening)))", _relative(0)),
        (r"(?:übermorgen|uebermorgen|the day after tomorrow|day after tomorrow)", _relative(2)),
        (r"(?:morgen|tomorrow)", _relative(1)),
        (r"in (?P<count>\d{1,4}|" + "|".join(_COUNTS) + r") (?P<unit>tag(?:en?)?|wochen?|days?|weeks?)", _in_some_time),
        (
            (rf"{_THE}(?P<week>nächste[rn]? woche|kommende[rn]? woche|diese[r]? woche|next week|this week)"
            rf"(?: {_THE}(?P<weekday>{_NAMES}))?"),
            _weekday_of_week,
        ),
        (
            rf"{_THE}(?P<weekday>{_NAMES})\b\.?,? ?{_THE}(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)(?! ?[\d:])",
            _weekday_of_number,
        ),
        (
            (rf"{_THE}(?P<which>(?:nächste[rn]?|naechste[rn]?|kommende[rn]?|diese[rn]?|next|coming|this) )?"
            rf"(?P<weekday>{_NAMES})\b\.?"),
            _weekday,
        ),
    )
)  # fmt: skip
_BY_NUMBER: Final = tuple(
    (re.compile(pattern + _AFTER), _of_this_month)
    for pattern in (
        r"(?:am|on the|den|dem|zum) (?P<day>\d{1,2})(?:\.|st|nd|rd|th)?(?! ?[\d:]| ?uhr)",
        r"(?:the )?(?P<day>\d{1,2})(?:(?:\.|st|nd|rd|th)(?! ?\d)|$)",
    )
)
