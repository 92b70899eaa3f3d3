"""The statements that keep and fire schedules in SQLite, each meant for the caller's transaction."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.errors import CPAError, ScheduleChangedError, ScheduleExistsError
from scheduler.core.ids import JobId, TenantId, new_id
from scheduler.core.job import Job, JobStatus, MetJob
from scheduler.core.schedules import Overlap, Schedule, ScheduleEvent, ScheduleEventType
from scheduler.core.sentences import sentence
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository import sqlite_audit
from scheduler.repository.schedule_repository import FailedFiring, Firing
from scheduler.repository.sqlite_accepting import accept
from scheduler.repository.sqlite_rows import insert, storable
from scheduler.repository.sqlite_schedule_rows import schedule_event_to_row, schedule_from_row, schedule_to_row
from scheduler.repository.sqlite_writer import write_gathered
from scheduler.repository.storable import to_micros

_CHANGING = (
    "name", "definition", "version", "paused", "since", "next_fire", "last_fire", "last_job_id", "fired", "failures",
    "last_error", "only_one",
)  # fmt: skip
_ASKED = "somebody asked for it"
_DUE = "it is its time"


def fetch(connection: sqlite3.Connection, named: str, tenant: TenantId) -> Schedule | None:
    """Return the schedule of that id or, if there is none, of that name."""
    row = connection.execute("SELECT * FROM schedules WHERE id = ? AND tenant = ?", (named, tenant)).fetchone()
    if row is None:
        row = connection.execute("SELECT * FROM schedules WHERE tenant = ? AND name = ?", (tenant, named)).fetchone()
    return None if row is None else schedule_from_row(row)


def add(connection: sqlite3.Connection, schedule: Schedule) -> None:
    """Store a new schedule. Raises ScheduleExistsError."""
    _name_is_free(connection, schedule)
    insert(connection, "schedules", schedule_to_row(schedule))
    _note(connection, schedule, [ScheduleEvent(type=ScheduleEventType.CREATED, at=schedule.created_at)], reason=_ASKED)


def change(connection: sqlite3.Connection, schedule: Schedule, line: ScheduleEventType, at: datetime) -> Schedule:
    """Store what has changed. Raises ScheduleChangedError and ScheduleExistsError."""
    _name_is_free(connection, schedule)
    changed = _replace(connection, schedule)
    _note(connection, changed, [ScheduleEvent(type=line, at=at)], reason=_ASKED)
    return changed


def remove(connection: sqlite3.Connection, named: str, tenant: TenantId, at: datetime) -> bool:
    schedule = fetch(connection, named, tenant)
    if schedule is None:
        return False
    connection.execute("DELETE FROM schedules WHERE id = ?", (schedule.id,))
    sqlite_audit.append(connection, [_audit(schedule, "removed", at, reason=_ASKED)])
    return True


def fire(connection: sqlite3.Connection, firing: Firing) -> Job | None:
    """Take a turn as the port says. Raises ScheduleChangedError."""
    schedule, by_hand = firing.schedule, firing.moment is None and firing.work is not None
    write_gathered(connection)
    running = None if by_hand else overlapped(connection, schedule)
    work = None if running else firing.work
    if isinstance(work, Job):
        accepted = accept(connection, work, firing.request, _claim(firing, by_hand=by_hand))
        if accepted.id != work.id and by_hand:
            return accepted  # the client asks again, and this was fired before, or one of its kind is there
        if isinstance(accepted, MetJob):
            running, work = accepted.id, None
    _replace(connection, _after(firing, work), due=schedule.next_fire)
    lines = _lines(firing, work, running)
    _note(connection, schedule, lines, reason=_ASKED if by_hand else _DUE)
    return work if isinstance(work, Job) else None


def put_off(
    connection: sqlite3.Connection, schedule: Schedule, moment: datetime, why: FailedFiring, at: datetime
) -> None:
    """Note that a firing waits, unless that is noted, or the schedule is no longer as it was read."""
    cursor = connection.execute(
        "UPDATE schedules SET last_error = :error WHERE id = :id AND version = :version AND last_error IS NOT :error",
        {"error": why.error, "id": schedule.id, "version": schedule.version},
    )
    if cursor.rowcount:
        line = ScheduleEvent(type=ScheduleEventType.PUT_OFF, at=at, moment=moment, data={"code": why.code})
        _note(connection, schedule, [line], reason=why.error)


def stop_unreadable(connection: sqlite3.Connection, now: datetime) -> None:
    """Take those that are due and cannot be read, for example because their time zone has gone, out of the way."""
    for row in connection.execute("SELECT * FROM schedules WHERE next_fire <= ?", (to_micros(now),)).fetchall():
        if readable(row) is None:
            problem = sentence("internal", "de", {"correlation_id": row["id"]})
            connection.execute(
                "UPDATE schedules SET next_fire = NULL, version = version + 1, failures = failures + 1, last_error = ?"
                " WHERE id = ?",
                (problem, row["id"]),
            )


def readable(row: sqlite3.Row) -> Schedule | None:
    """Return the schedule, or None if this version cannot read it."""
    try:
        return schedule_from_row(row)
    except (ValueError, CPAError):
        return None


def _name_is_free(connection: sqlite3.Connection, schedule: Schedule) -> None:
    name = schedule.definition.name
    statement = "SELECT id FROM schedules WHERE tenant = ? AND name = ?"
    row = connection.execute(statement, (schedule.tenant, name)).fetchone()
    if row is not None and row["id"] != schedule.id:
        raise ScheduleExistsError(name)


def _replace(connection: sqlite3.Connection, schedule: Schedule, due: datetime | None = None) -> Schedule:
    """Store the schedule if it still has the version with which it was read, and `due` as its time if that is given."""
    changed = schedule.model_copy(update={"version": schedule.version + 1})
    row = schedule_to_row(changed) | {"read": schedule.version, "due": None if due is None else to_micros(due)}
    changes = ", ".join(f"{column} = :{column}" for column in _CHANGING)
    cursor = connection.execute(
        f"UPDATE schedules SET {changes} WHERE id = :id AND version = :read"  # noqa: S608 - names are ours
        " AND (:due IS NULL OR next_fire = :due)",
        row,
    )
    if cursor.rowcount == 0:
        raise ScheduleChangedError(schedule.definition.name)
    return changed


def _claim(firing: Firing, *, by_hand: bool) -> UniqueClaim | None:
    """Return the claim of a firing; one whose time has come is skipped, where a person is refused."""
    return firing.claim if by_hand or firing.claim is None else firing.claim.model_copy(update={"refuses": False})


def overlapped(connection: sqlite3.Connection, schedule: Schedule) -> JobId | None:
    """Return the last job if it has not ended and must not be overlapped."""
    if schedule.definition.overlap is Overlap.ALLOW or schedule.last_job_id is None:
        return None
    row = connection.execute("SELECT status FROM jobs WHERE id = ?", (schedule.last_job_id,)).fetchone()
    return None if row is None or JobStatus(row["status"]).final else schedule.last_job_id


def _after(firing: Firing, work: Job | FailedFiring | None) -> Schedule:
    """Return the schedule as it is after its turn."""
    schedule = firing.schedule
    changes: dict[str, Any] = {"next_fire": firing.next_fire}
    if firing.moment is not None:
        changes["last_fire"] = firing.moment
    if isinstance(work, Job):
        changes |= {"last_job_id": work.id, "fired": schedule.fired + 1, "failures": 0, "last_error": None}
    elif work is not None:
        changes |= {"failures": schedule.failures + 1, "last_error": work.error}
    return schedule.model_copy(update=changes)


def _lines(firing: Firing, work: Job | FailedFiring | None, running: JobId | None) -> list[ScheduleEvent]:
    at, moment = firing.at, firing.moment
    lines = []
    if firing.missed is not None:
        count = {"count": firing.missed.count}
        missed = ScheduleEvent(type=ScheduleEventType.MISSED, at=at, moment=firing.missed.first, data=count)
        lines.append(missed)
    if running and moment is not None:
        lines.append(ScheduleEvent(type=ScheduleEventType.SKIPPED, at=at, moment=moment, data={"running": running}))
    elif isinstance(work, Job):
        lines.append(ScheduleEvent(type=ScheduleEventType.FIRED, at=at, moment=moment, job_id=work.id))
    elif work is not None:
        data = {"code": work.code, "error": work.error}
        lines.append(ScheduleEvent(type=ScheduleEventType.FAILED, at=at, moment=moment, data=data))
    return lines


def _note(connection: sqlite3.Connection, schedule: Schedule, lines: Sequence[ScheduleEvent], *, reason: str) -> None:
    """Add lines to the timeline, and the same to the audit log."""
    for line in lines:
        insert(connection, "schedule_events", schedule_event_to_row(schedule, line))
    sqlite_audit.append(connection, [_audit(schedule, line.type, line.at, line, reason=reason) for line in lines])


def _audit(
    schedule: Schedule, action: str, at: datetime, line: ScheduleEvent | None = None, *, reason: str
) -> AuditEntry:
    """Return the entry. It is said of the job that was fired, else of the schedule by its id."""
    said: dict[str, Any] = {"schedule_id": schedule.id, "name": schedule.definition.name}
    if line is not None:
        said |= dict(line.data) | ({"moment": line.moment.isoformat()} if line.moment else {})
    return AuditEntry(
        id=new_id(),
        timestamp=at,
        tenant=schedule.tenant,
        job_id=(line and line.job_id) or JobId(schedule.id),
        action=f"schedule.{action}",
        reason=reason,
        result="failure" if action == ScheduleEventType.FAILED else "success",
        metadata=storable(said),
    )
