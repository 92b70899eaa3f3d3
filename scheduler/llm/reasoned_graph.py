"""A plan that a language model made, and why it is like that."""

from pydantic import Field

from scheduler.core.task_graph import TaskGraph


class ReasonedGraph(TaskGraph):
    """A plan, and in `why` the words of the model for the person who reads it; they are no part of the plan."""

    why: str = Field(default="", exclude=True)
