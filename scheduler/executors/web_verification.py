"""Says whether a web step has happened, from what the page shows now."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scheduler.core.errors import ArtifactNotFoundError, Effect, SiteUnreachableError, TaskFailedError
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.executors.web_actions import (
    CHECK,
    DOWNLOAD,
    FILL,
    GOTO,
    SELECT,
    WAIT_FOR,
    CheckParams,
    GotoParams,
    SelectParams,
)
from scheduler.executors.web_errors import public_url
from scheduler.executors.web_reading import until_met, wait_for
from scheduler.executors.web_step import Step

_VALUE = "e => e.value ?? e.innerText"
_CHOSEN = "e => [...e.selectedOptions].map(o => ({value: o.value, label: o.label}))"


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
    return await _compared(step, lambda value: value == wanted, _VALUE)


async def _selected(step: Step) -> Verification:
    params = parse_params(SelectParams, step.todo)

    def fits(options: list[dict[str, str]]) -> bool:
        return any(params.value == option["value"] or params.label == option["label"] for option in options)

    return await _compared(step, fits, _CHOSEN)


async def _checked(step: Step) -> Verification:
    wanted = parse_params(CheckParams, step.todo).checked
    return await _compared(step, lambda checked: checked == wanted, "e => e.checked")


async def _compared(step: Step, fits: Callable[[Any], bool], script: str) -> Verification:
    try:
        element = (await step.element()).element
    except TaskFailedError as error:
        return Verification(happened=False, detail=step.clean(str(error)))
    if fits(await element.evaluate(script, timeout=step.left)):
        return Verification(happened=True, result=await _result(step))
    return Verification(happened=False, detail=f"{step.target()} holds another value")


async def _awaited(step: Step) -> Verification:
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


_CHECKS: Mapping[str, Callable[[Step], Awaitable[Verification]]] = {
    GOTO.name: _reached,
    FILL.name: _filled,
    SELECT.name: _selected,
    CHECK.name: _checked,
    WAIT_FOR.name: _awaited,
    DOWNLOAD.name: _downloaded,
}
