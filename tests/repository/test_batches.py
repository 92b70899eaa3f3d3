"""Many jobs at once, as every store must accept them: as if each had been saved by itself, but all or none."""

import asyncio
import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from scheduler.core.errors import ConflictError, IdempotencyConflictError, InvalidTransitionError, StoreFullError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.repository.repository_interface import Answered, AuditFilter, IdempotentRequest
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_graph, a_job
from tests.support.clock import NOON
from tests.support.store import Store, fill_the_disk, free_the_disk

BATCH = IdempotentRequest(key="k", route="jobs:batch", body_digest="d")
FULL: dict[str, Any] = {
    "description": "Rechnung 4711 für Jörg 📎 \ud83d",
    "context": {"größe": [1, None, "📎"], "slots": {}},
    "locale": "en",
    "priority": 7,
    "max_retries": 9,
    "deadline": NOON + timedelta(hours=1),
    "not_before": NOON + timedelta(minutes=1),
}


async def rows_of(database: SQLiteDatabase, job_id: JobId) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that belongs to a job, without what differs from one job to the next."""
    left_out = {"n", "turn", "id", "job_id", "seq", "block", "position"}

    def read(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        for table, key in (("jobs", "id"), ("tasks", "job_id"), ("events", "job_id"), ("audit_log", "job_id")):
            rows = connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (job_id,)).fetchall()  # noqa: S608
            found[table] = [
                tuple(
                    value
                    for name, value in dict(row).items()
                    if name not in left_out - ({"position"} if table == "tasks" else set())
                )
                for row in rows
            ]
        return found

    return await database.read(read)


@pytest.mark.parametrize("fields", [{}, FULL])
async def test_a_job_of_a_batch_is_stored_as_one_that_was_saved_alone(
    store: Store, database: SQLiteDatabase, fields: dict[str, Any]
) -> None:
    alone, together = a_job(tasks=3, **fields), a_job(tasks=3, **fields)

    await store.jobs.save(alone)
    ids = (await store.jobs.save_many([together])).ids

    assert ids == [together.id]
    first, second = await rows_of(database, alone.id), await rows_of(database, together.id)
    assert first == second
    assert [len(rows) for rows in second.values()] == [1, 3, 1, 1]
    assert await store.audit.broken_link(DEFAULT_TENANT) is None


async def test_a_refused_order_keeps_its_place(store: Store) -> None:
    first, second = a_job(), a_job()

    assert (await store.jobs.save_many([None, first, None, second])).ids == [None, first.id, None, second.id]
    assert (await store.jobs.save_many([None, None])).ids == [None, None]
    assert (await store.jobs.save_many([])).ids == []
    assert (await store.jobs.list()).total == 2


async def test_the_same_request_gives_the_same_ids(store: Store) -> None:
    first = await store.jobs.save_many([a_job(), None, a_job()], BATCH)

    again = await store.jobs.save_many([a_job(), None, a_job()], BATCH)

    assert again == first
    assert (await store.jobs.list()).total == 2


async def test_what_a_request_has_brought_can_be_asked_for(store: Store) -> None:
    alone = IdempotentRequest(key="k", route="jobs", body_digest="d")
    job, ids = await store.jobs.save(a_job(), alone), await store.jobs.save_many([a_job(), None], BATCH)

    assert await store.jobs.earlier(DEFAULT_TENANT, alone) == Answered([job.id])
    assert await store.jobs.earlier(DEFAULT_TENANT, BATCH) == ids
    assert await store.jobs.earlier(TenantId("acme"), BATCH) is None
    with pytest.raises(IdempotencyConflictError):
        await store.jobs.earlier(DEFAULT_TENANT, BATCH.model_copy(update={"body_digest": "other"}))


async def test_the_same_request_at_once_is_accepted_once(store: Store) -> None:
    answers = await asyncio.gather(*(store.jobs.save_many([a_job(), a_job()], BATCH) for _ in range(10)))

    assert len({tuple(answer.ids) for answer in answers}) == 1
    assert (await store.jobs.list()).total == 2


async def test_another_request_with_the_key_is_a_conflict(store: Store) -> None:
    await store.jobs.save_many([a_job()], BATCH)

    with pytest.raises(IdempotencyConflictError):
        await store.jobs.save_many([a_job()], BATCH.model_copy(update={"body_digest": "other"}))
    assert (await store.jobs.list()).total == 1


async def test_a_key_belongs_to_its_tenant(store: Store) -> None:
    mine = await store.jobs.save_many([a_job()], BATCH)

    theirs = await store.jobs.save_many([a_job(tenant=TenantId("other"))], BATCH)

    assert mine != theirs


async def _nothing_is_stored(store: Store, jobs: list[Job | None], error: type[Exception]) -> None:
    before = (await store.jobs.list()).total, (await store.audit.list(AuditFilter())).total
    with pytest.raises(error):
        await store.jobs.save_many(jobs, BATCH)
    assert ((await store.jobs.list()).total, (await store.audit.list(AuditFilter())).total) == before


async def test_of_a_batch_with_a_flaw_nothing_is_stored(store: Store) -> None:
    stored, twice = a_job(), a_job()
    await store.jobs.save(stored)

    await _nothing_is_stored(store, [a_job(), stored], ConflictError)
    await _nothing_is_stored(store, [twice, twice], ConflictError)
    for begun in ({"status": JobStatus.RUNNING}, {"run": 2}, {"retry_count": 1}, {"crashes": 1}, {"started_at": NOON}):
        await _nothing_is_stored(store, [a_job(), a_job(**begun)], InvalidTransitionError)
    await _nothing_is_stored(store, [a_job(), a_job(tenant=TenantId("other"))], ValueError)
    assert (await store.jobs.save_many([twice], BATCH)).ids == [twice.id]


async def test_jobs_of_a_batch_are_handed_out_by_priority_then_in_order(store: Store) -> None:
    jobs = [a_job(), a_job(priority=5), a_job()]

    await store.jobs.save_many(jobs)
    await store.queue.announce(jobs)

    leased = [await store.queue.dequeue() for _ in range(4)]
    assert [job and job.id for job in leased] == [jobs[1].id, jobs[0].id, jobs[2].id, None]


async def test_jobs_may_share_one_plan(store: Store) -> None:
    graph = a_graph(2)
    jobs = [a_job(task_graph=graph) for _ in range(3)]

    await store.jobs.save_many(jobs)

    for job in jobs:
        assert await store.jobs.get(job.id) == job
        assert [task.task_id for task in await store.tasks.list(job.id)] == ["task1", "task2"]


async def test_a_full_disk_leaves_nothing_of_a_batch(store: Store, database: SQLiteDatabase) -> None:
    await database.write(fill_the_disk)
    with pytest.raises(StoreFullError):
        await store.jobs.save_many([a_job(tasks=50) for _ in range(50)])
    await database.write(free_the_disk)

    assert (await store.jobs.list()).total == 0
