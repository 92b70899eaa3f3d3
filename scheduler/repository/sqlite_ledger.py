"""Keeps what was spent in the store: for all processes that share it, over restarts and crashes."""

import sqlite3
from collections.abc import Sequence

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.spending import Account, Amount, check_room
from scheduler.repository.sqlite_database import SQLiteDatabase

_ADD = """
    INSERT INTO spending (account, tokens, micros) VALUES (?, ?, ?)
    ON CONFLICT (account) DO UPDATE SET tokens = tokens + excluded.tokens, micros = micros + excluded.micros
"""


class SQLiteLedger:
    """Keeps the promise of `Ledger` on SQLite; a charge is one transaction."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_SPEND, CrashPoint.AFTER_SPEND)
    async def charge(self, accounts: Sequence[Account], amount: Amount) -> None:
        """Pay; see Ledger."""

        def pay(connection: sqlite3.Connection) -> None:
            for account in accounts:
                check_room(account, _spent(connection, account.name), amount)
            _add(connection, accounts, amount.tokens, amount.micros or 0)

        await self._database.write(pay)

    @crash_points(CrashPoint.BEFORE_SPEND, CrashPoint.AFTER_SPEND)
    async def give_back(self, accounts: Sequence[Account], amount: Amount) -> None:
        """Return what was paid too much; see Ledger."""
        await self._database.write(lambda connection: _add(connection, accounts, -amount.tokens, -(amount.micros or 0)))

    async def spent(self, account: str) -> Amount:
        """Return what the account has paid."""
        return await self._database.read(lambda connection: _spent(connection, account))


def _spent(connection: sqlite3.Connection, account: str) -> Amount:
    row = connection.execute("SELECT tokens, micros FROM spending WHERE account = ?", (account,)).fetchone()
    return Amount() if row is None else Amount(*row)


def _add(connection: sqlite3.Connection, accounts: Sequence[Account], tokens: int, micros: int) -> None:
    connection.executemany(_ADD, [(account.name, tokens, micros) for account in accounts])
