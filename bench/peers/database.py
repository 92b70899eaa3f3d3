"""Looks into the database of a run of ours: whether it is final, and what a job has left there."""

import contextlib
import sqlite3
from pathlib import Path

COUNTED = ("jobs", "tasks", "events", "audit_log", "audit_blocks", "idempotency_keys")


class Store:
    """One database file, which others write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def unfinished(self) -> int:
        """Return how many jobs have not reached an end."""
        with self._open() as connection:
            statement = "SELECT count(*) FROM jobs WHERE status NOT IN ('done', 'failed', 'cancelled')"
            return int(connection.execute(statement).fetchone()[0])

    def rows(self) -> dict[str, int]:
        """Return how many rows each table holds that a job leaves something in."""
        with self._open() as connection:
            return {
                table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
                for table in COUNTED
            }

    def outcomes(self) -> dict[str, int]:
        """Return how many jobs have each status."""
        with self._open() as connection:
            return dict(connection.execute("SELECT status, count(*) FROM jobs GROUP BY status").fetchall())

    def _open(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30))
