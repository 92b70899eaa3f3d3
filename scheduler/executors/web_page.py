"""What the browser holds for one job: an isolated context, the page the job is on, and what was entered there."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.core.errors import BrowserUnavailableError
from scheduler.core.todo import ToDo
from scheduler.executors.web_errors import browser_error
from scheduler.executors.web_looks import PageFacts, facts_of
from scheduler.executors.web_session import BasicAuth, FormEntry, LastStep, SessionSnapshot
from scheduler.executors.web_trouble import Trouble
from scheduler.executors.web_wire import Wire

if TYPE_CHECKING:
    from playwright.async_api import (
        BrowserContext,
        Dialog,
        Download,
        Frame,
        Locator,
        Page,
        Request,
        Response,
    )

    from scheduler.core.ids import TaskId
    from scheduler.core.targets import Target


_MOST_DOWNLOADS = 20
_WARMING = 5000.0  # milliseconds


@dataclass(frozen=True)
class Answer:
    """What the plan says to a question of the page; `text` is entered where one is asked for."""

    accepts: bool
    text: str | None = None


class Acted(NamedTuple):
    """What a step has entered something into: its target, and the number under which our engine remembers it."""

    task_id: "TaskId"
    target: "Target"
    number: int


class JobPage:
    """Steps of a job use it one after another, under `lock`.

    `finished` holds the tasks that this process saw end well; `last` may come from the process before.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.finished: set[TaskId] = set()
        self.last: LastStep | None = None
        self.steps = 0  # that were begun in this run
        self.facts: PageFacts | None = None  # of the page as the step has left it
        self.looked = False  # at this document
        self.settled = True  # the page, when it was looked at
        self.storage: dict[str, Any] = {}  # cookies and stores as last read, until when that holds, and their mark
        self.storage_until = 0.0
        self.storage_mark: str | None = None
        self.unsaved: SessionSnapshot | None = None  # where the job stands, as `saving` is to write it
        self.saving: asyncio.Task[None] | None = None
        self.form: dict[Target, FormEntry] = {}
        self.acted: Acted | None = None
        self.secret_fields: list[Locator] = []
        self.secret_values: set[str] = set()
        self.page_secrets: set[str] = set()  # that stood in fields for secrets, whoever put them there
        self.dialogs: list[dict[str, str]] = []
        self.answer: Answer | None = None
        self.trouble = Trouble()
        self.kept: list[str] = []  # paths of what the step has kept as evidence so far
        self.basic_auth: BasicAuth | None = None
        self.downloads: deque[Download] = deque(maxlen=_MOST_DOWNLOADS)  # files that no step has taken yet
        self.asked_for = ""  # the last address a tab was to show, and what the server said to it
        self.status: int | None = None
        self._context: BrowserContext | None = None
        self._page: Page | None = None
        self._crashed = False
        self._wires: dict[Page, Wire] = {}
        self._unwritten: list[Callable[[], object]] = []
        self._writing: asyncio.Task[None] | None = None
        self._warming: asyncio.Future[tuple[PageFacts | None, None]] | None = None
        self._watching: dict[asyncio.Task[None], int | None] = {}  # looks at the page, and the notes they make
        self._coming: set[Request] = set()
        self._opened: list[Page] = []
        self._following = True
        self._tabs_changed = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether there is a page that can be used."""
        context = self._context
        if context is None or self._crashed or not context.pages:
            return False
        return context.browser is not None and context.browser.is_connected()

    @property
    def broken(self) -> bool:
        """Whether the server failed at the last page, so that what is shown is no page to work on."""
        return self.status is not None and self.status >= 500

    @property
    def context(self) -> "BrowserContext":
        """The job's context. Raises BrowserUnavailableError."""
        if self._context is None:
            raise BrowserUnavailableError("the page of this job is closed")
        return self._context

    @property
    def page(self) -> "Page":
        """The current page; when it closed itself, the newest one left. Raises BrowserUnavailableError."""
        if self._page is None or self._page.is_closed():
            pages = self.context.pages
            if not pages:
                raise BrowserUnavailableError("the page of this job is closed")
            self._page = pages[-1]
        return self._page

    @property
    def tab_closed_itself(self) -> bool:
        """Whether the current page is gone while the browser and another page of the job live on."""
        return self._page is not None and self._page.is_closed() and self.alive

    def watch(self, look: Coroutine[Any, Any, None], *, note: int | None = None) -> None:
        """Look at the page beside what comes next. Only what itself only looks may come before `watched`.

        With a `note` that the look makes in the document, what comes `following` that need not wait either.
        """
        self._watching[asyncio.create_task(look)] = note

    @property
    def note(self) -> int | None:
        """The note after which something may be done to the page, while no look but one that makes it is under way."""
        notes = [note for look, note in self._watching.items() if not look.done()]
        return notes[0] if len(notes) == 1 else None

    async def watched(self, *, noting: bool = True) -> None:
        """Wait until the page has been looked at as far as was begun; not for those that note without `noting`."""
        while (look := next((one for one, note in self._watching.items() if noting or note is None), None)) is not None:
            try:
                await asyncio.shield(look)
            finally:
                if look.done():
                    self._watching.pop(look, None)

    async def saved(self) -> None:
        """Wait until where the job stands and its evidence are on disk. Raises OSError when it could not be written."""
        await self.watched()
        await self.placed()
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    async def placed(self) -> None:
        """Wait until where the job stands is on disk. Raises OSError when it could not be written."""
        saving, self.saving = self.saving, None
        if saving is not None:
            await saving

    async def attach(self, context: "BrowserContext") -> None:
        """Begin anew in this context, with an empty page."""
        self._context, self._crashed, self.status = context, False, None
        self.storage_until, self.storage_mark = 0.0, None
        context.on("page", self._on_page)
        context.on("dialog", self._on_dialog)
        context.on("download", self._on_download)
        self.trouble.watch(context)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_request_failed)
        context.on("response", self._on_response)
        self._page = await context.new_page()
        self._opened.clear()

    async def close(self) -> None:
        """Give the context back. May be called more than once, also when the browser is dead."""
        context, self._context, self._page = self._context, None, None
        self._wires.clear()
        self._forget_document()
        self._opened.clear()
        self._coming.clear()
        self.downloads.clear()
        if context is not None:
            with contextlib.suppress(browser_error()):
                await context.close()

    def before_step(self) -> None:
        """A question that the page asks from now on has no answer from the plan yet."""
        self.answer = None

    def new_attempt(self) -> None:
        """Forget what was noted of the step before."""
        self.trouble.clear()
        self.kept.clear()
        self.facts, self.acted = None, None

    def before_act(self, answer: Answer | None = None, *, follow: bool = True) -> None:
        """Look from now on for what a click or a key may bring: a dialog, another tab, an error of the server.

        With `follow` a new tab becomes the current page.
        """
        self.answer, self.status, self._following = answer, None, follow
        self._opened.clear()
        self._coming.clear()

    async def follow_new_tab(self, until: float) -> None:
        """Go to the newest tab that was opened since `before_act`; one that is asked for is waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while self._coming and not self._opened:
                    self._tabs_changed.clear()
                    await self._tabs_changed.wait()
        opened = [page for page in self._opened if not page.is_closed()]
        self._opened.clear()
        if opened:
            self.go_to(opened[-1])

    def go_to(self, page: "Page") -> None:
        """Make another tab the current one."""
        if page is not self._page:
            self._page = page
            self._forget_document()
            self._warming = asyncio.gather(_warm(page.main_frame), self.wire.listen())

    async def look(self, until: float) -> PageFacts:
        """Return what is to be known of the page, once its document is there to be worked on."""
        facts = await self._seen_on_coming(until) or await self.seen(until)
        self.settled = not facts.loading
        if facts.loading:
            left = (until - asyncio.get_running_loop().time()) * 1000
            await self.page.wait_for_load_state("domcontentloaded", timeout=max(1.0, left))
            facts = await self.seen(until)
        return self.take(facts)

    async def _seen_on_coming(self, until: float) -> PageFacts | None:
        """Return what the look that brings our engine into a new document sees; None when there is none under way."""
        if self._warming is None or self._warming.done():
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                return (await asyncio.shield(self._warming))[0]
        return None

    async def seen(self, until: float) -> PageFacts:
        """Return what is to be known of the page now."""
        told = await self.wire.ask({"facts": True})
        if told is not None:
            return PageFacts(*told["facts"])
        left = (until - asyncio.get_running_loop().time()) * 1000
        return await facts_of(self.page.locator(":root"), max(1.0, left))

    def take(self, facts: PageFacts) -> PageFacts:
        """Note what is to be known of the page, and every secret that stands on it."""
        self.facts, self.looked = facts, True
        self.page_secrets.update(filter(None, facts.secrets))
        return facts

    @property
    def plain(self) -> bool:
        """Whether nothing on the page is known that would have to be covered on a picture."""
        return len(self.page.frames) == 1 and not self.secret_fields and not self.secret_values

    def shoot(self) -> asyncio.Task[bytes]:
        """Begin to take a picture, which may never be asked for."""
        shot = asyncio.create_task(self.capture())
        shot.add_done_callback(lambda done: done.cancelled() or done.exception())
        return shot

    async def capture(self) -> bytes:
        """Return what is seen of the page, nothing covered."""
        return await self.wire.picture()

    @property
    def wire(self) -> Wire:
        """The quick way to the current page. Raises BrowserUnavailableError."""
        page = self.page
        if page not in self._wires:
            open_ones = {one: wire for one, wire in self._wires.items() if not one.is_closed()}
            self._wires = {**open_ones, page: Wire(page)}
        return self._wires[page]

    def write(self, work: Callable[[], object]) -> None:
        """Write to disk beside what the job does next, in this order; `saved` waits for it."""
        self._unwritten.append(work)
        if len(self._unwritten) == 1:
            self._writing = asyncio.create_task(self._write_out(self._writing))

    async def _write_out(self, earlier: asyncio.Task[None] | None) -> None:
        """Write what has come up to the end of what is being written, all of it, whatever fails."""
        try:
            if earlier is not None:
                await earlier
        finally:
            works, self._unwritten = self._unwritten, []
            await asyncio.to_thread(_do_all, works)

    def remember(self, todo: ToDo) -> None:
        """Note what was entered; a second entry in the same field replaces the first."""
        entry = FormEntry.of(todo)
        self.form.pop(entry.selector, None)
        self.form[entry.selector] = entry

    def hide(self, field: "Locator", value: str) -> None:
        """Keep a secret out of pictures from now on: the field, and the value wherever the page shows it."""
        self.secret_fields.append(field)
        self.secret_values.add(value)

    def _forget_document(self) -> None:
        self.form = {}
        self.secret_fields = []
        self.looked = False

    def _on_page(self, page: "Page") -> None:
        if self._following:
            self._opened.append(page)
        self._coming.clear()
        self._tabs_changed.set()
        page.on("crash", self._on_crash)
        page.on("framenavigated", self._on_navigated)
        page.on("domcontentloaded", self._on_document)

    def _on_crash(self, page: "Page") -> None:
        self._crashed = self._crashed or page is self._page

    def _on_navigated(self, frame: "Frame") -> None:
        """Have Playwright and our engine brought into a new document while it is still being loaded."""
        if self._page is not None and not self._page.is_closed() and frame is self._page.main_frame:
            self._warming = asyncio.gather(_warm(frame), self.wire.listen())

    def _on_document(self, page: "Page") -> None:
        if page is self._page:
            self._forget_document()

    async def _on_dialog(self, dialog: "Dialog") -> None:
        leaving = dialog.type == "beforeunload"  # to stay would undo the next step
        accepted = leaving or (self.answer is not None and self.answer.accepts)
        told = {"kind": dialog.type, "message": dialog.message, "answer": "accept" if accepted else "dismiss"}
        if self.answer is None and not leaving:
            told["unexpected"] = "the step states no answer"
        self.dialogs.append(told)
        text = self.answer.text if self.answer is not None and dialog.type == "prompt" else None
        with contextlib.suppress(browser_error()):  # the page may close under its dialog
            await (dialog.accept(text) if accepted else dialog.dismiss())

    def _on_download(self, download: "Download") -> None:
        self.downloads.append(download)

    def _on_request(self, request: "Request") -> None:
        if not _loads_page(request):
            return
        self.asked_for = request.url
        if self._following and _frame_of(request) is None:
            self._coming.add(request)

    def _on_request_failed(self, request: "Request") -> None:
        self._coming.discard(request)
        self._tabs_changed.set()

    def _on_response(self, response: "Response") -> None:
        if _loads_page(response.request):
            self.status = response.status


async def _warm(frame: "Frame") -> PageFacts | None:
    try:
        return await facts_of(frame.locator(":root"), _WARMING)
    except browser_error():
        return None


def _do_all(works: list[Callable[[], object]]) -> None:
    with contextlib.ExitStack() as rest:  # does what is left when one fails
        for work in reversed(works):
            rest.callback(work)


def _loads_page(request: "Request") -> bool:
    """Whether it asks for what a tab shall show, not for a part of it."""
    if not request.is_navigation_request():
        return False
    frame = _frame_of(request)
    return frame is None or frame.parent_frame is None


def _frame_of(request: "Request") -> "Frame | None":
    try:
        return request.frame
    except browser_error():  # it belongs to a tab that does not exist yet
        return None
