"""Speaks to one page in the browser's own protocol: for pictures, and to ask our engine something in one message.

Playwright walks through a locator with each look, which costs two to four times as much. What is asked here is no
promise: without an answer one looks through Playwright, which is also how our engine comes into a new document.
"""

import asyncio
import base64
import contextlib
import json
from typing import TYPE_CHECKING, Any

from scheduler.executors.web_errors import browser_error
from scheduler.executors.web_looks import PageFacts
from scheduler.executors.web_scripts import DOOR, TELL

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

_MOST_NOTES = 20
_PATIENCE = 3.0  # seconds; a page that does not answer is no better when it is asked at greater length


class Wire:
    """`listen` begins to note the worlds beside the page's own scripts; in a page without frames one is our engine's.

    A world's name is given once only, so that none is taken for that of another document.
    """

    def __init__(self, page: "Page") -> None:
        self.page = page
        self._opening: asyncio.Task[CDPSession] | None = None
        self._worlds: dict[str, asyncio.Task[dict[str, Any] | None]] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}  # by the name of the worlds that tell of their notes
        self._noted: dict[int, PageFacts] = {}

    async def picture(self) -> bytes:
        """Return what is seen of the page, nothing covered, as PNG; in a third of the time that Playwright takes."""
        session = await self._session()
        shot = await session.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        return base64.b64decode(shot["data"])

    async def listen(self) -> None:
        """Hear of the page's worlds from now on, if it lives so long."""
        with contextlib.suppress(browser_error()):
            await self._session()

    async def ask(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """Return what our engine says to that; None when it is not there or does not know."""
        if len(self._worlds) != 1 or len(self.page.frames) != 1:
            return None
        (world,) = self._worlds
        return await self._ask(world, asked)

    def noted(self, note: int) -> PageFacts | None:
        """Return what our engine noted under this number; None when it did not tell."""
        return self._noted.pop(note, None)

    async def _ask(self, world: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        question = {
            "expression": f"({DOOR} ??= {{}}).ask?.({json.dumps(asked)}) ?? null",
            "uniqueContextId": world,
            "returnByValue": True,
            "awaitPromise": True,
        }
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await (await self._session()).send("Runtime.evaluate", question)
        except (browser_error(), TimeoutError):  # the document is gone, or busy
            return None
        told: dict[str, Any] | None = answer["result"].get("value")
        return told if "exceptionDetails" not in answer else None

    async def _session(self) -> "CDPSession":
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        try:
            return await asyncio.shield(self._opening)
        except browser_error():
            self._opening = None
            raise

    async def _open(self) -> "CDPSession":
        session = await self.page.context.new_cdp_session(self.page)
        session.on("Runtime.executionContextCreated", self._on_world)
        session.on("Runtime.executionContextDestroyed", self._on_world_gone)
        session.on("Runtime.executionContextsCleared", lambda _: self._worlds.clear())
        session.on("Runtime.bindingCalled", self._on_note)
        await session.send("Runtime.enable")
        return session

    def _on_world(self, told: dict[str, Any]) -> None:
        context = told["context"]
        if context.get("auxData", {}).get("type") == "isolated":
            world, name = context["uniqueId"], context["name"]
            self._worlds[world] = asyncio.create_task(
                self._ask(world, {})
            )  # the door that our engine finds when used next
            if name and name not in self._telling:
                self._telling[name] = asyncio.create_task(self._let_tell(name))

    async def _let_tell(self, name: str) -> None:
        """Let our engine tell of its notes, also in later documents."""
        with contextlib.suppress(browser_error()):
            await (await self._session()).send("Runtime.addBinding", {"name": TELL, "executionContextName": name})

    def _on_note(self, told: dict[str, Any]) -> None:
        if told["name"] == TELL:
            if len(self._noted) > _MOST_NOTES:
                self._noted.clear()
            note, facts = json.loads(told["payload"])
            self._noted[note] = PageFacts(*facts)

    def _on_world_gone(self, told: dict[str, Any]) -> None:
        self._worlds.pop(told.get("executionContextUniqueId", ""), None)
