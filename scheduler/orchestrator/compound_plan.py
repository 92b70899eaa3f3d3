"""Joins the plans of several orders into one: what one order gives is what the next one means, by reference."""

import re
from collections.abc import Callable, Container, Sequence
from typing import Any, NamedTuple

from scheduler.core.actions import ActionCatalog
from scheduler.core.ids import TaskId
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.orchestrator.mail_sent_on import of_one_mail, sending_on

_SEEKS = "file.find"
_TAKES_ALONG = "file.attach"


class OrderPlan(NamedTuple):
    """The plan of one order, which orders come first, whose result it means, and which slots are said.

    With `sends_on` what it means is the mail that the other order finds.
    """

    graph: TaskGraph
    after: Sequence[int] = ()
    refers: int | None = None
    said: Container[str] = ()
    sends_on: bool = False


class Joined(NamedTuple):
    """One plan for all orders, and which of its steps belong to which."""

    graph: TaskGraph
    tasks: tuple[tuple[TaskId, ...], ...]


def join_plans(orders: Sequence[OrderPlan], catalog: ActionCatalog) -> Joined:
    """Return one plan. Orders without a stated sequence and without data in common stand side by side.

    Of an order that means another's result, the search for the document is left out; its steps take that result.
    """
    graph, groups = TaskGraph(), list[list[ToDo]]()
    sent_on = {order.refers for order in orders if order.sends_on}
    for number, order in enumerate(orders):
        todos = list(order.graph.tasks.values())
        if number in sent_on:
            todos = of_one_mail(todos)
        if order.refers is not None and order.sends_on:
            todos = sending_on(todos, groups[order.refers], order.said)
        elif order.refers is not None and (given := _gives(groups[order.refers], catalog)) is not None:
            todos = _fed(todos, *given)
        todos = _renamed(todos, {task for group in groups for task in _ids(group)})
        waits = [task for place in order.after for task in _ends(groups[place])]
        groups.append([_after(todo, waits) for todo in todos])
        for todo in groups[-1]:
            graph.add_task(todo)
    graph.check()
    return Joined(graph, tuple(tuple(_ids(group)) for group in groups))


def _gives(todos: Sequence[ToDo], catalog: ActionCatalog) -> tuple[str, bool] | None:
    """Return a reference to what the steps give last, and whether it is a file that travels; None: nothing of use."""
    for todo in reversed(todos):
        fields = catalog.get(todo.action).result or ()
        if "artifact" in fields:
            return f"${{{todo.id}.artifact}}", True
        if todo.action == _SEEKS:
            return f"${{{todo.id}.path}}", False
    return None


def _fed(todos: Sequence[ToDo], given: str, travels: bool) -> list[ToDo]:
    left_out = {todo.id: ("path", given) for todo in todos if todo.action == _SEEKS}
    if travels:
        finds = {f"${{{task}.path}}" for task in left_out}
        taken = [todo for todo in todos if todo.action == _TAKES_ALONG and todo.params.get("path") in finds]
        left_out |= {todo.id: ("artifact", given) for todo in taken}
    new = {f"${{{task}.{field}}}": value for task, (field, value) in left_out.items()}
    return [_put(todo, lambda text: new.get(text, text), left_out) for todo in todos if todo.id not in left_out]


def _renamed(todos: Sequence[ToDo], taken: set[TaskId]) -> list[ToDo]:
    """Return the steps with ids that are not taken: `send` becomes `send_2`."""
    names = dict[str, str]()
    for todo in todos:
        name, number = str(todo.id), 1
        while name in taken or name in names.values():
            number += 1
            name = f"{todo.id}_{number}"[:64]
        names[str(todo.id)] = name
    reference = re.compile(r"(?<!\$)\$\{(" + "|".join(map(re.escape, names)) + r")(?=[.}])")

    def put(text: str) -> str:
        return reference.sub(lambda match: f"${{{names[match[1]]}", text)

    return [_put(todo, put, names=names) for todo in todos]


def _put(
    todo: ToDo,
    put: Callable[[str], str],
    left_out: Container[TaskId | int | None] = (),
    names: dict[str, str] | None = None,
) -> ToDo:
    """Return the step with other texts, without dependencies on what is left out, and by other names."""
    names = names or {}
    document = _strings(todo.model_dump(exclude_unset=True), put)
    document["id"] = names.get(str(todo.id), todo.id)
    kept = [str(task) for task in todo.depends_on if task not in left_out]
    document["depends_on"] = [names.get(task, task) for task in kept]
    return ToDo.model_validate(document)


def _strings(value: Any, put: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    if isinstance(value, str):
        return put(value)
    if isinstance(value, dict):
        return {name: _strings(one, put) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strings(one, put) for one in value]
    return value


def _after(todo: ToDo, waits: Sequence[TaskId]) -> ToDo:
    if not waits or todo.depends_on:
        return todo
    return todo.model_copy(update={"depends_on": tuple(waits)})


def _ends(todos: Sequence[ToDo]) -> list[TaskId]:
    needed = {task for todo in todos for task in todo.dependencies}
    return [task for task in _ids(todos) if task not in needed]


def _ids(todos: Sequence[ToDo]) -> list[TaskId]:
    return [todo.id for todo in todos if todo.id is not None]
