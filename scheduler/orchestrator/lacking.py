"""What is lacking for the steps of a plan, before any of them begins."""

from collections.abc import Callable, Iterable, Iterator

from scheduler.core.errors import CPAError
from scheduler.core.ids import TaskId, TenantId
from scheduler.core.todo import ToDo

Require = Callable[[ToDo, TenantId], None]
"""Raises a CPAError when a step cannot be done, whatever comes of the steps before it."""


def lacking(require: Require, todos: Iterable[ToDo], tenant: TenantId) -> Iterator[tuple[TaskId, CPAError]]:
    """Yield the steps that cannot be done, and why."""
    for todo in todos:
        try:
            require(todo, tenant)
        except CPAError as error:
            yield TaskId(todo.id or ""), error
