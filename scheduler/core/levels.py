"""Finds out how early each task of a plan can run, in one walk along the dependencies."""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.core.errors import CycleError
from scheduler.core.ids import TaskId


def levels_of(needs: Mapping[TaskId, tuple[TaskId, ...]]) -> dict[TaskId, int]:
    """Return the level of every task, in the order of `needs`: 0, or one above the highest of those it waits for.

    The walk is depth first and looks every edge up once: until its level is known, a task stands in `levels` with what
    it waits for. A path with more tasks than there are has come round. Raises CycleError, and KeyError for a dependency
    that is no task.
    """
    levels: dict[TaskId, Any] = dict(needs)
    path: list[TaskId] = []
    halves: list[tuple[Iterator[TaskId], int]] = []  # of each task on the path: what is left to see, the highest so far
    for first, needed in levels.items():
        if isinstance(needed, int):
            continue
        task_id, rest, highest = first, iter(needed), -1
        while True:
            for dependency in rest:
                found = levels[dependency]
                if isinstance(found, int):
                    if found > highest:  # noqa: PLR1730 - a call of max() for every edge is a quarter of the time
                        highest = found
                else:
                    path.append(task_id)
                    halves.append((rest, highest))
                    if len(path) > len(levels):
                        raise CycleError(_ring(path))
                    task_id, rest, highest = dependency, iter(found), -1
                    break
            else:
                levels[task_id] = level = highest + 1
                if not path:
                    break
                task_id = path.pop()
                rest, highest = halves.pop()
                highest = max(highest, level)
    return levels


def _ring(path: list[TaskId]) -> list[TaskId]:
    """Each task of `path` waits for the next, and the last was there before: return the ring in the order of doing."""
    again = len(path) - 2 - path[-2::-1].index(path[-1])
    return path[: again - 1 : -1] if again else path[::-1]
