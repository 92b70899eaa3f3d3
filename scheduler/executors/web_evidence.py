"""Keeps what shows how a step went: pictures, the page as text, errors inside it, a trace. Secrets are blanked in all.

A page told as text shows what stands in password fields in clear, so those values are read and blanked before anybody
sees the text.
"""

import asyncio
import json
import re
import tempfile
import zipfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.executors.web_errors import browser_error, is_passing, safe_url
from scheduler.executors.web_scripts import script
from scheduler.executors.web_step import Step

if TYPE_CHECKING:
    from playwright.async_api import Frame, Locator

_PICTURE = 2000.0  # milliseconds
_PAGE_LIMIT = 20_000  # letters
_BLANK = "•••"
_HIDING_FIELDS = (
    "input[type=password],input[autocomplete~=one-time-code],input[autocomplete^=cc-],"
    "input[autocomplete~=current-password],input[autocomplete~=new-password]"
)
_SHORTEST = 4  # letters of a secret that is blanked wherever it stands; a shorter one only where it is a value
NO_TRACE = "not recorded, because the job has used a secret, which a trace would hold"


async def keep_picture(
    step: Step,
    *,
    element: "Locator | None" = None,
    full_page: bool = False,
    timeout: float = _PICTURE,  # noqa: ASYNC109 - Playwright's own, in milliseconds
    part: str = "",
) -> str:
    """Take a picture without passwords on it and return its path. `part` is put into its name."""
    page, job = step.page, step.job
    hidden = [frame.locator(_HIDING_FIELDS) for frame in page.frames] + job.secret_fields
    for value in job.secret_values:
        if len(value) >= _SHORTEST:
            hidden += [frame.get_by_text(re.compile(re.escape(value))) for frame in page.frames]
    if element is None:
        picture = await page.screenshot(full_page=full_page, mask=hidden, mask_color="#404040", timeout=timeout)
    else:
        picture = await element.screenshot(mask=hidden, mask_color="#404040", timeout=timeout)
    return await asyncio.to_thread(step.tools.screenshots.save, step.job_id, step.task_id, picture, f"{part}.png")


async def keep_page(step: Step) -> str:
    """Keep address, title, what went wrong inside the page, and the page as text; return the path."""
    (whole, secret), title = await asyncio.gather(_seen(step), step.page.title())
    seen, _ = shortened(whole, _PAGE_LIMIT)
    lines = [
        f"address: {safe_url(step.page.url, step.tools.secrets)}",
        f"title: {title}",
        "went wrong in the page:",
        *(f"  {line}" for line in step.job.trouble.lines() or ("-",)),
        "page:",
    ]
    told = step.clean(blanked("\n".join(lines), secret | step.job.secret_values))
    text = f"{told}\n{seen}\n"
    return await asyncio.to_thread(step.tools.screenshots.save, step.job_id, step.task_id, text.encode(), ".page.txt")


async def page_as_text(step: Step, *, element: "Locator | None" = None, depth: int | None = None) -> str:
    """Return what is on the page with roles, names and refs, free of secrets."""
    return (await _seen(step, element, depth))[0]


async def _seen(step: Step, element: "Locator | None" = None, depth: int | None = None) -> tuple[str, frozenset[str]]:
    """Return the page as text, free of secrets, and what stood in secret fields just before the look and after it."""
    shown = step.page if element is None else element
    looking = shown.aria_snapshot(mode="ai", depth=depth, timeout=step.left)
    before, seen = await asyncio.gather(secrets_on(step), looking)
    secret = before | await secrets_on(step)
    return step.clean(blanked(seen, secret | step.job.secret_values)), secret


async def secrets_on(step: Step) -> frozenset[str]:
    """Return what stands in password fields now, in all frames."""
    frames = [frame for frame in step.page.frames if not frame.is_detached()]
    return frozenset(value for found in await asyncio.gather(*map(_secrets_in, frames)) for value in found)


async def _secrets_in(frame: "Frame") -> list[str]:
    try:
        values: list[str] = await frame.evaluate(script("secrets"))
    except browser_error() as error:
        if is_passing(error) or frame.is_detached():
            return []
        raise
    return values


def blanked(text: str, secrets: Collection[str]) -> str:
    """Return a page's text without these values; those of fewer than four letters go where they are a field's value."""
    for value in sorted(secrets, key=len, reverse=True):
        for form in dict.fromkeys((value, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1])):
            if len(value) >= _SHORTEST:
                text = text.replace(form, _BLANK)
            else:
                text = re.sub(rf"(?m)(: \"?){re.escape(form)}(\"?)$", rf"\g<1>{_BLANK}\g<2>", text)
    return text


def shortened(text: str, limit: int) -> tuple[str, bool]:
    """Return at most `limit` letters in whole lines, with a mark that says what is missing, and whether it is."""
    if len(text) <= limit:
        return text, False
    kept = text[:limit].rpartition("\n")[0]
    missing = text.count("\n") - kept.count("\n")
    return f"{kept}\n… cut: {missing} more lines", True


@asynccontextmanager
async def traced(step: Step, *, wanted: bool) -> AsyncIterator[None]:
    """Record the step, and keep the trace when it holds no secret that is known; else say why there is none."""
    if not wanted:
        yield
        return
    if step.job.secret_values or step.uses_secret:
        step.trace = NO_TRACE
        yield
        return
    tracing = step.job.context.tracing
    await tracing.start(screenshots=True, snapshots=True)
    try:
        yield
    finally:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "trace.zip")
            try:
                await tracing.stop(path=path)
            except browser_error():  # it went down with the browser
                step.trace = "lost with the browser"
            else:
                await asyncio.to_thread(_keep_trace, step, path)


def _keep_trace(step: Step, path: Path) -> None:
    known = [value.encode() for value in step.tools.secrets.values() if len(value) >= _SHORTEST]
    with zipfile.ZipFile(path) as trace:
        parts = (trace.read(name) for name in trace.namelist())
        if any(value in part for part in parts for value in known):
            step.trace = NO_TRACE
            return
    kept = step.tools.screenshots.save(step.job_id, step.task_id, path.read_bytes(), ".trace.zip")
    step.trace = kept
    step.job.kept.append(kept)
