"""What every store promises of a write that goes unanswered: it may be tried again, and nothing stands there twice."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count

import pytest

from scheduler.core.errors import LeaseLostError, StoreBusyError
from scheduler.core.events import EventType
from scheduler.core.ids import TaskId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.retry import TaskFailure
from scheduler.repository.repository_interface import RunProgress
from tests.support.builders import a_progress, a_task_run, an_audit_entry, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.store import LEASE, Store

SECOND = timedelta(seconds=1)


def _rows(job: Job) -> RunProgress:
    return a_progress(job, tasks=[a_task_run(job, status=TaskStatus.VERIFYING, attempts=1)])


def _line(job: Job, seconds: int = 0) -> RunProgress:
    """Return a step that no entry of the audit log goes with."""
    at = NOON + seconds * SECOND
    line = an_event(job, EventType.TASK_VERIFYING, at=at, task_id=TaskId("task1"), data={"why": "Zeit um 📎"})
    return a_progress(job, tasks=_rows(job).tasks, events=[line])


def _lines(job: Job) -> RunProgress:
    events = [an_event(job, EventType.TASK_VERIFYING, task_id=TaskId(f"task{number}")) for number in range(3)]
    return a_progress(job, events=events)


def _entry(job: Job) -> RunProgress:
    return a_progress(job, tasks=_rows(job).tasks, events=[an_event(job)], audit=[an_audit_entry(job_id=job.id)])


def _items(job: Job) -> RunProgress:
    events = [an_event(job, EventType.TASK_EXPANDED)]
    return a_progress(job, added=[TaskId("task1[0]")], events=events, audit=[an_audit_entry(job_id=job.id)])


def _end(job: Job) -> RunProgress:
    return a_progress(
        job,
        tasks=[a_task_run(job, status=TaskStatus.DONE, result={})],
        events=[an_event(job), an_event(job, EventType.JOB_DONE)],
        audit=[an_audit_entry(job_id=job.id)],
        status=JobStatus.DONE,
        completed_at=NOON,
    )


def _put_aside(job: Job) -> RunProgress:
    return a_progress(
        job,
        events=[an_event(job, EventType.JOB_FAILED)],
        audit=[an_audit_entry(job_id=job.id)],
        status=JobStatus.FAILED,
        error_code="worker_crashes",
        completed_at=NOON,
        rest=TaskFailure(code="worker_crashes", message="too many"),
    )


def _question(job: Job) -> RunProgress:
    asked = OpenQuestions(questions=(Question(key="step.code", about="step", text="?"),), expires_at=NOON + LEASE)
    events, audit = [an_event(job, EventType.QUESTION)], [an_audit_entry(job_id=job.id)]
    return a_progress(job, events=events, audit=audit, status=JobStatus.WAITING, questions=asked)


def _deferred(job: Job) -> RunProgress:
    events, audit = [an_event(job, EventType.JOB_DEFERRED)], [an_audit_entry(job_id=job.id)]
    return a_progress(job, events=events, audit=audit, status=JobStatus.PENDING, not_before=NOON + 100 * LEASE)


Step = Callable[[Job], RunProgress]
GOING: Sequence[Step] = (_rows, _line, _lines, _entry, _items)
LEAVING: Sequence[Step] = (_end, _put_aside, _question, _deferred)
STEPS = (*GOING, *LEAVING)


async def _all_together(store: Store, changes: Sequence[RunProgress]) -> None:
    await store.jobs.record(*changes)


async def _each_alone(store: Store, changes: Sequence[RunProgress]) -> None:
    for progress in changes:
        await store.jobs.record(progress)


async def _stored(store: Store, jobs: Sequence[Job]) -> list[tuple[object, ...]]:
    return [await store.everything(job.id) for job in jobs]


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_went_unanswered_is_stored_once(store: Store, step: Step) -> None:
    job = await store.leased(tasks=2)
    progress = step(job)
    with store.unanswered(), pytest.raises(StoreBusyError):
        await store.jobs.record(progress)
    before = await store.everything(job.id)

    for _ in range(2):
        await store.jobs.record(progress)

    assert before[2]
    assert await store.everything(job.id) == before
    assert await store.audit.broken_link(job.tenant) is None


@pytest.mark.parametrize("again", [_all_together, _each_alone])
async def test_steps_that_went_unanswered_together_are_stored_once(
    store: Store, again: Callable[[Store, Sequence[RunProgress]], Awaitable[None]]
) -> None:
    jobs = [await store.leased(tasks=2) for _ in STEPS]
    changes = [step(job) for step, job in zip(STEPS, jobs, strict=True)]
    with store.unanswered(), pytest.raises(StoreBusyError):
        await store.jobs.record(*changes)
    before = await _stored(store, jobs)

    await again(store, changes)

    assert await _stored(store, jobs) == before
    assert await store.audit.broken_link(jobs[0].tenant) is None


@pytest.mark.parametrize("step", STEPS)
async def test_others_are_stored_beside_one_that_was_stored_before(store: Store, step: Step) -> None:
    known, *new = [await store.leased(tasks=2) for _ in range(1 + len(STEPS))]
    progress = step(known)
    await store.jobs.record(progress)
    before = await store.everything(known.id)
    untouched = await _stored(store, new)

    await store.jobs.record(*(other(job) for other, job in zip(STEPS, new, strict=True)), progress)

    assert await store.everything(known.id) == before
    after = await _stored(store, new)
    assert all(now != then for now, then in zip(after, untouched, strict=True))


@pytest.mark.parametrize("step", GOING)
async def test_a_step_is_known_again_though_somebody_has_cancelled_meanwhile(store: Store, step: Step) -> None:
    job = await store.leased(tasks=2)
    progress = step(job)
    await store.jobs.record(progress)
    await store.queue.cancel(job.id)
    before = await store.everything(job.id)

    await store.jobs.record(progress)

    assert await store.everything(job.id) == before


@pytest.mark.parametrize("step", GOING)
async def test_who_has_lost_the_lease_meanwhile_does_not_go_on(store: Store, clock: FakeClock, step: Step) -> None:
    job = await store.leased(tasks=2)
    progress = step(job)
    await store.jobs.record(progress)
    clock.advance(LEASE)
    assert await store.queue.dequeue() is not None
    before = await store.everything(job.id)

    with pytest.raises(LeaseLostError):
        await store.jobs.record(progress)

    assert await store.everything(job.id) == before


async def test_steps_that_differ_by_their_time_are_stored_each(store: Store) -> None:
    job, numbers = await store.leased(), count()
    looks = [_line(job, next(numbers)) for _ in range(3)]

    for look in (looks[0], looks[0], looks[1], looks[2], looks[2]):
        await store.jobs.record(look)

    lines = [event for event in await store.events.list(job.id) if event.type is EventType.TASK_VERIFYING]
    assert [line.at - NOON for line in lines] == [0 * SECOND, SECOND, 2 * SECOND]


async def test_an_end_is_not_taken_for_another(store: Store) -> None:
    """By the same worker, of the same run, but not what was stored."""
    job = await store.leased()
    await store.jobs.record(_end(job))
    before = await store.everything(job.id)

    for late in (_end(job), _put_aside(job), a_progress(job, status=JobStatus.DONE, completed_at=NOON)):
        with pytest.raises(LeaseLostError):
            await store.jobs.record(late)

    assert await store.everything(job.id) == before


async def test_an_entry_of_another_job_is_not_taken_for_the_same(store: Store) -> None:
    one, other = await store.leased(), await store.leased()
    entry = an_audit_entry(job_id=one.id)
    await store.jobs.record(a_progress(one, audit=[entry]))
    before = await _stored(store, [one, other])
    changes: Mapping[str, object] = {"audit": [entry.model_copy(update={"job_id": other.id})]}

    with pytest.raises(sqlite3.IntegrityError):
        await store.jobs.record(a_progress(other, **changes))

    assert await _stored(store, [one, other]) == before
