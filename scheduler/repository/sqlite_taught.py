"""The promise about what people teach, kept on SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pydantic_core import from_json

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.request_errors import IntentExistsError
from scheduler.core.taught import Taught
from scheduler.repository import sqlite_audit
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.storable import to_json, to_micros, to_moment

_INSERT = "INSERT INTO taught (id, tenant, kind, intent, text, document, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_VERSION = "SELECT COALESCE(MAX(n), 0), COUNT(forgotten) FROM taught WHERE tenant = ?"


class SQLiteTaughtRepository:
    """What was taught, one row each."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_TEACH, CrashPoint.AFTER_TEACH)
    async def add(self, taught: Sequence[Taught]) -> None:
        def store(connection: sqlite3.Connection) -> None:
            for one in taught:
                values = (one.id, one.tenant, one.kind, one.intent, one.text, to_json(one.document), one.reason)
                try:
                    connection.execute(_INSERT, (*values, to_micros(one.at)))
                except sqlite3.IntegrityError as error:
                    raise IntentExistsError(one.intent) from error
            sqlite_audit.append(connection, [_audit(one, "taught", one.at) for one in taught])

        await self._database.write(store)

    @crash_points(CrashPoint.BEFORE_TEACH, CrashPoint.AFTER_TEACH)
    async def forget(self, tenant: TenantId, ids: Sequence[str], at: datetime) -> int:
        def store(connection: sqlite3.Connection) -> int:
            known = [one for one in _all(connection, tenant) if one.id in ids]
            for one in known:
                connection.execute("UPDATE taught SET forgotten = ? WHERE id = ?", (to_micros(at), one.id))
            sqlite_audit.append(connection, [_audit(one, "forgotten", at) for one in known])
            return len(known)

        return await self._database.write(store)

    async def list(self, tenant: TenantId) -> Sequence[Taught]:
        return await self._database.read(lambda connection: _all(connection, tenant))

    async def version(self, tenant: TenantId) -> tuple[int, int]:
        row = self._database.peek(lambda connection: connection.execute(_VERSION, (tenant,)).fetchone())
        return row[0], row[1]


def _all(connection: sqlite3.Connection, tenant: TenantId) -> Sequence[Taught]:
    rows = connection.execute("SELECT * FROM taught WHERE tenant = ? AND forgotten IS NULL ORDER BY n", (tenant,))
    return tuple(
        Taught(
            id=row["id"],
            tenant=tenant,
            kind=row["kind"],
            intent=row["intent"],
            text=row["text"],
            document=from_json(row["document"]),
            reason=row["reason"],
            at=to_moment(row["at"]),
        )
        for row in rows
    )


def _audit(taught: Taught, action: str, at: datetime) -> AuditEntry:
    """Return the entry, said of what was taught by its id."""
    return AuditEntry(
        id=new_id(),
        timestamp=at,
        tenant=taught.tenant,
        job_id=JobId(taught.id),
        action=f"intent.{action}",
        reason=taught.reason or "asked for by a client",
        result="success",
        metadata={"kind": taught.kind, "intent": taught.intent, "text": taught.text},
    )
