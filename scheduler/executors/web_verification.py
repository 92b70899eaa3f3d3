"""Says whether a web step has happened, from what the page shows now."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scheduler.core.errors import ArtifactNotFoundError, Effect, SiteUnreachableError, TaskFailedError
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.executors import web_actions as actions
from scheduler.executors.web_errors import public_url
from scheduler.executors.web_extract import extract
from scheduler.executors.web_gestures import meant
from scheduler.executors.web_looks import Reading
from scheduler.executors.web_params import (
    CheckParams,
    GotoParams,
    LoginParams,
    ScrollParams,
    SelectParams,
    TabParams,
    UploadParams,
    WaitForParams,
)
from scheduler.executors.web_reading import until_met, wait_for
from scheduler.executors.web_scripts import script
from scheduler.executors.web_step import Step

_PNG = b"\x89PNG"
_FILES = """async e => e instanceof HTMLInputElement && e.type === 'file' ? Promise.all([...e.files].map(async file => {
  const hash = globalThis.crypto?.subtle ? await crypto.subtle.digest('SHA-256', await file.arrayBuffer()) : null;
  const hex = hash && [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, '0')).join('');
  return {bytes: file.size, sha256: hex};
})) : null"""


async def verified(step: Step) -> Verification:
    """Answer for a step: what the plan demands decides, else what its action leaves behind.

    That a demand does not hold proves nothing when the page on which the step may have happened is lost: a form that
    was sent looks, loaded again, like one that was not. So only a step seen to its end, or one that may be repeated,
    is denied.
    """
    if step.todo.verify is not None:
        unmet = await until_met(step, step.todo.verify)
        if not unmet:
            return Verification(happened=True, result=await _result(step))
        certain = step.repeatable or step.task_id in step.job.finished
        return Verification(happened=False if certain else None, detail=step.clean(unmet), failure=_hindrance(step))
    check = _CHECKS.get(step.todo.action)
    if check is not None:
        return await check(step)
    last = step.job.last
    if last is not None and last.task_id == step.task_id and step.task_id not in step.job.finished:
        return Verification(happened=True, result=last.result, detail="a process that died had finished it")
    return Verification(happened=None)


def _hindrance(step: Step) -> TaskFailure | None:
    """Say so when the server failed under the step: what the page then shows tells nothing about what was entered."""
    job = step.job
    if not job.broken:
        return None
    failure = TaskFailure.of(SiteUnreachableError(public_url(job.asked_for), f"HTTP {job.status}"))
    return failure.model_copy(update={"retryable": step.repeatable, "effect": Effect.DONE})


async def _result(step: Step) -> dict[str, Any]:
    last = step.job.last
    return last.result if last is not None and last.task_id == step.task_id else await step.where()


async def _reached(step: Step) -> Verification:
    asked, last, at = parse_params(GotoParams, step.todo).url, step.job.last, step.page.url
    if step.job.status is not None and step.job.status >= 400:
        return Verification(happened=False, detail=f"{public_url(at)} answered with HTTP {step.job.status}")
    redirected = last is not None and last.task_id == step.task_id and last.result.get("url") == at
    if redirected or at.partition("#")[0].rstrip("/") == asked.partition("#")[0].rstrip("/"):
        return Verification(happened=True, result=await _result(step))
    return Verification(happened=False, detail=f"the page is {public_url(at)}")


async def _filled(step: Step) -> Verification:
    secret = step.secret()
    wanted = step.todo.text if secret is None else secret
    return await _compared(step, lambda value: value == wanted, "value")


async def _selected(step: Step) -> Verification:
    params = parse_params(SelectParams, step.todo)
    kind, wanted = ("label", params.label) if params.value is None else ("value", params.value)

    def fits(options: list[dict[str, str]]) -> bool:
        chosen = {option[kind] for option in options}
        return chosen == set(wanted) if isinstance(wanted, tuple) else wanted in chosen

    return await _compared(step, fits, "chosen")


async def _checked(step: Step) -> Verification:
    wanted = parse_params(CheckParams, step.todo).checked
    return await _compared(step, lambda checked: checked == wanted, "checked")


async def _compared(step: Step, fits: Callable[[Any], bool], reading: str) -> Verification:
    held = await step.held(reading)
    if held is not None and fits(held):
        return Verification(happened=True, result=await _result(step))
    try:
        held = (await step.element(record=False, reading=Reading(reading))).held
    except TaskFailedError as error:
        return Verification(happened=False, detail=step.clean(str(error)))
    if fits(held):
        return Verification(happened=True, result=await _result(step))
    return Verification(happened=False, detail=f"{step.target()} holds another value")


async def _awaited(step: Step) -> Verification:
    if parse_params(WaitForParams, step.todo).download:
        return await _downloaded(step)
    try:
        return Verification(happened=True, result=await wait_for(step))
    except TaskFailedError as error:
        return Verification(happened=False, detail=step.clean(str(error)))


async def _downloaded(step: Step) -> Verification:
    """Compare the artifact with what the step reported; without that report nobody can tell whose file it is."""
    last = step.job.last
    if last is None or last.task_id != step.task_id or "artifact" not in last.result:
        return Verification(happened=None)
    try:
        path = step.tools.artifacts.path_of(last.result["artifact"])
    except ArtifactNotFoundError as error:
        return Verification(happened=False, detail=str(error))
    digest = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()
    if digest == last.result["sha256"]:
        return Verification(happened=True, result=last.result)
    return Verification(happened=False, detail=f"{last.result['artifact']} was changed")


async def _hovered(step: Step) -> Verification:
    return await _compared(step, bool, "hovered")


async def _scrolled(step: Step) -> Verification:
    params = parse_params(ScrollParams, step.todo)
    if params.by is not None:  # how far it was before is not known any more
        return Verification(happened=None)
    if step.todo.selector is not None:
        return await _compared(step, bool, params.to or "in_view")
    if await step.page.evaluate(
        f"name => ({script('readings')})[name](document.scrollingElement)", params.to or "bottom"
    ):
        return Verification(happened=True, result=await _result(step))
    return Verification(happened=False, detail="the page is scrolled elsewhere")


async def _at_tab(step: Step) -> Verification:
    params = parse_params(TabParams, step.todo)
    if params.url is None and params.title is None and params.number is None:
        return _as_noted(step)
    if await meant(step, params) is step.page:
        return Verification(happened=True, result=await _result(step))
    return Verification(happened=False, detail=f"the tab is {public_url(step.page.url)}")


async def _uploaded(step: Step) -> Verification:
    """Compare the bytes that the field holds with those of the artifacts; a chooser leaves nothing to look at."""
    artifacts = step.tools.artifacts
    wanted = [artifacts.path_of(address) for address in parse_params(UploadParams, step.todo).files]
    hashes = [hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest() for path in wanted]
    try:
        element = (await step.element(visible=False)).element
        held = await element.evaluate(_FILES, timeout=step.left)
    except TaskFailedError:  # the page took the files and went on
        return _as_noted(step)
    if held is None:
        return _as_noted(step)
    fits = [one["sha256"] or one["bytes"] for one in held] == [
        digest if one["sha256"] else path.stat().st_size
        for one, digest, path in zip(held, hashes, wanted, strict=False)
    ]
    if held and fits and len(held) == len(wanted):
        return Verification(happened=True, result=await _result(step))
    return Verification(happened=False, detail=f"{step.target()} does not hold these files")


async def _read_again(step: Step) -> Verification:
    try:
        return Verification(happened=True, result=await extract(step))
    except TaskFailedError as error:
        return Verification(happened=False, detail=step.clean(str(error)))


async def _pictured(step: Step) -> Verification:
    path = step.tools.screenshots.path_of(step.job_id, step.task_id)
    content = await asyncio.to_thread(path.read_bytes) if path.is_file() else b""
    good = content.startswith(_PNG)
    return Verification(
        happened=good, result={"path": str(path)} if good else None, detail="" if good else "no picture"
    )


async def _logged_in(step: Step) -> Verification:
    unmet = await until_met(step, parse_params(LoginParams, step.todo).check)
    return Verification(happened=not unmet, result=None if unmet else await _result(step), detail=step.clean(unmet))


def _as_noted(step: Step) -> Verification:
    """Believe what the process noted that did the step; nobody can tell otherwise."""
    last = step.job.last
    if last is not None and last.task_id == step.task_id:
        return Verification(happened=True, result=last.result, detail="noted when it was done")
    return Verification(happened=None)


_CHECKS: Mapping[str, Callable[[Step], Awaitable[Verification]]] = {
    actions.GOTO.name: _reached,
    actions.FILL.name: _filled,
    actions.SELECT.name: _selected,
    actions.CHECK.name: _checked,
    actions.HOVER.name: _hovered,
    actions.SCROLL.name: _scrolled,
    actions.TAB.name: _at_tab,
    actions.WAIT_FOR.name: _awaited,
    actions.EXTRACT.name: _read_again,
    actions.DOWNLOAD.name: _downloaded,
    actions.UPLOAD.name: _uploaded,
    actions.SCREENSHOT.name: _pictured,
    actions.LOGIN.name: _logged_in,
}
