"""Reads which days that have been are meant: gestern, last week, seit Montag, im März, in den letzten drei Tagen."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple

from scheduler.core.calendar_words import MONTH_NUMBERS, WEEKDAY_NUMBERS, any_of
from scheduler.core.sentences import Sentence
from scheduler.core.when_dates import WhenError

_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        (
            "ein eine einen einem einer one a",
            "zwei two beiden",
            "drei three",
            "vier four",
            "fünf five",
            "sechs six",
            "sieben seven",
            "acht eight",
            "neun nine",
            "zehn ten",
            "elf eleven",
            "zwölf twelve",
        ),
        1,
    )
    for word in words.split()
}
_AGO: Final = {"heute": 0, "today": 0, "gestern": 1, "yesterday": 1, "vorgestern": 2, "day before yesterday": 2}
_PART_OF_DAY: Final = re.compile(
    r"(?<=\w) ?(?:früh|morgen|vormittag|nachmittag|mittag|(?<!sonn)abend|morning|afternoon|evening)$"
)
_NIGHT: Final = frozenset({"last night", "letzte nacht", "letzter nacht"})
_LAST = r"(?:letzte|vorige|vergangene|last|past|previous)[nrms]?"
_THIS = r"(?:diese|dies|this)[nrms]?"
_COUNT = rf"(?P<count>\d{{1,3}}|{any_of(tuple(_NUMBERS))})"
_UNITS: Final = {
    "tag": "d",
    "day": "d",
    "woche": "w",
    "week": "w",
    "monat": "m",
    "month": "m",
    "jahr": "y",
    "year": "y",
}
_A_FEW: Final = {"d": 7, "w": 28, "m": 120, "y": 1500}
"""Days that "the last days", weeks, months and years go back where nobody says how many."""
_UNIT = rf"(?P<unit>{any_of(tuple(_UNITS))})(?:e|en|n|es|s)?"
_UNITS_OF_SOME = (
    r"(?:(?:few|paar|wenigen|several) )?"
    r"(?P<unit>(?:tag|monat|jahr)(?=en?$)|woche(?=n$)|(?:day|week|month|year)(?=s$))[ens]+"
)
_MONTH = rf"(?P<month>{any_of(tuple(MONTH_NUMBERS))})"
_YEARS: Final = range(1900, 3000)
"""Those of which mails may be."""
_YEAR = r"(?:,? (?P<year>\d{4}))?"
_DAY = r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?"
_BEFORE: Final = re.compile(r"^(?:(?:am|on|vom|von|der|den|dem|the|in|im|of|from) )+", re.IGNORECASE)
_BETWEEN: Final = re.compile(
    r"(?P<first>.+?)(?: (?:bis(?: zum)?|to|until|through|und(?: dem)?|and(?: the)?) | ?– ?)(?P<last>.+)"
)


class Days(NamedTuple):
    """The first and the last of them."""

    first: date
    last: date


_MONTHS_OF_A_QUARTER: Final = 3
_NTH: Final = {
    word: number
    for number, words in enumerate(
        ("1 1st erste first", "2 2nd zweite second", "3 3rd dritte third", "4 4th vierte fourth"), 1
    )
    for word in words.split()
}
_QUARTER: Final = (
    rf"(?:q(?P<q>[1-4])|(?P<nth>{any_of(tuple(_NTH))})(?:\.|[nrms])? (?:quartals?|quarter)"
    r"|(?:quartal|quarter) (?P<n>[1-4]))"
    r"(?:(?: of)?[ /](?P<year>\d{4}))?"
)
_PARTS_OF: Final = {
    "anfang": 0, "beginning of": 0, "start of": 0, "early": 0, "mitte": 1, "middle of": 1, "mid": 1, "mid-": 1,
    "ende": 2, "end of": 2, "late": 2,
}  # fmt: skip
"""Which third of a time is meant."""
_THIRDS: Final = 3
_HOURS_OF_A_DAY: Final = 24


_Reader = Callable[[re.Match[str], date], Days]


def number_of(words: str) -> int:
    """Return a number that is written in digits or, up to twelve, in words."""
    return int(words) if words.isdecimal() else _NUMBERS[words.casefold()]


NUMBER: Final = rf"\d{{1,3}}|{any_of(tuple(_NUMBERS))}"
"""What `number_of` reads."""


def past_days(words: str, today: date) -> Days:
    """Return the days that are meant; such as return are the last ones that have been.

    Raises WhenError for what cannot be read.
    """
    said = _BEFORE.sub("", " ".join(words.casefold().split())).strip(" .,")
    both = _BETWEEN.fullmatch(said)
    if both is not None:
        return _from_to(both["first"], both["last"], today)
    if said in _NIGHT:
        return Days(today - timedelta(days=1), today)
    said = "today" if (day := _PART_OF_DAY.sub("", said)) == "this" else day
    if said in _AGO:
        return _one(today - timedelta(days=_AGO[said]))
    for pattern, reader in _FORMS:
        if (match := pattern.fullmatch(said)) is not None:
            return reader(match, today)
    raise _unread(words)


def _from_to(first: str, last: str, today: date) -> Days:
    """Return the days from one to another: "Freitag bis Montag" are those before the Monday that has been."""
    end = past_days(last, today).last
    if first.strip(". ").isdecimal():
        day = int(first.strip(". "))
        month = end if day <= end.day else end.replace(day=1) - timedelta(days=1)
        return Days(_checked(month.year, month.month, day, f"{first} – {last}"), end)
    start = past_days(first, today).first
    return Days(start if start <= end else past_days(first, end).first, end)


def _one(day: date) -> Days:
    return Days(day, day)


def _unread(words: str) -> WhenError:
    said = Sentence(
        f"„{words[:100]}“ ist keine Zeit, die ich lesen kann; etwa gestern, letzte Woche oder 1.3.2026",
        f"“{words[:100]}” is no time I can read; for example yesterday, last week or 2026-03-01",
    )
    return WhenError("date", said)


def _checked(year: int, month: int, day: int, words: str) -> date:
    try:
        return date(year if year in _YEARS else 0, month, day)
    except ValueError:
        raise _unread(words) from None


def _back(match: re.Match[str], today: date) -> Days:
    """The last few days, weeks, months, up to today."""
    count, unit = number_of(match["count"]), _UNITS[match["unit"]]
    return Days(today - timedelta(days=count * {"d": 1, "w": 7, "m": 30, "y": 365}[unit]), today)


def _hours(match: re.Match[str], today: date) -> Days:
    """The last hours, up to now: mails have days, so the one before counts as far as they go back."""
    return Days(today - timedelta(days=-(-int(match["count"]) // _HOURS_OF_A_DAY)), today)


def _quarter(match: re.Match[str], today: date) -> Days:
    number = int(match["q"] or match["n"] or _NTH[match["nth"]])
    first = _MONTHS_OF_A_QUARTER * (number - 1) + 1
    return _quarter_of(int(match["year"] or today.year - (first > today.month)), first, today, match[0])


def _quarter_back(back: int, today: date, words: str) -> Days:
    quarters = today.year * 4 + (today.month - 1) // _MONTHS_OF_A_QUARTER - back
    return _quarter_of(quarters // 4, quarters % 4 * _MONTHS_OF_A_QUARTER + 1, today, words)


def _quarter_of(year: int, month: int, today: date, words: str) -> Days:
    return Days(_checked(year, month, 1, words), _month_of(year, month + 2, today, words).last)


def _week(match: re.Match[str], today: date) -> Days:
    """A week of the year by its number, the last one that has begun."""
    number, said = int(match["number"]), match["year"]
    year = int(said or today.isocalendar().year - (number > today.isocalendar().week))
    try:
        monday = date.fromisocalendar(year, number, 1)
    except ValueError:
        raise _unread(match[0]) from None
    return Days(monday, min(monday + timedelta(days=6), today))


def _part(match: re.Match[str], today: date) -> Days:
    """The first, second or last third of a time that is said: "Anfang März", "end of last week"."""
    whole, which = past_days(match["of"], today), _PARTS_OF[match["part"]]
    third = ((whole.last - whole.first).days + 1) / _THIRDS
    first, last = (whole.first + timedelta(days=round(third * at)) for at in (which, which + 1))
    return Days(first, min(last, whole.last))


def _some(match: re.Match[str], today: date) -> Days:
    return Days(today - timedelta(days=_A_FEW[_UNITS[match["unit"]]]), today)


def _ago(match: re.Match[str], today: date) -> Days:
    return _unit(match, today, back=number_of(match["count"]))


def _unit(match: re.Match[str], today: date, *, back: int) -> Days:
    unit = _UNITS[match["unit"]]
    if unit == "d":
        return _one(today - timedelta(days=back))
    if unit == "w":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return Days(monday, min(monday + timedelta(days=6), today))
    if unit == "y":
        return _year_of(today.year - back, today, match[0])
    months = today.year * 12 + today.month - 1 - back
    return _month_of(months // 12, months % 12 + 1, today, match[0])


def _year_of(year: int, today: date, words: str) -> Days:
    return Days(_checked(year, 1, 1, words), min(date(year, 12, 31), today))


def _month_of(year: int, month: int, today: date, words: str) -> Days:
    first = _checked(year, month, 1, words)
    after = date(year + month // 12, month % 12 + 1, 1)
    return Days(first, min(after - timedelta(days=1), today))


def _weekday(match: re.Match[str], today: date) -> Days:
    """The nearest one that has been; of today's name it is today, but for "last"."""
    ago = (today.weekday() - WEEKDAY_NUMBERS[match["weekday"]]) % 7
    return _one(today - timedelta(days=7 if ago == 0 and match["last"] else ago))


def _weekend(match: re.Match[str], today: date) -> Days:
    """The nearest that has begun; on one of its days "last" is the one before."""
    back = (today.weekday() - WEEKDAY_NUMBERS["saturday"]) % 7
    saturday = today - timedelta(days=back + (7 if back < 2 and match["last"] else 0))
    return Days(saturday, min(saturday + timedelta(days=1), today))


def _month(match: re.Match[str], today: date) -> Days:
    month = MONTH_NUMBERS[match["month"]]
    return _month_of(int(match["year"] or today.year - (month > today.month)), month, today, match[0])


def _day(match: re.Match[str], today: date) -> Days:
    parts = match.groupdict()
    month = MONTH_NUMBERS[parts["month"]] if parts.get("month") else int(parts["number"])
    year, day = parts["year"], int(parts["day"])
    if year:
        return _one(_checked(int(year) if len(year) == 4 else 2000 + int(year), month, day, match[0]))
    this = _checked(2000, month, day, match[0])  # a leap year
    years = range(today.year, today.year - 9, -1)
    there = (one for one in years if (month, day) != (2, 29) or one % 4 == 0)
    return _one(next(found for found in (this.replace(year=one) for one in there) if found <= today))


_FORMS: Final[tuple[tuple[re.Pattern[str], _Reader], ...]] = (
    (re.compile(rf"{_LAST} {_COUNT} {_UNIT}"), _back),
    (re.compile(rf"{_LAST} {_UNITS_OF_SOME}"), _some),
    (re.compile(rf"{_LAST} (?P<count>\d{{1,3}}) (?:stunden?|hours?)"), _hours),
    (re.compile(rf"{_LAST} (?:quartals?|quarter)"), lambda match, today: _quarter_back(1, today, match[0])),
    (re.compile(rf"{_THIS} (?:quartals?|quarter)"), lambda match, today: _quarter_back(0, today, match[0])),
    (re.compile(_QUARTER), _quarter),
    (re.compile(r"(?:kw|kalenderwoche|(?:calendar )?week) ?(?P<number>\d{1,2})(?:[ /](?P<year>\d{4}))?"), _week),
    (re.compile(rf"(?P<part>{any_of(tuple(_PARTS_OF))}) ?(?:(?:des|der|the) )?(?P<of>.+)"), _part),
    (re.compile(rf"vor {_COUNT} {_UNIT}"), _ago),
    (re.compile(rf"{_COUNT} {_UNIT} ago"), _ago),
    (re.compile(rf"{_LAST} {_UNIT}"), lambda match, today: _unit(match, today, back=1)),
    (re.compile(rf"{_THIS} {_UNIT}"), lambda match, today: _unit(match, today, back=0)),
    (re.compile(rf"(?P<last>{_LAST} )?(?:{_THIS} )?(?P<weekday>{any_of(tuple(WEEKDAY_NUMBERS))})"), _weekday),
    (re.compile(rf"(?P<last>{_LAST} )?(?:{_THIS} )?(?:wochenendes?|weekend)"), _weekend),
    (
        re.compile(r"(?:jahre?s? |year )?(?P<year>(?:19|20)\d\d)"),
        lambda match, today: _year_of(int(match["year"]), today, match[0]),
    ),
    (re.compile(rf"{_MONTH}{_YEAR}"), _month),
    (re.compile(rf"{_DAY} ?{_MONTH}{_YEAR}"), _day),
    (re.compile(rf"{_MONTH} {_DAY}{_YEAR}"), _day),
    (re.compile(r"(?P<day>\d{1,2})\. ?(?P<number>\d{1,2})\.? ?(?P<year>\d{4}|\d\d)?"), _day),
    (re.compile(r"(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)"), _day),
    (re.compile(r"(?P<number>\d{1,2})/(?P<day>\d{1,2})(?:/(?P<year>\d{4}|\d\d))?"), _day),
)
