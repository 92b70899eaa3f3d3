"""One browser for all jobs, started when first needed, started again when it or its driver has died."""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from scheduler.core.errors import BrowserUnavailableError
from scheduler.executors.web_errors import browser_error, is_dead, reason_of

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, HttpCredentials, Playwright, StorageState

_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SURROUNDINGS = {"LC_ALL": "C.UTF-8"}  # in a locale without umlauts Chromium drops the names of files that have some
_STOPPING = 5.0  # seconds; a driver that died does not answer at all

log = structlog.get_logger(__name__)


def find_browser(*, headless: bool = True) -> Path | None:
    """Return Debian's browser: the headless shell takes a third of the memory, but has no window to show."""
    names = ("chromium-headless-shell", "chromium") if headless else ("chromium",)
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


class BrowserPool:
    """Gives out isolated contexts of one browser. A second browser gains nothing: the processor is the limit."""

    def __init__(self, *, headless: bool = True, executable: Path | None = None) -> None:
        self._headless = headless
        self._executable = executable
        self._lock = asyncio.Lock()
        self._driver: Playwright | None = None
        self._starting: asyncio.Task[Browser] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def new_context(
        self, storage_state: "StorageState | None" = None, http_credentials: "HttpCredentials | None" = None
    ) -> "BrowserContext":
        """Return an empty context, or one with these cookies and stores. Raises BrowserUnavailableError.

        `http_credentials` answer the one site that they name when it asks for them by HTTP.
        """
        try:
            try:
                return await self._context(storage_state, http_credentials)
            except browser_error() as error:
                if not is_dead(error):
                    raise
                log.warning("browser_lost", reason=reason_of(error))
                await self.close()
                return await self._context(storage_state, http_credentials)
        except browser_error() as error:
            raise BrowserUnavailableError(reason_of(error)) from error

    async def close(self) -> None:
        """Stop browser and driver. May be called more than once; the next context starts both again."""
        async with self._lock:
            await self._stop()

    async def _context(
        self, storage_state: "StorageState | None", http_credentials: "HttpCredentials | None"
    ) -> "BrowserContext":
        async with self._lock:
            if self._starting is not None and _is_over(self._starting):
                await self._stop()
            if self._starting is None:
                self._starting = asyncio.create_task(self._start())
            starting = self._starting
        browser = await asyncio.shield(starting)  # a step that runs out of time leaves no half-started driver behind
        return await browser.new_context(
            storage_state=storage_state, http_credentials=http_credentials, accept_downloads=True
        )

    async def _start(self) -> "Browser":
        executable = self._executable or find_browser(headless=self._headless)
        if executable is None:
            raise BrowserUnavailableError("neither chromium-headless-shell nor chromium is installed")
        await asyncio.to_thread(browser_error)  # imports Playwright, which would hold up heartbeats
        from playwright.async_api import async_playwright  # noqa: PLC0415 - see browser_error

        self._driver = await async_playwright().start()
        as_root = os.geteuid() == 0
        return await self._driver.chromium.launch(
            executable_path=executable,
            headless=self._headless,
            args=_FLAGS,
            chromium_sandbox=not as_root,
            env={**os.environ, **_SURROUNDINGS},
        )

    async def _stop(self) -> None:
        starting, self._starting = self._starting, None
        if starting is None:
            return
        await asyncio.wait((starting,), timeout=_STOPPING)
        starting.cancel()
        driver, self._driver = self._driver, None
        with contextlib.suppress(browser_error(), TimeoutError):
            async with asyncio.timeout(_STOPPING):
                if starting.done() and not _is_over(starting):
                    await starting.result().close()
                if driver is not None:
                    await driver.stop()


def _is_over(starting: "asyncio.Task[Browser]") -> bool:
    """Whether it has led to no browser, or to one that is gone."""
    if not starting.done():
        return False
    return starting.cancelled() or starting.exception() is not None or not starting.result().is_connected()
