"""Looks at one element by our selector engine.

It runs where Playwright acts as well, beside the page's own scripts. A look into the page's own world would first bring
all of Playwright there, which costs more than twenty milliseconds in each new document.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from scheduler.executors.web_errors import browser_error, is_dead
from scheduler.executors.web_scripts import ENGINE

if TYPE_CHECKING:
    from playwright.async_api import Locator


@dataclass(frozen=True)
class Reading:
    """What is to be read of an element: a name from `js/readings.js` and what that takes."""

    name: str
    argument: Any = None


class PageFacts(NamedTuple):
    """What is to be known of a page after a step. `stores` is a mark of what its site stores in the browser.

    `secrets` is what each field holds that is for a secret.
    """

    title: str
    loading: bool
    stores: str
    secrets: list[str]


Kind = Literal["text", "number"]
"""What is to be entered in a field."""


@dataclass(frozen=True)
class Asked:
    """What a look shall tell: what an element is, where it stands, by what else the only one is found, what is read.

    With `enter` it is made ready to take a text of this kind in place of what it holds, if it is a field that can; with
    `press` it says where to press it so that it is ticked or not. With `keep` it is remembered under that number.
    """

    near: bool = False
    record: bool = False
    reading: Reading | None = None
    describe: bool = True
    enter: Kind | None = None
    press: bool | None = None
    keep: int | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"mark": True}
        if self.describe:
            asked |= {"describe": True, "near": self.near, "record": self.record}
        if self.reading is not None:
            asked |= {"reading": self.reading.name, "argument": self.reading.argument}
        more = {"enter": self.enter, "press": self.press, "keep": self.keep}
        return asked | {name: value for name, value in more.items() if value is not None}


async def told(locator: "Locator", arguments: dict[str, Any], timeout: float) -> dict[str, Any]:  # noqa: ASYNC109 - Playwright's own, in milliseconds
    """Wait for the only element that fits and return what is asked of it. Raises Playwright's errors."""
    text = await locator.locator(f"{ENGINE}={json.dumps(arguments)}").text_content(timeout=timeout)
    found: dict[str, Any] = json.loads(text or "{}")
    return found


async def told_if_only(locator: "Locator", arguments: dict[str, Any], timeout: float) -> dict[str, Any] | None:  # noqa: ASYNC109
    """Return what is asked of the only element that fits; None when there are several, or none in time."""
    try:
        return await told(locator, arguments, timeout)
    except browser_error() as error:
        if is_dead(error):
            raise
        return None


async def read(locator: "Locator", reading: Reading, timeout: float) -> Any:  # noqa: ANN401, ASYNC109 - whatever the script gives
    """Return what the only element that fits holds. Raises Playwright's errors."""
    return (await told(locator, {"reading": reading.name, "argument": reading.argument}, timeout))["held"]


def noting(locator: "Locator", note: int) -> "Locator":
    """Return the same element; when it is used, what is to be known of the page is noted under this number."""
    return locator.locator(f"{ENGINE}={json.dumps({'note': note})}")


def following(locator: "Locator", note: int | None, *, keep: int | None = None) -> "Locator":
    """Return the same element, which is there only once this note was made in its document.

    With `keep` it is remembered under that number when it is used.
    """
    asked = {name: number for name, number in (("after", note), ("keep", keep)) if number is not None}
    return locator.locator(f"{ENGINE}={json.dumps({**asked, 'itself': True})}") if asked else locator


async def facts_of(root: "Locator", timeout: float) -> PageFacts:  # noqa: ASYNC109
    """Return what is to be known of the page that this element is the root of. Raises Playwright's errors."""
    return PageFacts(*(await told(root, {"facts": True}, timeout))["facts"])


async def noted_facts(root: "Locator", note: int, timeout: float) -> PageFacts | None:  # noqa: ASYNC109
    """Return what was to be known when the note was made; None when it was not made in this document."""
    facts = (await told(root, {"noted": note}, timeout))["facts"]
    return None if facts is None else PageFacts(*facts)
