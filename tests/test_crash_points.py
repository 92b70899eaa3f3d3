"""Every durable write, every send and every effect has a crash point before and after it, and every point is used."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.effects import decorated, unguarded

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for part in ("scheduler", "agents") for path in (ROOT / part).rglob("*.py"))


def test_every_point_stands_before_or_after_one_operation() -> None:
    operations: dict[tuple[str, str], list[str]] = defaultdict(list)
    for points in decorated(MODULES):
        operations[points.before, points.after].append(points.where)

    wrong = {pair: where for pair, where in operations.items() if pair != _pair(pair[0])}
    assert wrong == {}
    assert sorted(name for pair in operations for name in pair) == sorted(CrashPoint.__members__)


def _pair(before: str) -> tuple[str, str]:
    """BEFORE_STEP belongs with AFTER_STEP."""
    operation = before.removeprefix("BEFORE_")
    return f"BEFORE_{operation}", f"AFTER_{operation}"


@pytest.mark.component
def test_at_every_point_some_test_kills_a_process() -> None:
    """A test that kills at a point has it among its parameters; those that only `make test-faults` runs count too."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    kills = [str(path) for path, text in texts.items() if "crash_" in text and "mark.fault" in text]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-m", "fault", *kills]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    parameters = {
        part.lower() for names in re.findall(r"\[(.+)\]$", collected, re.MULTILINE) for part in names.split("-")
    }
    assert sorted({*CrashPoint} - parameters) == []


def test_the_value_of_a_point_is_its_name() -> None:
    assert {point.name: point.value for point in CrashPoint} == {name: name.lower() for name in CrashPoint.__members__}


def test_nothing_durable_is_done_without_a_crash_point() -> None:
    assert unguarded(MODULES) == []


def test_the_effects_that_must_be_guarded_are_found() -> None:
    guarded = {points.where for points in decorated(MODULES)}

    assert {
        "sqlite_repository.record",
        "sqlite_queue.hand_back",
        "smtp_imap_transport.send",
        "smtp_imap_transport.file",
        "task_runner._execute",
        "files.save",
    } <= guarded


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("store", "async def f(self):\n    await self._database.write(g)"),
        ("store", "def f(self, database):\n    def g():\n        return database.write(g)\n    return g"),
        ("store", "def f(path):\n    write_durably(path, b'')"),
        ("smtp_imap_transport", "async def f(smtp):\n    await smtp.data(b'')"),
        ("imap_mailbox", "def f(self):\n    self._box.append(b'', 'Sent')"),
        ("imap_mailbox", "def f(box, keep):\n    (box.copy if keep else box.move)([], 'Sent')"),
        ("task_runner", "async def f(self):\n    await self._executors.execute(todo)"),
        ("store", "def f(p):\n    write_durably(p)\n@crash_points(A, B)\ndef g():\n    f(1)\ndef h():\n    f(2)"),
        ("store", "def f(p):\n    write_durably(p)\n    g()\ndef g():\n    f(1)"),
    ],
)
def test_an_effect_without_a_crash_point_is_named(tmp_path: Path, module: str, source: str) -> None:
    path = tmp_path / f"{module}.py"
    path.write_text(source, encoding="utf-8")

    assert unguarded([path]) == [f"{module}.f"]


@pytest.mark.parametrize(
    "source",
    [
        "@crash_points(A, B)\ndef f(path):\n    write_durably(path, b'')",
        "def f(p):\n    write_durably(p)\ndef g():\n    f(1)\n@crash_points(A, B)\ndef h():\n    g()",
        "def f(file, rows):\n    file.write(b'')\n    rows.append(1)\n    connection.execute('')",
    ],
)
def test_what_is_guarded_or_no_effect_is_not_named(tmp_path: Path, source: str) -> None:
    path = tmp_path / "store.py"
    path.write_text(source, encoding="utf-8")

    assert unguarded([path]) == []
