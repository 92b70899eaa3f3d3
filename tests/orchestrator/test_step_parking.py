"""A run that can do nothing gives its worker up: until somebody has answered, or until it is time to try again."""

from datetime import timedelta

import pytest

from scheduler.core.events import EventType, RunOpened, RunRules, TaskDue
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.retry import RetryPolicy
from scheduler.orchestrator.commands import ParkJob
from tests.support.runs import (
    ASKS,
    BROKEN,
    FIND,
    NOW,
    UNAVAILABLE,
    HandDrivenRun,
    a_row,
    a_run,
    a_run_job,
    a_step,
    rows_of,
)

SLOW = RetryPolicy(max_attempts=3, base_delay=timedelta(minutes=1))


def parked(run: HandDrivenRun) -> list[ParkJob]:
    return [command for command in run.commands if isinstance(command, ParkJob)]


def reopened(run: HandDrivenRun, *, unanswered: bool = False) -> HandDrivenRun:
    """Open the job again as another worker would, from the rows that were stored."""
    rows = {
        str(task_id): a_row(
            task_id,
            task.status,
            attempts=task.attempts,
            failures=task.failures,
            failure=task.failure,
            not_before=task.not_before,
            started_at=task.started_at,
            effect_key="key",
        )
        for task_id, task in run.state.tasks.items()
    }
    job = a_run_job(*run.state.plan.todos.values(), deadline=run.state.deadline)
    again = HandDrivenRun(job, rows_of(job, rows))
    again.now = run.now
    return again.happens(RunOpened(at=run.now, unanswered=unanswered))


def test_a_step_that_asks_is_put_back_and_the_job_waits_for_the_answer() -> None:
    run = a_run(a_step("login"), a_step("fetch", "login")).fails("login", ASKS)

    assert run.state.status is JobStatus.WAITING
    assert run.statuses == {"login": "pending", "fetch": "pending"}
    (park,) = parked(run)
    assert [question.key for question in park.questions] == ["login.code"]
    assert park.questions[0].task == "login"
    assert park.expires_at == NOW + timedelta(days=7)
    assert [line for line, _ in run.said][-2:] == [EventType.TASK_ASKS, EventType.QUESTION]
    assert (run.task("login").failures, run.task("login").attempts) == (0, 1)


def test_nothing_happens_to_a_parked_run_any_more() -> None:
    run = a_run(a_step("login")).fails("login", ASKS)

    late = run.happens(TaskDue(task_id=TaskId("login"), at=NOW)).deadline_passes()

    assert (late.commands, late.state.status) == ([], JobStatus.WAITING)


def test_what_can_be_done_meanwhile_is_done_first() -> None:
    run = a_run(a_step("login"), a_step("find", action=FIND), a_step("send", "find")).fails("login", ASKS)
    statuses = [run.state.status, run.succeeds("find").state.status, run.succeeds("send").state.status]

    assert statuses == [JobStatus.RUNNING, JobStatus.RUNNING, JobStatus.WAITING]
    assert len(parked(run)) == 1


def test_answered_the_step_runs_again_and_may_ask_again() -> None:
    run = reopened(a_run(a_step("login")).fails("login", ASKS))

    assert run.started == [("login", 2)]
    assert run.fails("login", ASKS, attempt=2).state.status is JobStatus.WAITING
    assert reopened(run).succeeds("login", attempt=3).state.status is JobStatus.DONE


def test_unanswered_it_has_failed_with_what_the_step_said() -> None:
    run = reopened(a_run(a_step("login"), a_step("fetch", "login")).fails("login", ASKS), unanswered=True)

    assert run.state.status is JobStatus.FAILED
    assert run.statuses == {"login": "failed", "fetch": "skipped"}
    failure = run.state.failure
    assert failure is not None
    assert (failure.code, failure.facts, failure.questions) == ("second_factor_needed", {"site": "Portal"}, ())


def test_questions_of_several_steps_are_asked_together_for_as_long_as_the_least_patient_waits() -> None:
    hasty = ASKS.model_copy(
        update={"questions": (ASKS.questions[0].model_copy(update={"patience": timedelta(minutes=10)}),)}
    )
    run = a_run(a_step("b"), a_step("a")).fails("b", ASKS).fails("a", hasty)

    (park,) = parked(run)
    assert [question.key for question in park.questions] == ["a.code", "b.code"]
    assert park.expires_at == NOW + timedelta(minutes=10)


def test_a_deadline_ends_the_waiting() -> None:
    deadline = NOW + timedelta(minutes=3)
    run = a_run(a_step("login"), deadline=deadline).fails("login", ASKS)
    (park,) = parked(run)
    assert park.expires_at == deadline

    late = reopened(run.passes(180))

    assert late.state.status is JobStatus.FAILED
    assert late.state.failure is not None
    assert late.state.failure.code == "deadline_exceeded"
    assert late.statuses == {"login": "skipped"}


@pytest.mark.parametrize(("draw", "parks"), [(0.05, False), (0.5, True)])
def test_a_long_pause_before_the_next_attempt_costs_no_worker(draw: float, parks: bool) -> None:
    run = a_run(a_step("find", action=FIND, retry=SLOW), a_step("send", "find")).fails("find", UNAVAILABLE, draw=draw)

    assert bool(parked(run)) is parks
    assert run.state.status is (JobStatus.PENDING if parks else JobStatus.RUNNING)
    if parks:
        assert parked(run)[0].until == NOW + timedelta(seconds=30)
        assert run.said[-1] == (EventType.JOB_DEFERRED, None)
        assert reopened(run.passes(30)).started == [("find", 2)]


def test_of_several_pauses_the_first_that_ends_counts_and_not_while_it_is_near() -> None:
    steps = (a_step("a", action=FIND, retry=SLOW), a_step("b", action=FIND, retry=SLOW))
    near = a_run(*steps).fails("a", UNAVAILABLE, draw=0.5).fails("b", UNAVAILABLE, draw=0.05)
    far = a_run(*steps).fails("a", UNAVAILABLE, draw=0.9).fails("b", UNAVAILABLE, draw=0.5)

    assert (parked(near), near.state.status) == ([], JobStatus.RUNNING)
    assert [park.until for park in parked(far)] == [NOW + timedelta(seconds=30)]


def test_how_long_is_worth_parking_for_is_the_workers_to_say() -> None:
    run = HandDrivenRun(a_run_job(a_step("find", action=FIND, retry=SLOW)))
    run.happens(RunOpened(at=NOW, rules=RunRules(park_after=timedelta(minutes=2)))).fails("find", UNAVAILABLE, draw=0.9)

    assert run.state.status is JobStatus.RUNNING


def test_while_a_run_fails_or_is_cancelled_nobody_is_asked() -> None:
    failing = a_run(a_step("login"), a_step("send")).fails("send", BROKEN).fails("login", ASKS)

    assert failing.state.status is JobStatus.FAILED
    assert failing.task("login").status is TaskStatus.SKIPPED
    assert failing.task("login").failure is None
    assert parked(failing) == []
