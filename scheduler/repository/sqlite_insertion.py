"""Inserts many rows with few statements: to run one costs about as much as a row does, so most rows share theirs."""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from scheduler.repository.sqlite_rows import insertion_in_order

_TOGETHER: Final = 64  # rows of one statement; with more the gain is as large, and fewer rows find enough company


class Insertion:
    """Inserts rows into a table, their values in the order of the columns, and the rows in theirs."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self._one = insertion_in_order(table, columns)
        self._many = insertion_in_order(table, columns, rows=_TOGETHER)

    def run(self, connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert the rows, in the caller's transaction. Raises sqlite3.IntegrityError."""
        rest = len(rows) % _TOGETHER
        for end in range(_TOGETHER, len(rows) + 1, _TOGETHER):
            connection.execute(self._many, tuple(chain.from_iterable(rows[end - _TOGETHER : end])))
        connection.executemany(self._one, rows[len(rows) - rest :])
