"""`cpa actions` shows everything a plan may have; the page of the docs is what it writes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.app import app

pytestmark = pytest.mark.component

PAGE = Path(__file__).parents[2] / "docs" / "ACTIONS.md"


def _said(*options: str) -> str:
    ended = CliRunner().invoke(app, ["actions", *options])
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.mark.usefixtures("clean_environment")
def test_the_page_of_the_docs_is_what_the_command_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))

    written = _said("--markdown")

    assert PAGE.read_text(encoding="utf-8") == written, "run: cpa actions --markdown > docs/ACTIONS.md"


@pytest.mark.usefixtures("clean_environment")
def test_actions_are_shown_to_people_and_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")

    table, document = _said(), {one["name"]: one for one in json.loads(_said("--json"))}

    assert "calendar.create" in table
    assert "untersagt" in table
    assert document["file.delete"]["allowed"] is False
    assert document["web.fill"]["needs"] == ["selector", "text"]
    assert document["data.select"]["params"]["required"] == ["rows"]


@pytest.mark.usefixtures("clean_environment")
def test_a_table_of_rules_of_ones_own_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text('actions: [{rule: all, allow: ["file.*"]}]')
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CPA_POLICIES_FILE", str(rules))

    document = {one["name"]: one["allowed"] for one in json.loads(_said("--json"))}
    rules.write_text("actions: 5")
    wrong = CliRunner().invoke(app, ["actions"])

    assert (document["file.delete"], document["web.click"]) == (True, False)
    assert wrong.exit_code == 2
    assert "rules.yaml" in wrong.output
