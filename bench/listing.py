"""How long lists, filters and leases take when a store holds a million finished jobs.

All jobs but a few belong to one tenant, which asks. Half have one intent, which never failed: the filter for its failed
jobs finds nothing, and must still not look at half a million. Every job has its task and its words in the full-text
index; events and audit entries, which lists do not read, are left out. Times are those of the repository and the queue
as the service uses them, reader thread included; a lease ends with its commit on disk. Beside them stands the processor
time of this process, which says what a call costs when others keep the machine busy.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bench.report import Floor, Panel, draw, judge, save, show
from scheduler.core.clock import SystemClock
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.core.job import JobFilter, JobStatus
from scheduler.queue.job_queue import DEFAULT_LEASE
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.repository_interface import Page
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from scheduler.repository.storable import to_micros
from scheduler.repository.word_index import WordIndex

JOBS = 1_000_000
WAITING = 2_000
FLOOR = 10.0
"""Milliseconds, of 95 of 100 calls."""

_START = datetime(2026, 1, 1, tzinfo=UTC)
_STEP = timedelta(seconds=10)
_NAMES = ("Anna", "Jörg", "Günther", "Zoë", "Bert", "Özlem")
_IN_ONE_WRITE = 10_000
_PLAN = '{"tasks":[{"id":"open","action":"web.goto","params":{"url":"http://127.0.0.1/"}}]}'
_INSERT_JOB = (
    "INSERT INTO jobs (id, tenant, intent, description, locale, status, priority, run, created_at, started_at,"
    " completed_at, not_before, error, error_code, retry_count, max_retries, graph_digest, context, task_graph)"
    " VALUES (?, ?, ?, ?, 'de', ?, 0, 1, ?, ?, ?, 0, ?, ?, 0, 3, '', '{\"slots\":{}}', ?)"
)
_INSERT_TASK = (
    "INSERT INTO tasks (job_id, task_id, position, run, status, attempts, failures, evidence)"
    " VALUES (?, 'open', 0, 1, ?, 1, 0, '[]')"
)

Row = tuple[object, ...]


def job_row(number: int, chance: random.Random) -> Row:
    """Return a finished job: half of one intent, one of ten thousand of a rare one; two of a hundred failed."""
    at = to_micros(_START + number * _STEP)
    draw = chance.random()
    intent = "fetch_and_send" if draw < 0.5 else "rare" if draw > 0.9999 else f"intent_{int(draw * 20)}"
    ending = chance.random()
    failed = intent != "fetch_and_send" and ending < 0.04
    status = "failed" if failed else "cancelled" if ending > 0.99 else "done"
    name = chance.choice(_NAMES)
    words = f"Hol die Rechnung {number} aus dem Portal und schick sie an {name}.{number % 3000}@example.com"
    tenant = "other" if number % 1000 == 0 else DEFAULT_TENANT
    error = ("Das Portal antwortet nicht.", "site_unreachable") if failed else (None, None)
    return (f"job-{number:08}", tenant, intent, words, status, at, at, at + 5_000_000, *error, _PLAN)


def waiting_row(number: int) -> Row:
    at = to_micros(_START + number * _STEP)
    return (
        f"job-{number:08}", DEFAULT_TENANT, "fetch_and_send", f"Wartet {number}", "pending", at, None, None, None, None,
        _PLAN,
    )  # fmt: skip


def all_rows(jobs: int, seed: int) -> Iterator[Row]:
    chance = random.Random(seed)  # noqa: S311 - a fixed sequence is wanted
    yield from (job_row(number, chance) for number in range(jobs))
    yield from (waiting_row(number) for number in range(jobs, jobs + WAITING))


async def fill(database: SQLiteDatabase, jobs: int, seed: int) -> None:
    """Store the jobs, in the order in which they were created."""
    part: list[Row] = []

    async def flush() -> None:
        rows = list(part)
        part.clear()
        await database.write(lambda connection: connection.executemany(_INSERT_JOB, rows))
        await database.write(
            lambda connection: connection.executemany(_INSERT_TASK, [(row[0], row[4]) for row in rows])
        )

    for row in all_rows(jobs, seed):
        part.append(row)
        if len(part) == _IN_ONE_WRITE:
            await flush()
    await flush()
    words = WordIndex(database)
    while await words.catch_up():
        pass


def questions(jobs: int, chance: random.Random) -> dict[str, Callable[[], JobFilter]]:
    """Return what is asked, each with other values every time."""

    def moment() -> datetime:
        return _START + chance.randrange(jobs) * _STEP

    def some(hours: int, **fields: object) -> JobFilter:
        since = moment()
        return JobFilter.model_validate({"since": since, "until": since + timedelta(hours=hours), **fields})

    failed, ended = frozenset({JobStatus.FAILED}), frozenset({JobStatus.FAILED, JobStatus.CANCELLED})
    return {
        "list": JobFilter,
        "status_done": lambda: JobFilter(statuses=frozenset({JobStatus.DONE})),
        "status_failed": lambda: JobFilter(statuses=failed),
        "status_two": lambda: JobFilter(statuses=ended),
        "status_open": lambda: JobFilter(statuses=frozenset({JobStatus.PENDING, JobStatus.RUNNING})),
        "intent_common": lambda: JobFilter(intent="fetch_and_send"),
        "intent_rare": lambda: JobFilter(intent="rare"),
        "intent_and_status_nothing": lambda: JobFilter(intent="fetch_and_send", statuses=failed),
        "intent_and_status": lambda: JobFilter(intent=f"intent_{chance.randrange(10, 20)}", statuses=ended),
        "time_until": lambda: JobFilter(until=moment()),
        "time_hour": lambda: some(1),
        "time_hour_status_intent": lambda: some(1, statuses=failed, intent="intent_12"),
        "text_common": lambda: JobFilter(text="rechnung"),
        "text_rare": lambda: JobFilter(text=f"RECHNUNG {chance.randrange(jobs)}"),
        "text_address": lambda: JobFilter(text=f"jörg.{chance.randrange(3000)}@example.com"),
        "text_two": lambda: JobFilter(text=f"günther {chance.randrange(3000)}"),
        "text_sentence": lambda: JobFilter(text="hol die rechnung aus dem portal und schick sie an"),
        "text_no_such_address": lambda: JobFilter(text="jörg@example.com"),
        "text_never_together": lambda: JobFilter(text="jörg günther"),
        "text_in_days": lambda: some(96, text="rechnung"),
        "text_nothing": lambda: JobFilter(text="gibtesnicht"),
        "text_and_status": lambda: JobFilter(text="rechnung özlem", statuses=failed),
        "text_and_time": lambda: some(1, text="zoë"),
    }


class Times(NamedTuple):
    """What each of some calls took, and the processor time it used, in milliseconds."""

    wall: list[float]
    processor: list[float]


async def timed(call: Callable[[], Awaitable[object]], rounds: int) -> Times:
    """Call it some times, one after the other."""
    times = Times([], [])
    for _ in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        await call()
        times.wall.append((time.perf_counter() - begun) * 1000)
        times.processor.append((time.process_time() - used) * 1000)
    return times


async def measure(database: SQLiteDatabase, jobs: int, rounds: int, seed: int) -> dict[str, Times]:
    """Ask everything, and lease what waits."""
    repository = SQLiteJobRepository(database)
    chance = random.Random(seed)  # noqa: S311 - a fixed sequence is wanted
    found: dict[str, Times] = {}
    for name, question in questions(jobs, chance).items():
        found[name] = await timed(lambda ask=question: repository.find(ask(), DEFAULT_TENANT), rounds)  # type: ignore[misc]
    found["other_tenant"] = await timed(lambda: repository.find(JobFilter(text="rechnung"), TenantId("other")), rounds)
    page = await repository.find(JobFilter(until=_START + jobs // 2 * _STEP), DEFAULT_TENANT)

    async def next_page() -> None:
        nonlocal page
        page = await repository.find(JobFilter(), DEFAULT_TENANT, cursor=page.next_cursor)

    found["cursor_deep"] = await timed(next_page, rounds)
    queue = SQLiteQueue(database, SystemClock(), DEFAULT_LEASE)
    found["lease"] = await timed(queue.dequeue, rounds)
    return found


async def check(database: SQLiteDatabase, jobs: int) -> Page[object]:
    """Return the first page, after looking whether estimates are near the truth. Raises SystemExit."""
    repository = SQLiteJobRepository(database)
    page = await repository.find(JobFilter(), DEFAULT_TENANT)
    truth = jobs - jobs // 1000 + WAITING
    if page.total_is_estimate and abs(page.total - truth) > 0.1 * truth:
        raise SystemExit(f"the total is said to be {page.total}, but is {truth}")
    return Page(page.items, page.total)


def percentile(times: list[float], share: float) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[round(share * 100) - 1]


def report(found: dict[str, Times], jobs: int, seconds: float) -> int:
    """Print, save and draw; return the exit code."""
    figures = {
        name: {
            "p50": percentile(times.wall, 0.5),
            "p95": percentile(times.wall, 0.95),
            "max": max(times.wall),
            "processor p50": percentile(times.processor, 0.5),
            "processor p95": percentile(times.processor, 0.95),
        }
        for name, times in found.items()
    }
    columns = list(figures["list"])
    show(
        f"{jobs:,} finished jobs, {WAITING:,} waiting; {len(found['list'].wall)} calls each; built in {seconds:.0f} s;"
        f" load of the machine {os.getloadavg()[0]:.1f}",
        ["question (milliseconds)", *columns],
        [[name, *(f"{figure[column]:.2f}" for column in columns)] for name, figure in figures.items()],
    )
    floors = [Floor(f"listing_{name}_p95_ms", figure["p95"], FLOOR, at_most=True) for name, figure in figures.items()]
    save("listing", {"jobs": jobs, "waiting": WAITING, "milliseconds": figures, "build_seconds": seconds}, floors)
    series = {column: [figure[column] for figure in figures.values()] for column in ("p50", "p95")}
    draw("listing", f"{jobs:,} finished jobs", [Panel("lists, filters, lease", "ms", list(figures), series)])
    return judge(floors)


async def run(path: Path, jobs: int, rounds: int, seed: int) -> int:
    database = SQLiteDatabase(path)
    await database.connect()
    begun = time.perf_counter()
    if not (await SQLiteJobRepository(database).list(limit=1)).items:
        await fill(database, jobs, seed)
    seconds = time.perf_counter() - begun
    try:
        await check(database, jobs)
        found = await measure(database, jobs, rounds, seed)
    finally:
        await database.close()
    return report(found, jobs, seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20_251)
    parser.add_argument("--database", type=Path, help="keep the store here, and use it again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.database or Path(folder) / "listing.db"
        return asyncio.run(run(path, given.jobs, given.rounds, given.seed))


if __name__ == "__main__":
    sys.exit(main())
