"""The guide for authors of executors is true: its code is installed as a package, loaded, checked and used."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.conformance import check
from scheduler.executors.entry_points import GROUP, ExecutorLoadError, ExecutorSupport, load_executors
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from scheduler.security.secrets_manager import SecretsManager

GUIDE = Path(__file__).parents[2] / "docs" / "EXECUTOR_GUIDE.md"


def _block(language: str, number: int = 0) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[number])


def _install(folder: Path, name: str, code: str, target: str) -> None:
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {target}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in ("till", "broken"):
        sys.modules.pop(name, None)


def _support(folder: Path) -> ExecutorSupport:
    return ExecutorSupport(
        artifacts=ArtifactStore(folder / "artifacts"),
        secrets=SecretsManager(folder / "secrets.yaml"),
        folder=folder / "own",
    )


async def test_the_executor_of_the_guide_is_loaded_and_works(site: Path, tmp_path: Path) -> None:
    target = re.findall(r'till = "(.*)"', _block("toml"))[0]
    _install(site, "till", _block("python"), target)

    (executor,) = load_executors(_support(tmp_path))
    registry = ExecutorRegistry()
    registry.register_all(executor)
    todo = ToDo(id="book", action="till.book", params={"amount_cents": 5})
    context = ExecutionContext(effect_key="key-1")
    before = await registry.verify(todo, context)
    done = await registry.execute(todo, context)

    assert before.happened is False
    assert done.result == {"number": 1}
    assert (await registry.verify(todo, context)).result == {"number": 1}
    assert await check(executor, executor.examples) == []  # type: ignore[attr-defined]  # the guide's


def test_the_code_of_the_guide_is_short(site: Path) -> None:
    lines = [line for line in _block("python").splitlines() if line.strip()]

    assert len(lines) <= 30
    assert site.is_dir()


@pytest.mark.integration
def test_an_author_can_run_the_suite(site: Path) -> None:
    _install(site, "till", _block("python"), "till:TillExecutor")
    command = [sys.executable, "-m", "scheduler.executors.conformance", "till:TillExecutor"]

    ended = subprocess.run(
        command, cwd=site, env={"PYTHONPATH": f"{site}:{GUIDE.parents[1]}"}, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (0, "✔ till:TillExecutor: 1 actions, 1 examples done\n"), ended.stderr


@pytest.mark.parametrize("code", ["raise RuntimeError('kaputt')", "Till = 5", "class Till: pass", "x = 1"])
def test_an_executor_that_cannot_be_used_is_named_with_its_package(site: Path, tmp_path: Path, code: str) -> None:
    _install(site, "broken", code, "broken:Till")
    found = [point for point in entry_points(group=GROUP) if point.name == "broken"]

    with pytest.raises(ExecutorLoadError, match=r"'broken' = 'broken:Till' of broken 1\.0 cannot be used"):
        load_executors(_support(tmp_path), found)
