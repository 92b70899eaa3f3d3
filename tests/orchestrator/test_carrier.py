"""Steps that never wait are done in the task of their run; one that waits keeps it, and the run goes on elsewhere."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from scheduler.orchestrator.carrier import Carrier

Part = Callable[[], Coroutine[Any, Any, None]]


class Run:
    """A run of some parts, which waits for those that do not end at once."""

    def __init__(self, *parts: Part) -> None:
        self._parts = parts
        self.tasks: list[asyncio.Task[None] | None] = []
        self.seen: list[asyncio.Task[Any] | None] = []
        self.over: list[Carrier] = []
        self.after_waiting = asyncio.Event()

    def carried(self, owner: asyncio.TaskGroup) -> Carrier:
        carrier = Carrier(owner, self.over.append)
        carrier.carry(self._work(carrier))
        return carrier

    async def _work(self, carrier: Carrier) -> None:
        try:
            self.seen.append(asyncio.current_task())
            self.tasks += [carrier.begin(part()) for part in self._parts]
            await asyncio.sleep(0)
            self.seen.append(asyncio.current_task())
            self.after_waiting.set()
            await asyncio.gather(*(asyncio.wait([task]) for task in self.tasks if task is not None))
        finally:
            for task in self.tasks:
                if task is not None and not task.done():
                    task.cancel()
                    await asyncio.wait([task])


async def _at_once() -> None:
    pass


async def test_what_never_waits_needs_no_task() -> None:
    run = Run(_at_once, _at_once)

    async with asyncio.TaskGroup() as owner:
        carrier = run.carried(owner)

    assert run.tasks == [None, None]
    assert run.seen[0] is run.seen[1]
    assert run.over == [carrier]


async def test_who_waits_keeps_the_task_and_its_timeouts_and_the_run_goes_on_in_another() -> None:
    told: list[str] = []

    async def late() -> None:
        before = asyncio.current_task()
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            told.append("too late" if asyncio.current_task() is before else "in another task")

    run = Run(late, late)

    async with asyncio.TaskGroup() as owner:
        carrier = run.carried(owner)

    assert told == ["too late", "too late"]
    assert run.tasks[0] is run.seen[0]
    assert len({*run.tasks, run.seen[1]}) == 3
    assert run.over == [carrier]


@pytest.mark.parametrize("turns", range(4))
async def test_who_cancels_stops_the_run_with_its_parts_whenever_that_is(turns: int) -> None:
    stopped: list[int] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(1)
            raise

    run = Run(endless, endless)

    async with asyncio.timeout(10), asyncio.TaskGroup() as owner:
        carrier = run.carried(owner)
        for _ in range(turns):
            await asyncio.sleep(0)
        carrier.cancel()
        await carrier.until_ended()

    assert len(stopped) == len(run.tasks)
    assert run.over == [carrier]


async def test_others_get_their_turn_beside_a_long_chain_of_short_steps() -> None:
    tasks: list[asyncio.Task[None] | None] = []
    turns: list[int] = []

    async def chain(carrier: Carrier) -> None:
        for _ in range(100):
            tasks.append(task := carrier.begin(_at_once()))
            if task is not None:
                await asyncio.wait([task])

    async def others() -> None:
        turns.append(len(tasks))

    async with asyncio.TaskGroup() as owner:
        carrier = Carrier(owner, lambda _: None)
        carrier.carry(chain(carrier))
        owner.create_task(others())

    assert 1 < turns[0] < 50
    assert len(tasks) == 100
