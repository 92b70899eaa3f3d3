"""Catches a file on its way to the browser, however the site sends it.

An attachment ends in a download event. A PDF that the site wants shown may end in the browser's viewer, in a tab of its
own, and no download event ever comes: its response is the first sign, and it is fetched again with the same cookies.
"""

import asyncio
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from scheduler.core.errors import CPAError, DownloadFailedError, SiteUnreachableError
from scheduler.core.sentences import Sentence
from scheduler.executors.web_errors import browser_error, is_dead, is_timeout, public_url, reason_of
from scheduler.executors.web_guard import GuardRails
from scheduler.executors.web_operations import refuse

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Download, Response

_GRACE = 1.0  # seconds for a download event to follow the response that announces it
SHOWN = frozenset({"text/html", "application/xhtml+xml"})
PAGES = SHOWN | {""}
_EXTENDED = re.compile(r"filename\*\s*=\s*([\w-]*)'[^']*'([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)

_SHOWN_ONLY = Sentence(
    "die Website zeigt sie nur und lässt sie nicht holen", "the site shows it and does not let it be fetched"
)


@dataclass(frozen=True)
class ReceivedFile:
    """A file with the name the site gives it. `attached`: the site does not want it shown."""

    name: str
    content: bytes
    media_type: str
    attached: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether it is a page for the browser."""
        return self.media_type in SHOWN and not self.attached


class Arrivals:
    """Watches all tabs of a context. `first` is done when a file comes, as `download` or as `inline`, or is refused."""

    def __init__(self, context: "BrowserContext", rails: GuardRails) -> None:
        self.rails = rails
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.download: Download | None = None
        self.inline: Response | None = None
        self._context = context
        self._waiting: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._context.on("download", self._on_download)
        self._context.on("response", self._on_response)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.remove_listener("download", self._on_download)
        self._context.remove_listener("response", self._on_response)
        if self._waiting is not None:
            self._waiting.cancel()
        if not self.first.cancel() and not self.first.cancelled():
            self.first.exception()  # read, so that nobody complains about an answer that came too late

    def _on_download(self, download: "Download") -> None:
        self.download = self.download or download
        self._arrived()

    def _on_response(self, response: "Response") -> None:
        navigation = response.request.is_navigation_request()
        media_type = media_type_of(response.headers)
        if navigation and response.status >= 400:
            self._fail(lambda: refuse(response.url, response.status))
        elif _announced(response) > self.rails.most_bytes:
            self._fail(lambda: self.rails.refuse_size(file_name(response.headers, response.url), _announced(response)))
        elif self.inline is None and _may_be_shown(response) and (navigation or media_type == "application/pdf"):
            self.inline = response
            self._waiting = asyncio.get_running_loop().call_later(_GRACE, self._arrived)

    def _arrived(self) -> None:
        if not self.first.done():
            self.first.set_result(None)

    def _fail(self, refuse_it: Callable[[], None]) -> None:
        if self.first.done():
            return
        try:
            refuse_it()
        except CPAError as error:
            self.first.set_exception(error)


def _announced(response: "Response") -> int:
    """Return how many bytes a file is said to have; 0 when it is not said, or is no file."""
    length = response.headers.get("content-length", "")
    return int(length) if length.isdigit() and media_type_of(response.headers) not in PAGES else 0


def _may_be_shown(response: "Response") -> bool:
    """Whether the browser may show it instead of storing it; attachments are always stored."""
    return (
        response.status == 200
        and media_type_of(response.headers) not in PAGES
        and not _is_attached(response.headers)
        and urlsplit(response.url).scheme in {"http", "https"}
    )


async def saved(arrivals: Arrivals, context: "BrowserContext", left: float) -> ReceivedFile:
    """Return the file that has come. `left` is in milliseconds."""
    if arrivals.download is not None:
        return await stored(arrivals.download, arrivals.rails)
    shown = arrivals.inline
    if shown is None:
        raise DownloadFailedError("-", Sentence("es ist keine gekommen", "none has come"))
    if shown.request.method != "GET":
        name = file_name(shown.headers, shown.url)
        raise DownloadFailedError(name, _SHOWN_ONLY)
    return await fetched(context, shown.url, left, arrivals.rails)


async def stored(download: "Download", rails: GuardRails) -> ReceivedFile:
    """Return a file that the browser has taken in. Raises SiteUnreachableError when it broke off."""
    failure = await download.failure()
    if failure:
        raise SiteUnreachableError(public_url(download.url), f"the download broke off: {failure}")
    name, path = download.suggested_filename, Path(await download.path())
    try:
        content = await asyncio.to_thread(_read, path, name, rails)
    finally:
        await download.delete()
    return ReceivedFile(name, content, mimetypes.guess_type(name)[0] or "application/octet-stream")


def _read(path: Path, name: str, rails: GuardRails) -> bytes:
    rails.refuse_size(name, path.stat().st_size)
    return path.read_bytes()


async def fetched(context: "BrowserContext", url: str, left: float, rails: GuardRails) -> ReceivedFile:
    """Fetch an address with the cookies of the context.

    Raises SiteUnreachableError, PageRefusedError and TooMuchDataError.
    """
    try:
        answer = await context.request.get(url, timeout=left)
    except browser_error() as error:
        if is_dead(error) or is_timeout(error):
            raise
        raise SiteUnreachableError(public_url(url), reason_of(error)) from error
    try:
        refuse(url, answer.status)
        name, content = file_name(answer.headers, answer.url), await answer.body()
        rails.refuse_size(name, len(content))
        return ReceivedFile(name, content, media_type_of(answer.headers), attached=_is_attached(answer.headers))
    finally:
        await answer.dispose()


def refuse_no_file(file: ReceivedFile) -> None:
    """Raise DownloadFailedError for nothing, for an error page, and for a PDF that is none."""
    suffix = PurePosixPath(file.name).suffix.lower()
    start = file.content[:1024].lstrip().lower()
    if not file.content:
        raise DownloadFailedError(file.name, Sentence("sie ist leer", "it is empty"))
    is_page = file.media_type in SHOWN or start.startswith((b"<!doctype html", b"<html"))
    if is_page and not is_kept(file):
        raise DownloadFailedError(
            file.name, Sentence("die Website hat stattdessen eine Seite geschickt", "the site sent a page instead")
        )
    if suffix == ".pdf" and b"%pdf-" not in start:
        raise DownloadFailedError(file.name, Sentence("sie ist kein PDF", "it is no PDF"))


def is_kept(file: ReceivedFile) -> bool:
    """Whether a page is a file: it is called like one."""
    return PurePosixPath(file.name).suffix.lower() in {".html", ".htm", ".xhtml"}


def _is_attached(headers: dict[str, str]) -> bool:
    return headers.get("content-disposition", "").strip().lower().startswith("attachment")


def media_type_of(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def file_name(headers: dict[str, str], url: str) -> str:
    """Return the name in Content-Disposition (RFC 6266), else the last part of the address."""
    disposition = headers.get("content-disposition", "")
    if extended := _EXTENDED.search(disposition):
        return unquote(extended[2], encoding=extended[1] or "utf-8", errors="replace")
    if plain := _PLAIN.search(disposition):
        name = re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
        return _as_utf8(unquote(name))
    return unquote(PurePosixPath(urlsplit(url).path).name) or "file"


def _as_utf8(name: str) -> str:
    """Read a name whose UTF-8 bytes came as Latin-1, which is how headers are decoded."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
