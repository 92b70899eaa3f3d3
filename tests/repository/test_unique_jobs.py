"""At most one job of a kind, as every store must keep it: in the transaction that accepts, however many ask at once."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.errors import UniqueConflictError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.job import Job, JobStatus, MetJob
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.task_graph import TaskGraph
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository import sqlite_unique
from scheduler.repository.repository_interface import Answered, AuditFilter, IdempotentRequest
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from tests.support.builders import a_job, a_progress
from tests.support.clock import NOON, FakeClock
from tests.support.fork_server import FORK_SERVER
from tests.support.opens_store import save_unique
from tests.support.store import Store

CLAIM = UniqueClaim(key="k")
HOUR = timedelta(hours=1)
WITHIN = UniqueClaim(key="k", states=(*CLAIM.states, JobStatus.DONE), within=HOUR)
REFUSING = UniqueClaim(key="k", refuses=True)


async def accepted(store: Store, claim: UniqueClaim | None = CLAIM, **fields: Any) -> Job:  # noqa: ANN401 - of Job
    """Save a job that must be stored."""
    job = a_job(**fields)
    assert await store.jobs.save(job, claim=claim) is job
    return job


async def met(store: Store, claim: UniqueClaim = CLAIM, **fields: Any) -> JobId | None:  # noqa: ANN401 - of Job
    """Return which job another one meets; None: it was stored."""
    job = a_job(**fields)
    stored = await store.jobs.save(job, claim=claim)
    assert isinstance(stored, MetJob) == (stored.id != job.id)
    return stored.id if isinstance(stored, MetJob) else None


async def test_the_second_gets_the_job_that_is_there_and_stores_nothing(store: Store) -> None:
    first = await accepted(store)
    before = (await store.jobs.list()).total, (await store.audit.list(AuditFilter())).total

    second = await store.jobs.save(a_job(description="another"), claim=CLAIM)

    assert isinstance(second, MetJob)
    assert dict(second) == dict(first)
    assert ((await store.jobs.list()).total, (await store.audit.list(AuditFilter())).total) == before


async def test_keys_are_told_apart_and_belong_to_the_tenant(store: Store) -> None:
    await accepted(store)

    await accepted(store, UniqueClaim(key="l"))
    await accepted(store, tenant=TenantId("other"))
    await accepted(store, None)


async def test_it_is_in_the_way_until_it_has_ended(store: Store) -> None:
    first = await accepted(store)
    leased = await store.queue.dequeue()
    assert leased is not None
    assert await met(store) == first.id
    await store.queue.hand_back(leased)
    assert await met(store) == first.id
    leased = await store.queue.dequeue()
    assert leased is not None

    await store.jobs.record(a_progress(leased, status=JobStatus.DONE, completed_at=NOON))

    assert await met(store) is None


async def _cancel(store: Store, job: Job) -> None:
    assert (await store.queue.cancel(job.id)).status is JobStatus.CANCELLED


async def _cancel_running(store: Store, job: Job) -> None:
    leased = await store.queue.dequeue()
    assert leased is not None
    await store.queue.cancel(job.id)
    assert await met(store) == job.id
    await store.jobs.record(a_progress(leased, status=JobStatus.CANCELLED, completed_at=NOON))


async def _fail(store: Store, _: Job) -> None:
    leased = await store.queue.dequeue()
    assert leased is not None
    await store.jobs.record(a_progress(leased, status=JobStatus.FAILED, error_code="timeout", completed_at=NOON))


async def _discard(store: Store, job: Job) -> None:
    await _fail(store, job)
    assert await store.letters.discard([job.id], DEFAULT_TENANT, "") == [job.id]


async def _delete(store: Store, job: Job) -> None:
    await _cancel(store, job)
    assert await store.jobs.delete(job.id)


@pytest.mark.parametrize("end", [_cancel, _cancel_running, _fail, _discard, _delete])
async def test_every_end_makes_room(store: Store, end: Callable[[Store, Job], Awaitable[None]]) -> None:
    job = await accepted(store)

    await end(store, job)

    new = await accepted(store)
    assert await met(store) == new.id


async def test_one_that_is_done_counts_for_its_period(store: Store, clock: FakeClock) -> None:
    first = await accepted(store, WITHIN)
    leased = await store.queue.dequeue()
    assert leased is not None
    await store.jobs.record(a_progress(leased, status=JobStatus.DONE, completed_at=NOON))

    assert await met(store, WITHIN, created_at=NOON + 0.9 * HOUR) == first.id
    assert await store.jobs.held(DEFAULT_TENANT, [WITHIN, CLAIM, UniqueClaim(key="l")]) == [True, False, False]
    clock.advance(HOUR)
    assert await store.jobs.held(DEFAULT_TENANT, [WITHIN]) == [False]
    assert await met(store, WITHIN, created_at=NOON + HOUR) is None


async def test_one_may_wait_while_another_runs(store: Store) -> None:
    waiting = UniqueClaim(key="k", states=(JobStatus.PENDING,))
    await accepted(store, waiting)
    await store.queue.dequeue()

    second = await accepted(store, waiting)

    assert await met(store, waiting) == second.id


async def test_one_that_goes_on_is_in_the_way_though_another_took_its_key(store: Store) -> None:
    waiting = UniqueClaim(key="k", states=(JobStatus.PENDING,))
    running = await accepted(store)
    leased = await store.queue.dequeue()
    assert leased is not None
    second = await accepted(store, waiting)
    assert await met(store) == second.id
    await store.queue.cancel(second.id)

    assert await store.jobs.held(DEFAULT_TENANT, [CLAIM, waiting]) == [True, False]
    assert await met(store) == running.id
    third = await accepted(store, waiting)
    await store.queue.cancel(third.id)
    assert await met(store) == running.id
    await store.jobs.record(a_progress(leased, status=JobStatus.FAILED, error_code="timeout", completed_at=NOON))

    fourth = await accepted(store)
    await store.queue.cancel(fourth.id)
    assert await met(store) is None


async def test_a_retry_meets_what_goes_on_though_the_job_was_the_last_to_take_its_key(store: Store) -> None:
    first = await accepted(store)
    leased = await store.queue.dequeue()
    assert leased is not None
    second = await accepted(store, UniqueClaim(key="k", states=(JobStatus.PENDING,)))
    await store.queue.cancel(second.id)
    await store.queue.hand_back(leased)

    with pytest.raises(UniqueConflictError, match=first.id):
        await store.queue.retry(second.id)

    await store.queue.cancel(first.id)
    assert (await store.queue.retry(second.id)).id == second.id


async def test_who_wants_no_other_is_refused_and_told_which_is_there(store: Store) -> None:
    first = await accepted(store)
    request = IdempotentRequest(key="once", route="jobs", body_digest="d")

    with pytest.raises(UniqueConflictError, match=first.id) as refused:
        await store.jobs.save(job := a_job(), request, REFUSING)
    await store.queue.cancel(first.id)

    assert refused.value.taken == {job.id: first.id}
    assert await store.jobs.save(job, request, REFUSING) is job


async def test_the_same_request_gets_the_same_answer_though_the_job_has_ended(store: Store) -> None:
    request = IdempotentRequest(key="once", route="jobs", body_digest="d")
    first = await accepted(store)
    assert isinstance(await store.jobs.save(a_job(), request, CLAIM), MetJob)
    await store.queue.cancel(first.id)

    again = await store.jobs.save(a_job(), request, CLAIM)

    assert isinstance(again, MetJob)
    assert again.id == first.id
    assert await store.jobs.earlier(DEFAULT_TENANT, request) == Answered([first.id], frozenset({0}))


async def test_the_request_that_brought_the_job_does_not_meet_it(store: Store) -> None:
    request = IdempotentRequest(key="once", route="jobs", body_digest="d")
    job = a_job()
    await store.jobs.save(job, request, CLAIM)

    again = await store.jobs.save(a_job(), request, CLAIM)

    assert again.id == job.id
    assert not isinstance(again, MetJob)


async def test_of_a_batch_each_kind_is_stored_once(store: Store) -> None:
    there = await accepted(store)
    batch = IdempotentRequest(key="b", route="jobs:batch", body_digest="d")
    jobs = [a_job() for _ in range(5)]
    other = UniqueClaim(key="l")
    claims = {jobs[0].id: CLAIM, jobs[1].id: other, jobs[3].id: other}

    answered = await store.jobs.save_many([*jobs[:4], None, jobs[4]], batch, claims)

    expected = [there.id, jobs[1].id, jobs[2].id, jobs[1].id, None, jobs[4].id]
    assert answered == Answered(expected, frozenset({0, 3}))
    assert await store.jobs.save_many([a_job()], batch, claims) == answered
    assert (await store.jobs.list()).total == 4


async def test_of_a_batch_those_that_are_refused_are_named_and_left_out(store: Store) -> None:
    there = await accepted(store)
    batch = IdempotentRequest(key="b", route="jobs:batch", body_digest="d")
    jobs = [a_job() for _ in range(4)]
    other, none_other = UniqueClaim(key="l"), UniqueClaim(key="l", refuses=True)
    claims = {jobs[0].id: REFUSING, jobs[1].id: other, jobs[3].id: none_other}

    answered = await store.jobs.save_many([*jobs[:3], None, jobs[3]], batch, claims)

    expected = [None, jobs[1].id, jobs[2].id, None, None]
    assert answered == Answered(expected, frozenset(), {0: there.id, 4: jobs[1].id})
    assert await store.jobs.save_many([a_job()], batch) == answered
    assert (await store.jobs.list()).total == 3


async def test_of_an_atomic_batch_all_that_are_refused_are_named_and_nothing_is_stored(store: Store) -> None:
    there = await accepted(store)
    batch = IdempotentRequest(key="b", route="jobs:batch", body_digest="d")
    jobs = [a_job() for _ in range(3)]
    claims = {jobs[0].id: REFUSING, jobs[2].id: REFUSING}

    with pytest.raises(UniqueConflictError) as refused:
        await store.jobs.save_many(jobs, batch, claims, atomic=True)

    assert refused.value.taken == {jobs[0].id: there.id, jobs[2].id: there.id}
    assert (await store.jobs.list()).total == 1
    assert await store.jobs.earlier(DEFAULT_TENANT, batch) is None


async def test_a_batch_of_which_all_are_refused_leaves_its_key_unused(store: Store) -> None:
    there = await accepted(store)
    batch = IdempotentRequest(key="b", route="jobs:batch", body_digest="d")
    job = a_job()

    assert await store.jobs.save_many([job], batch, {job.id: REFUSING}) == Answered([None], frozenset(), {0: there.id})

    await store.queue.cancel(there.id)
    assert await store.jobs.save_many([job], batch, {job.id: REFUSING}) == Answered([job.id])


async def test_a_requeued_letter_whose_place_is_taken_stays_a_letter(store: Store) -> None:
    dead = await accepted(store)
    await _fail(store, dead)
    live = await accepted(store)
    before = await store.everything(dead.id)

    assert await store.letters.requeue([dead.id], DEFAULT_TENANT, "") == ([], {dead.id: live.id})

    assert await store.everything(dead.id) == before
    assert await store.letters.get(dead.id, DEFAULT_TENANT) is not None
    await store.queue.cancel(live.id)
    assert [job.id for job in (await store.letters.requeue([dead.id], DEFAULT_TENANT, "")).opened] == [dead.id]
    assert await met(store) == dead.id


async def test_a_requeued_letter_of_which_there_is_no_other_takes_its_place_again(store: Store) -> None:
    dead = await accepted(store)
    await _fail(store, dead)

    await store.letters.requeue([dead.id], DEFAULT_TENANT, "")

    assert await met(store) == dead.id


async def test_a_job_that_asks_is_one_of_its_kind(database: SQLiteDatabase, clock: FakeClock) -> None:
    questions = SQLiteQuestionRepository(database, clock)
    asked = OpenQuestions(questions=(Question(key="intent", about="intent", text="Was?"),), expires_at=NOON + HOUR)
    jobs = [a_job(status=JobStatus.WAITING, task_graph=TaskGraph()) for _ in range(2)]

    first, second = [await questions.accept(job, asked, None, CLAIM) for job in jobs]

    assert (first.id, second.id) == (jobs[0].id, jobs[0].id)
    assert isinstance(second, MetJob)


async def test_of_many_at_once_one_is_stored(store: Store) -> None:
    jobs = [a_job() for _ in range(50)]

    answers = await asyncio.gather(*(store.jobs.save(job, claim=CLAIM) for job in jobs))

    assert len({answer.id for answer in answers}) == 1
    assert sum(not isinstance(answer, MetJob) for answer in answers) == 1


async def test_the_database_itself_keeps_a_key_for_one(store: Store, database: SQLiteDatabase) -> None:
    await accepted(store)
    other = await accepted(store, None)
    row = (other.id, other.tenant, CLAIM.key, "[]", None, 1)

    with pytest.raises(sqlite3.IntegrityError):
        await database.write(lambda connection: connection.execute("INSERT INTO unique_jobs VALUES (?,?,?,?,?,?)", row))


async def test_what_is_in_the_way_is_found_by_two_indexes(database: SQLiteDatabase) -> None:
    explain = "EXPLAIN QUERY PLAN " + sqlite_unique._RIVALS
    rows = await database.read(lambda connection: connection.execute(explain, ("t", "k")).fetchall())

    said = " ".join(row["detail"] for row in rows)
    assert "unique_jobs_held" in said
    assert "unique_jobs_beside" in said
    assert "SCAN" not in said


@pytest.mark.integration
async def test_of_several_processes_at_once_one_stores_each_kind(store: Store, store_path: Path) -> None:
    with FORK_SERVER.Pool(2) as pool:
        shares = await asyncio.to_thread(pool.map, save_unique, [store_path] * 4, 1)

    stored = Counter(key for share in shares for key in share)
    assert stored == {str(key): 1 for key in range(40)}
    assert (await store.jobs.list()).total == 40
