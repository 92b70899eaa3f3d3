"""Reads the tables of a web page."""

from itertools import product
from typing import TYPE_CHECKING

from scheduler.core.errors import TableUnreadableError
from scheduler.core.sentences import Sentence
from scheduler.executors.data_tables import Table
from scheduler.executors.data_values import column_names, typed

if TYPE_CHECKING:
    import lxml.html

_WIDEST = 200  # a cell says how many columns it spans; that may be any number
_SPAN = range(1, _WIDEST + 1)


def html_tables(name: str, content: bytes) -> list[Table]:
    """Return the tables of the page, named by their caption or the heading before; cells may span.

    Raises TableUnreadableError when there is nothing in it.
    """
    import lxml.html  # noqa: PLC0415 - dear to import, for those who read pages
    from lxml.etree import ParserError  # noqa: PLC0415

    try:
        page = lxml.html.document_fromstring(content)
    except (ParserError, ValueError) as error:
        raise TableUnreadableError(name, Sentence("das ist keine Webseite", "this is no web page")) from error
    found = [_table(element, number) for number, element in enumerate(page.iter("table"), 1)]
    return [table for table in found if table is not None]


def _table(element: "lxml.html.HtmlElement", number: int) -> Table | None:
    rows = [row for row in _grid(element) if any(row)]
    if len(rows) < 2:
        return None
    width = max(map(len, rows))
    even = [row + [""] * (width - len(row)) for row in rows]
    return Table(_name(element) or f"Tabelle {number}", column_names(even[0]), typed(even[1:], width))


def _grid(element: "lxml.html.HtmlElement") -> list[list[str]]:
    """Return the texts of the cells; one that spans several places stands in each of them."""
    places: dict[tuple[int, int], str] = {}
    rows = [row for row in element.iter("tr") if next(row.iterancestors("table")) is element]
    for line, row in enumerate(rows):
        column = 0
        for cell in (child for child in row if child.tag in {"td", "th"}):
            while (line, column) in places:
                column += 1
            text = " ".join(cell.text_content().split())
            down, right = _span(cell, "rowspan"), _span(cell, "colspan")
            for y, x in product(range(down), range(right)):
                places[line + y, column + x] = text
            column += right
    width = max((x for _, x in places), default=-1) + 1
    return [[places.get((line, x), "") for x in range(width)] for line in range(len(rows))]


def _span(cell: "lxml.html.HtmlElement", name: str) -> int:
    text = cell.get(name, "1").strip()
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) in _SPAN else 1


def _name(element: "lxml.html.HtmlElement") -> str:
    headings = "preceding::*[self::h1 or self::h2 or self::h3 or self::h4][1]"
    nearest = element.xpath("./caption") or element.xpath(headings)
    return " ".join(nearest[0].text_content().split())[:200] if nearest else ""
