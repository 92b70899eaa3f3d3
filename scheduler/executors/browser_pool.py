"""One browser for all jobs: started when first needed, replaced when it is worn or when it or its driver has died."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import structlog

from scheduler.core.errors import BrowserUnavailableError, ProgramMissingError
from scheduler.executors.browser_process import BrowserProcess
from scheduler.executors.web_errors import browser_error, is_dead, reason_of
from scheduler.executors.web_gate import Gate, GateRules

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, HttpCredentials, StorageState

_LONGEST_TURN = 1.0  # seconds; who needs longer waits for a site, which takes no processor time
_STARTING = 5.0  # seconds that a browser which is no longer wanted may take to come up and be ended
_LOOK_EVERY = 10  # contexts between two looks at the memory

INSTALL: Final = "apt-get install chromium-headless-shell, CPA_BROWSER_PATH=…"
"""How to get a browser."""

log = structlog.get_logger(__name__)


def find_browser(*, headless: bool = True) -> Path | None:
    """Return Debian's browser: the headless shell takes a third of the memory, but has no window to show."""
    names = ("chromium-headless-shell", "chromium") if headless else ("chromium",)
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def turns_by_cores() -> int:
    """Return how many jobs may act at once: the processor is the limit, 2 to 4 keep it busy."""
    return min(4, max(2, (os.cpu_count() or 1) + 1))


@dataclass(frozen=True, kw_only=True)
class BrowserLimits:
    """When a browser is worn out, and how many jobs act in it at once. `memory` is in bytes, of its whole tree."""

    at_once: int = field(default_factory=turns_by_cores)
    contexts: int = 500
    age: timedelta = timedelta(hours=4)
    memory: int = 1_500_000_000


class BrowserPool:
    """Gives out isolated contexts, each with a gate of its own to the outside.

    A worn browser keeps the contexts it has until they are closed; new ones go to its successor, which is started
    beside it. A second browser for speed gains nothing: the processor is the limit.
    """

    def __init__(
        self,
        *,
        headless: bool = True,
        executable: Path | None = None,
        limits: BrowserLimits | None = None,
        rules: GateRules | None = None,
    ) -> None:
        self._headless = headless
        self._executable = executable
        self._program: Path | None = None
        self._limits = limits or BrowserLimits()
        self._rules = rules or GateRules()
        self._turns = asyncio.Semaphore(self._limits.at_once)
        self._lock = asyncio.Lock()
        self._starting: asyncio.Task[BrowserProcess] | None = None
        self._successor: asyncio.Task[BrowserProcess] | None = None
        self._worn: set[BrowserProcess] = set()
        self._gates: dict[BrowserContext, Gate] = {}
        self._endings: set[asyncio.Task[None]] = set()

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
            return await self._context(storage_state, http_credentials)
        except (browser_error(), TimeoutError) as error:
            if not (is_dead(error) or isinstance(error, TimeoutError)):
                raise BrowserUnavailableError(reason_of(error)) from error
            log.warning("browser_lost", reason=reason_of(error))
        await self._replace()
        try:
            return await self._context(storage_state, http_credentials)
        except (browser_error(), TimeoutError) as error:
            raise BrowserUnavailableError(reason_of(error)) from error

    def gate_of(self, context: "BrowserContext") -> Gate | None:
        """Return what stands between a context and the outside; None when the context is closed."""
        return self._gates.get(context)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until it is one's turn to act. Who only waits loses it after a second to the next."""
        await self._turns.acquire()
        held = True

        def give() -> None:
            nonlocal held
            if held:
                held = False
                self._turns.release()

        over = asyncio.get_running_loop().call_later(_LONGEST_TURN, give)
        try:
            yield
        finally:
            over.cancel()
            give()

    async def close(self) -> None:
        """Stop browser and driver. May be called more than once; the next context starts both again."""
        async with self._lock:
            starting, self._starting = self._starting, None
            successor, self._successor = self._successor, None
            for task in filter(None, (starting, successor)):
                await self._stop_when_started(task)
            for worn in list(self._worn):
                await self._stop(worn)
        while self._endings:
            await asyncio.wait(self._endings)

    async def _context(
        self, storage_state: "StorageState | None", http_credentials: "HttpCredentials | None"
    ) -> "BrowserContext":
        process = await self._current()
        gate = Gate(self._rules)
        await gate.open()
        options: dict[str, Any] = {
            "storage_state": storage_state,
            "http_credentials": http_credentials,
            "accept_downloads": True,
            "service_workers": "block",  # what they fetch no page can be held responsible for
            "proxy": {"server": gate.address},
        }
        try:
            context = await process.new_context(options)
        except BaseException:
            await gate.close()
            raise
        self._gates[context] = gate
        context.on("close", lambda closed: self._end(self._closed(process, closed)))
        return context

    async def _current(self) -> BrowserProcess:
        """Return the browser for the next context; a worn one is left to its jobs as soon as its successor runs."""
        async with self._lock:
            for lost in [process for process in self._worn if not process.alive]:
                self._end(self._stop(lost))
            if self._successor is not None and self._successor.done():
                self._succeed(self._successor)
            if self._starting is not None and _is_over(self._starting):
                await self._stop_when_started(self._starting)
                self._starting = None
            if self._starting is None:
                self._starting = asyncio.create_task(self._start())
            starting = self._starting
        process = await asyncio.shield(starting)  # a step that runs out of time leaves no half-started driver behind
        if self._successor is None and starting is self._starting and await self._is_worn(process):
            self._successor = asyncio.create_task(self._start())
        return process

    async def _is_worn(self, process: BrowserProcess) -> bool:
        limits = self._limits
        if process.begun >= limits.contexts or process.age >= limits.age:
            return True
        if process.begun % _LOOK_EVERY != _LOOK_EVERY - 1:
            return False
        return await asyncio.to_thread(process.memory) > limits.memory

    def _succeed(self, successor: "asyncio.Task[BrowserProcess]") -> None:
        self._successor = None
        if _is_over(successor):
            log.warning("browser_not_renewed")
            self._end(self._stop_when_started(successor))
            return
        worn, self._starting = self._starting, successor
        if worn is None or _is_over(worn):
            if worn is not None:
                self._end(self._stop_when_started(worn))
            return
        process = worn.result()
        log.info("browser_renewed", contexts=process.begun, age=round(process.age.total_seconds()))
        self._worn.add(process)
        self._end(self._stop_if_unused(process))

    async def _replace(self) -> None:
        async with self._lock:
            starting, self._starting = self._starting, None
            if starting is not None:
                await self._stop_when_started(starting)

    def program(self) -> Path:
        """Return the browser. Raises ProgramMissingError where none is installed."""
        if self._program is None:
            program = self._executable or find_browser(headless=self._headless)
            if program is None or not program.is_file():
                raise ProgramMissingError(str(program or "Chromium"), INSTALL)
            self._program = program
        return self._program

    async def _start(self) -> BrowserProcess:
        return await BrowserProcess.start(self.program(), headless=self._headless)

    async def _closed(self, process: BrowserProcess, context: "BrowserContext") -> None:
        process.contexts.discard(context)
        gate = self._gates.pop(context, None)
        if gate is not None:
            await gate.close()
        await self._stop_if_unused(process)

    async def _stop_if_unused(self, process: BrowserProcess) -> None:
        if process in self._worn and (not process.contexts or not process.alive):
            await self._stop(process)

    async def _stop(self, process: BrowserProcess) -> None:
        self._worn.discard(process)
        for context in list(process.contexts):  # a driver that died closes none
            gate = self._gates.pop(context, None)
            if gate is not None:
                await gate.close()
        await process.stop()

    async def _stop_when_started(self, starting: "asyncio.Task[BrowserProcess]") -> None:
        await asyncio.wait((starting,), timeout=_STARTING)
        starting.cancel()
        await asyncio.wait((starting,))
        if not starting.cancelled() and starting.exception() is None:
            await self._stop(starting.result())

    def _end(self, ending: Any) -> None:  # noqa: ANN401 - a coroutine of this class
        task = asyncio.create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)


def _is_over(starting: "asyncio.Task[BrowserProcess]") -> bool:
    """Whether it has led to no browser, or to one that is gone."""
    if not starting.done():
        return False
    return starting.cancelled() or starting.exception() is not None or not starting.result().alive
