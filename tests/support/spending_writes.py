"""Every durable write of a budget that is charged for a call and gets back what the call did not cost."""

import asyncio
from pathlib import Path

from scheduler.core import crash_points
from scheduler.core.crash_points import CrashPoint
from scheduler.core.spending import Account, Amount
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_ledger import SQLiteLedger

ACCOUNTS = (Account("job 1", 100), Account("tenant acme", 1000), Account("day", 10_000))
MOST, UNUSED = Amount(30, 300), Amount(20, 200)


async def write_all(database: SQLiteDatabase) -> None:
    """Go through all of them; whoever was cut in between asks again, and pays again."""
    ledger = SQLiteLedger(database)
    await ledger.charge(ACCOUNTS, MOST)
    await ledger.give_back(ACCOUNTS, UNUSED)


def write_until(path: Path, point: CrashPoint, visit: int) -> None:
    """The body of a process that dies at the point."""

    async def work() -> None:
        database = SQLiteDatabase(path)
        await database.connect()
        crash_points.arm(point, visit)
        await write_all(database)

    asyncio.run(work())
