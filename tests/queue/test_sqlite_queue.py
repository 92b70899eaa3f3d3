"""What is particular to the queue in SQLite: its jobs are rows, and a row may be unreadable."""

import json

from scheduler.core.ids import DEFAULT_TENANT
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job
from tests.support.store import Store


async def test_a_plan_that_cannot_be_read_does_not_stop_the_others(store: Store, database: SQLiteDatabase) -> None:
    unreadable = [await store.jobs.save(a_job()) for _ in range(3)]
    good = await store.jobs.save(a_job())
    plans = ["no JSON", json.dumps({"tasks": [{"action": "web.click", "colour": "red"}]}), json.dumps({"tasks": 7})]
    for job, plan in zip(unreadable, plans, strict=True):
        statement, values = "UPDATE jobs SET task_graph = ? WHERE id = ?", (plan, job.id)
        await database.write(lambda connection, s=statement, v=values: connection.execute(s, v))  # type: ignore[misc]

    leased = await store.queue.dequeue()

    assert leased is not None
    assert leased.id == good.id
    for job in unreadable:
        assert (await store.lines(job.id))[-1] == "job_failed"
    rows = await database.read(
        lambda connection: connection.execute("SELECT status, error, lease_until FROM jobs ORDER BY n").fetchall()
    )
    assert [row["status"] for row in rows] == ["failed"] * 3 + ["running"]
    assert unreadable[0].id in rows[0]["error"]
    assert rows[0]["lease_until"] is None
    assert await store.audit.broken_link(DEFAULT_TENANT) is None
