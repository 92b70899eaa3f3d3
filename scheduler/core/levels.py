"""Finds out how early each task of a plan can run, in one walk along the dependencies."""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.core.errors import CycleError
from scheduler.core.ids import TaskId

Levels = dict[TaskId, Any]
"""What is known of each task: its level, an int, or until then what it waits for: one look-up per edge is enough."""


def levels_of(needs: Mapping[TaskId, tuple[TaskId, ...]]) -> dict[TaskId, int]:
    """Return the level of every task, in the order of `needs`: 0, or one above the highest of those it waits for.

    Linear in tasks and dependencies. Raises CycleError, and KeyError for a dependency that is no task.
    """
    levels: Levels = dict(needs)
    for task_id, needed in levels.items():
        if isinstance(needed, int):
            continue
        highest = -1
        for dependency in needed:
            found = levels[dependency]
            if not isinstance(found, int):
                _descend(task_id, levels)
                break
            if found > highest:  # noqa: PLR1730 - a call of max() for every edge is a quarter of the time
                highest = found
        else:
            levels[task_id] = highest + 1
    return levels


def _descend(task_id: TaskId, levels: Levels) -> None:
    """Find the levels of a task and of all it waits for, depth first. A path longer than the plan has come round."""
    path: list[tuple[TaskId, Iterator[TaskId], int]] = []  # above this task: what is left to see, the highest so far
    rest, highest = iter(levels[task_id]), -1
    while True:
        for dependency in rest:
            found = levels[dependency]
            if not isinstance(found, int):
                path.append((task_id, rest, highest))
                if len(path) > len(levels):
                    raise CycleError(_ring([step[0] for step in path]))
                task_id, rest, highest = dependency, iter(found), -1
                break
            if found > highest:  # noqa: PLR1730 - as above
                highest = found
        else:
            levels[task_id] = level = highest + 1
            if not path:
                return
            task_id, rest, highest = path.pop()
            highest = max(highest, level)


def _ring(path: list[TaskId]) -> list[TaskId]:
    """Each task of `path` waits for the next one, and the last was there before: return the ring in order of doing."""
    again = len(path) - 2 - path[-2::-1].index(path[-1])
    return path[again:][::-1]
