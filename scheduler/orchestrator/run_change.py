"""The working copy of a run during one call of `step`: every change with what is to be stored and done for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

from scheduler.core.conditions import read_condition
from scheduler.core.errors import CPAError, ElementNotFoundError, InvalidTransitionError, VerificationFailedError
from scheduler.core.events import AttemptOverdue, EventType, TaskDue
from scheduler.core.ids import AgentId, TaskId
from scheduler.core.job import FINAL_TASK, TASK_TRANSITIONS, JobStatus, TaskStatus
from scheduler.core.references import SECRET_SCHEME
from scheduler.core.retry import TaskFailure
from scheduler.core.todo import INDEX, ITEM, ToDo
from scheduler.orchestrator.commands import (
    AddTasks,
    Command,
    FinishRun,
    NoteEvent,
    ParkJob,
    SaveTask,
    SetTimer,
    StartTask,
    StopTask,
    VerifyTask,
)
from scheduler.orchestrator.run_plan import (
    CONDITION_NOT_MET,
    ITEMS,
    NEEDED_WAS_SKIPPED,
    item_ids,
    items_of,
    stored_items,
    with_items,
)
from scheduler.orchestrator.state import ACTIVE, RunState, TaskState

_SLACK = 10.0  # seconds


def patience(todo: ToDo) -> timedelta:
    """Return how long an attempt is waited for: its executor keeps the timeout, shows why it failed, and looks."""
    return _patience(todo.timeout)


@lru_cache
def _patience(timeout: float) -> timedelta:
    return timedelta(seconds=timeout + min(timeout, _SLACK))


def joined(earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
    """Return the pictures of both, each once."""
    return tuple(dict.fromkeys(earlier + later)) if later else earlier


def _named(avoid: frozenset[AgentId]) -> dict[str, list[str]]:
    return {"avoid": sorted(avoid)} if avoid else {}


class RunChange:
    """The working copy of a state during one call of `step`."""

    def __init__(self, state: RunState) -> None:
        self.before = state
        self._tasks = state.tasks.newest
        self.plan = state.plan
        self.changes: dict[TaskId, TaskState] = {}
        self.status = state.status
        self.open = state.open
        self.cancelling = state.cancelling
        self.failure = state.failure
        self.active = state.active
        self.commands: list[Command] = []
        self.resting = state.resting
        self.rules = state.rules
        self._just_started: dict[TaskId, tuple[TaskState, list[Command]]] = {}

    def state(self) -> RunState:
        before = self.before
        tasks = before.tasks.changed(self.changes) if self.changes else before.tasks
        return RunState(
            before.job_id,
            self.plan,
            tasks,
            self.status,
            self.open,
            self.active,
            before.deadline,
            self.cancelling,
            self.failure,
            self.resting,
            self.rules,
        )

    @property
    def stopping(self) -> bool:
        """Whether nothing new may start."""
        return self.cancelling or self.failure is not None

    def task(self, task_id: TaskId) -> TaskState:
        return self.changes.get(task_id) or self._tasks[task_id]

    def all_tasks(self) -> Iterator[tuple[TaskId, TaskState]]:
        """Go through all tasks, which may be changed on the way. Only for what happens once or twice in a run."""
        return ((task_id, self.task(task_id)) for task_id in self.plan.todos)

    def current(self, task_id: TaskId, attempt: int) -> TaskState | None:
        """Return the task if it is busy with this very attempt."""
        task = self.task(task_id)
        return task if task.active and task.attempts == attempt else None

    def put(self, task_id: TaskId, task: TaskState) -> None:
        """Change a task. Raises InvalidTransitionError when the table has no such step."""
        status, before = task.status, self.task(task_id).status
        if status is not before:
            if status not in TASK_TRANSITIONS[before]:
                raise InvalidTransitionError(task_id, before, status)
            self.active += (status in ACTIVE) - (before in ACTIVE)
            self.open -= (status in FINAL_TASK) - (before in FINAL_TASK)
        self.changes[task_id] = task
        self.commands.append(SaveTask(task_id))

    def note(self, type_: EventType, at: datetime, task_id: TaskId | None = None, **data: Any) -> None:  # noqa: ANN401
        self.commands.append(NoteEvent(type_, at, task_id, data))

    def start(self, task_id: TaskId, at: datetime) -> None:
        task = self.task(task_id)
        attempt, said = task.attempts + 1, len(self.commands)
        if self.resting:
            self.resting -= {task_id}
        self.put(task_id, task.started(at))
        self.note(EventType.TASK_STARTED, at, task_id, attempt=attempt)
        self.commands.append(StartTask(task_id, attempt, again=task.begun))
        overdue = at + patience(self.plan.todos[task_id])
        self.commands.append(SetTimer(AttemptOverdue(task_id=task_id, attempt=attempt, at=overdue)))
        self._just_started[task_id] = task, self.commands[said:]

    def look_after(self, task_id: TaskId, at: datetime, why: str) -> None:
        """Find out whether an attempt of unknown outcome took effect."""
        task = self.task(task_id)
        if task.status is not TaskStatus.VERIFYING:
            self.put(task_id, task._replace(status=TaskStatus.VERIFYING, checks=0))
        self.note(EventType.TASK_VERIFYING, at, task_id, attempt=task.attempts, why=why)
        self.commands.append(VerifyTask(task_id, task.attempts))

    def done(
        self,
        task_id: TaskId,
        at: datetime,
        *,
        result: Mapping[str, Any],
        verified: bool | None,
        evidence: tuple[str, ...] = (),
    ) -> None:
        """The task is done; `evidence` comes to what there was before."""
        task = self.task(task_id)
        task = task.done(at, result, verified, joined(task.evidence, evidence))
        self.put(task_id, task)
        self.note(EventType.TASK_DONE, at, task_id, attempt=task.attempts, verified=task.verified)
        if self.plan.dependents[task_id]:
            self._go_on_after(task_id, at)

    def _go_on_after(self, task_id: TaskId, at: datetime) -> None:
        """Begin what has waited for nothing else than this task, and for those that thereby end at once."""
        ended = [task_id]
        while ended:
            for dependent in self.plan.dependents[ended.pop()]:
                waiting = self.task(dependent)
                self.changes[dependent] = waiting._replace(waiting_for=waiting.waiting_for - 1)
                if waiting.waiting_for == 1 and waiting.status is TaskStatus.PENDING and not self.stopping:
                    if dependent in self.plan.decisive:
                        ended += self._decide(dependent, at)
                    else:
                        self.start(dependent, at)

    def begin(self, task_id: TaskId, at: datetime) -> None:
        """Start a task that waits for nothing any more; or skip it, or make it many."""
        if task_id not in self.plan.decisive:
            self.start(task_id, at)
            return
        for ended in self._decide(task_id, at):
            self._go_on_after(ended, at)

    def _decide(self, task_id: TaskId, at: datetime) -> list[TaskId]:
        """Look at a task before it starts; return those that have ended now, done or skipped."""
        task, todo, item = self.task(task_id), self.plan.todos[task_id], self.plan.items.get(task_id)
        if task.attempts:
            self.start(task_id, at)
            return []
        items = stored_items(task.result) if item is None else None
        if items is not None:
            self._collect(task_id, at, len(items))
            return [task_id]
        try:
            skipped = self._why_skipped(todo, item)
            if skipped is None and todo.for_each is not None and item is None:
                return self._expand(task_id, at, items_of(todo, self._results(todo.needed), self.rules.most_items))
        except CPAError as error:
            self.fail(task_id, at, TaskFailure.of(error))
            return []
        if skipped is None:
            self.start(task_id, at)
            return []
        self.put(task_id, task._replace(status=TaskStatus.SKIPPED, failure=skipped, completed_at=at))
        self.note(EventType.TASK_SKIPPED, at, task_id, code=skipped.code, **skipped.facts)
        return [task_id]

    def _why_skipped(self, todo: ToDo, item: tuple[Any, int] | None) -> TaskFailure | None:
        """Return why a task is not to be done; None: it is. Raises ConditionUnclearError."""
        for needed in todo.dependencies if item is None else ():
            if needed in todo.needed and self.task(needed).status is TaskStatus.SKIPPED:
                message = f"it needs the result of {needed}, which was skipped"
                return TaskFailure(code=NEEDED_WAS_SKIPPED, message=message, facts={"needed": needed})
        if todo.when is None or todo.asks_per_item is (item is None):
            return None
        condition = read_condition(todo.when)
        results = self._results({reference.task for reference in condition.references} - {ITEM, INDEX})
        if item is not None:
            results[ITEM], results[INDEX] = item
        if condition.holds(results):
            return None
        return TaskFailure(code=CONDITION_NOT_MET, message=f"not {todo.when}", facts={"condition": todo.when})

    def _results(self, tasks: Iterable[TaskId]) -> dict[TaskId, Any]:
        found = ((task_id, self.task(task_id).result) for task_id in tasks)
        return {task_id: result for task_id, result in found if result is not None}

    def _expand(self, task_id: TaskId, at: datetime, items: list[Any]) -> list[TaskId]:
        """Make a task for each element and begin them; return those that have ended at once."""
        ids, before = item_ids(task_id, len(items)), self.plan
        self.plan = with_items(before, task_id, items)
        waiting_for = Counter(chain.from_iterable(self.plan.dependents[item_id] for item_id in ids))
        self.changes |= {item_id: TaskState(waiting_for=waiting_for[item_id]) for item_id in ids}
        self.open += len(ids)
        frozen = {ITEMS: items}
        self.put(task_id, self.task(task_id)._replace(result=frozen, waiting_for=waiting_for[task_id]))
        self.note(EventType.TASK_EXPANDED, at, task_id, count=len(items))
        if not ids:
            self._collect(task_id, at, 0)
            return [task_id]
        self.commands.append(AddTasks(ids))
        ended: list[TaskId] = []
        for item_id in ids:
            if self.task(item_id).waiting_for or self.stopping:
                continue
            if item_id in self.plan.decisive:
                ended += self._decide(item_id, at)
            else:
                self.start(item_id, at)
        return ended

    def _collect(self, task_id: TaskId, at: datetime, count: int) -> None:
        """All elements are done or skipped, and so is the task: its result is theirs."""
        rows = [self.task(item_id) for item_id in item_ids(task_id, count)]
        results = [dict(row.result or {}) for row in rows if row.status is TaskStatus.DONE]
        task = self.task(task_id).done(at, {"items": results, "count": len(results)}, None, ())
        self.put(task_id, task)
        self.note(EventType.TASK_DONE, at, task_id, attempt=task.attempts, verified=None)

    def try_again(
        self, task_id: TaskId, at: datetime, when: datetime, why: str, avoid: frozenset[AgentId] = frozenset()
    ) -> None:
        """Put the task back; it starts at `when`, or ends with the run if that is stopping.

        `avoid`: who is at fault. Whoever chooses agents knows that of all that were asked, by their stored orders.
        """
        self.put(task_id, self.task(task_id)._replace(status=TaskStatus.PENDING, not_before=when))
        if not self.stopping:
            self.note(EventType.TASK_RETRY_SCHEDULED, at, task_id, when=when.isoformat(), why=why, **_named(avoid))
            self.rest(task_id, when)

    def rest(self, task_id: TaskId, until: datetime | None) -> None:
        """Let a task wait for its time, or (None) for an answer."""
        self.resting |= {task_id}
        if until is not None:
            self.commands.append(SetTimer(TaskDue(task_id=task_id, at=until)))

    def ask(self, task_id: TaskId, at: datetime, failure: TaskFailure, evidence: tuple[str, ...]) -> None:
        """Put the task back until a person has answered, or to end with the run if that is stopping."""
        task = self.task(task_id)
        asked = None if self.stopping else failure
        evidence = joined(task.evidence, evidence)
        self.put(task_id, task._replace(status=TaskStatus.PENDING, not_before=None, failure=asked, evidence=evidence))
        if not self.stopping:
            self.note(EventType.TASK_ASKS, at, task_id, attempt=task.attempts, code=failure.code)
            self.rest(task_id, None)

    def fail(self, task_id: TaskId, at: datetime, failure: TaskFailure) -> None:
        """The task has failed for good, and so will the run."""
        todo = self.plan.todos[task_id]
        meant = ElementNotFoundError if todo.verify is None else VerificationFailedError
        if todo.failure_code and failure.code == meant.code:
            facts = {**failure.facts, "secrets": ", ".join(self._secrets_before(task_id)) or "–"}
            failure = failure.model_copy(update={"code": todo.failure_code, "facts": facts})
        self.put(task_id, self.task(task_id)._replace(status=TaskStatus.FAILED, failure=failure, completed_at=at))
        self.note(EventType.TASK_FAILED, at, task_id, code=failure.code, message=failure.message)
        if self.failure is None:
            self.failure = failure

    def _secrets_before(self, task_id: TaskId) -> list[str]:
        """Return the names of the secrets that were entered on the way to a task, in the order of the plan."""
        before, ahead = {task_id}, [task_id]
        while ahead:
            new = set(self.plan.todos[ahead.pop()].dependencies) - before
            before |= new
            ahead += new
        texts = (todo.text or "" for name, todo in self.plan.todos.items() if name in before)
        return [text.removeprefix(SECRET_SCHEME) for text in texts if text.startswith(SECRET_SCHEME)]

    def stop_all(self, at: datetime, code: str) -> None:
        """Stop what is busy. A repeatable task is simply let go; of any other it must be found out what it did.

        Nobody has been asked yet to do what has started in this very call: such a start is taken back.
        """
        self._take_back_starts()
        for task_id, task in self.all_tasks():
            if task.status is not TaskStatus.RUNNING:
                continue
            self.commands.append(StopTask(task_id, task.attempts))
            if task_id in self.plan.repeatable:
                self.put(task_id, task._replace(status=TaskStatus.PENDING))
            else:
                self.look_after(task_id, at, code)

    def _take_back_starts(self) -> None:
        taken_back: set[int] = set()
        for task_id, (before, commands) in self._just_started.items():
            self.active -= 1
            self.changes[task_id] = before
            taken_back.update(map(id, commands))
        self._just_started.clear()
        self.commands = [command for command in self.commands if id(command) not in taken_back]

    def settle(self, at: datetime) -> None:
        """End the run when everything is done, be it late, or when it is stopping and nobody is busy any more."""
        if self.open == 0 and (self.failure is None or self._everything_is_done()):
            self.failure = None
            self._end(JobStatus.DONE, EventType.JOB_DONE, at)
        elif self.stopping and self.active == 0:
            rest, line = (
                (TaskStatus.CANCELLED, EventType.TASK_CANCELLED)
                if self.failure is None
                else (TaskStatus.SKIPPED, EventType.TASK_SKIPPED)
            )
            for task_id, task in self.all_tasks():
                if not task.status.final:
                    self.put(task_id, task._replace(status=rest, completed_at=at))
                    self.note(line, at, task_id)
            if self.failure is None:
                self._end(JobStatus.CANCELLED, EventType.JOB_CANCELLED, at)
            else:
                self._end(JobStatus.FAILED, EventType.JOB_FAILED, at, code=self.failure.code)
        elif self.resting and self.active == 0:
            self._park(at)

    def _park(self, at: datetime) -> None:
        """Give the worker up until a person has answered, or until the first time to try; not if that is soon.

        While somebody is asked, what waits for a time waits for the answer as well.
        """
        tasks = {task_id: self.task(task_id) for task_id in sorted(self.resting)}
        times = [task.not_before for task in tasks.values() if task.not_before is not None]
        if any(time <= at + self.rules.park_after for time in times):
            return
        questions = tuple(
            question.by(task_id)
            for task_id, task in tasks.items()
            if task.failure is not None
            for question in task.failure.questions
        )
        if questions:
            patience = [self.rules.answers, *(one.patience for one in questions if one.patience is not None)]
            expires_at = self._before_deadline(at + min(patience))
            self.status = JobStatus.WAITING
            shown = [question.model_dump(mode="json") for question in questions]
            self.note(EventType.QUESTION, at, questions=shown, expires_at=expires_at.isoformat())
            self.commands.append(ParkJob(questions=questions, expires_at=expires_at))
        else:
            until = self._before_deadline(min(times))
            self.status = JobStatus.PENDING
            self.note(EventType.JOB_DEFERRED, at, until=until.isoformat())
            self.commands.append(ParkJob(until=until))

    def _before_deadline(self, time: datetime) -> datetime:
        return time if self.before.deadline is None else min(time, self.before.deadline)

    def _everything_is_done(self) -> bool:
        over = {TaskStatus.DONE, TaskStatus.SKIPPED}
        return bool(self.plan.todos) and all(task.status in over for _, task in self.all_tasks())

    def _end(self, status: JobStatus, line: EventType, at: datetime, **data: Any) -> None:  # noqa: ANN401
        self.status = status
        self.note(line, at, **data)
        self.commands.append(FinishRun(status, at, self.failure))
