"""`cpa spending` and `cpa doctor` say what models cost, and what is not known of it."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.app import app
from tests.support.command_line import CommandLine

pytestmark = pytest.mark.component


def test_without_a_model_nothing_is_spent(cli: CommandLine) -> None:
    shown, document = cli("spending"), json.loads(cli("spending", "--json").output)

    assert "kein Sprachmodell eingerichtet" in shown.output
    assert "Mandant: 0 Tokens (ohne Grenze); 0.0000 USD (ohne Grenze)" in shown.output
    assert "Preise vom 2025-08-01" in shown.output
    assert document["tenant"]["tokens"] == 0


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(("model", "known"), [("gpt-4o", True), ("gpt-99", False)])
def test_the_doctor_says_whether_the_price_of_the_model_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str, known: bool
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CPA_BROWSER_PATH", sys.executable)
    monkeypatch.setenv("CPA_SECRETS_FILE", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("CPA_LLM_PROVIDER", "openai")
    monkeypatch.setenv("CPA_LLM_MODEL", model)
    monkeypatch.setenv("CPA_LLM_KEY", "k")

    ended = CliRunner().invoke(app, ["doctor"])

    assert ended.exit_code == 0
    assert f"{'✔' if known else '–'} language model: {model} (prices of 2025-08-01)" in ended.output
    assert ("No price is known: gpt-99" in ended.output) is not known


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ["CPA_LLM_KEY", "CPA_LLM_FALLBACK_KEY"]),
        ({"CPA_LLM_KEY": "k"}, []),
        ({"CPA_LLM_KEY": "k", "CPA_LLM_URL": "http://10.0.0.5/v1"}, ["CPA_LLM_FALLBACK_KEY"]),
    ],
)
def test_the_doctor_says_which_key_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], missing: list[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    models = {"CPA_LLM_MODEL": "gpt-4o", "CPA_LLM_FALLBACK_MODEL": "gpt-4o-mini"}
    kinds = {"CPA_LLM_PROVIDER": "openai", "CPA_LLM_FALLBACK_PROVIDER": "openai"}
    for name, value in (models | kinds | given | {"CPA_DATA_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)

    ended = CliRunner().invoke(app, ["doctor"])

    assert ("without a key" in ended.output) == bool(missing)
    assert ", ".join(missing) in ended.output
