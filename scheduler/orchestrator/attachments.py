"""Files that come with a request: kept as artifacts of its job before the job is stored, and put into its plan."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from scheduler.core.errors import InvalidFieldError, JobNotFoundError, UnavailableError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, Locale
from scheduler.core.orders import JobOrder
from scheduler.core.questions import AskBackError
from scheduler.core.sentences import Sentence
from scheduler.core.unique_jobs import Unique
from scheduler.executors.files import ArtifactStore, safe_name
from scheduler.orchestrator.file_plan import INPUT
from scheduler.orchestrator.job_service import JobService, request_of
from scheduler.orchestrator.planned_request import PlannedRequest
from scheduler.repository.repository_interface import IdempotentRequest

MOST_FILES: Final = 20
_TOO_MANY: Final = Sentence(f"höchstens {MOST_FILES} Dateien sind erlaubt", f"at most {MOST_FILES} files are allowed")
_EMPTY: Final = Sentence("die Datei ist leer", "the file is empty")

log = structlog.get_logger(__name__)


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
        ask: bool = False,
        unique: Unique | None = None,
    ) -> Job:
        """Accept a sentence with its files; when it cannot be accepted, or meets another job, no file is kept.

        With `ask`, what an answer would help is asked: the job waits, and keeps its files meanwhile. Raises what
        `JobService.schedule` raises, and InvalidFieldError for files that are none or of no use.
        """
        named = _named(files)
        noted = [{"name": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in named.items()]
        order = JobOrder(description=text, locale=locale, context={"files": noted}, unique=unique)
        request = request_of("schedule", key, order)
        return await self._jobs.once(request, tenant, self._schedule(order, named, tenant, request, ask=ask))

    async def _schedule(
        self,
        order: JobOrder,
        named: Mapping[str, bytes],
        tenant: TenantId,
        request: IdempotentRequest | None,
        *,
        ask: bool,
    ) -> Job:
        job_id = self._jobs.next_id()
        planned = await self._planned(order, job_id, tenant, ask=ask)
        try:
            for name, content in named.items():
                await asyncio.to_thread(self._artifacts.save, job_id, INPUT, name, content)
            if isinstance(planned, AskBackError):
                stored = await self._jobs.accept_asking(order, planned, tenant=tenant, request=request, job_id=job_id)
            else:
                stored = await self._jobs.accept(order, planned, tenant=tenant, request=request, job_id=job_id)
        except Exception:  # when cancelled, nobody knows whether it is stored: files of no job are removed in a week
            await self._remove_unless_stored(job_id, tenant)
            raise
        if stored.id != job_id:  # met another, or accepted under another id before
            await asyncio.to_thread(self._artifacts.remove, job_id)
        return stored

    async def _remove_unless_stored(self, job_id: JobId, tenant: TenantId) -> None:
        """Remove the files of a job that was not accepted; of what was stored the store may fail to tell at first."""
        try:
            await self._jobs.get(job_id, tenant)
        except JobNotFoundError:
            await asyncio.to_thread(self._artifacts.remove, job_id)
        except UnavailableError as error:
            log.warning("files_kept", job_id=job_id, error=str(error))

    async def _planned(
        self, order: JobOrder, job_id: JobId, tenant: TenantId, *, ask: bool
    ) -> PlannedRequest | AskBackError:
        """Return the plan with its files, or what must be asked first."""
        try:
            planned = await self._jobs.plan(order.description, order.locale, tenant=tenant, ask=ask)
        except AskBackError as asked:
            if not ask:
                raise
            return asked
        return await self._jobs.plan_with_files(planned, order, job_id)


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
