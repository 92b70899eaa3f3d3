"""What is in the queue is counted as far as that is cheap, and beyond it is said that there may be more."""

from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.repository import sqlite_counts
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job
from tests.support.store import Store


async def test_counting_ends_somewhere_and_says_so(store: Store, database: SQLiteDatabase) -> None:
    await store.jobs.save_many([a_job() for _ in range(5)])
    await store.jobs.save_many([a_job(tenant=TenantId("other")) for _ in range(3)])

    everybody = await database.read(lambda connection: sqlite_counts.report(connection, None, most=6))
    one = await database.read(lambda connection: sqlite_counts.report(connection, DEFAULT_TENANT, most=6))

    assert (everybody.total.ready, everybody.at_least) == (6, ("ready",))
    assert (one.total.ready, one.at_least) == (5, ())
