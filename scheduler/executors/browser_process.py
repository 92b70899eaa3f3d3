"""One driver with one browser: started, watched, and ended without leaving processes or files behind."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import psutil

from scheduler.executors.web_errors import browser_error
from scheduler.executors.web_scripts import ENGINE, engine

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright

_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # only the gate looks names up
)
_MARK = "--cpa-browser="  # a switch that means nothing to Chromium, and tells our browser from any other
_PROFILE = "--user-data-dir="
_FOLDER = "cpa-browser-"
_SURROUNDINGS = {"LC_ALL": "C.UTF-8"}  # in a locale without umlauts Chromium drops the names of files that have some
_STOPPING = 5.0  # seconds; a driver that died does not answer at all
_OPENING = 15.0  # seconds; a browser that opens no context within them hangs


class BrowserProcess:
    """Contexts of one browser, until it is worn out or dead. `begun` counts all of them, `contexts` those open now."""

    def __init__(self, driver: "Playwright", browser: "Browser", mark: str, folder: "_Folder") -> None:
        self.contexts: set[BrowserContext] = set()
        self.begun = 0
        self._driver = driver
        self._browser = browser
        self._mark = mark
        self._folder = folder
        self._since = time.monotonic()
        self._members: list[psutil.Process] = []
        self._profile: Path | None = None

    @classmethod
    async def start(cls, executable: Path, *, headless: bool) -> Self:
        """Start driver and browser. Raises Playwright's errors, with nothing left running."""
        await asyncio.to_thread(browser_error)  # imports Playwright, which would hold up heartbeats
        from playwright.async_api import async_playwright  # noqa: PLC0415 - see browser_error

        folder = await asyncio.to_thread(_Folder)
        mark = _MARK + uuid4().hex
        driver = None
        try:
            driver = await async_playwright().start()
            await driver.selectors.register(ENGINE, script=engine(), content_script=True)
            browser = await driver.chromium.launch(
                executable_path=executable,
                headless=headless,
                args=(*_FLAGS, mark),
                chromium_sandbox=os.geteuid() != 0,
                artifacts_dir=folder.path,
                env={**os.environ, **_SURROUNDINGS, "TMPDIR": str(folder.path)},
            )
        except BaseException:
            if driver is not None:
                await _in_time(driver.stop())
            await asyncio.to_thread(folder.remove)
            raise
        started = cls(driver, browser, mark, folder)
        await asyncio.to_thread(started._note_members)
        return started

    @property
    def alive(self) -> bool:
        return self._browser.is_connected()

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._since)

    async def new_context(self, options: Mapping[str, Any]) -> "BrowserContext":
        """Open an isolated context. Raises Playwright's errors, and TimeoutError when the browser hangs."""
        self.begun += 1
        async with asyncio.timeout(_OPENING):
            context = await self._browser.new_context(**options)
        self.contexts.add(context)
        return context

    def memory(self) -> int:
        """Return the bytes that driver and browser hold, what they share counted once. Blocks; 0 when they are gone."""
        return sum(map(_held, self._processes()))

    async def stop(self) -> None:
        """End both, what they started and their files, whether or not they still answer."""
        self.contexts.clear()
        if self.alive:
            await _in_time(self._browser.close())
        await _in_time(self._driver.stop())
        await asyncio.to_thread(self._clear_away)

    def _note_members(self) -> None:
        """Remember what runs, and where Chromium keeps its profile: a driver that is killed does not remove it."""
        self._members = self._processes()
        for argument in (part for process in self._members for part in _command(process)):
            if argument.startswith(_PROFILE):
                self._profile = Path(argument.removeprefix(_PROFILE))

    def _processes(self) -> list[psutil.Process]:
        """Return the driver, the browser and all below them."""
        for process in psutil.Process().children(recursive=True):
            if self._mark in _command(process):
                with contextlib.suppress(psutil.Error):
                    driver = process.parent()
                    above = [driver] if driver is not None and driver.pid != os.getpid() else []
                    return [*above, process, *process.children(recursive=True)]
        return []

    def _clear_away(self) -> None:
        for process in [*self._processes(), *self._members]:
            with contextlib.suppress(psutil.Error):
                process.kill()  # psutil knows a process from another that has its number now
        if self._profile is not None:
            shutil.rmtree(self._profile, ignore_errors=True)
        self._folder.remove()


class _Folder:
    """A folder for downloads and temporary files. It is locked while its owner lives, so that others may clean up."""

    def __init__(self) -> None:
        root = Path(tempfile.gettempdir())
        for left in root.glob(f"{_FOLDER}*"):
            _remove_if_left(left)
        self.path = Path(tempfile.mkdtemp(prefix=_FOLDER))
        self._lock = (self.path / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _remove_if_left(folder: Path) -> None:
    """Remove the folder of a process that died. One without a lock is just being made."""
    with contextlib.suppress(OSError), (folder / "lock").open("r") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


async def _in_time(ending: Any) -> None:  # noqa: ANN401 - a coroutine whose result nobody needs
    with contextlib.suppress(browser_error(), TimeoutError):
        async with asyncio.timeout(_STOPPING):
            await ending


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _held(process: psutil.Process) -> int:
    try:
        held = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(held, "pss", held.rss))
