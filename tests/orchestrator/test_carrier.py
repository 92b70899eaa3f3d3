"""Steps that never wait are done in the task of their run; one that waits keeps it, and the run goes on elsewhere."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from scheduler.orchestrator.carrier import Carrier

VARIABLE = ContextVar("who", default="nobody")
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


async def test_who_keeps_the_task_of_work_that_has_ended_goes_on_in_it() -> None:
    release, told = asyncio.Event(), list[str]()
    over: list[Carrier] = []

    async def late() -> None:
        before = asyncio.current_task()
        await release.wait()
        told.append("in its task" if asyncio.current_task() is before else "elsewhere")

    async def begins(carrier: Carrier) -> None:
        carrier.begin(late())

    async with asyncio.TaskGroup() as owner:
        carrier = Carrier(owner, over.append)
        carrier.carry(begins(carrier))
        await asyncio.sleep(0)
        assert over == [carrier]
        release.set()

    assert told == ["in its task"]
    assert over == [carrier]


@pytest.mark.parametrize("ends", [True, False])
async def test_who_begins_to_wait_when_work_has_met_an_error_keeps_the_task_too(ends: bool) -> None:
    over, told = list[Carrier](), list[str]()
    failing = asyncio.get_running_loop().create_future()

    async def late() -> None:
        await asyncio.sleep(0.001)
        told.append("late")

    async def work(carrier: Carrier) -> None:
        try:
            await failing
        except ZeroDivisionError:
            task = carrier.begin(late())
        if not ends:
            assert task is not None
            await asyncio.wait([task])

    async with asyncio.TaskGroup() as owner:
        carrier = Carrier(owner, over.append)
        carrier.carry(work(carrier))
        await asyncio.sleep(0)
        failing.set_exception(ZeroDivisionError)

    assert told == ["late"]
    assert over == [carrier]


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_step_has_a_context_of_its_own_from_beginning_to_end(waiting: bool) -> None:
    said: list[str] = []

    async def step(name: str) -> None:
        token = VARIABLE.set(name)
        try:
            if waiting:
                await asyncio.sleep(0)
            said.append(VARIABLE.get())
        finally:
            VARIABLE.reset(token)

    async def run(carrier: Carrier) -> None:
        tasks = [carrier.begin(step(name)) for name in "abc"]
        said.append(VARIABLE.get())
        await asyncio.gather(*(asyncio.wait([task]) for task in tasks if task is not None))

    async with asyncio.TaskGroup() as owner:
        carrier = Carrier(owner, lambda _: None, runs=3)
        carrier.carry(run(carrier))

    assert sorted(said) == ["a", "b", "c", "nobody"]


class TestCarryingOn:
    async def test_what_never_waits_has_ended_at_once(self) -> None:
        over: list[Carrier] = []
        async with asyncio.TaskGroup() as owner:
            carrier = Carrier(owner, over.append)
            assert carrier.with_others

            carrier.carry_on(_at_once())

            assert over == [carrier]
            assert not carrier.with_others
            await carrier.until_ended()

    async def test_it_has_begun_when_it_is_cancelled_however_soon(self) -> None:
        told: list[str] = []

        async def endless() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                told.append("in order")

        async with asyncio.timeout(10), asyncio.TaskGroup() as owner:
            carrier = Carrier(owner, lambda _: None)
            carrier.carry_on(endless())
            carrier.cancel()
            await carrier.until_ended()

        assert told == ["in order"]

    async def test_a_step_begun_meanwhile_gets_a_task_of_its_own(self) -> None:
        seen: list[asyncio.Task[Any] | None] = []

        async def step() -> None:
            seen.append(asyncio.current_task())

        async def run(carrier: Carrier) -> None:
            task = carrier.begin(step())
            assert task is not None
            await asyncio.get_running_loop().create_task(_at_once())

        async with asyncio.TaskGroup() as owner:
            carrier = Carrier(owner, lambda _: None)
            carrier.carry_on(run(carrier))

        assert seen[0] is not asyncio.current_task()

    async def test_who_is_cancelled_while_others_carry_it_says_so_and_is_waited_for(self) -> None:
        async with asyncio.timeout(10), asyncio.TaskGroup() as owner:
            carrier = Carrier(owner, lambda _: None)
            carrier.cancel()
            waiting = owner.create_task(carrier.until_ended())
            await asyncio.sleep(0)

            assert carrier.cancelled
            assert not waiting.done()
            carrier.end()
