"""Reads and writes tables as Excel workbooks."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from scheduler.core.errors import TableUnreadableError
from scheduler.core.sentences import Sentence
from scheduler.executors.data_tables import Table
from scheduler.executors.data_values import Cell, column_names, plain

_MOST_ROWS = 200_000


def read_xlsx(name: str, content: bytes, *, header: bool = True) -> list[Table]:
    """Return one table per sheet that holds anything, named like the sheet; formulas give the value last computed.

    Raises TableUnreadableError when it is no workbook.
    """
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise TableUnreadableError(
            name, Sentence("das ist keine Excel-Mappe (xlsx)", "this is no Excel workbook (xlsx)")
        ) from error
    try:
        sheets = [(sheet.title, list(_filled(sheet.iter_rows(values_only=True)))) for sheet in book.worksheets]
    finally:
        book.close()
    return [_table(title, rows, header=header) for title, rows in sheets if rows]


def write_xlsx(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a workbook with one sheet; a text is a text, whatever it begins with."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Tabelle")
    sheet.freeze_panes = "A2"

    def cell(value: Cell, *, bold: bool = False) -> Any:  # noqa: ANN401 - openpyxl's
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.data_type = "s"
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(name, bold=True) for name in columns])
    for row in rows:
        sheet.append([cell(value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _filled(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[Cell]]:
    for _, row in zip(range(_MOST_ROWS), rows, strict=False):
        if any(value is not None and str(value).strip() for value in row):
            yield [plain(value) for value in row]


def _table(title: str, rows: list[list[Cell]], *, header: bool) -> Table:
    width = max(max(number for number, cell in enumerate(row, 1) if cell not in {None, ""}) for row in rows)
    even = [(row + [None] * width)[:width] for row in rows]
    head, body = (even[0], even[1:]) if header else ([None] * width, even)
    return Table(title, column_names(head), body)
