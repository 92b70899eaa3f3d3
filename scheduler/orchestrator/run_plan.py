"""What a run has to do: its steps, who waits for whom, and which of them need a decision before they start."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

from scheduler.core.actions import ActionCatalog, SessionUse
from scheduler.core.errors import InvalidInputError, TooManyItemsError
from scheduler.core.ids import TaskId
from scheduler.core.references import resolve
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo

ITEMS: Final = "for_each"
"""Under this name the frozen list of a step with `for_each` stands in its result until all elements are done."""
CONDITION_NOT_MET, NEEDED_WAS_SKIPPED = "condition_not_met", "needed_was_skipped"
SKIP_CODES: Final = frozenset({CONDITION_NOT_MET, NEEDED_WAS_SKIPPED})
"""Why a step is left out in a run that may succeed all the same."""
_NO_LIST: Final = Sentence("eine Liste wird erwartet", "a list is expected")


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The steps of a run. It changes only when a step with `for_each` becomes a task for each element.

    `decisive` are those that may be skipped, or be many: somebody must look at them before they start. Of those
    `in_turn` the elements are done one after the other, because they share the session. `items` holds the elements of
    the tasks that are one of many, with their numbers. `learned` is what its runs have taught, see run_course.py, and
    `inputs` those of the steps that refer to no other, as far as one has run; a plan that is made of this one begins
    anew.
    """

    todos: Mapping[TaskId, ToDo]
    dependents: Mapping[TaskId, tuple[TaskId, ...]]
    repeatable: frozenset[TaskId]
    decisive: frozenset[TaskId] = frozenset()
    in_turn: frozenset[TaskId] = frozenset()
    items: Mapping[TaskId, tuple[Any, int]] = field(default_factory=dict)
    learned: dict[str, Any] = field(init=False, compare=False, repr=False, default_factory=dict)
    inputs: dict[TaskId, str] = field(init=False, compare=False, repr=False, default_factory=dict)

    def waiting_for(self, ended: Iterable[TaskId] = ()) -> Counter[TaskId]:
        """Return how many tasks each waits for; those that have ended well count no more."""
        over = frozenset(ended)
        return Counter(chain.from_iterable(self.dependents[task_id] for task_id in self.todos if task_id not in over))


def read_plan(graph: TaskGraph, catalog: ActionCatalog) -> RunPlan:
    """Read a frozen plan. A task may be repeated if it says so itself, else if its action, as far as known, does."""
    todos = graph.tasks
    repeatable = {
        task_id
        for task_id, todo in todos.items()
        if (_may_be_repeated(todo.action, catalog) if todo.repeatable is None else todo.repeatable)
    }
    decisive = _decisive(todos)
    if not decisive:
        return RunPlan(todos, graph.build_graph(), frozenset(repeatable))
    many = [todo for todo in todos.values() if todo.for_each is not None]
    in_turn = (todo.id for todo in many if todo.id is not None and _shares_session(todo.action, catalog))
    return RunPlan(todos, graph.build_graph(), frozenset(repeatable), decisive, frozenset(in_turn))


def _decisive(todos: Mapping[TaskId, ToDo]) -> frozenset[TaskId]:
    """Return the steps with a condition or a list, and those that cannot do without the result of such a one."""
    found = {task_id for task_id, todo in todos.items() if todo.when is not None or todo.for_each is not None}
    new = found
    while new:
        new = {task_id for task_id, todo in todos.items() if task_id not in found and todo.needed & found}
        found = found | new
    return frozenset(found)


def _may_be_repeated(action: str, catalog: ActionCatalog) -> bool:
    return action in catalog and catalog.get(action).repeatable


def _shares_session(action: str, catalog: ActionCatalog) -> bool:
    return action in catalog and catalog.get(action).session is not SessionUse.NONE


def item_ids(task_id: TaskId, count: int) -> list[TaskId]:
    """Return the ids of the tasks that a step with `for_each` becomes."""
    return [TaskId(f"{task_id}[{number}]") for number in range(count)]


def with_items(plan: RunPlan, task_id: TaskId, items: Sequence[Any]) -> RunPlan:
    """Return the plan with a task for each element; the step itself waits for all of them."""
    todo, ids = plan.todos[task_id], item_ids(task_id, len(items))
    following = [(next_id,) for next_id in ids[1:]] if task_id in plan.in_turn else []
    waiting = [(*((following[number]) if number < len(following) else ()), task_id) for number in range(len(ids))]
    return replace(
        plan,
        todos={**plan.todos, **{item_id: todo.model_copy(update={"id": item_id}) for item_id in ids}},
        dependents={**plan.dependents, **dict(zip(ids, waiting, strict=True))},
        repeatable=plan.repeatable.union(ids) if task_id in plan.repeatable else plan.repeatable,
        decisive=plan.decisive.union(ids) if todo.asks_per_item else plan.decisive,
        items={**plan.items, **{item_id: (items[number], number) for number, item_id in enumerate(ids)}},
    )


def items_of(todo: ToDo, results: Mapping[TaskId, Any], most: int) -> list[Any]:
    """Return the elements for which a step is to be done. Raises InvalidInputError and TooManyItemsError."""
    found = resolve(todo.for_each, results)
    if not isinstance(found, list):
        raise InvalidInputError(f"{todo.id}.for_each", _NO_LIST)
    if len(found) > most:
        raise TooManyItemsError(f"{todo.id} ({todo.action})", len(found), most)
    return found


def stored_items(result: Mapping[str, Any] | None) -> list[Any] | None:
    """Return the frozen list that stands in the result of a step whose elements are being done; None: there is none."""
    found = None if result is None else result.get(ITEMS)
    return found if isinstance(found, list) else None
