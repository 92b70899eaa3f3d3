"""The statements that count what is in the queue, each on an index that holds only what it counts."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from scheduler.core.ids import TenantId
from scheduler.core.queue_counts import COUNTED_TO, QueueCounts, QueueReport

_PLACES: Final[Mapping[str, str]] = {
    "ready": "jobs INDEXED BY jobs_ready_of_tenant WHERE status = 'pending' AND delayed = 0",
    "delayed": "jobs INDEXED BY jobs_delayed_of_tenant WHERE status = 'pending' AND delayed = 1",
    "leased": "jobs INDEXED BY jobs_leased WHERE lease_until IS NOT NULL",
    "parked": "questions INDEXED BY questions_of_tenant WHERE true",
    "dead": "dead_letters INDEXED BY dead_letters_of_tenant WHERE true",
}


def report(connection: sqlite3.Connection, tenant: TenantId | None, most: int = COUNTED_TO) -> QueueReport:
    """Count what is in the queue, of one tenant or of all."""
    found: defaultdict[TenantId, dict[str, int]] = defaultdict(dict)
    total = dict[str, int]()
    for place, rows in _PLACES.items():
        counted = (
            _of_all(connection, rows, most) if tenant is None else {tenant: _of_one(connection, rows, tenant, most)}
        )
        total[place] = sum(counted.values())
        for who, number in counted.items():
            found[who][place] = number
    return QueueReport(
        total=QueueCounts(**total),
        tenants={who: QueueCounts(**counts) for who, counts in sorted(found.items()) if any(counts.values())},
        at_least=tuple(place for place, number in total.items() if number >= most),
    )


def _of_one(connection: sqlite3.Connection, rows: str, tenant: TenantId, most: int) -> int:
    counting = f"SELECT count(*) FROM (SELECT 1 FROM {rows} AND tenant = ? LIMIT ?)"  # noqa: S608 - ours, and below
    return int(connection.execute(counting, (tenant, most)).fetchone()[0])


def _of_all(connection: sqlite3.Connection, rows: str, most: int) -> dict[TenantId, int]:
    """Count along the index, tenant by tenant, until it is enough."""
    counted = dict[TenantId, int]()
    for tenant, number in connection.execute(f"SELECT tenant, count(*) FROM {rows} GROUP BY tenant"):  # noqa: S608
        counted[TenantId(tenant)] = min(number, most)
        most -= counted[tenant]
        if not most:
            break
    return counted
