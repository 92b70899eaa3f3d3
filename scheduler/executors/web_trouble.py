"""Remembers what went wrong inside the page during a step: errors in its scripts, and what the network did not give."""

from collections import deque
from typing import TYPE_CHECKING

from scheduler.executors.web_errors import browser_error, public_url

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_MOST = 50
_LONGEST = 500  # letters of one message


class Trouble:
    """The last errors of all tabs of a job, as lines to read; `clear` begins a new step."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_MOST)

    def clear(self) -> None:
        self._lines.clear()

    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)

    def watch(self, context: "BrowserContext") -> None:
        """Listen to every tab the context has or will have."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("requestfailed", self._on_failed)
        context.on("response", self._on_response)

    def _note(self, kind: str, text: str) -> None:
        self._lines.append(f"{kind}: {' '.join(text.split())[:_LONGEST]}")

    def _on_console(self, message: "ConsoleMessage") -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console {message.type}", message.text)

    def _on_error(self, error: "WebError") -> None:
        self._note("script error", str(error.error))

    def _on_failed(self, request: "Request") -> None:
        try:
            why = request.failure or "failed"
        except browser_error():
            why = "failed"
        if why != "net::ERR_ABORTED":  # the page itself gave it up, or it became a download
            self._note("network", f"{request.method} {public_url(request.url)}: {why}")

    def _on_response(self, response: "Response") -> None:
        if response.status >= 400:
            self._note("network", f"{response.request.method} {public_url(response.url)}: HTTP {response.status}")
