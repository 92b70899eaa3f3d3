"""The audit chain in SQLite: each commit is a block, whose hash covers its entries and the hash of the block before."""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import orjson

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.ids import TenantId
from scheduler.repository.lines import AuditLine
from scheduler.repository.sqlite_insertion import Insertion
from scheduler.repository.sqlite_rows import audit_line
from scheduler.repository.sqlite_writer import before_commit
from scheduler.repository.storable import to_json

_tenant_of = itemgetter(0)
_LINES: Final = frozenset({AuditLine})
_FIRST = "0" * 64
_CHAINED = ("tenant", "block", "position", *AuditLine._fields[1:])
"""What a hash covers, see `_canonical`. A column that is added later must stay out of it, or every earlier hash would
be wrong."""
_insert = Insertion("audit_log", _CHAINED).run


def append(connection: sqlite3.Connection, entries: Sequence[AuditEntry | AuditLine]) -> None:
    """Append entries to their tenant's chain when the caller's transaction is committed.

    All that one commit writes for a tenant is one block. Raises ValueError when they belong to several tenants.
    """
    if not entries:
        return
    tenant = entries[0].tenant
    if len(entries) > 1 and any(entry.tenant != tenant for entry in entries):
        raise ValueError("a block of the audit log holds the entries of one tenant")
    append_of_tenants(connection, entries)


def append_of_tenants(connection: sqlite3.Connection, entries: Sequence[AuditEntry | AuditLine]) -> None:
    """Append entries each to the chain of its tenant."""
    lines: Sequence[AuditEntry | AuditLine] = entries
    if not _LINES.issuperset(map(type, entries)):
        lines = [entry if isinstance(entry, AuditLine) else audit_line(entry) for entry in entries]
    before_commit(connection, _chain, lines)


def _chain(connection: sqlite3.Connection, lines: Sequence[AuditLine]) -> None:
    for tenant, entries in groupby(sorted(lines, key=_tenant_of), _tenant_of):
        last = connection.execute("SELECT block, digest FROM audit_heads WHERE tenant = ?", (tenant,)).fetchone()
        block, previous = (last["block"] + 1, last["digest"]) if last else (1, _FIRST)
        rows = [(tenant, block, place) + entry[1:] for place, entry in enumerate(entries)]  # noqa: RUF005 - a third less
        head = (tenant, block, _digest(previous, rows))
        _insert(connection, rows)
        connection.execute("INSERT INTO audit_blocks (tenant, block, digest) VALUES (?, ?, ?)", head)
        connection.execute(
            "INSERT INTO audit_heads (tenant, block, digest) VALUES (?, ?, ?)"
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
        if row["block"] != block or number != block or _digest(previous, map(_covered, rows)) != row["digest"]:
            return block
        previous = row["digest"]
    end = (block, previous) if block else None
    whole = end == (tuple(head) if head else None) and next(stored, None) is None
    return None if whole else block + 1


def _covered(row: sqlite3.Row) -> list[Any]:
    return [row[column] for column in _CHAINED]


def _digest(previous: str, rows: Iterable[Sequence[Any]]) -> str:
    """Return the hash of a block; a row holds the values of `_CHAINED` in that order, each a plain value."""
    lines = [previous.encode()]
    named: dict[str, Any] = dict.fromkeys(sorted(_CHAINED))  # one for all rows: to make it costs more than to fill it
    for row in rows:
        (
            named["tenant"],
            named["block"],
            named["position"],
            named["id"],
            named["timestamp"],
            named["job_id"],
            named["task_id"],
            named["action"],
            named["reason"],
            named["result"],
            named["screenshot_path"],
            named["metadata"],
        ) = row
        lines.append(_canonical(named))
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _canonical(named: dict[str, Any]) -> bytes:
    """Return what `to_json` makes of values whose names are in order already."""
    try:
        return orjson.dumps(named)
    except TypeError:
        return to_json(named).encode()
