"""Decides which done tasks a run must do again, because what they did went with the session of an earlier run."""

from collections.abc import Collection, Mapping

from scheduler.core.actions import ActionCatalog, SessionUse
from scheduler.core.ids import TaskId
from scheduler.core.job import TaskRun, TaskStatus
from scheduler.core.todo import ToDo

Dependents = Mapping[TaskId, tuple[TaskId, ...]]


def session_uses(todos: Mapping[TaskId, ToDo], catalog: ActionCatalog) -> Mapping[TaskId, SessionUse]:
    """Return for each task what its action has to do with the session; an unknown action has nothing to do with it."""
    known = {task_id: catalog.get(todo.action) for task_id, todo in todos.items() if todo.action in catalog}
    return {task_id: spec.session for task_id, spec in known.items() if spec.session is not SessionUse.NONE}


def lost_with_session(
    todos: Mapping[TaskId, ToDo], rows: Mapping[TaskId, TaskRun], uses: Mapping[TaskId, SessionUse], run: int
) -> list[TaskId]:
    """Return, in the order of the plan, the tasks whose effect is gone though something left to be done needs it.

    A session ends with its run. So what was done in this run counts, also by a worker that has died since; of what was
    done earlier, only that which lives on outside of the session, like a file that was fetched.
    """
    done = {task_id for task_id, row in rows.items() if row.status is TaskStatus.DONE}
    earlier = {task_id for task_id in done if rows[task_id].run < run}
    ahead = [task_id for task_id in uses if task_id not in done] if earlier else []
    needed = set(ahead)
    while ahead:
        new = set(todos[ahead.pop()].dependencies) - needed
        needed |= new
        ahead += new
    return [task_id for task_id in todos if task_id in needed & earlier and uses.get(task_id) is SessionUse.CHANGES]


def with_detours(dependents: Dependents, lost: Collection[TaskId], ahead: Collection[TaskId]) -> Dependents:
    """Return who waits for whom, so that what needs the session waits for it to be made again.

    `ahead` are the tasks left that need it, those in `lost` among them. One may wait for another only by way of tasks
    that are done and stay done, or that need no session: now it waits for it itself.
    """
    detours = {task_id: (*dependents[task_id], *_reached(task_id, dependents, ahead)) for task_id in lost}
    return {**dependents, **{task_id: tuple(dict.fromkeys(waiting)) for task_id, waiting in detours.items()}}


def _reached(start: TaskId, dependents: Dependents, ahead: Collection[TaskId]) -> list[TaskId]:
    """Return the tasks of `ahead` to which a way leads that passes no other of them."""
    reached: list[TaskId] = []
    seen, open_ends = {start}, [start]
    while open_ends:
        for task_id in dependents[open_ends.pop()]:
            if task_id not in seen:
                seen.add(task_id)
                (reached if task_id in ahead else open_ends).append(task_id)
    return reached
