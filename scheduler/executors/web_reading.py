"""Does what only looks at the page: wait for something, read text, take a picture."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import ElementNotFoundError, InvalidInputError, StepTimeoutError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.task_executor_interface import parse_params
from scheduler.core.todo import Postcondition
from scheduler.executors.files import ScreenshotStore
from scheduler.executors.web_actions import ExtractParams, ScreenshotParams, WaitForParams
from scheduler.executors.web_errors import public_url
from scheduler.executors.web_page import JobPage
from scheduler.executors.web_step import Step
from scheduler.executors.web_targets import POLL, any_match

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

_PICTURE = 2000.0  # milliseconds
_READ = """(e, attribute) => {
  if (attribute !== 'value') return attribute ? e.getAttribute(attribute) : (e.innerText ?? e.textContent);
  return e.type === 'password' ? null : (e.value ?? e.getAttribute('value'));
}"""


async def wait_for(step: Step) -> dict[str, Any]:
    """Wait until all that is asked for holds. Raises ElementNotFoundError or StepTimeoutError."""
    params, target = parse_params(WaitForParams, step.todo), step.todo.selector
    text = params.text or step.todo.text
    if target is None and params.url is None and text is None:
        raise InvalidInputError(f"{step.todo.id}.selector", "say what to wait for: selector, params.url or params.text")
    if target is not None and params.state == "attached":
        while not await any_match(step.page, target, visible=False):
            await _pause(step, ElementNotFoundError(str(target), public_url(step.page.url)))
        target = None
    if target is None and params.url is None and text is None:
        return await step.where()
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
    return await step.where()


async def extract(step: Step) -> dict[str, Any]:
    params = parse_params(ExtractParams, step.todo)
    if not params.all:
        read = step.clean(await _read(step, (await step.element()).element, params.attribute))
        return {"value" if params.attribute else "text": read}
    target = step.target()
    while not (elements := await any_match(step.page, target)):
        await _pause(step, ElementNotFoundError(str(target), public_url(step.page.url)))
    texts = [step.clean(await _read(step, element, params.attribute)) for element in elements]
    return {"values" if params.attribute else "texts": texts}


async def screenshot(step: Step) -> dict[str, Any]:
    params = parse_params(ScreenshotParams, step.todo)
    path = await keep_picture(
        step.job, step.tools.screenshots, step.job_id, step.task_id, full_page=params.full_page, timeout=step.left
    )
    return {"path": path}


async def keep_picture(
    job: JobPage,
    store: ScreenshotStore,
    job_id: JobId,
    task_id: TaskId,
    *,
    full_page: bool = False,
    timeout: float = _PICTURE,  # noqa: ASYNC109 - Playwright's own, in milliseconds
) -> str:
    """Take a picture without passwords on it and return its path."""
    page = job.page
    hidden = [frame.locator("input[type=password]") for frame in page.frames] + job.secret_fields
    for value in job.secret_values:
        if len(value) >= 4:
            hidden += [frame.get_by_text(re.compile(re.escape(value))) for frame in page.frames]
    picture = await page.screenshot(full_page=full_page, mask=hidden, mask_color="#404040", timeout=timeout)
    return await asyncio.to_thread(store.save, job_id, task_id, picture)


async def until_met(step: Step, condition: Postcondition) -> str:
    """Wait until all of the condition holds; return what does not hold at the end, nothing when all does."""
    now = asyncio.get_running_loop().time
    while True:
        last = now() >= step.until
        unmet = await _unmet(step.page, condition)
        if not unmet:
            return ""
        if last:
            return f"{unmet} ({public_url(step.page.url)})"
        await asyncio.sleep(POLL)


async def _unmet(page: "Page", condition: Postcondition) -> str:
    if condition.url is not None and condition.url not in page.url:
        return f"the address does not contain {condition.url!r}"
    if condition.selector is not None and not await any_match(page, condition.selector):
        return f"{condition.selector} is not to be seen"
    if condition.text is not None and not await _shows(page, condition.text):
        return f"the text {condition.text!r} is not to be seen"
    if condition.absent is not None and await any_match(page, condition.absent):
        return f"{condition.absent} is still to be seen"
    return ""


async def _shows(page: "Page", text: str) -> bool:
    frames = [frame.get_by_text(text).filter(visible=True) for frame in page.frames if not frame.is_detached()]
    return any([await locator.count() for locator in frames])


async def _read(step: Step, element: "Locator", attribute: str | None) -> str:
    read = await element.evaluate(_READ, attribute, timeout=step.left)
    if read is None:
        raise InvalidInputError(f"{step.todo.id}.params.attribute", f"the element has no {attribute!r} to be read")
    return str(read)


async def _pause(step: Step, failure: Exception) -> None:
    """Wait a moment, or raise `failure` when the time of the step is over."""
    if asyncio.get_running_loop().time() >= step.until:
        raise failure
    await asyncio.sleep(POLL)
