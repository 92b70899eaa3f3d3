"""Builds schedules, hiding what does not matter to a test."""

from datetime import datetime
from typing import Any

from scheduler.core.ids import ScheduleId, new_id
from scheduler.core.schedules import Schedule, ScheduleDefinition
from tests.support.builders import a_graph


def a_definition(**fields: Any) -> ScheduleDefinition:  # noqa: ANN401 - fields of ScheduleDefinition
    """Return the definition of a schedule with a ready plan; without a rhythm it fires every hour."""
    work = {} if {"text", "intent", "task_graph"} & set(fields) else {"task_graph": a_graph()}
    rhythm = {} if {"cron", "every_seconds"} & set(fields) else {"every_seconds": 3600}
    return ScheduleDefinition(**{"name": "Rechnung am Morgen", **work, **rhythm, **fields})


def a_schedule(since: datetime, **fields: Any) -> Schedule:  # noqa: ANN401 - see above
    """Return a schedule that was made at `since`."""
    definition = a_definition(**fields)
    return Schedule(id=ScheduleId(new_id()), definition=definition, created_at=since, since=since).begin(since)
