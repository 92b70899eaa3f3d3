"""The audit chain in SQLite: each commit is a block, whose hash covers its entries and the hash of the block before."""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.ids import TenantId
from scheduler.repository.sqlite_rows import audit_to_row, insert, insertion, to_json

_FIRST = "0" * 64
_CHAINED = (
    "tenant", "block", "position", "id", "timestamp", "job_id", "task_id", "action", "reason", "result",
    "screenshot_path", "metadata",
)  # fmt: skip
"""What a hash covers. A column that is added later must stay out of it, or every earlier hash would be wrong."""


def append(connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> None:
    """Append entries as the next block of their tenant's chain, inside the caller's transaction.

    Raises ValueError when they belong to several tenants.
    """
    if not entries:
        return
    tenant = entries[0].tenant
    if any(entry.tenant != tenant for entry in entries):
        raise ValueError("a block of the audit log holds the entries of one tenant")
    last = connection.execute("SELECT block, digest FROM audit_heads WHERE tenant = ?", (tenant,)).fetchone()
    block, previous = (last["block"] + 1, last["digest"]) if last else (1, _FIRST)
    rows = [audit_to_row(entry) | {"block": block, "position": place} for place, entry in enumerate(entries)]
    head = {"tenant": tenant, "block": block, "digest": _digest(previous, rows)}
    connection.executemany(insertion("audit_log", _CHAINED), rows)
    insert(connection, "audit_blocks", head)
    connection.execute(
        "INSERT INTO audit_heads (tenant, block, digest) VALUES (:tenant, :block, :digest)"
        " ON CONFLICT (tenant) DO UPDATE SET block = excluded.block, digest = excluded.digest",
        head,
    )


def broken_link(connection: sqlite3.Connection, tenant: TenantId) -> int | None:
    """Recompute the chain of a tenant; return the first block that does not fit, or None."""
    blocks = connection.execute("SELECT block, digest FROM audit_blocks WHERE tenant = ? ORDER BY block", (tenant,))
    entries = connection.execute("SELECT * FROM audit_log WHERE tenant = ? ORDER BY block, position", (tenant,))
    head = connection.execute("SELECT block, digest FROM audit_heads WHERE tenant = ?", (tenant,)).fetchone()
    stored = groupby(entries, key=itemgetter("block"))
    block, previous = 0, _FIRST
    for block, row in enumerate(blocks, start=1):
        number, rows = next(stored, (0, iter(())))
        if row["block"] != block or number != block or _digest(previous, list(rows)) != row["digest"]:
            return block
        previous = row["digest"]
    end = (block, previous) if block else None
    whole = end == (tuple(head) if head else None) and next(stored, None) is None
    return None if whole else block + 1


def _digest(previous: str, rows: Sequence[Mapping[str, Any] | sqlite3.Row]) -> str:
    covered = (to_json({column: row[column] for column in _CHAINED}) for row in rows)
    return hashlib.sha256("\n".join((previous, *covered)).encode()).hexdigest()
