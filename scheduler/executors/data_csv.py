"""Reads and writes tables as CSV: encoding, delimiter and decimal comma are found out."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from scheduler.core.errors import InvalidInputError, TableUnreadableError
from scheduler.core.sentences import Sentence
from scheduler.executors.data_tables import Table
from scheduler.executors.data_values import Cell, column_names, typed

_DELIMITERS: Final = ";,\t|"
_LINES_LOOKED_AT: Final = 50
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula (CWE-1236)."""


def decode(content: bytes, encoding: str | None, field: str) -> str:
    """Return the text; without `encoding` by its byte order mark, then UTF-8, then Windows-1252.

    Raises InvalidInputError.
    """
    if encoding is None and content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    for candidate in (encoding,) if encoding else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(candidate)
        except UnicodeError:
            continue
        except LookupError as error:
            raise InvalidInputError(field, f"there is no encoding {candidate!r}") from error
    raise InvalidInputError(field, f"the file is not text in {encoding or 'UTF-8 or Windows-1252'}")


def read_csv(name: str, text: str, *, delimiter: str | None, decimal: str | None, header: bool) -> Table:
    """Return the table. Raises TableUnreadableError when it is none."""
    if text.startswith("sep=") and "\n" in text:  # what Excel writes to say its delimiter
        line, _, text = text.partition("\n")
        delimiter = delimiter or line.strip()[4:5] or None
    if "\0" in text:
        raise TableUnreadableError(name, Sentence("das ist keine Textdatei", "this is no text file"))
    found = delimiter or _delimiter(text)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=found) if any(map(str.strip, row))]
    except csv.Error as error:
        raise TableUnreadableError(name, Sentence(f"kein CSV ({error})", f"no CSV ({error})")) from error
    if not rows:
        raise TableUnreadableError(name, Sentence("sie ist leer", "it is empty"))
    width = max(map(len, rows))
    head, body = (rows[0], rows[1:]) if header else ([], rows)
    names = column_names([*head, *[""] * (width - len(head))])
    return Table(name, names, typed(body, width, decimal))


def write_csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, delimiter: str, decimal: str) -> bytes:
    """Return CSV in UTF-8 with a mark, which Excel needs to see; texts a spreadsheet would run get an apostrophe."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow([_shown(name, decimal) for name in columns])
    writer.writerows([[_shown(cell, decimal) for cell in row] for row in rows])
    return target.getvalue().encode("utf-8-sig")


def _delimiter(text: str) -> str:
    """Return the sign that cuts most lines alike: `csv.Sniffer` takes the comma of German numbers for one."""
    lines = text.splitlines()[:_LINES_LOOKED_AT]

    def alike(sign: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common) / len(widths), common) if common > 1 else (0.0, 1)

    best = max(_DELIMITERS, key=alike)
    return best if alike(best)[1] > 1 else ";"


def _shown(cell: Cell, decimal: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell).replace(".", decimal)
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_DANGEROUS) else text
