"""Keeps what shows how a step went: pictures, the page as text, errors inside it, a trace. Secrets are blanked in all.

A page told as text shows what stands in password fields in clear, so those values are read and blanked before anybody
sees the text.
"""

import asyncio
import json
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from scheduler.executors.web_errors import browser_error, is_dead, is_passing, safe_url
from scheduler.executors.web_looks import PageFacts, noted_facts, noting
from scheduler.executors.web_scripts import script
from scheduler.executors.web_step import Step

if TYPE_CHECKING:
    from playwright.async_api import Frame, Locator

_PICTURE = 2000.0  # milliseconds
_PAGE_LIMIT = 20_000  # letters
_BLANK = "•••"
_COVER = "#404040"
PAGE, PICTURE, BEFORE = ".page.txt", ".png", ".before.png"
_PNG = b"\x89PNG\r\n\x1a\n"
_HIDING_FIELDS = (
    "input[type=password],input[autocomplete~=one-time-code],input[autocomplete^=cc-],"
    "input[autocomplete~=current-password],input[autocomplete~=new-password]"
)
_NOTES = count(1)
_SHORTEST = 4  # letters of a secret that is blanked wherever it stands; a shorter one only where it is a value
NO_TRACE = "not recorded, because the job has used a secret, which a trace would hold"


async def take_picture(
    step: Step,
    *,
    element: "Locator | None" = None,
    full_page: bool = False,
    timeout: float = _PICTURE,  # noqa: ASYNC109 - Playwright's own, in milliseconds
) -> bytes:
    """Return a picture without secrets on it."""
    page, job = step.page, step.job
    hidden = [frame.locator(_HIDING_FIELDS) for frame in page.frames] + job.secret_fields
    for value in job.secret_values:
        if len(value) >= _SHORTEST:
            hidden += [frame.get_by_text(re.compile(re.escape(value))) for frame in page.frames]
    if element is not None:
        return await element.screenshot(mask=hidden, mask_color=_COVER, timeout=timeout)
    return await page.screenshot(full_page=full_page, mask=hidden, mask_color=_COVER, timeout=timeout)


class Moment(NamedTuple):
    """Where a step has left the page, what went wrong inside it, and the number under which the page is to be noted.

    `asked` is set when the browser has been asked for the page as text. `facts` are what is known of it, and `shot` is
    the picture that is being taken of it, if there is such.
    """

    url: str
    trouble: tuple[str, ...]
    note: int
    asked: asyncio.Event
    facts: PageFacts | None
    shot: "asyncio.Task[bytes] | None"

    @classmethod
    def of(cls, step: Step) -> Self:
        trouble, facts = step.job.trouble.lines(), step.job.facts
        return cls(step.page.url, trouble, next(_NOTES), asyncio.Event(), facts, step.shot)


async def keep_picture(step: Step, moment: Moment, kind: str = PICTURE) -> str:
    """Take a picture and return its path; it is written while the job goes on."""
    picture = await _plain_picture(step, moment) or await take_picture(step)
    return _write(step, lambda: picture, kind)


async def _plain_picture(step: Step, moment: Moment) -> bytes | None:
    """Return a picture as it is; None when there may be something on it to be covered, or it takes too long.

    What stands in fields for secrets is asked with the picture, unless it is known already, and after it.
    """
    if not step.job.plain:
        return None
    try:
        async with asyncio.timeout(_PICTURE / 1000):
            if moment.facts is None:
                picture, facts = await asyncio.gather(step.job.capture(), step.job.seen(step.until))
            else:
                picture, facts = await (moment.shot or step.job.capture()), moment.facts
            seen = {*facts.secrets, *(await step.job.seen(step.until)).secrets}
    except TimeoutError:
        return None
    except browser_error() as error:
        if is_dead(error):
            raise
        return None  # a page that has only just come shows nothing yet
    step.job.page_secrets.update(filter(None, seen))
    return None if seen else picture


async def keep_page(step: Step, moment: Moment) -> str:
    """Look at title and page as text, and keep them with where that was and what went wrong; return the path.

    It is written, free of secrets, while the job goes on.
    """
    seen, facts, secret = await _seen(step, moment)
    url, trouble = moment.url, moment.trouble

    def told() -> bytes:
        lines = [
            f"address: {safe_url(url, step.tools.secrets)}",
            f"title: {facts.title}",
            "went wrong in the page:",
            *(f"  {line}" for line in trouble or ("-",)),
            "page:",
        ]
        head = step.clean(blanked("\n".join(lines), secret))
        page, _ = shortened(step.clean(blanked(seen, secret)), _PAGE_LIMIT)
        return f"{head}\n{page}\n".encode()

    return _write(step, told, PAGE)


def keep_nothing(step: Step, kind: str, reason: str) -> None:
    """Say where a page or a picture was to stand that it could not be had; a picture that is none is crossed out."""
    _write(step, lambda: _crossed_out() if kind != PAGE else f"not to be seen: {reason}\n".encode(), kind)


def _crossed_out() -> bytes:
    """Return a small picture of a cross."""
    side = 64
    rows = b"".join(b"\0" + bytes(0 if x in {y, side - 1 - y} else 255 for x in range(side)) for y in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part)) for name, part in parts
    )


def _write(step: Step, content: Callable[[], bytes], kind: str) -> str:
    store, mine = step.tools.screenshots, (step.job_id, step.task_id)
    step.job.write(lambda: store.save(*mine, content(), kind))
    return str(store.path_of(*mine, kind))


async def page_as_text(step: Step, *, element: "Locator | None" = None, depth: int | None = None) -> str:
    """Return what is on the page with roles, names and refs, free of secrets."""
    seen, _, secret = await _seen(step, Moment.of(step), element, depth)
    return step.clean(blanked(seen, secret))


async def _seen(
    step: Step, moment: Moment, element: "Locator | None" = None, depth: int | None = None
) -> tuple[str, PageFacts, frozenset[str]]:
    """Return the page as text, what is to be known of it, and the secrets that may stand in the text.

    Those were read in the same moment. Where that cannot be, they were read before the look, by this step or, in the
    same document, by one before it, and after it.
    """
    job = step.job
    seen, facts = await _seen_at_once(step, moment, element, depth) if len(step.page.frames) == 1 else ("", None)
    if facts is None:
        shown = step.page if element is None else element
        if not job.looked:
            await _secrets_on(step)
        seen = await shown.aria_snapshot(mode="ai", depth=depth, timeout=step.left)
        facts = await _secrets_on(step)
    return seen, facts, frozenset(job.page_secrets | job.secret_values)


async def _seen_at_once(
    step: Step, moment: Moment, element: "Locator | None", depth: int | None
) -> tuple[str, PageFacts | None]:
    """Return the page as text and what was to be known of it in that moment; no such when another page came since."""
    root = step.page.locator(":root")
    shown = root.locator("body").first if element is None else element
    look = asyncio.create_task(noting(shown, moment.note).aria_snapshot(mode="ai", depth=depth, timeout=step.left))
    await asyncio.sleep(0)  # in which it sets out
    moment.asked.set()
    seen = await look
    facts = step.job.wire.noted(moment.note) or await noted_facts(root, moment.note, step.left)
    if facts is not None:
        step.job.page_secrets.update(filter(None, facts.secrets))
    return seen, facts


async def _secrets_on(step: Step) -> PageFacts:
    """Note what stands in fields for secrets now, in all frames."""
    main = step.page.main_frame
    others = [frame for frame in step.page.frames if frame is not main and not frame.is_detached()]
    facts, found = await asyncio.gather(step.job.look(step.until), asyncio.gather(*map(_secrets_in, others)))
    step.job.page_secrets.update(value for values in found for value in values if value)
    return facts


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
