"""The contract of schedules: a change is a compare-and-set, a firing one transaction, each tenant sees its own."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.errors import IdempotencyConflictError, ScheduleChangedError, ScheduleExistsError
from scheduler.core.ids import DEFAULT_TENANT, JobId, ScheduleId, TenantId, fired_job_id, new_id
from scheduler.core.job import JobStatus
from scheduler.core.schedules import Missed, Schedule, ScheduleEventType
from scheduler.repository.repository_interface import AuditFilter, IdempotentRequest
from scheduler.repository.schedule_repository import FailedFiring, Firing, ScheduleRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from tests.support.builders import a_job
from tests.support.clock import NOON
from tests.support.schedules import a_schedule
from tests.support.store import Store

HOUR = timedelta(hours=1)
GLOBEX = TenantId("globex")
BACK_ENDS: Mapping[str, Callable[[SQLiteDatabase], ScheduleRepository]] = {"sqlite": SQLiteScheduleRepository}


@pytest.fixture(params=sorted(BACK_ENDS))
def schedules(request: pytest.FixtureRequest, database: SQLiteDatabase) -> ScheduleRepository:
    return BACK_ENDS[request.param](database)


async def stored(schedules: ScheduleRepository, **fields: Any) -> Schedule:  # noqa: ANN401 - of ScheduleDefinition
    schedule = a_schedule(NOON, **fields)
    await schedules.add(schedule)
    return schedule


def a_firing(schedule: Schedule, **changes: Any) -> Firing:  # noqa: ANN401 - fields of Firing
    """Return the turn of a schedule that fires every hour."""
    moment = schedule.next_fire
    assert moment is not None
    job = a_job(id=fired_job_id(schedule.id, moment), tenant=schedule.tenant)
    fields: dict[str, Any] = {
        "schedule": schedule,
        "at": moment,
        "moment": moment,
        "next_fire": moment + HOUR,
        "work": job,
    }
    return Firing(**fields | changes)


async def now(schedules: ScheduleRepository, schedule: Schedule) -> Schedule:
    found = await schedules.get(schedule.id, schedule.tenant)
    assert found is not None
    return found


async def lines(schedules: ScheduleRepository, schedule: Schedule) -> list[ScheduleEventType]:
    return [event.type for event in await schedules.events(schedule.id, schedule.tenant)]


async def test_a_schedule_comes_back_as_it_was_stored(schedules: ScheduleRepository) -> None:
    text = {"text": "Hol die Rechnung für Jörg 📎", "context": {"a": [1, None]}, "timezone": "Europe/Berlin"}
    plain = await stored(schedules)
    rich = await stored(
        schedules, **text, name="größe 100 %", cron="@daily", until=NOON + 9 * HOUR, start_at=NOON, overlap="skip"
    )

    assert await now(schedules, plain) == plain
    assert await now(schedules, rich) == rich
    assert await schedules.get("größe 100 %", DEFAULT_TENANT) == rich
    assert await lines(schedules, rich) == ["created"]


async def test_a_name_is_given_once_in_a_tenant(schedules: ScheduleRepository) -> None:
    first = await stored(schedules, name="a")
    other = await stored(schedules, name="b")

    with pytest.raises(ScheduleExistsError):
        await stored(schedules, name="a")
    renamed = other.model_copy(update={"definition": first.definition})
    with pytest.raises(ScheduleExistsError):
        await schedules.change(renamed, ScheduleEventType.CHANGED, NOON)
    await schedules.add(a_schedule(NOON, name="a").model_copy(update={"tenant": GLOBEX}))
    assert await now(schedules, other) == other


async def test_schedules_are_listed_by_name_and_page(schedules: ScheduleRepository) -> None:
    for name in ("c", "a", "b"):
        await stored(schedules, name=name)

    page = await schedules.list(DEFAULT_TENANT, limit=2, offset=1)

    assert ([schedule.definition.name for schedule in page.items], page.total) == (["b", "c"], 3)
    assert (await schedules.list(GLOBEX)).total == 0


async def test_what_has_changed_meanwhile_is_not_written_over(schedules: ScheduleRepository) -> None:
    read = await stored(schedules)
    paused = await schedules.change(read.pause(), ScheduleEventType.PAUSED, NOON)

    with pytest.raises(ScheduleChangedError):
        await schedules.change(read, ScheduleEventType.CHANGED, NOON)
    with pytest.raises(ScheduleChangedError):
        await schedules.fire(a_firing(read))

    assert (paused.version, paused.paused, paused.next_fire) == (2, True, None)
    assert await now(schedules, read) == paused
    assert await lines(schedules, read) == ["created", "paused"]


async def test_a_schedule_is_removed_with_its_timeline_and_the_audit_log_says_so(
    schedules: ScheduleRepository, store: Store
) -> None:
    schedule = await stored(schedules)
    job = await schedules.fire(a_firing(schedule))
    assert job is not None

    assert await schedules.remove(schedule.definition.name, GLOBEX, NOON) is False
    assert await schedules.remove(schedule.definition.name, DEFAULT_TENANT, NOON) is True
    assert await schedules.remove(schedule.id, DEFAULT_TENANT, NOON) is False

    assert await schedules.get(schedule.id, DEFAULT_TENANT) is None
    assert await schedules.events(schedule.id, DEFAULT_TENANT) == ()
    assert await store.jobs.get(job.id) is not None
    entries = (await store.audit.list(AuditFilter(job_id=JobId(schedule.id)))).items
    assert [entry.action for entry in entries] == ["schedule.created", "schedule.removed"]
    assert await store.audit.broken_link(DEFAULT_TENANT) is None


async def test_what_is_due_is_found_the_longest_overdue_first(schedules: ScheduleRepository) -> None:
    late = await stored(schedules, name="late")
    later = await stored(schedules, name="later", every_seconds=1800)
    await stored(schedules, name="not yet", every_seconds=7200)
    paused = await stored(schedules, name="paused", every_seconds=60)
    await schedules.change(paused.pause(), ScheduleEventType.PAUSED, NOON)

    assert await schedules.next_due() == later.next_fire
    assert await schedules.due(NOON) == []
    assert await schedules.due(NOON + HOUR) == [later, late]
    assert await schedules.due(NOON + HOUR, limit=1) == [later]


async def test_a_firing_accepts_its_job_and_moves_the_schedule_on(schedules: ScheduleRepository, store: Store) -> None:
    schedule = await stored(schedules)
    firing = a_firing(schedule, missed=Missed(first=NOON, count=3))

    job = await schedules.fire(firing)

    assert job is not None
    assert job == await store.jobs.get(job.id)
    after = await now(schedules, schedule)
    assert (after.next_fire, after.last_fire, after.last_job_id) == (firing.next_fire, firing.moment, job.id)
    assert (after.fired, after.failures, after.version) == (1, 0, 2)
    page = await schedules.firings(schedule.id, DEFAULT_TENANT)
    fired, missed = page.items
    assert (fired.type, fired.job_id, fired.moment) == ("fired", job.id, firing.moment)
    assert (missed.type, missed.moment, missed.data) == ("missed", NOON, {"count": 3})
    assert page.total == 2
    audit = (await store.audit.list(AuditFilter(job_id=job.id))).items
    assert [entry.action for entry in audit] == ["job.accepted", "schedule.fired"]
    assert audit[1].metadata["schedule_id"] == schedule.id


async def test_a_firing_happens_once(schedules: ScheduleRepository, store: Store) -> None:
    firing = a_firing(await stored(schedules))
    await schedules.fire(firing)

    with pytest.raises(ScheduleChangedError):
        await schedules.fire(firing)

    assert (await store.jobs.list()).total == 1
    assert await lines(schedules, firing.schedule) == ["created", "fired"]


async def test_nothing_is_stored_of_a_firing_that_lost(schedules: ScheduleRepository, store: Store) -> None:
    firing = a_firing(await stored(schedules))
    await schedules.fire(firing)
    other = replace(firing, work=a_job(), missed=Missed(first=NOON, count=1))

    with pytest.raises(ScheduleChangedError):
        await schedules.fire(other)

    assert (await store.jobs.list()).total == 1
    assert await lines(schedules, firing.schedule) == ["created", "fired"]
    assert await store.audit.broken_link(DEFAULT_TENANT) is None


async def test_a_firing_that_fails_is_counted_and_the_schedule_goes_on(
    schedules: ScheduleRepository, store: Store
) -> None:
    schedule = await stored(schedules)
    failed = FailedFiring(code="unknown_site", error="Das Portal ist nicht eingerichtet.")

    assert await schedules.fire(a_firing(schedule, work=failed)) is None
    after = await now(schedules, schedule)
    assert (after.failures, after.last_error, after.fired) == (1, failed.error, 0)
    assert after.next_fire == NOON + 2 * HOUR
    (line,) = (await schedules.firings(schedule.id, DEFAULT_TENANT)).items
    assert (line.type, line.data) == ("failed", {"code": failed.code, "error": failed.error})
    entries = (await store.audit.list(AuditFilter(action_type="schedule.failed"))).items
    assert [entry.result for entry in entries] == ["failure"]

    await schedules.fire(a_firing(after))
    well = await now(schedules, schedule)
    assert (well.failures, well.last_error, well.fired) == (0, None, 1)


@pytest.mark.parametrize(("overlap", "expected"), [("allow", ["fired", "fired"]), ("skip", ["fired", "skipped"])])
async def test_a_firing_while_the_last_job_runs(
    schedules: ScheduleRepository, store: Store, overlap: str, expected: list[str]
) -> None:
    schedule = await stored(schedules, overlap=overlap)
    first = await schedules.fire(a_firing(schedule))
    assert first is not None

    await schedules.fire(a_firing(await now(schedules, schedule)))

    assert await lines(schedules, schedule) == ["created", *expected]
    assert (await store.jobs.list()).total == expected.count("fired")
    assert (await now(schedules, schedule)).next_fire == NOON + 3 * HOUR


@pytest.mark.parametrize("ends", ["cancelled", "deleted"])
async def test_a_firing_after_the_last_job_has_ended(schedules: ScheduleRepository, store: Store, ends: str) -> None:
    schedule = await stored(schedules, overlap="skip")
    first = await schedules.fire(a_firing(schedule))
    assert first is not None
    await store.jobs.update_status(first.id, JobStatus.CANCELLED)
    if ends == "deleted":
        await store.jobs.delete(first.id)

    assert await schedules.fire(a_firing(await now(schedules, schedule))) is not None


async def test_a_person_fires_out_of_turn_also_when_it_is_paused_and_overlaps(
    schedules: ScheduleRepository, store: Store
) -> None:
    schedule = await stored(schedules, overlap="skip")
    await schedules.fire(a_firing(schedule))
    due = (await now(schedules, schedule)).next_fire
    request = IdempotentRequest(key="k", route="schedules/fire", body_digest="d")

    for _ in range(2):
        read = await now(schedules, schedule)
        by_hand = a_firing(read, moment=None, next_fire=read.next_fire, work=a_job(id=new_id()), request=request)
        assert await schedules.fire(by_hand) is not None
    paused = await schedules.change((await now(schedules, schedule)).pause(), ScheduleEventType.PAUSED, NOON)
    await schedules.fire(Firing(schedule=paused, at=NOON, moment=None, next_fire=None, work=a_job()))

    assert await lines(schedules, schedule) == ["created", "fired", "fired", "paused", "fired"]
    assert (await store.jobs.list()).total == 3
    assert paused.next_fire is None
    assert due == NOON + 2 * HOUR
    other = IdempotentRequest(key="k", route="schedules/fire", body_digest="other")
    with pytest.raises(IdempotencyConflictError):
        await schedules.fire(
            Firing(
                schedule=await now(schedules, schedule), at=NOON, moment=None, next_fire=None, work=a_job(),
                request=other,
            )
        )  # fmt: skip


async def test_firings_that_are_only_missed_make_no_job(schedules: ScheduleRepository, store: Store) -> None:
    schedule = await stored(schedules)

    fired = await schedules.fire(a_firing(schedule, moment=None, work=None, missed=Missed(first=NOON, count=2)))

    assert fired is None
    assert await lines(schedules, schedule) == ["created", "missed"]
    assert (await store.jobs.list()).total == 0


async def test_another_tenant_sees_nothing(schedules: ScheduleRepository) -> None:
    schedule = await stored(schedules)
    await schedules.fire(a_firing(schedule))

    assert await schedules.get(schedule.id, GLOBEX) is None
    assert await schedules.get(schedule.definition.name, GLOBEX) is None
    assert await schedules.events(schedule.id, GLOBEX) == ()
    assert (await schedules.firings(schedule.id, GLOBEX)).total == 0


async def test_one_that_cannot_be_read_is_stopped_and_the_others_go_on(
    schedules: ScheduleRepository, store_path: Path
) -> None:
    broken, well = await stored(schedules, name="broken"), await stored(schedules, name="well")
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute(
            "UPDATE schedules SET definition = replace(definition, '3600', '3600,\"timezone\":\"Mars/Olympus\"')"
            " WHERE id = ?",
            (broken.id,),
        )
        connection.commit()

    assert await schedules.due(NOON + HOUR) == [well]
    assert await schedules.due(NOON + HOUR) == [well]
    with closing(sqlite3.connect(store_path)) as connection:
        row = connection.execute("SELECT next_fire, failures FROM schedules WHERE id = ?", (broken.id,)).fetchone()
    assert row == (None, 1)


async def test_what_was_never_there_is_not_found(schedules: ScheduleRepository) -> None:
    assert await schedules.get("nothing", DEFAULT_TENANT) is None
    assert await schedules.next_due() is None
    assert await schedules.events(ScheduleId("nothing"), DEFAULT_TENANT) == ()
