"""Finds which ready jobs come next past tenants that may have no more now, and reads none of theirs.

Each tenant's ready jobs stand in order in an index of their own, so a search costs what there are tenants with ready
jobs, however many jobs wait.
"""

import heapq
import json
import sqlite3
from collections.abc import Collection
from typing import Final

_READY: Final = "jobs INDEXED BY jobs_ready_of_tenant WHERE status = 'pending' AND delayed = 0"
_FIRSTS: Final = f"""
WITH RECURSIVE tenants (tenant) AS (
    SELECT * FROM (SELECT tenant FROM {_READY} ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant FROM {_READY} AND tenant > tenants.tenant ORDER BY tenant LIMIT 1)
    FROM tenants WHERE tenant IS NOT NULL
)
SELECT -priority, turn, n, jobs.tenant FROM tenants CROSS JOIN jobs ON n = (
    SELECT n FROM {_READY} AND tenant = tenants.tenant ORDER BY priority DESC, turn, n LIMIT 1
)
WHERE tenants.tenant NOT IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - names are ours, here and below
_OF_TENANT: Final = f"SELECT -priority, turn, n FROM {_READY} AND tenant = ? ORDER BY priority DESC, turn, n LIMIT ?"  # noqa: S608


def next_past(connection: sqlite3.Connection, full: Collection[str], limit: int, most_of_tenant: int) -> list[int]:
    """Return the numbers of the jobs that come next but for those of the tenants that are `full`, in their order.

    Of one tenant there are at most so many as it may have.
    """
    firsts = heapq.nsmallest(limit, map(tuple, connection.execute(_FIRSTS, (json.dumps(list(full)),))))
    wanted = min(limit, most_of_tenant)
    places = [tuple(row) for first in firsts for row in connection.execute(_OF_TENANT, (first[-1], wanted))]
    return [place[-1] for place in heapq.nsmallest(limit, places)]
