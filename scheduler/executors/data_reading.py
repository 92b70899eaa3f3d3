"""Finds the tables of a file, whatever its kind, and the one that is meant."""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.errors import TableUnreadableError
from scheduler.core.sentences import Sentence
from scheduler.executors.data_actions import ReadTable
from scheduler.executors.data_csv import decode, read_csv
from scheduler.executors.data_html import html_tables
from scheduler.executors.data_tables import Table
from scheduler.executors.file_names import folded
from scheduler.executors.file_sources import Source

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?<(?:!doctype|html|head|body|table|div|\?xml)", re.IGNORECASE)
_PAGE = re.compile(r"\b(?:auf|on)?\s*(?:seite|page) (\d{1,5})\b")
_ONLY_TABLE = re.compile(r"(?:\b(?:der|die|das|the|a|eine?|auf|on|mit|with)\b|tabellen?|tables?)")


def tables_of(source: Source, params: ReadTable, field: str) -> list[Table]:
    """Return the tables of a file, those that go on over pages as one. Raises TableUnreadableError."""
    content = source.content
    if content.startswith(_OLD_EXCEL):
        raise TableUnreadableError(source.name, _OLD)
    if content.startswith(b"PK\x03\x04"):
        from scheduler.executors.data_xlsx import read_xlsx  # noqa: PLC0415 - Excel and PDF take long to import, and few services meet one

        found = read_xlsx(source.name, content, header=params.header)
    elif content[:1024].lstrip().startswith(b"%PDF"):
        from scheduler.executors.data_pdf import pdf_tables  # noqa: PLC0415 - as above

        found = _continued(pdf_tables(source.name, content, params.pages or _pages_said(params.table)))
    elif _MARKUP.match(content):
        found = html_tables(source.name, content)
    else:
        text = decode(content, params.encoding, f"{field}.encoding")
        found = [read_csv(source.name, text, delimiter=params.delimiter, decimal=params.decimal, header=params.header)]
    if not found:
        raise TableUnreadableError(source.name, _NONE)
    return found


def chosen(tables: Sequence[Table], wanted: str | int | None, name: str) -> Table:
    """Return the table that is meant; of several it is not guessed. Raises TableUnreadableError, which names them."""
    if isinstance(wanted, int) or (wanted or "").isdecimal():
        number = int(wanted or 0)
        if not 1 <= number <= len(tables):
            raise TableUnreadableError(name, _which(tables))
        return tables[number - 1]
    if len(tables) == 1:
        return tables[0]
    words = _ONLY_TABLE.sub(" ", _PAGE.sub(" ", folded(wanted or ""))).split()
    fitting = [
        table for table in tables if words and all(word in folded(f"{table.name} {table.columns}") for word in words)
    ]
    if len(fitting) != 1:
        raise TableUnreadableError(name, _which(fitting or tables))
    return fitting[0]


def _pages_said(wanted: str | int | None) -> tuple[int, ...]:
    return tuple(int(number) for number in _PAGE.findall(wanted.casefold())) if isinstance(wanted, str) else ()


def _continued(tables: list[Table]) -> list[Table]:
    """Put together what follows with the same columns: a table that goes on on the next page."""
    whole: list[Table] = []
    for table in tables:
        if whole and whole[-1].columns == table.columns:
            whole[-1] = Table(whole[-1].name, table.columns, whole[-1].cells + table.cells)
        else:
            whole.append(table)
    return whole


def _which(tables: Sequence[Table]) -> Sentence:
    there = "; ".join(
        f"{number}: {table.name} ({', '.join(table.columns)})"[:120] for number, table in enumerate(tables[:8], 1)
    )
    return Sentence(f"welche ist gemeint? Es gibt {there}", f"which one is meant? There are {there}")


_OLD = Sentence(
    "das ist eine alte Excel-Datei (xls); bitte als xlsx speichern", "this is an old Excel file (xls); save it as xlsx"
)
_NONE = Sentence("es ist keine darin", "there is none in it")
