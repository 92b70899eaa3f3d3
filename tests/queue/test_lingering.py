"""What Redis need not hear at once it hears a moment later, unless somebody has taken the job by then."""

import asyncio
import sqlite3
from collections.abc import Collection, Sequence
from datetime import timedelta

import pytest

from scheduler.core.errors import StoreBusyError
from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.queue.lingering import Lingering
from scheduler.repository.sqlite_leases import Ready

A, B, C = (Ready(JobId(name), DEFAULT_TENANT, 0) for name in "abc")


class Listener:
    """A store in which some jobs are free, and Redis."""

    def __init__(self) -> None:
        self.free: set[Ready] = set()
        self.broken: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.told: list[Sequence[Ready]] = []
        self.heard = asyncio.Event()

    async def free_among(self, ids: Sequence[JobId]) -> Collection[JobId]:
        if self.broken is not None:
            raise self.broken
        await self.answers.wait()
        return {job.job_id for job in self.free if job.job_id in ids}

    async def tell(self, jobs: Sequence[Ready]) -> None:
        self.told.append(jobs)
        self.heard.set()

    async def until_told(self) -> Sequence[Sequence[Ready]]:
        async with asyncio.timeout(30):
            await self.heard.wait()
        self.heard.clear()
        return self.told


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def lingering(listener: Listener) -> Lingering:
    return Lingering(listener.free_among, listener.tell)


async def test_tells_together_of_those_that_nobody_has_taken(lingering: Lingering, listener: Listener) -> None:
    lingering.hold([A, B])
    lingering.hold([C])
    listener.free = {A, C}

    assert await listener.until_told() == [[A, C]]


async def test_tells_of_later_ones_later(lingering: Lingering, listener: Listener) -> None:
    listener.free = {A, B}
    lingering.hold([A])
    await listener.until_told()
    lingering.hold([B])

    assert await listener.until_told() == [[A], [B]]


@pytest.mark.parametrize("error", [StoreBusyError("the store"), sqlite3.OperationalError("disk I/O error")])
async def test_tells_of_all_when_it_cannot_find_out(lingering: Lingering, listener: Listener, error: Exception) -> None:
    listener.broken = error
    lingering.hold([A, B])

    assert await listener.until_told() == [[A, B]]


async def test_tells_of_all_when_it_cannot_find_out_soon(lingering: Lingering, listener: Listener) -> None:
    listener.answers.clear()
    lingering.hold([A, B])

    assert await listener.until_told() == [[A, B]]


async def test_flushing_waits_for_no_look_at_the_store(
    lingering: Lingering, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.queue.lingering._PATIENCE", timedelta(seconds=60))
    listener.answers.clear()
    listener.free = {A, B}
    lingering.hold([A])
    await asyncio.sleep(0.02)
    lingering.hold([B])

    await asyncio.wait_for(lingering.flush(), 30)
    listener.answers.set()
    await asyncio.sleep(0.02)

    assert listener.told == [[A, B]]


async def test_flushing_tells_at_once_and_only_once(lingering: Lingering, listener: Listener) -> None:
    listener.free = {A}
    lingering.hold([A])
    await lingering.flush()
    assert listener.told == [[A]]
    await lingering.flush()
    await asyncio.sleep(0.02)

    assert listener.told == [[A]]


async def test_flushing_waits_for_what_is_being_told(listener: Listener) -> None:
    listener.free, goes_on = {A}, asyncio.Event()
    tell = listener.tell

    async def tell_slowly(jobs: Sequence[Ready]) -> None:
        await tell(jobs)
        await goes_on.wait()

    slow = Lingering(listener.free_among, tell_slowly)
    slow.hold([A])
    await listener.until_told()
    flushing = asyncio.create_task(slow.flush())
    await asyncio.sleep(0.01)
    waited = not flushing.done()
    goes_on.set()
    await flushing

    assert waited
