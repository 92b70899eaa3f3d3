"""One attempt at a web action, and what it has to work with."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.references import SECRET_SCHEME
from scheduler.core.targets import Target
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.web_errors import safe_url
from scheduler.executors.web_guard import GuardRails
from scheduler.executors.web_page import JobPage
from scheduler.executors.web_targets import Found, find
from scheduler.security.secrets_manager import SecretsManager

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

_SECRET = re.compile(re.escape(SECRET_SCHEME) + r"[\w.-]+")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where files, pictures and secrets are, and what may be done with them."""

    artifacts: ArtifactStore
    screenshots: ScreenshotStore
    secrets: SecretsManager
    rails: GuardRails = field(default_factory=GuardRails)


@dataclass(kw_only=True)
class Step:
    """`until` is the moment of the loop's clock when its time is over; `begun` says that it may have had its effect."""

    todo: ToDo
    job_id: JobId
    task_id: TaskId
    run: int
    job: JobPage
    tools: Tools
    until: float
    repeatable: bool
    begun: bool = False
    fitted: str | None = None

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

    async def element(self, *, visible: bool = True) -> Found:
        """Wait for the one element. Raises ElementNotFoundError, AmbiguousTargetError and InvalidInputError."""
        found = await find(self.page, self.target(), self.until, visible=visible)
        self.fitted = found.fitted
        return found

    def secret(self) -> str | None:
        """Return the value when the text is `secret://name`. Raises SecretMissingError."""
        text = self.todo.text or ""
        return self.tools.secrets.get_secret(text) if _SECRET.fullmatch(text) else None

    async def refuse_foreign(self, field: "Locator") -> None:
        """Raise AddressForbiddenError unless a field is where the secret of this step belongs."""
        name = (self.todo.text or "").removeprefix(SECRET_SCHEME)
        await self.tools.rails.refuse_field(name, field, self.page.url, self.left)

    def clean(self, text: str) -> str:
        return self.tools.secrets.redact(text)

    async def where(self) -> dict[str, Any]:
        """Return the address and the title of the page, free of secrets."""
        return {"url": safe_url(self.page.url, self.tools.secrets), "title": self.clean(await self.page.title())}
