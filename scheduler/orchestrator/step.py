"""The core of the orchestrator as a pure function: what has happened goes in, what is to be done comes out.

No clock, no I/O, no chance: times and draws come in with the events. The rules, each in a function of its own:

- a task starts when all it waits for is done, or skipped by its condition; a task that is done never runs again;
- an attempt of unknown outcome is looked after before anything else, unless the task may be repeated;
- a transient failure is tried again with backoff; any other makes the run fail: nothing new starts, what is busy ends;
- a task that asks is put back; when only such are left, or times far off, the job gives its worker up;
- a run that is cancelled or past its deadline stops what is busy, finds out what took effect, then ends;
- a run costs time in proportion to its tasks and dependencies: only its beginning and its end look at all of them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from scheduler.core.errors import Effect, OutcomeUnknownError, UnavailableError
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    AttemptVerified,
    CancelRequested,
    DeadlinePassed,
    LookFailed,
    RunEvent,
    RunOpened,
    TaskDue,
)
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.retry import ErrorClass, GiveUp, RetryAt, RetryPolicy, TaskFailure
from scheduler.orchestrator.commands import Command, SetTimer, StopTask
from scheduler.orchestrator.run_change import RunChange, joined
from scheduler.orchestrator.state import ACTIVE, RunState, TaskState

_LOOKING = RetryPolicy(max_attempts=8, base_delay=timedelta(seconds=2), max_delay=timedelta(minutes=2))


def step(state: RunState, events: Iterable[RunEvent]) -> tuple[RunState, list[Command]]:
    """Return the state after a batch of events, and what is to be done.

    Events that come too late (of an older attempt, of a task that has moved on, after the run has ended or was parked)
    change nothing.
    """
    run = RunChange(state)
    for event in events:
        if run.status is JobStatus.RUNNING:
            _HANDLERS[type(event)](run, event)
            run.settle(event.at)
    return run.state(), run.commands


def _run_opened(run: RunChange, event: RunOpened) -> None:
    """Start what is ready, and take up what an earlier worker left behind."""
    run.rules = event.rules
    if not run.stopping:
        run.failure = _put_aside(run, event)
    if run.before.deadline is not None and not run.stopping:
        run.commands.append(SetTimer(DeadlinePassed(at=run.before.deadline)))
    if event.lacking is not None and not run.stopping:
        task_id, failure = event.lacking
        run.fail(task_id, event.at, failure)
    for task_id, task in list(run.all_tasks()) if run.plan.decisive else run.all_tasks():
        if task.status in ACTIVE:
            _take_up(run, task_id, task, event)
        elif task.status is not TaskStatus.PENDING or task.waiting_for or run.stopping:
            continue
        elif task.failure is not None and task.asks and event.unanswered:
            run.fail(task_id, event.at, task.failure.model_copy(update={"questions": ()}))
        elif _is_due(task, event.at):
            run.begin(task_id, event.at)
        else:
            run.rest(task_id, task.not_before)


def _put_aside(run: RunChange, event: RunOpened) -> TaskFailure | None:
    """Return why nothing of this run may start, if that is so."""
    if event.crashes >= event.most_crashes:
        return TaskFailure(
            code="worker_crashes",
            message=f"{event.crashes} workers died with this job",
            facts={"crashes": str(event.crashes)},
        )
    if run.before.deadline is not None and run.before.deadline <= event.at:
        return _too_late()
    return None


def _take_up(run: RunChange, task_id: TaskId, task: TaskState, event: RunOpened) -> None:
    if task.status is TaskStatus.RUNNING and task_id in run.plan.repeatable:
        if run.stopping:
            run.put(task_id, task._replace(status=TaskStatus.PENDING))
        else:
            run.start(task_id, event.at)
    elif event.crashes > event.most_crashes:
        run.fail(task_id, event.at, _nobody_knows(run, task_id, "the worker that looked died as well"))
    else:
        run.look_after(task_id, event.at, "worker_lost")


def _is_due(task: TaskState, at: datetime) -> bool:
    return task.not_before is None or task.not_before <= at


def _attempt_succeeded(run: RunChange, event: AttemptSucceeded) -> None:
    task = run.current(event.task_id, event.attempt)
    if task is not None:
        result = dict(event.result)
        run.done(event.task_id, event.at, result=result, verified=event.verified, evidence=event.evidence)


def _attempt_failed(run: RunChange, event: AttemptFailed) -> None:
    """What an attempt itself knows counts, also while somebody looks after it; that it does not know, they know."""
    task, kind = run.current(event.task_id, event.attempt), event.failure.error_class
    if task is None or (kind is ErrorClass.UNKNOWN and task.status is TaskStatus.VERIFYING):
        return
    if kind is ErrorClass.ASKS and task.status is TaskStatus.RUNNING:
        run.ask(event.task_id, event.at, event.failure, event.evidence)
        return
    if task.status is TaskStatus.RUNNING and not run.stopping:
        pause = event.failure.pause_until_offered(task.attempts - task.failures, event.draw)
        if pause is not None:  # nobody took it, so that was no attempt
            when, failure = event.at + pause, event.failure
            run.try_again(event.task_id, event.at, when, failure.code, avoid=failure.avoid)
            return
    failures = task.failures + (task.status is TaskStatus.RUNNING)
    evidence = joined(task.evidence, event.evidence)
    run.put(event.task_id, task._replace(evidence=evidence, failures=failures, failure=event.failure))
    if kind is not ErrorClass.UNKNOWN:
        _retry_or_fail(run, event.task_id, event.at, event.failure, event.draw)
    elif event.task_id in run.plan.repeatable:
        _retry_or_fail(run, event.task_id, event.at, _worth_retrying(event.failure), event.draw)
    else:
        run.look_after(event.task_id, event.at, event.failure.code)


def _retry_or_fail(run: RunChange, task_id: TaskId, at: datetime, failure: TaskFailure, draw: float) -> None:
    failures = max(run.task(task_id).failures, 1)
    answer = run.plan.todos[task_id].retry.decide(failure, attempts=failures, now=at, draw=draw)
    if run.cancelling and run.failure is None and failure.effect is Effect.NONE:
        run.try_again(task_id, at, at, failure.code)
    elif isinstance(answer, RetryAt) and not run.stopping:
        run.try_again(task_id, at, answer.when, failure.code, avoid=answer.avoid)
    else:
        run.fail(task_id, at, _known(failure))


def _look_failed(run: RunChange, event: LookFailed) -> None:
    """Look again later, in the end give up."""
    task = run.current(event.task_id, event.attempt)
    if task is None or task.status is not TaskStatus.VERIFYING:
        return
    checks = task.checks + 1
    run.put(event.task_id, task._replace(checks=checks))
    match _LOOKING.decide(_worth_retrying(event.failure), attempts=checks, now=event.at, draw=event.draw):
        case RetryAt(when=when):
            run.commands.append(SetTimer(TaskDue(task_id=event.task_id, at=when)))
        case GiveUp():
            run.fail(event.task_id, event.at, _nobody_knows(run, event.task_id, event.failure.message))


def _attempt_verified(run: RunChange, event: AttemptVerified) -> None:
    task = run.current(event.task_id, event.attempt)
    if task is None or task.status is not TaskStatus.VERIFYING:
        return
    if event.happened:
        run.done(event.task_id, event.at, result=dict(event.result or {}), verified=True)
    elif event.happened is None:
        run.fail(event.task_id, event.at, _nobody_knows(run, event.task_id, event.detail))
    elif task.failure is None:
        run.try_again(event.task_id, event.at, event.at, "did_not_happen")
    else:
        failure = _worth_retrying(task.failure).model_copy(update={"effect": Effect.NONE})
        _retry_or_fail(run, event.task_id, event.at, failure, event.draw)


def _worth_retrying(failure: TaskFailure) -> TaskFailure:
    return failure.model_copy(update={"retryable": True})


def _known(failure: TaskFailure) -> TaskFailure:
    """Say of a step that was found not to have happened no longer that nobody knows."""
    if failure.code == OutcomeUnknownError.code and failure.effect is Effect.NONE:
        return failure.model_copy(update={"code": UnavailableError.code})
    return failure


def _too_late() -> TaskFailure:
    return TaskFailure(code="deadline_exceeded", message="the job was not finished by its deadline")


def _nobody_knows(run: RunChange, task_id: TaskId, why: str) -> TaskFailure:
    todo = run.plan.todos[task_id]
    return TaskFailure(
        code=OutcomeUnknownError.code,
        message=f"It is not known whether {task_id} ({todo.action}) happened: {why}",
        facts={"what": f"{task_id} ({todo.action})", "why": why},
        effect=Effect.UNKNOWN,
    )


def _task_due(run: RunChange, event: TaskDue) -> None:
    task = run.task(event.task_id)
    if task.status is TaskStatus.VERIFYING:
        run.look_after(event.task_id, event.at, "look_again")
        return
    may_start = task.status is TaskStatus.PENDING and not (task.waiting_for or task.asks or run.stopping)
    if may_start and _is_due(task, event.at):
        run.start(event.task_id, event.at)


def _attempt_overdue(run: RunChange, event: AttemptOverdue) -> None:
    task = run.current(event.task_id, event.attempt)
    if task is None or task.status is not TaskStatus.RUNNING:
        return
    run.commands.append(StopTask(event.task_id, event.attempt))
    todo = run.plan.todos[event.task_id]
    limit = f"{todo.timeout:g} s"
    failure = TaskFailure(
        code="timeout",
        message=f"{todo.action} took longer than {limit}",
        facts={"what": f"{event.task_id} ({todo.action})", "limit": limit},
        retryable=True,
        effect=Effect.UNKNOWN,
    )
    _attempt_failed(
        run,
        AttemptFailed(task_id=event.task_id, attempt=event.attempt, at=event.at, failure=failure, draw=event.draw),
    )


def _deadline_passed(run: RunChange, event: DeadlinePassed) -> None:
    if not run.cancelling:
        run.failure = run.failure or _too_late()
        run.stop_all(event.at, "deadline_exceeded")


def _cancel_requested(run: RunChange, event: CancelRequested) -> None:
    """Stop; that it was asked for stands in the timeline already, where the job was marked."""
    if not run.cancelling:
        run.cancelling = True
        run.stop_all(event.at, "cancelled")


_HANDLERS: dict[type, Callable[[RunChange, Any], None]] = {
    RunOpened: _run_opened,
    AttemptSucceeded: _attempt_succeeded,
    AttemptFailed: _attempt_failed,
    AttemptVerified: _attempt_verified,
    LookFailed: _look_failed,
    TaskDue: _task_due,
    AttemptOverdue: _attempt_overdue,
    DeadlinePassed: _deadline_passed,
    CancelRequested: _cancel_requested,
}
