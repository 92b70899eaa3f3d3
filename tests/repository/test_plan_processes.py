"""A process killed while a plan is kept, or a failed job's plan is repaired, leaves all or nothing; another goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.killed_writes import kill_and_go_on
from tests.support.plan_writes import write_all, write_until

pytestmark = pytest.mark.fault

PLACES = [
    (point, visit)
    for name in ("keep_plan", "repair")
    for point in (CrashPoint(f"before_{name}"), CrashPoint(f"after_{name}"))
    for visit in (1, 2)
]
HALVES = """
SELECT (SELECT count(*) FROM plans WHERE newer IS NOT NULL) - (SELECT count(*) FROM plans WHERE version = 2)
     + (SELECT count(*) FROM jobs WHERE (plan_version = 2) <> (status = 'pending'))
     + (SELECT count(*) FROM jobs WHERE (plan_version = 2) <> EXISTS (SELECT 1 FROM tasks WHERE task_id = 'look'))
     + (SELECT count(*) FROM jobs WHERE (plan_version = 1) <> EXISTS (SELECT 1 FROM tasks WHERE task_id = 'task1'))
     + (SELECT count(*) FROM jobs WHERE (plan_version = 1) <> (id IN (SELECT job_id FROM dead_letters)))
"""
"""Counts what only half a transaction could leave."""
TOLD = "SELECT type, count(*) FROM events WHERE type IN ('repair_suggested', 'job_retried') GROUP BY type"


@pytest.mark.parametrize(("point", "visit"), PLACES)
async def test_a_process_killed_while_it_keeps_or_repairs_a_plan_leaves_all_or_nothing(
    point: CrashPoint, visit: int, store_path: Path
) -> None:
    await kill_and_go_on(write_until, write_all, store_path, (point, visit), HALVES)

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute(HALVES).fetchone() == (0,)
        assert dict(connection.execute(TOLD)) == {"repair_suggested": 1, "job_retried": 1}
