"""The statements that find jobs by the words of their descriptions, on SQLite's full-text index.

Each job is indexed with words for where it lies beside its own: among its tenant's jobs of a few spans of numbers. A
search asks for one of them, so that it reads no other tenant's jobs and ends where those spans end. A bound on the
numbers alone would not end it: SQLite compares it with what is found only. So what a page may cost is bounded. It looks
through so many numbers of jobs, newest first, and looks up so many jobs that have the words; where that is not enough
to fill it, its cursor goes on from there.

The index follows the jobs: `catch_up` writes the words of the next ones, in parts, because within the transaction of
each job they would cost ten times as much. What was there before the index is written beside that, the newest first.
"""

import json
import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from itertools import chain, product
from typing import Any, Final, NamedTuple

from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import TenantId
from scheduler.core.job import JobFilter, JobSummary
from scheduler.core.sentences import Sentence
from scheduler.repository.cursors import from_cursor, to_cursor
from scheduler.repository.repository_interface import Page
from scheduler.repository.sqlite_listing import COLUMNS, MOST_COUNTED, Place, in_time, summary_from_row, values_of

SPAN: Final = 25_000
"""Numbers of jobs in a span, as in the view `job_texts`. For one page a span is looked through and the two below it."""
WINDOW: Final = 500
"""So many jobs that have the words are looked up for one page when more than words is asked for."""
SAMPLE: Final = 1_000
"""So many jobs that have the words tell how many there are where not all can be looked through."""

_ON_THE_WAY: Final = 5_000
"""So many jobs of a tenant may be on their way into the store: a batch (of up to 1,000) bears the time at which it came
and gets its numbers when all of it is planned, after jobs that came meanwhile. And so many may have come while a clock
was wrong."""
_MOST_SKIPPED: Final = 2**32  # what a cursor may ask for; to skip is no dearer than to look through
_CURSOR: Final = "words"
_NO_WORD: Final = Sentence("er enthält kein Wort", "it has no word in it")
_MARK: Final = "\ue000"  # begins the words for where a job lies; taken out of descriptions, and a letter to SQLite
_BETWEEN: Final = re.compile(rf"[\s\x00{_MARK}]+")
_SHARP: Final = re.compile("ss|ß", re.IGNORECASE)  # takes in ẞ; in capitals there is mostly no telling them apart
_MOST_SHARP: Final = 3  # so many in a word are looked for in every way that they may be written
_ANYWHERE: Final = 100_000_000  # words are as near as that in every description
_MATCHES: Final = (
    "SELECT rowid AS n FROM job_word_spans WHERE job_word_spans MATCH :words AND rowid < :before AND rowid >= :down_to"
    " ORDER BY rowid DESC LIMIT :window"
)
_LAST: Final = 2**63 - 1
_IS_BEHIND: Final = (
    "SELECT EXISTS (SELECT 1 FROM jobs WHERE n > max(:first - 1, high) AND n <= :last)"
    " OR EXISTS (SELECT 1 FROM jobs WHERE n >= :first AND n <= min(:last, low)) FROM job_word_spans_mark"
)
_COUNT: Final = f"SELECT count(*), min(n) FROM ({_MATCHES})"  # noqa: S608 - ours
_PAGE: Final = (
    f"SELECT {COLUMNS} FROM json_each(:numbers) AS found CROSS JOIN jobs AS j ON j.n = found.value"  # noqa: S608 - ours
    " WHERE j.tenant = :tenant ORDER BY j.n DESC"
)


class _Search(NamedTuple):
    """A search: what is bound, words, other conditions, between which numbers what is wanted can lie, and whether the
    words of all jobs there are in the index.

    Of `words` all must be there, of each in one of its spellings.
    """

    values: dict[str, Any]
    words: Sequence[Sequence[str]]
    others: str
    floor: int
    top: int
    is_whole: bool

    def part(self, before: int, window: int) -> dict[str, Any]:
        """Bind the numbers that are looked through from `before` on downwards, and how many may be found there."""
        span = (before - 1) // SPAN
        where = f"{_MARK}{self.values['tenant'].encode().hex()}x{span}"
        each = (" OR ".join(f'NEAR("{where}" {one}, {_ANYWHERE})' for one in spellings) for spellings in self.words)
        words = " AND ".join(f"({one})" for one in each)
        down_to = max((span - 2) * SPAN, self.floor)
        return self.values | {"words": words, "before": before, "down_to": down_to, "window": window}


class _Look(NamedTuple):
    """The numbers of jobs that fit, newest first, and between which numbers these are all."""

    numbers: list[int]
    before: int
    down_to: int


def is_behind(connection: sqlite3.Connection, first: int = 0, last: int = _LAST) -> bool:
    """Say whether there are jobs whose words are not in the index yet, among those of some numbers."""
    return bool(connection.execute(_IS_BEHIND, {"first": first, "last": last}).fetchone()[0])


def catch_up(connection: sqlite3.Connection, most: int) -> None:
    """Write the words of up to so many jobs into the index: of new ones, and of older ones as far as there is room."""
    low, high = connection.execute("SELECT low, high FROM job_word_spans_mark").fetchone()
    newer = "SELECT count(*), max(n) FROM (SELECT n FROM jobs WHERE n > ? ORDER BY n LIMIT ?)"
    older = "SELECT min(n) - 1 FROM (SELECT n FROM jobs WHERE n <= ? ORDER BY n DESC LIMIT ?)"
    number, last = connection.execute(newer, (high, most)).fetchone()
    first = connection.execute(older, (low, most - number)).fetchone()[0]
    down_to, up_to = low if first is None else first, high if last is None else last
    for part in ((down_to, low), (high, up_to)):
        connection.execute(
            "INSERT INTO job_word_spans (rowid, text) SELECT n, text FROM job_texts WHERE n > ? AND n <= ?", part
        )
    connection.execute("UPDATE job_word_spans_mark SET low = ?, high = ?", (down_to, up_to))


def find(connection: sqlite3.Connection, wanted: JobFilter, tenant: TenantId, place: Place) -> Page[JobSummary]:
    """Return a page of the jobs that have the words and fit the rest of the filter, newest first.

    Raises InvalidFieldError for a foreign cursor, and for a text without a word.
    """
    place.check()
    search = _search(connection, wanted, tenant)
    before, skipped = search.top, place.offset
    if place.cursor is not None:
        before, skipped = from_cursor(_CURSOR, (int, int), place.cursor)
        before, skipped = min(before, search.top), min(max(skipped, 0), _MOST_SKIPPED)
    end = skipped + place.limit
    found = _look(connection, search, before, end + 1 if place.cursor else max(end, SAMPLE) + 1)
    shown = found.numbers[skipped:end]
    further: tuple[int, int] | None = None
    if len(found.numbers) > end:
        further = shown[-1], 0
    elif found.down_to > search.floor:
        further = found.down_to, max(skipped - len(found.numbers), 0)
    from_top = _look(connection, search, search.top, SAMPLE + 1) if place.cursor else found
    total, is_estimate = _total(connection, search, from_top)
    rows = connection.execute(_PAGE, search.values | {"numbers": json.dumps(shown)})
    return Page(
        tuple(summary_from_row(row) for row in rows),
        total,
        next_cursor=None if further is None else to_cursor(_CURSOR, *further),
        total_is_estimate=is_estimate,
    )


def _search(connection: sqlite3.Connection, wanted: JobFilter, tenant: TenantId) -> _Search:
    values = values_of(wanted, tenant)
    floor, top = connection.execute("SELECT (SELECT min(n) FROM jobs), (SELECT max(n) FROM jobs)").fetchone()
    ours = f"SELECT n FROM jobs INDEXED BY jobs_of_tenant WHERE tenant = :tenant{in_time(wanted)}"  # noqa: S608 - ours
    if wanted.since is not None or wanted.until is not None:
        ends = [
            connection.execute(f"SELECT min(n), max(n) FROM ({ours} ORDER BY {order} LIMIT {_ON_THE_WAY})", values)  # noqa: S608 - ours
            for order in ("created_at, n", "created_at DESC, n DESC")
        ]
        (first, last), (other_first, other_last) = (end.fetchone() for end in ends)
        if first is not None:
            first, last = min(first, other_first), max(last, other_last)
        floor = first if wanted.since is not None else floor
        top = last if wanted.until is not None else top
    if floor is None or top is None:
        floor, top = 0, -1
    is_whole = not is_behind(connection, floor, top)
    return _Search(values, _words(wanted.text or ""), _other_conditions(wanted), floor, top + 1, is_whole)


def _words(text: str) -> Sequence[Sequence[str]]:
    """Return what is searched for, all of it; what is written as one, like an address, must stand there as one."""
    parts = [part for part in _BETWEEN.split(text) if any(letter.isalnum() for letter in part)]
    if not parts:
        raise InvalidFieldError("text", _NO_WORD)
    words = [['"{}"'.format(one.replace('"', '""')) for one in _spellings(part)] for part in parts]
    plain = " ".join(spellings[0] for spellings in words if len(spellings) == 1)
    return [[plain]] * bool(plain) + [spellings for spellings in words if len(spellings) > 1]


def _spellings(part: str) -> Sequence[str]:
    """Return how it may be written: with ss for ß, as in capitals, and with marks beside their letters, as in names of
    files from a Mac. SQLite sees to all other capitals."""
    pieces = _SHARP.split(part)
    number = len(pieces) - 1
    sharp = product(("ss", "ß"), repeat=number) if number <= _MOST_SHARP else [("ss",) * number]
    written = ["".join(chain.from_iterable(zip(pieces, (*one, ""), strict=True))) for one in sharp]
    forms = ((one, unicodedata.normalize("NFC", one), unicodedata.normalize("NFD", one)) for one in written)
    return list(dict.fromkeys(chain([part] if number > _MOST_SHARP else [], *forms)))


def _other_conditions(wanted: JobFilter) -> str:
    intent = "" if wanted.intent is None else " AND j.intent = :intent"
    statuses = ", ".join(f"'{status}'" for status in sorted(wanted.statuses))
    status = f" AND j.status IN ({statuses})" if statuses else ""
    return f"{intent}{status}{in_time(wanted)}"


def _look(connection: sqlite3.Connection, search: _Search, before: int, wanted: int) -> _Look:
    """Look up jobs that fit from a number on downwards, as many as are wanted or as many as may be looked up."""
    part = search.part(before, WINDOW if search.others else wanted)
    statement = _MATCHES
    if search.others:
        statement = (
            f"SELECT found.n, j.n FROM ({_MATCHES}) AS found"  # noqa: S608 - ours
            f" LEFT JOIN jobs AS j ON j.n = found.n AND j.tenant = :tenant{search.others}"
        )
    rows = sorted(connection.execute(statement, part), key=lambda row: row[0], reverse=True)  # a join promises no order
    numbers = [row[0] for row in rows if row[-1] is not None]
    if len(rows) < part["window"]:
        return _Look(numbers, before, part["down_to"])
    return _Look(numbers, rows[0][0] + 1, rows[-1][0])


def _total(connection: sqlite3.Connection, search: _Search, look: _Look) -> tuple[int, bool]:
    """Return how many fit in all, by a look from the top, and whether that is an estimate.

    It is when not all was looked through; then the rest is taken to be like the newest. And while words of jobs are not
    in the index.
    """
    fitting, end = len(look.numbers), look.down_to
    part = search.part(search.top, MOST_COUNTED + 1 - fitting)
    if not search.others and part["down_to"] <= search.floor < end and part["window"] > 0:
        number, oldest = connection.execute(_COUNT, part | {"before": end}).fetchone()
        fitting += number
        end = search.floor if number < part["window"] else oldest
    if end <= search.floor:
        return fitting, not search.is_whole
    return round(fitting * (look.before - search.floor) / (look.before - end)), True
