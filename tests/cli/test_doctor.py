"""`cpa doctor` says what is missing, and is content only when what is set up can work."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scheduler.cli.app import app
from scheduler.cli.session import FAILED
from tests.support.sites import put_sites

DONE = 0


@pytest.mark.usefixtures("clean_environment")
def test_the_doctor_needs_no_service_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CPA_BROWSER_PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("CPA_API_URL", "http://127.0.0.1:1")

    ended = CliRunner().invoke(app, ["doctor"])

    assert ended.exit_code == FAILED
    assert "✔ Python" in ended.output
    assert "✘ Chromium" in ended.output
    assert "apt-get install chromium-headless-shell" in ended.output
    assert "– Mail: nicht eingerichtet" in ended.output
    assert "CPA_MAIL_ADDRESS, CPA_MAIL_SMTP_HOST, CPA_MAIL_IMAP_HOST, CPA_SECRET_MAIL_PASSWORD" in ended.output
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("clean_environment")
def test_the_doctor_is_content_when_everything_needed_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CPA_BROWSER_PATH", sys.executable)
    monkeypatch.setenv("CPA_SECRETS_FILE", str(tmp_path / "none.yaml"))

    assert CliRunner().invoke(app, ["doctor"]).exit_code == DONE


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize("kept", ["variables", "file"])
def test_the_doctor_names_the_secrets_that_what_is_set_up_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: str
) -> None:
    file = tmp_path / "secrets.yaml"
    settings = {
        "CPA_DATA_DIR": str(tmp_path),
        "CPA_BROWSER_PATH": sys.executable,
        "CPA_SECRETS_FILE": str(file),
        "CPA_MAIL_ADDRESS": "cpa@example.com",
        "CPA_MAIL_SMTP_HOST": "127.0.0.1",
        "CPA_MAIL_SMTP_PORT": "1",
        "CPA_MAIL_IMAP_HOST": "127.0.0.1",
        "CPA_MAIL_IMAP_PORT": "1",
    }
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)
    put_sites(tmp_path / "sites", {"Portal": "https://portal.example.com"})

    without = CliRunner().invoke(app, ["doctor"])
    if kept == "file":
        file.write_text("{portal.username: einkauf, portal.password: geheim-7, mail.password: geheim-8}")
        file.chmod(0o600)
    else:
        for name in ("PORTAL_USERNAME", "PORTAL_PASSWORD", "MAIL_PASSWORD"):
            monkeypatch.setenv(f"CPA_SECRET_{name}", "geheim-7")
    with_them = CliRunner().invoke(app, ["doctor"])

    assert (without.exit_code, with_them.exit_code) == (FAILED, DONE)
    assert "CPA_SECRET_PORTAL_USERNAME, CPA_SECRET_PORTAL_PASSWORD, CPA_SECRET_MAIL_PASSWORD" in without.output
    assert "geheim" not in with_them.output


@pytest.mark.usefixtures("clean_environment")
def test_the_doctor_says_what_is_wrong_with_the_file_of_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secrets.yaml"
    monkeypatch.setenv("CPA_SECRETS_FILE", str(file))
    said = []

    for text, mode in (("portal.username: einkauf", 0o644), ("- no map", 0o600)):
        file.write_text(text)
        file.chmod(mode)
        said.append(CliRunner().invoke(app, ["doctor"]))

    assert [ended.exit_code for ended in said] == [FAILED, FAILED]
    assert f"chmod 600 {file}" in said[0].output
    assert "must map names to texts" in said[1].output
