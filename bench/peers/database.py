"""Looks into the database of a run of ours: whether it is final, and what a job has left there."""

import contextlib
import sqlite3
from pathlib import Path

COUNTED = ("jobs", "tasks", "events", "audit_log", "audit_blocks", "idempotency_keys")


class Database:
    """One database file, which others write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def final(self, jobs: int) -> bool:
        """Whether the newest `jobs` have all reached an end. The newest end last, so they are looked at first."""
        statement = (
            "SELECT 1 FROM jobs WHERE n > (SELECT max(n) FROM jobs) - ?"
            " AND status NOT IN ('done', 'failed', 'cancelled') ORDER BY n DESC LIMIT 1"
        )
        with self._open() as connection:
            return connection.execute(statement, (jobs,)).fetchone() is None

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
