"""A job moves only along the table, a retry opens the next run, and a document keeps all of it."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from pydantic import ValidationError

from scheduler.core.errors import InvalidFieldError, InvalidTransitionError, RetriesExhaustedError
from scheduler.core.ids import LeaseToken
from scheduler.core.job import JOB_TRANSITIONS, TASK_TRANSITIONS, Job, JobStatus, Lease, TaskRun, TaskStatus
from scheduler.core.retry import TaskFailure
from tests.support.builders import a_job, a_task_run
from tests.support.cases import each_of
from tests.support.clock import NOON

ALLOWED = {
    ("pending", "running"),
    ("pending", "cancelling"),
    ("pending", "cancelled"),
    ("running", "pending"),
    ("running", "waiting"),
    ("running", "cancelling"),
    ("running", "done"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("waiting", "pending"),
    ("waiting", "cancelling"),
    ("waiting", "cancelled"),
    ("cancelling", "cancelled"),
    ("cancelling", "done"),
    ("cancelling", "failed"),
    ("waiting", "failed"),
    ("failed", "pending"),
    ("cancelled", "pending"),
}


@each_of(product(JobStatus, JobStatus))
def test_a_job_moves_only_along_the_table(before: JobStatus, after: JobStatus) -> None:
    job = a_job(status=before)

    if (before.value, after.value) in ALLOWED:
        assert job.become(after, error="x").status is after
    else:
        with pytest.raises(InvalidTransitionError) as caught:
            job.become(after)
        assert caught.value.facts == {"subject": job.id, "status": before.value, "wanted": after.value}
    assert job.status is before


def test_every_status_has_its_row_and_every_status_can_end() -> None:
    assert set(JOB_TRANSITIONS) == set(JobStatus)
    assert set(TASK_TRANSITIONS) == set(TaskStatus)
    for table, final in ((JOB_TRANSITIONS, JobStatus.DONE), (TASK_TRANSITIONS, TaskStatus.DONE)):
        for start in table:
            reached = {start}
            for _ in table:
                reached |= {after for status in reached for after in table[status]}  # type: ignore[index]
            assert start.final or final in reached


def test_final_statuses_are_those_of_the_specification() -> None:
    assert {status.value for status in JobStatus if status.final} == {"done", "failed", "cancelled"}
    assert {status.value for status in TaskStatus if status.final} == {"done", "failed", "skipped", "cancelled"}
    assert {"pending", "running", "done", "failed", "cancelled"} <= {status.value for status in JobStatus}


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_the_next_run_starts_afresh_and_keeps_what_was_asked(status: JobStatus) -> None:
    job = a_job(
        status=status,
        started_at=NOON,
        completed_at=NOON,
        deadline=NOON,
        not_before=NOON,
        error="Portal",
        error_code="site_unreachable",
        crashes=2,
        retry_count=1,
        run=2,
        lease=Lease(token=LeaseToken("t"), epoch=3, until=NOON),
        context={"von": "Jörg"},
    )

    again = job.next_run()

    assert (again.status, again.run, again.retry_count, again.crashes) == (JobStatus.PENDING, 3, 2, 0)
    assert (again.started_at, again.completed_at, again.deadline, again.not_before) == (None, None, None, None)
    assert (again.error, again.error_code, again.lease) == (None, None, None)
    assert (again.id, again.context, again.task_graph, again.created_at) == (
        job.id,
        job.context,
        job.task_graph,
        job.created_at,
    )


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.FAILED, JobStatus.CANCELLED}))
def test_only_a_job_that_failed_or_was_cancelled_has_a_next_run(status: JobStatus) -> None:
    with pytest.raises(InvalidTransitionError):
        a_job(status=status).next_run()


def test_retries_are_counted() -> None:
    job = a_job(status=JobStatus.FAILED, max_retries=2)

    for _ in range(2):
        job = job.next_run().become(JobStatus.RUNNING).become(JobStatus.FAILED)

    with pytest.raises(RetriesExhaustedError):
        job.next_run()
    assert job.run == 3


def test_a_document_keeps_the_job() -> None:
    job = a_job(
        tasks=3,
        description="Hol die Rechnung 4711 für Jörg 📎",
        locale="en",
        status=JobStatus.RUNNING,
        started_at=NOON + timedelta(microseconds=1),
        deadline=NOON + timedelta(hours=1),
        lease=Lease(token=LeaseToken("t"), epoch=1, until=NOON),
        context={"amount": 1.5, "deep": [{"x": None}]},
    )
    job.task_graph.freeze()

    assert Job.model_validate_json(job.model_dump_json()) == job
    assert Job.model_validate(job.model_dump(mode="json")) == job


def test_a_document_keeps_the_run_of_a_task() -> None:
    run = a_task_run(
        a_job(),
        status=TaskStatus.FAILED,
        attempts=2,
        failure=TaskFailure(code="timeout", message="30 s", facts={"what": "web.click"}, retryable=True),
        evidence=("data/screenshots/j/t.png",),
        not_before=NOON,
    )

    assert TaskRun.model_validate_json(run.model_dump_json()) == run


def test_a_job_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        a_job(created_at=datetime(2026, 3, 2, 12, 0))  # noqa: DTZ001 - that is what is refused


def test_a_wrong_plan_in_a_job_names_the_field() -> None:
    document = a_job().model_dump(mode="json") | {"task_graph": {"tasks": [{"action": "web.click", "timeout": -1}]}}

    with pytest.raises(InvalidFieldError) as caught:
        Job.model_validate(document)

    assert caught.value.field == "task_graph.tasks[0].timeout"
