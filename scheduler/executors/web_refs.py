"""Turns a `ref`, which holds for one look at a page only, into locators that can be kept."""

import ast
import re
from typing import TYPE_CHECKING

from scheduler.core.targets import By
from scheduler.core.targets import Locator as Way
from scheduler.executors.web_errors import browser_error

if TYPE_CHECKING:
    from playwright.async_api import Locator

_INTO_FRAME = re.compile(r"\.content_frame(?:\.|$)")
_CALL = re.compile(
    r"(?P<kind>locator|get_by_(?:role|text|label|placeholder|test_id))"
    r"\((?P<value>\"(?:[^\"\\]|\\.)*\")(?:, name=(?P<name>\"(?:[^\"\\]|\\.)*\"))?(?:, exact=True)?\)"
)


async def normalised(element: "Locator") -> tuple[tuple[Way, ...], tuple[Way, ...]]:
    """Return the locator Playwright would keep for an element, and the way to its frame.

    The locator is empty when it cannot be said in one of ours; what we saw ourselves then has to do.
    """
    try:
        said = str(await element.normalize())
    except browser_error():  # it has just gone; who acts on it will hear so
        return (), ()
    *frames, last = _INTO_FRAME.split(said)
    way_in = [_way(frame) for frame in frames]
    way = _way(last)
    inside = tuple(one for one in way_in if one is not None)
    return ((way,) if way is not None else ()), (inside if len(inside) == len(way_in) else ())


def _way(said: str) -> Way | None:
    call = _CALL.fullmatch(said)
    if call is None:
        return None
    value, name = (text and str(ast.literal_eval(text)) for text in (call["value"], call["name"]))
    if not value:
        return None
    by = By.CSS if call["kind"] == "locator" else By(call["kind"].removeprefix("get_by_"))
    if by is By.CSS and value.startswith(("//", "xpath=")):
        by, value = By.XPATH, value.removeprefix("xpath=")
    return Way(by=by, value=value, name=name if by is By.ROLE else None)
