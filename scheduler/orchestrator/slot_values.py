"""Gives the words of a request their values: a day, a time, an amount with its currency, addresses, a kind of file.

What may mean two things has no value but says what it may be; nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from price_parser import Price
from pydantic import BaseModel, ConfigDict
from text_to_num import text2num

from scheduler.core.address_book import AddressBook, UnfitNameError
from scheduler.core.money_words import ANY_NAME, CURRENCIES, LONGER, SIGN
from scheduler.core.slots import FILE_NAME, Said
from scheduler.core.when import clock_times
from scheduler.core.when_dates import WhenError, day_of

Kind = Literal["text", "person", "date", "time", "amount", "id", "file", "file_format", "url", "place"]
KINDS: Final[dict[str, Kind]] = {
    "recipient": "person", "cc": "person", "participants": "person", "sender": "person", "date": "date", "time": "time",
    "amount": "amount", "document_id": "id", "file_name": "file", "file_format": "file_format", "url": "url",
    "folder": "place", "portal": "place", "application": "place",
}  # fmt: skip
_FORMATS: Final = {
    "excel": "xlsx", "xls": "xlsx", "xlsx": "xlsx", "spreadsheet": "xlsx", "word": "docx", "doc": "docx",
    "docx": "docx", "text": "txt",
    "powerpoint": "pptx", "markdown": "md", "jpeg": "jpg",
}  # fmt: skip
_CURRENCY_WORD: Final = re.compile(ANY_NAME, re.IGNORECASE)
_LARGE: Final = re.compile(r"(?i)(?P<number>\d[\d.,']*) ?(?P<times>[a-z]+)")
_CENTS: Final = re.compile(
    rf"(?i)(?<=\d) ?(?:{SIGN}|(?-i:[A-Z]{{3}})\b) (?:und |and )?(?P<cents>\d\d|[a-z].*)(?: ?(?:cents?|pence|p))?$"
)
"""What is said of an amount behind its unit: "12 Euro 50"."""
_GROUPED: Final = re.compile(r"[.,]\d{3}(?!\d)")
_RANGE: Final = re.compile(r"(?P<first>.+?) ?(?:bis(?: zum)?|to|until|through|-|–) ?(?P<last>.+)", re.IGNORECASE)
_BARE_DAY: Final = re.compile(r"(\d{1,2})\.?")
_MAIL: Final = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")
_PERIOD: Final = re.compile(
    r"(?P<part>ende|anfang|mitte|end of|beginning of|start of|mid)?[ -]?"
    r"(?:q(?P<quarter>[1-4])|(?:kw|week) ?(?P<week>\d{1,2}))(?:[ /](?P<year>20\d\d))?",
    re.IGNORECASE,
)
_WEEKS: Final = {
    "letzte": -1,
    "vorige": -1,
    "vergangene": -1,
    "last": -1,
    "past": -1,
    "diese": 0,
    "this": 0,
    "nächste": 1,
    "kommende": 1,
    "next": 1,
    "coming": 1,
}
_SPAN: Final = re.compile(
    rf"(?P<which>{'|'.join(_WEEKS)})[nrms]? (?P<unit>woche|week|monat|month|jahr|year)s?", re.IGNORECASE
)


_USUAL: Final = {"fuenf": "fünf", "zwoelf": "zwölf", "fuffzig": "fünfzig"}
_SPELT_OTHERWISE: Final = re.compile("|".join(_USUAL))


class Slot(BaseModel):
    """What a request says of one thing. `span` is the place of the words in it, None where they were given otherwise.

    `value` depends on `kind`: a date is "2026-12-01" or {"from", "to"}, a time "14:30" or {"from", "to"}, an amount
    {"value": "46.80", "currency": "£"}, a person a list of mail addresses; None where the words have no sure value.
    `may_be` are the values that unclear words may have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    words: str
    span: tuple[int, int] | None = None
    kind: Kind = "text"
    value: Any = None
    may_be: tuple[str, ...] = ()


def typed_slots(
    slots: Mapping[str, str], said: Sequence[Said], now: datetime, addresses: AddressBook
) -> tuple[Slot, ...]:
    """Return each slot with its value; `now` is the time where people are. What was said twice comes twice.

    What `said` tells of other words than the slot has is overlooked: the slot was answered or given otherwise.
    """
    found = list[Said]()
    for name, words in slots.items():
        own = [one for one in said if one.slot == name and one.words in words]
        found += own or [Said(name, words, -1, -1)]
    return tuple(_typed(one, now, addresses) for one in found)


def each_once(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """Return the slots, those that are told twice once."""
    found: dict[str, Slot] = {slot.model_dump_json(): slot for slot in slots}
    return tuple(found.values())


def of_order_number(slots: Iterable[Slot], number: int, by: int) -> Iterator[Slot]:
    """Yield the slots of one of several orders, whose words begin `by` in the whole request (-1: nowhere)."""
    for slot in slots:
        span = None if slot.span is None or by < 0 else (slot.span[0] + by, slot.span[1] + by)
        yield slot.model_copy(update={"name": f"{number}.{slot.name}", "span": span})


def _typed(one: Said, now: datetime, addresses: AddressBook) -> Slot:
    kind = KINDS.get(one.slot, "text")
    value, may_be = _value(kind, one.words, now, addresses)
    span = (one.start, one.end) if one.start >= 0 else None
    return Slot(name=one.slot, words=one.words, span=span, kind=kind, value=value, may_be=tuple(may_be))


def _value(kind: Kind, words: str, now: datetime, addresses: AddressBook) -> tuple[Any, Sequence[str]]:
    unclear: dict[Kind, Callable[[], tuple[Any, Sequence[str]]]] = {
        "date": lambda: _date(words, now.date()),
        "time": lambda: clock_times(words),
        "person": lambda: _person(words, addresses),
    }
    return unclear[kind]() if kind in unclear else (_sure_value(kind, words), ())


def _sure_value(kind: Kind, words: str) -> Any:  # noqa: ANN401 - JSON out
    if kind == "amount":
        return _amount(words)
    if kind == "file":
        return {"name": words, "format": words.rpartition(".")[2].lower() if FILE_NAME.fullmatch(words) else None}
    if kind == "file_format":
        return _FORMATS.get(words.casefold(), words.casefold())
    if kind == "url" and "://" not in words:
        return f"https://{words}" if "." in words else None
    return words


def _amount(words: str) -> dict[str, str | None] | None:
    plain = _CURRENCY_WORD.sub(lambda match: CURRENCIES[match[0].casefold().rstrip("s")], words)
    plain = _in_digits(plain.replace("'", ""))
    cents, large = _CENTS.search(plain), _LARGE.search(plain)
    times = large["times"].casefold() if large is not None else ""
    price = Price.fromstring(plain if cents is None else plain[: cents.start("cents")])
    amount = price.amount
    if amount is None:
        return None
    if cents is not None:
        if not cents["cents"].isdecimal() or amount != amount.to_integral_value():
            return None
        amount += Decimal(cents["cents"]).scaleb(-2)
    elif large is not None and times in LONGER:
        longer = LONGER[times]
        if longer is None or _GROUPED.search(large["number"]):
            return None
        amount = amount.scaleb(longer).quantize(Decimal(1))
    return {
        "value": str(amount),
        "currency": CURRENCIES.get(price.currency or "", (price.currency or "").upper()) or None,
    }


def _in_digits(amount: str) -> str:
    """Return an amount whose number is said in words with digits: "zweihundert EUR" is "200 EUR"."""
    number, _, unit = amount.rpartition(" ")
    said = number_said(number)
    return amount if said is None else f"{said} {unit}"


def number_said(words: str) -> int | None:
    """Return the number that is said in German or English words; None where they are no such number."""
    usual = _SPELT_OTHERWISE.sub(lambda found: _USUAL[found[0]], words.casefold())
    for language in ("de", "en"):
        with suppress(ValueError):
            return int(text2num(usual, language))
    return None


def _person(words: str, addresses: AddressBook) -> tuple[Any, Sequence[str]]:
    if _MAIL.fullmatch(words.strip("<>")):
        return [words.strip("<>")], ()
    try:
        return list(addresses(words)), ()
    except UnfitNameError as error:
        return None, error.candidates


def _date(words: str, today: date) -> tuple[Any, Sequence[str]]:
    period = _period(words, today)
    if period is not None:
        return {"from": period[0].isoformat(), "to": period[1].isoformat()}, ()
    both = _RANGE.fullmatch(words)
    if both is not None and "-" not in words[:5]:
        last, _ = _date(both["last"], today)
        bare = _BARE_DAY.fullmatch(both["first"])
        first = f"{last[:8]}{int(bare[1]):02}" if bare and isinstance(last, str) else _date(both["first"], today)[0]
        return ({"from": first, "to": last} if isinstance(first, str) and isinstance(last, str) else None), ()
    try:
        day, _, rest = day_of(words.casefold(), today)
    except WhenError as error:
        return None, error.candidates
    return (None, ()) if rest else (day.isoformat(), ())


def _period(words: str, today: date) -> tuple[date, date] | None:
    """Return the first and the last day of a week, month, quarter or year that is named."""
    match = _PERIOD.fullmatch(words.strip())
    if match is not None:
        year = int(match["year"] or today.year)
        if match["week"]:
            monday = date.fromisocalendar(year, min(max(int(match["week"]), 1), 52), 1)
            return monday, monday + timedelta(days=6)
        first = date(year, 3 * int(match["quarter"]) - 2, 1)
        last = _month_end(date(year, 3 * int(match["quarter"]), 1))
        part = (match["part"] or "").casefold()
        return (
            (last, last)
            if part.startswith("end")
            else (first, first)
            if part.startswith(("anfang", "begin", "start"))
            else (first, last)
        )
    span = _SPAN.fullmatch(words.strip())
    if span is None:
        return None
    step = _WEEKS[span["which"].casefold()]
    if span["unit"].casefold() in {"woche", "week"}:
        monday = today + timedelta(days=7 * step - today.weekday())
        return monday, monday + timedelta(days=6)
    if span["unit"].casefold() in {"jahr", "year"}:
        return date(today.year + step, 1, 1), date(today.year + step, 12, 31)
    months = today.year * 12 + today.month - 1 + step
    first = date(months // 12, months % 12 + 1, 1)
    return first, _month_end(first)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
