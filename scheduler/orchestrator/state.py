"""How far a run has come, in the form `step` works on: plain tuples, so a large job costs little per event."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from scheduler.core.actions import ActionCatalog
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import Job, JobStatus, TaskRun, TaskStatus
from scheduler.core.retry import TaskFailure
from scheduler.core.task_graph import ToDo


class TaskState(NamedTuple):
    """One task within a run. `waiting_for` counts the dependencies that are not done; `checks` failed look-ups."""

    status: TaskStatus = TaskStatus.PENDING
    waiting_for: int = 0
    attempts: int = 0
    failures: int = 0
    checks: int = 0
    not_before: datetime | None = None
    result: Mapping[str, Any] | None = None
    verified: bool | None = None
    failure: TaskFailure | None = None
    evidence: tuple[str, ...] = ()
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether somebody works on it now."""
        return self.status in {TaskStatus.RUNNING, TaskStatus.VERIFYING}


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What does not change during a run."""

    todos: Mapping[TaskId, ToDo]
    dependents: Mapping[TaskId, tuple[TaskId, ...]]
    repeatable: frozenset[TaskId]


@dataclass(frozen=True, slots=True)
class RunState:
    """A run. `failure` is why it is going to fail, set as soon as that is certain, while others may still be busy."""

    job_id: JobId
    plan: RunPlan
    tasks: Mapping[TaskId, TaskState]
    status: JobStatus = JobStatus.RUNNING
    open: int = 0
    deadline: datetime | None = None
    cancelling: bool = False
    failure: TaskFailure | None = None


def plan_of(job: Job, catalog: ActionCatalog) -> RunPlan:
    """Read the frozen plan. A task may be repeated if it says so itself, else if its action says so."""
    todos = job.task_graph.tasks
    repeatable = {
        task_id
        for task_id, todo in todos.items()
        if (catalog.get(todo.action).repeatable if todo.repeatable is None else todo.repeatable)
    }
    return RunPlan(todos=todos, dependents=job.task_graph.build_graph(), repeatable=frozenset(repeatable))


def open_run(job: Job, tasks: Iterable[TaskRun], catalog: ActionCatalog) -> RunState:
    """Build the state of a run from what is stored."""
    plan = plan_of(job, catalog)
    rows = {row.task_id: row for row in tasks}
    done = {task_id for task_id, row in rows.items() if row.status is TaskStatus.DONE}
    states = {
        task_id: _state_of(rows[task_id], sum(dependency not in done for dependency in todo.dependencies))
        for task_id, todo in plan.todos.items()
    }
    return RunState(
        job_id=job.id,
        plan=plan,
        tasks=states,
        open=sum(not state.status.final for state in states.values()),
        deadline=job.deadline,
        cancelling=job.status is JobStatus.CANCELLING,
    )


def _state_of(row: TaskRun, waiting_for: int) -> TaskState:
    return TaskState(
        status=row.status,
        waiting_for=waiting_for,
        attempts=row.attempts,
        failures=row.failures,
        not_before=row.not_before,
        result=row.result,
        verified=row.verified,
        failure=row.failure,
        evidence=row.evidence,
        started_at=row.started_at,
        completed_at=row.completed_at,
    )
