"""Turns what a person does in a browser into a site profile. No value of a password or user name is kept.

The login ends with the first click, or Enter, after the password; what follows, up to the first file that comes, is
how a document is found. The number of the document becomes `{document_id}` wherever it was entered or clicked.
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict

from scheduler.cli.words import say
from scheduler.core.sites import SiteProfile
from scheduler.executors.browser_pool import find_browser
from scheduler.executors.web_errors import browser_error

if TYPE_CHECKING:
    from playwright.async_api import Page

    from scheduler.settings import Settings

SCRIPT: Final = Path(__file__).with_name("site_recorder.js")
_SIGNS: Final = ("Abmelden", "Ausloggen", "Logout", "Log out", "Sign out")
_FILES: Final = ("application/pdf", "application/octet-stream", "application/zip", "text/csv")


class Deed(BaseModel):
    """What the person did; a `file` has no target: it is what the click before it brought."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["open", "click", "fill", "select", "press", "file"]
    target: tuple[str, ...] = ()
    text: str = ""
    secret: bool = False
    url: str = ""


class Recorder:
    """Listens to a page. `deeds` grow as things are done; `signs` are what said, after the login, that it succeeded."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.signs: list[str] = []

    async def listen(self, page: "Page") -> None:
        """Hear what is done on the page and on all tabs it opens."""
        context = page.context
        await context.expose_function("__cpaReport", self._report)
        await context.add_init_script(path=SCRIPT)
        context.on("download", lambda _: self._file())
        context.on("response", lambda response: self._file() if _is_file(response) else None)

    async def look(self, page: "Page") -> None:
        """Note which sign of a logged-in user the page shows."""
        for words in _SIGNS:
            for role in ("button", "link"):
                with contextlib.suppress(browser_error()):
                    if await page.get_by_role(role, name=words).count() == 1:
                        self.signs.append(f"role={role}[name={json.dumps(words)}]")

    def _report(self, text: str) -> None:
        self.deeds.append(Deed.model_validate_json(text))

    def _file(self) -> None:
        if self.deeds and self.deeds[-1].kind != "file":
            self.deeds.append(Deed(kind="file"))


def _is_file(response: Any) -> bool:  # noqa: ANN401 - Playwright's, imported late
    return str(response.headers.get("content-type", "")).partition(";")[0] in _FILES


async def recorded(
    settings: "Settings", name: str, url: str, document: str | None, aliases: Sequence[str]
) -> SiteProfile:
    """Open a window and return the profile of what was shown there, once it is closed. Raises ValueError."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - takes long to import

    executable = settings.web.browser_path or find_browser(headless=False)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(headless=False, executable_path=executable)
        page = await (await browser.new_context()).new_page()
        recorder, closed = Recorder(), asyncio.Event()
        await recorder.listen(page)
        page.on("close", lambda _: closed.set())
        browser.on("disconnected", lambda _: closed.set())
        await page.goto(url)
        while not closed.is_set():
            await recorder.look(page)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), 0.5)
    return profile_of(recorder.deeds, name=name, url=url, document=document, aliases=aliases, signs=recorder.signs)


def profile_of(
    deeds: Sequence[Deed], *, name: str, url: str, document: str | None, aliases: Sequence[str], signs: Sequence[str]
) -> SiteProfile:
    """Return the profile that does what was shown. Raises ValueError when no file came, or no login ended well."""
    login, rest = _split(deeds)
    if login and not signs:
        raise ValueError(
            say(
                "Nach der Anmeldung war kein „Abmelden“ zu sehen. Bitte mit „cpa site add --logged-in …“ anlegen.",
                "No “Log out” was seen after the login. Please use “cpa site add --logged-in …”.",
            )
        )
    if not any(deed.kind == "file" for deed in rest):
        raise ValueError(say("Es wurde nichts heruntergeladen.", "Nothing was downloaded."))
    parts = urlsplit(url)
    profile: dict[str, Any] = {"name": name, "aliases": tuple(aliases), "url": f"{parts.scheme}://{parts.netloc}"}
    start = parts.path + (f"?{parts.query}" if parts.query else "")
    if login:
        profile["login"] = {"steps": [{"open": start or "/"}, *_login_steps(login)], "logged_in": signs[0]}
    found = _document_steps(rest, document)
    begin = _page_of(rest, document) or start or "/"
    profile["document"] = {"steps": [{"open": begin}, *found]}
    return SiteProfile.model_validate(profile)


def _split(deeds: Sequence[Deed]) -> tuple[list[Deed], list[Deed]]:
    """Return what was done to log in, and what came after."""
    password = next((place for place, deed in enumerate(deeds) if deed.secret), None)
    if password is None:
        return [], list(deeds)
    ends = (place for place, deed in enumerate(deeds) if place > password and deed.kind in {"click", "press"})
    end = next(ends, len(deeds) - 1)
    return list(deeds[: end + 1]), list(deeds[end + 1 :])


def _login_steps(deeds: Sequence[Deed]) -> list[dict[str, Any]]:
    """The field filled last before the password is the user name's; its value is a secret, too."""
    password = next(place for place, deed in enumerate(deeds) if deed.secret)
    user = max((place for place in range(password) if deeds[place].kind == "fill"), default=None)
    steps: list[dict[str, Any]] = []
    for place, deed in enumerate(deeds):
        if deed.kind == "fill":
            named = "password" if deed.secret else "username" if place == user else ""
            given = {"secret": named} if named else {"text": deed.text}
            steps.append({"fill": list(deed.target), **given})
        elif deed.kind == "click" and (place > password or deeds[place + 1].kind != "fill"):
            steps.append({"click": list(deed.target)})
        elif deed.kind == "press":
            steps.append({"press": "Enter"})
    return steps


def _document_steps(deeds: Sequence[Deed], document: str | None) -> list[dict[str, Any]]:
    file = next(place for place, deed in enumerate(deeds) if deed.kind == "file")
    steps: list[dict[str, Any]] = []
    for deed in deeds[:file]:
        target = [_slotted(text, document, tight=text.startswith("css=")) for text in deed.target]
        if deed.kind == "click":
            steps.append({"click": target})
        elif deed.kind == "fill" and not deed.secret:
            steps.append({"fill": target, "text": _slotted(deed.text, document)})
        elif deed.kind == "select":
            steps.append({"select": target, "text": deed.text})
        elif deed.kind == "press":
            steps.append({"press": "Enter"})
    if not steps or "click" not in steps[-1]:
        raise ValueError(say("Die Datei kam nicht durch einen Klick.", "The file did not come by a click."))
    steps[-1] = {"download": steps[-1]["click"]}
    return steps


def _page_of(deeds: Sequence[Deed], document: str | None) -> str:
    """Return the path of the page on which the search began."""
    first = next((deed.url for deed in deeds if deed.url), "")
    parts = urlsplit(first)
    return _slotted(parts.path + (f"?{parts.query}" if parts.query else ""), document, tight=True)


def _slotted(text: str, document: str | None, *, tight: bool = False) -> str:
    text = text.replace("{", "").replace("}", "")
    if not document:
        return text
    encoded = quote(document, safe="")
    return text.replace(encoded if tight else document, "{document_id|url}" if tight else "{document_id}")
