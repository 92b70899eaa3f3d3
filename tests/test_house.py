"""The rules of the house that no other tool counts: sizes, docstrings, imports of the core, the lock, the CI script."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 50
ALLOWED_IN_CORE = {"scheduler", "pydantic", "pydantic_core", "yaml", "re2", "cronsim", "HanTa"}


def _modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


LOCKS = [ROOT / "requirements.lock", *sorted((ROOT / "bench" / "peers").glob("requirements-*.txt"))]
OURS = _modules("scheduler", "agents", "examples", "bench", "tests")


class Facts(NamedTuple):
    """What is counted in a module. Its tree is not kept: hundreds of them make every collection of garbage long."""

    lines: int
    functions: dict[str, int]
    says_why: bool
    imports: set[str]


@cache
def _facts(path: Path) -> Facts:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    statements = list(_statements(tree))
    functions = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in statements
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    imports = {alias.name for node in statements if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module or "" for node in statements if isinstance(node, ast.ImportFrom)}
    packages = {name.partition(".")[0] for name in imports}
    return Facts(len(text.splitlines()), functions, ast.get_docstring(tree) is not None, packages)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all statements; expressions, which hold none, are most of a tree and are not looked through."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(node, name, ()):
            yield inner
            yield from _statements(inner)


def _commands(script: Path) -> list[str]:
    lines = (line.strip() for line in script.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]


def test_no_module_is_too_long() -> None:
    lines = {str(path.relative_to(ROOT)): _facts(path).lines for path in OURS}

    assert lines
    assert {name: count for name, count in lines.items() if count > MOST_LINES_OF_A_MODULE} == {}


def test_no_function_is_too_long() -> None:
    lines = {where: count for path in OURS for where, count in _facts(path).functions.items()}

    assert lines
    assert {where: count for where, count in lines.items() if count > MOST_LINES_OF_A_FUNCTION} == {}


def test_every_module_says_why_it_exists() -> None:
    modules = _modules("scheduler", "agents")
    silent = [str(path.relative_to(ROOT)) for path in modules if not _facts(path).says_why]

    assert silent == []


def test_the_core_imports_nothing_but_what_the_design_allows() -> None:
    allowed = ALLOWED_IN_CORE | sys.stdlib_module_names

    foreign = {
        f"{path.relative_to(ROOT)} imports {package}"
        for path in _modules("scheduler/core")
        for package in _facts(path).imports - allowed
    }

    assert foreign == set()


def test_continuous_integration_runs_the_tests_and_nothing_else() -> None:
    assert _commands(ROOT / ".ci/run") == ["make test"]


def test_scripts_can_be_run() -> None:
    assert [
        name for name in (".ci/run", "tools/setup.sh", "tools/bench-venvs.sh") if not os.access(ROOT / name, os.X_OK)
    ] == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_the_lock_is_hashed_and_names_no_index(path: Path) -> None:
    lock = path.read_text(encoding="utf-8")

    pinned = sum("==" in line and not line.startswith((" ", "#")) for line in lock.splitlines())
    assert [word for word in ("http://", "https://", "--index", "--extra-index", "--find-links") if word in lock] == []
    assert pinned > 5
    assert lock.count(" \\\n    --hash=") >= pinned


@pytest.mark.parametrize(("page", "least"), [("FAULTS.md", 100), ("TESTING.md", 60)])
def test_every_test_that_a_page_names_is_there(page: str, least: int) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).is_file() or (test and f"def {test}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ]

    assert len(named) > least
    assert missing == []


def test_the_map_of_faults_names_every_file_of_fault_tests() -> None:
    said = (ROOT / "docs/FAULTS.md").read_text(encoding="utf-8")

    silent = [
        path.name for path in (ROOT / "tests/faults").glob("test_*.py") if f"tests/faults/{path.name}" not in said
    ]
    assert silent == []
