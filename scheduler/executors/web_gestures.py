"""Moves the pointer, the page and between tabs."""

import asyncio
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import TabNotFoundError
from scheduler.core.task_executor_interface import parse_params
from scheduler.executors.web_errors import browser_error, public_url
from scheduler.executors.web_operations import act, answer_of
from scheduler.executors.web_params import DragParams, ScrollParams, TabParams
from scheduler.executors.web_step import Step
from scheduler.executors.web_targets import POLL, find

if TYPE_CHECKING:
    from playwright.async_api import Page

_SCROLL = """(e, to) => {
  const box = e ?? document.scrollingElement;
  if (typeof to === 'number') box.scrollBy({top: to, behavior: 'instant'});
  else box.scrollTo({top: to === 'top' ? 0 : box.scrollHeight, behavior: 'instant'});
}"""


async def hover(step: Step) -> dict[str, Any]:
    element = (await step.element()).element
    await element.hover(timeout=step.left)
    return {}


async def drag(step: Step) -> dict[str, Any]:
    params = parse_params(DragParams, step.todo)
    element = (await step.element()).element
    goal = (await find(step.page, params.to, step.until)).element
    return await act(step, lambda: element.drag_to(goal, timeout=step.left), answer=answer_of(params))


async def scroll(step: Step) -> dict[str, Any]:
    params = parse_params(ScrollParams, step.todo)
    way = params.to if params.by is None else params.by
    if step.todo.selector is None:
        await step.page.evaluate(f"to => ({_SCROLL})(null, to)", "bottom" if way is None else way)
        return {}
    element = (await step.element()).element
    if way is None:
        await element.scroll_into_view_if_needed(timeout=step.left)
    else:
        await element.evaluate(_SCROLL, way, timeout=step.left)
    return {}


async def tab(step: Step) -> dict[str, Any]:
    """Go to the tab that is meant, waiting for it to be there. Raises TabNotFoundError, which names those there are."""
    params = parse_params(TabParams, step.todo)
    if params.close and len(step.job.context.pages) > 1:
        await step.page.close()
    while (page := await meant(step, params)) is None:
        if asyncio.get_running_loop().time() >= step.until:
            there = [f"{step.clean(await _title(one))} ({public_url(one.url)})" for one in step.job.context.pages]
            raise TabNotFoundError(params.url or params.title or str(params.number or "-"), there)
        await asyncio.sleep(POLL)
    step.job.go_to(page)
    await page.bring_to_front()
    return {**await step.where(), "tabs": len(step.job.context.pages)}


async def meant(step: Step, params: TabParams) -> "Page | None":
    """Return the newest tab the parameters fit, None when there is none now."""
    pages = step.job.context.pages
    if params.number is not None:
        return pages[params.number - 1] if params.number <= len(pages) else None
    if params.url is None and params.title is None:
        others = [page for page in pages if params.close or page is not step.page]
        return others[-1] if others else None
    for page in reversed(pages):
        if (params.url or "") in page.url and (params.title is None or params.title in await _title(page)):
            return page
    return None


async def _title(page: "Page") -> str:
    try:
        return await page.title()
    except browser_error():  # it is just closing or loading
        return ""
