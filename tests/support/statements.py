"""Every statement that the store runs in a test is explained: none reads a whole table unless a reason stands here."""

import ast
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

import scheduler
from scheduler.repository.schema import SCHEMA_FILE
from scheduler.repository.sqlite_database import SQLiteDatabase

ALLOWED: Final[Mapping[str, str]] = {
    r"SCAN \w+ USING (COVERING )?INDEX jobs_((ready|delayed)(_of_tenant)?|cancelling|leased)$": (
        "an index of what waits or is being worked on: its size is the answer's"
    ),
    r"SCAN (questions|dead_letters) USING COVERING INDEX (questions|dead_letters)_of_tenant$": (
        "an index of what waits for a person, counted by tenant for the operator"
    ),
    r"SCAN (agents_version|job_word_spans_mark)$": "one row",
    r"SCAN pruning$": "the few jobs with long timelines whose removal has begun",
    r"SCAN agents USING COVERING INDEX agents_by_version$": "counted when an agent was added or changed, by an index",
    r"SCAN questions USING COVERING INDEX questions_by_end$": "counted up to a LIMIT, by an index",
}
"""Steps of plans that read a table or an index from end to end, and why they may."""
OF_ALL_TENANTS: Final = re.compile(
    r"SELECT (\*|count\(\*\)|1) FROM (jobs|audit_log) +"
    r"(WHERE (timestamp >= \? AND timestamp < \?)?( AND )?((action|status) = ('[a-z]+'|\?))? *)?"
    r"($|LIMIT \?|ORDER BY [a-z_ ]+(DESC)?, [a-z, ]+(DESC )?LIMIT)"
)
"""What is read to its end because it is asked for all tenants at once, which no client can; a page at a time."""
_ASKED: Final = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT\b[\s\S]*\bSELECT)\b")
_VALUE: Final = re.compile(r"'(?:[^']|'')*'|\b\d{2,}\b")
_WORD: Final = re.compile(r"'[a-z_]{1,20}'")
_SCAN: Final = re.compile(r"SCAN (\w+)(?! VIRTUAL TABLE INDEX \d+:M)\b")
_ROOT: Final = Path(scheduler.__file__).parents[1]
_OURS: Final = str(_ROOT / "scheduler")


class Place(NamedTuple):
    """Where a statement is run: `module.function`, the file, and the lines of the call."""

    function: str
    path: str
    first: int
    last: int


class Statements:
    """Those that the code of CPA has run on connections opened within `watched`, values left out, and where."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        """One of each, values and all."""
        self._known: set[str] = set()
        self._new: dict[str, str] = {}
        self._lines: set[tuple[str, int]] = set()

    @contextmanager
    def watched(self) -> Iterator[None]:
        opened = SQLiteDatabase._open

        def open_watched(database: SQLiteDatabase, kind: type[sqlite3.Connection]) -> sqlite3.Connection:
            connection = opened(database, kind)
            connection.set_trace_callback(self._saw)
            return connection

        with mock.patch.object(SQLiteDatabase, "_open", open_watched):
            yield

    def _saw(self, text: str) -> None:
        """Keep a statement that is new; whoever runs it is the caller."""
        frame = sys._getframe(1)
        if not frame.f_code.co_filename.startswith(_OURS):
            return
        self._lines.add((frame.f_code.co_filename, frame.f_lineno))
        if not _ASKED.match(text):
            return
        shape = _VALUE.sub(lambda found: found[0] if _WORD.fullmatch(found[0]) else "?", text)
        if shape not in self._known:
            self._known.add(shape)
            self._new[shape] = text
            self.texts.append(text)

    def came_by(self, place: Place) -> bool:
        """Whether the statement there was run."""
        return any((place.path, line) in self._lines for line in range(place.first, place.last + 1))

    def plans(self) -> dict[str, list[str]]:
        """Return the plans of the statements seen since the last call."""
        new, self._new = self._new, {}
        if not new:
            return {}
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(SCHEMA_FILE.read_text(encoding="utf-8"))
            return {shape: _plan_of(connection, text) for shape, text in new.items()}


def read_all(plans: Mapping[str, Iterable[str]]) -> list[str]:
    """Return those that read a whole table or index without a reason, with their plans."""
    return [
        f"{shape}\n    {'; '.join(plan)}"
        for shape, plan in plans.items()
        if not OF_ALL_TENANTS.match(shape.removeprefix("SELECT count(*) FROM ("))
        and any(_reads_all(step, shape) for step in plan)
    ]


def places() -> set[Place]:
    """Return where the code of CPA asks a store that is open; what cares for a file opens it for itself, to read it
    all."""
    files = [*(_ROOT / "scheduler" / "repository").glob("sqlite_*.py"), *(_ROOT / "scheduler" / "queue").glob("*.py")]
    return set(chain.from_iterable(_places_in(path) for path in files if path.stem != "sqlite_care"))


def _places_in(path: Path) -> Iterator[Place]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"execute", "executemany"}
            and "connection" in ast.unparse(node.func.value)
            and not (isinstance(node.args[0], ast.Constant) and _is_no_question(str(node.args[0].value)))
        ):
            last = node.end_lineno or node.lineno
            around = [one for one in functions if one.lineno <= node.lineno and (one.end_lineno or 0) >= last]
            name = max(around, key=lambda one: one.lineno).name if around else ""
            yield Place(f"{path.stem}.{name}", str(path), node.lineno, last)


def _is_no_question(statement: str) -> bool:
    return statement.startswith(("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "VACUUM"))


def _reads_all(step: str, statement: str) -> bool:
    if "AUTOMATIC" in step:  # an index that SQLite makes for this once, of the whole table
        return True
    scanned = _SCAN.match(step)
    if scanned is None or any(re.match(allowed, step) for allowed in ALLOWED):
        return False
    tables = re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", SCHEMA_FILE.read_text(encoding="utf-8"))
    aliases = re.findall(rf"\b(?:{'|'.join(tables)}) AS (\w+)", statement)
    return scanned[1] in {*tables, *aliases}


def _plan_of(connection: sqlite3.Connection, statement: str) -> list[str]:
    """Return the steps of SQLite's plan; none for what is asked of a table that is not in the schema."""
    try:
        return [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return []
