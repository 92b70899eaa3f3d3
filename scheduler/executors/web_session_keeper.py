"""Writes where a job's browser stands, beside what the job does next."""

import asyncio
from typing import Any

import structlog

from scheduler.core.errors import UnavailableError
from scheduler.core.ids import JobId
from scheduler.executors import web_actions as actions
from scheduler.executors.web_errors import browser_error, reason_of, safe_url
from scheduler.executors.web_page import JobPage
from scheduler.executors.web_session import LastStep, SessionSnapshot, SessionStore
from scheduler.executors.web_step import Step

LOOKS_ONLY = frozenset({actions.EXTRACT.name, actions.SCREENSHOT.name, actions.SNAPSHOT.name})
ENTERS = frozenset({actions.FILL.name, actions.SELECT.name, actions.CHECK.name})
_KEPT_FRESH = 2.0  # seconds in which entering something in a form is taken to leave cookies and stores as they are

log = structlog.get_logger(__name__)


class SessionKeeper:
    """Cookies and stores are read and all is written while the step is verified.

    `verify` does not answer, and what may not be repeated does not begin, before it is on disk.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    async def begin(self, step: Step, result: dict[str, Any]) -> None:
        """Note where the job stands. The step is done, so a page that dies just now is the next step's concern."""
        job = step.job
        if job.saving is not None and job.saving.done():
            await job.placed()
        if step.todo.action in LOOKS_ONLY:
            return
        job.last = LastStep(task_id=step.task_id, result=result)
        if not job.alive:
            log.warning("session_not_kept", job_id=step.job_id, reason="the page is gone")
            return
        if step.todo.action not in ENTERS:
            job.storage_until = 0.0
        job.unsaved = SessionSnapshot(
            run=step.run,
            steps=job.steps,
            url=safe_url(step.page.url, step.tools.secrets),
            storage={},
            form=tuple(job.form.values()),
            last=job.last,
            basic_auth=job.basic_auth,
        )
        if job.saving is None:
            job.saving = asyncio.create_task(self._keep(step.job_id, job))

    async def _keep(self, job_id: JobId, job: JobPage) -> None:
        """Write where the job stands; what came while that was written is written next, the newest of it only."""
        while job.unsaved is not None:
            snapshot, job.unsaved = job.unsaved, None
            if asyncio.get_running_loop().time() >= job.storage_until:
                try:
                    await _read_storage(job)
                except (browser_error(), UnavailableError) as error:
                    log.warning("session_not_kept", job_id=job_id, reason=reason_of(error))
                    continue
                job.storage_until = asyncio.get_running_loop().time() + _KEPT_FRESH
            await asyncio.to_thread(self._store.save, job_id, snapshot.model_copy(update={"storage": job.storage}))


async def _read_storage(job: JobPage) -> None:
    """Read cookies and stores; of stores that bear the mark they had when they were last read, only the cookies."""
    context, mark = job.context, None
    if job.facts is not None and len(context.pages) == len(job.page.frames) == 1:  # others may store at other sites
        mark = job.facts.stores
    if mark is not None and mark == job.storage_mark:
        job.storage = {**job.storage, "cookies": await context.cookies()}
        return
    job.storage, job.storage_mark = dict(await context.storage_state()), mark
