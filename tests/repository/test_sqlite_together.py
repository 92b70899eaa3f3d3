"""However many rows are written at once, all are there, in their order; one that cannot be refuses its statement."""

import sqlite3
from collections.abc import Iterator

import pytest

from scheduler.repository.sqlite_together import Change, Insertion

_INSERTION = Insertion("lines", ("text", "size"))
_CHANGE = Change("lines", ("size",), ("text", "token"), always="token = NULL", condition="size IS NOT 99")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE lines (n INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL UNIQUE, size INTEGER, token TEXT)"
    )
    yield connection
    connection.close()


@pytest.mark.parametrize("number", [0, 1, 7, 8, 63, 64, 65, 81, 128, 200])
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


def _lines_with_tokens(connection: sqlite3.Connection, number: int) -> None:
    _INSERTION.run(connection, [(f"line {place}", place) for place in range(number)])
    connection.execute("UPDATE lines SET token = 'token of ' || text")


@pytest.mark.parametrize("number", [0, 1, 8, 64, 81])
def test_each_row_gets_its_own_values_and_others_stay(connection: sqlite3.Connection, number: int) -> None:
    _lines_with_tokens(connection, 90)
    changes = [(place % 5 or None, f"line {place}", f"token of line {place}") for place in range(number)]

    assert _CHANGE.run(connection, changes) == number

    changed = connection.execute("SELECT size, text FROM lines WHERE token IS NULL ORDER BY n").fetchall()
    assert changed == [change[:2] for change in changes]


def test_what_does_not_fit_is_not_changed_and_not_counted(connection: sqlite3.Connection) -> None:
    _lines_with_tokens(connection, 12)
    connection.execute("UPDATE lines SET size = 99 WHERE text = 'line 3'")
    tokens = {4: "another's", 5: None}
    changes = [(-1, f"line {place}", tokens.get(place, f"token of line {place}")) for place in range(3, 14)]

    assert _CHANGE.run(connection, changes) == 6

    changed = connection.execute("SELECT text FROM lines WHERE size = -1 ORDER BY n").fetchall()
    assert changed == [(f"line {place}",) for place in range(6, 12)]
