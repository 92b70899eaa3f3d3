"""The plan of a job: tasks and what each waits for, built step by step, checked, and frozen when it is stored."""

import hashlib
import itertools
import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_serializer,
    field_validator,
)

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
from scheduler.core.problems import dotted, first_problem
from scheduler.core.todo import ToDo

__all__ = ["ActionType", "TaskGraph", "ToDo"]


class TaskGraph(BaseModel):
    """Tasks by id, in the order they were added. The document form is `{"tasks": [ToDo, ...]}`.

    Every computation is linear in tasks and edges.
    """

    model_config = ConfigDict(extra="forbid")

    tasks: dict[TaskId, ToDo] = Field(default_factory=dict)

    _dependents: dict[TaskId, tuple[TaskId, ...]] = PrivateAttr(default_factory=dict)

    @field_validator("tasks", mode="plain", json_schema_input_type=list[ToDo])
    @classmethod
    def _tasks_from_list(cls, value: object) -> dict[TaskId, ToDo]:
        if not isinstance(value, list | tuple):
            raise InvalidFieldError("task_graph.tasks", "must be a list of tasks")
        return _by_id([_read_task(task, number) for number, task in enumerate(value)])

    @field_serializer("tasks")
    def _tasks_as_list(self, tasks: Mapping[TaskId, ToDo]) -> list[dict[str, Any]]:
        return [todo.model_dump(mode="json", exclude_defaults=True) for todo in tasks.values()]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TaskGraph) and list(self.tasks.items()) == list(other.tasks.items())

    __hash__ = None  # type: ignore[assignment]  # a builder changes

    def __len__(self) -> int:
        return len(self.tasks)

    def add_task(self, todo: ToDo) -> TaskId:
        """Add a task and return its id, made here (`task1`, `task2`, ...) if it has none.

        Indices in `depends_on` count the tasks added before. Raises DuplicateTaskError, UnknownDependencyError (an
        index of no task) and TypeError on a frozen graph.
        """
        tasks = self.tasks
        if todo.id is None or todo.dependencies is not todo.depends_on:
            todo = _with_ids(todo, len(tasks), list(tasks), tasks)
        task_id = TaskId(todo.id or "")
        if task_id in tasks:
            raise DuplicateTaskError(task_id, f"task_graph.tasks[{len(tasks)}].id")
        tasks[task_id] = todo
        return task_id

    def build_graph(self) -> Mapping[TaskId, tuple[TaskId, ...]]:
        """Return for each task the tasks that wait for it. Raises UnknownDependencyError or UnknownReferenceError."""
        if len(self._dependents) != len(self.tasks):
            dependents: dict[TaskId, list[TaskId]] = {task_id: [] for task_id in self.tasks}
            try:
                for task_id, todo in self.tasks.items():
                    for dependency in todo.dependencies:
                        dependents[dependency].append(task_id)
            except KeyError:
                raise self._first_unknown() from None
            self._dependents = {task_id: tuple(waiting) for task_id, waiting in dependents.items()}
        return self._dependents

    def topological_sort(self) -> list[ToDo]:
        """Return the tasks so that each comes after what it waits for. Raises as `get_parallel_batches` does."""
        return [todo for batch in self.get_parallel_batches() for todo in batch]

    def get_parallel_batches(self) -> list[list[ToDo]]:
        """Return groups that may run at the same time: a task is in the first group in which all it needs is done.

        Raises CycleError, which shows the cycle, UnknownDependencyError or UnknownReferenceError.
        """
        levels = self._levels()
        batches: list[list[ToDo]] = [[] for _ in range(1 + max(levels.values(), default=-1))]
        for todo, level in zip(self.tasks.values(), levels.values(), strict=True):
            batches[level].append(todo)
        return batches

    def detect_cycles(self) -> list[TaskId]:
        """Return one cycle, its first task again at the end, or an empty list when there is none.

        Raises UnknownDependencyError or UnknownReferenceError.
        """
        try:
            self._levels()
        except CycleError as error:
            return [TaskId(task) for task in error.cycle]
        return []

    def check(self) -> None:
        """Raise EmptyPlanError, or as `get_parallel_batches` does, unless the plan is sound."""
        if not self.tasks:
            raise EmptyPlanError
        self._levels()

    def freeze(self) -> str:
        """Make the graph immutable and return its digest, SHA-256 over its canonical JSON, as 64 hex digits.

        May be repeated.
        """
        self.__dict__["tasks"] = MappingProxyType(dict(self.tasks))
        document = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(document.encode()).hexdigest()

    def _levels(self) -> dict[TaskId, int]:
        """Return the level of every task, in the order of `tasks`: one above the highest of those it waits for.

        A plan that lists each task after what it waits for, as plans mostly do, takes one pass.
        """
        tasks = self.tasks
        unknown = len(tasks)
        levels = dict.fromkeys(tasks, unknown)
        level_of = levels.__getitem__
        try:
            for (task_id, level), todo in zip(levels.items(), tasks.values(), strict=True):
                if level == unknown:
                    needed = todo.dependencies
                    level = 1 + max(map(level_of, needed)) if needed else 0
                    levels[task_id] = level
                    if level > unknown:
                        levels[task_id] = unknown
                        self._descend(task_id, levels)
        except KeyError:
            raise self._first_unknown() from None
        return levels

    def _descend(self, task_id: TaskId, levels: dict[TaskId, int]) -> None:
        """Find the level of a task by that of those it waits for, depth first. Raises CycleError."""
        tasks, unknown, level_of = self.tasks, len(levels), levels.__getitem__
        entered: dict[TaskId, None] = {}
        stack = [task_id]
        while stack:
            current = stack[-1]
            needed = tasks[current].dependencies
            level = 1 + max(map(level_of, needed)) if needed else 0
            if level <= unknown:
                levels[current] = level
                entered.pop(current, None)
                stack.pop()
            elif current in entered:
                raise CycleError(_cycle_to(current, entered))
            else:
                entered[current] = None
                stack += [dependency for dependency in needed if level_of(dependency) == unknown]

    def _first_unknown(self) -> UnknownDependencyError | UnknownReferenceError:
        number, todo, dependency = next(
            (number, todo, dependency)
            for number, todo in enumerate(self.tasks.values())
            for dependency in todo.dependencies
            if dependency not in self.tasks
        )
        return _unknown(number, todo, dependency)


def _cycle_to(task_id: TaskId, entered: Collection[TaskId]) -> list[TaskId]:
    """Each task in `entered` waits for the next one and the last for `task_id`: return the ring in order of doing."""
    ring = list(itertools.dropwhile(lambda other: other != task_id, entered))
    return [task_id, *reversed(ring)]


def _read_task(document: object, number: int) -> ToDo:
    """Read one task of a list. Raises InvalidFieldError with the path to the first wrong field."""
    try:
        return ToDo.model_validate(document)
    except ValidationError as error:
        path, problem = first_problem(error)
        raise InvalidFieldError(f"task_graph.tasks[{number}].{path}".removesuffix("."), problem) from error


def _by_id(todos: list[ToDo]) -> dict[TaskId, ToDo]:
    taken = {todo.id for todo in todos}
    ids = [TaskId(todo.id) if todo.id else _free_id(number, taken) for number, todo in enumerate(todos)]
    tasks: dict[TaskId, ToDo] = {}
    for number, (task_id, todo) in enumerate(zip(ids, todos, strict=True)):
        if task_id in tasks:
            raise DuplicateTaskError(task_id, f"task_graph.tasks[{number}].id")
        complete = todo.id is not None and todo.dependencies is todo.depends_on
        tasks[task_id] = todo if complete else _with_ids(todo, number, ids, taken)
    return tasks


def _free_id(number: int, taken: Collection[str | None]) -> TaskId:
    names = (f"task{number + 1}{'_' * again}" for again in itertools.count())
    return TaskId(next(name for name in names if name not in taken))


def _with_ids(todo: ToDo, number: int, ids: list[TaskId], taken: Collection[str | None]) -> ToDo:
    """Return the task with an id of its own and ids in place of indices into `ids`."""
    names: list[str] = []
    task_id = todo.id or _free_id(number, taken)
    for position, dependency in enumerate(todo.depends_on):
        if isinstance(dependency, int) and dependency >= len(ids):
            field = f"task_graph.tasks[{number}].depends_on[{position}]"
            raise UnknownDependencyError(task_id, str(dependency), field)
        names.append(ids[dependency] if isinstance(dependency, int) else dependency)
    return todo.model_copy(update={"id": task_id, "depends_on": tuple(names)})


def _unknown(number: int, todo: ToDo, dependency: TaskId) -> UnknownDependencyError | UnknownReferenceError:
    task_id, place = todo.id or "", f"task_graph.tasks[{number}]"
    if dependency in todo.depends_on:
        return UnknownDependencyError(task_id, dependency, f"{place}.depends_on[{todo.depends_on.index(dependency)}]")
    reference = next(reference for reference in todo.references() if reference.task == dependency)
    return UnknownReferenceError(task_id, reference.text, f"{place}.{dotted(reference.path)}")
