"""Fair turns: whoever brings one job waits for one turn of the others, however many jobs those have brought.

Start-time fair queueing (Goyal, Vin, Cheng, 1996), for each priority: a tenant's next job gets the turn after its last
one, but none that has passed; jobs are taken in the order of turns, and the turn taken last is the present. A tenant
that floods thus lines up behind itself. Row `''` of a priority holds its present.
"""

import sqlite3
from collections.abc import Iterable

from scheduler.core.ids import TenantId

_NEXT = """
INSERT INTO turns (priority, tenant, turn)
VALUES (?1, ?2, coalesce((SELECT turn FROM turns WHERE priority = ?1 AND tenant = ''), 0) + ?3 - 1)
ON CONFLICT (priority, tenant) DO UPDATE SET turn = max(turn + ?3, excluded.turn)
RETURNING turn
"""
_TAKEN = """
INSERT INTO turns (priority, tenant, turn) VALUES (?, '', ?)
ON CONFLICT (priority, tenant) DO UPDATE SET turn = max(turn, excluded.turn)
"""


def next_turns(connection: sqlite3.Connection, priority: int, tenant: TenantId, count: int = 1) -> range:
    """Return the turns of the tenant's next jobs."""
    last = int(connection.execute(_NEXT, (priority, tenant, count)).fetchone()[0])
    return range(last - count + 1, last + 1)


def taken(connection: sqlite3.Connection, turns: Iterable[tuple[int, int]]) -> None:
    """Note that jobs were taken; each pair is a priority and a turn."""
    latest: dict[int, int] = {}
    for priority, turn in turns:
        latest[priority] = max(turn, latest.get(priority, turn))
    connection.executemany(_TAKEN, sorted(latest.items()))
