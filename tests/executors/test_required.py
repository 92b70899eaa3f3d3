"""Each executor says before a job begins what this machine lacks for a step, by settings and programs alone."""

from pathlib import Path

import pytest

from scheduler.core.errors import CPAError, ProgramMissingError
from scheduler.core.todo import ToDo
from scheduler.executor_wiring import make_registry, make_sites
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import load_settings

PORTAL = """
name: Portal
url: https://portal.example
login:
  steps:
    - fill: label=Passwort
      secret: password
  logged_in: text=Abmelden
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExecutorRegistry:
    """Return what this machine can do with nothing set up but a portal without its secret, and no program but a
    browser."""
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    (tmp_path / "chromium").touch(mode=0o755)
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "portal.yaml").write_text(PORTAL, encoding="utf-8")
    settings, secrets = load_settings(), SecretsManager()
    return make_registry(
        settings, secrets, ArtifactStore(tmp_path / "a"), ScreenshotStore(tmp_path / "s"), make_sites(settings)
    )


def step(action: str, **params: object) -> ToDo:
    text = params.pop("text", None)
    return ToDo(id="step", action=action, params=params, text=text if isinstance(text, str) else None)


@pytest.mark.parametrize(
    ("todo", "code"),
    [
        (step("mail.send", to=["anna@example.com"]), "mail_not_set_up"),
        (step("mail.search"), "mail_not_set_up"),
        (step("calendar.create", title="Jour fixe"), "calendar_not_set_up"),
        (step("calendar.create", title="Jour fixe", participants=["anna@example.com"]), "mail_not_set_up"),
        (step("app.open", application="calculator"), "program_missing"),
        (step("app.open", application="no such thing"), "app_unknown"),
        (step("document.export_pdf", source="vertrag.docx"), "program_missing"),
        (step("web.goto", url="https://elsewhere.example/a"), "address_forbidden"),
        (step("web.fill", text="secret://portal.password"), "secret_missing"),
        (step("site.login", site="portal"), "secret_missing"),
    ],
    ids=lambda one: one if isinstance(one, str) else f"{one.action} {one.params}",
)
def test_what_is_lacking_is_said(registry: ExecutorRegistry, todo: ToDo, code: str) -> None:
    with pytest.raises(CPAError) as raised:
        registry.require(todo)

    assert raised.value.code == code


@pytest.mark.parametrize(
    "todo", [step("web.goto", url="https://portal.example/invoices"), step("web.click"), step("web.screenshot")]
)
def test_a_browser_is_lacking_before_any_step_begins(registry: ExecutorRegistry, tmp_path: Path, todo: ToDo) -> None:
    (tmp_path / "chromium").unlink()

    with pytest.raises(ProgramMissingError, match="apt-get install chromium-headless-shell"):
        registry.require(todo)


@pytest.mark.parametrize(
    "todo",
    [
        step("file.find", name="vertrag"),
        step("document.export_pdf", source="vertrag.pdf"),
        step("document.export_pdf", source="${find.path}"),
        step("document.open", path="${find.path}"),
        step("app.open", application="${ask.application}"),
        step("app.close", application="calculator"),
        step("web.goto", url="${find.url}"),
        step("web.goto", url="https://portal.example/invoices"),
        step("web.goto", url="https://duckduckgo.com/html/?q=hotels"),
        step("web.click"),
        step("site.login", site="nobody knows"),
        step("site.download", site="portal", document_id="4711"),
        step("desktop.click"),
    ],
    ids=lambda one: f"{one.action} {one.params}",
)
def test_what_is_there_or_not_known_yet_is_not_lacking(registry: ExecutorRegistry, todo: ToDo) -> None:
    registry.require(todo)
