"""Does what changes the page: go to an address, click, enter, choose, press.

Each operation takes a step and returns the fields of its result. What may not be repeated says `begin` before its
effect.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import InvalidInputError, PageRefusedError, SiteUnreachableError
from scheduler.core.references import SECRET_SCHEME
from scheduler.core.task_executor_interface import parse_params
from scheduler.executors.web_errors import browser_error, is_dead, not_begun, origin_of, public_url, reason_of
from scheduler.executors.web_page import Answer
from scheduler.executors.web_params import (
    Answering,
    CheckParams,
    ClickParams,
    FillParams,
    GotoParams,
    PressParams,
    SelectParams,
)
from scheduler.executors.web_session import BasicAuth
from scheduler.executors.web_step import Step

if TYPE_CHECKING:
    from playwright.async_api import Locator

_LATER = frozenset({408, 425, 429})


async def goto(step: Step) -> dict[str, Any]:
    params = parse_params(GotoParams, step.todo)
    if params.basic_auth is not None:
        step.tools.rails.refuse_site(f"{params.basic_auth}.password", params.url)
        asked = BasicAuth(origin=origin_of(params.url), credential=params.basic_auth)
        if step.job.basic_auth != asked:
            step.job.basic_auth = asked
            await step.tools.renew(step.job, dict(await step.job.context.storage_state()))
    await visit(step, params.url)
    return await step.where()


async def click(step: Step) -> dict[str, Any]:
    params = parse_params(ClickParams, step.todo)
    element = (await step.element()).element

    async def do() -> None:
        await element.click(button=params.button, click_count=params.count, timeout=step.left)

    return await act(step, do, answer=answer_of(params))


async def press(step: Step) -> dict[str, Any]:
    params = parse_params(PressParams, step.todo)
    if step.todo.selector is None:
        keyboard = step.page.keyboard
        return await act(step, lambda: keyboard.press(params.key), answer=answer_of(params))
    element = (await step.element()).element
    return await act(step, lambda: element.press(params.key, timeout=step.left), answer=answer_of(params))


async def fill(step: Step) -> dict[str, Any]:
    """Enter a text. A secret is fetched at the last moment and hidden before it is there to be seen."""
    if step.todo.text is None:
        raise InvalidInputError(f"{step.todo.id}.text", "is missing")
    text, keys, secret = step.todo.text, parse_params(FillParams, step.todo).keys, step.secret()
    if secret is not None:
        element = (await step.element()).element
        name = step.todo.text.removeprefix(SECRET_SCHEME)
        await enter_secret(step, element, name, secret, keys=keys)
    elif step.hidden:
        element = (await step.element()).element
        step.job.hide(element, text)
        await _enter(element, text, step.left, keys=keys)
        return {}
    elif keys:  # letters that were typed already must not be typed again
        await _enter((await step.element()).element, text, step.left, keys=keys)
    else:
        await step.type(text)
    step.job.remember(step.todo)
    return {}


async def enter_secret(step: Step, element: "Locator", name: str, secret: str, *, keys: bool = False) -> None:
    """Enter a secret where it belongs, hidden before it is there to be seen. Raises AddressForbiddenError."""
    await step.refuse_foreign(name, element)
    step.job.hide(element, secret)
    await _enter(element, secret, step.left, keys=keys)


async def _enter(element: "Locator", text: str, left: float, *, keys: bool) -> None:
    await element.fill("" if keys else text, timeout=left)
    if keys:
        await element.press_sequentially(text, timeout=left)


async def select(step: Step) -> dict[str, Any]:
    params = parse_params(SelectParams, step.todo)
    value, label = params.value, params.label
    chosen = await step.enter(
        lambda element, left: element.select_option(
            value=list(value) if isinstance(value, tuple) else value,
            label=list(label) if isinstance(label, tuple) else label,
            timeout=left,
        )
    )
    step.job.remember(step.todo)
    if isinstance(value, tuple) or isinstance(label, tuple):
        return {"values": chosen}
    return {"value": chosen[0] if chosen else ""}


async def check(step: Step) -> dict[str, Any]:
    checked = parse_params(CheckParams, step.todo).checked
    await step.tick(checked=checked)
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


def answer_of(params: Answering) -> Answer | None:
    """Return what the plan says to a question of the page, None when it says nothing."""
    return None if params.dialog is None else Answer(accepts=params.dialog == "accept", text=params.answer)


async def act(step: Step, do: Callable[[], Awaitable[object]], *, answer: Answer | None = None) -> dict[str, Any]:
    """Do what may lead to another page or tab, go there, and say where that is.

    Raises SiteUnreachableError when the site fails.
    """
    job = step.job
    await job.watched()
    job.before_act(answer)
    step.begin()
    try:
        await do()
    except browser_error() as error:
        if not_begun(error):
            step.begun = False
        if not (is_dead(error) and job.tab_closed_itself):
            raise
    await job.follow_new_tab(step.until)
    where = await step.where()
    if job.status is not None and job.status >= 500:  # what a form is answered with 4xx is a page to be read
        refuse(job.asked_for, job.status)
    if step.page.url.startswith("chrome-error:"):
        raise SiteUnreachableError(public_url(job.asked_for), "it did not answer")
    return where
