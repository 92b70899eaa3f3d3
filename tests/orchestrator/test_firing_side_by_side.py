"""Schedules are fired side by side: one that is slow, or finds no room for its job, keeps no other waiting."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from scheduler.core.errors import QueueFullError
from scheduler.core.ids import TenantId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.job import JobFilter
from scheduler.core.schedules import ScheduleEventType
from scheduler.queue.admission import Admission
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.orchestrator.test_schedule_service import GLOBEX, US, hourly, schedules, until_fired
from tests.support.clock import NOON, FakeClock
from tests.support.schedules import a_definition
from tests.support.scheduling import HOUR, Schedules, a_page, schedules_over
from tests.support.services import SENTENCE, router

__all__ = ["router", "schedules"]


class Places:
    """How many jobs of a tenant wait, as far as an Admission knows."""

    def __init__(self) -> None:
        self.waiting: dict[str | None, int] = {}

    async def count(self, tenant: TenantId | None, most: int) -> int:
        return min(most, self.waiting.get(tenant, 0))


async def test_a_firing_that_finds_no_room_is_put_off_with_a_note_and_keeps_no_other_from_firing(
    database: SQLiteDatabase, clock: FakeClock, router: IntentRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.orchestrator.schedule_runner._LONGEST_PUT_OFF", 0.01)
    places = Places()
    schedules = schedules_over(database, clock, router, admission=Admission(places.count, clock, most_of_tenant=3))
    await hourly(schedules)
    await schedules.service.create(a_definition(name="theirs", every_seconds=3600, task_graph=a_page()), GLOBEX)
    places.waiting[US] = 3
    clock.advance(HOUR)

    await schedules.runner.fire_due()
    await asyncio.sleep(0.02)
    await schedules.runner.fire_due()

    full = await schedules.service.get("hourly", US)
    assert (full.next_fire, full.failures, full.fired) == (NOON + HOUR, 0, 0)
    assert full.last_error is not None
    assert "höchstens 3 Ihrer Aufträge" in full.last_error
    assert await schedules.outcomes("hourly") == []
    notes = [(line.type, line.moment, line.data) for line in await schedules.service.events("hourly", US)]
    assert notes[1:] == [(ScheduleEventType.PUT_OFF, NOON + HOUR, {"code": "queue_full"})]
    assert (await schedules.service.get("theirs", GLOBEX)).fired == 1

    with pytest.raises(QueueFullError):
        await schedules.service.fire_now("hourly", US)

    places.waiting[US] = 0
    clock.advance(timedelta(seconds=1))
    await asyncio.sleep(0.02)
    await schedules.runner.fire_due()

    fired = await schedules.service.get("hourly", US)
    assert (await schedules.outcomes("hourly"), fired.last_error) == ([("fired", "1")], None)


@pytest.mark.parametrize("fields", [{"overlap": "skip"}, {"unique": {}}, {"unique": {"key": "k"}}])
async def test_what_would_be_skipped_is_so_though_there_is_no_room(
    database: SQLiteDatabase, clock: FakeClock, router: IntentRouter, fields: dict[str, object]
) -> None:
    places = Places()
    schedules = schedules_over(database, clock, router, admission=Admission(places.count, clock, most_of_tenant=3))
    await hourly(schedules, **fields)
    clock.advance(HOUR)
    await schedules.runner.fire_due()
    places.waiting[US] = 3
    clock.advance(HOUR)

    await schedules.runner.fire_due()

    assert await schedules.outcomes("hourly") == [("fired", "1"), ("skipped", "2")]
    assert (await schedules.service.get("hourly", US)).next_fire == NOON + 3 * HOUR


async def test_a_slow_plan_delays_no_other_schedule_and_is_fired_once(
    database: SQLiteDatabase, clock: FakeClock, router: IntentRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedules = schedules_over(database, clock, router)
    other_process = schedules_over(database, clock, router)
    await hourly(schedules, text=SENTENCE)
    gate, plan = asyncio.Event(), schedules.planner.plan

    async def slow(*given: Any, **options: Any) -> object:  # noqa: ANN401 - of Planner.plan
        await gate.wait()
        return await plan(*given, **options)

    for one in (schedules, other_process):
        monkeypatch.setattr(one.planner, "plan", slow)
    clock.advance(HOUR)
    running = [asyncio.create_task(one.runner.run()) for one in (schedules, other_process)]
    await asyncio.sleep(0.05)
    names = [f"quick{number}" for number in range(20)]
    for name in names:
        await schedules.service.create(a_definition(name=name, every_seconds=1800, task_graph=a_page()), US)
    clock.advance(HOUR / 2)
    await schedules.service.create(a_definition(name="a change: it looks again", task_graph=a_page()), US)

    async with asyncio.timeout(30):
        for name in names:
            while True:
                if await schedules.outcomes(name) == [("fired", "1.5")]:
                    break
                await asyncio.sleep(0.02)
    assert await schedules.outcomes("hourly") == []
    gate.set()
    await until_fired(schedules, running[0])
    running[1].cancel()
    await asyncio.wait(running)

    assert await schedules.outcomes("hourly") == [("fired", "1")]
    assert (await schedules.jobs.find(JobFilter(), US)).total == 21


async def test_no_more_than_some_schedules_are_fired_at_once(
    schedules: Schedules, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.orchestrator.schedule_runner._AT_ONCE", 3)
    for number in range(10):
        await schedules.service.create(a_definition(name=f"s{number}", every_seconds=3600, text=SENTENCE), US)
    busy, most, plan, full = 0, 0, schedules.planner.plan, asyncio.Event()

    async def counted(*given: Any, **options: Any) -> object:  # noqa: ANN401 - of Planner.plan
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        if busy == 3:
            full.set()
        await asyncio.wait_for(full.wait(), 10)
        await asyncio.sleep(0.01)  # for any fourth to come
        busy -= 1
        return await plan(*given, **options)

    monkeypatch.setattr(schedules.planner, "plan", counted)
    clock.advance(HOUR)

    await schedules.runner.fire_due()

    assert most == 3
    assert (await schedules.jobs.find(JobFilter(), US)).total == 10
