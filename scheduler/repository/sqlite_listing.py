"""The statements that list jobs in SQLite, each on an index: its cost does not grow with the number of jobs.

Newest first is by `created_at`, then by `n`. A list is merged from a few sources, each of which reads one index in that
order and stops as soon as the page is full; the index is named, so that no guess of SQLite's can make it slow.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import TenantId
from scheduler.core.job import Job, JobFilter, JobStatus, JobSummary
from scheduler.core.sentences import Sentence
from scheduler.repository.cursors import from_cursor, to_cursor
from scheduler.repository.repository_interface import Page
from scheduler.repository.sqlite_rows import job_from_row
from scheduler.repository.storable import maybe_micros, to_moment

MOST_COUNTED: Final = 10_000
"""Up to so many a total is exact."""
COLUMNS: Final = (
    "j.n, j.id, j.tenant, j.intent, j.description, j.status, j.run, j.created_at, j.completed_at, j.not_before,"
    " j.error, j.error_code"
)

_CURSOR: Final = "jobs"
_ONE_PLACE: Final = Sentence("mit einem cursor ist kein offset möglich", "there is no offset with a cursor")


class Place(NamedTuple):
    """Which part of a list is wanted. Raises InvalidFieldError when it is told in two ways."""

    limit: int
    offset: int = 0
    cursor: str | None = None

    def check(self) -> None:
        if self.cursor is not None and self.offset:
            raise InvalidFieldError("offset", _ONE_PLACE)


class _Source(NamedTuple):
    read_by: str
    condition: str


def find(connection: sqlite3.Connection, wanted: JobFilter, tenant: TenantId, place: Place) -> Page[JobSummary]:
    """Return a page of the jobs that fit a filter without words. Raises InvalidFieldError for a foreign cursor."""
    place.check()
    values = values_of(wanted, tenant) | {"limit": place.limit + 1, "offset": place.offset, "most": MOST_COUNTED + 1}
    sources = list(_sources(wanted))
    total, is_estimate = _total(connection, sources, values)
    if place.cursor is not None:
        values["at"], values["before"] = from_cursor(_CURSOR, (int, int), place.cursor)
        sources = [
            source._replace(condition=f"{source.condition} AND (created_at, n) < (:at, :before)") for source in sources
        ]
    found = connection.execute(_page(sources), values).fetchall()
    last = found[place.limit - 1] if len(found) > place.limit else None
    return Page(
        tuple(summary_from_row(row) for row in found[: place.limit]),
        total,
        next_cursor=to_cursor(_CURSOR, last["created_at"], last["n"]) if last else None,
        total_is_estimate=is_estimate,
    )


def all_jobs(
    connection: sqlite3.Connection, tenant: TenantId | None, status: JobStatus | None, limit: int, offset: int
) -> Page[Job]:
    """Return a page of whole jobs, newest first; of all tenants without one, which only the engine may ask for."""
    wanted = JobFilter(statuses=frozenset() if status is None else {status})
    if tenant is not None:
        values = values_of(wanted, tenant) | {"limit": limit, "offset": offset, "most": MOST_COUNTED + 1}
        sources = list(_sources(wanted))
        total, is_estimate = _total(connection, sources, values)
        rows = connection.execute(_page(sources, "j.*"), values)
    else:
        values = {"status": status, "limit": limit, "offset": offset, "most": MOST_COUNTED + 1}
        where = "" if status is None else "WHERE status = :status"
        counted = connection.execute(f"SELECT count(*) FROM (SELECT 1 FROM jobs {where} LIMIT :most)", values)  # noqa: S608
        total, is_estimate = _counted(counted.fetchone()[0])
        rows = connection.execute(
            f"SELECT * FROM jobs {where} ORDER BY created_at DESC, n DESC LIMIT :limit OFFSET :offset",  # noqa: S608
            values,
        )
    return Page(tuple(job_from_row(row) for row in rows), total, total_is_estimate=is_estimate)


def values_of(wanted: JobFilter, tenant: TenantId) -> dict[str, Any]:
    """Return what the conditions of a filter bind."""
    return {
        "tenant": tenant,
        "intent": wanted.intent,
        "since": maybe_micros(wanted.since),
        "until": maybe_micros(wanted.until),
    }


def summary_from_row(row: sqlite3.Row) -> JobSummary:
    document = dict(row)
    del document["n"]
    return JobSummary.model_validate(
        document
        | {
            "created_at": to_moment(row["created_at"]),
            "completed_at": to_moment(row["completed_at"]),
            "not_before": to_moment(row["not_before"] or None),
        }
    )


def in_time(wanted: JobFilter) -> str:
    """Return the condition on the time, to be added to another."""
    since = "" if wanted.since is None else " AND created_at >= :since"
    return since if wanted.until is None else f"{since} AND created_at < :until"


def _sources(wanted: JobFilter) -> Iterator[_Source]:
    """Yield what to read; together the sources hold each job that fits once."""
    time = in_time(wanted)
    if not wanted.statuses:
        of_intent = wanted.intent is not None
        index, condition = ("jobs_of_intent", " AND intent = :intent") if of_intent else ("jobs_of_tenant", "")
        yield _Source(index, f"tenant = :tenant{condition}{time}")
    for status in sorted(wanted.statuses):
        condition = f"tenant = :tenant AND status = '{status}'{time}"
        if wanted.intent is None:
            yield _Source("jobs_of_status", condition)
        elif status.final:
            yield _Source("jobs_ended", f"{condition} AND intent = :intent AND completed_at IS NOT NULL")
        else:
            yield _Source("jobs_of_status", f"{condition} AND intent = :intent")


def _page(sources: list[_Source], columns: str = COLUMNS) -> str:
    """Return the statement of a page: the numbers come from the indexes, the rest of a row only for what is shown."""
    order = "ORDER BY created_at DESC, n DESC"
    several = len(sources) > 1
    size = "LIMIT :limit + :offset" if several else "LIMIT :limit OFFSET :offset"
    parts = [
        f"SELECT * FROM (SELECT n, created_at FROM jobs INDEXED BY {index} WHERE {condition} {order} {size})"  # noqa: S608
        for index, condition in sources
    ]
    numbers = " UNION ALL ".join(parts)
    if several:
        numbers = f"SELECT n, created_at FROM ({numbers}) {order} LIMIT :limit OFFSET :offset"  # noqa: S608 - ours
    return (
        f"SELECT {columns} FROM ({numbers}) AS found CROSS JOIN jobs AS j ON j.n = found.n"  # noqa: S608 - names are ours
        " ORDER BY j.created_at DESC, j.n DESC"
    )


def _total(connection: sqlite3.Connection, sources: list[_Source], values: Mapping[str, Any]) -> tuple[int, bool]:
    """Count; what is more than a source may count is estimated."""
    counted = [_count(connection, source, values) for source in sources]
    total = sum(number for number, _ in counted)
    return (total, True) if any(is_estimate for _, is_estimate in counted) else _counted(total)


def _counted(total: int) -> tuple[int, bool]:
    return min(total, MOST_COUNTED), total > MOST_COUNTED


def _count(connection: sqlite3.Connection, source: _Source, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Count up to what is exact. Beyond, the newest tell how dense such jobs are, the oldest how far they go back."""
    rows = f"SELECT n FROM jobs INDEXED BY {source.read_by} WHERE {source.condition}"  # noqa: S608 - names are ours
    newest = f"{rows} ORDER BY created_at DESC, n DESC LIMIT :most"
    number, low, high = connection.execute(f"SELECT count(*), min(n), max(n) FROM ({newest})", values).fetchone()  # noqa: S608
    if number <= MOST_COUNTED:
        return number, False
    first = connection.execute(f"{rows} ORDER BY created_at, n LIMIT 1", values).fetchone()["n"]
    return max(number, round(number * (high - first + 1) / (high - low + 1))), True
