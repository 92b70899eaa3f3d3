"""One attempt at a web action, and what it has to work with."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from scheduler.core.errors import CPAError, InvalidInputError, UnverifiedHealingError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.job import Locale
from scheduler.core.references import SECRET_SCHEME
from scheduler.core.targets import Target
from scheduler.core.task_executor_interface import NO_ANSWERS
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.web_described import Descriptions, Place
from scheduler.executors.web_errors import is_dead, public_url, safe_url
from scheduler.executors.web_guard import GuardRails
from scheduler.executors.web_looks import Kind, Reading, following, told
from scheduler.executors.web_page import Acted, JobPage
from scheduler.executors.web_targets import Found, find, first_locator, means_one_thing, only
from scheduler.security.secrets_manager import SecretsManager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Locator, Page

    from scheduler.executors.web_session import LoginStore

    Renew = Callable[[JobPage, dict[str, Any]], Awaitable[None]]

T = TypeVar("T")
_AT_ONCE = 250.0  # milliseconds
_KNOWN = 1000.0  # milliseconds in which a field is acted on that was there lately
_KEPT = count(1)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SECRET = re.compile(re.escape(SECRET_SCHEME) + r"[\w.-]+")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where files, pictures, secrets and sessions are, and what may be done with them.

    `renew` gives a job a new context with a state of storage.
    """

    artifacts: ArtifactStore
    screenshots: ScreenshotStore
    secrets: SecretsManager
    logins: "LoginStore"
    renew: "Renew"
    rails: GuardRails = field(default_factory=GuardRails)
    described: Descriptions = field(default_factory=Descriptions)


@dataclass(kw_only=True)
class Step:
    """`until` is the moment of the loop's clock when its time is over; `begun` says that it may have had its effect.

    With `alternatives` the locators of its target count alike, so that none is healing. What it enters `hidden` is for
    nobody's eyes. Without `recording` nobody
    wants to know how its element is found next time. `pictured` says that a picture is to show what came of it, and
    `shot` is one that is being taken.
    """

    todo: ToDo
    job_id: JobId
    task_id: TaskId
    run: int
    job: JobPage
    tools: Tools
    until: float
    repeatable: bool
    locale: Locale = "de"
    answers: Mapping[str, str] = field(default_factory=lambda: NO_ANSWERS)
    tenant: TenantId = DEFAULT_TENANT
    begun: bool = False
    alternatives: bool = False
    hidden: bool = False
    recording: bool = True
    found: Found | None = None
    trace: str | None = None
    pictured: bool = False
    shot: "asyncio.Task[bytes] | None" = None

    @property
    def what(self) -> str:
        return f"{self.todo.id or self.task_id} ({self.todo.action})"

    @property
    def page(self) -> "Page":
        return self.job.page

    @property
    def left(self) -> float:
        """Milliseconds left, as Playwright counts; at least one, for zero means for ever."""
        return max(1.0, (self.until - asyncio.get_running_loop().time()) * 1000)

    def begin(self) -> None:
        """From here on it may have had its effect."""
        self.begun = True
        self.job.finished.discard(self.task_id)

    def target(self) -> Target:
        """Return what the step acts on. Raises InvalidInputError when the plan names nothing."""
        if self.todo.selector is None:
            raise InvalidInputError(f"{self.todo.id}.selector", "is missing")
        return self.todo.selector

    async def element(self, *, visible: bool = True, record: bool = True, reading: Reading | None = None) -> Found:
        """Wait for the one element, and read there what is asked for.

        Raises ElementNotFoundError, AmbiguousTargetError, InvalidInputError, and UnverifiedHealingError when the
        element has moved and nothing would show whether what fits now was the right one.
        """
        target, record, since = self.target(), record and self.recording, asyncio.get_running_loop().time()
        quick = await self._only(target, reading, record=record) if visible else None
        found = self.found = quick or await find(
            self.page, target, self.until, visible=visible, record=record, reading=reading, since=since
        )
        if record:
            self._describe(found)
        if self.healed and not self.repeatable and self.todo.verify is None:
            raise UnverifiedHealingError(str(self.target().locators[0]), found.fitted, public_url(self.page.url))
        return found

    async def enter(self, do: "Callable[[Locator, float], Awaitable[T]]") -> "T":
        """Find the one element and enter something there, which may be repeated. Raises like `element`.

        What the most trusted locator fits is acted on at once: without a look where the field was described lately,
        else while it is being looked at. Playwright acts on the only element that fits or on none; then, and when it
        did not work at once, the element is sought as always.
        """
        page, target, place = self.page, self.target(), self._place()
        first = first_locator(page, target) if self.repeatable else None
        if first is not None and (known := self.tools.described.of(place)) is not None:
            there = following(first, self.job.note, keep=(kept := next(_KEPT)))
            (entered,) = await asyncio.gather(do(there, min(_KNOWN, self.left)), return_exceptions=True)
            if not isinstance(entered, BaseException):
                self.found = Found(first, str(target.locators[0]), recorded=known.recorded)
                self.job.acted = Acted(self.task_id, target, kept)
                return entered
            _raise_if_dead(entered)
        elif first is not None and means_one_thing(target):
            there = following(first, note := self.job.note, keep=(kept := next(_KEPT)))
            entered, seen = await asyncio.gather(
                do(there, _AT_ONCE), only(page, target, self.until, after=note), return_exceptions=True
            )
            if not isinstance(entered, BaseException) and isinstance(seen, Found):
                self.found = seen
                self.job.acted = Acted(self.task_id, target, kept)
                self._describe(seen)
                return entered
            _raise_if_dead(entered, seen)
        await self.job.watched()
        return await do((await self.element()).element, self.left)

    async def type(self, text: str) -> None:
        """Find the one field and put a text in place of what it holds, which may be repeated. Raises like `element`.

        A plain field is made ready by the look that finds it and then gets the text as from a keyboard. That takes half
        the time of what Playwright does for fields of any kind.
        """
        if not text or not await self._typed(text):
            await self.enter(lambda element, left: element.fill(text, timeout=left))

    async def _typed(self, text: str) -> bool:
        kind: Kind = "number" if _NUMBER.fullmatch(text) else "text"
        found, kept = await self._ready(enter=kind)
        if found is None:
            return False
        await self.page.keyboard.insert_text(text)
        self._entered(found, kept)
        return True

    async def tick(self, *, checked: bool) -> None:
        """Find the one box and see that it is ticked or not, which may be repeated. Raises like `element`.

        A plain box is pressed where the look that finds it says; nothing else can be hit. Playwright first watches for
        two frames whether it moves.
        """
        if not await self._ticked(checked=checked):
            await self.enter(lambda element, left: element.set_checked(checked, timeout=left))

    async def _ticked(self, *, checked: bool) -> bool:
        found, kept = await self._ready(press=checked)
        if found is None:
            return False
        if found.at is not None:
            try:
                await self.page.mouse.click(*found.at)
            finally:
                seen = await self._release(kept)
            if seen is not checked:
                return False
        self._entered(found, kept)
        return True

    async def _release(self, kept: int) -> object:
        """Let the mouse press whatever is there again; say whether the box is ticked, None when that is not known."""
        seen = await self.job.wire.ask({"release": True, "kept": kept, "reading": "checked"})
        if seen is None:
            await told(self.page.locator(":root"), {"release": True}, self.left)
        return None if seen is None else seen["held"]

    async def _ready(self, *, enter: Kind | None = None, press: bool | None = None) -> tuple[Found | None, int]:
        """Return the plain element made ready for that, and its number; None when it needs Playwright's own way."""
        target, known = self.target(), self.tools.described.of(self._place())
        kept, note, new = next(_KEPT), self.job.note, known is None
        if not self.repeatable or (known is None and not means_one_thing(target)):
            return None, kept
        found = await only(self.page, target, self.until, record=new, enter=enter, press=press, after=note, keep=kept)
        if found is None or not found.ready:
            return None, kept
        if known is not None and known.mark != found.mark:
            if found.at is not None:
                await self._release(kept)
            return None, kept
        return (found if known is None else replace(found, recorded=known.recorded)), kept

    def _entered(self, found: Found, kept: int) -> None:
        self.found, self.job.acted = found, Acted(self.task_id, self.target(), kept)
        if self.tools.described.of(self._place()) is None:
            self._describe(found)

    async def _only(self, target: Target, reading: Reading | None, *, record: bool) -> Found | None:
        """Return the element in one look, in the common case; one described lately is not described again."""
        known = self.tools.described.of(self._place()) if record else None
        if known is None:
            return (
                await only(self.page, target, self.until, record=record, reading=reading)
                if means_one_thing(target)
                else None
            )
        found = await only(self.page, target, self.until, record=False, reading=reading)
        return None if found is None or found.mark != known.mark else replace(found, recorded=known.recorded)

    def _describe(self, found: Found) -> None:
        """Remember how the element was described, if the whole wording of the first locator found it."""
        if found.rank == 0 and found.exactly:
            self.tools.described.keep(self._place(), found.recorded, found.mark)

    async def held(self, reading: str) -> object:
        """Return what the very element holds into which this step has entered something; None when that is not known.

        It is the only one, to be seen, of those that its locator fitted.
        """
        acted = self.job.acted
        if acted is None or acted.task_id != self.task_id or acted.target != self.todo.selector:
            return None
        told = await self.job.wire.ask({"kept": acted.number, "reading": reading})
        return None if told is None else told["held"]

    def _place(self) -> Place:
        return Place(self.tenant, public_url(self.page.url), self.target())

    @property
    def healed(self) -> bool:
        """Whether the most trusted locator no longer fits and a lower one did."""
        return self.found is not None and self.found.rank > 0 and not self.alternatives

    def about_element(self) -> dict[str, Any]:
        """Return what the result says of the element: what fitted, whether that was healing, how to find it next time.

        `target` is there when it says more than the plan does.
        """
        if self.found is None:
            return {} if self.trace is None else {"trace": self.trace}
        told: dict[str, Any] = {"fitted": self.clean(self.found.fitted)}
        if self.healed:
            told["healed"] = {"sought": self.clean(str(self.target().locators[0])), "fitted": told["fitted"]}
        recorded = self.found.recorded
        if recorded is not None:
            plain = recorded.model_dump(mode="json", exclude_defaults=True)
            if self.clean(json.dumps(plain)) == json.dumps(plain):
                told["target"] = plain
        return told if self.trace is None else {**told, "trace": self.trace}

    def secret(self) -> str | None:
        """Return the value when the text is `secret://name`. Raises SecretMissingError."""
        text = self.todo.text or ""
        return self.tools.secrets.get_secret(text) if _SECRET.fullmatch(text) else None

    def meant(self, text: str) -> str:
        """Return the text, or the secret that it names. Raises SecretMissingError."""
        return self.tools.secrets.get_secret(text) if _SECRET.fullmatch(text) else text

    def has_given(self, sha256: str) -> bool:
        """Whether the file that this step gave has this hash."""
        last = self.job.last
        return last is not None and last.task_id == self.task_id and last.result.get("sha256") == sha256

    @property
    def uses_secret(self) -> bool:
        """Whether a secret is entered or sent in it."""
        return SECRET_SCHEME in self.todo.canonical() or bool({"credential", "basic_auth"} & self.todo.params.keys())

    async def refuse_foreign(self, name: str, field: "Locator") -> None:
        """Raise AddressForbiddenError unless a field is where the secret of this name belongs."""
        await self.tools.rails.refuse_field(name, field, self.page.url, self.left)

    def clean(self, text: str) -> str:
        return self.tools.secrets.redact(text)

    async def where(self) -> dict[str, Any]:
        """Return the address and the title of the page once it is there to be worked on, free of secrets."""
        if self.pictured and self.job.plain:
            self.shot = self.job.shoot()
        seen = await self.job.look(self.until)
        if self.shot is not None and not self.job.settled:  # it shows a page that was being loaded
            self.shot = None
        return {"url": safe_url(self.page.url, self.tools.secrets), "title": self.clean(seen.title)}


def _raise_if_dead(*outcomes: object) -> None:
    """Let pass that something did not work at once, but neither a cancellation nor the death of the browser."""
    for failure in outcomes:
        if isinstance(failure, BaseException) and (not isinstance(failure, Exception) or is_dead(failure)):
            raise failure


def cleaned(error: CPAError, step: Step) -> CPAError:
    """Take every known secret out of what the error says."""
    error.facts = {name: step.clean(text) for name, text in error.facts.items()}
    error.args = tuple(step.clean(part) if isinstance(part, str) else part for part in error.args)
    return error
