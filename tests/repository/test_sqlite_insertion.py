"""However many rows are inserted at once, all are there, in their order; one that cannot be refuses its statement."""

import sqlite3
from collections.abc import Iterator

import pytest

from scheduler.repository.sqlite_insertion import Insertion

_INSERTION = Insertion("lines", ("text", "size"))


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE lines (n INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE, size INTEGER)"
    )
    yield connection
    connection.close()


@pytest.mark.parametrize("number", [0, 1, 3, 4, 15, 16, 63, 64, 65, 100, 128, 200])
def test_all_rows_are_there_in_order(connection: sqlite3.Connection, number: int) -> None:
    rows = [(f"line {place}", place if place % 3 else None) for place in range(number)]

    _INSERTION.run(connection, rows)

    assert connection.execute("SELECT text, size FROM lines ORDER BY n").fetchall() == rows
    assert [n for (n,) in connection.execute("SELECT n FROM lines ORDER BY n")] == list(range(1, number + 1))


def test_a_row_that_is_there_already_is_refused(connection: sqlite3.Connection) -> None:
    _INSERTION.run(connection, [("line 70", 0)])

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        _INSERTION.run(connection, [(f"line {place}", place) for place in range(64, 128)])

    assert connection.execute("SELECT count(*) FROM lines").fetchone() == (1,)


@pytest.mark.parametrize("same", ["said", "7", 7, None])
def test_what_is_the_same_in_all_rows_is_in_each(connection: sqlite3.Connection, same: str | int | None) -> None:
    connection.execute("CREATE TABLE alike (kind ANY, text TEXT, size INTEGER) STRICT")

    Insertion("alike", ("text", "kind", "size"), {"kind": same}).run(connection, [("a", 1), ("b", None)])

    assert connection.execute("SELECT kind, text, size FROM alike").fetchall() == [(same, "a", 1), (same, "b", None)]
