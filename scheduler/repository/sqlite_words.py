"""The statements that find jobs by the words of their descriptions, on SQLite's full-text index.

Each job is indexed with a word of its tenant beside its own, so that a search reads no other tenant's jobs. What a page
may cost is bounded: it looks through so many numbers of jobs, newest first, and looks up so many jobs that have the
words; where that is not enough to fill it, its cursor goes on from there.

The index follows the jobs: `catch_up` writes the words of the next ones, in parts, because within the transaction of
each job they would cost ten times as much.
"""

import re
import sqlite3
from typing import Any, Final, NamedTuple

from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import TenantId
from scheduler.core.job import JobFilter, JobSummary
from scheduler.core.sentences import Sentence
from scheduler.repository.cursors import from_cursor, to_cursor
from scheduler.repository.repository_interface import Page
from scheduler.repository.sqlite_listing import COLUMNS, MOST_COUNTED, Place, in_time, summary_from_row, values_of

RANGE: Final = 50_000
"""So many numbers of jobs are looked through for one page."""
WINDOW: Final = 500
"""So many jobs that have the words are looked up for one page when more than words is asked for."""

_SLACK: Final = 1000
"""So many jobs a clock may be behind when it gives numbers in another order than times."""
_CURSOR: Final = "words"
_NO_WORD: Final = Sentence("er enthält kein Wort", "it has no word in it")
_BETWEEN: Final = re.compile(r"[\s\x00]+")
_MATCHES: Final = (
    "SELECT rowid AS n FROM job_words WHERE job_words MATCH :words AND rowid < :before AND rowid >= :down_to"
    " ORDER BY rowid DESC LIMIT :window"
)


class _Search(NamedTuple):
    """A search: what is bound, the conditions besides words, and between which numbers what is wanted can lie."""

    values: dict[str, Any]
    others: str
    top: int
    floor: int

    def part(self, before: int, window: int) -> dict[str, Any]:
        """Bind the numbers that are looked through from `before` on downwards, and how many may be found there."""
        down_to = max(before - RANGE, self.floor)
        return self.values | {"before": before, "down_to": down_to, "window": window}


def is_behind(connection: sqlite3.Connection) -> bool:
    """Say whether there are jobs whose words are not in the index yet."""
    statement = "SELECT EXISTS (SELECT 1 FROM jobs WHERE n > (SELECT n FROM job_words_mark))"
    return bool(connection.execute(statement).fetchone()[0])


def catch_up(connection: sqlite3.Connection, most: int) -> None:
    """Write the words of the next jobs into the index, up to `most`."""
    mark = connection.execute("SELECT n FROM job_words_mark").fetchone()[0]
    values = {"mark": mark, "most": most}
    newest = "SELECT max(n) FROM (SELECT n FROM jobs WHERE n > :mark ORDER BY n LIMIT :most)"
    values["last"] = connection.execute(newest, values).fetchone()[0]
    if values["last"] is None:
        return
    connection.execute(
        "INSERT INTO job_words (rowid, words) SELECT n, 'xt' || lower(hex(tenant)) || ' ' || description FROM jobs"
        " WHERE n > :mark AND n <= :last AND description <> ''",
        values,
    )
    connection.execute("UPDATE job_words_mark SET n = :last", values)


def find(connection: sqlite3.Connection, wanted: JobFilter, tenant: TenantId, place: Place) -> Page[JobSummary]:
    """Return a page of the jobs that have the words and fit the rest of the filter, newest first.

    Raises InvalidFieldError for a foreign cursor, and for a text without a word.
    """
    place.check()
    search = _search(connection, wanted, tenant)
    before = search.top
    if place.cursor is not None:
        before = min(from_cursor(_CURSOR, (int,), place.cursor)[0], search.top)
    part = search.part(before, WINDOW if search.others else place.offset + place.limit + 1)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM ({_MATCHES}) AS found CROSS JOIN jobs AS j ON j.n = found.n"  # noqa: S608 - names are ours
        f" WHERE j.tenant = :tenant{search.others}",
        part,
    )
    fitting = rows.fetchall()
    found = fitting[place.offset : place.offset + place.limit + 1]
    if len(found) > place.limit:
        further: int | None = found[place.limit - 1]["n"]
    else:
        further = _end_of(connection, search, part)
    if place.cursor is None and (further is None or search.others):
        total, is_estimate = _extrapolated(connection, search, part, len(fitting))
    else:
        total, is_estimate = _total(connection, search)
    return Page(
        tuple(summary_from_row(row) for row in found[: place.limit]),
        total,
        next_cursor=None if further is None else to_cursor(_CURSOR, further),
        total_is_estimate=is_estimate,
    )


def _search(connection: sqlite3.Connection, wanted: JobFilter, tenant: TenantId) -> _Search:
    values = values_of(wanted, tenant) | {"words": _query(wanted.text or "", tenant)}
    top = connection.execute("SELECT coalesce(max(n), 0) + 1 FROM jobs").fetchone()[0]
    floor = 0
    ours = "SELECT n FROM jobs INDEXED BY jobs_of_tenant WHERE tenant = :tenant AND created_at"
    if wanted.until is not None:
        later = connection.execute(f"{ours} >= :until ORDER BY created_at, n LIMIT 1", values).fetchone()
        top = top if later is None else min(top, later["n"] + _SLACK)
    if wanted.since is not None:
        earlier = connection.execute(f"{ours} < :since ORDER BY created_at DESC, n DESC LIMIT 1", values).fetchone()
        floor = 0 if earlier is None else max(0, earlier["n"] - _SLACK)
    return _Search(values, _other_conditions(wanted), top, floor)


def _query(text: str, tenant: TenantId) -> str:
    """Return the search for all of these; what is written as one, like an address, must stand there as one."""
    parts = [part for part in _BETWEEN.split(text) if any(letter.isalnum() for letter in part)]
    if not parts:
        raise InvalidFieldError("text", _NO_WORD)
    own = f"xt{tenant.encode().hex()}"
    return " ".join('"{}"'.format(part.replace('"', '""')) for part in (own, *parts))


def _other_conditions(wanted: JobFilter) -> str:
    intent = "" if wanted.intent is None else " AND j.intent = :intent"
    statuses = ", ".join(f"'{status}'" for status in sorted(wanted.statuses))
    status = f" AND j.status IN ({statuses})" if statuses else ""
    return f"{intent}{status}{in_time(wanted)}"


def _end_of(connection: sqlite3.Connection, search: _Search, part: dict[str, Any]) -> int | None:
    """Return down to which number a page that was not filled has looked; None: there is nothing below."""
    if search.others:
        looked_up, last = connection.execute(f"SELECT count(*), min(n) FROM ({_MATCHES})", part).fetchone()  # noqa: S608
        if looked_up == part["window"]:
            return int(last)
    return int(part["down_to"]) if part["down_to"] > search.floor else None


def _total(connection: sqlite3.Connection, search: _Search) -> tuple[int, bool]:
    """Count in what the first page looks through; if that is not all, the rest is taken to be like it."""
    part = search.part(search.top, WINDOW if search.others else MOST_COUNTED + 1)
    counting = f"SELECT count(*) FROM ({_MATCHES})"  # noqa: S608 - ours
    if search.others:
        counting += f" AS found CROSS JOIN jobs AS j ON j.n = found.n WHERE j.tenant = :tenant{search.others}"
    fitting = connection.execute(counting, part).fetchone()[0]
    return _extrapolated(connection, search, part, fitting)


def _extrapolated(
    connection: sqlite3.Connection, search: _Search, part: dict[str, Any], fitting: int
) -> tuple[int, bool]:
    """Return how many fit in all when `fitting` do in a part that begins at the top, and whether that is a guess."""
    looked_up, last = connection.execute(f"SELECT count(*), min(n) FROM ({_MATCHES})", part).fetchone()  # noqa: S608
    end = last if looked_up == part["window"] else part["down_to"]
    if end <= search.floor:
        return fitting, False
    return round(fitting * (search.top - search.floor) / (search.top - end)), True
