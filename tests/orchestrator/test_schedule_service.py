"""Schedules as clients make them and as they fire: planned anew each time, made up for after downtime, never twice."""

import asyncio
import json
from datetime import timedelta

import pytest

from scheduler.core.errors import (
    InvalidFieldError,
    ScheduleExistsError,
    ScheduleNotFoundError,
    StoreBusyError,
    UniqueConflictError,
    UnknownActionError,
    UnknownIntentError,
    UnknownSiteError,
)
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.job import JobFilter, MetJob
from scheduler.core.orders import JobOrder
from scheduler.core.schedules import Schedule
from scheduler.repository.schedule_repository import Firing
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.clock import NOON, FakeClock
from tests.support.schedules import a_definition
from tests.support.scheduling import HOUR, Schedules, a_page, schedules_over
from tests.support.services import SENTENCE, router

__all__ = ["router"]

GLOBEX = TenantId("globex")
US = DEFAULT_TENANT


@pytest.fixture
def schedules(database: SQLiteDatabase, clock: FakeClock, router: IntentRouter) -> Schedules:
    return schedules_over(database, clock, router)


async def hourly(schedules: Schedules, **fields: object) -> Schedule:
    work = {} if "text" in fields else {"task_graph": a_page()}
    return await schedules.service.create(a_definition(name="hourly", every_seconds=3600, **work, **fields), US)


async def until_fired(schedules: Schedules, running: asyncio.Task[None]) -> None:
    """Wait for a firing, then end what fires."""
    async with asyncio.timeout(30):
        while True:
            if await schedules.outcomes("hourly"):
                break
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])


async def test_a_sentence_is_planned_at_each_firing_and_says_where_it_comes_from(
    schedules: Schedules, clock: FakeClock
) -> None:
    made = await hourly(schedules, text=SENTENCE)
    clock.advance(HOUR)

    await schedules.runner.fire_due()

    (found,) = (await schedules.jobs.find(JobFilter(), US)).items
    job = await schedules.jobs.get(found.id, US)
    assert (job.intent, job.description, job.locale) == ("fetch_and_send", SENTENCE, "de")
    assert job.context["slots"]["recipient"] == "anna@example.com"
    assert job.context["schedule"] == {"id": made.id, "name": "hourly", "moment": (NOON + HOUR).isoformat()}
    assert await schedules.outcomes("hourly") == [("fired", "1")]


async def test_a_plan_that_fails_is_told_at_once_when_the_schedule_is_made(schedules: Schedules) -> None:
    for definition, error in (
        (a_definition(text="Erzähl mir einen Witz"), UnknownIntentError),
        (a_definition(task_graph={"tasks": [{"action": "web.fly"}]}), UnknownActionError),
        (
            a_definition(intent="fetch_and_send", description=SENTENCE.replace("Portal", "Kundenportal")),
            UnknownSiteError,
        ),
        (a_definition(task_graph=a_page(), every_seconds=3600, until=NOON + HOUR / 2), InvalidFieldError),
    ):
        with pytest.raises(error):
            await schedules.service.create(definition, US)

    assert (await schedules.service.list(US)).total == 0


async def test_a_plan_that_fails_later_is_a_failed_firing_and_the_schedule_goes_on(
    schedules: Schedules, clock: FakeClock
) -> None:
    await hourly(schedules, text=SENTENCE)
    portal = schedules.sites.pop("portal")
    clock.advance(HOUR)
    await schedules.runner.fire_due()
    failed = await schedules.service.get("hourly", US)

    schedules.sites["portal"] = portal
    clock.advance(HOUR)
    await schedules.runner.fire_due()

    assert await schedules.outcomes("hourly") == [("failed", "1"), ("fired", "2")]
    assert failed.failures == 1
    assert failed.last_error is not None
    assert "Das Portal Portal ist nicht eingerichtet" in failed.last_error
    assert (await schedules.service.get("hourly", US)).failures == 0


async def test_a_fault_of_ours_while_planning_is_a_failed_firing_too(
    schedules: Schedules, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hourly(schedules, text=SENTENCE)
    monkeypatch.setattr(schedules.jobs, "prepare", lambda *_, **__: 1 / 0)
    clock.advance(HOUR)

    await schedules.runner.fire_due()

    assert await schedules.outcomes("hourly") == [("failed", "1")]
    assert (await schedules.service.events("hourly", US))[-1].data["code"] == "internal"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"catch_up": "skip"}, [("missed", "1")]),
        ({"catch_up": "once"}, [("missed", "1"), ("fired", "5")]),
        ({"catch_up": "all"}, [("fired", hour) for hour in "12345"]),
        ({"catch_up": "all", "max_catch_up": 2}, [("missed", "1"), ("fired", "4"), ("fired", "5")]),
        ({"catch_up": "all", "overlap": "skip"}, [("fired", "1"), *(("skipped", hour) for hour in "2345")]),
        ({"catch_up": "once", "until": NOON + 2.5 * HOUR}, [("missed", "1"), ("fired", "2")]),
    ],
)
async def test_after_downtime_the_policy_says_what_is_made_up_for(
    schedules: Schedules, clock: FakeClock, fields: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    await hourly(schedules, **fields)
    clock.advance(5.5 * HOUR)

    await schedules.runner.fire_due()

    assert await schedules.outcomes("hourly") == expected
    assert (await schedules.jobs.find(JobFilter(), US)).total == [kind for kind, _ in expected].count("fired")
    assert (await schedules.service.get("hourly", US)).next_fire == (None if "until" in fields else NOON + 6 * HOUR)


async def test_a_clock_that_jumps_ahead_is_downtime_and_one_that_goes_back_fires_nothing_again(
    schedules: Schedules, clock: FakeClock
) -> None:
    await hourly(schedules)
    clock.advance(30 * 24 * HOUR)
    await schedules.runner.fire_due()
    clock.advance(-25 * HOUR)
    await schedules.runner.fire_due()
    await schedules.service.pause("hourly", US)
    await schedules.service.resume("hourly", US)
    await schedules.runner.fire_due()
    clock.advance(25 * HOUR)
    await schedules.runner.fire_due()

    assert [kind for kind, _ in await schedules.outcomes("hourly")] == ["missed", "fired"]
    assert (await schedules.service.get("hourly", US)).next_fire == NOON + (30 * 24 + 1) * HOUR


async def test_a_pause_leaves_out_and_makes_up_for_nothing(schedules: Schedules, clock: FakeClock) -> None:
    await hourly(schedules, catch_up="all")
    await schedules.service.pause("hourly", US)
    await schedules.service.pause("hourly", US)
    clock.advance(5.5 * HOUR)
    await schedules.runner.fire_due()

    resumed = await schedules.service.resume("hourly", US)
    await schedules.service.resume("hourly", US)

    assert await schedules.outcomes("hourly") == []
    assert resumed.next_fire == NOON + 6 * HOUR
    assert [event.type for event in await schedules.service.events("hourly", US)] == ["created", "paused", "resumed"]


async def test_another_definition_holds_from_now_on(schedules: Schedules, clock: FakeClock) -> None:
    await hourly(schedules)
    clock.advance(HOUR / 2)
    definition = a_definition(name="renamed", every_seconds=60, task_graph=a_page())

    changed = await schedules.service.replace("hourly", definition, US)

    assert changed.next_fire == NOON + HOUR / 2 + timedelta(minutes=1)
    await schedules.service.pause("renamed", US)
    again = await schedules.service.replace("renamed", a_definition(name="hourly", task_graph=a_page()), US)
    assert (again.paused, again.next_fire) == (True, None)
    with pytest.raises(ScheduleNotFoundError):
        await schedules.service.get("renamed", US)


async def test_a_person_may_fire_now_once_per_key(schedules: Schedules) -> None:
    await hourly(schedules)

    first = await schedules.service.fire_now("hourly", US, "k")
    again = await schedules.service.fire_now("hourly", US, "k")
    other = await schedules.service.fire_now("hourly", US)

    assert first.id == again.id != other.id
    assert await schedules.outcomes("hourly") == [("fired", ""), ("fired", "")]
    assert (await schedules.service.get("hourly", US)).next_fire == NOON + HOUR


async def test_a_firing_in_between_does_not_keep_a_person_from_changing_the_schedule(
    schedules: Schedules, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hourly(schedules)
    get = schedules.repository.get
    reads = 0

    async def get_and_be_overtaken(named: str, tenant: TenantId) -> Schedule | None:
        nonlocal reads
        found, reads = await get(named, tenant), reads + 1
        if reads % 2:
            clock.advance(HOUR)
            await schedules.runner.fire_due()
        return found

    monkeypatch.setattr(schedules.repository, "get", get_and_be_overtaken)
    job = await schedules.service.fire_now("hourly", US)
    paused = await schedules.service.pause("hourly", US)

    assert paused.paused
    assert paused.fired == 3
    assert (await schedules.jobs.get(job.id, US)).id == job.id


async def test_what_a_person_fires_and_cannot_be_planned_is_told_to_them(schedules: Schedules) -> None:
    await hourly(schedules, text=SENTENCE)
    schedules.sites.clear()

    with pytest.raises(UnknownSiteError):
        await schedules.service.fire_now("hourly", US)

    assert await schedules.outcomes("hourly") == []


async def test_schedules_belong_to_their_tenant(schedules: Schedules) -> None:
    made = await hourly(schedules)
    service = schedules.service

    for ask in (service.get, service.pause, service.resume, service.remove, service.fire_now, service.events,
                service.firings):  # fmt: skip
        with pytest.raises(ScheduleNotFoundError):
            await ask(made.id, GLOBEX)
    with pytest.raises(ScheduleExistsError):
        await hourly(schedules)


async def test_the_runner_fires_at_the_due_time_and_after_a_change(schedules: Schedules, clock: FakeClock) -> None:
    running = asyncio.create_task(schedules.runner.run())
    await hourly(schedules)
    clock.advance(HOUR)
    await schedules.service.create(a_definition(name="another", task_graph=a_page()), US)  # a change: it looks again

    await until_fired(schedules, running)

    assert await schedules.outcomes("hourly") == [("fired", "1")]
    assert running.cancelled()


async def test_the_runner_waits_no_longer_than_until_the_next_due_time(
    schedules: Schedules, clock: FakeClock, database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def wait(_seen: int, limit: float) -> None:
        waits.append(limit)
        clock.advance(timedelta(seconds=limit + 0.25))
        await asyncio.sleep(0)

    monkeypatch.setattr(database, "wait", wait)
    await hourly(schedules, start_at=NOON + timedelta(seconds=75))
    await until_fired(schedules, asyncio.create_task(schedules.runner.run()))

    assert waits[:3] == [29.75, 29.75, 14.75]


async def test_the_runner_outlives_a_store_that_is_busy_and_a_schedule_that_breaks(
    schedules: Schedules, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.orchestrator.schedule_runner._AFTER_TROUBLE", 0.01)
    await hourly(schedules)
    clock.advance(HOUR)
    troubles: list[Exception] = [StoreBusyError("cpa.db"), RuntimeError("boom"), RuntimeError("boom")]
    fire = schedules.repository.fire

    async def troubled(firing: Firing) -> object:
        if troubles:
            raise troubles.pop(0)
        return await fire(firing)

    monkeypatch.setattr(schedules.repository, "fire", troubled)
    await until_fired(schedules, asyncio.create_task(schedules.runner.run()))

    assert await schedules.outcomes("hourly") == [("fired", "1")]


def test_a_preview_is_in_the_zone_of_its_calendar(schedules: Schedules) -> None:
    definition = a_definition(cron="30 9 * * *", timezone="Europe/Berlin")

    first, second = schedules.service.preview(definition, 2)

    assert first.isoformat() == "2026-03-03T09:30:00+01:00"
    assert second - first == timedelta(days=1)


async def test_a_unique_schedule_skips_while_one_of_its_kind_is_there(schedules: Schedules, clock: FakeClock) -> None:
    await hourly(schedules, unique={"key": "k"})
    other = await schedules.jobs.create(
        JobOrder.model_validate({"task_graph": a_page(), "unique": {"key": "k"}}), tenant=US
    )
    clock.advance(HOUR)
    await schedules.runner.fire_due()
    asked = await schedules.service.fire_now("hourly", US)
    await schedules.jobs.cancel(other.id, US)
    clock.advance(HOUR)

    await schedules.runner.fire_due()

    assert await schedules.outcomes("hourly") == [("skipped", "1"), ("fired", "2")]
    skipped = (await schedules.service.firings("hourly", US)).items[-1]
    assert skipped.data == {"running": other.id}
    assert (asked.id, type(asked)) == (other.id, MetJob)


async def test_a_version_before_can_read_a_unique_schedule(schedules: Schedules, database: SQLiteDatabase) -> None:
    made = await hourly(schedules, unique={"key": "k"})

    row = await database.read(lambda connection: connection.execute("SELECT * FROM schedules").fetchone())

    assert "unique" not in json.loads(row["definition"])
    assert (await schedules.service.get("hourly", US)).definition == made.definition
    await schedules.service.replace("hourly", made.definition.model_copy(update={"unique": None}), US)
    assert (await schedules.service.get("hourly", US)).definition.unique is None


async def test_a_unique_schedule_that_refuses_is_skipped_by_the_clock_and_refused_to_a_person(
    schedules: Schedules, clock: FakeClock
) -> None:
    await hourly(schedules, unique={"on_conflict": "refuse"})
    clock.advance(HOUR)
    await schedules.runner.fire_due()
    clock.advance(HOUR)

    with pytest.raises(UniqueConflictError):
        await schedules.service.fire_now("hourly", US)
    await schedules.runner.fire_due()

    assert await schedules.outcomes("hourly") == [("fired", "1"), ("skipped", "2")]
