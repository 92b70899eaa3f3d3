"""Puts files that came with a request into its plan: its mails bring them."""

import re
from collections.abc import Mapping
from typing import Any, Final

from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.executors.files import ArtifactStore
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.orchestrator.planner import Planner

INPUT: Final = TaskId("input")
"""Where files that came with a request are kept, as if a task had made them."""
_MEANS_THEM: Final = re.compile(r"angehängt|beigefügt|beiliegend|anhang|attach|enclosed", re.IGNORECASE)
_NO_USE: Final = Sentence(
    "dieser Auftrag verschickt nichts, also kann er mit einer Datei nichts anfangen",
    "this request sends nothing, so it has no use for a file",
)


async def with_files(
    planner: Planner, planned: PlannedRequest, text: str, context: Mapping[str, Any], job_id: JobId
) -> PlannedRequest:
    """Return the plan with the files that the context of its job names. Raises InvalidFieldError for none of use."""
    names = _names(context.get("files"))
    if not names:
        return planned
    if not planned.orders and _MEANS_THEM.search(planned.slots.get("document", "")):
        slots = {**planned.slots, "document": ", ".join(names)}
        planned = await planner.plan_intent(planned.intent, text, {"slots": slots}, planned.locale)
    addresses = [ArtifactStore.address_of(job_id, INPUT, name) for name in names]
    return planned.model_copy(update={"task_graph": _with_files(planned.task_graph, addresses)})


def _names(files: object) -> list[str]:
    """Return the names of files; a client may have put anything there."""
    noted = [one.get("name") for one in files if isinstance(one, dict)] if isinstance(files, list) else []
    return [name for name in noted if isinstance(name, str)]


def _with_files(graph: TaskGraph, addresses: list[str]) -> TaskGraph:
    """Return the plan whose mails bring these files; what would look for the document elsewhere is left out.

    Raises InvalidFieldError when no step of the plan takes files.
    """
    todos = list(graph.tasks.values())
    if not any("attachments" in todo.params for todo in todos):
        raise InvalidFieldError("files", _NO_USE)
    left_out = {todo.id for todo in todos if todo.action in {"file.find", "file.attach"}}
    changed = TaskGraph()
    for todo in todos:
        if todo.id in left_out:
            continue
        params: dict[str, Any] = dict(todo.params)
        if "attachments" in params:
            others = [one for one in params["attachments"] if not any(f"${{{task}." in one for task in left_out)]
            params["attachments"] = [*others, *addresses]
        kept = tuple(task for task in todo.depends_on if task not in left_out)
        changed.add_task(todo.model_copy(update={"params": params, "depends_on": kept}))
    changed.check()
    return changed
