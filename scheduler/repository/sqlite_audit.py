"""The audit chain in SQLite: each commit is a block, whose hash covers its entries and the hash of the block before."""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.ids import TenantId
from scheduler.repository.sqlite_rows import audit_to_row, insert, to_json

_FIRST = "0" * 64


def append(connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> None:
    """Append entries of one tenant as its next block, inside the caller's transaction."""
    if not entries:
        return
    tenant = entries[0].tenant
    last = connection.execute(
        "SELECT block, digest FROM audit_blocks WHERE tenant = ? ORDER BY block DESC LIMIT 1", (tenant,)
    ).fetchone()
    block, previous = (last["block"] + 1, last["digest"]) if last else (1, _FIRST)
    rows = [audit_to_row(entry) | {"block": block, "position": place} for place, entry in enumerate(entries)]
    for row in rows:
        insert(connection, "audit_log", row)
    insert(connection, "audit_blocks", {"tenant": tenant, "block": block, "digest": _digest(previous, rows)})


def broken_link(connection: sqlite3.Connection, tenant: TenantId) -> int | None:
    """Recompute the chain of a tenant; return the first block that does not fit, or None."""
    blocks = connection.execute("SELECT block, digest FROM audit_blocks WHERE tenant = ? ORDER BY block", (tenant,))
    entries = connection.execute("SELECT * FROM audit_log WHERE tenant = ? ORDER BY block, position", (tenant,))
    stored = groupby((dict(row) for row in entries), key=itemgetter("block"))
    previous = _FIRST
    for expected, row in enumerate(blocks, start=1):
        number, rows = next(stored, (0, iter(())))
        if row["block"] != expected or number != expected or _digest(previous, list(rows)) != row["digest"]:
            return expected
        previous = row["digest"]
    left_over = next(stored, None)
    return None if left_over is None else int(left_over[0])


def _digest(previous: str, rows: Sequence[Mapping[str, Any]]) -> str:
    return hashlib.sha256("\n".join((previous, *(to_json(row) for row in rows))).encode()).hexdigest()
