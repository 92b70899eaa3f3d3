"""Plans, stored rows and a small hand-driven run, for tests of `step`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler.core.actions import ActionCatalog, ActionSpec
from scheduler.core.errors import Effect
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    AttemptVerified,
    DeadlinePassed,
    EventType,
    LookFailed,
    RunEvent,
    RunOpened,
    TaskDue,
)
from scheduler.core.ids import JobId, LeaseToken, TaskId
from scheduler.core.job import Job, JobStatus, Lease, TaskRun, TaskStatus
from scheduler.core.questions import Question
from scheduler.core.retry import TaskFailure
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.orchestrator.commands import Command, FinishRun, NoteEvent, SetTimer, StartTask, StopTask, VerifyTask
from scheduler.orchestrator.state import RunState, TaskState, open_run
from scheduler.orchestrator.step import step

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SEND, FIND = "test.send", "test.find"
CATALOG = ActionCatalog(
    [
        ActionSpec(name=SEND, description="Has an effect that must not happen twice"),
        ActionSpec(name=FIND, description="May be repeated", repeatable=True),
    ]
)


def a_step(task_id: str, *depends_on: str, action: str = SEND, **fields: Any) -> ToDo:  # noqa: ANN401 - fields of ToDo
    return ToDo(id=task_id, action=action, depends_on=depends_on, **fields)


def a_graph(todos: Iterable[ToDo]) -> TaskGraph:
    graph = TaskGraph()
    for todo in todos:
        graph.add_task(todo)
    graph.freeze()
    return graph


def a_run_job(*todos: ToDo, **fields: Any) -> Job:  # noqa: ANN401 - fields of Job
    """Return a job that is running and leased."""
    lease = Lease(token=LeaseToken("token"), epoch=1, until=NOW + timedelta(hours=1))
    defaults = {"id": JobId("job"), "intent": "test", "status": JobStatus.RUNNING, "created_at": NOW, "lease": lease}
    return Job(task_graph=a_graph(todos), **{**defaults, **fields})


def a_row(task_id: str, status: TaskStatus = TaskStatus.PENDING, **fields: Any) -> TaskRun:  # noqa: ANN401 - see above
    if status is TaskStatus.DONE:
        fields = {"result": {}, **fields}
    if status is not TaskStatus.PENDING:
        fields = {"attempts": 1, "started_at": NOW, **fields}
    return TaskRun(job_id=JobId("job"), task_id=TaskId(task_id), status=status, **fields)


def rows_of(job: Job, rows: Mapping[str, TaskRun] | None = None) -> list[TaskRun]:
    return [(rows or {}).get(task_id, a_row(task_id)) for task_id in job.task_graph.tasks]


class HandDrivenRun:
    """A run that is told what happens; `commands` are those of the last event, `said` every line so far."""

    def __init__(self, job: Job, rows: Iterable[TaskRun] | None = None, catalog: ActionCatalog = CATALOG) -> None:
        self.now = NOW
        self.state: RunState = open_run(job, rows_of(job) if rows is None else rows, catalog)
        self.commands: list[Command] = []
        self.said: list[tuple[EventType, TaskId | None]] = []
        self.ends: list[FinishRun] = []

    def happens(self, *events: RunEvent) -> "HandDrivenRun":
        self.state, self.commands = step(self.state, events)
        self.said += [(note.type, note.task_id) for note in self.commands if isinstance(note, NoteEvent)]
        self.ends += [end for end in self.commands if isinstance(end, FinishRun)]
        return self

    def opens(self, crashes: int = 0) -> "HandDrivenRun":
        return self.happens(RunOpened(at=self.now, crashes=crashes))

    def passes(self, seconds: float) -> "HandDrivenRun":
        self.now += timedelta(seconds=seconds)
        return self

    def succeeds(self, task_id: str, attempt: int = 1, **fields: Any) -> "HandDrivenRun":  # noqa: ANN401 - of the event
        fields = {"result": {}, "at": self.now, **fields}
        return self.happens(AttemptSucceeded(task_id=TaskId(task_id), attempt=attempt, **fields))

    def fails(self, task_id: str, failure: TaskFailure, attempt: int = 1, draw: float = 0.5) -> "HandDrivenRun":
        return self.happens(
            AttemptFailed(task_id=TaskId(task_id), attempt=attempt, at=self.now, failure=failure, draw=draw)
        )

    def is_seen(self, task_id: str, happened: bool | None, attempt: int = 1) -> "HandDrivenRun":
        return self.happens(
            AttemptVerified(task_id=TaskId(task_id), attempt=attempt, at=self.now, happened=happened, draw=0.5)
        )

    def cannot_be_seen(self, task_id: str, attempt: int = 1) -> "HandDrivenRun":
        return self.happens(
            LookFailed(task_id=TaskId(task_id), attempt=attempt, at=self.now, failure=UNAVAILABLE, draw=0.5)
        )

    def is_overdue(self, task_id: str, attempt: int = 1) -> "HandDrivenRun":
        return self.happens(AttemptOverdue(task_id=TaskId(task_id), attempt=attempt, at=self.now, draw=0.5))

    def is_due(self, task_id: str) -> "HandDrivenRun":
        return self.happens(TaskDue(task_id=TaskId(task_id), at=self.now))

    def deadline_passes(self) -> "HandDrivenRun":
        return self.happens(DeadlinePassed(at=self.now))

    def task(self, task_id: str) -> TaskState:
        return self.state.tasks[TaskId(task_id)]

    @property
    def statuses(self) -> dict[str, str]:
        return {task_id: task.status.value for task_id, task in self.state.tasks.items()}

    @property
    def started(self) -> list[tuple[str, int]]:
        return [(command.task_id, command.attempt) for command in self.commands if isinstance(command, StartTask)]

    @property
    def stopped(self) -> list[str]:
        return [command.task_id for command in self.commands if isinstance(command, StopTask)]

    @property
    def looked_after(self) -> list[str]:
        return [command.task_id for command in self.commands if isinstance(command, VerifyTask)]

    @property
    def timers(self) -> list[RunEvent]:
        return [command.event for command in self.commands if isinstance(command, SetTimer)]


def a_run(*steps: ToDo, **job: Any) -> HandDrivenRun:  # noqa: ANN401 - fields of Job
    """Return a run just opened; of one step `send` unless others are given."""
    return HandDrivenRun(a_run_job(*(steps or (a_step("send"),)), **job)).opens()


def success(task_id: str, attempt: int = 1) -> AttemptSucceeded:
    return AttemptSucceeded(task_id=TaskId(task_id), attempt=attempt, at=NOW, result={})


BROKEN = TaskFailure(code="element_not_found", message="no such button")
UNAVAILABLE = TaskFailure(code="unavailable", message="nobody answers", retryable=True)
NOBODY = TaskFailure(code="no_free_agent", message="2 offline", retryable=True)
UNKNOWN = TaskFailure(code="outcome_unknown", message="the line went dead", effect=Effect.UNKNOWN)
_CODE = Question(key="code", about="step", text="Wie lautet der Code?", secret=True)
ASKS = TaskFailure(
    code="second_factor_needed", message="a code is wanted", facts={"site": "Portal"}, questions=(_CODE,)
)
NOT_AS_DEMANDED = TaskFailure(code="verification_failed", message="done, but wrong", effect=Effect.DONE)
