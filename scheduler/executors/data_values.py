"""Finds out what the cells of a table mean: numbers as Germans or as Americans write them, dates, words.

What a whole column shows decides how its cells are read; a single text is read by `typed_text`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from scheduler.core.money_words import CELL_UNIT
from scheduler.executors import typed_text

Cell = str | int | float | bool | None
Rows = list[dict[str, Cell]]

_GERMAN = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")
_ENGLISH = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_CURRENCY = re.compile(rf"^{CELL_UNIT} ?| ?(?:{CELL_UNIT}|%)$")
_GERMAN_DAY = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")
_LONGEST_NUMBER: Final = 15  # digits; a longer one is an account or an order, and a float would lose some


def typed(rows: Sequence[Sequence[str]], width: int, decimal: str | None = None) -> list[list[Cell]]:
    """Return the rows with numbers and ISO dates in the columns whose every filled cell is one.

    `decimal` is the sign before the fraction; without it each column shows which it is, and one that may be read both
    ways (`1.234`) stays text. Numbers with leading zeros (postal codes) and very long ones (accounts) stay text too.
    """
    columns = [[row[number] if number < len(row) else "" for row in rows] for number in range(width)]
    shown = decimal or _decimal_of(columns)
    readers = [_reader(column, shown) for column in columns]
    return [
        [readers[number](column[line]) if column[line].strip() else None for number, column in enumerate(columns)]
        for line in range(len(rows))
    ]


def plain(value: object) -> Cell:
    """Return a cell of a spreadsheet as JSON can hold it: dates in ISO form, a whole number without a fraction."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 10**_LONGEST_NUMBER else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def column_names(cells: Iterable[object]) -> list[str]:
    """Return a name for each column: what stands in the header, numbered where that is nothing or is there twice."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = " ".join(str(cell if cell is not None else "").split()) or f"column_{number}"
        while name in names:
            name = f"{name}_{number}"
        names.append(name)
    return names


def _decimal_of(columns: Iterable[Sequence[str]]) -> str | None:
    """Return the decimal sign that some column shows without doubt, if all that do agree."""
    shown = set()
    for column in columns:
        cells = [_bare(cell) for cell in column if cell.strip()]
        german, english = _all(cells, _GERMAN), _all(cells, _ENGLISH)
        if cells and german != english:
            shown.add("," if german else ".")
    return shown.pop() if len(shown) == 1 else None


def _reader(column: Sequence[str], decimal: str | None) -> Callable[[str], Cell]:
    cells = [_bare(cell) for cell in column if cell.strip()]
    if not cells or any(_LEADING_ZERO.match(cell) or _digits(cell) > _LONGEST_NUMBER for cell in cells):
        return _as_date if _all(cells, _GERMAN_DAY) else str.strip
    german, english = _all(cells, _GERMAN), _all(cells, _ENGLISH)
    if (german and not english) or (german and decimal == ","):
        return lambda cell: typed_text.typed(cell, "number", "de")
    if (english and not german) or (english and decimal == "."):
        return lambda cell: typed_text.typed(cell, "number", "en")
    if german and english and not any(sign in cell for cell in cells for sign in ".,"):
        return lambda cell: typed_text.typed(cell, "integer", "en")
    return _as_date if _all(cells, _GERMAN_DAY) else str.strip


def _as_date(cell: str) -> Cell:
    try:
        return typed_text.typed(cell, "date", "de")
    except ValueError:  # there is no such day
        return cell.strip()


def _bare(cell: str) -> str:
    return _CURRENCY.sub("", cell.strip().replace("\u00a0", " ").replace("−", "-"))


def _digits(cell: str) -> int:
    return sum(letter.isdigit() for letter in cell)


def _all(cells: Sequence[str], pattern: re.Pattern[str]) -> bool:
    return bool(cells) and all(pattern.fullmatch(cell) for cell in cells)


def sort_key(value: Any) -> tuple[int, Any]:  # noqa: ANN401 - a cell
    """Order what is unlike: nothing, then numbers, then words."""
    if value is None:
        return (0, 0)
    if isinstance(value, int | float):
        return (1, value)
    return (2, str(value).casefold())
