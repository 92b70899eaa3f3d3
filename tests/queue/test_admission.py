"""What waits is bounded: over the limit a job is refused, and counting is cheap."""

import asyncio
from datetime import timedelta

import pytest

from scheduler.core.errors import QueueFullError
from scheduler.core.ids import TenantId
from scheduler.queue.admission import Admission
from tests.support.clock import FakeClock

ACME, GLOBEX = TenantId("acme"), TenantId("globex")


class Waiting:
    """How many jobs wait, and how often somebody has counted."""

    def __init__(self, **waiting: int) -> None:
        self.waiting = waiting
        self.counted = 0

    async def count(self, tenant: TenantId | None, most: int) -> int:
        self.counted += 1
        await asyncio.sleep(0)
        return min(most, sum(self.waiting.values()) if tenant is None else self.waiting.get(tenant, 0))


async def test_without_a_limit_nothing_is_counted(clock: FakeClock) -> None:
    waiting = Waiting(acme=10_000)

    await Admission(waiting.count, clock).admit(ACME, 1000)

    assert waiting.counted == 0


async def test_the_last_place_is_given_and_no_more(clock: FakeClock) -> None:
    door = Admission(Waiting(acme=8).count, clock, most=10)

    await door.admit(ACME)
    await door.admit(GLOBEX)

    with pytest.raises(QueueFullError, match="10 jobs wait"):
        await door.admit(ACME)


async def test_whoever_asks_while_it_counts_waits_for_the_count(clock: FakeClock) -> None:
    waiting = Waiting(acme=8)
    door = Admission(waiting.count, clock, most=10)

    answers = await asyncio.gather(*(door.admit(ACME) for _ in range(5)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [type(None)] * 2 + [QueueFullError] * 3
    assert waiting.counted == 1


async def test_many_are_admitted_together_or_not_at_all(clock: FakeClock) -> None:
    door = Admission(Waiting().count, clock, most=10)

    with pytest.raises(QueueFullError):
        await door.admit(ACME, 11)

    await door.admit(ACME, 10)


async def test_a_tenant_that_floods_does_not_shut_others_out(clock: FakeClock) -> None:
    door = Admission(Waiting(acme=5).count, clock, most=100, most_of_tenant=5)

    with pytest.raises(QueueFullError):
        await door.admit(ACME)

    await door.admit(GLOBEX)


async def test_it_counts_again_after_a_while_and_lets_in_when_work_was_done(clock: FakeClock) -> None:
    waiting = Waiting(acme=10)
    door = Admission(waiting.count, clock, most=10)
    for _ in range(3):
        with pytest.raises(QueueFullError):
            await door.admit(ACME)
    waiting.waiting["acme"] = 2
    clock.advance(timedelta(seconds=1))

    await door.admit(ACME)

    assert waiting.counted == 2
