"""Runs a revision that is written as SQL."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from alembic import op


def run_file(path: Path) -> None:
    """Run every statement of the file inside the revision's transaction."""
    for statement in statements(path.read_text(encoding="utf-8")):
        op.get_bind().exec_driver_sql(statement)


def statements(script: str) -> Iterator[str]:
    """Split a script into statements; a trigger's body stays whole."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
