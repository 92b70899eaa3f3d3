"""The contract of forgetting: what is old and has ended goes, with all that hangs on it; everything else stays."""

import asyncio
import signal
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.core.dead_letter import LetterFilter
from scheduler.core.errors import JobPrunedError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId, first_id_of
from scheduler.core.job import Job, JobStatus
from scheduler.core.spending import Account, Amount
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.agent_repository import Enrolment
from scheduler.repository.repository_interface import AuditFilter, IdempotentRequest
from scheduler.repository.retention import RetentionRepository
from scheduler.repository.sqlite_agents import SQLiteAgentRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_ledger import SQLiteLedger
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from tests.support.builders import a_job, a_message
from tests.support.cares_for_store import prune_and_die
from tests.support.clock import NOON, FakeClock
from tests.support.fork_server import FORK_SERVER
from tests.support.schedules import a_schedule
from tests.support.store import Store

DAY = timedelta(days=1)
OLD = NOON - 10 * DAY
LIMIT = NOON - 5 * DAY
BACK_ENDS: Mapping[str, Callable[[SQLiteDatabase], RetentionRepository]] = {"sqlite": SQLiteRetentionRepository}


@pytest.fixture(params=sorted(BACK_ENDS))
def retention(request: pytest.FixtureRequest, database: SQLiteDatabase) -> RetentionRepository:
    return BACK_ENDS[request.param](database)


@pytest.fixture
def clock() -> FakeClock:
    """Everything of the past happens ten days ago; a test lets time pass."""
    return FakeClock(OLD)


async def a_stored(store: Store, status: JobStatus, created: datetime = OLD, tenant: str = "default") -> Job:
    job = await store.jobs.save(a_job(tasks=2, created_at=created, tenant=TenantId(tenant)))
    if status in {JobStatus.DONE, JobStatus.FAILED}:
        await store.jobs.update_status(job.id, JobStatus.RUNNING)
    return job if status is JobStatus.PENDING else await store.jobs.update_status(job.id, status)


async def prune_all(retention: RetentionRepository, before: datetime | None = LIMIT) -> list[JobId]:
    removed: list[JobId] = []
    more = True
    while more:
        step = await retention.prune_jobs(before, NOON)
        removed += step.jobs
        more = step.more
    return removed


def rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        tables = ("jobs", "tasks", "events", "dead_letters", "pruning")
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608


async def test_old_jobs_that_have_ended_go_with_all_that_hangs_on_them(
    retention: RetentionRepository, store: Store, store_path: Path
) -> None:
    old = [await a_stored(store, status) for status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)]

    assert await retention.count_old(LIMIT, None, None, None, NOON) == (3, 0, 0, 0, 0, 0)
    assert await prune_all(retention) == [job.id for job in old]
    assert await prune_all(retention) == []

    assert rows(store_path) == {"jobs": 0, "tasks": 0, "events": 0, "dead_letters": 0, "pruning": 0}
    for job in old:
        entries = (await store.audit.list(AuditFilter(job_id=job.id))).items
        assert entries[0].action == "job.accepted"
        assert entries[-1].action == "job.pruned"
    assert await store.audit.broken_link(DEFAULT_TENANT) is None


async def test_what_is_young_or_has_not_ended_stays(
    retention: RetentionRepository, store: Store, clock: FakeClock
) -> None:
    waiting, running = await a_stored(store, JobStatus.PENDING), await a_stored(store, JobStatus.RUNNING)
    retried = await a_stored(store, JobStatus.FAILED)
    await store.queue.retry(retried.id)
    clock.advance(10 * DAY)
    ended_late = await store.jobs.update_status((await a_stored(store, JobStatus.PENDING)).id, JobStatus.CANCELLED)
    young = await a_stored(store, JobStatus.CANCELLED, NOON)

    assert await retention.count_old(LIMIT, LIMIT, LIMIT, LIMIT, NOON) == (0, 0, 0, 0, 0, 0)
    assert await prune_all(retention) == []

    kept = {job.id for job in (await store.jobs.list()).items}
    assert kept == {waiting.id, running.id, retried.id, ended_late.id, young.id}


async def test_many_old_jobs_go_in_small_steps_past_those_that_stay(
    retention: RetentionRepository, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.sqlite_retention._LOOK", 4)
    monkeypatch.setattr("scheduler.repository.sqlite_retention._STEP", 0.0)
    statuses = [JobStatus.CANCELLED if number % 3 else JobStatus.PENDING for number in range(15)]
    stored = [await a_stored(store, status, tenant=f"t{number % 2}") for number, status in enumerate(statuses)]

    first = await retention.prune_jobs(LIMIT, NOON)
    rest = await prune_all(retention)

    assert len(first.jobs) == 1
    assert {*first.jobs, *rest} == {job.id for job in stored if job.status is JobStatus.CANCELLED}
    assert (await store.jobs.list()).total == statuses.count(JobStatus.PENDING)
    for tenant in ("t0", "t1"):
        assert await store.audit.broken_link(TenantId(tenant)) is None


async def test_a_job_with_a_long_timeline_goes_in_several_steps(
    retention: RetentionRepository, store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.sqlite_retention._MOST_EVENTS", 2)
    long, short = await a_stored(store, JobStatus.FAILED), await a_stored(store, JobStatus.PENDING)
    await store.jobs.update_status(short.id, JobStatus.CANCELLED)

    first = await retention.prune_jobs(LIMIT, NOON)

    assert first.jobs == []
    assert rows(store_path)["jobs"] == 2
    assert len(await store.events.list(long.id)) == 1
    assert await prune_all(retention) == [long.id, short.id]
    assert rows(store_path) == {"jobs": 0, "tasks": 0, "events": 0, "dead_letters": 0, "pruning": 0}


async def test_a_job_whose_timeline_was_cut_has_no_future(
    retention: RetentionRepository, store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when whoever began to remove it died, and the retention time was made longer then."""
    monkeypatch.setattr("scheduler.repository.sqlite_retention._MOST_EVENTS", 2)
    job, other = await a_stored(store, JobStatus.FAILED), await a_stored(store, JobStatus.FAILED)
    await retention.prune_jobs(LIMIT, NOON)

    with pytest.raises(JobPrunedError):
        await store.queue.retry(job.id)
    assert [letter.job_id for letter in (await store.letters.list(LetterFilter(), DEFAULT_TENANT)).items] == [other.id]
    assert [one.id for one in (await store.letters.requeue([job.id, other.id], DEFAULT_TENANT, "")).opened] == [
        other.id
    ]
    assert await store.queue.get_status(job.id) is JobStatus.FAILED
    assert await retention.count_old(None, None, None, None, NOON) == (1, 0, 0, 0, 0, 0)
    assert await prune_all(retention, None) == [job.id]
    assert rows(store_path) | {"events": 0} == {"jobs": 1, "tasks": 2, "events": 0, "dead_letters": 0, "pruning": 0}


@pytest.mark.parametrize("ahead", [timedelta(days=3650), -timedelta(days=3650)], ids=["ahead", "behind"])
async def test_what_came_while_the_clock_was_wrong_keeps_nothing_else(
    ahead: timedelta, retention: RetentionRepository, store: Store, database: SQLiteDatabase, clock: FakeClock
) -> None:
    schedules = SQLiteScheduleRepository(database)
    ended: list[Job] = []
    for number, offset in enumerate((ahead, timedelta())):
        clock.advance(offset)
        ended.append(await a_stored(store, JobStatus.CANCELLED, clock.now()))
        await store.messages.save(a_message(number), DEFAULT_TENANT, clock.now())
        await schedules.add(a_schedule(clock.now(), name=f"s{number}"))
        clock.advance(-offset)
    old = [job for job in ended if job.created_at < LIMIT]

    assert await retention.count_old(LIMIT, LIMIT, None, None, NOON) == (len(old), len(old), 0, len(old), 0, 0)
    assert {*await prune_all(retention)} == {job.id for job in old}
    assert await retention.prune_messages(LIMIT) == len(old)
    assert await retention.prune_schedule_events(LIMIT) == len(old)


async def test_one_that_is_retried_meanwhile_stays(
    retention: RetentionRepository, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await a_stored(store, JobStatus.FAILED)
    remove = SQLiteRetentionRepository._remove_jobs

    async def retried_first(self: SQLiteRetentionRepository, *arguments: object) -> object:
        if (await store.jobs.list(status_filter=JobStatus.FAILED)).total:
            await store.queue.retry(job.id)
        return await remove(self, *arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(SQLiteRetentionRepository, "_remove_jobs", retried_first)

    assert await prune_all(retention) == []
    assert (await store.jobs.list()).total == 1


async def test_a_job_that_the_version_before_has_given_another_run_lives_on(
    retention: RetentionRepository, store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That version knows no marks, and may still be up beside this one."""
    monkeypatch.setattr("scheduler.repository.sqlite_retention._MOST_EVENTS", 2)
    job = await a_stored(store, JobStatus.FAILED)
    await retention.prune_jobs(LIMIT, NOON)
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute("UPDATE jobs SET status = 'running', completed_at = NULL WHERE id = ?", (job.id,))

    assert await retention.count_old(LIMIT, None, None, None, NOON) == (0, 0, 0, 0, 0, 0)
    assert await prune_all(retention, None) == []
    assert await store.queue.get_status(job.id) is JobStatus.RUNNING
    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute("SELECT * FROM pruning").fetchall() == []


async def test_messages_of_a_job_that_has_not_ended_stay(retention: RetentionRepository, store: Store) -> None:
    """Whoever takes it over asks them who was asked already."""
    running, ended = await a_stored(store, JobStatus.RUNNING), await a_stored(store, JobStatus.DONE)
    for number, job in enumerate((running, ended)):
        await store.messages.save(a_message(number, job.id), DEFAULT_TENANT, OLD)

    assert await retention.count_old(None, LIMIT, None, None, NOON) == (0, 1, 0, 0, 0, 0)
    assert [await retention.prune_messages(LIMIT), await retention.prune_messages(LIMIT)] == [1, 0]
    assert await store.messages.get("message-0", DEFAULT_TENANT) is not None


async def test_messages_of_a_job_that_is_retried_while_they_are_looked_for_stay(
    store: Store, database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await a_stored(store, JobStatus.FAILED)
    await store.messages.save(a_message(1, job.id), DEFAULT_TENANT, OLD)
    remove = SQLiteRetentionRepository._delete

    async def retried_first(self: SQLiteRetentionRepository, statement: str, rows: Sequence[tuple[str | int]]) -> None:
        await store.queue.retry(job.id)
        await remove(self, statement, rows)

    monkeypatch.setattr(SQLiteRetentionRepository, "_delete", retried_first)
    await SQLiteRetentionRepository(database).prune_messages(LIMIT)

    assert await store.messages.get("message-1", DEFAULT_TENANT) is not None


DONE_TOO = (*(status for status in JobStatus if not status.final), JobStatus.DONE)


@pytest.mark.parametrize(
    ("states", "within", "stays"),
    [
        (DONE_TOO, 30 * DAY, True),
        (DONE_TOO, None, True),
        (DONE_TOO, 9 * DAY, False),
        ((JobStatus.PENDING,), 30 * DAY, False),
        ((JobStatus.PENDING, JobStatus.FAILED), None, False),
    ],
)
async def test_a_job_stays_as_long_as_it_has_asked_to_be_the_only_one(
    retention: RetentionRepository, store: Store, states: tuple[JobStatus, ...], within: timedelta | None, stays: bool
) -> None:
    claim = UniqueClaim(key="k", states=states, within=within)
    only = await store.jobs.save(a_job(created_at=OLD), claim=claim)
    await store.jobs.update_status(only.id, JobStatus.RUNNING)
    await store.jobs.update_status(only.id, JobStatus.DONE)

    assert (await retention.count_old(LIMIT, None, None, None, NOON))[0] == (not stays)
    assert await prune_all(retention) == ([] if stays else [only.id])

    second = await store.jobs.save(a_job(created_at=NOON), claim=claim)
    assert (second.id == only.id) == stays


async def test_jobs_that_stay_as_the_only_ones_hold_up_no_others(
    retention: RetentionRepository, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.sqlite_retention._LOOK", 2)
    for number in range(5):
        claim = UniqueClaim(key=str(number), states=(JobStatus.PENDING, JobStatus.CANCELLED))
        only = await store.jobs.save(a_job(created_at=OLD), claim=claim)
        await store.jobs.update_status(only.id, JobStatus.CANCELLED)
    old = [await a_stored(store, JobStatus.CANCELLED) for _ in range(5)]

    assert await prune_all(retention) == [job.id for job in old]
    another = await store.jobs.save(a_job(created_at=NOON), claim=UniqueClaim(key="0", states=(JobStatus.PENDING,)))
    await store.jobs.update_status(another.id, JobStatus.RUNNING)
    assert len(await prune_all(retention)) == 1


async def test_messages_keys_lines_of_schedules_and_rights_to_join_go_by_their_age(
    retention: RetentionRepository, store: Store, database: SQLiteDatabase
) -> None:
    schedules, agents = SQLiteScheduleRepository(database), SQLiteAgentRepository(database)
    for number, moment in enumerate((OLD, NOON)):
        await store.messages.save(a_message(number), DEFAULT_TENANT, moment)
        request = IdempotentRequest(key=f"k{number}", route="jobs", body_digest="d")
        await store.jobs.save(a_job(created_at=moment), request)
        await schedules.add(a_schedule(moment, name=f"s{number}"))
        await agents.allow(Enrolment(id=f"e{number}", tenant=DEFAULT_TENANT, digest="d", expires_at=moment, uses=1))

    assert await retention.count_old(LIMIT, LIMIT, LIMIT, LIMIT, NOON) == (0, 1, 1, 1, 0, 1)
    kinds = (retention.prune_messages, retention.prune_keys, retention.prune_schedule_events)
    for prune in (*kinds, retention.prune_enrolments):
        assert [await prune(LIMIT), await prune(LIMIT)] == [1, 0]

    assert await store.messages.get("message-0", DEFAULT_TENANT) is None
    assert await store.messages.get("message-1", DEFAULT_TENANT) is not None
    assert [await agents.enrolment(which) is not None for which in ("e0", "e1")] == [False, True]
    young = IdempotentRequest(key="k1", route="jobs", body_digest="d")
    forgotten = young.model_copy(update={"key": "k0"})
    assert (await store.jobs.save(a_job(), young)).created_at == NOON
    await store.jobs.save(a_job(), forgotten)
    assert (await store.jobs.list()).total == 3


async def test_what_was_spent_goes_by_day_and_with_its_job(
    retention: RetentionRepository, store: Store, database: SQLiteDatabase, store_path: Path
) -> None:
    old, waiting = await a_stored(store, JobStatus.DONE), await a_stored(store, JobStatus.PENDING)
    never, planned_now = f"{first_id_of(OLD)}-7000-8000-000000000000", f"{first_id_of(NOON)}-7000-8000-000000000000"
    fired = "00000000-0000-5000-8000-000000000000"  # not made at any time that it tells
    names = [f"job {one}" for one in (old.id, waiting.id, never, planned_now, fired)]
    names += [f"{whose} {day:%Y-%m-%d}" for whose in ("day", "tenant a b") for day in (LIMIT - DAY, LIMIT, NOON)]
    await SQLiteLedger(database).charge([Account(name) for name in names], Amount(1, 1))

    counted = await retention.count_old(LIMIT, None, None, None, NOON)
    await prune_all(retention)
    steps = [await retention.prune_spending(LIMIT), await retention.prune_spending(LIMIT)]

    with closing(sqlite3.connect(store_path)) as connection:
        kept = {name for (name,) in connection.execute("SELECT account FROM spending")}
    assert kept == {*names} - {names[0], names[2], names[5], names[8]}
    assert (counted, steps) == ((1, 0, 0, 0, 3, 0), [3, 0])


async def test_ids_that_no_job_has_are_told(retention: RetentionRepository, store: Store) -> None:
    job = await a_stored(store, JobStatus.DONE)

    assert await retention.unknown_jobs([job.id, JobId("gone")]) == [JobId("gone")]
    assert await retention.unknown_jobs([]) == []


@pytest.mark.fault
@pytest.mark.parametrize("visit", [1, 2, 3])
@pytest.mark.parametrize("point", [CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE])
async def test_a_process_killed_while_pruning_leaves_whole_jobs(
    point: CrashPoint, visit: int, store: Store, store_path: Path, retention: RetentionRepository
) -> None:
    for _ in range(3):
        await a_stored(store, JobStatus.FAILED)
    await store.messages.save(a_message(), DEFAULT_TENANT, OLD)
    await store.jobs.save(a_job(created_at=OLD), IdempotentRequest(key="k", route="jobs", body_digest="d"))

    process = FORK_SERVER.Process(target=prune_and_die, args=(store_path, point, visit))
    process.start()
    await asyncio.to_thread(process.join, 60)

    assert process.exitcode == -signal.SIGKILL
    found = rows(store_path)
    assert found["tasks"] == 2 * (found["jobs"] - 1) + 1
    assert found["dead_letters"] == found["jobs"] - 1
    assert await store.audit.broken_link(DEFAULT_TENANT) is None
    await prune_all(retention)
    assert rows(store_path)["jobs"] == 1
