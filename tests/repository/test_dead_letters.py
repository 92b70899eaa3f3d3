"""Dead letters as every store must keep them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from scheduler.core.corrections import Change
from scheduler.core.dead_letter import LetterFilter
from scheduler.core.errors import (
    DeadLetterNotFoundError,
    InvalidFieldError,
    JobNotFoundError,
    PlanChangedError,
    RetriesExhaustedError,
)
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.repository.cursors import from_cursor, to_cursor
from scheduler.repository.dead_letter_repository import NewPlan
from scheduler.repository.repository_interface import AuditFilter
from tests.support.builders import a_graph, a_job, a_progress, a_task_run
from tests.support.clock import NOON, FakeClock
from tests.support.store import Store

ALL = LetterFilter()
OTHER = TenantId("other")
MINUTE = timedelta(minutes=1)


def a_new_plan(job: Job, **changes: Any) -> NewPlan:  # noqa: ANN401 - fields of NewPlan
    fields: dict[str, Any] = {
        "job_id": job.id,
        "version": job.plan_version,
        "task_graph": a_graph(2),
        "context": {"größe": "📎"},
        "changes": [Change(path="tasks.task1.text", before="a", after="b")],
    }
    return NewPlan(**fields | changes)


async def letter_ids(store: Store, wanted: LetterFilter = ALL, tenant: TenantId = DEFAULT_TENANT) -> list[JobId]:
    return [letter.job_id for letter in (await store.letters.list(wanted, tenant)).items]


async def audited(store: Store, job_id: JobId, action: str) -> list[dict[str, Any]]:
    entries = (await store.audit.list(AuditFilter(job_id=job_id, action_type=action))).items
    return [{"reason": entry.reason, **entry.metadata} for entry in entries]


async def test_a_job_that_fails_is_a_letter_with_its_story(store: Store) -> None:
    job = await store.failed("document_not_found", description="Rechnung 4711 für Jörg")

    letter = await store.letters.get(job.id, DEFAULT_TENANT)

    assert letter is not None
    assert (letter.job_id, letter.run, letter.code, letter.at) == (job.id, 1, "document_not_found", NOON)
    assert (letter.intent, letter.description) == ("fetch_invoice", "Rechnung 4711 für Jörg")
    assert letter.error == "Fehler document_not_found 📎"


async def test_jobs_that_did_not_fail_are_no_letters(store: Store) -> None:
    done = await store.leased()
    await store.jobs.record(a_progress(done, status=JobStatus.DONE, completed_at=NOON))
    waiting = a_job()
    await store.jobs.save(waiting)

    assert await letter_ids(store) == []
    assert await store.letters.get(waiting.id, DEFAULT_TENANT) is None


async def test_letters_are_listed_page_by_page_those_that_failed_last_first(store: Store, clock: FakeClock) -> None:
    jobs = []
    for number in range(7):
        jobs.append(await store.failed())
        clock.advance(MINUTE * (number % 2))  # some fail at the same moment

    pages: list[list[JobId]] = []
    cursor = None
    while not pages or cursor:
        page = await store.letters.list(ALL, DEFAULT_TENANT, limit=3, cursor=cursor)
        pages.append([letter.job_id for letter in page.items])
        cursor = page.next_cursor
        assert (page.total, page.total_is_estimate) == (7, False)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert {job_id for page in pages for job_id in page} == {job.id for job in jobs}
    times = [await store.letters.get(job_id, DEFAULT_TENANT) for page in pages for job_id in page]
    assert [letter.at for letter in times if letter] == sorted((letter.at for letter in times if letter), reverse=True)


async def test_letters_are_found_by_code_intent_and_time(store: Store, clock: FakeClock) -> None:
    first = await store.failed("timeout")
    clock.advance(MINUTE)
    second = await store.failed("timeout", intent="send_mail")
    clock.advance(MINUTE)
    third = await store.failed("login_failed")

    assert await letter_ids(store, LetterFilter(code="timeout")) == [second.id, first.id]
    assert await letter_ids(store, LetterFilter(intent="send_mail")) == [second.id]
    assert await letter_ids(store, LetterFilter(code="timeout", intent="fetch_invoice")) == [first.id]
    assert await letter_ids(store, LetterFilter(since=NOON + MINUTE)) == [third.id, second.id]
    assert await letter_ids(store, LetterFilter(until=NOON + MINUTE)) == [first.id]
    assert await letter_ids(store, LetterFilter(code="timeout", since=NOON + MINUTE, until=NOON + MINUTE)) == []
    assert await letter_ids(store, LetterFilter(code="Timeout' OR 1=1 --")) == []


@pytest.mark.parametrize("cursor", ["", "x", "äöü", "AAAA", "W10", "\ud800", "9" * 500])
async def test_a_foreign_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidFieldError, match="cursor"):
        await store.letters.list(ALL, DEFAULT_TENANT, cursor=cursor)


@pytest.mark.parametrize(
    "place", [(), (1,), ("x", "y"), (1, 2), (True, "x"), (1, "x", 2), (2**63, "x"), (1, "\ud800"), (1.5, "x")]
)
async def test_a_cursor_of_another_form_is_refused(place: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidFieldError, match="cursor"):
        from_cursor("letters", (int, str), to_cursor("letters", *place))
    with pytest.raises(InvalidFieldError, match="cursor"):
        from_cursor("letters", (int, str), to_cursor("others", 1, "x"))


async def test_requeueing_opens_a_run_that_keeps_what_is_done(store: Store) -> None:
    job = await store.leased(tasks=2)
    done = a_task_run(job, status=TaskStatus.DONE, result={"artifact": "a"}, attempts=1)
    failed = a_task_run(job, "task2", status=TaskStatus.FAILED, attempts=3, effect_key="key")
    await store.jobs.record(
        a_progress(job, tasks=[done, failed], status=JobStatus.FAILED, error_code="timeout", completed_at=NOON)
    )

    [opened] = (await store.letters.requeue([job.id], DEFAULT_TENANT, "Portal läuft wieder")).opened

    assert (opened.status, opened.run, opened.error_code) == (JobStatus.PENDING, 2, None)
    assert await store.jobs.get(job.id) == opened
    tasks = {task.task_id: task for task in await store.tasks.list(job.id)}
    assert tasks[TaskId("task1")].result == {"artifact": "a"}
    assert (tasks[TaskId("task2")].status, tasks[TaskId("task2")].attempts) == (TaskStatus.PENDING, 0)
    assert await letter_ids(store) == []
    [entry] = await audited(store, job.id, "job.retried")
    assert (entry["reason"], entry["requeued"]) == ("Portal läuft wieder", True)
    again = await store.queue.dequeue()
    assert again is not None
    assert again.id == job.id


async def test_an_operator_is_not_bound_by_max_retries_and_a_client_still_is(store: Store) -> None:
    job = await store.failed(max_retries=0)
    with pytest.raises(RetriesExhaustedError):
        await store.queue.retry(job.id)

    [opened] = (await store.letters.requeue([job.id], DEFAULT_TENANT, "")).opened

    assert (opened.run, opened.retry_count) == (2, 0)


async def test_requeueing_at_once_opens_one_run(store: Store) -> None:
    job = await store.failed()

    answers = await asyncio.gather(*(store.letters.requeue([job.id], DEFAULT_TENANT, "") for _ in range(10)))

    assert sum(len(answer.opened) for answer in answers) == 1
    stored = await store.jobs.get(job.id)
    assert stored is not None
    assert stored.run == 2


async def test_a_letter_that_is_named_twice_is_requeued_once(store: Store) -> None:
    job, other = await store.failed(), await store.failed()

    answer = await store.letters.requeue([job.id, job.id, JobId("nothing"), other.id], DEFAULT_TENANT, "")

    assert [one.id for one in answer.opened] == [job.id, other.id]


async def test_a_requeued_job_that_fails_again_is_a_letter_again(store: Store) -> None:
    job = await store.failed("timeout")
    await store.letters.requeue([job.id], DEFAULT_TENANT, "")
    leased = await store.queue.dequeue()
    assert leased is not None

    await store.jobs.record(a_progress(leased, status=JobStatus.FAILED, error_code="login_failed", completed_at=NOON))

    letter = await store.letters.get(job.id, DEFAULT_TENANT)
    assert letter is not None
    assert (letter.run, letter.code) == (2, "login_failed")


async def test_a_plain_retry_takes_the_letter_away(store: Store) -> None:
    job = await store.failed()

    await store.queue.retry(job.id)

    assert await letter_ids(store) == []


async def test_discarding_keeps_the_job_failed(store: Store) -> None:
    job = await store.failed()

    gone = await store.letters.discard([job.id, job.id, JobId("nothing")], DEFAULT_TENANT, "erledigt sich")
    again = await store.letters.discard([job.id], DEFAULT_TENANT, "")

    assert (gone, again) == ([job.id], [])
    assert await store.jobs.get(job.id) == job
    assert await letter_ids(store) == []
    assert [entry["reason"] for entry in await audited(store, job.id, "job.discarded")] == ["erledigt sich"]
    assert await store.audit.broken_link(DEFAULT_TENANT) is None


async def test_a_corrected_plan_is_the_next_version_and_audited(store: Store) -> None:
    job = await store.failed(tasks=2)

    corrected = await store.letters.correct(a_new_plan(job), DEFAULT_TENANT, "Tippfehler")

    assert corrected.plan_version == 2
    assert await store.jobs.get(job.id) == corrected
    assert corrected.context == {"größe": "📎"}
    [entry] = await audited(store, job.id, "job.corrected")
    assert (entry["reason"], entry["version"], entry["run"]) == ("Tippfehler", 2, 1)
    assert entry["changes"] == [{"path": "tasks.task1.text", "before": "a", "after": "b"}]
    assert await letter_ids(store) == [job.id]


async def test_of_two_corrections_of_one_version_one_is_stored(store: Store) -> None:
    job = await store.failed(tasks=2)

    results = await asyncio.gather(
        *(store.letters.correct(a_new_plan(job, context={"n": n}), DEFAULT_TENANT, "") for n in range(5)),
        return_exceptions=True,
    )

    assert sum(isinstance(result, Job) for result in results) == 1
    assert sum(isinstance(result, PlanChangedError) for result in results) == 4
    assert len(await audited(store, job.id, "job.corrected")) == 1


async def test_what_is_no_letter_any_more_is_not_corrected(store: Store) -> None:
    job = await store.failed(tasks=2)
    await store.letters.requeue([job.id], DEFAULT_TENANT, "")
    before = await store.everything(job.id)

    with pytest.raises(DeadLetterNotFoundError):
        await store.letters.correct(a_new_plan(job), DEFAULT_TENANT, "")

    assert await store.everything(job.id) == before


async def test_letters_of_another_tenant_are_not_there(store: Store) -> None:
    job = await store.failed(tasks=2)
    before = await store.everything(job.id)

    assert await letter_ids(store, tenant=OTHER) == []
    assert await store.letters.get(job.id, OTHER) is None
    assert await store.letters.requeue([job.id], OTHER, "") == ([], {})
    assert await store.letters.discard([job.id], OTHER, "") == []
    with pytest.raises(JobNotFoundError):
        await store.letters.correct(a_new_plan(job), OTHER, "")
    assert await store.everything(job.id) == before


async def test_a_job_that_is_deleted_is_no_letter(store: Store) -> None:
    job = await store.failed()

    await store.jobs.delete(job.id)

    assert await letter_ids(store) == []
