"""The agents that come with CPA: what each can do, and that its program starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from agents import data, desktop_rpa, email, web
from agents.runtime.command_line import AgentKind
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import load_settings
from tests.support.services import clean_environment

__all__ = ["clean_environment"]


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize(
    ("kind", "can"),
    [
        (web.KIND, {"web.click", "site.download"}),
        (email.KIND, {"mail.send"}),
        (data.KIND, {"file.find", "data.extract_table"}),
        (desktop_rpa.KIND, {"app.open", "app.close", "document.open"}),
    ],
    ids=["web", "email", "data", "desktop"],
)
def test_each_kind_brings_the_actions_of_its_applications(
    kind: AgentKind, can: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))

    executors = kind.make_executors(load_settings(), SecretsManager(tmp_path / "secrets.yaml"))

    assert can <= {spec.name for spec in executors.catalog}


@pytest.mark.integration
@pytest.mark.parametrize(
    "command",
    [["agents.web"], ["agents.email"], ["agents.data"], ["agents.desktop_rpa"], ["scheduler.cli", "agent", "desktop"]],
)
def test_its_program_says_what_it_takes(command: list[str]) -> None:
    told = subprocess.run([sys.executable, "-m", *command, "--help"], capture_output=True, text=True, check=True).stdout

    assert {"--url", "--token", "--endpoint", "--concurrency", "--dial", "--tag", "--domain", "--application"} <= set(
        told.replace(",", " ").split()
    )
