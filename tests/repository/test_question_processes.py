"""A process that is killed while a job asks or is answered leaves all or nothing, and another one goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.killed_writes import kill_and_go_on
from tests.support.question_writes import write_all, write_until

pytestmark = pytest.mark.fault

PLACES = [
    (CrashPoint.BEFORE_ACCEPT, 1),
    (CrashPoint.AFTER_ACCEPT, 1),
    *((point, visit) for point in (CrashPoint.BEFORE_ANSWER, CrashPoint.AFTER_ANSWER) for visit in (1, 2)),
]
HALVES = """
SELECT (SELECT count(*) FROM jobs WHERE (status = 'waiting') <> (id IN (SELECT job_id FROM questions)))
     + (SELECT count(*) FROM jobs WHERE (status = 'pending') <> (id IN (SELECT job_id FROM tasks)))
     + (SELECT count(*) FROM jobs) - (SELECT count(*) FROM idempotency_keys)
"""
"""Counts what only half a transaction could leave."""
TOLD = "SELECT type, count(*) FROM events WHERE type IN ('job_accepted', 'question', 'answered') GROUP BY type"


@pytest.mark.parametrize(("point", "visit"), PLACES)
async def test_a_process_killed_while_a_job_asks_or_is_answered_leaves_all_or_nothing(
    point: CrashPoint, visit: int, store_path: Path
) -> None:
    await kill_and_go_on(write_until, write_all, store_path, (point, visit), HALVES)

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute(HALVES).fetchone() == (0,)
        assert dict(connection.execute(TOLD)) == {"job_accepted": 1, "question": 2, "answered": 2}
