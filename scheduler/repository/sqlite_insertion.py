"""Inserts many rows with few statements: to run one costs as much as a row, or more where a table has many indexes."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from scheduler.repository.sqlite_rows import insertion_in_order

_TOGETHER: Final = (64, 16, 4, 1)  # rows of one statement, which is written once for each number
_NOTHING: Final[Mapping[str, str | int | None]] = MappingProxyType({})


def _as_sql(value: str | int | None) -> str:
    """Write a value of ours."""
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value)


class Insertion:
    """Inserts rows into a table, their values in the order of the columns, and the rows in theirs.

    The `same` values, which are ours, are those of all rows, which do not have them: what is not bound takes less time.
    """

    def __init__(self, table: str, columns: Sequence[str], same: Mapping[str, str | int | None] = _NOTHING) -> None:
        said = {column: _as_sql(value) for column, value in same.items()}
        self._statements = [(rows, insertion_in_order(table, columns, said, rows=rows)) for rows in _TOGETHER]

    def run(self, connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert the rows, in the caller's transaction. Raises sqlite3.IntegrityError."""
        begin = 0
        for together, statement in self._statements:
            for end in range(begin + together, len(rows) + 1, together):
                connection.execute(statement, tuple(chain.from_iterable(rows[begin:end])))
                begin = end
