"""How far a run has come, in the form `step` works on: plain tuples, so a large job costs little per event."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, Self

from scheduler.core.actions import ActionCatalog
from scheduler.core.events import RULES, RunRules
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import Job, JobStatus, TaskRun, TaskStatus
from scheduler.core.retry import TaskFailure
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.orchestrator.reopening import lost_with_session, session_uses, with_detours
from scheduler.orchestrator.run_plan import SKIP_CODES, RunPlan, read_plan, stored_items, with_items

_RUNNING, _VERIFYING, _DONE = TaskStatus.RUNNING, TaskStatus.VERIFYING, TaskStatus.DONE
ACTIVE = frozenset({_RUNNING, _VERIFYING})
"""Somebody works on such a task now."""
_LARGEST_KEPT_PLAN = 100  # tasks
_MOST_KEPT_PLANS = 500


class TaskState(NamedTuple):
    """One task within a run. `waiting_for` counts the dependencies that are not done; `checks` failed look-ups.

    `begun`: somebody was asked to do it, in this run or an earlier one.
    """

    status: TaskStatus = TaskStatus.PENDING
    waiting_for: int = 0
    attempts: int = 0
    failures: int = 0
    checks: int = 0
    begun: bool = False
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
        return self.status in ACTIVE

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer."""
        return self.status is TaskStatus.PENDING and self.failure is not None and bool(self.failure.questions)

    def started(self, at: datetime) -> "TaskState":
        """Return the task in its next attempt. Field by field, here and below: `_replace` costs three times more."""
        return TaskState(
            _RUNNING,
            self.waiting_for,
            self.attempts + 1,
            self.failures,
            self.checks,
            True,
            None,
            self.result,
            self.verified,
            None,
            self.evidence,
            self.started_at or at,
            self.completed_at,
        )

    def done(
        self, at: datetime, result: Mapping[str, Any], verified: bool | None, evidence: tuple[str, ...]
    ) -> "TaskState":
        """Return the task as done."""
        return TaskState(
            _DONE,
            self.waiting_for,
            self.attempts,
            self.failures,
            self.checks,
            self.begun,
            self.not_before,
            result,
            verified,
            None,
            evidence,
            self.started_at,
            at,
        )


class TaskMap(Mapping[TaskId, TaskState]):
    """The tasks of a run by id. `changed` returns the next version and costs no more than its changes.

    Only the newest version holds all tasks, an older one what it had otherwise (H. Baker, "Shallow Binding Makes
    Functional Arrays Fast", 1991): each stays what it was.
    """

    __slots__ = ("_later", "_own")

    def __init__(self, tasks: Mapping[TaskId, TaskState] | Iterable[tuple[TaskId, TaskState]]) -> None:
        self._own = dict(tasks)
        self._later: Self | None = None

    def __getitem__(self, task_id: TaskId) -> TaskState:
        version = self
        while version._later is not None and task_id not in version._own:
            version = version._later
        return version._own[task_id]  # noqa: SLF001

    def __iter__(self) -> Iterator[TaskId]:
        version = self
        while version._later is not None:
            version = version._later
        return iter(version._own)  # noqa: SLF001

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def newest(self) -> Mapping[TaskId, TaskState]:
        """The same for whoever only reads, until the next change: faster where this version holds all tasks."""
        return self._own if self._later is None else self

    def changed(self, changes: Mapping[TaskId, TaskState]) -> Self:
        """Return the map with other states for some of its tasks."""
        if self._later is not None:
            return type(self)({**self, **changes})
        own = self._own
        try:
            kept = {task_id: own[task_id] for task_id in changes}
        except KeyError:  # a task that is new
            return type(self)({**own, **changes})
        self._later = later = type(self)(())
        self._own = kept
        own.update(changes)
        later._own = own  # noqa: SLF001
        return later


_Tasks = Mapping[TaskId, TaskState]


class _Plans:
    """Plans read before, with their untouched tasks: the jobs of a batch or a schedule share one sealed graph.

    Those used least recently go first.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int, int], tuple[TaskGraph, ActionCatalog, RunPlan, _Tasks]] = OrderedDict()
        self._latest: tuple[TaskGraph, ActionCatalog, int, tuple[RunPlan, _Tasks]] | None = None

    def read(self, graph: TaskGraph, catalog: ActionCatalog) -> tuple[RunPlan, _Tasks]:
        latest, version = self._latest, catalog.version
        if latest is not None and latest[0] is graph and latest[1] is catalog and latest[2] == version:
            return latest[3]
        answer = self._read(graph, catalog, version)
        if graph.sealed:
            self._latest = graph, catalog, version, answer
        return answer

    def _read(self, graph: TaskGraph, catalog: ActionCatalog, version: int) -> tuple[RunPlan, _Tasks]:
        key = id(graph), id(catalog), version
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known[2:]
        plan = read_plan(graph, catalog)
        waiting_for = Counter(chain.from_iterable(plan.dependents.values()))
        untouched = {task_id: TaskState(waiting_for=waiting_for[task_id]) for task_id in plan.todos}
        if graph.sealed and len(graph) <= _LARGEST_KEPT_PLAN:
            self._known[key] = graph, catalog, plan, untouched
            if len(self._known) > _MOST_KEPT_PLANS:
                self._known.popitem(last=False)
        return plan, untouched


_plans = _Plans()


class RunState(NamedTuple):
    """A run. `open` counts the tasks that have not ended, `active` those somebody works on.

    `failure` is why it is going to fail, set as soon as that is certain, while others may still be busy. `resting` are
    the tasks that nothing keeps from starting but a time or an answer.
    """

    job_id: JobId
    plan: RunPlan
    tasks: TaskMap
    status: JobStatus = JobStatus.RUNNING
    open: int = 0
    active: int = 0
    deadline: datetime | None = None
    cancelling: bool = False
    failure: TaskFailure | None = None
    resting: frozenset[TaskId] = frozenset()
    rules: RunRules = RULES


def plan_of(job: Job, catalog: ActionCatalog) -> tuple[RunPlan, Mapping[TaskId, TaskState]]:
    """Return the plan of a job, and its tasks as nobody has touched them; jobs that share their graph share both.

    Another plan may come of a catalog whose actions were replaced: a run keeps the one that it began with.
    """
    return _plans.read(job.task_graph, catalog)


def open_untouched(job: Job, plan: RunPlan, untouched: Mapping[TaskId, TaskState]) -> RunState:
    """Build the state of a run that nobody has begun, of what `plan_of` has returned."""
    return _opened(job, plan, TaskMap(untouched), len(untouched), 0, None)


def open_run(job: Job, tasks: Iterable[TaskRun], catalog: ActionCatalog) -> RunState:
    """Build the state of a run from what is stored; a task without a row is untouched.

    What went with the session of an earlier run is done again, or the run fails if it may not be.
    """
    plan, untouched = _plans.read(job.task_graph, catalog)
    rows = {row.task_id: row for row in tasks}
    hopeless = None
    if not rows:
        return open_untouched(job, plan, untouched)
    plan = _with_stored_items(plan, rows)
    if job.run > 1:
        plan, rows, hopeless = _without_the_last_session(job, plan, rows, catalog)
    waiting_for = plan.waiting_for(task_id for task_id, row in rows.items() if _ended_well(row))
    states = {task_id: _state_of(rows.get(task_id), waiting_for[task_id]) for task_id in plan.todos}
    ended = next((_why_failed(task_id, state) for task_id, state in states.items() if _lost(state)), None)
    open_ = sum(not state.status.final for state in states.values())
    return _opened(job, plan, TaskMap(states), open_, sum(state.active for state in states.values()), ended or hopeless)


def _with_stored_items(plan: RunPlan, rows: Mapping[TaskId, TaskRun]) -> RunPlan:
    """Return the plan as an earlier worker has left it: with the elements that it found and began to do."""
    for task_id in sorted(plan.decisive & rows.keys()):
        items = stored_items(rows[task_id].result)
        if items is not None and rows[task_id].status is TaskStatus.PENDING:
            plan = with_items(plan, task_id, items)
    return plan


def _opened(job: Job, plan: RunPlan, tasks: TaskMap, open_: int, active: int, failure: TaskFailure | None) -> RunState:
    cancelling = job.status is JobStatus.CANCELLING
    return RunState(job.id, plan, tasks, JobStatus.RUNNING, open_, active, job.deadline, cancelling, failure)


def _without_the_last_session(
    job: Job, plan: RunPlan, rows: dict[TaskId, TaskRun], catalog: ActionCatalog
) -> tuple[RunPlan, dict[TaskId, TaskRun], TaskFailure | None]:
    """Return plan and rows with what has to be done again, and why the run cannot go on if it may not be."""
    uses = session_uses(plan.todos, catalog)
    lost = lost_with_session(plan.todos, rows, uses, job.run)
    hopeless = next((_cannot_go_on(plan.todos[task_id]) for task_id in lost if task_id not in plan.repeatable), None)
    if lost and hopeless is None:
        rows = rows | {task_id: _undone(rows[task_id]) for task_id in lost}
        ahead = {task_id for task_id in uses if task_id not in rows or rows[task_id].status is not TaskStatus.DONE}
        plan = replace(plan, dependents=with_detours(plan.dependents, lost, ahead))
    return plan, rows, hopeless


def _undone(row: TaskRun) -> TaskRun:
    """Return the row of a task that nobody has begun; its pictures stay."""
    return TaskRun(job_id=row.job_id, task_id=row.task_id, evidence=row.evidence)


def _cannot_go_on(todo: ToDo) -> TaskFailure:
    what = f"{todo.id} ({todo.action})"
    return TaskFailure(
        code="session_lost",
        message=f"{what} is done, may not be repeated, and its session is gone",
        facts={"what": what},
    )


def _ended_well(task: TaskRun | TaskState) -> bool:
    skipped = task.status is TaskStatus.SKIPPED and task.failure is not None and task.failure.code in SKIP_CODES
    return skipped or task.status is TaskStatus.DONE


def _lost(state: TaskState) -> bool:
    """Whether the task has ended neither done nor skipped by its condition: then the run cannot succeed any more."""
    return state.status.final and not _ended_well(state)


def _why_failed(task_id: TaskId, state: TaskState) -> TaskFailure:
    return state.failure or TaskFailure(code="task_failed", message=f"{task_id} is {state.status}, and nobody said why")


def _state_of(row: TaskRun | None, waiting_for: int) -> TaskState:
    if row is None:
        return TaskState(waiting_for=waiting_for)
    return TaskState(
        status=row.status,
        waiting_for=waiting_for,
        attempts=row.attempts,
        failures=row.failures,
        begun=row.effect_key is not None or row.started_at is not None,
        not_before=row.not_before,
        result=row.result,
        verified=row.verified,
        failure=row.failure,
        evidence=row.evidence,
        started_at=row.started_at,
        completed_at=row.completed_at,
    )
