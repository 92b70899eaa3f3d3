"""The timelines in SQLite: lines are gathered during a transaction and written once at its end, in order."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from scheduler.core.events import JobEvent
from scheduler.repository.lines import EventLine
from scheduler.repository.sqlite_insertion import Insertion
from scheduler.repository.sqlite_rows import event_line
from scheduler.repository.sqlite_writer import before_commit

_LINES: Final = frozenset({EventLine})
_write = Insertion("events", EventLine._fields).run


def append(connection: sqlite3.Connection, events: Sequence[JobEvent | EventLine]) -> None:
    """Add lines; each gets its number when the caller's transaction is committed."""
    lines: Sequence[JobEvent | EventLine] = events
    if not _LINES.issuperset(map(type, events)):
        lines = [event if isinstance(event, EventLine) else event_line(event) for event in events]
    before_commit(connection, _write, lines)
