"""What must not be broken off ends, however often its caller is cancelled; and the caller hears of that."""

import asyncio

import pytest

from scheduler.core.to_its_end import to_its_end, until_ended


class Work:
    """Ends when it is let; says whether it did."""

    def __init__(self, error: Exception | None = None) -> None:
        self.let, self.done, self._error = asyncio.Event(), False, error

    async def run(self) -> str:
        await self.let.wait()
        self.done = True
        if self._error is not None:
            raise self._error
        return "result"


async def cancelled_twice(waiting: "asyncio.Task[object]", work: Work) -> None:
    for _ in range(2):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    work.let.set()
    await asyncio.wait([waiting])


@pytest.mark.parametrize("error", [None, OSError("disk")])
async def test_a_cancellation_is_passed_on_when_the_work_has_ended(error: Exception | None) -> None:
    work = Work(error)
    waiting = asyncio.create_task(to_its_end(work.run()))

    await cancelled_twice(waiting, work)

    assert work.done
    assert waiting.cancelled()


async def test_what_the_work_gives_or_raises_is_its_callers() -> None:
    work, broken = Work(), Work(OSError("disk"))
    work.let.set()
    broken.let.set()

    assert await to_its_end(work.run()) == "result"
    with pytest.raises(OSError, match="disk"):
        await to_its_end(broken.run())


async def test_who_only_waits_for_the_end_is_told_of_the_cancellation() -> None:
    work = Work(OSError("disk"))
    waiting = asyncio.create_task(until_ended(work.run()))

    await cancelled_twice(waiting, work)

    assert isinstance(waiting.result(), asyncio.CancelledError)
