"""Sleepers are woken when something is due, and the event loop is left alone when nothing is."""

import asyncio
import math
import time

import pytest

from scheduler.orchestrator.timers import Timers

pytestmark = pytest.mark.virtual_time


class Dozing:
    """A sleeper with a list of times, which notes when it was woken for which."""

    def __init__(self, timers: Timers, *delays: float) -> None:
        self.due = [time.monotonic() + delay for delay in delays]
        self.woken: list[float] = []
        for due in self.due:
            timers.call_at(due, self)

    def wake(self, now: float) -> float:
        self.woken += [due for due in self.due if due <= now]
        self.due = [due for due in self.due if due > now]
        return min(self.due, default=math.inf)


async def test_everybody_is_woken_at_his_times() -> None:
    timers = Timers()
    one, other = Dozing(timers, 0.03, 0.005, 60), Dozing(timers, 0.01)
    last, first, late = one.due
    woken = []

    for seconds in (0.004, 0.002, 0.005, 0.02):
        await asyncio.sleep(seconds)
        woken.append(([*one.woken], len(other.woken)))

    assert woken == [([], 0), ([first], 0), ([first], 1), ([first, last], 1)]
    assert one.due == [late]


async def test_who_has_gone_is_not_woken() -> None:
    timers = Timers()
    gone, there = Dozing(timers, 0.005), Dozing(timers, 0.01)
    timers.remove(gone)

    await asyncio.sleep(1)

    assert (gone.woken, len(there.woken)) == ([], 1)


async def test_what_is_due_already_comes_at_once() -> None:
    timers = Timers()
    late = Dozing(timers, -1)

    await asyncio.sleep(0.001)

    assert late.woken
