"""Files that come with a request: kept as artifacts of its job before the job is stored, and put into its plan."""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.job import Job, Locale
from scheduler.core.orders import JobOrder
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.executors.files import ArtifactStore, safe_name
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.planner import PlannedRequest

MOST_FILES: Final = 20
_TASK: Final = TaskId("input")
_MEANS_THEM: Final = re.compile(r"angehängt|beigefügt|beiliegend|anhang|attach|enclosed", re.IGNORECASE)
_NO_USE: Final = Sentence(
    "dieser Auftrag verschickt nichts, also kann er mit einer Datei nichts anfangen",
    "this request sends nothing, so it has no use for a file",
)
_TOO_MANY: Final = Sentence(f"höchstens {MOST_FILES} Dateien sind erlaubt", f"at most {MOST_FILES} files are allowed")
_EMPTY: Final = Sentence("die Datei ist leer", "the file is empty")


@dataclass(frozen=True)
class UploadedFile:
    """A file as it came; its name is somebody else's."""

    name: str
    content: bytes


class AttachmentService:
    """The use case of a sentence with files."""

    def __init__(self, *, jobs: JobService, artifacts: ArtifactStore) -> None:
        self._jobs = jobs
        self._artifacts = artifacts

    async def schedule(
        self,
        text: str,
        files: Sequence[UploadedFile],
        *,
        tenant: TenantId,
        locale: Locale | None = None,
        key: str | None = None,
    ) -> Job:
        """Accept a sentence with its files; when it cannot be accepted, no file is kept.

        Raises what `JobService.schedule` raises, and InvalidFieldError for files that are none or of no use.
        """
        named = _named(files)
        job_id = self._jobs.next_id()
        addresses = {name: self._artifacts.address_of(job_id, _TASK, name) for name in named}
        planned = await self._planned(text, locale, addresses, tenant)
        noted = [{"name": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in named.items()]
        order = JobOrder(intent=planned.intent, description=text, locale=locale, context={"files": noted})
        stored: Job | None = None
        try:
            for name, content in named.items():
                await asyncio.to_thread(self._artifacts.save, job_id, _TASK, name, content)
            stored = await self._jobs.accept(order, planned, tenant=tenant, key=key, job_id=job_id)
        finally:
            if stored is None or stored.id != job_id:  # refused, or accepted under another id before
                await asyncio.to_thread(self._artifacts.remove, JobId(job_id))
        return stored

    async def _planned(
        self, text: str, locale: Locale | None, addresses: Mapping[str, str], tenant: TenantId
    ) -> PlannedRequest:
        planned = await self._jobs.plan(text, locale, tenant=tenant)
        if not planned.orders and _MEANS_THEM.search(planned.slots.get("document", "")):
            planned = await self._jobs.plan_again(planned, text, {"document": ", ".join(addresses)})
        return planned.model_copy(update={"task_graph": _with_files(planned.task_graph, list(addresses.values()))})


def _named(files: Sequence[UploadedFile]) -> dict[str, bytes]:
    """Return the files by names that are safe and differ. Raises InvalidFieldError."""
    if len(files) > MOST_FILES:
        raise InvalidFieldError("files", _TOO_MANY)
    named: dict[str, bytes] = {}
    for number, file in enumerate(files):
        if not file.content:
            raise InvalidFieldError(f"files[{number}]", _EMPTY)
        name = safe_name(file.name)
        named[name if name not in named else f"{number + 1} {name}"] = file.content
    return named


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
