"""Does what changes the page: go to an address, click, enter, choose, press.

Each operation takes a step and returns the fields of its result. What may not be repeated says `begin` before its
effect.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from scheduler.core.errors import InvalidInputError, PageRefusedError, SiteUnreachableError
from scheduler.core.task_executor_interface import parse_params
from scheduler.executors.web_actions import CheckParams, ClickParams, GotoParams, PressParams, SelectParams
from scheduler.executors.web_errors import browser_error, is_dead, public_url, reason_of
from scheduler.executors.web_step import Step

if TYPE_CHECKING:
    from playwright.async_api import Locator

_LATER = frozenset({408, 425, 429})


async def goto(step: Step) -> dict[str, Any]:
    await visit(step, parse_params(GotoParams, step.todo).url)
    return await step.where()


async def click(step: Step) -> dict[str, Any]:
    params = parse_params(ClickParams, step.todo)
    element = (await step.element()).element
    if not step.repeatable:
        await _wait_until_clickable(step, element)
    await act(step, lambda: element.click(timeout=step.left), answer=params.dialog)
    return await step.where()


async def press(step: Step) -> dict[str, Any]:
    key = parse_params(PressParams, step.todo).key
    if step.todo.selector is None:
        keyboard = step.page.keyboard
        await act(step, lambda: keyboard.press(key))
    else:
        element = (await step.element()).element
        await act(step, lambda: element.press(key, timeout=step.left))
    return await step.where()


async def fill(step: Step) -> dict[str, Any]:
    """Enter a text. A secret is fetched at the last moment and hidden before it is there to be seen."""
    if step.todo.text is None:
        raise InvalidInputError(f"{step.todo.id}.text", "is missing")
    element = (await step.element()).element
    secret = step.secret()
    if secret is not None:
        await step.refuse_foreign(element)
        step.job.hide(element, secret)
    await element.fill(step.todo.text if secret is None else secret, timeout=step.left)
    step.job.remember(step.todo)
    return {}


async def select(step: Step) -> dict[str, Any]:
    params = parse_params(SelectParams, step.todo)
    element = (await step.element()).element
    chosen = await element.select_option(value=params.value, label=params.label, timeout=step.left)
    step.job.remember(step.todo)
    return {"value": chosen[0] if chosen else ""}


async def check(step: Step) -> dict[str, Any]:
    checked = parse_params(CheckParams, step.todo).checked
    element = (await step.element()).element
    await element.set_checked(checked, timeout=step.left)
    step.job.remember(step.todo)
    return {"checked": checked}


async def visit(step: Step, url: str) -> None:
    """Load an address. Raises SiteUnreachableError, PageRefusedError and InvalidInputError when it is a file."""
    step.job.status = None
    try:
        response = await step.page.goto(url, wait_until="domcontentloaded", timeout=step.left)
    except browser_error() as error:
        if is_dead(error):
            raise
        reason = step.clean(reason_of(error))
        if "Download is starting" in reason:
            raise InvalidInputError(f"{step.todo.id}.params.url", "this is a file; take web.download") from error
        raise SiteUnreachableError(public_url(url), reason) from error
    if response is not None:
        refuse(url, response.status)


def refuse(url: str, status: int) -> None:
    """Raise SiteUnreachableError or PageRefusedError when the status says that this is not what was asked for."""
    if status >= 500 or status in _LATER:
        raise SiteUnreachableError(public_url(url), f"HTTP {status}")
    if status >= 400:
        raise PageRefusedError(public_url(url), status)


async def act(
    step: Step, do: Callable[[], Awaitable[object]], *, answer: Literal["accept", "dismiss"] = "dismiss"
) -> None:
    """Do what may lead to another page or tab, and go there. Raises SiteUnreachableError when the site fails."""
    job = step.job
    job.before_act(answer)
    step.begin()
    try:
        await do()
    except browser_error() as error:
        if not (is_dead(error) and job.tab_closed_itself):
            raise
    await job.follow_new_tab(step.until)
    await step.page.wait_for_load_state("domcontentloaded", timeout=step.left)
    if job.status is not None and job.status >= 500:  # what a form is answered with 4xx is a page to be read
        refuse(job.asked_for, job.status)
    if step.page.url.startswith("chrome-error:"):
        raise SiteUnreachableError(public_url(job.asked_for), "it did not answer")


async def _wait_until_clickable(step: Step, element: "Locator") -> None:
    """Fail while nothing has happened yet: a time-out of the click itself would leave open whether it was done."""
    await element.click(trial=True, timeout=step.left)
