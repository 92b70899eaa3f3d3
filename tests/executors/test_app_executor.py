"""Applications of the list, started and ended for real; what a person started is left alone."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.errors import ProgramMissingError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors import app_processes
from scheduler.executors.app_catalog import App, AppCatalog
from scheduler.executors.app_executor import AppExecutor
from scheduler.executors.app_processes import AppProcesses
from scheduler.executors.base_executor import ExecutionContext, ExecutionResult
from scheduler.executors.file_root import FileRoot
from scheduler.executors.file_sources import FileSources
from scheduler.executors.files import ArtifactStore
from tests.support.screen import screen, windows

pytestmark = pytest.mark.integration

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
FORKER = (sys.executable, "-c", f"import subprocess; subprocess.Popen({list(SLEEPER)!r}, start_new_session=True)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
)
APPS = (
    App(name="wecker", aliases=("Großer Wecker",), commands=(("no-such-program",), SLEEPER), screen=False),
    App(name="forker", commands=(FORKER,), screen=False),
    App(name="stur", commands=(STUBBORN,), screen=False, opens=("txt",)),
    App(name="kaputt", commands=((sys.executable, "-c", "raise SystemExit(3)"),), screen=False),
    App(name="fehlt", commands=(("no-such-program",),), screen=False),
    App(name="fenster", commands=(SLEEPER,)),
    App(name="verboten", commands=(SLEEPER,), screen=False),
)


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppProcesses]:
    monkeypatch.setattr(app_processes, "_FAILS_WITHIN", timedelta(seconds=0.25))
    made = AppProcesses(str(tmp_path))
    yield made
    for app in APPS:
        for process in made.running(app.name):
            process.kill()


@pytest.fixture
def executor(tmp_path: Path, processes: AppProcesses) -> AppExecutor:
    (tmp_path / "root").mkdir()
    return AppExecutor(
        catalog=AppCatalog(APPS),
        decide=lambda app: (app != "verboten", "office"),
        processes=processes,
        sources=FileSources(FileRoot(tmp_path / "root"), ArtifactStore(tmp_path / "artifacts")),
    )


def _context(key: str = "key-1") -> ExecutionContext:
    return ExecutionContext(job_id=JobId("job"), task_id=TaskId("app"), effect_key=key)


def _todo(action: str, **params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    return ToDo(id="app", action=action, params=params)


def _open(name: str) -> ToDo:
    return _todo("app.open", application=name)


def _close(name: str) -> ToDo:
    return _todo("app.close", application=name)


def _code(result: ExecutionResult) -> str:
    assert result.error is not None
    return result.error.code


async def test_an_application_is_started_once_and_ended(executor: AppExecutor) -> None:
    before = await executor.verify(_open("wecker"), _context())

    done = await executor.execute(_open("GROSSER Wecker"), _context())
    again = await executor.execute(_open("wecker"), _context())
    seen = await executor.verify(_open("wecker"), _context())
    closed = await executor.execute(_close("wecker"), _context("key-2"))

    assert before.happened is False
    assert done.result["running"] is True
    assert again.result == done.result == seen.result
    assert closed.result == {"application": "wecker", "ended": 1, "killed": 0}
    assert (await executor.verify(_close("wecker"), _context("key-2"))).happened is True
    assert (await executor.verify(_open("wecker"), _context())).happened is False


async def test_what_a_worker_started_another_one_ends(executor: AppExecutor, tmp_path: Path) -> None:
    await executor.execute(_open("wecker"), _context())
    other = AppProcesses(str(tmp_path))

    assert len(other.running("wecker")) == 1
    assert other.stop("wecker") == {"ended": 1, "killed": 0}


async def test_a_program_that_starts_another_and_leaves_is_found_all_the_same(executor: AppExecutor) -> None:
    done = await executor.execute(_open("forker"), _context())

    assert done.result["running"] is True
    assert (await executor.execute(_close("forker"), _context())).result["ended"] == 1


async def test_a_program_that_does_not_listen_is_killed(executor: AppExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_processes, "_ENDS_WITHIN", timedelta(seconds=0.3))
    await executor.execute(_open("stur"), _context())

    closed = await executor.execute(_close("stur"), _context())

    assert closed.result == {"application": "stur", "ended": 1, "killed": 1}


async def test_what_a_person_started_is_not_ended(executor: AppExecutor) -> None:
    with subprocess.Popen(SLEEPER) as theirs:  # noqa: ASYNC220
        try:
            closed = await executor.execute(_close("wecker"), _context())
            still = theirs.poll()
        finally:
            theirs.send_signal(signal.SIGKILL)

    assert _code(closed) == "app_not_running"
    assert still is None


async def test_what_keeps_an_application_from_starting_is_said(
    executor: AppExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_processes, "_FAILS_WITHIN", timedelta(seconds=20))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    names = ("kaputt", "fehlt", "fenster", "verboten", "gibt es nicht")

    said = [_code(await executor.execute(_open(name), _context(name))) for name in names]

    assert said == ["app_failed", "program_missing", "no_display", "app_forbidden", "app_unknown"]


async def test_a_document_is_opened_with_the_application_for_its_kind(
    executor: AppExecutor, processes: AppProcesses, tmp_path: Path
) -> None:
    (tmp_path / "root" / "Übersicht.txt").write_text("x")
    todo = _todo("document.open", path="Übersicht.txt")

    done = await executor.execute(todo, _context())
    shown = processes.running("stur")[0].cmdline()
    unknown = await executor.execute(_todo("document.open", path="fehlt.txt"), _context())
    outside = await executor.execute(_todo("document.open", path="/etc/passwd"), _context())

    assert (done.result["application"], done.result["path"]) == ("stur", "Übersicht.txt")
    assert shown[-1] == str(tmp_path / "root" / "Übersicht.txt")
    assert (await executor.verify(todo, _context())).result == done.result
    assert (_code(unknown), _code(outside)) == ("file_missing", "path_forbidden")


async def test_an_application_gets_none_of_our_secrets(
    executor: AppExecutor, processes: AppProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPA_SECRET_PORTAL_PASSWORD", "geheim")
    monkeypatch.setenv("OPENAI_API_KEY", "geheim")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    await executor.execute(_open("wecker"), _context())

    environment = processes.running("wecker")[0].environ()

    assert "geheim" not in environment.values()
    assert environment["LC_ALL"] == "de_DE.UTF-8"


def test_the_list_of_the_house_can_be_used_and_added_to() -> None:
    catalog = AppCatalog.load({"ERP": "/opt/erp/bin/erp --start 'x y'"})

    assert catalog.get("erp").commands == (("/opt/erp/bin/erp", "--start", "x y"),)
    assert (catalog.get("Browser").name, catalog.get("MS Excel").name) == ("chromium", "excel")
    assert catalog.for_file("Bericht.DOCX").name == "writer"


def test_a_command_of_the_house_keeps_what_is_known_of_the_application() -> None:
    catalog = AppCatalog.load({"Writer": "/opt/office/writer"})

    assert catalog.for_file("vertrag.docx").commands == (("/opt/office/writer",),)
    assert catalog.get("Textverarbeitung").name == "writer"


@pytest.mark.skipif(sys.platform != "linux", reason="only there LibreOffice comes without windows")
@pytest.mark.parametrize("plugins", [[], ["libvclplug_gtk3lo.so"]])
def test_an_office_without_windows_is_said_to_be_missing_what_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugins: list[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("libreoffice", "soffice.bin", *plugins):
        (tmp_path / name).touch(mode=0o755)
    writer = AppCatalog.load({}).get("writer")

    if plugins:
        assert writer.command() == [str(tmp_path / "libreoffice"), "--writer"]
    else:
        with pytest.raises(ProgramMissingError, match="libreoffice-gtk3"):
            writer.command()


@pytest.mark.integration
async def test_a_real_program_shows_a_window(tmp_path: Path) -> None:
    clock = AppExecutor(
        catalog=AppCatalog([App(name="uhr", commands=(("xclock",),))]),
        decide=lambda _app: (True, "office"),
        processes=(own := AppProcesses(str(tmp_path))),
        sources=FileSources(FileRoot(tmp_path / "root"), ArtifactStore(tmp_path / "artifacts")),
    )
    with pytest.MonkeyPatch.context() as patch, screen() as display:
        try:
            patch.setenv("DISPLAY", display)
            done = await clock.execute(_open("uhr"), _context())
            shown = windows(display)
            closed = await clock.execute(_close("uhr"), _context())
        finally:
            for process in own.running("uhr"):
                process.kill()

    assert done.success, done.error
    assert "xclock" in shown
    assert closed.result["ended"] == 1
