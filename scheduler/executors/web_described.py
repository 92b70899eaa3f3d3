"""Remembers for a while how elements were described, so that who uses them again need not describe them again.

A description may become the target of later jobs. So one that names what belongs to a single case, a number or the
row beside which the element stands, is made anew each time.
"""

import re
import time
from collections import OrderedDict
from typing import NamedTuple

from scheduler.core.ids import TenantId
from scheduler.core.targets import Locator, Target

_KEPT = 600.0  # seconds
_MOST = 1000
_OF_ONE_CASE = re.compile(r"\d")


class Place(NamedTuple):
    """An element as a tenant's plan names it, on a page by its address without a query."""

    tenant: TenantId
    url: str
    target: Target


class Known(NamedTuple):
    """How to find it next time; nothing where the plan says that already. `mark` is that of the described element."""

    recorded: Target | None
    mark: str | None
    until: float


class Descriptions:
    """What was seen lately; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[Place, Known] = OrderedDict()

    def of(self, place: Place) -> Known | None:
        """Return how the element was described less than ten minutes ago."""
        known = self._known.get(place)
        return known if known is not None and time.monotonic() < known.until else None

    def keep(self, place: Place, recorded: Target | None, mark: str | None = None) -> None:
        """Remember a description, unless it may fit this case only."""
        if recorded is not None and any(map(_names_one_case, set(recorded.locators) - set(place.target.locators))):
            return
        self._known[place] = Known(recorded, mark, time.monotonic() + _KEPT)
        self._known.move_to_end(place)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


def _names_one_case(way: Locator) -> bool:
    return way.near is not None or _OF_ONE_CASE.search(str(way)) is not None
