"""Decides what of a step is kept as evidence: as much as is asked for, and what can be had when it fails."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

import structlog

from scheduler.core.errors import UnavailableError
from scheduler.executors import web_actions as actions
from scheduler.executors.web_errors import browser_error, reason_of
from scheduler.executors.web_evidence import (
    BEFORE,
    PAGE,
    PICTURE,
    Moment,
    keep_nothing,
    keep_page,
    keep_picture,
    traced,
)
from scheduler.executors.web_step import Step

Level = Literal["errors", "changes", "steps", "all"]
"""What is kept: of failures only, also a picture after each change, also the page as text after each step, or all that
and a picture before each change."""

CHANGING = frozenset({actions.CLICK.name, actions.PRESS.name, actions.DRAG.name, actions.UPLOAD.name})
_PICTURED = CHANGING | {actions.DOWNLOAD.name, actions.LOGIN.name}
_PICTURED_AT: Mapping[Level, frozenset[str]] = {
    "errors": frozenset(),
    "changes": _PICTURED,
    "steps": _PICTURED | {actions.GOTO.name},
    "all": _PICTURED | {actions.GOTO.name},
}
_TOLD_AT: frozenset[Level] = frozenset({"steps", "all"})

log = structlog.get_logger(__name__)


class EvidenceKeeper:
    """Notes on the job's page what it has kept. That something could not be kept is no failure of the step."""

    def __init__(self, *, level: Level, trace: bool) -> None:
        self._level = level
        self._trace = trace

    async def before(self, step: Step) -> None:
        """Keep how the page looks before it is changed."""
        step.pictured = step.todo.action in _PICTURED_AT[self._level]
        if self._level == "all" and step.todo.action in CHANGING:
            await _keep_or_promise(step, BEFORE)

    def traced(self, step: Step) -> AbstractAsyncContextManager[None]:
        """Record what is done inside, where that is asked for."""
        return traced(step, wanted=self._trace or step.todo.params.get("trace") is True)

    async def after(self, step: Step, result: Mapping[str, Any]) -> tuple[str, ...]:
        """Keep what shows that the step was done and return all that was kept of it; the picture stands last."""
        action = step.todo.action
        if action == actions.SCREENSHOT.name:
            return (*step.job.kept, result["path"])
        kinds = [PAGE] if self._level in _TOLD_AT else []
        if action in _PICTURED_AT[self._level]:
            kinds.append(PICTURE)
        await _keep_or_promise(step, *kinds)
        return tuple(step.job.kept)

    async def of_failure(self, step: Step) -> None:
        """Keep the page as text with its errors, and a picture of it."""
        await step.job.watched()
        moment = Moment.of(step)
        await _keep(step, keep_page(step, moment), keep_picture(step, moment))


def _look(step: Step, kind: str, moment: Moment) -> Awaitable[str]:
    return keep_page(step, moment) if kind == PAGE else keep_picture(step, moment, kind)


async def _keep_or_promise(step: Step, *kinds: str) -> None:
    """Look at the page, beside what comes next where that leaves it as it is: what covers secrets is put into it."""
    facts, moment = step.job.facts, Moment.of(step)
    if not step.job.plain or (facts is not None and facts.secrets):
        await _keep(step, *(_look(step, kind, moment) for kind in kinds))
    else:
        await _promise(step, kinds, moment)


async def _promise(step: Step, kinds: Sequence[str], moment: Moment) -> None:
    step.job.kept += [str(step.tools.screenshots.path_of(step.job_id, step.task_id, kind)) for kind in kinds]
    for kind in kinds:
        step.job.watch(_redeem(step, kind, moment), note=moment.note if kind == PAGE else None)
    if PAGE in kinds:
        await moment.asked.wait()


async def _redeem(step: Step, kind: str, moment: Moment) -> None:
    (kept,) = await asyncio.gather(_look(step, kind, moment), return_exceptions=True)
    if kind == PAGE:
        moment.asked.set()
    if isinstance(kept, BaseException):
        keep_nothing(step, kind, _missed(step, kept))


async def _keep(step: Step, *kinds: Awaitable[str]) -> None:
    """Look for all of them at once, since a look changes nothing."""
    for kept in await asyncio.gather(*kinds, return_exceptions=True):
        if isinstance(kept, str):
            step.job.kept.append(kept)
        else:
            _missed(step, kept)


def _missed(step: Step, why: BaseException) -> str:
    """Say why something could not be had of the browser. Raises what is no fault of that."""
    if not isinstance(why, browser_error() | UnavailableError):
        raise why
    reason = step.clean(reason_of(why))
    log.warning("no_evidence", job_id=step.job_id, task_id=step.task_id, reason=reason)
    return reason
