"""What an agent must not forget when it is killed: who it is, what it was told, what it did, and what it has to say.

One SQLite file, one thread that uses it; every change is on disk when its method returns.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from scheduler.core.crash_points import CrashPoint, crash_points

T = TypeVar("T")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fences (
    conversation TEXT NOT NULL, task TEXT NOT NULL, epoch INTEGER NOT NULL, ts REAL NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (conversation, task)
);
CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY, conversation TEXT NOT NULL, task TEXT NOT NULL, state TEXT NOT NULL, ended TEXT NOT NULL,
    payload TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS effects_of_tasks ON effects (conversation, task, at);
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, key TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (n INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL, at REAL NOT NULL);
"""


class EffectState(StrEnum):
    """How an effect stands in the ledger; `started` is written before it begins, the others after it ended."""

    NONE = "none"
    STARTED = "started"
    DONE = "done"
    UNKNOWN = "unknown"


class Effect(NamedTuple):
    """An entry of the ledger. `ended` is the type of the final answer, empty while there is none; `payload` is its."""

    key: str
    conversation: str
    task: str
    state: EffectState = EffectState.NONE
    ended: str = ""
    payload: str = "{}"


class Fence(NamedTuple):
    """Orders for a task that are older than this are refused: an older lease, or before it was stopped or asked."""

    epoch: int = 0
    ts: float = 0.0


class Arrival(NamedTuple):
    """A genuine message: `digest` is that of its content, `nonce` and `expires` are its signature's."""

    id: str
    digest: str
    nonce: str
    expires: float


class Kept(NamedTuple):
    """What was answered to a message when it came first."""

    digest: str
    answer: str | None


class Order(NamedTuple):
    """A request or an assign that has not been answered finally, as JSON."""

    id: str
    key: str
    document: str


class AgentStore:
    """Opened once by one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="agent-store")
        self._opened: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file for this process alone. Raises ValueError when another one has it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def close(self) -> None:
        if self._opened is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._opened.close)
            self._opened = None
        self._thread.shutdown(wait=False)

    async def fact(self, name: str) -> str | None:
        """Return what is remembered of the agent itself under a name."""
        row = await self._read(lambda db: db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone())
        return None if row is None else str(row[0])

    async def remember(self, name: str, value: str) -> None:
        await self._write(lambda db: _insert(db, "INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value)))

    async def next_start(self) -> int:
        """Count the starts of this agent, this one included."""

        def count(db: sqlite3.Connection) -> int:
            db.execute("INSERT INTO facts VALUES ('starts', '0') ON CONFLICT DO NOTHING")
            db.execute("UPDATE facts SET value = CAST(value AS INTEGER) + 1 WHERE name = 'starts'")
            return int(db.execute("SELECT value FROM facts WHERE name = 'starts'").fetchone()[0])

        return await self._write(count)

    async def was_used(self, nonce: str) -> bool:
        return await self._read(lambda db: _one(db, "SELECT 1 FROM nonces WHERE nonce = ?", nonce)) is not None

    async def kept(self, message_id: str) -> Kept | None:
        """Return what was answered to a message, None if it never came."""
        row = await self._read(lambda db: _one(db, "SELECT digest, answer FROM inbox WHERE id = ?", message_id))
        return None if row is None else Kept(*row)

    async def fence(self, conversation: str, task: str) -> Fence:
        statement = "SELECT epoch, ts FROM fences WHERE conversation = ? AND task = ?"
        row = await self._read(lambda db: db.execute(statement, (conversation, task)).fetchone())
        return Fence() if row is None else Fence(*row)

    async def latest_epoch(self, conversation: str) -> int:
        """Return the highest lease epoch from which anything was asked in a conversation."""
        row = await self._read(
            lambda db: _one(db, "SELECT coalesce(max(epoch), 0) FROM fences WHERE conversation = ?", conversation)
        )
        return 0 if row is None else int(row[0])

    async def effect(self, key: str) -> Effect | None:
        row = await self._read(lambda db: _one(db, f"SELECT {_EFFECT} FROM effects WHERE key = ?", key))  # noqa: S608
        return None if row is None else _effect(row)

    async def effect_of(self, conversation: str, task: str) -> Effect | None:
        """Return the latest effect of a task."""
        statement = f"SELECT {_EFFECT} FROM effects WHERE conversation = ? AND task = ? ORDER BY at DESC LIMIT 1"  # noqa: S608
        row = await self._read(lambda db: db.execute(statement, (conversation, task)).fetchone())
        return None if row is None else _effect(row)

    async def open_orders(self) -> Sequence[Order]:
        """Return what was agreed to and never answered."""
        rows = await self._read(lambda db: db.execute("SELECT id, key, document FROM orders ORDER BY id").fetchall())
        return [Order(*row) for row in rows]

    async def note(
        self,
        arrival: Arrival,
        answer: str | None,
        now: datetime,
        *,
        order: Order | None = None,
        effect: Effect | None = None,
        fence: tuple[str, str, Fence] | None = None,
    ) -> None:
        """Take a message in, in one transaction with what follows from it."""
        at = now.timestamp()

        def store(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM nonces WHERE expires < ?", (at,))
            db.execute("INSERT INTO nonces VALUES (?, ?) ON CONFLICT DO NOTHING", (arrival.nonce, arrival.expires))
            row = (arrival.id, arrival.digest, answer, at)
            db.execute("INSERT INTO inbox VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            if order is not None:
                db.execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", order)
            if effect is not None:
                db.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (*effect, at))
            if fence is not None:
                conversation, task, (epoch, ts) = fence
                db.execute(_RAISE_FENCE, (conversation, task, epoch, ts, at))

        await self._write(store)

    async def begin(self, key: str, now: datetime) -> None:
        """Write that an effect begins; whoever dies after this cannot say that nothing happened."""
        values = (EffectState.STARTED, now.timestamp(), key)
        await self._write(
            lambda db: _insert(db, "UPDATE effects SET state = ?, ended = '', at = ? WHERE key = ?", values)
        )

    async def end(self, effect: Effect, replies: Sequence[str], orders: Sequence[str], now: datetime) -> None:
        """Write how an effect ended, together with what is to be said of it and the orders that answers."""
        at = now.timestamp()

        def store(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO effects VALUES (?, ?, ?, ?, ?, ?, ?)", (*effect, at))
            db.executemany("INSERT INTO outbox (document, at) VALUES (?, ?)", [(reply, at) for reply in replies])
            db.executemany("DELETE FROM orders WHERE id = ?", [(order,) for order in orders])

        await self._write(store)

    async def say(self, reply: str, now: datetime) -> None:
        """Put a message into the outbox."""
        values = (reply, now.timestamp())
        await self._write(lambda db: _insert(db, "INSERT INTO outbox (document, at) VALUES (?, ?)", values))

    async def unsaid(self, limit: int = 20) -> Sequence[tuple[int, str]]:
        """Return what is still to be said, the oldest first."""
        statement = "SELECT n, document FROM outbox ORDER BY n LIMIT ?"
        return await self._read(lambda db: [(int(n), str(doc)) for n, doc in db.execute(statement, (limit,))])

    async def said(self, n: int) -> None:
        await self._write(lambda db: _insert(db, "DELETE FROM outbox WHERE n = ?", (n,)))

    async def forget(self, before: datetime) -> None:
        """Forget what nobody will ask about any more: messages and effects older than this, unless they are open."""
        at = before.timestamp()

        def clear(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM inbox WHERE at < ? AND id NOT IN (SELECT id FROM orders)", (at,))
            db.execute("DELETE FROM fences WHERE at < ?", (at,))
            db.execute("DELETE FROM effects WHERE at < ? AND key NOT IN (SELECT key FROM orders)", (at,))
            db.execute("DELETE FROM outbox WHERE at < ?", (at,))

        await self._write(clear)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._database))

    @crash_points(CrashPoint.BEFORE_AGENT_WRITE, CrashPoint.AFTER_AGENT_WRITE)
    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        database = self._database
        with database:
            database.execute("BEGIN IMMEDIATE")
            return work(database)

    @property
    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            raise RuntimeError("the store is not open")
        return self._opened

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, isolation_level=None, timeout=2, check_same_thread=False)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            database.close()
            raise ValueError(
                f"{self._path} cannot be used ({error}). Another agent of this name runs here, or the disk is full; "
                "please choose another --name."
            ) from error
        self._opened = database


_EFFECT: Final = "key, conversation, task, state, ended, payload"
_RAISE_FENCE: Final = """
INSERT INTO fences (conversation, task, epoch, ts, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET epoch = excluded.epoch, ts = excluded.ts, at = excluded.at
WHERE (excluded.epoch, excluded.ts) > (fences.epoch, fences.ts)
"""


def _one(db: sqlite3.Connection, statement: str, value: str) -> tuple[str, ...] | None:
    row: tuple[str, ...] | None = db.execute(statement, (value,)).fetchone()
    return row


def _insert(db: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> None:
    db.execute(statement, values)


def _effect(row: tuple[str, ...]) -> Effect:
    key, conversation, task, state, ended, payload = row
    return Effect(key, conversation, task, EffectState(state), ended, payload)
