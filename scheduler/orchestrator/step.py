"""The core of the orchestrator as a pure function: what has happened goes in, what is to be done comes out.

No clock, no I/O, no chance: times and draws come in with the events. The rules, each in a function of its own:

- a task starts when all it waits for is done; a task that is done never runs again;
- an attempt of unknown outcome is looked after before anything else, unless the task may be repeated;
- a transient failure is tried again with backoff; any other makes the run fail: nothing new starts, what is busy ends;
- a run that is cancelled or past its deadline stops what is busy, finds out what took effect, then ends.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.core.errors import Effect
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    AttemptVerified,
    CancelRequested,
    DeadlinePassed,
    EventType,
    LookFailed,
    RunEvent,
    RunOpened,
    TaskDue,
)
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.retry import GiveUp, RetryAt, RetryPolicy, TaskFailure
from scheduler.orchestrator.commands import (
    Command,
    FinishRun,
    NoteEvent,
    SaveTask,
    SetTimer,
    StartTask,
    StopTask,
    VerifyTask,
)
from scheduler.orchestrator.state import RunState, TaskState

MAX_CRASHES = 5
_LOOKING = RetryPolicy(max_attempts=8, base_delay=timedelta(seconds=2), max_delay=timedelta(minutes=2))
_SAID_BY_PLAN = frozenset({"element_not_found", "verification_failed"})


def step(state: RunState, events: Iterable[RunEvent]) -> tuple[RunState, list[Command]]:
    """Return the state after a batch of events, and what is to be done. The task map is copied once per batch.

    Events that come too late (of an older attempt, of a task that has moved on, after the end) change nothing.
    """
    run = _Run(state)
    for event in events:
        if not run.status.final:
            _HANDLERS[type(event)](run, event)
            run.settle(event.at)
    return run.state(), run.commands


class _Run:
    """The working copy of a state during one call of `step`."""

    def __init__(self, state: RunState) -> None:
        self.before = state
        self.plan = state.plan
        self.tasks = dict(state.tasks)
        self.status = state.status
        self.open = state.open
        self.cancelling = state.cancelling
        self.failure = state.failure
        self.active = sum(task.active for task in state.tasks.values())
        self.commands: list[Command] = []

    def state(self) -> RunState:
        return replace(
            self.before,
            tasks=self.tasks,
            status=self.status,
            open=self.open,
            cancelling=self.cancelling,
            failure=self.failure,
        )

    @property
    def stopping(self) -> bool:
        """Whether nothing new may start."""
        return self.cancelling or self.failure is not None

    def current(self, task_id: TaskId, attempt: int) -> TaskState | None:
        """Return the task if it is busy with this very attempt."""
        task = self.tasks[task_id]
        return task if task.active and task.attempts == attempt else None

    def put(self, task_id: TaskId, task: TaskState) -> None:
        before = self.tasks[task_id]
        self.active += task.active - before.active
        self.open -= task.status.final - before.status.final
        self.tasks[task_id] = task
        self.commands.append(SaveTask(task_id))

    def note(self, type_: EventType, at: datetime, task_id: TaskId | None = None, **data: Any) -> None:  # noqa: ANN401
        self.commands.append(NoteEvent(type_, at, task_id, data))

    def start(self, task_id: TaskId, at: datetime) -> None:
        task = self.tasks[task_id]
        attempt = task.attempts + 1
        started_at = task.started_at or at
        self.put(
            task_id,
            task._replace(
                status=TaskStatus.RUNNING, attempts=attempt, not_before=None, failure=None, started_at=started_at
            ),
        )
        self.note(EventType.TASK_STARTED, at, task_id, attempt=attempt)
        self.commands.append(StartTask(task_id, attempt))
        overdue = at + timedelta(seconds=self.plan.todos[task_id].timeout)
        self.commands.append(SetTimer(AttemptOverdue(task_id=task_id, attempt=attempt, at=overdue)))

    def look_after(self, task_id: TaskId, at: datetime, why: str) -> None:
        """Find out whether an attempt of unknown outcome took effect."""
        task = self.tasks[task_id]
        if task.status is not TaskStatus.VERIFYING:
            self.put(task_id, task._replace(status=TaskStatus.VERIFYING, checks=0))
        self.note(EventType.TASK_VERIFYING, at, task_id, attempt=task.attempts, why=why)
        self.commands.append(VerifyTask(task_id, task.attempts))

    def done(self, task_id: TaskId, at: datetime, **changes: Any) -> None:  # noqa: ANN401 - fields of TaskState
        task = self.tasks[task_id]._replace(status=TaskStatus.DONE, failure=None, completed_at=at, **changes)
        self.put(task_id, task)
        self.note(EventType.TASK_DONE, at, task_id, attempt=task.attempts, verified=task.verified)
        for dependent in self.plan.dependents[task_id]:
            waiting = self.tasks[dependent]
            self.tasks[dependent] = waiting._replace(waiting_for=waiting.waiting_for - 1)
            if waiting.waiting_for == 1 and waiting.status is TaskStatus.PENDING and not self.stopping:
                self.start(dependent, at)

    def try_again(self, task_id: TaskId, at: datetime, when: datetime, why: str) -> None:
        """Put the task back; it starts at `when`, or ends with the run if that is stopping."""
        self.put(task_id, self.tasks[task_id]._replace(status=TaskStatus.PENDING, not_before=when))
        if not self.stopping:
            self.note(EventType.TASK_RETRY_SCHEDULED, at, task_id, when=when.isoformat(), why=why)
            self.commands.append(SetTimer(TaskDue(task_id=task_id, at=when)))

    def fail(self, task_id: TaskId, at: datetime, failure: TaskFailure) -> None:
        """The task has failed for good, and so will the run."""
        code = self.plan.todos[task_id].failure_code
        if code and failure.code in _SAID_BY_PLAN:
            failure = failure.model_copy(update={"code": code})
        self.put(task_id, self.tasks[task_id]._replace(status=TaskStatus.FAILED, failure=failure, completed_at=at))
        self.note(EventType.TASK_FAILED, at, task_id, code=failure.code, message=failure.message)
        if self.failure is None:
            self.failure = failure

    def stop_all(self, at: datetime, code: str) -> None:
        """Stop what is busy. A repeatable task is simply let go; of any other it must be found out what it did."""
        for task_id, task in list(self.tasks.items()):
            if task.status is not TaskStatus.RUNNING:
                continue
            self.commands.append(StopTask(task_id, task.attempts))
            if task_id in self.plan.repeatable:
                self.put(task_id, task._replace(status=TaskStatus.PENDING))
            else:
                self.look_after(task_id, at, code)

    def settle(self, at: datetime) -> None:
        """End the run when everything is done, or when it is stopping and nobody is busy any more."""
        if self.open == 0 and self.failure is None:
            self._end(JobStatus.DONE, EventType.JOB_DONE, at)
        elif self.stopping and self.active == 0:
            rest, line = (
                (TaskStatus.CANCELLED, EventType.TASK_CANCELLED)
                if self.failure is None
                else (TaskStatus.SKIPPED, EventType.TASK_SKIPPED)
            )
            for task_id, task in list(self.tasks.items()):
                if not task.status.final:
                    self.put(task_id, task._replace(status=rest, completed_at=at))
                    self.note(line, at, task_id)
            if self.failure is None:
                self._end(JobStatus.CANCELLED, EventType.JOB_CANCELLED, at)
            else:
                self._end(JobStatus.FAILED, EventType.JOB_FAILED, at, code=self.failure.code)

    def _end(self, status: JobStatus, line: EventType, at: datetime, **data: Any) -> None:  # noqa: ANN401
        self.status = status
        self.note(line, at, **data)
        self.commands.append(FinishRun(status, at, self.failure))


def _run_opened(run: _Run, event: RunOpened) -> None:
    """Start what is ready, and take up what a worker left behind when it died."""
    if event.crashes >= MAX_CRASHES:
        run.failure = TaskFailure(
            code="worker_crashes",
            message=f"{event.crashes} workers died with this job",
            facts={"crashes": str(event.crashes)},
        )
    if run.before.deadline is not None:
        run.commands.append(SetTimer(DeadlinePassed(at=run.before.deadline)))
    for task_id, task in list(run.tasks.items()):
        if task.active and task_id not in run.plan.repeatable:
            run.look_after(task_id, event.at, "worker_lost")
        elif run.stopping:
            if task.active:
                run.put(task_id, task._replace(status=TaskStatus.PENDING))
        elif task.active or (task.status is TaskStatus.PENDING and not task.waiting_for and _is_due(task, event.at)):
            run.start(task_id, event.at)
        elif task.status is TaskStatus.PENDING and not task.waiting_for and task.not_before is not None:
            run.commands.append(SetTimer(TaskDue(task_id=task_id, at=task.not_before)))


def _is_due(task: TaskState, at: datetime) -> bool:
    return task.not_before is None or task.not_before <= at


def _attempt_succeeded(run: _Run, event: AttemptSucceeded) -> None:
    task = run.current(event.task_id, event.attempt)
    if task is not None:
        evidence = _joined(task.evidence, event.evidence)
        run.done(event.task_id, event.at, result=dict(event.result), verified=event.verified, evidence=evidence)


def _attempt_failed(run: _Run, event: AttemptFailed) -> None:
    task = run.current(event.task_id, event.attempt)
    if task is None or task.status is not TaskStatus.RUNNING:
        return
    task = task._replace(
        evidence=_joined(task.evidence, event.evidence), failures=task.failures + 1, failure=event.failure
    )
    run.put(event.task_id, task)
    if event.failure.effect is not Effect.UNKNOWN:
        _retry_or_fail(run, event.task_id, event.at, event.failure, event.draw)
    elif event.task_id in run.plan.repeatable:
        _retry_or_fail(run, event.task_id, event.at, _worth_retrying(event.failure), event.draw)
    else:
        run.look_after(event.task_id, event.at, event.failure.code)


def _retry_or_fail(run: _Run, task_id: TaskId, at: datetime, failure: TaskFailure, draw: float) -> None:
    failures = max(run.tasks[task_id].failures, 1)
    answer = run.plan.todos[task_id].retry.decide(failure, attempts=failures, now=at, draw=draw)
    if isinstance(answer, RetryAt) and run.failure is None:
        run.try_again(task_id, at, answer.when, failure.code)
    else:
        run.fail(task_id, at, failure)


def _look_failed(run: _Run, event: LookFailed) -> None:
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


def _attempt_verified(run: _Run, event: AttemptVerified) -> None:
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


def _nobody_knows(run: _Run, task_id: TaskId, why: str) -> TaskFailure:
    todo = run.plan.todos[task_id]
    return TaskFailure(
        code="outcome_unknown",
        message=f"It is not known whether {task_id} ({todo.action}) happened: {why}",
        facts={"what": f"{task_id} ({todo.action})", "why": why},
        effect=Effect.UNKNOWN,
    )


def _task_due(run: _Run, event: TaskDue) -> None:
    task = run.tasks[event.task_id]
    if task.status is TaskStatus.VERIFYING:
        run.look_after(event.task_id, event.at, "look_again")
    elif task.status is TaskStatus.PENDING and not task.waiting_for and not run.stopping and _is_due(task, event.at):
        run.start(event.task_id, event.at)


def _attempt_overdue(run: _Run, event: AttemptOverdue) -> None:
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


def _deadline_passed(run: _Run, event: DeadlinePassed) -> None:
    if not run.stopping:
        run.failure = TaskFailure(code="deadline_exceeded", message="the job was not finished by its deadline")
        run.stop_all(event.at, "deadline_exceeded")


def _cancel_requested(run: _Run, event: CancelRequested) -> None:
    if not run.cancelling:
        run.cancelling = True
        run.note(EventType.JOB_CANCEL_REQUESTED, event.at)
        run.stop_all(event.at, "cancelled")


def _joined(earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(earlier + later))


_HANDLERS: dict[type, Callable[[_Run, Any], None]] = {
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
