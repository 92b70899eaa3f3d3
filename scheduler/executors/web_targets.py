"""Finds the element a target means: the most trusted locator that fits exactly one, never one of several."""

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import AmbiguousTargetError, ElementNotFoundError
from scheduler.core.targets import By, Target
from scheduler.core.targets import Locator as Way
from scheduler.executors.web_errors import browser_error, is_passing, public_url
from scheduler.executors.web_looks import Asked, Kind, Reading, following, told_if_only
from scheduler.executors.web_missing import alike
from scheduler.executors.web_refs import normalised
from scheduler.executors.web_scripts import script

if TYPE_CHECKING:
    from playwright.async_api import Frame, FrameLocator, Locator, Page

    Root = Frame | FrameLocator

POLL = 0.1
HEAD_START = 0.3  # seconds in which only the most trusted locator counts, so that a page still loading misleads nobody
_POINTING = 300.0  # milliseconds
_SETTLING = 1.0  # seconds that several matches may take to become one
_SHOWN = 5
_MOST_WAYS = 8
_LINE = 20.0  # pixels
_CLEARLY = 1.25  # times as far as the nearest the next one must be, or both are beside the text


@dataclass(frozen=True)
class Match:
    """An element that fits a locator: what it is, how a person sees it, by what else it can be found, what was read.

    `exactly` says that it fits the whole wording, where a locator names one.
    """

    element: "Locator"
    role: str
    name: str
    shown: str
    box: tuple[float, ...] | None = None
    ways: tuple[Way, ...] = ()
    held: Any = None
    exactly: bool = True
    mark: str | None = None


@dataclass(frozen=True)
class Found:
    """The one element, the locator that fitted it and its rank (0: the most trusted), and how to find it next time.

    `mark` stays while the element is the same to a person; `ready` says that it waits for a text, or that it is ticked
    as wanted once it is pressed `at` that point, where there is such.
    """

    element: "Locator"
    fitted: str
    rank: int = 0
    recorded: Target | None = None
    held: Any = None
    exactly: bool = True
    mark: str | None = None
    ready: bool = False
    at: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Search:
    """What the ranks gave: the one element, or what stood in the way of it."""

    found: Found | None = None
    several: tuple[Match, ...] = ()
    first_fits_several: bool = False
    other_role: Match | None = None


def ways(root: "Root", way: Way) -> "tuple[Locator, ...]":
    """Return Playwright's locators for one of ours: the whole wording first, then a part of it."""
    by_wording = {By.TEXT: root.get_by_text, By.LABEL: root.get_by_label, By.PLACEHOLDER: root.get_by_placeholder}
    if way.by in by_wording:
        get = by_wording[way.by]
        return get(way.value, exact=True), get(way.value)
    if way.by is By.ROLE:
        role: Any = way.value
        return (root.get_by_role(role, name=way.name, exact=way.name is not None),)
    if way.by is By.TEST_ID:
        return (root.get_by_test_id(way.value),)
    return (root.locator(f"{way.by}={way.value}"),)


async def matches(
    page: "Page",
    target: Target,
    way: Way,
    *,
    visible: bool = True,
    record: bool = False,
    reading: Reading | None = None,
) -> tuple[Match, ...]:
    """Return what fits a locator now, in all frames or in the target's. The whole wording counts before a part of it.

    With `record` the only match says by what else it can be found, with `reading` what it holds.
    """
    asked = Asked(near=way.near is not None, record=record, reading=reading)
    if way.by is By.REF:
        return await _pointed_at(page.get_by_ref(way.value), asked)
    roots = _roots(page, target)
    for number, same in enumerate(zip(*(ways(root, way) for root in roots), strict=True)):
        shown = [locator.filter(visible=True) if visible else locator for locator in same]
        found_in = (_described(locator, asked, exactly=not number) for locator in shown)
        per_root = await asyncio.gather(*found_in)
        if way.near is not None:
            pairs = zip(roots, per_root, strict=True)
            per_root = await asyncio.gather(*(_nearest(root, way.near, found) for root, found in pairs))
        if together := tuple(match for found in per_root for match in found):
            return together
    return ()


async def any_match(page: "Page", target: Target, *, visible: bool = True) -> "tuple[Locator, ...]":
    """Return what the most trusted locator that fits anything fits now."""
    for way in target.locators:
        if way.near is not None or way.by is By.REF:
            found = tuple(match.element for match in await matches(page, target, way, visible=visible))
        else:
            found = await _fitting(_roots(page, target), way, visible=visible)
        if found:
            return found
    return ()


async def _fitting(roots: "list[Root]", way: Way, *, visible: bool) -> "tuple[Locator, ...]":
    for same in zip(*(ways(root, way) for root in roots), strict=True):
        shown = [locator.filter(visible=True) if visible else locator for locator in same]
        counts = await asyncio.gather(*map(_count, shown))
        pairs = zip(shown, counts, strict=True)
        if found := tuple(one.nth(number) for one, count in pairs for number in range(count)):
            return found
    return ()


async def _count(locator: "Locator") -> int:
    """Say how many elements fit now; none while the page is changing."""
    try:
        return await locator.count()
    except browser_error() as error:
        if is_passing(error):
            return 0
        raise


def first_locator(page: "Page", target: Target) -> "Locator | None":
    """Return the visible element that fits the whole wording of the first locator; None when that needs a look."""
    way = target.locators[0]
    if target.frame or len(page.frames) > 1 or way.near is not None or way.by is By.REF:
        return None
    return ways(page.main_frame, way)[0].filter(visible=True)


def means_one_thing(target: Target) -> bool:
    """Whether a part of the wording does not count either where the whole wording of the first locator fits nothing."""
    return target.locators[0].by not in {By.TEXT, By.LABEL, By.PLACEHOLDER}


async def only(
    page: "Page",
    target: Target,
    until: float,
    *,
    record: bool = True,
    reading: Reading | None = None,
    enter: Kind | None = None,
    press: bool | None = None,
    after: int | None = None,
    keep: int | None = None,
) -> Found | None:
    """Return the only visible element that fits the whole wording of the first locator; it is waited for a moment.

    None when there is no such or that needs a closer look. Without `record` it is not described. With `enter` it is
    made ready to take a text of that kind, where it can; with `press` to be ticked or not. With `after` it is looked at
    once that note was made; with `keep` it is remembered under that number.
    """
    locator = first_locator(page, target)
    if locator is None:
        return None
    wait = min(HEAD_START, until - asyncio.get_running_loop().time())
    asked = Asked(record=record, reading=reading, describe=record, enter=enter, press=press, keep=keep)
    seen = await told_if_only(following(locator, after), asked.arguments, max(wait, 0.001) * 1000)
    if seen is None:
        return None
    if record:
        found = await _found(target, 0, _match(locator, seen, exactly=True), record=True)
    else:
        found = Found(locator, str(target.locators[0]), held=seen.get("held"), mark=seen["mark"])
    point = seen.get("at")
    return replace(found, ready=seen.get("ready", False), at=None if point is None else (point[0], point[1]))


async def find(
    page: "Page",
    target: Target,
    until: float,
    *,
    visible: bool = True,
    record: bool = True,
    reading: Reading | None = None,
    since: float | None = None,
) -> Found:
    """Wait for exactly one element. `until` is a moment of the loop's clock, and so is `since`, when that began.

    With `record` it is said how to find it next time, with `reading` what it holds.

    Raises ElementNotFoundError, and AmbiguousTargetError when a locator goes on fitting more than one.
    """
    now = asyncio.get_running_loop().time
    started = now() if since is None else since
    while True:
        at = now()
        last = at >= until
        ranks = len(target.locators) if last or at >= started + HEAD_START else 1
        seen = await _look(page, target, ranks, visible=visible, record=record, reading=reading)
        if seen.found is not None:
            return seen.found
        if seen.several and (last or (seen.first_fits_several and at >= started + _SETTLING)):
            raise _ambiguous(page, target, seen.several)
        if last:
            raise await _missing(page, target, seen)
        await asyncio.sleep(min(POLL, max(until - now(), 0)))


async def _look(
    page: "Page", target: Target, ranks: int, *, visible: bool, record: bool, reading: Reading | None
) -> _Search:
    """Go down the ranks. A lower one that fits several is passed over; one that fits something else is no fit."""
    several: tuple[Match, ...] = ()
    other_role: Match | None = None
    for rank, way in enumerate(target.locators[:ranks]):
        fitting = await matches(page, target, way, visible=visible, record=record, reading=reading)
        if len(fitting) > 1:
            several = several or fitting
            if rank == 0:
                return _Search(several=fitting, first_fits_several=True)
        elif fitting and rank > 0 and target.expected_role not in {None, _role(way, fitting[0])}:
            other_role = other_role or fitting[0]
        elif fitting:
            return _Search(found=await _found(target, rank, fitting[0], record=record))
    return _Search(several=several, other_role=other_role)


async def _found(target: Target, rank: int, match: Match, *, record: bool) -> Found:
    way = target.locators[rank]
    recorded = await _recorded(target, way, match) if record else None
    return Found(match.element, str(way), rank, recorded, match.held, match.exactly, match.mark)


async def _recorded(target: Target, way: Way, match: Match) -> Target | None:
    """Say how to find it next time: what fitted now first, then what the plan says, then what we saw ourselves."""
    frame: tuple[Way, ...] = target.frame
    first: tuple[Way, ...] = (way,)
    if way.by is By.REF:
        first, frame = await normalised(match.element)
    planned = tuple(one for one in target.locators if one.by is not By.REF)
    together = tuple(dict.fromkeys((*first, *planned, *match.ways)))[:_MOST_WAYS]
    known = together == target.locators and target.role is not None
    return Target(locators=together, frame=frame, role=_role(way, match)) if together and not known else None


def _role(way: Way, match: Match) -> str:
    """Return what the element is; the browser, asked for a role, knows that better than our look at it."""
    return way.value if way.by is By.ROLE else match.role


def _roots(page: "Page", target: Target) -> "list[Root]":
    """Return where to look: the frame that the target names, else every frame."""
    if not target.frame:
        return [frame for frame in page.frames if not frame.is_detached()]
    root: Frame | FrameLocator = page.main_frame
    for way in target.frame:
        root = ways(root, way)[0].content_frame
    return [root]


async def _described(locator: "Locator", asked: Asked, *, exactly: bool = True) -> tuple[Match, ...]:
    count = await _count(locator)
    if count <= 1:
        seen = await told_if_only(locator, asked.arguments, _POINTING) if count else None
        return () if seen is None else (_match(locator, seen, exactly=exactly),)
    try:
        every = await locator.evaluate_all(script("describe"), asked.arguments)
    except browser_error() as error:
        if is_passing(error):
            return ()
        raise
    return tuple(_match(locator.nth(number), one, exactly=exactly) for number, one in enumerate(every))


async def _pointed_at(locator: "Locator", asked: Asked) -> tuple[Match, ...]:
    """Describe what a ref names; Playwright keeps refs where only a look at a single element finds them."""
    seen = await told_if_only(locator, asked.arguments, _POINTING)
    return () if seen is None else (_match(locator, seen, exactly=True),)


def _match(element: "Locator", seen: dict[str, Any], *, exactly: bool) -> Match:
    return Match(
        element=element,
        role=seen["role"],
        name=seen["name"],
        shown=seen["shown"],
        box=seen["box"] and tuple(seen["box"]),
        ways=tuple(Way(**way) for way in seen["ways"]),
        held=seen.get("held"),
        exactly=exactly,
        mark=seen.get("mark"),
    )


async def _nearest(root: "Root", text: str, candidates: tuple[Match, ...]) -> tuple[Match, ...]:
    """Keep of the candidates the one nearest to the text; none without the text, all that are about as near as it."""
    if not candidates:
        return ()
    for anchor in ways(root, Way(by=By.TEXT, value=text)):
        anchors = await _described(anchor.filter(visible=True), Asked(near=True))
        boxes = [one.box for one in anchors if one.box is not None]
        if not boxes:
            continue
        far = sorted(((_distance(boxes, match), match) for match in candidates), key=lambda pair: pair[0])
        return tuple(match for distance, match in far if distance <= far[0][0] * _CLEARLY + 2)
    return ()


def _distance(boxes: list[tuple[float, ...]], match: Match) -> float:
    """Say how far a candidate is from the nearest of the boxes, as people read: in its line first, then around it.

    What stands in the line counts a quarter of its pixels, the more so before the text, since names come first.
    """
    if match.box is None:
        return math.inf
    x, y, width, height = match.box

    def cost(box: tuple[float, ...]) -> float:
        after, before = x - box[0] - box[2], box[0] - x - width
        across = max(after, before, 0)
        if box[1] <= y + height / 2 <= box[1] + box[3] or y <= box[1] + box[3] / 2 <= y + height:
            return (across + _LINE) / 2 if before >= 0 else across / 4
        return math.hypot(across, max(box[1] - y - height, y - box[1] - box[3], 0)) + _LINE

    return min(cost(box) for box in boxes)


def _ambiguous(page: "Page", target: Target, several: tuple[Match, ...]) -> AmbiguousTargetError:
    described = tuple(match.shown for match in several[:_SHOWN])
    more = len(several) - len(described)
    return AmbiguousTargetError(str(target), public_url(page.url), (*described, f"+ {more}") if more > 0 else described)


async def _missing(page: "Page", target: Target, seen: _Search) -> ElementNotFoundError:
    others = await alike(page, target)
    if seen.other_role is not None:
        others = (f"{seen.other_role.shown} ({seen.other_role.role})", *others)
    return ElementNotFoundError(str(target), public_url(page.url), dict.fromkeys(others))
