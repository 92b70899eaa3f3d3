"""How schedules and their timelines become rows of SQLite and come back."""

import json
import sqlite3
from typing import Any

from scheduler.core.schedules import Schedule, ScheduleEvent
from scheduler.repository.sqlite_rows import storable
from scheduler.repository.storable import maybe_micros, to_json, to_micros, to_moment

_PLAIN = {"id", "tenant", "version", "last_job_id", "fired", "failures", "last_error"}
_TIMES = ("created_at", "since", "next_fire", "last_fire")


def schedule_to_row(schedule: Schedule) -> dict[str, Any]:
    """Return the row. What says that its jobs are unique stands apart: versions before that can read the rest."""
    unique = schedule.definition.unique
    row = schedule.model_dump(include=_PLAIN) | {
        "name": schedule.definition.name,
        "definition": schedule.definition.model_dump_json(exclude_defaults=True, exclude={"unique"}),
        "only_one": None if unique is None else unique.model_dump_json(exclude_defaults=True),
        "paused": int(schedule.paused),
    }
    return storable(row | {column: maybe_micros(getattr(schedule, column)) for column in _TIMES})


def schedule_from_row(row: sqlite3.Row) -> Schedule:
    """Read a schedule back. Raises ValueError or CPAError for one that this version cannot read."""
    unique = {} if row["only_one"] is None else {"unique": json.loads(row["only_one"])}
    return Schedule.model_validate(
        {column: row[column] for column in _PLAIN}
        | {column: to_moment(row[column]) for column in _TIMES}
        | {"paused": bool(row["paused"]), "definition": json.loads(row["definition"]) | unique}
    )


def schedule_event_to_row(schedule: Schedule, event: ScheduleEvent) -> dict[str, Any]:
    return storable(
        {
            "tenant": schedule.tenant,
            "schedule_id": schedule.id,
            "type": event.type,
            "at": to_micros(event.at),
            "moment": maybe_micros(event.moment),
            "job_id": event.job_id,
            "data": to_json(dict(event.data)),
        }
    )


def schedule_event_from_row(row: sqlite3.Row) -> ScheduleEvent:
    return ScheduleEvent(
        seq=row["seq"],
        type=row["type"],
        at=to_moment(row["at"]),
        moment=to_moment(row["moment"]),
        job_id=row["job_id"],
        data=json.loads(row["data"]),
    )
