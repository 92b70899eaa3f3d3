"""The promise of the schedules' repository kept on SQLite."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.ids import ScheduleId, TenantId
from scheduler.core.job import Job
from scheduler.core.schedules import Schedule, ScheduleEvent, ScheduleEventType
from scheduler.repository import sqlite_schedules
from scheduler.repository.repository_interface import Page
from scheduler.repository.schedule_repository import FailedFiring, Firing
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_schedule_rows import schedule_event_from_row, schedule_from_row
from scheduler.repository.storable import to_micros, to_moment

_FIRINGS = "FROM schedule_events WHERE schedule_id = :id AND type IN ('fired', 'failed', 'skipped', 'missed')"
_OF_TENANT = "tenant = :tenant"
_NEXT_DUE = """
SELECT next_fire FROM schedules WHERE next_fire IS NOT NULL AND id NOT IN (SELECT value FROM json_each(?))
ORDER BY next_fire LIMIT 1
"""
_DUE = """
SELECT * FROM schedules WHERE next_fire <= ? AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY next_fire LIMIT ?
"""


class SQLiteScheduleRepository:
    """Schedules in SQLite."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_SCHEDULE, CrashPoint.AFTER_SCHEDULE)
    async def add(self, schedule: Schedule) -> None:
        await self._database.write(lambda connection: sqlite_schedules.add(connection, schedule))

    async def get(self, named: str, tenant: TenantId) -> Schedule | None:
        return await self._database.read(lambda connection: sqlite_schedules.fetch(connection, named, tenant))

    async def list(self, tenant: TenantId, limit: int = 50, offset: int = 0) -> Page[Schedule]:
        values = {"tenant": tenant, "limit": limit, "offset": offset}

        def read(connection: sqlite3.Connection) -> Page[Schedule]:
            count = connection.execute("SELECT count(*) FROM schedules WHERE tenant = :tenant", values).fetchone()[0]
            statement = "SELECT * FROM schedules WHERE tenant = :tenant ORDER BY name LIMIT :limit OFFSET :offset"
            return Page(tuple(schedule_from_row(row) for row in connection.execute(statement, values)), count)

        return await self._database.read(read)

    @crash_points(CrashPoint.BEFORE_SCHEDULE, CrashPoint.AFTER_SCHEDULE)
    async def change(self, schedule: Schedule, line: ScheduleEventType, at: datetime) -> Schedule:
        return await self._database.write(lambda connection: sqlite_schedules.change(connection, schedule, line, at))

    @crash_points(CrashPoint.BEFORE_SCHEDULE, CrashPoint.AFTER_SCHEDULE)
    async def remove(self, named: str, tenant: TenantId, at: datetime) -> bool:
        return await self._database.write(lambda connection: sqlite_schedules.remove(connection, named, tenant, at))

    async def next_due(self, besides: Collection[ScheduleId] = ()) -> datetime | None:
        values = (json.dumps(list(besides)),)
        row = await self._database.read(lambda connection: connection.execute(_NEXT_DUE, values).fetchone())
        return None if row is None else to_moment(row["next_fire"])

    async def due(self, now: datetime, limit: int = 50, besides: Collection[ScheduleId] = ()) -> Sequence[Schedule]:
        values = (to_micros(now), json.dumps(list(besides)), limit)
        rows = await self._database.read(lambda connection: connection.execute(_DUE, values).fetchall())
        found = [schedule for row in rows if (schedule := sqlite_schedules.readable(row)) is not None]
        if len(found) < len(rows):
            await self._stop_unreadable(now)
        return found

    @crash_points(CrashPoint.BEFORE_SCHEDULE, CrashPoint.AFTER_SCHEDULE)
    async def _stop_unreadable(self, now: datetime) -> None:
        await self._database.write(lambda connection: sqlite_schedules.stop_unreadable(connection, now))

    async def overlaps(self, schedule: Schedule) -> bool:
        return await self._database.read(
            lambda connection: sqlite_schedules.overlapped(connection, schedule) is not None
        )

    @crash_points(CrashPoint.BEFORE_FIRE, CrashPoint.AFTER_FIRE)
    async def fire(self, firing: Firing) -> Job | None:
        return await self._database.write(lambda connection: sqlite_schedules.fire(connection, firing))

    @crash_points(CrashPoint.BEFORE_SCHEDULE, CrashPoint.AFTER_SCHEDULE)
    async def put_off(self, schedule: Schedule, moment: datetime, why: FailedFiring, at: datetime) -> None:
        if schedule.last_error != why.error:
            await self._database.write(
                lambda connection: sqlite_schedules.put_off(connection, schedule, moment, why, at)
            )

    async def events(
        self, schedule_id: ScheduleId, tenant: TenantId, after: int = 0, limit: int = 1000
    ) -> Sequence[ScheduleEvent]:
        statement = (
            "SELECT * FROM schedule_events WHERE schedule_id = ? AND seq > ? AND tenant = ? ORDER BY seq LIMIT ?"
        )
        values = (schedule_id, after, tenant, limit)
        return await self._database.read(
            lambda connection: tuple(schedule_event_from_row(row) for row in connection.execute(statement, values))
        )

    async def firings(
        self, schedule_id: ScheduleId, tenant: TenantId, limit: int = 50, offset: int = 0
    ) -> Page[ScheduleEvent]:
        values = {"id": schedule_id, "tenant": tenant, "limit": limit, "offset": offset}

        def read(connection: sqlite3.Connection) -> Page[ScheduleEvent]:
            count = connection.execute(f"SELECT count(*) {_FIRINGS} AND {_OF_TENANT}", values).fetchone()[0]
            rows = connection.execute(
                f"SELECT * {_FIRINGS} AND {_OF_TENANT} ORDER BY seq DESC LIMIT :limit OFFSET :offset", values
            )
            return Page(tuple(schedule_event_from_row(row) for row in rows), count)

        return await self._database.read(read)
