"""A process killed while it pays for a call has paid from every account or from none, and never too little."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.killed_writes import kill_and_go_on
from tests.support.spending_writes import ACCOUNTS, MOST, UNUSED, write_all, write_until

pytestmark = pytest.mark.fault

HALVES = f"SELECT count(*) % {len(ACCOUNTS)} + max(0, count(DISTINCT tokens || ' ' || micros) - 1) FROM spending"  # noqa: S608
"""Counts what only half a transaction could leave."""
USED = MOST.tokens - UNUSED.tokens
PLACES = {  # what the call that was cut has cost in the end: all it might have, where nobody gave anything back
    (CrashPoint.BEFORE_SPEND, 1): 0,
    (CrashPoint.AFTER_SPEND, 1): MOST.tokens,
    (CrashPoint.BEFORE_SPEND, 2): MOST.tokens,
    (CrashPoint.AFTER_SPEND, 2): USED,
}


@pytest.mark.parametrize(("point", "visit"), PLACES)
async def test_a_process_killed_while_it_pays_has_paid_from_all_accounts_or_from_none(
    point: CrashPoint, visit: int, store_path: Path
) -> None:
    await kill_and_go_on(write_until, write_all, store_path, (point, visit), HALVES)

    with closing(sqlite3.connect(store_path)) as connection:
        assert connection.execute(HALVES).fetchone() == (0,)
        spent = {tokens for (tokens,) in connection.execute("SELECT tokens FROM spending")}
    assert spent == {PLACES[point, visit] + USED}
