"""Decides what of a step is kept as evidence: as much as is asked for, and what can be had when it fails."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

import structlog

from scheduler.core.errors import UnavailableError
from scheduler.executors import web_actions as actions
from scheduler.executors.web_errors import browser_error, reason_of
from scheduler.executors.web_evidence import keep_page, keep_picture, traced
from scheduler.executors.web_step import Step

Level = Literal["errors", "changes", "all"]
"""What is kept: of failures only, also a picture after each change, or also one before it and the page as text."""

_CHANGING = frozenset({actions.CLICK.name, actions.PRESS.name, actions.DRAG.name, actions.UPLOAD.name})
_PICTURED = _CHANGING | {actions.DOWNLOAD.name, actions.LOGIN.name}
_PICTURED_AT: Mapping[Level, frozenset[str]] = {
    "errors": frozenset(),
    "changes": _PICTURED,
    "all": _PICTURED | {actions.GOTO.name},
}

log = structlog.get_logger(__name__)


class EvidenceKeeper:
    """Notes on the job's page what it has kept. That something could not be kept is no failure of the step."""

    def __init__(self, *, level: Level, trace: bool) -> None:
        self._level = level
        self._trace = trace

    async def before(self, step: Step) -> None:
        """Keep how the page looks before it is changed."""
        if self._level == "all" and step.todo.action in _CHANGING:
            await _keep(step, keep_picture(step, part=".before"))

    def traced(self, step: Step) -> AbstractAsyncContextManager[None]:
        """Record what is done inside, where that is asked for."""
        return traced(step, wanted=self._trace or step.todo.params.get("trace") is True)

    async def after(self, step: Step, result: Mapping[str, Any]) -> tuple[str, ...]:
        """Keep what shows that the step was done and return all that was kept of it; the picture stands last."""
        action = step.todo.action
        if action == actions.SCREENSHOT.name:
            return (*step.job.kept, result["path"])
        kinds = [keep_page(step)] if self._level == "all" else []
        if action in _PICTURED_AT[self._level]:
            kinds.append(keep_picture(step))
        await _keep(step, *kinds)
        return tuple(step.job.kept)

    async def of_failure(self, step: Step) -> None:
        """Keep the page as text with its errors, and a picture of it."""
        await _keep(step, keep_page(step), keep_picture(step))


async def _keep(step: Step, *kinds: Awaitable[str]) -> None:
    """Look for all of them at once, since a look changes nothing."""
    for kept in await asyncio.gather(*kinds, return_exceptions=True):
        if isinstance(kept, str):
            step.job.kept.append(kept)
        elif isinstance(kept, browser_error() | UnavailableError):
            log.warning("no_evidence", job_id=step.job_id, task_id=step.task_id, reason=step.clean(reason_of(kept)))
        else:
            raise kept
