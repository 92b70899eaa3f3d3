"""No statement of the store reads a whole table: SQLite's plan for each of them uses an index.

Every test of the suite explains what it is the first to run (`tests/conftest.py`); here every place that asks is asked.
"""

import re
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
from scheduler.repository.cursors import to_cursor
from scheduler.repository.dead_letter_repository import NewPlan
from scheduler.repository.repository_interface import AuditFilter, IdempotentRequest
from scheduler.repository.schedule_repository import Firing, ScheduleRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import Limits
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from tests.support.asking_everything import (
    ask_as_a_dispatch,
    ask_of_agents,
    ask_of_people,
    ask_of_plans,
    ask_of_questions,
)
from tests.support.builders import a_graph, a_job, a_message, a_progress, a_task_run, an_audit_entry, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.schedules import a_schedule
from tests.support.statements import Statements, places, read_all
from tests.support.store import LEASE, Store, sqlite_store

ELSEWHERE = {
    "sqlite_events.ends_with": "tests/repository/test_repeated_writes.py",
    "sqlite_lam._epoch": "tests/api/test_lam_handler.py",
    "sqlite_lam._newest": "tests/api/test_lam_handler.py",
    "sqlite_leases._put_aside": "tests/queue/test_sqlite_queue.py",
    "sqlite_listing._count": "tests/repository/test_listing.py",
    "sqlite_parking.park": "tests/repository/test_recording.py",
    "sqlite_progress._is_recorded": "tests/repository/test_repeated_writes.py",
    "sqlite_progress._status_of": "tests/repository/test_recording.py",
    "sqlite_retention._has_shortened": "tests/repository/test_retention.py",
    "sqlite_retention._remove_jobs": "tests/repository/test_retention.py",
    "sqlite_schedules.overlapped": "tests/repository/test_schedule_repository.py",
    "sqlite_schedules.put_off": "tests/orchestrator/test_firing_side_by_side.py",
    "sqlite_schedules.stop_unreadable": "tests/repository/test_schedule_repository.py",
    "sqlite_tasks.add_items": "tests/repository/test_recording.py",
    "sqlite_tasks.end_rest": "tests/repository/test_repeated_writes.py",
    "sqlite_words._total": "tests/repository/test_listing.py",
}
"""Statements that need more of a story than is told here: run, and explained like all others, by these tests."""
_NEAR = r"""NEAR\("\ue000[0-9a-f]+x\d+" [^)]+, \d+\)"""
_WORD = rf"\({_NEAR}( OR {_NEAR})*\)"
OF_SPANS = re.compile(rf"MATCH '{_WORD}( AND {_WORD})*' AND")
"""Ends where some spans of one tenant's jobs end, whatever is found."""
READY = re.compile(r"FROM jobs WHERE status = 'pending' AND delayed = 0")
"""Reads the index of what is ready in the order in which it is handed out."""


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
    await queue.free_among([JobId("none")])
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
    await store.queue.cancel(failed.id)


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
                    cursor = to_cursor("jobs", 9, 9) if text is None else to_cursor("words", 9, 0)
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
    await retention.count_old(later, later, later, later, NOON)
    await retention.prune_messages(later)
    await retention.prune_keys(later)
    await retention.prune_schedule_events(later)
    await retention.unknown_jobs([JobId("x")])
    await retention.prune_enrolments(later)
    await retention.prune_spending(later)
    assert (await retention.prune_jobs(later, later)).jobs


async def _exercise_everything(database: SQLiteDatabase, clock: FakeClock) -> None:
    store = sqlite_store(database, clock)
    await _exercise(store, clock)
    await _exercise_limits(database, clock)
    await _exercise_schedules(SQLiteScheduleRepository(database))
    ended = await store.leased()
    await store.jobs.record(a_progress(ended, status=JobStatus.DONE, completed_at=NOON))
    await ask_of_agents(database)
    await ask_of_plans(database, store)
    await ask_of_questions(database, store)
    await ask_of_people(database)
    await ask_as_a_dispatch(database, clock, store)
    await _exercise_retention(SQLiteRetentionRepository(database), clock)


async def test_every_statement_has_been_run_and_uses_an_index(store_path: Path, clock: FakeClock) -> None:
    statements = Statements()
    with statements.watched():
        database = SQLiteDatabase(store_path)
        await database.connect()
        await _exercise_everything(database, clock)
        await database.close()
    plans = statements.plans()

    assert [path for path in ELSEWHERE.values() if not (Path(__file__).parents[2] / path).is_file()] == []
    missed = {place.function for place in places() if not statements.came_by(place)}
    assert missed == {*ELSEWHERE}
    assert read_all(plans) == []
    searches = [text for text in statements.texts if "MATCH" in text]
    assert searches
    assert [text for text in searches if not OF_SPANS.search(text)] == []
    assert [plan for text, plan in plans.items() if "MATCH" in text and "TEMP B-TREE" in "; ".join(plan)] == []
    unique = ["; ".join(plan) for statement, plan in plans.items() if "unique_jobs AS u" in statement]
    assert unique
    assert [plan for plan in unique if "SEARCH u USING INDEX unique_jobs_held (tenant=? AND key=?)" not in plan] == []
    ready = [plan for statement, plan in plans.items() if READY.search(statement)]
    assert ready
    assert [plan for plan in ready if not re.search("USING (COVERING )?INDEX jobs_ready", "; ".join(plan))] == []
    assert [plan for plan in map("; ".join, plans.values()) if "jobs_ready" in plan and "TEMP B-TREE" in plan] == []


@pytest.mark.parametrize(
    ("statement", "step", "named"),
    [
        ("SELECT at FROM agent_beats WHERE status = ?", "SCAN agent_beats", True),
        ("SELECT * FROM outbox ORDER BY n", "SCAN outbox", True),
        ("SELECT d.at FROM dead_letters AS d", "SCAN d USING COVERING INDEX dead_letters_by_age", True),
        ("SELECT n FROM jobs WHERE lease_until > ?", "SCAN jobs USING INDEX jobs_of_status", True),
        ("SELECT rowid FROM job_word_spans", "SCAN job_word_spans VIRTUAL TABLE INDEX 0:", True),
        ("SELECT rowid FROM job_word_spans WHERE text MATCH ?", "SCAN job_word_spans VIRTUAL TABLE INDEX 0:M1", False),
        ("SELECT id FROM jobs WHERE status = 'cancelling'", "SCAN jobs USING INDEX jobs_cancelling", False),
        ("SELECT n FROM agents_version", "SCAN agents_version", False),
        ("SELECT value FROM json_each(?) AS time", "SCAN time VIRTUAL TABLE INDEX 1:", False),
        ("SELECT n FROM jobs WHERE id = ?", "SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?)", False),
        ("SELECT 1 FROM a, tasks AS t", "SEARCH t USING AUTOMATIC COVERING INDEX (run=?)", True),
    ],
)
def test_what_reads_a_whole_table_without_a_reason_is_named(statement: str, step: str, named: bool) -> None:
    assert bool(read_all({statement: [step]})) == named
