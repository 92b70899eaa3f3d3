"""A process that is killed while it writes about agents leaves all or nothing, and another one goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.agent_writes import DONE, VISITS, write_all, write_until
from tests.support.killed_writes import kill_and_go_on

pytestmark = pytest.mark.fault

PLACES = [(point, visit) for point in CrashPoint for visit in range(1, VISITS.get(point.partition("_")[2], 0) + 1)]
HALVES = """
SELECT (SELECT count(*) FROM agents WHERE id = 'agent-1' AND id NOT IN (SELECT agent_id FROM agent_keys))
     + (SELECT count(*) FROM agent_keys WHERE agent_id NOT IN (SELECT id FROM agents))
     + (SELECT count(*) FROM agent_beats WHERE agent_id NOT IN (SELECT id FROM agents))
     + (SELECT count(*) FROM outbox WHERE message_id NOT IN (SELECT id FROM messages))
     + (SELECT count(*) FROM messages WHERE digest IS NOT NULL) - (SELECT count(*) FROM lam_nonces)
"""
"""Counts what only half a transaction could leave."""
COUNTED = "SELECT count(*) FROM messages WHERE id = ? AND refused IS NULL"


@pytest.mark.parametrize(("point", "visit"), PLACES)
async def test_a_process_killed_at_a_write_about_agents_leaves_all_or_nothing(
    point: CrashPoint, visit: int, store_path: Path
) -> None:
    await kill_and_go_on(write_until, write_all, store_path, (point, visit), HALVES)

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute(COUNTED, (DONE,)).fetchone() == (1,)
        assert connection.execute("SELECT kid FROM agent_keys").fetchall() == [("kid-E",)]
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
