"""Does what only looks at the page: wait for something, take a picture, say what is there."""

import asyncio
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import ElementNotFoundError, InvalidInputError, StepTimeoutError
from scheduler.core.targets import Target
from scheduler.core.task_executor_interface import parse_params
from scheduler.core.todo import Postcondition
from scheduler.executors.web_errors import public_url
from scheduler.executors.web_evidence import page_as_text, shortened, take_picture
from scheduler.executors.web_files import wait_for_file
from scheduler.executors.web_looks import Reading, read
from scheduler.executors.web_params import ScreenshotParams, SnapshotParams, WaitForParams
from scheduler.executors.web_step import Step
from scheduler.executors.web_targets import POLL, any_match

if TYPE_CHECKING:
    from playwright.async_api import Page

_LAST_LOOK = 1000.0  # milliseconds, also when the time of the step is over


async def wait_for(step: Step) -> dict[str, Any]:
    """Wait until all that is asked for holds. Raises ElementNotFoundError or StepTimeoutError."""
    params, target = parse_params(WaitForParams, step.todo), step.todo.selector
    text = params.text or step.todo.text
    if target is None and params.url is None and text is None and not (params.idle or params.download):
        raise InvalidInputError(f"{step.todo.id}.selector", "say what to wait for: selector or params")
    await _wait_for_page(step, params, target, text)
    if params.idle:
        await step.page.wait_for_load_state("networkidle", timeout=step.left)
    file = await wait_for_file(step) if params.download else {}
    return {**await step.where(), **file}


async def _wait_for_page(step: Step, params: WaitForParams, target: Target | None, text: str | None) -> None:
    if target is not None and params.state == "attached":
        while not await any_match(step.page, target, visible=False):
            await _pause(step, ElementNotFoundError(str(target), public_url(step.page.url)))
        target = None
    if target is None and params.url is None and text is None:
        return
    condition = Postcondition(
        url=params.url,
        text=text,
        selector=target if params.state == "visible" else None,
        absent=target if params.state == "hidden" else None,
    )
    unmet = await until_met(step, condition)
    if unmet and condition.selector is not None and not await any_match(step.page, condition.selector):
        raise ElementNotFoundError(str(condition.selector), public_url(step.page.url))
    if unmet:
        raise StepTimeoutError(f"{step.what}: {unmet}", f"{step.todo.timeout:g} s")


async def screenshot(step: Step) -> dict[str, Any]:
    params = parse_params(ScreenshotParams, step.todo)
    element = None if step.todo.selector is None else (await step.element()).element
    picture = await take_picture(step, element=element, full_page=params.full_page, timeout=step.left)
    return {"path": await asyncio.to_thread(step.tools.screenshots.save, step.job_id, step.task_id, picture)}


async def snapshot(step: Step) -> dict[str, Any]:
    """Say what is on the page, with a ref for each element that the next steps may point at, and free of secrets."""
    params = parse_params(SnapshotParams, step.todo)
    element = None if step.todo.selector is None else (await step.element()).element
    seen = await page_as_text(step, element=element, depth=params.depth)
    page, cut = shortened(seen, params.limit)
    return {"page": page, "cut": cut, **await step.where()}


async def until_met(step: Step, condition: Postcondition) -> str:
    """Wait until all of the condition holds; return what does not hold at the end, nothing when all does."""
    now = asyncio.get_running_loop().time
    while True:
        last = now() >= step.until
        unmet = await _unmet(step, condition)
        if not unmet:
            return ""
        if last:
            return f"{unmet} ({public_url(step.page.url)})"
        await asyncio.sleep(POLL)


async def _unmet(step: Step, condition: Postcondition) -> str:
    page = step.page
    if condition.url is not None and condition.url not in page.url:
        return f"the address does not contain {condition.url!r}"
    if condition.selector is not None and not await any_match(page, condition.selector):
        return f"{condition.selector} is not to be seen"
    if condition.text is not None and not await _shows(page, condition.text):
        return f"the text {condition.text!r} is not to be seen"
    if condition.absent is not None and await any_match(page, condition.absent):
        return f"{condition.absent} is still to be seen"
    return await _unlike(step, condition)


async def _unlike(step: Step, condition: Postcondition) -> str:
    if condition.value is not None and condition.selector is not None:
        shown = await any_match(step.page, condition.selector)
        held = [await read(one, Reading("held"), _LAST_LOOK) for one in shown]
        if held != [step.meant(condition.value)]:
            return f"{condition.selector} holds another value"
    if condition.sha256 is not None and not step.has_given(condition.sha256):
        return f"the file does not have the hash {condition.sha256}"
    return ""


async def _shows(page: "Page", text: str) -> bool:
    frames = [frame.get_by_text(text).filter(visible=True) for frame in page.frames if not frame.is_detached()]
    return any([await locator.count() for locator in frames])


async def _pause(step: Step, failure: Exception) -> None:
    """Wait a moment, or raise `failure` when the time of the step is over."""
    if asyncio.get_running_loop().time() >= step.until:
        raise failure
    await asyncio.sleep(POLL)
