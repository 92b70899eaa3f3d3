"""The connection that writes, and how several writes share one transaction without harming one another."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from scheduler.repository.news import News

Answer = TypeVar("Answer")
Rows = Sequence[Any]
WriteRows = Callable[[sqlite3.Connection, Rows], None]
_CHECKPOINT = 4000  # pages of 4 KiB; SQLite's own 1000 are full after three commits of a busy worker


class SQLiteWriter(sqlite3.Connection):
    """Gathers rows that nobody reads before the commit, and writes them once for all that share it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - sqlite3's own
        super().__init__(*args, **kwargs)
        self.gathered: dict[WriteRows, list[Any]] = {}
        self._patience: float | None = None
        self._lasts: bool | None = None

    @property
    def lasts(self) -> bool:
        """Whether a commit waits until the disk has it."""
        return self._lasts is not False

    def last(self, lasting: bool) -> None:
        """Say whether what is committed next must survive a power cut. What need not waits for no disk: it leaves
        checkpoints, too, to commits that do. Only between two transactions."""
        if lasting != self._lasts:
            self.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
            self.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT if lasting else 0}")
            self._lasts = lasting

    def wait_for_others(self, seconds: float) -> None:
        """Say how long a transaction that begins waits for another process to end its own."""
        if seconds != self._patience:
            self.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")
            self._patience = seconds

    def flush(self) -> None:
        """Write what was gathered."""
        gathered, self.gathered = self.gathered, {}
        for write, rows in gathered.items():
            write(self, rows)

    def forget(self) -> None:
        """Drop what was gathered."""
        self.gathered = {}


def before_commit(connection: sqlite3.Connection, write: WriteRows, rows: Rows, *, first: bool = False) -> None:
    """Have `write` called once with these rows, and with those of all other writes of the transaction, at its end.

    What others refer to goes `first`. Raises TypeError for a connection that is not the writer's: nobody would call it.
    """
    if not isinstance(connection, SQLiteWriter):
        raise TypeError("only SQLiteDatabase.write ends with a commit that writes what was gathered")
    known = connection.gathered.get(write)
    if known is not None:
        known += rows
    elif first:
        connection.gathered = {write: list(rows), **connection.gathered}
    else:
        connection.gathered[write] = list(rows)


def write_gathered(connection: sqlite3.Connection) -> None:
    """Write what others of the same commit have gathered, for one who is going to read it."""
    if isinstance(connection, SQLiteWriter):
        connection.flush()


class Unit(Generic[Answer]):
    """One write that waits for its commit: what it does, and how it ended."""

    __slots__ = ("answer", "error", "future", "lasting", "news", "quick", "settled", "work")

    def __init__(
        self,
        work: Callable[[sqlite3.Connection], Answer],
        future: asyncio.Future[Answer],
        *,
        quick: bool = False,
        lasting: bool = True,
        news: News = News.FOR_ALL,
    ) -> None:
        self.work = work
        self.quick = quick
        self.lasting = lasting
        self.news = news
        self.future = future
        self.answer: Any = None
        self.error: BaseException | None = None
        self.settled = False

    def run(self, connection: sqlite3.Connection) -> None:
        self.answer = self.work(connection)

    def settle(self) -> None:
        """Tell the caller, if there still is one."""
        self.settled = True
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.answer)
        else:
            self.future.set_exception(self.error)


def commit(connection: SQLiteWriter, units: Sequence[Unit[Any]]) -> None:
    """Run the units in one transaction. One that raises is undone alone, and keeps its error; the others are committed.

    Raises sqlite3.Error when nothing could be committed.
    """
    if not _all_at_once(connection, units):
        _one_by_one(connection, units)


def run_whole(connection: SQLiteWriter, units: Sequence[Unit[Any]]) -> bool:
    """Run all units in a transaction and leave it open; return False, and undo them, when that cannot be done."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for unit in units:
            unit.run(connection)
        connection.flush()
    except Exception:  # noqa: BLE001 - whoever runs them again, each on its own, finds out which and why
        _undo(connection)
        return False
    return True


def end_whole(connection: SQLiteWriter) -> bool:
    """Commit what has run; return False, and undo it, when that cannot be done."""
    try:
        connection.execute("COMMIT")
    except sqlite3.Error:
        _undo(connection)
        return False
    return True


def _all_at_once(connection: SQLiteWriter, units: Sequence[Unit[Any]]) -> bool:
    """Commit all, or nothing; return whether that is settled."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for unit in units:
            unit.run(connection)
        connection.flush()
        connection.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - whoever asked for the unit gets it
        _undo(connection)
        if len(units) > 1:
            return False
        units[0].error = error
    return True


def _one_by_one(connection: SQLiteWriter, units: Sequence[Unit[Any]]) -> None:
    """Commit those that succeed. One that the disk had no room for undoes all of them: then all get its error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for unit in units:
            connection.execute("SAVEPOINT unit")
            try:
                unit.run(connection)
                connection.flush()
            except BaseException as error:
                unit.error = error
                connection.forget()
                if not connection.in_transaction:
                    raise
                connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
        connection.execute("COMMIT")
    except BaseException:
        _undo(connection)
        raise


def _undo(connection: SQLiteWriter) -> None:
    connection.forget()
    if connection.in_transaction:
        connection.execute("ROLLBACK")
