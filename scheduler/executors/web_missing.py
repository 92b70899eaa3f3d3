"""Says what is on the page instead of an element that is missing: the fields, buttons and links most like it."""

import asyncio
from typing import TYPE_CHECKING, Any

from scheduler.core.similarity import likeness
from scheduler.core.targets import Locator as Way
from scheduler.core.targets import Target
from scheduler.executors.web_errors import browser_error
from scheduler.executors.web_scripts import script

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

_USABLE = (
    "a[href],button,input:not([type=hidden]),select,textarea,summary,h1,h2,h3,[role],[onclick],[data-testid],[tabindex]"
)
_SHOWN = 5
_SAME_ROLE = 0.25  # how much more alike something of the same kind is


async def alike(page: "Page", target: Target) -> tuple[str, ...]:
    """Return what could be meant, the most alike first, as locators a plan could use."""
    frames = [frame for frame in page.frames if not frame.is_detached()]
    seen = [one for part in await asyncio.gather(*map(_usable, frames)) for one in part]
    sought = [text for way in target.locators for text in _words_of(way)]
    ranked = sorted(seen, key=lambda one: -_likeness(one, sought, target.expected_role))
    return tuple(dict.fromkeys(_locator(one) for one in ranked))[:_SHOWN]


async def _usable(frame: "Frame") -> list[dict[str, str]]:
    try:
        usable: list[dict[str, str]] = await frame.locator(_USABLE).evaluate_all(script("nearest"))
    except browser_error():  # the page is going away; that the element is missing is told all the same
        return []
    return usable


def _words_of(way: Way) -> tuple[str, ...]:
    words = "".join(letter if letter.isalnum() else " " for letter in way.value)
    return (way.name,) if way.name else (words,)


def _likeness(one: dict[str, Any], sought: list[str], role: str | None) -> float:
    texts = (one["name"], one["id"], one["test"])
    best = max((likeness(text, wanted) for text in texts for wanted in sought if text), default=0.0)
    return best + (_SAME_ROLE if one["role"] == role else 0.0)


def _locator(one: dict[str, str]) -> str:
    if one["name"]:
        return f'role={one["role"]}[name="{one["name"]}"]'
    return f"css=#{one['id']}" if one["id"] else f"role={one['role']}"
