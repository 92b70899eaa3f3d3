"""`cpa contacts`: the address book, kept without the service."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scheduler.cli.app import app

pytestmark = pytest.mark.component

Run = Callable[..., Result]


@pytest.fixture
def run(clean_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:  # noqa: ARG001
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("CPA_CONTACTS_FILE", str(tmp_path / "config" / "contacts.yaml"))
    return lambda *arguments: CliRunner().invoke(app, ["contacts", *arguments])


def test_somebody_is_added_found_and_taken_out(run: Run) -> None:
    added = run("add", "Anna Müller", "anna@example.com", "--alias", "die Chefin")
    again = run("add", "anna müller", "other@example.com")
    listed, found = run("list"), json.loads(run("list", "die chefin", "--json").output)
    gone = run("rm", "anna@example.com")
    missing = run("rm", "Anna")

    assert (added.exit_code, again.exit_code, gone.exit_code, missing.exit_code) == (0, 2, 0, 1)
    assert "Anna Müller (die Chefin)  anna@example.com" in listed.output
    assert [person["name"] for person in found["contacts"]] == ["Anna Müller"]
    assert "steht schon im Adressbuch" in again.output
    assert run("list").output == "Niemand.\n"


@pytest.mark.parametrize(("name", "email", "field"), [("", "a@example.com", "name"), ("Anna", "anna", "email")])
def test_what_cannot_be_added_is_named(run: Run, name: str, email: str, field: str) -> None:
    refused = run("add", name, email)

    assert refused.exit_code == 2
    assert field in refused.output


def test_vcards_are_imported_once(run: Run, tmp_path: Path) -> None:
    cards = tmp_path / "alle.vcf"
    cards.write_text(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Anna Müller\nEMAIL:anna@example.com\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ohne\nEND:VCARD\n",
        "utf-8",
    )

    first, second = run("import", str(cards)), run("import", str(cards))

    assert "1 eingetragen, 0 schon bekannt, 1 ohne Mailadresse." in first.output
    assert "0 eingetragen, 1 schon bekannt, 1 ohne Mailadresse." in second.output
    assert "Anna Müller  anna@example.com" in run("list").output


def test_a_broken_file_is_said_and_left_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "config" / "contacts.yaml"
    path.parent.mkdir()
    path.write_text("contacts: 7", "utf-8")

    refused = run("add", "Anna", "anna@example.com")

    assert refused.exit_code == 2
    assert "contacts.yaml ist nicht in Ordnung" in refused.output
    assert path.read_text("utf-8") == "contacts: 7"
