"""`cpa run` with files and tables: what goes with a sentence, and one table back that says what came of each row."""

from pathlib import Path

import openpyxl
import pytest

from scheduler.cli.session import FAILED, REFUSED, USAGE
from scheduler.core.errors import DocumentNotFoundError
from tests.support.command_line import CommandLine

pytestmark = pytest.mark.component

DONE = 0
ROWS = "Hol die Rechnung {number} aus dem Portal und schick sie an {recipient}"


def test_a_file_goes_with_the_sentence(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "bericht.pdf").write_bytes(b"%PDF")

    ran = cli("run", "Schick die angehängte Datei an anna@example.com", "--file", str(tmp_path / "bericht.pdf"))

    assert ran.exit_code == DONE, ran.output
    assert cli.api.executor.done == ["mail.send"]
    assert "input/bericht.pdf" in ran.output
    assert cli("run", "Schick sie an a@b.de", "--file", str(tmp_path / "none.pdf")).exit_code == USAGE


def test_no_file_is_overlooked_beside_a_table(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "cases.csv").write_text("number;recipient\n4711;anna@example.com\n")

    ran = cli("run", ROWS, "--table", str(tmp_path / "cases.csv"), "--file", str(tmp_path / "a.pdf"))

    assert ran.exit_code == USAGE
    assert cli.job_ids() == []


def test_a_file_and_a_table_may_be_the_only_ones_of_their_kind(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "cases.csv").write_text("number;recipient\n4711;anna@example.com\n")
    attached = ("run", "Schick die angehängte Datei an anna@example.com", "--file", str(tmp_path / "a.pdf"))
    same = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
    cli("run", same, "--at", "+2h", "--unique")
    cli("run", same, "--at", "+2h", "--unique-key", "k")
    by_key, there = cli.job_ids()

    file = cli(*attached, "--unique-key", "k")
    table = cli("run", ROWS, "--table", str(tmp_path / "cases.csv"), "--unique", "--detach")
    later = cli(*attached, "--at", "+2h")

    assert f"Den Auftrag gibt es schon: {by_key}" in file.output
    assert there in table.output
    assert cli.job_ids() == [by_key, there]
    assert (later.exit_code, "--at" in later.output) == (USAGE, True)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_table_comes_back_with_what_became_of_each_row(cli: CommandLine, tmp_path: Path, suffix: str) -> None:
    table = tmp_path / f"cases.{suffix}"
    lines = [["number", "recipient"], ["4711", "anna@example.com"], ["4712", "bob@example.com"]]
    if suffix == "csv":
        table.write_text("\n".join(";".join(line) for line in lines), "utf-8")
    else:
        book = openpyxl.Workbook()
        sheet = book.create_sheet("Fälle", 0)
        for line in lines:
            sheet.append(line)
        book.save(table)

    done = cli("run", ROWS, "--table", str(table))
    again = cli("run", ROWS, "--table", str(table))

    assert (done.exit_code, again.exit_code) == (DONE, DONE), done.output
    assert len(cli.job_ids()) == 2
    result = tmp_path / f"cases.result.{suffix}"
    if suffix == "csv":
        text = result.read_text("utf-8-sig")
        assert text.splitlines()[0] == "number;recipient;job_id;state;sentence"
        assert text.count("done;Erledigt.") == 2
    else:
        rows = list(openpyxl.load_workbook(result).worksheets[0].values)
        assert rows[0] == ("number", "recipient", "job_id", "state", "sentence")
        assert [row[3:] for row in rows[1:]] == [("done", "Erledigt.")] * 2


def test_a_row_that_fails_is_said_and_a_bad_one_begins_nothing(cli: CommandLine, tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("number;recipient\n4711;anna@example.com\n")
    cli.api.executor.failures["site.download"] = DocumentNotFoundError("Portal", "4711")
    failed = cli("run", ROWS, "--table", str(table))
    table.write_text("number;recipient\n4711;\n")
    refused = cli("run", ROWS, "--table", str(table))

    assert (failed.exit_code, refused.exit_code) == (FAILED, REFUSED), failed.output + refused.output
    assert "Zeile 2: Das Portal kennt das Dokument 4711 nicht." in failed.output
    assert "Zeile 2, Spalte recipient: die Zelle ist leer" in refused.output
    assert len(cli.job_ids()) == 1
