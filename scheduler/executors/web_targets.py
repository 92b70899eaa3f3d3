"""Finds the element a target means: the most trusted locator that fits exactly one, never one of several."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import AmbiguousTargetError, ElementNotFoundError
from scheduler.core.targets import By, Target
from scheduler.core.targets import Locator as Way
from scheduler.executors.web_errors import browser_error, is_passing, public_url

if TYPE_CHECKING:
    from playwright.async_api import Frame, Locator, Page

POLL = 0.1
_HEAD_START = 0.3  # seconds in which only the most trusted locator counts, so that a page still loading misleads nobody
_SETTLING = 1.0  # seconds that several matches may take to become one
_SHOWN = 5
_DESCRIBE = """e => {
  const words = (e.innerText || e.placeholder || e.name || '').trim().replace(/\\s+/g, ' ').slice(0, 40);
  return '<' + e.tagName.toLowerCase() + (e.id ? ' id=' + e.id : '') + '>' + (words ? ' ' + words : '');
}"""


@dataclass(frozen=True)
class Found:
    """The one element, and the locator that fitted it."""

    element: "Locator"
    fitted: str


@dataclass(frozen=True)
class _Several:
    """More than one element fits the same locator."""

    elements: "tuple[Locator, ...]"


def ways(frame: "Frame", way: Way) -> "tuple[Locator, ...]":
    """Return Playwright's locators for one of ours: the whole wording first, then a part of it."""
    by_wording = {By.TEXT: frame.get_by_text, By.LABEL: frame.get_by_label, By.PLACEHOLDER: frame.get_by_placeholder}
    if way.by in by_wording:
        get = by_wording[way.by]
        return get(way.value, exact=True), get(way.value)
    if way.by is By.ROLE:
        role: Any = way.value
        return (frame.get_by_role(role, name=way.name, exact=way.name is not None),)
    if way.by is By.TEST_ID:
        return (frame.get_by_test_id(way.value),)
    return (frame.locator(f"{way.by}={way.value}"),)


async def matches(page: "Page", way: Way, *, visible: bool = True) -> "tuple[Locator, ...]":
    """Return what fits a locator now, in all frames. The whole wording counts before a part of it."""
    frames = [ways(frame, way) for frame in page.frames if not frame.is_detached()]
    for same in zip(*frames, strict=True):
        narrowed = [locator.filter(visible=True) if visible else locator for locator in same]
        counts = [await _count(locator) for locator in narrowed]
        if any(counts):
            return tuple(
                locator if count == 1 else locator.nth(number)
                for locator, count in zip(narrowed, counts, strict=True)
                for number in range(count)
            )
    return ()


async def any_match(page: "Page", target: Target, *, visible: bool = True) -> "tuple[Locator, ...]":
    """Return what the most trusted locator that fits anything fits now."""
    for way in target.locators:
        if found := await matches(page, way, visible=visible):
            return found
    return ()


async def find(page: "Page", target: Target, until: float, *, visible: bool = True) -> Found:
    """Wait for exactly one element. `until` is a moment of the loop's clock.

    Raises ElementNotFoundError, and AmbiguousTargetError when a locator goes on fitting more than one.
    """
    now = asyncio.get_running_loop().time
    started = now()
    while True:
        at = now()
        last = at >= until
        ranks = target.locators if last or at >= started + _HEAD_START else target.locators[:1]
        seen = await _look(page, ranks, visible=visible)
        if isinstance(seen, Found):
            return seen
        if isinstance(seen, _Several) and (last or at >= started + _SETTLING):
            raise await _ambiguous(page, target, seen)
        if last:
            raise ElementNotFoundError(str(target), public_url(page.url))
        await asyncio.sleep(min(POLL, max(until - now(), 0)))


async def _look(page: "Page", ranks: tuple[Way, ...], *, visible: bool) -> Found | _Several | None:
    for way in ranks:
        elements = await matches(page, way, visible=visible)
        if len(elements) == 1:
            return Found(elements[0], str(way))
        if elements:
            return _Several(elements)
    return None


async def _count(locator: "Locator") -> int:
    try:
        return await locator.count()
    except browser_error() as error:
        if is_passing(error):
            return 0
        raise


async def _ambiguous(page: "Page", target: Target, seen: _Several) -> AmbiguousTargetError:
    described = []
    for element in seen.elements[:_SHOWN]:
        try:
            described.append(str(await element.evaluate(_DESCRIBE, timeout=1000)))
        except browser_error():  # it went away meanwhile; that there were several is told all the same
            described.append("?")
    more = len(seen.elements) - len(described)
    return AmbiguousTargetError(
        str(target), public_url(page.url), (*described, f"+ {more}") if more > 0 else tuple(described)
    )
