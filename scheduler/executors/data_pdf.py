"""Reads text, tables and metadata of PDF files."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import dropwhile
from typing import Any, Final

import pdfplumber
import pypdf
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.psexceptions import PSException
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException
from pypdf.errors import PyPdfError

from scheduler.core.errors import TableUnreadableError
from scheduler.core.sentences import Sentence
from scheduler.executors.data_tables import Table
from scheduler.executors.data_values import column_names, typed

MOST_PAGES: Final = 500
LONGEST_TEXT: Final = 500_000  # characters; results are stored with the job
_BY_TEXT: Final = {"vertical_strategy": "text", "horizontal_strategy": "text"}


def read_pdf(name: str, content: bytes, pages: Sequence[int] = ()) -> dict[str, Any]:
    """Return text, number of pages and metadata. Raises TableUnreadableError for what is no PDF or is locked."""
    with _readable(name):
        document = pypdf.PdfReader(io.BytesIO(content))
        if document.is_encrypted and not document.decrypt(""):
            raise TableUnreadableError(name, _LOCKED)
        count = len(document.pages)
        wanted = [number for number in (pages or range(1, min(count, MOST_PAGES) + 1)) if number <= count]
        text = "\n\f".join(document.pages[number - 1].extract_text() for number in wanted)
        metadata = {key.removeprefix("/").lower(): str(value) for key, value in (document.metadata or {}).items()}
    return {"text": text[:LONGEST_TEXT], "pages": count, "metadata": metadata, "truncated": len(text) > LONGEST_TEXT}


def pdf_tables(name: str, content: bytes, pages: Sequence[int] = ()) -> list[Table]:
    """Return the tables with lines on the pages, and where a page has none those that its text lines up to.

    Raises TableUnreadableError for what is no PDF or is locked.
    """
    found: list[Table] = []
    with _readable(name), pdfplumber.open(io.BytesIO(content)) as document:
        for page in document.pages[:MOST_PAGES]:
            if pages and page.page_number not in pages:
                continue
            for cells in page.extract_tables() or page.extract_tables(_BY_TEXT):
                table = _table(f"Seite {page.page_number}", cells)
                if table is not None:
                    found.append(table)
            page.close()
    return found


def _table(name: str, cells: list[list[str | None]]) -> Table | None:
    rows = [[" ".join((cell or "").split()) for cell in row] for row in cells]
    filled = list(dropwhile(lambda row: sum(map(bool, row)) < 2, (row for row in rows if any(row))))  # a title above
    if len(filled) < 2 or len(filled[0]) < 2:
        return None
    return Table(name, column_names(filled[0]), typed(filled[1:], len(filled[0])))


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except (PDFPasswordIncorrect, PdfminerException, MalformedPDFException, PSException, PyPdfError) as error:
        locked = isinstance(error, PDFPasswordIncorrect) or "Password" in repr(error)
        raise TableUnreadableError(name, _LOCKED if locked else _NO_PDF) from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:  # a damaged file
        raise TableUnreadableError(name, _NO_PDF) from error


_LOCKED = Sentence("das PDF ist mit einem Kennwort geschützt", "the PDF is protected by a password")
_NO_PDF = Sentence("das ist kein PDF, oder es ist beschädigt", "this is no PDF, or it is damaged")
