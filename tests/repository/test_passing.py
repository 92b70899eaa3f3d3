"""What a claim costs while a tenant is at its limit: counted in steps of SQLite's machine, so load does not matter."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.core.ids import TenantId
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository import sqlite_leases
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import Limits
from tests.support.builders import a_job
from tests.support.clock import FakeClock
from tests.support.store import LEASE

pytestmark = pytest.mark.component

FLOODING = TenantId("flooding")
_COLUMNS = (
    "tenant, intent, description, locale, status, created_at, not_before, retry_count, max_retries, graph_digest,"
    " context, task_graph, run"
)
_MORE = f"""
WITH RECURSIVE numbers (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM numbers WHERE k < ?)
INSERT INTO jobs (id, priority, turn, {_COLUMNS}) SELECT 'more-' || k, 1, 10 + k, {_COLUMNS} FROM numbers, jobs
WHERE jobs.id = ?
"""  # noqa: S608 - names are ours
_STEPS = 10  # of SQLite's machine, at which it is counted


def _steps(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, _STEPS)
    work()
    connection.set_progress_handler(None, 0)
    return counted * _STEPS


@pytest.mark.parametrize("others", [1, 30])
async def test_a_claim_past_a_flood_costs_the_same_however_large_it_is(
    database: SQLiteDatabase, clock: FakeClock, others: int
) -> None:
    limits = Limits(running_of_tenant=2)
    queue = SQLiteQueue(database, clock, LEASE, limits=limits)
    for _ in range(3):
        model = await queue.enqueue(a_job(tenant=FLOODING, priority=1))
    assert len(await queue.dequeue(10)) == 2

    async def cost(flood: int) -> int:
        await database.write(lambda connection: connection.execute(_MORE, (flood, model)))
        await database.write(
            lambda connection: connection.execute("UPDATE jobs SET id = 'x' || n WHERE id LIKE 'more%'")
        )
        for number in range(others):
            await queue.enqueue(a_job(tenant=TenantId(f"other-{number}")))

        def claim(connection: sqlite3.Connection) -> tuple[int, int]:
            found: list[int] = []

            def work() -> None:
                jobs = sqlite_leases.claim(connection, now=clock.now(), lease=LEASE, limit=50, limits=limits)
                found.append(len(jobs))

            return _steps(connection, work), found[0]

        steps, found = await database.write(claim)
        assert found == others
        clock.advance(timedelta(milliseconds=1))
        return steps

    small = await cost(100)
    large = await cost(20_000)

    assert large < 1.5 * small
