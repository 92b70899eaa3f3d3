"""Logs in with a credential, or goes on with the session that an earlier login has left for it."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import LoginRejectedError
from scheduler.core.targets import Target
from scheduler.core.task_executor_interface import parse_params
from scheduler.executors.web_errors import public_url
from scheduler.executors.web_operations import act, answer_of, enter_secret, visit
from scheduler.executors.web_params import LoginParams
from scheduler.executors.web_reading import until_met
from scheduler.executors.web_step import Step
from scheduler.executors.web_targets import any_match, find

if TYPE_CHECKING:
    from playwright.async_api import Locator

_PROBING = 3.0  # seconds that a page may take to show that we are logged in


async def login(step: Step) -> dict[str, Any]:
    """Be logged in. Raises LoginRejectedError, SecretMissingError, ElementNotFoundError and what `visit` raises."""
    params = parse_params(LoginParams, step.todo)
    mine = (step.tenant, params.credential, params.url)
    kept = await asyncio.to_thread(step.tools.logins.load, *mine) if params.reuse else None
    if kept is not None:
        now = await step.job.context.storage_state()
        await step.tools.renew(step.job, merged(dict(now), kept))
        if await _is_inside(step, params):
            return {**await step.where(), "reused": True}
        await asyncio.to_thread(step.tools.logins.delete, *mine)
        await step.tools.renew(step.job, dict(now))
    await visit(step, params.url)
    await _fill_in(step, params)
    if await until_met(step, params.check):
        raise LoginRejectedError(
            public_url(step.page.url), [f"{params.credential}.username", f"{params.credential}.password"]
        )
    storage = await step.job.context.storage_state(indexed_db=True)
    await asyncio.to_thread(step.tools.logins.save, *mine, dict(storage))
    return {**await step.where(), "reused": False}


async def _is_inside(step: Step, params: LoginParams) -> bool:
    """Whether the page shows what only those see who are logged in."""
    await visit(step, params.url)
    asked = replace(step, until=min(step.until, asyncio.get_running_loop().time() + _PROBING))
    if await any_match(step.page, params.password) and await until_met(replace(asked, until=0.0), params.check):
        return False
    return not await until_met(asked, params.check)


async def _fill_in(step: Step, params: LoginParams) -> None:
    """Enter user name and password, also where the site asks for one after the other, and send them."""
    user = step.tools.secrets.get_secret(f"{params.credential}.username")
    password = step.tools.secrets.get_secret(f"{params.credential}.password")
    field = await _element(step, params.username)
    await step.refuse_foreign(f"{params.credential}.username", field)
    await field.fill(user, timeout=step.left)
    if not await any_match(step.page, params.password):
        await act(step, lambda: field.press("Enter", timeout=step.left))
    await enter_secret(step, await _element(step, params.password), f"{params.credential}.password", password)
    button = await _element(step, params.submit)
    await act(step, lambda: button.click(timeout=step.left), answer=answer_of(params))


async def _element(step: Step, target: Target) -> "Locator":
    """Return the element within half of the time that is left, so that what is missing can be said."""
    now = asyncio.get_running_loop().time()
    return (await find(step.page, target, now + (step.until - now) / 2)).element


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return two states of a browser's storage as one; where both speak of the same, the second counts."""
    cookies = {(c["name"], c["domain"], c["path"]): c for c in (*one["cookies"], *other["cookies"])}
    origins = {origin["origin"]: origin for origin in (*one["origins"], *other["origins"])}
    return {"cookies": list(cookies.values()), "origins": list(origins.values())}
