"""The timelines in SQLite: lines are gathered during a transaction and written once at its end, in order."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId
from scheduler.repository.lines import EventLine
from scheduler.repository.sqlite_insertion import Insertion
from scheduler.repository.sqlite_rows import event_line
from scheduler.repository.sqlite_writer import before_commit

_LINES: Final = frozenset({EventLine})
_LAST = f"SELECT {', '.join(EventLine._fields)} FROM events WHERE job_id = ? ORDER BY seq DESC LIMIT ?"  # noqa: S608 - ours
_OTHERS: Final = 4  # lines that may follow those of a worker while it holds the lease: one, that the job is cancelled
_write = Insertion("events", EventLine._fields).run


def append(connection: sqlite3.Connection, events: Sequence[JobEvent | EventLine]) -> None:
    """Add lines; each gets its number when the caller's transaction is committed."""
    before_commit(connection, _write, _stored(events))


def ends_with(connection: sqlite3.Connection, job_id: JobId, events: Sequence[JobEvent | EventLine]) -> bool:
    """Say whether these are the last lines that a worker has added to a timeline; no lines never are."""
    last = connection.execute(_LAST, (job_id, len(events) + _OTHERS)) if events else ()
    return bool(events) and {*map(tuple, last)}.issuperset(_stored(events))


def _stored(events: Sequence[JobEvent | EventLine]) -> Sequence[JobEvent | EventLine]:
    """Return the lines as they are stored."""
    if _LINES.issuperset(map(type, events)):
        return events
    return [event if isinstance(event, EventLine) else event_line(event) for event in events]
