"""What waits is bounded: over the limit a job is refused, and counting is cheap."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from scheduler.core.errors import QueueFullError, TooManyOrdersError
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

    with pytest.raises(QueueFullError, match="at most 10 may wait"):
        await door.admit(ACME)


async def test_whoever_asks_while_it_counts_waits_for_the_count(clock: FakeClock) -> None:
    waiting = Waiting(acme=8)
    door = Admission(waiting.count, clock, most=10)

    answers = await asyncio.gather(*(door.admit(ACME) for _ in range(5)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [type(None)] * 2 + [QueueFullError] * 3
    assert waiting.counted == 1


async def test_many_are_admitted_together_or_not_at_all(clock: FakeClock) -> None:
    door = Admission(Waiting().count, clock, most=10)

    await door.admit(ACME, 4)
    with pytest.raises(QueueFullError, match="No room for 7 more"):
        await door.admit(ACME, 7)

    await door.admit(ACME, 6)


async def test_more_than_may_ever_wait_are_refused_for_good(clock: FakeClock) -> None:
    waiting = Waiting()

    with pytest.raises(TooManyOrdersError) as refused:
        await Admission(waiting.count, clock, most=10, most_of_tenant=5).admit(ACME, 6)

    assert refused.value.facts == {"field": "jobs", "limit": "5", "wanted": "6"}
    assert waiting.counted == 0


async def test_some_are_admitted_as_far_as_there_is_room(clock: FakeClock) -> None:
    door = Admission(Waiting(acme=5).count, clock, most=10, most_of_tenant=8)

    assert await door.admit_some(ACME, 2) == 2
    assert await door.admit_some(ACME, 100) == 1
    assert await door.admit_some(GLOBEX, 100) == 2
    assert await door.admit_some(GLOBEX, 0) == 0
    with pytest.raises(QueueFullError):
        await door.admit_some(GLOBEX, 100)
    assert await Admission(Waiting().count, clock).admit_some(ACME, 1000) == 1000


async def _sent_away(door: Admission, count: int = 1) -> int:
    with pytest.raises(QueueFullError) as refused:
        await door.admit(ACME, count)
    assert refused.value.facts["seconds"] == str(refused.value.come_back)
    return refused.value.come_back


async def test_whoever_is_sent_away_is_told_when_there_will_be_room(clock: FakeClock) -> None:
    waiting = Waiting(acme=100)
    door = Admission(waiting.count, clock, most=100)
    assert await _sent_away(door) == 2  # nobody knows yet

    waiting.waiting["acme"] = 95
    clock.advance(timedelta(seconds=1))
    await door.admit(ACME, 5)  # five places became free in a second

    assert await _sent_away(door) == 1
    assert await _sent_away(door, 10) == 3
    assert [await _sent_away(door) for _ in range(10)][-1] == 5
    assert await _sent_away(door, 100) == 25
    assert await _sent_away(door, 100) == 45
    assert await _sent_away(door, 100) == 60


async def _moves(door: Admission, waiting: Waiting, clock: FakeClock, seconds: int, pace: int = 1) -> None:
    """Let places become free, and others take them elsewhere."""
    for _ in range(seconds):
        for left in (100 - pace, 100):
            waiting.waiting["acme"] = left
            clock.advance(timedelta(seconds=0.5))
            with contextlib.suppress(QueueFullError):
                await door.admit(GLOBEX, lines_up=False)


async def test_one_that_comes_back_as_it_was_told_counts_once(clock: FakeClock) -> None:
    waiting = Waiting(acme=100)
    door = Admission(waiting.count, clock, most=100)
    await _sent_away(door)

    told: list[int] = []
    for _ in range(30):
        await _moves(door, waiting, clock, told[-1] if told else 2)
        told.append(await _sent_away(door))

    assert max(told) <= 3


async def test_one_that_comes_again_and_again_does_not_keep_the_others_away(clock: FakeClock) -> None:
    waiting = Waiting(acme=100)
    door = Admission(waiting.count, clock, most=100)
    for _ in range(60):
        await _moves(door, waiting, clock, 1)
        await _sent_away(door)

    assert await _sent_away(door) <= 25


async def test_what_does_not_line_up_makes_nobody_wait_longer(clock: FakeClock) -> None:
    waiting = Waiting(acme=100)
    door = Admission(waiting.count, clock, most=100)
    await _sent_away(door)
    await _moves(door, waiting, clock, 5)
    for _ in range(1000):
        with pytest.raises(QueueFullError):
            await door.admit(ACME, lines_up=False)

    assert await _sent_away(door) <= 3


async def test_no_job_needs_no_room(clock: FakeClock) -> None:
    async def more_than_may_wait(_tenant: TenantId | None, _most: int) -> int:
        return 7

    door = Admission(more_than_may_wait, clock, most=5)

    await door.admit(ACME, 0)

    with pytest.raises(QueueFullError):
        await door.admit(ACME)


async def test_who_was_sent_away_counts_until_the_time_to_come_back(clock: FakeClock) -> None:
    waiting = Waiting(acme=100)
    door = Admission(waiting.count, clock, most=100)
    await _sent_away(door, 20)
    for left in (90, 80, 100):  # ten went in a second, and ten; then others, elsewhere, filled it
        waiting.waiting["acme"] = left
        clock.advance(timedelta(seconds=1))
        with contextlib.suppress(QueueFullError):
            await door.admit(ACME, 100 if left == 100 else 1)

    assert await _sent_away(door) in range(10, 13)


async def test_where_nothing_moves_there_is_no_use_in_coming_soon(clock: FakeClock) -> None:
    door = Admission(Waiting(acme=100).count, clock, most=100)
    await _sent_away(door)
    clock.advance(timedelta(seconds=10))

    assert await _sent_away(door) == 60


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
