"""Tables as they come in an office: German CSV, Excel, PDF with and without lines, web pages; nothing is guessed."""

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from fpdf import FPDF

from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext, ExecutionResult
from scheduler.executors.data_executor import DataExecutor
from scheduler.executors.files import ArtifactStore
from tests.support.folders import artifacts, root

__all__ = ["artifacts", "root"]

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("data"))
ROWS = [{"Artikel": "Müller", "Betrag": 1234.5}, {"Artikel": "=1+1", "Betrag": None}]
PRICES = [["Artikel", "Preis"], ["Schraube", "1,50"], ["Dübel", "0,30"]]


@pytest.fixture
def executor(root: Path, artifacts: ArtifactStore) -> DataExecutor:
    return DataExecutor(root=root, artifacts=artifacts)


def _todo(action: str, **params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id="data", action=f"data.{action}", params=params)


async def _read(executor: DataExecutor, root: Path, content: bytes, **params: Any) -> ExecutionResult:  # noqa: ANN401
    (root / "quelle").write_bytes(content)
    return await executor.execute(_todo("read_table", source="quelle", **params), CONTEXT)


def _problem(result: ExecutionResult) -> str:
    assert result.error is not None
    return f"{result.error.code} {result.error.message}"


def _pdf(*tables: list[list[str]], lines: bool = True) -> bytes:
    document = FPDF()
    document.set_font("Helvetica", size=11)
    for rows in tables:
        document.add_page()
        document.cell(text="Angebot der Firma")
        document.ln(20)
        with document.table(borders_layout="ALL" if lines else "NONE", first_row_as_headings=False) as table:
            for row in rows:
                table.row(row)
    return bytes(document.output())


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("Name;Betrag\nMüller;1.234,50\nMeier;7,00".encode(), [("Müller", 1234.5), ("Meier", 7.0)]),
        ("Name;Betrag\nMüller;1.234,50".encode("cp1252"), [("Müller", 1234.5)]),
        ('\ufeffName,Betrag\nMüller,"1,234.50"'.encode(), [("Müller", 1234.5)]),
        ("Name\tBetrag\nMüller\t5".encode("utf-16"), [("Müller", 5)]),
        ("sep=|\nName|Betrag\nMüller|5".encode(), [("Müller", 5)]),
        (b"Name;Betrag\na;1,5\nb;2,5\nc;1,5", [("a", 1.5), ("b", 2.5), ("c", 1.5)]),
        (b'Name;Betrag\n"a;b\nc";-3,00 \xe2\x82\xac\n', [("a;b\nc", -3.0)]),
        (b"Name;Betrag\n01067;1.234\n", [("01067", "1.234")]),
        (b"Name;Betrag\nDE;12345678901234567890\n", [("DE", "12345678901234567890")]),
        (b"Name;Betrag\nx;24.12.2026\n", [("x", "2026-12-24")]),
        (b"Name;Betrag\nx;\n;3\n", [("x", None), (None, 3)]),
    ],
)
async def test_csv_is_read_as_it_was_meant(
    executor: DataExecutor, root: Path, content: bytes, rows: list[tuple[object, ...]]
) -> None:
    done = await _read(executor, root, content)

    assert done.result["columns"] == ["Name", "Betrag"]
    assert [tuple(row.values()) for row in done.result["rows"]] == rows


async def test_what_may_be_read_two_ways_is_decided_by_another_column_or_by_word(
    executor: DataExecutor, root: Path
) -> None:
    shown = await _read(executor, root, b"a;b\n1.234;0,5")
    said = await _read(executor, root, b"a;b\n1.234;x", decimal=",")

    assert shown.result["rows"] == [{"a": 1234, "b": 0.5}]
    assert said.result["rows"] == [{"a": 1234, "b": "x"}]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv", "t.tsv", "t.json"])
async def test_what_is_written_is_read_back_and_no_text_becomes_a_formula(
    executor: DataExecutor, artifacts: ArtifactStore, name: str
) -> None:
    write = _todo("write_table", rows=ROWS, name=name)

    done = await executor.execute(write, CONTEXT)
    content = artifacts.path_of(done.result["artifact"]).read_bytes()

    assert (done.result["name"], done.result["count"]) == (name, 2)
    assert (await executor.verify(write, CONTEXT)).result == done.result
    if name.endswith(".json"):
        assert json.loads(content) == ROWS
        return
    back = await executor.execute(_todo("read_table", source=done.result["artifact"]), CONTEXT)
    guarded = "=1+1" if name.endswith(".xlsx") else "'=1+1"
    assert back.result["rows"] == [ROWS[0], {"Artikel": guarded, "Betrag": None}]
    if name.endswith(".xlsx"):
        assert openpyxl.load_workbook(io.BytesIO(content)).active["A3"].data_type == "s"  # type: ignore[index]


async def test_a_sheet_is_chosen_by_name_or_number_and_never_guessed(executor: DataExecutor, root: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Monat", "Summe"])  # type: ignore[union-attr]
    book.active.append(["Mai", 3])  # type: ignore[union-attr]
    book.create_sheet("Leer")
    sheet = book.create_sheet("Umsatz")
    sheet.append(["Land", None, "Land"])
    sheet.append(["DE", 1, 2.5])
    book.save(root / "mappe.xlsx")

    by_word = await executor.execute(_todo("read_table", source="mappe.xlsx", table="Umsatztabelle"), CONTEXT)
    by_number = await executor.execute(_todo("read_table", source="mappe.xlsx", table=1), CONTEXT)
    unsaid = await executor.execute(_todo("read_table", source="mappe.xlsx"), CONTEXT)

    assert by_word.result["rows"] == [{"Land": "DE", "column_2": 1, "Land_3": 2.5}]
    assert by_number.result["rows"] == [{"Monat": "Mai", "Summe": 3}]
    assert "2: Umsatz (Land" in _problem(unsaid)


@pytest.mark.parametrize("lines", [True, False], ids=["with lines", "without lines"])
async def test_a_table_of_a_pdf_becomes_rows_and_a_file(
    executor: DataExecutor, root: Path, artifacts: ArtifactStore, lines: bool
) -> None:
    content = _pdf(PRICES, lines=lines)
    (root / "angebot.pdf").write_bytes(content)

    done = await executor.execute(_todo("extract_table", source="angebot.pdf", format="Excel"), CONTEXT)

    assert done.result["rows"] == [{"Artikel": "Schraube", "Preis": 1.5}, {"Artikel": "Dübel", "Preis": 0.3}]
    assert done.result["name"] == "angebot.xlsx"
    assert openpyxl.load_workbook(artifacts.path_of(done.result["artifact"])).active["B2"].value == 1.5  # type: ignore[index]


async def test_a_table_that_goes_on_over_pages_is_one_and_a_page_may_be_said(
    executor: DataExecutor, root: Path
) -> None:
    (root / "a.pdf").write_bytes(_pdf(PRICES, [PRICES[0], ["Nagel", "0,10"]], [["Ort", "Datum"], ["Köln", "heute"]]))

    whole = await executor.execute(_todo("read_table", source="a.pdf", table="Preistabelle"), CONTEXT)
    third = await executor.execute(_todo("read_table", source="a.pdf", table="Tabelle auf Seite 3"), CONTEXT)
    unsaid = await executor.execute(_todo("read_table", source="a.pdf"), CONTEXT)

    assert whole.result["count"] == 3
    assert third.result["columns"] == ["Ort", "Datum"]
    assert _problem(unsaid).startswith("table_unreadable")


async def test_the_table_of_a_web_page_may_span_cells(executor: DataExecutor, root: Path) -> None:
    page = (
        b"<!doctype html><h2>Preise</h2><table><tr><th>Ort</th><th colspan=2>Preis</th></tr>"
        b"<tr><td rowspan=2>K&ouml;ln<td>1,5<td>2</tr><tr><td>2,5<td>3</tr></table><h2>Andere</h2>"
        b"<table><tr><td>x<td>y<tr><td>1<td colspan=99999999999>2</table>"
    )

    done = await _read(executor, root, page, table="Preise")

    assert done.result["table"] == "Preise"
    assert [list(row.values()) for row in done.result["rows"]] == [["Köln", 1.5, 2], ["Köln", 2.5, 3]]


async def test_text_and_metadata_of_a_pdf(executor: DataExecutor, root: Path) -> None:
    document = FPDF()
    document.set_title("Bericht")
    for text in ("Erste Seite", "Zweite Seite"):
        document.add_page()
        document.set_font("Helvetica")
        document.cell(text=text)
    (root / "a.pdf").write_bytes(bytes(document.output()))

    whole = await executor.execute(_todo("read_pdf", source="a.pdf"), CONTEXT)
    second = await executor.execute(_todo("read_pdf", source="a.pdf", pages=2), CONTEXT)

    assert whole.result["text"] == "Erste Seite\n\fZweite Seite"
    assert (whole.result["pages"], whole.result["metadata"]["title"]) == (2, "Bericht")
    assert second.result["text"] == "Zweite Seite"


async def test_a_locked_pdf_and_rubbish_are_said_to_be_so(executor: DataExecutor, root: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("geheim", algorithm="RC4-128")
    writer.write(root / "zu.pdf")
    (root / "kaputt.pdf").write_bytes(b"%PDF-1.7 rubbish")
    (root / "alt.xls").write_bytes(b"\xd0\xcf\x11\xe0rest")
    (root / "kaputt.xlsx").write_bytes(b"PK\x03\x04rest")
    (root / "leer.csv").write_bytes(b"\n\n")
    (root / "bild.png").write_bytes(b"\x89PNG\0\0\0")

    said = [
        _problem(await executor.execute(_todo(action, source=name), CONTEXT))
        for action, name in (
            ("read_pdf", "zu.pdf"),
            ("read_pdf", "kaputt.pdf"),
            ("read_table", "zu.pdf"),
            ("read_table", "kaputt.pdf"),
            ("read_table", "alt.xls"),
            ("read_table", "kaputt.xlsx"),
            ("read_table", "leer.csv"),
            ("read_table", "bild.png"),
        )
    ]

    assert all(text.startswith("table_unreadable") for text in said), said
    assert "password" in said[0]
    assert "password" in said[2]


async def test_rows_are_chosen_sorted_and_cut(executor: DataExecutor) -> None:
    rows = [{"n": n, "w": w} for n, w in ((3, "Öl"), (1, "Fett"), (None, "öl"), (2, "Ölfarbe"))]

    done = await executor.execute(
        _todo(
            "select",
            rows=rows,
            where=[{"column": "w", "is_": "contains", "value": "öl"}, {"column": "n", "is_": ">=", "value": 2}],
            sort_by=["-n"],
            columns=["n"],
        ),
        CONTEXT,
    )
    wrong = await executor.execute(_todo("select", rows=rows, sort_by=["-preis"]), CONTEXT)

    assert done.result == {"columns": ["n"], "rows": [{"n": 3}, {"n": 2}], "count": 2}
    assert "there is no column 'preis'; there are: n, w" in _problem(wrong)


async def test_tables_are_joined_by_a_column(executor: DataExecutor) -> None:
    orders = [{"kunde": "A", "summe": 1}, {"kunde": "B", "summe": 2}, {"kunde": None, "summe": 3}]
    people = [{"kunde": "a", "ort": "Köln"}, {"kunde": "C", "ort": "Bonn"}]

    inner = await executor.execute(_todo("join", left=orders, right=people, on="kunde"), CONTEXT)
    every = await executor.execute(_todo("join", left=orders, right=people, on="kunde", keep_all=True), CONTEXT)

    assert inner.result["rows"] == [{"kunde": "A", "summe": 1, "ort": "Köln"}]
    assert [row["ort"] for row in every.result["rows"]] == ["Köln", None, None]


async def test_nothing_is_read_outside_the_root(executor: DataExecutor, tmp_path: Path) -> None:
    (tmp_path / "geheim.csv").write_text("a;b\n1;2")

    for path in ("../geheim.csv", str(tmp_path / "geheim.csv")):
        assert "path_forbidden" in _problem(await executor.execute(_todo("read_table", source=path), CONTEXT))
