"""Bounds what waits: a job over the limit is refused at the door, so that nothing is accepted that cannot be kept.

The count is taken now and then and carried on from there, because counting costs more than accepting. With several
services the limit may be passed by what the others accept between two counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from scheduler.core.clock import Clock
from scheduler.core.errors import QueueFullError
from scheduler.core.ids import TenantId

_RECOUNT: Final = 0.5  # seconds

CountWaiting = Callable[[TenantId | None, int], Awaitable[int]]
"""Says how many jobs of a tenant, or of all, are ready; what is over the second argument need not be counted."""


@dataclass
class _Count:
    taken_at: float
    waiting: int


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

    async def admit(self, tenant: TenantId, count: int = 1) -> None:
        """Make room for so many jobs, all or none. Raises QueueFullError."""
        doors = [(who, most) for who, most in ((None, self._most), (tenant, self._most_of_tenant)) if most is not None]
        counts = [(await self._fresh(who, most), most) for who, most in doors]
        for known, most in counts:
            if known.waiting + count > most:
                raise QueueFullError(most)
        for known, _ in counts:
            known.waiting += count

    async def _fresh(self, who: TenantId | None, most: int) -> _Count:
        """Return the count, taken anew if it is old; whoever asks while it is taken waits for it."""
        known = self._counts.get(who)
        if known is not None and self._clock.monotonic() - known.taken_at < _RECOUNT:
            return known
        async with self._counting:
            now = self._clock.monotonic()
            self._counts = {who: one for who, one in self._counts.items() if now - one.taken_at < _RECOUNT}
            if who not in self._counts:
                self._counts[who] = _Count(now, await self._count(who, most))
            return self._counts[who]
