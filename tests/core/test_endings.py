"""A task that is told to end, ends."""

import asyncio

import pytest

from scheduler.core.endings import cancel_for_good


async def test_a_task_that_loses_a_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.core.endings._AGAIN", 0.01)
    lost = 0

    async def loses_one() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    task = asyncio.create_task(loses_one())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await cancel_for_good(task)

    assert task.cancelled()
    assert lost == 2


async def test_what_has_ended_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(0, "result"))
    await task

    await cancel_for_good(task)

    assert task.result() == "result"
