"""What an operator may correct of a job that failed, before it runs again, and what that changes.

Pure: a job, what of it is done and a correction go in, the next version of the plan and the list of changes come out.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.errors import InvalidFieldError, InvalidRequestError
from scheduler.core.ids import TaskId
from scheduler.core.job import Job
from scheduler.core.lam_json import JsonObject
from scheduler.core.problems import dotted
from scheduler.core.retry import RetryPolicy
from scheduler.core.sentences import Sentence
from scheduler.core.targets import Target
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import Postcondition

_NO_TASK = Sentence("diese Aufgabe gibt es im Plan nicht", "there is no such task in the plan")
_DONE = Sentence("diese Aufgabe ist erledigt und bleibt, wie sie ist", "this task is done and stays as it is")
_PLACE = re.compile(r"task_graph\.tasks\[(\d+)\]")
_ABSENT = object()


class TaskCorrection(BaseModel):
    """New values for a task. `params` is a merge patch (RFC 7396: null removes a name), anything else replaces what was
    there, and null takes it away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    params: JsonObject = Field(default_factory=dict)
    text: str | None = None
    selector: Target | None = None
    timeout: float | None = None
    verify: Postcondition | None = None
    retry: RetryPolicy | None = None


class Correction(BaseModel):
    """What is to be other than it was. `context` is a merge patch; `version` is the plan the operator has seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: dict[TaskId, TaskCorrection] = Field(default_factory=dict)
    context: JsonObject = Field(default_factory=dict)
    version: int | None = None


class Change(BaseModel):
    """One value that is another now; None where there was, or is, no value."""

    model_config = ConfigDict(frozen=True)

    path: str
    before: Any = None
    after: Any = None


class Corrected(NamedTuple):
    """The plan and the context as they are to be from now on, and what that changes."""

    task_graph: TaskGraph
    context: dict[str, Any]
    changes: tuple[Change, ...]


def correct(job: Job, done: Collection[TaskId], correction: Correction) -> Corrected:
    """Apply a correction. Raises InvalidRequestError, said of the field of the correction that is to blame."""
    before = documents(job.task_graph)
    after = dict(before)
    for task_id, change in correction.tasks.items():
        if task_id not in before:
            raise InvalidFieldError(f"tasks.{task_id}", _NO_TASK)
        if task_id in done:
            raise InvalidFieldError(f"tasks.{task_id}", _DONE)
        after[task_id] = _corrected(before[task_id], change)
    try:
        graph = TaskGraph.model_validate({"tasks": list(after.values())})
    except InvalidRequestError as error:
        raise error.at(place_in_correction(error.field, job.task_graph)) from None
    context = merged(job.context, correction.context)
    old, new = {"tasks": before, "context": job.context}, {"tasks": documents(graph), "context": context}
    return Corrected(graph, context, tuple(changes_between(old, new, ())))


def place_in_correction(field: str, graph: TaskGraph) -> str:
    """Return `tasks.send.params` for `task_graph.tasks[1].params`: an operator names tasks by their ids."""
    ids = list(graph.tasks)
    return _PLACE.sub(lambda match: f"tasks.{ids[int(match[1])]}", field)


def merged(value: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object with a merge patch applied (RFC 7396)."""
    result = dict(value)
    for name, part in patch.items():
        if part is None:
            result.pop(name, None)
        elif isinstance(part, Mapping):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, Mapping) else {}, part)
        else:
            result[name] = part
    return result


def documents(graph: TaskGraph) -> dict[TaskId, dict[str, Any]]:
    """Return the document of each task, by its id."""
    tasks: list[dict[str, Any]] = graph.model_dump(mode="json")["tasks"]
    return dict(zip(graph.tasks, tasks, strict=True))


def _corrected(task: Mapping[str, Any], change: TaskCorrection) -> dict[str, Any]:
    given = change.model_dump(mode="json", exclude_unset=True)
    params = merged(task.get("params", {}), given.pop("params", {}))
    document = {name: value for name, value in {**task, **given}.items() if value is not None}
    return {**document, "params": params} if params or "params" in task else document


def changes_between(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Change]:  # noqa: ANN401 - JSON
    """Yield what is other in one document than in the other, which both lie at `path`."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from changes_between(before.get(name, _ABSENT), after.get(name, _ABSENT), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changes_between(old, new, (*path, number))
    elif before != after:
        shown = {"before": before, "after": after}
        yield Change(path=dotted(path), **{name: value for name, value in shown.items() if value is not _ABSENT})
