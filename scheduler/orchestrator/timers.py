"""Wakes runs at their times: one timer of the event loop for all of them, since hardly any attempt is ever overdue."""

import asyncio
import math
import time
from typing import Protocol


class Sleeper(Protocol):
    """Whoever wants to be woken."""

    def wake(self, now: float) -> float:
        """Do what is due by `now`, in seconds of `time.monotonic`; return when the next is due, or infinity."""


class Timers:
    """Keeps the sleepers of one event loop. They say when the next thing is due, and are asked again at that time."""

    def __init__(self) -> None:
        self._sleepers: set[Sleeper] = set()
        self._next = math.inf
        self._handle: asyncio.TimerHandle | None = None

    def remove(self, sleeper: Sleeper) -> None:
        """Forget a sleeper; with the last one the timer of the loop goes as well."""
        self._sleepers.discard(sleeper)
        if not self._sleepers and self._handle is not None:
            self._handle.cancel()
            self._handle, self._next = None, math.inf

    def call_at(self, due: float, sleeper: Sleeper) -> None:
        """Have the sleeper woken at that time, or before, until it is removed."""
        self._sleepers.add(sleeper)
        self._look_at(due)

    def _look_at(self, due: float) -> None:
        if due < self._next:
            if self._handle is not None:
                self._handle.cancel()
            self._next = due
            self._handle = asyncio.get_running_loop().call_later(max(0.0, due - time.monotonic()), self._look)

    def _look(self) -> None:
        self._handle, self._next = None, math.inf
        now = time.monotonic() + 0.001  # loops count whole milliseconds
        following = min((sleeper.wake(now) for sleeper in list(self._sleepers)), default=math.inf)
        if following < math.inf:
            self._look_at(following)
