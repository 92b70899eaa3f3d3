"""Whom a write concerns: who is told of it at once, and who may hear of it a moment later, together with what follows.

To wake somebody costs as much as a small write, and a job is written several times before anybody can do anything about
it. So workers hear of what may bring them work, and whoever only watches hears of ends and answers at once.
"""

import asyncio
from collections.abc import Callable
from enum import IntEnum
from typing import Final

SOON: Final = 0.005  # seconds until what can wait is told


class News(IntEnum):
    """How urgent a change is; of several the greatest counts."""

    NONE = 0
    """Nothing has changed."""
    FOR_LATER = 1
    """A job has got on, or something is kept in order: those who watch hear of it within `SOON`."""
    FOR_WATCHERS = 2
    """Something that is waited for, but that brings no work: those who watch hear of it at once."""
    FOR_ALL = 3
    """There may be something to lease, to stop or to answer."""


class Signal:
    """A ChangeSignal. `watched` is called by whoever begins to wait."""

    def __init__(self, watched: Callable[[], None]) -> None:
        self._watched = watched
        self._changes = 0
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def changes(self) -> int:
        """Grows with every change that was noticed."""
        return self._changes

    @property
    def awaited(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiters)

    async def wait(self, seen: int, limit: float) -> None:
        """Return when `changes` is no longer `seen`, or after `limit` seconds."""
        if self._changes != seen:
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        end = loop.call_later(limit, _wake, waiter)
        self._waiters.add(waiter)
        try:
            self._watched()
            await waiter
        finally:
            end.cancel()
            self._waiters.discard(waiter)

    def count(self) -> None:
        """Count a change, of which those that wait are yet to be told."""
        self._changes += 1

    def tell(self) -> None:
        """Wake whoever waits."""
        for waiter in self._waiters:
            _wake(waiter)

    def fail(self, error: Exception) -> None:
        """Have those that wait get an error."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(error)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
