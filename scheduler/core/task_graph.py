"""The plan of a job: tasks and what each waits for, built step by step, checked, and frozen when it is stored."""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_serializer, model_validator

from scheduler.core.actions import ActionType
from scheduler.core.errors import (
    CycleError,
    DuplicateTaskError,
    EmptyPlanError,
    InvalidFieldError,
    UnknownDependencyError,
    UnknownReferenceError,
)
from scheduler.core.ids import TaskId
from scheduler.core.todo import ToDo

__all__ = ["ActionType", "TaskGraph", "ToDo"]


class TaskGraph(BaseModel):
    """Tasks by id, in the order they were added. The document form is `{"tasks": [ToDo, ...]}`.

    Every computation is linear in tasks and edges. A plan that lists each task after what it waits for, as plans mostly
    do, takes one pass without any successor lists.
    """

    model_config = ConfigDict(extra="forbid")

    tasks: dict[TaskId, ToDo] = Field(default_factory=dict)

    _frozen: bool = PrivateAttr(default=False)
    _dependents: dict[TaskId, tuple[TaskId, ...]] | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _tasks_from_list(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document held
        if isinstance(value, dict) and isinstance(value.get("tasks"), list | tuple):
            todos = [_read_task(task, number) for number, task in enumerate(value["tasks"])]
            return {**value, "tasks": _by_id(todos)}
        return value

    @model_serializer
    def _tasks_as_list(self) -> dict[str, Any]:
        return {"tasks": [todo.model_dump(mode="json", exclude_defaults=True) for todo in self.tasks.values()]}

    def __len__(self) -> int:
        return len(self.tasks)

    def add_task(self, todo: ToDo) -> TaskId:
        """Add a task and return its id, made here (`task1`, `task2`, ...) if it has none.

        Indices in `depends_on` count the tasks added before. Raises DuplicateTaskError, UnknownDependencyError (an
        index of no task) and TypeError on a frozen graph.
        """
        if self._frozen:
            raise TypeError("the graph is frozen; build a new one")
        tasks = self.tasks
        if todo.id is None or len(todo.depends_on) > len(todo.dependencies):
            todo = _with_ids(todo, len(tasks), list(tasks))
        task_id = TaskId(todo.id or "")
        if task_id in tasks:
            raise DuplicateTaskError(task_id, f"task_graph.tasks[{len(tasks)}].id")
        tasks[task_id] = todo
        self._dependents = None
        return task_id

    def build_graph(self) -> Mapping[TaskId, tuple[TaskId, ...]]:
        """Return for each task the tasks that wait for it. Raises UnknownDependencyError or UnknownReferenceError."""
        if self._dependents is None:
            dependents: dict[TaskId, list[TaskId]] = {task_id: [] for task_id in self.tasks}
            for number, (task_id, todo) in enumerate(self.tasks.items()):
                for dependency in todo.dependencies:
                    if dependency not in dependents:
                        raise _unknown(number, todo, dependency)
                    dependents[dependency].append(task_id)
            self._dependents = {task_id: tuple(waiting) for task_id, waiting in dependents.items()}
        return self._dependents

    def topological_sort(self) -> list[ToDo]:
        """Return the tasks so that each comes after what it waits for. Raises CycleError, which shows the cycle."""
        return [todo for batch in self.get_parallel_batches() for todo in batch]

    def get_parallel_batches(self) -> list[list[ToDo]]:
        """Return groups that may run at the same time: a task is in the first group in which all it needs is done.

        Raises CycleError, UnknownDependencyError or UnknownReferenceError.
        """
        levels = self._levels_in_order()
        if levels is None:
            levels = self._levels_in_any_order()
        batches: list[list[ToDo]] = [[] for _ in range(1 + max(levels.values(), default=-1))]
        for todo, level in zip(self.tasks.values(), map(levels.__getitem__, self.tasks), strict=True):
            batches[level].append(todo)
        return batches

    def detect_cycles(self) -> list[TaskId]:
        """Return one cycle, its first task again at the end, or an empty list when there is none."""
        if self._levels_in_order() is not None:
            return []
        try:
            self._levels_in_any_order()
        except CycleError as error:
            return [TaskId(task) for task in error.cycle]
        return []

    def check(self) -> None:
        """Raise EmptyPlanError, UnknownDependencyError, UnknownReferenceError or CycleError unless the plan is sound."""
        if not self.tasks:
            raise EmptyPlanError
        self.build_graph()
        cycle = self.detect_cycles()
        if cycle:
            raise CycleError(cycle)

    def freeze(self) -> str:
        """Make the graph immutable and return its digest, SHA-256 over its JSON, as 64 hex digits. May be repeated."""
        self._frozen = True
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def _levels_in_order(self) -> dict[TaskId, int] | None:
        """Level of each task if every task stands after what it waits for, else None."""
        levels: dict[TaskId, int] = {}
        level_of = levels.__getitem__
        try:
            for task_id, todo in self.tasks.items():
                needed = todo.dependencies
                levels[task_id] = 1 + max(map(level_of, needed)) if needed else 0
        except KeyError:
            return None
        return levels

    def _levels_in_any_order(self) -> dict[TaskId, int]:
        """Level of each task by Kahn's algorithm (Communications of the ACM 5(11), 1962)."""
        dependents = self.build_graph()
        missing = {task_id: len(todo.dependencies) for task_id, todo in self.tasks.items()}
        levels = {task_id: 0 for task_id, count in missing.items() if not count}
        ready = deque(levels)
        while ready:
            done = ready.popleft()
            above = levels[done] + 1
            for task_id in dependents[done]:
                missing[task_id] -= 1
                if not missing[task_id]:
                    levels[task_id] = above
                    ready.append(task_id)
        if len(levels) < len(self.tasks):
            raise CycleError(self._cycle_among({task_id for task_id, count in missing.items() if count}))
        return levels

    def _cycle_among(self, stuck: set[TaskId]) -> list[TaskId]:
        """Walk back along dependencies that never became done until a task comes twice."""
        task_id = next(task_id for task_id in self.tasks if task_id in stuck)
        seen: dict[TaskId, int] = {}
        path: list[TaskId] = []
        while task_id not in seen:
            seen[task_id] = len(path)
            path.append(task_id)
            task_id = next(dependency for dependency in self.tasks[task_id].dependencies if dependency in stuck)
        return [task_id, *reversed(path[seen[task_id] + 1 :]), task_id]


def _read_task(document: object, number: int) -> ToDo:
    """Read one task of a list. Raises InvalidFieldError with the path to the first wrong field."""
    try:
        return ToDo.model_validate(document)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])
        raise InvalidFieldError(f"task_graph.tasks[{number}]{path}", problem["msg"]) from error


def _by_id(todos: Iterable[ToDo]) -> dict[TaskId, ToDo]:
    todos = list(todos)
    ids = [TaskId(todo.id or f"task{number + 1}") for number, todo in enumerate(todos)]
    tasks: dict[TaskId, ToDo] = {}
    for number, (task_id, todo) in enumerate(zip(ids, todos, strict=True)):
        if task_id in tasks:
            raise DuplicateTaskError(task_id, f"task_graph.tasks[{number}].id")
        complete = todo.id is not None and all(isinstance(dependency, str) for dependency in todo.depends_on)
        tasks[task_id] = todo if complete else _with_ids(todo, number, ids)
    return tasks


def _with_ids(todo: ToDo, number: int, ids: list[TaskId]) -> ToDo:
    """Return the task with an id of its own and ids in place of indices into `ids`."""
    names: list[str | int] = []
    for position, dependency in enumerate(todo.depends_on):
        if isinstance(dependency, int) and dependency >= len(ids):
            field = f"task_graph.tasks[{number}].depends_on[{position}]"
            raise UnknownDependencyError(todo.id or f"task{number + 1}", str(dependency), field)
        names.append(ids[dependency] if isinstance(dependency, int) else dependency)
    changes = {"id": todo.id or f"task{number + 1}", "depends_on": tuple(names)}
    return ToDo.model_validate(todo.model_dump(exclude_unset=True) | changes)


def _unknown(number: int, todo: ToDo, dependency: TaskId) -> UnknownDependencyError | UnknownReferenceError:
    task_id, place = todo.id or "", f"task_graph.tasks[{number}]"
    if dependency in todo.depends_on:
        return UnknownDependencyError(task_id, dependency, f"{place}.depends_on[{todo.depends_on.index(dependency)}]")
    reference = next(text for task, text in todo.references() if task == dependency)
    return UnknownReferenceError(task_id, reference, place)
