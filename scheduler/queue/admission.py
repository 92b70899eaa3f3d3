"""Bounds what waits: a job over the limit is refused at the door, so that nothing is accepted that cannot be kept.

The count is taken now and then and carried on from there, because counting costs more than accepting. So the limit may
be passed by what is admitted and not yet stored when it is taken, and, with several services, by what the others accept
between two counts. From count to count it is seen how fast
places become free, and so whoever is refused is told when to come back, each a place behind the one before. That one
counts until its time to come back, for then it has a place or is counted anew, and never for long: many come sooner.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from scheduler.core.clock import Clock
from scheduler.core.errors import QueueFullError, TooManyOrdersError
from scheduler.core.ids import TenantId

_RECOUNT: Final = 0.5  # seconds
_KEPT: Final = 60.0  # seconds
"""How long a count tells how fast places become free."""
_REMEMBERED: Final = 10.0  # seconds
"""Over how long the pace is averaged, about."""
_LINED_UP: Final = 10
"""How many seconds, at most, one that was sent away counts: who asks every second is not to count sixty times."""
_SOONEST, _LATEST, _UNKNOWN = 1, 60, 2
"""When to come back: seconds, and what is said before the pace is known."""

CountWaiting = Callable[[TenantId | None, int], Awaitable[int]]
"""Says how many jobs of a tenant, or of all, are ready; what is over the second argument need not be counted."""


@dataclass
class _Count:
    """What waits; how many places become free in a second, None: not known; how many were sent away before them, by the
    second until which that counts."""

    taken_at: float
    waiting: int
    pace: float | None = None
    sent_away: Counter[int] = field(default_factory=Counter)

    def after(self, now: float, waiting: int) -> "_Count":
        """Return the next count."""
        gone, elapsed = max(0, self.waiting - waiting), now - self.taken_at
        pace = gone / elapsed
        if self.pace is not None:
            pace = self.pace + min(1.0, elapsed / _REMEMBERED) * (pace - self.pace)
        away = Counter({second: count for second, count in self.sent_away.items() if second > now})
        return _Count(now, waiting, pace, away)

    def come_back(self, count: int, most: int, now: float, *, lines_up: bool) -> int:
        """Send so many away; return after how many seconds there should be room for them."""
        away = sum(many for second, many in self.sent_away.items() if second > now)
        seconds = self._seconds_for(self.waiting - most + away + count)
        if lines_up:
            self.sent_away[math.floor(now) + min(seconds, _LINED_UP)] += count
        return seconds

    def _seconds_for(self, places: int) -> int:
        if self.pace is None:
            return _UNKNOWN
        return _LATEST if self.pace * _LATEST <= places else max(_SOONEST, math.ceil(places / self.pace))


class Admission:
    """`most` jobs may wait in all, `most_of_tenant` of one tenant; None: any number."""

    def __init__(
        self, count: CountWaiting, clock: Clock, *, most: int | None = None, most_of_tenant: int | None = None
    ) -> None:
        self._count = count
        self._clock = clock
        self._most = most
        self._most_of_tenant = most_of_tenant
        self._counts: dict[TenantId | None, _Count] = {}
        self._counting = asyncio.Lock()

    async def admit(self, tenant: TenantId, count: int = 1, *, lines_up: bool = True) -> None:
        """Make room for so many jobs, all or none. Raises QueueFullError, and TooManyOrdersError for more than may wait
        at all.

        `lines_up`: whoever is refused now is told a time, for which others are told a later one.
        """
        if count <= 0:
            return
        doors = [(who, most) for who, most in ((None, self._most), (tenant, self._most_of_tenant)) if most is not None]
        for _, most in doors:
            if count > most:
                raise TooManyOrdersError(most, count)
        counts = [(await self._fresh(who, most), most, who is not None) for who, most in doors]
        for known, most, of_tenant in counts:
            if known.waiting + count > most:
                come_back = known.come_back(count, most, self._clock.monotonic(), lines_up=lines_up)
                raise QueueFullError(most, wanted=count, of_tenant=of_tenant, come_back=come_back)
        for known, _, _ in counts:
            known.waiting += count

    async def admit_some(self, tenant: TenantId, count: int) -> int:
        """Make room for as many of these jobs as there is; return for how many. Raises QueueFullError: for none."""
        doors = [(who, most) for who, most in ((None, self._most), (tenant, self._most_of_tenant)) if most is not None]
        rooms = [most - (await self._fresh(who, most)).waiting for who, most in doors]
        fitting = max(min([count, *rooms]), min(1, count))
        await self.admit(tenant, fitting)
        return fitting

    async def _fresh(self, who: TenantId | None, most: int) -> _Count:
        """Return the count, taken anew if it is old; whoever asks while it is taken waits for it."""
        known = self._counts.get(who)
        if known is not None and self._clock.monotonic() - known.taken_at < _RECOUNT:
            return known
        async with self._counting:
            now = self._clock.monotonic()
            self._counts = {who: one for who, one in self._counts.items() if now - one.taken_at < _KEPT}
            known = self._counts.get(who)
            if known is None or now - known.taken_at >= _RECOUNT:
                waiting = await self._count(who, most)
                known = self._counts[who] = _Count(now, waiting) if known is None else known.after(now, waiting)
            return known
