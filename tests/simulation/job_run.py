"""One run of one job, as `JobRun` does it, without waiting: decide, store the decision, then have it done.

Real: `step`, `open_run`, `ProgressWriter`, the resolving of references and the effect keys. Modelled: the loop of
`JobRun` (all that has come in is one batch; while a decision is being stored the next one waits; a store that is busy
is tried again with backoff), and that tasks are done by agents, in this process or far away. What an agent answers
under an older epoch than the lease's is not heard.

Beside it the same run is decided on the course that runs of its plan take (`Decisions`), which must come out alike.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from scheduler.core.errors import CPAError, InvalidTransitionError, LeaseLostError, UnavailableError
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptVerified,
    CancelRequested,
    LookFailed,
    RunEvent,
    RunOpened,
    RunRules,
)
from scheduler.core.ids import TaskId, effect_key
from scheduler.core.job import Job, JobStatus, TaskRun, TaskStatus
from scheduler.core.retry import GiveUp, RetryPolicy, TaskFailure
from scheduler.core.todo import INDEX, ITEM, ToDo
from scheduler.orchestrator import step as deciding
from scheduler.orchestrator.commands import Command, SaveTask, SetTimer, StartTask, StopTask, VerifyTask
from scheduler.orchestrator.run_change import patience
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import RunState, open_run
from scheduler.repository.question_repository import UNANSWERED
from scheduler.repository.repository_interface import RunProgress
from tests.simulation.agenda import Agenda, Process
from tests.simulation.chance import Chance
from tests.simulation.model_store import ModelStore
from tests.simulation.network import Answer, Message
from tests.simulation.plans import CATALOG
from tests.simulation.store_door import StoreDoor
from tests.simulation.violations import ViolationError
from tests.support.courses import Twice

_STORING = RetryPolicy(max_attempts=15, base_delay=timedelta(milliseconds=50), max_delay=timedelta(seconds=5))
"""Fewer tries than the real one has, so that giving up is met."""


class Surroundings(Protocol):
    """What a run needs of the simulation."""

    agenda: Agenda
    chance: Chance
    store: ModelStore
    door: StoreDoor
    rules: RunRules

    def new_id(self) -> str: ...
    def post(self, run: "SimulatedRun", message: Message) -> None: ...
    def stepped(
        self, run: "SimulatedRun", events: list[RunEvent], after: RunState, commands: list[Command]
    ) -> None: ...
    def performing(self, run: "SimulatedRun", command: Command) -> None: ...


class SimulatedRun:
    """Holds a leased job until its run ends or is parked; `ended` is told why: None then, else what went wrong."""

    def __init__(
        self,
        job: Job,
        tasks: tuple[TaskRun, ...],
        *,
        around: Surroundings,
        process: Process,
        ended: Callable[["SimulatedRun", Exception | None], None],
    ) -> None:
        if job.lease is None:
            raise LeaseLostError(job.id)
        self.job = job
        self.epoch = job.lease.epoch
        self.held_until = job.lease.until
        self.process = process
        self.state = open_run(job, tasks, CATALOG)
        self.over = False
        self.told_to_stop = job.status is JobStatus.CANCELLING
        self.late_since: datetime | None = None
        self._around = around
        self._ended = ended
        self._keys = {task.task_id: task.effect_key for task in tasks}
        self._writer = ProgressWriter(job, job.lease, self._keys, around.new_id)
        self._twice = Twice(job, tasks, CATALOG, self._keys, learns=True)
        self._orders: dict[TaskId, tuple[ToDo, str]] = {}
        self._looks: dict[TaskId, int] = {}
        self._inbox: list[RunEvent] = []
        self._storing = False
        unanswered = job.error_code == UNANSWERED
        now, rules = around.agenda.now, around.rules
        self.hear(RunOpened(at=now, crashes=job.crashes, rules=rules, unanswered=unanswered))

    def hear(self, event: RunEvent) -> None:
        """Take in what has happened; it is dealt with as soon as the last decision is stored."""
        if not self.over:
            self._inbox.append(event)
            if len(self._inbox) == 1 and not self._storing:
                self._around.agenda.after(0.001, self._turn, self.process)

    def answered(self, answer: Answer) -> bool:
        """Hear an agent, unless it answers what was asked under another lease; return whether it was heard."""
        if not self._is_of_this_lease(answer):
            self._around.chance.seen["answer of an old epoch"] += 1
            return False
        event = answer.event
        if isinstance(event, AttemptVerified | LookFailed):
            self._looks[event.task_id] = self._looks.get(event.task_id, 0) + 1  # nobody waits for this look any more
        self.hear(event)
        return True

    def _is_of_this_lease(self, answer: Answer) -> bool:
        return answer.epoch == self.epoch

    def cancel(self) -> None:
        self.hear(CancelRequested(at=self._around.agenda.now))

    def stop(self) -> None:
        """Stop what is busy; the run is no longer ours, or its worker leaves."""
        if self.over:
            return
        self.over = True
        for task_id, task in self.state.tasks.items():
            if task.status is TaskStatus.RUNNING and task_id in self._orders:
                self._post("stop", task_id, task.attempts)

    def _turn(self) -> None:
        if self.over or self._storing:
            return
        events, self._inbox = self._inbox, []
        try:
            state, commands = deciding.step(self.state, events)
        except InvalidTransitionError as error:
            raise ViolationError("I4", str(error)) from error
        for command in commands:
            if isinstance(command, SaveTask) and state.tasks[command.task_id].status is TaskStatus.RUNNING:
                self._keys[command.task_id] = self._effect_key(state, command.task_id)
        self._twice.decide(events)
        self._around.stepped(self, events, state, commands)
        if self.over:
            return
        progress = self._writer.progress(state, commands)
        self._storing = True
        if progress is None:
            self._stored(state, commands)
        else:
            self._store(progress, state, commands, tries=1)

    def _store(self, progress: RunProgress, state: RunState, commands: list[Command], tries: int) -> None:
        around = self._around

        def failed(error: Exception) -> None:
            if not isinstance(error, UnavailableError):
                self._leave(error)
                return
            now = around.agenda.now
            failure, draw = TaskFailure.of(error), around.chance.random.random()
            answer = _STORING.decide(failure, attempts=tries, now=now, draw=draw)
            if isinstance(answer, GiveUp):
                self._leave(error)
            else:
                again = lambda: self._store(progress, state, commands, tries + 1)  # noqa: E731 - one line reads better
                around.agenda.at(answer.when, again, self.process)

        if not self.over:
            around.door.write(
                self.process,
                lambda: around.store.record(progress),
                lambda _: self._stored(state, commands),
                failed,
            )

    def _leave(self, error: Exception | None) -> None:
        if not self.over:
            self.stop()
            self._ended(self, error)

    def _stored(self, state: RunState, commands: list[Command]) -> None:
        if self.over:
            return
        self._storing, self.state = False, state
        for command in commands:
            self._around.performing(self, command)
            if self.over:
                return
            self._perform(command)
        if state.status is not JobStatus.RUNNING:
            self.over = True
            self._ended(self, None)
        elif self._inbox:
            self._turn()

    def _perform(self, command: Command) -> None:
        match command:
            case StartTask(task_id=task_id, attempt=attempt, again=again):
                self._ask(task_id, attempt, again=again)
            case VerifyTask(task_id=task_id, attempt=attempt):
                self._look(task_id, attempt)
            case StopTask(task_id=task_id, attempt=attempt) if task_id in self._orders:
                self._post("stop", task_id, attempt)
            case SetTimer(event=event):
                self._around.agenda.at(event.at, lambda: self._ring(event), self.process)

    def _ring(self, event: RunEvent) -> None:
        event = replace(event, at=max(event.at, self._around.agenda.now))
        if isinstance(event, AttemptOverdue):
            event = replace(event, draw=self._around.chance.random.random())
        self.hear(event)

    def _ask(self, task_id: TaskId, attempt: int, *, again: bool) -> None:
        """Send the order; `TaskRunner` looks first when a task was begun before and somebody can tell."""
        try:
            todo, _ = self._order(self.state, task_id)
        except CPAError as error:
            self._not_begun(task_id, attempt, error)
            return
        can_tell = todo.verify is not None or task_id not in self.state.plan.repeatable
        self._post("do", task_id, attempt, look_first=again and can_tell)

    def _look(self, task_id: TaskId, attempt: int) -> None:
        """Ask what the attempt did, for as long as an attempt may take."""
        try:
            todo, _ = self._order(self.state, task_id)
        except CPAError as error:
            self._not_begun(task_id, attempt, error)
            return
        self._looks[task_id] = number = self._looks.get(task_id, 0) + 1
        self._post("look", task_id, attempt)
        limit = patience(todo)

        def nobody_said() -> None:
            if self._looks[task_id] == number:
                now, draw = self._around.agenda.now, self._around.chance.random.random()
                failure = TaskFailure(code="timeout", message=f"looking took longer than {limit}")
                self.hear(LookFailed(task_id=task_id, attempt=attempt, at=now, failure=failure, draw=draw))

        self._around.agenda.after(limit.total_seconds(), nobody_said, self.process)

    def _not_begun(self, task_id: TaskId, attempt: int, error: CPAError) -> None:
        now, draw = self._around.agenda.now, self._around.chance.random.random()
        self.hear(AttemptFailed(task_id=task_id, attempt=attempt, at=now, failure=TaskFailure.of(error), draw=draw))

    def _post(self, kind: str, task_id: TaskId, attempt: int, *, look_first: bool = False) -> None:
        todo, key = self._order(self.state, task_id)
        number = f"/{self._looks[task_id]}" if kind == "look" else ""
        message = Message(
            kind=kind,
            id=f"{self.job.id}/{task_id}/{self.epoch}/{attempt}/{kind}{number}",
            job_id=self.job.id,
            tenant=self.job.tenant,
            todo=todo,
            attempt=attempt,
            epoch=self.epoch,
            effect_key=key,
            deadline=self._around.agenda.now + patience(todo),
            look_first=look_first,
            repeatable=task_id in self.state.plan.repeatable,
        )
        self._around.post(self, message)

    def _order(self, state: RunState, task_id: TaskId) -> tuple[ToDo, str]:
        """Return the task with its references replaced, and the key of its effect; both stay as they are in a run."""
        if task_id not in self._orders:
            todo = state.plan.todos[task_id]
            given = ((needed, state.tasks[needed].result) for needed in todo.dependencies)
            results: dict[TaskId, Any] = {needed: result for needed, result in given if result is not None}
            if task_id in state.plan.items:
                results[ITEM], results[INDEX] = state.plan.items[task_id]
            todo = todo.resolved(results)
            self._orders[task_id] = todo, effect_key(self.job.id, task_id, todo.canonical())
        return self._orders[task_id]

    def _effect_key(self, state: RunState, task_id: TaskId) -> str | None:
        try:
            return self._order(state, task_id)[1]
        except CPAError:
            return None
