"""Brings files from the page into the artifacts of a job, and from there to the page."""

import asyncio
import hashlib
import mimetypes
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from scheduler.core.errors import InvalidInputError, StepTimeoutError
from scheduler.core.task_executor_interface import parse_params
from scheduler.executors.web_downloads import (
    PAGES,
    Arrivals,
    ReceivedFile,
    fetched,
    refuse_no_file,
    saved,
    stored,
)
from scheduler.executors.web_links import linked, settle
from scheduler.executors.web_operations import act, answer_of, visit
from scheduler.executors.web_params import DownloadParams, UploadParams
from scheduler.executors.web_step import Step
from scheduler.executors.web_targets import POLL

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import FilePayload, Locator, Response

_IN_MEMORY = 50_000_000  # bytes; more than this Playwright takes from disk only
_IS_FILE_INPUT = "e => e instanceof HTMLInputElement && e.type === 'file'"


async def download(step: Step) -> dict[str, Any]:
    """Fetch a file and keep it under the name the site gives it. Raises DownloadFailedError for what is none."""
    params = parse_params(DownloadParams, step.todo)
    if params.url is None:
        file = await _by_click(step)
    else:
        url = urljoin(step.page.url, params.url)
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidInputError(f"{step.todo.id}.params.url", f"{params.url!r} is no address of a site")
        file = await fetched(step.job.context, url, step.left, step.tools.rails)
        if params.page and file.media_type in PAGES:
            file = await _as_shown(step, url, file.name)
        elif params.document and file.is_shown:
            file = await linked(step, url, params.document, file)
    return await _kept(step, file)


async def _as_shown(step: Step, url: str, name: str) -> ReceivedFile:
    """Open a page and return it as it is once its scripts have run."""
    await visit(step, url)
    await settle(step)
    content = (await step.page.content()).encode()
    stem = PurePosixPath(name).stem if urlsplit(url).path.strip("/") else urlsplit(url).hostname or name
    step.tools.rails.refuse_size(stem, len(content))
    return ReceivedFile(f"{stem}.html", content, "text/html")


async def wait_for_file(step: Step) -> dict[str, Any]:
    """Take the oldest file that came by itself and no step has taken, or wait for one. Raises StepTimeoutError."""
    while not step.job.downloads:
        if asyncio.get_running_loop().time() >= step.until:
            raise StepTimeoutError(f"{step.what}: no file has come", f"{step.todo.timeout:g} s")
        await asyncio.sleep(POLL)
    async with asyncio.timeout_at(step.until):
        file = await stored(step.job.downloads.popleft(), step.tools.rails)
    return await _kept(step, file)


async def _kept(step: Step, file: ReceivedFile) -> dict[str, Any]:
    refuse_no_file(file)
    step.tools.rails.refuse_kind(file.name, file.content)
    artifacts = step.tools.artifacts
    address = await asyncio.to_thread(artifacts.save, step.job_id, step.task_id, file.name, file.content)
    return {
        "artifact": address,
        "name": artifacts.name_of(address),
        "bytes": len(file.content),
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "media_type": file.media_type,
    }


async def _by_click(step: Step) -> ReceivedFile:
    element = (await step.element()).element
    context, page = step.job.context, step.page
    before, address = set(context.pages), page.url
    step.job.before_act(follow=False)
    with Arrivals(context, step.tools.rails) as arrivals:
        try:
            await element.click(timeout=step.left)
            async with asyncio.timeout_at(step.until):
                await arrivals.first
            if arrivals.download is not None and arrivals.download in step.job.downloads:
                step.job.downloads.remove(arrivals.download)
            return await saved(arrivals, context, step.left)
        finally:
            for tab in set(context.pages) - before:
                await tab.close()
            if not page.is_closed() and page.url != address and arrivals.inline is not None:
                await _go_back(step, arrivals.inline)


async def _go_back(step: Step, shown: "Response") -> None:
    """Leave the file that the browser shows in place of the page; the next step expects the page."""
    if step.page.url == shown.url:
        await step.page.go_back(wait_until="domcontentloaded", timeout=step.left)


async def upload(step: Step) -> dict[str, Any]:
    """Hand artifacts of this job to a file field, or to the chooser that a button opens."""
    params = parse_params(UploadParams, step.todo)
    addresses, answer = params.files, answer_of(params)
    files = await asyncio.to_thread(_read, step, addresses)
    element = (await step.element(visible=False)).element
    if await element.evaluate(_IS_FILE_INPUT, timeout=step.left):
        where = await act(step, lambda: element.set_input_files(files, timeout=step.left), answer=answer)
    else:
        where = await act(step, lambda: _through_chooser(step, element, files), answer=answer)
    return {"files": [step.tools.artifacts.name_of(address) for address in addresses], **where}


async def _through_chooser(step: Step, element: "Locator", files: "list[FilePayload] | list[Path]") -> None:
    async with step.page.expect_file_chooser(timeout=step.left) as opening:
        await element.click(timeout=step.left)
    chooser = await opening.value
    await chooser.set_files(files, timeout=step.left)


def _read(step: Step, addresses: tuple[str, ...]) -> "list[FilePayload] | list[Path]":
    """Return the files under the names people gave them; large ones only as they lie on disk."""
    artifacts = step.tools.artifacts
    for number, address in enumerate(addresses):
        if not address.startswith(f"artifact://{step.job_id}/"):
            raise InvalidInputError(f"{step.todo.id}.params.files.{number}", "is no file of this job")
    paths = [artifacts.path_of(address) for address in addresses]
    if sum(path.stat().st_size for path in paths) >= _IN_MEMORY:
        return paths
    names = [artifacts.name_of(address) for address in addresses]
    return [_payload(name, path) for name, path in zip(names, paths, strict=True)]


def _payload(name: str, path: "Path") -> "FilePayload":
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "mimeType": media_type, "buffer": path.read_bytes()}
