"""What a planner is told of a plan whose run has failed."""

from typing import NamedTuple

from scheduler.core.ids import TaskId
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo


class StoppedPlan(NamedTuple):
    """A plan whose run has failed: what of it is done, and why it went no further."""

    graph: TaskGraph
    done: frozenset[TaskId]
    error: str

    @property
    def kept(self) -> list[ToDo]:
        return [todo for task_id, todo in self.graph.tasks.items() if task_id in self.done]
