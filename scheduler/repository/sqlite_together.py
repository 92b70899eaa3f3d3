"""Writes many rows with few statements: to run one costs about as much as a row does, so most rows share theirs."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from scheduler.repository.sqlite_rows import insertion_in_order, values_in_order

_TOGETHER: Final = (64, 8, 1)
"""Rows of one statement; with more than the most the gain is as large, and fewer rows find enough company."""
Rows = Sequence[Sequence[Any]]


class Insertion:
    """Inserts rows into a table, their values in the order of the columns, and the rows in theirs."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self._statements = {rows: insertion_in_order(table, columns, rows) for rows in _TOGETHER}

    def run(self, connection: sqlite3.Connection, rows: Rows) -> None:
        """Insert the rows, in the caller's transaction. Raises sqlite3.IntegrityError."""
        for size, values in _in_parts(rows):
            connection.execute(self._statements[size], values)


class Change:
    """Changes rows of a table, each found by a key that is unique, as far as the rest of the condition holds for it.

    A change holds the values of `columns`, then of `key`. What is set beside them, `always`, is the same for all.
    """

    def __init__(
        self, table: str, columns: Sequence[str], key: Sequence[str], *, always: str = "", condition: str = ""
    ) -> None:
        sets = [f"{column} = column{place}" for place, column in enumerate(columns, 1)]
        found = [f"{table}.{column} = column{place}" for place, column in enumerate(key, len(columns) + 1)]
        begin = f"UPDATE {table} SET {', '.join(filter(None, (*sets, always)))}"  # noqa: S608 - names are ours
        end = f"WHERE {' AND '.join(filter(None, (*found, condition)))}"
        width = len(columns) + len(key)
        self.statements = {rows: f"{begin} FROM ({values_in_order(width, rows)}) {end}" for rows in _TOGETHER}
        """By how many rows they change."""

    def run(self, connection: sqlite3.Connection, rows: Rows) -> int:
        """Change the rows, in the caller's transaction; return how many there were that fitted."""
        return sum(connection.execute(self.statements[size], values).rowcount for size, values in _in_parts(rows))


def _in_parts(rows: Rows) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield, for one statement after the other, how many rows it gets, and their values."""
    begin = 0
    for size in _TOGETHER:
        while len(rows) - begin >= size:
            yield size, tuple(chain.from_iterable(rows[begin : begin + size]))
            begin += size
