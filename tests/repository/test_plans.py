"""No statement of the store reads a whole table: SQLite's plan for each of them uses an index."""

import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.core.dead_letter import LetterFilter
from scheduler.core.errors import LeaseLostError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.job import JobFilter, JobStatus, TaskStatus
from scheduler.core.schedules import ScheduleEventType
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository import sqlite_database
from scheduler.repository.cursors import to_cursor
from scheduler.repository.dead_letter_repository import NewPlan
from scheduler.repository.repository_interface import AuditFilter, IdempotentRequest
from scheduler.repository.schedule_repository import Firing, ScheduleRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import Limits
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from tests.support.builders import a_graph, a_job, a_message, a_progress, a_task_run, an_audit_entry, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.schedules import a_schedule
from tests.support.store import LEASE, Store, sqlite_store

WHOLE = re.compile(
    r"SCAN (jobs|j|tasks|events|messages|audit_log|audit_blocks|audit_spans|dead_letters|d|idempotency_keys|schedules"
    r"|schedule_events|unique_jobs|u)\b(?! USING (COVERING )?INDEX (jobs_(ready|cancelling|leased)|schedules_due))"
)
"""The plan of a statement that reads more than it needs; an index of only some rows may be read as a whole."""
OF_ALL_TENANTS = re.compile(
    r"SELECT (\*|count\(\*\)|1) FROM (jobs|audit_log) +"
    r"(WHERE (timestamp >= \d+ AND timestamp < \d+)?( AND )?((action|status) = '[a-z.]+')? *)?"
    r"($|LIMIT 10001|ORDER BY [a-z_ ]+(DESC)?, [a-z, ]+(DESC )?LIMIT)"
)
"""What is read to its end because it is asked for all tenants at once, which no client can; a page at a time."""
COUNTED = re.compile(
    r"SELECT (tenant, count\(\*\) FROM [^()]+ GROUP BY tenant"
    r"|count\(\*\) FROM \(SELECT 1 FROM [^()]+ AND tenant = 'default' LIMIT 100000\))$"
)
"""Reads an index that holds only what is counted."""
READY = re.compile(r"FROM jobs WHERE status = 'pending' AND delayed = 0")
"""Reads the index of what is ready in the order in which it is handed out."""


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every statement that a connection opened from now on has run, with its values."""
    statements: set[str] = set()
    opened = SQLiteDatabase._open

    def open_traced(database: SQLiteDatabase, kind: type[sqlite3.Connection]) -> sqlite3.Connection:
        connection = opened(database, kind)
        connection.set_trace_callback(statements.add)
        return connection

    monkeypatch.setattr(sqlite_database.SQLiteDatabase, "_open", open_traced)
    return statements


async def _exercise(store: Store, clock: FakeClock) -> None:
    """Call every method of every repository and of the queue, with every combination of filters."""
    request = IdempotentRequest(key="k", route="schedule", body_digest="d")
    await store.jobs.save(a_job(), request)
    await store.jobs.save(a_job(), request)
    await _exercise_batches(store)
    lost = await store.queue.dequeue()
    assert lost is not None
    clock.advance(LEASE)
    job = await store.queue.dequeue()
    assert job is not None
    with pytest.raises(LeaseLostError):
        await store.queue.renew(lost)
    await store.queue.renew(job)
    await store.jobs.record(
        a_progress(
            job,
            tasks=[a_task_run(job, status=TaskStatus.DONE, result={})],
            events=[an_event(job)],
            audit=[an_audit_entry(job_id=job.id)],
        )
    )
    await store.queue.hand_back(job)
    await store.queue.cancel(job.id)
    job = await store.queue.dequeue()
    assert job is not None
    await store.jobs.record(a_progress(job, status=JobStatus.FAILED, completed_at=NOON))
    await store.queue.retry(job.id)
    await store.queue.cancel(job.id)
    await store.queue.enqueue(job)
    await store.queue.cancelling()
    await store.queue.length()
    for whose in (None, DEFAULT_TENANT):
        await store.queue.report(whose)
    await store.tasks.save(a_task_run(job, "more"))
    await store.tasks.get(job.id, TaskId("more"))
    await store.tasks.update_status(job.id, TaskId("more"), TaskStatus.SKIPPED)
    await store.tasks.delete(job.id, TaskId("more"))
    message = a_message()
    await store.messages.save(message, DEFAULT_TENANT, NOON)
    await store.messages.get(message.id, DEFAULT_TENANT)
    await store.messages.list("job-1", DEFAULT_TENANT)
    await _list_everything(store, job.id)
    await store.jobs.delete(job.id, DEFAULT_TENANT)
    await _exercise_letters(store)
    await _exercise_unique(store)


async def _exercise_batches(store: Store) -> None:
    batch = IdempotentRequest(key="k", route="jobs:batch", body_digest="d")
    jobs = [a_job(), None, a_job()]
    await store.jobs.save_many(jobs, batch)
    await store.jobs.earlier(DEFAULT_TENANT, batch)
    await store.queue.announce([job for job in jobs if job])
    for job in jobs:
        if job:
            await store.queue.cancel(job.id)


async def _exercise_limits(database: SQLiteDatabase, clock: FakeClock) -> None:
    """Claim past a tenant that may have no more."""
    queue = SQLiteQueue(database, clock, LEASE, limits=Limits(running_of_tenant=1))
    for tenant in ("full", "full", "free"):
        await queue.enqueue(a_job(tenant=TenantId(tenant)))
    await queue.dequeue(10)
    await queue.enqueue(a_job(tenant=TenantId("new")))
    assert [job.tenant for job in await queue.dequeue(10)] == ["new"]


async def _exercise_letters(store: Store) -> None:
    letters = [await store.failed() for _ in range(3)]
    tenant = DEFAULT_TENANT
    for code in (None, "site_unreachable"):
        for intent in (None, "fetch_invoice"):
            for since in (None, NOON):
                wanted = LetterFilter(code=code, intent=intent, since=since, until=since and since + timedelta(days=1))
                page = await store.letters.list(wanted, tenant, limit=2)
                await store.letters.list(wanted, tenant, limit=2, cursor=page.next_cursor)
    await store.letters.get(letters[0].id, tenant)
    graph = a_graph()
    await store.letters.correct(
        NewPlan(job_id=letters[0].id, version=1, task_graph=graph, context={}, changes=()), tenant, "why"
    )
    await store.letters.requeue([letters[0].id], tenant, "why")
    await store.letters.discard([letters[1].id], tenant, "why")


async def _exercise_unique(store: Store) -> None:
    """Claim, meet, take the place of one that failed, and find it taken."""
    claim = UniqueClaim(key="k", within=timedelta(hours=1))
    await store.jobs.save(a_job(priority=9), IdempotentRequest(key="u", route="jobs", body_digest="d"), claim)
    met = a_job()
    await store.jobs.save_many([met], None, {met.id: claim})
    await store.jobs.held(DEFAULT_TENANT, [claim])
    failed = await store.queue.dequeue()
    assert failed is not None
    await store.jobs.record(a_progress(failed, status=JobStatus.FAILED, completed_at=NOON))
    live = a_job()
    await store.jobs.save(live, None, claim)
    assert (await store.letters.requeue([failed.id], DEFAULT_TENANT, "")).taken == {failed.id: live.id}
    await store.queue.cancel(live.id)
    assert (await store.letters.requeue([failed.id], DEFAULT_TENANT, "")).opened


async def _list_everything(store: Store, job_id: JobId) -> None:
    for tenant in (None, DEFAULT_TENANT):
        await store.jobs.get(job_id, tenant)
        await store.events.list(job_id, tenant=tenant)
        for status in (None, JobStatus.CANCELLED):
            await store.jobs.list(status_filter=status, tenant=tenant)
        for job in (None, job_id):
            for start in (None, NOON):
                for action in (None, "job.accepted"):
                    end = start and start + timedelta(days=1)
                    await store.audit.list(
                        AuditFilter(tenant=tenant, job_id=job, start_date=start, end_date=end, action_type=action)
                    )
    for statuses in ((), (JobStatus.DONE,), (JobStatus.PENDING, JobStatus.FAILED)):
        for intent in (None, "fetch_invoice"):
            for text in (None, "rechnung"):
                for start in (None, NOON):
                    end = start and start + timedelta(days=1)
                    wanted = JobFilter(statuses=frozenset(statuses), intent=intent, text=text, since=start, until=end)
                    cursor = to_cursor("jobs", 9, 9) if text is None else to_cursor("words", 9)
                    await store.jobs.find(wanted, DEFAULT_TENANT, limit=1, offset=1)
                    await store.jobs.find(wanted, DEFAULT_TENANT, limit=1, cursor=cursor)
    await store.tasks.list(job_id)
    await store.audit.save([an_audit_entry(id="entry")])
    await store.audit.get("entry", DEFAULT_TENANT)
    await store.audit.broken_link(DEFAULT_TENANT)


async def _exercise_schedules(schedules: ScheduleRepository) -> None:
    schedule = a_schedule(NOON)
    await schedules.add(schedule)
    due = schedule.next_fire
    assert due is not None
    await schedules.fire(Firing(schedule=schedule, at=due, moment=due, next_fire=NOON, work=a_job()))
    await schedules.next_due()
    (read,) = await schedules.due(NOON)
    await schedules.change(read.pause(), ScheduleEventType.PAUSED, NOON)
    await schedules.get(read.definition.name, DEFAULT_TENANT)
    await schedules.list(DEFAULT_TENANT)
    await schedules.events(read.id, DEFAULT_TENANT)
    await schedules.firings(read.id, DEFAULT_TENANT)
    await schedules.remove(read.id, DEFAULT_TENANT, NOON)


async def _exercise_retention(retention: SQLiteRetentionRepository, clock: FakeClock) -> None:
    later = clock.now() + timedelta(days=1000)
    await retention.count_old(later, later, later)
    await retention.prune_messages(later)
    await retention.prune_keys(later)
    await retention.prune_schedule_events(later)
    await retention.unknown_jobs([JobId("x")])
    assert (await retention.prune_jobs(later, 0, later)).jobs


def _plan(connection: sqlite3.Connection, statement: str) -> str:
    return "; ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"))


async def test_every_statement_uses_an_index(traced: set[str], store_path: Path, clock: FakeClock) -> None:
    database = SQLiteDatabase(store_path)
    await database.connect()
    store = sqlite_store(database, clock)
    await _exercise(store, clock)
    await _exercise_limits(database, clock)
    await _exercise_schedules(SQLiteScheduleRepository(database))
    ended = await store.leased()
    await store.jobs.record(a_progress(ended, status=JobStatus.DONE, completed_at=NOON))
    await _exercise_retention(SQLiteRetentionRepository(database), clock)
    await database.close()
    asked = {text for text in traced if text.startswith(("SELECT", "\nSELECT", "UPDATE", "DELETE", "INSERT"))}

    connection = sqlite3.connect(store_path)
    plans = {statement: _plan(connection, statement) for statement in sorted(asked)}
    connection.close()

    assert len(plans) > 60
    whole = {text for text, plan in plans.items() if WHOLE.search(plan) and not COUNTED.match(text)}
    assert [text for text in whole if not OF_ALL_TENANTS.match(text.removeprefix("SELECT count(*) FROM ("))] == []
    counts = [plan for statement, plan in plans.items() if COUNTED.match(statement)]
    assert len(counts) >= 10
    only_what_is_counted = r"INDEX (jobs_(ready_of_tenant|delayed_of_tenant|leased)|(questions|dead_letters)_of_tenant)"
    assert [plan for plan in counts if not re.search(only_what_is_counted, plan)] == []
    unique = [plan for statement, plan in plans.items() if "unique_jobs AS u" in statement]
    assert unique
    assert [plan for plan in unique if "SEARCH u USING INDEX unique_jobs_held (tenant=? AND key=?)" not in plan] == []
    ready = [plan for statement, plan in plans.items() if READY.search(statement)]
    assert ready
    assert [plan for plan in ready if not re.search("USING (COVERING )?INDEX jobs_ready", plan)] == []
    assert [plan for plan in plans.values() if "jobs_ready" in plan and "TEMP B-TREE" in plan] == []
