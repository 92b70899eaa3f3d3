"""The plan of a job: tasks and what each waits for, built step by step, checked, and frozen when it is stored."""

import hashlib
import itertools
from collections.abc import Container, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from scheduler.core.actions import ActionType
from scheduler.core.canonical_json import canonical_json
from scheduler.core.errors import (
    CycleError,
    DuplicateTaskError,
    EmptyPlanError,
    InvalidFieldError,
    UnknownDependencyError,
    UnknownReferenceError,
)
from scheduler.core.ids import TaskId
from scheduler.core.levels import levels_of
from scheduler.core.problems import dotted, first_flaw
from scheduler.core.sentences import Sentence
from scheduler.core.todo import ToDo

_Node = tuple[TaskId, tuple[TaskId, ...]]

__all__ = ["ActionType", "TaskGraph", "ToDo"]

_NO_LIST = Sentence("eine Liste von Aufgaben wird erwartet", "must be a list of tasks")


class TaskGraph(BaseModel):
    """Tasks by id, in the order they were added. The document form is `{"tasks": [ToDo, ...]}`.

    Every computation is linear in tasks and edges.
    """

    model_config = ConfigDict(extra="forbid")

    tasks: dict[TaskId, ToDo] = Field(default_factory=dict)

    @field_validator("tasks", mode="plain", json_schema_input_type=list[ToDo])
    @classmethod
    def _tasks_from_list(cls, value: object) -> dict[TaskId, ToDo]:
        if not isinstance(value, list | tuple):
            raise InvalidFieldError("task_graph.tasks", _NO_LIST)
        return _by_id(_read_tasks(value))

    @field_serializer("tasks")
    def _tasks_as_list(self, tasks: Mapping[TaskId, ToDo]) -> list[dict[str, Any]]:
        return _documents(tasks)

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
        node, tasks = todo.node, self.tasks
        if node is None:
            todo, node = self._settled(todo)
        task_id, needed = node
        if task_id in tasks:
            raise DuplicateTaskError(task_id, f"task_graph.tasks[{len(tasks)}].id")
        try:
            tasks[task_id] = todo
        except TypeError:
            raise TypeError("the graph is frozen; build a new one") from None
        self._needs[task_id] = needed
        return task_id

    def build_graph(self) -> Mapping[TaskId, tuple[TaskId, ...]]:
        """Return for each task the tasks that wait for it. Raises UnknownDependencyError or UnknownReferenceError."""
        return self._dependents if self.sealed else self._built()

    @cached_property
    def _dependents(self) -> Mapping[TaskId, tuple[TaskId, ...]]:
        """The graph of a sealed plan, which stays as it is."""
        return MappingProxyType(self._built())

    def _built(self) -> dict[TaskId, tuple[TaskId, ...]]:
        dependents: dict[TaskId, list[TaskId]] = {task_id: [] for task_id in self.tasks}
        try:
            for task_id, needed in self._needs.items():
                for dependency in needed:
                    dependents[dependency].append(task_id)
        except KeyError:
            raise self._first_unknown() from None
        return {task_id: tuple(waiting) for task_id, waiting in dependents.items()}

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

    def seal(self) -> Self:
        """Make the graph immutable and return it. May be repeated."""
        if not self.sealed:
            self.__dict__["tasks"] = MappingProxyType(dict(self.tasks))
        return self

    @property
    def sealed(self) -> bool:
        """Whether the graph is immutable."""
        return isinstance(self.tasks, MappingProxyType)

    def freeze(self) -> str:
        """Make the graph immutable and return its digest, SHA-256 over `canonical()`, as 64 hex digits.

        May be repeated.
        """
        return hashlib.sha256(self.seal().canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """Return the document as canonical JSON: names in order, no blanks."""
        return canonical_json({"tasks": _documents(self.tasks)})

    @cached_property
    def _needs(self) -> dict[TaskId, tuple[TaskId, ...]]:
        """What each task waits for, apart from the tasks: a walk over a large plan then need not touch their models."""
        return _needs_of(self.tasks)

    @model_validator(mode="after")
    def _note_needs(self) -> Self:
        """Now, because whoever reads a plan checks it; a property that is cached later costs three times as much."""
        self.__dict__["_needs"] = _needs_of(self.tasks)
        return self

    @cached_property
    def _ids(self) -> list[TaskId]:
        """Ids by index, as far as anybody asked for one."""
        return []

    def _levels(self) -> dict[TaskId, int]:
        try:
            return levels_of(self._needs)
        except KeyError:
            raise self._first_unknown() from None

    def _settled(self, todo: ToDo) -> tuple[ToDo, _Node]:
        tasks, ids = self.tasks, self._ids
        ids += reversed([*itertools.islice(reversed(tasks), len(tasks) - len(ids))])
        return _settled(todo, len(tasks), ids, tasks)

    def _first_unknown(self) -> UnknownDependencyError | UnknownReferenceError:
        number, todo, dependency = next(
            (number, todo, dependency)
            for number, todo in enumerate(self.tasks.values())
            for dependency in todo.dependencies
            if dependency not in self.tasks
        )
        return _unknown(number, todo, dependency)


def _needs_of(tasks: Mapping[TaskId, ToDo]) -> dict[TaskId, tuple[TaskId, ...]]:
    return {task_id: todo.dependencies for task_id, todo in tasks.items()}


def _documents(tasks: Mapping[TaskId, ToDo]) -> list[dict[str, Any]]:
    """Return the tasks as `model_dump` does, which looks for defaults only among what was set here."""
    write = ToDo.__pydantic_serializer__.to_python
    return [
        write(todo, mode="json", exclude_defaults=True, include=todo.__pydantic_fields_set__) for todo in tasks.values()
    ]


_read_all: Final = TypeAdapter(Annotated[list[ToDo], FailFast()]).validator.validate_python
"""What the adapter's own method calls, which takes a fifth of the time of a short plan."""


def _read_tasks(documents: Sequence[object]) -> list[ToDo]:
    """Read the tasks of a list. Raises InvalidFieldError with the path to the first wrong field."""
    try:
        todos: list[ToDo] = _read_all(documents)
    except ValidationError as error:
        path, problem = first_flaw(error)
        raise InvalidFieldError(f"task_graph.tasks{path}", problem) from error
    return todos


def _by_id(todos: list[ToDo]) -> dict[TaskId, ToDo]:
    known = {place[0]: todo for todo in todos if (place := todo.node) is not None}
    if len(known) == len(todos):
        return known
    taken = {todo.id for todo in todos}
    ids = [todo.id or _free_id(number, taken) for number, todo in enumerate(todos)]
    tasks: dict[TaskId, ToDo] = {}
    for number, todo in enumerate(todos):
        settled, (task_id, _) = (todo, todo.node) if todo.node else _settled(todo, number, ids, taken)
        if task_id in tasks:
            raise DuplicateTaskError(task_id, f"task_graph.tasks[{number}].id")
        tasks[task_id] = settled
    return tasks


def _free_id(number: int, taken: Container[TaskId | None]) -> TaskId:
    names = (TaskId(f"task{number + 1}{'_' * again}") for again in itertools.count())
    return next(name for name in names if name not in taken)


def _settled(todo: ToDo, number: int, ids: list[TaskId], taken: Container[TaskId | None]) -> tuple[ToDo, _Node]:
    """Return the task with an id of its own and ids in place of indices into `ids`, and its place in the graph."""
    task_id, names = todo.id or _free_id(number, taken), []
    for position, dependency in enumerate(todo.depends_on):
        if isinstance(dependency, int) and dependency >= len(ids):
            field = f"task_graph.tasks[{number}].depends_on[{position}]"
            raise UnknownDependencyError(task_id, str(dependency), field)
        names.append(ids[dependency] if isinstance(dependency, int) else dependency)
    settled = todo.model_copy(update={"id": task_id, "depends_on": tuple(names)})
    return settled, (task_id, settled.dependencies)


def _unknown(number: int, todo: ToDo, dependency: TaskId) -> UnknownDependencyError | UnknownReferenceError:
    task_id, place = todo.id or "", f"task_graph.tasks[{number}]"
    if dependency in todo.depends_on:
        return UnknownDependencyError(task_id, dependency, f"{place}.depends_on[{todo.depends_on.index(dependency)}]")
    reference = next(reference for reference in todo.references() if reference.task == dependency)
    return UnknownReferenceError(task_id, reference.text, f"{place}.{dotted(reference.path)}")
