"""What is other in one plan than in another, so that a person can see it at a glance."""

from pydantic import BaseModel, ConfigDict

from scheduler.core.corrections import Change, changes_between, documents
from scheduler.core.ids import TaskId
from scheduler.core.task_graph import TaskGraph


class PlanDiff(BaseModel):
    """Steps that came, steps that went, and the fields that changed of those that stayed, as `STEP.params.to`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    added: tuple[TaskId, ...] = ()
    removed: tuple[TaskId, ...] = ()
    changed: tuple[Change, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


def diff_plans(before: TaskGraph, after: TaskGraph) -> PlanDiff:
    """Compare two plans step by step, steps by their ids."""
    old, new = documents(before), documents(after)
    stayed = [task_id for task_id in old if task_id in new]
    return PlanDiff(
        added=tuple(task_id for task_id in new if task_id not in old),
        removed=tuple(task_id for task_id in old if task_id not in new),
        changed=tuple(change for one in stayed for change in changes_between(old[one], new[one], (one,))),
    )
