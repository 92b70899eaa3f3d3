"""Several processes that fire the same schedules at once, and processes that are killed while they fire."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import DEFAULT_TENANT
from scheduler.core.job import JobFilter
from tests.support.fork_server import FORK_SERVER
from tests.support.schedules import a_definition
from tests.support.scheduling import a_page, at, die_firing, fire_all, opened

DAY_AFTER = 40  # hours after NOON
VISITS = [(point, 1) for point in (CrashPoint.BEFORE_SCHEDULE, CrashPoint.AFTER_SCHEDULE)]
VISITS += [(point, visit) for point in (CrashPoint.BEFORE_FIRE, CrashPoint.AFTER_FIRE) for visit in (1, 2, 3)]


@pytest.mark.integration
async def test_two_processes_fire_each_moment_of_every_schedule_once(store_path: Path) -> None:
    async with opened(store_path, at(0)) as schedules:
        for number in range(3):
            definition = a_definition(name=f"s{number}", task_graph=a_page(), catch_up="all", max_catch_up=100)
            await schedules.service.create(definition, DEFAULT_TENANT)

    firing = [FORK_SERVER.Process(target=fire_all, args=(store_path, DAY_AFTER)) for _ in range(2)]
    for process in firing:
        process.start()
    for process in firing:
        await asyncio.to_thread(process.join, 120)

    assert [process.exitcode for process in firing] == [0, 0]
    async with opened(store_path, at(DAY_AFTER)) as schedules:
        for number in range(3):
            expected = [("fired", str(hour)) for hour in range(1, DAY_AFTER + 1)]
            assert await schedules.outcomes(f"s{number}") == expected
        assert (await schedules.jobs.find(JobFilter(), DEFAULT_TENANT)).total == 3 * DAY_AFTER
    assert _jobs_and_firings(store_path) == 0


@pytest.mark.fault
@pytest.mark.parametrize(("point", "visit"), VISITS)
async def test_a_process_killed_while_firing_loses_and_doubles_nothing(
    point: CrashPoint, visit: int, store_path: Path
) -> None:
    killed = FORK_SERVER.Process(target=die_firing, args=(store_path, point, visit))
    killed.start()
    await asyncio.to_thread(killed.join, 60)
    assert killed.exitcode == -signal.SIGKILL
    assert _jobs_and_firings(store_path) == 0

    again = FORK_SERVER.Process(target=die_firing, args=(store_path, CrashPoint.BEFORE_STEP, 1))
    again.start()
    await asyncio.to_thread(again.join, 60)

    assert again.exitcode == 0
    async with opened(store_path, at(3)) as schedules:
        assert await schedules.outcomes("hourly") == [("fired", "1"), ("fired", "2"), ("fired", "3")]
        assert (await schedules.jobs.find(JobFilter(), DEFAULT_TENANT)).total == 3
    assert _jobs_and_firings(store_path) == 0


def _jobs_and_firings(path: Path) -> int:
    """Count jobs that no firing made, firings without a job, and events without their audit entry."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = connection.execute(
            "SELECT (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM schedule_events"
            " WHERE type = 'fired')) + (SELECT count(*) FROM schedule_events WHERE type = 'fired' AND job_id NOT IN"
            " (SELECT id FROM jobs)) + abs((SELECT count(*) FROM schedule_events) - (SELECT count(*) FROM audit_log"
            " WHERE action LIKE 'schedule.%'))"
        ).fetchone()
    return int(count)
