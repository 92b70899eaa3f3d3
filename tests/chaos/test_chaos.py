"""Agents are killed, frozen, restarted and cut off while they work: every job ends, nothing happens twice."""

import asyncio
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from scheduler.executors.mail_transport import INBOX
from scheduler.executors.maildir import Maildir
from tests.chaos.plans import ANNA, MOST_ATTEMPTS, a_plan
from tests.chaos.town import Town, a_town, troubles
from tests.support.history import flaws
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.fault
FINAL = frozenset({"done", "failed", "cancelled"})
NOBODY_TOOK_IT = frozenset({"no_free_agent", "agents_busy", "agent_unreachable", "agent_refused"})
STANDSTILL = 240.0  # seconds; looking again for a step of unknown outcome may take two minutes
SHORT = {"jobs": 30, "seconds": 4.0, "of_each": 2}
LONG = {"jobs": 2000, "seconds": 180.0, "of_each": 24}


@pytest.mark.parametrize("size", [SHORT, pytest.param(LONG, marks=pytest.mark.slow_fault)], ids=["short", "long"])
async def test_six_agents_in_trouble(size: dict[str, float], store_path: Path, chance: random.Random) -> None:
    async with a_town(store_path.parent) as town:
        await _live_through(town, chance, **size)  # type: ignore[arg-type]


@pytest.mark.slow_fault
@pytest.mark.parametrize("size", [LONG], ids=["long"])
async def test_so_it_is_with_two_schedulers_on_one_redis_and_one_file(
    size: dict[str, float], store_path: Path, redis: RedisServer, chance: random.Random
) -> None:
    async with a_town(store_path.parent, schedulers=2, queue_url=redis.url) as town:
        deaths = [(chance.uniform(5, size["seconds"]), chance.randrange(2), chance.uniform(0.2, 8)) for _ in range(6)]
        killing = asyncio.create_task(_kill_schedulers(town, sorted(deaths)))
        await _live_through(town, chance, **size)  # type: ignore[arg-type]
        await killing


async def _kill_schedulers(town: Town, deaths: list[tuple[float, int, float]]) -> None:
    began = time.monotonic()
    for at, place, seconds in deaths:
        await asyncio.sleep(max(0.0, began + at - time.monotonic()))
        await town.kill_scheduler(place, seconds)


async def _live_through(town: Town, chance: random.Random, *, jobs: int, seconds: float, of_each: int) -> None:
    story = troubles(chance, seconds, of_each)
    began = time.monotonic()
    reviving = asyncio.create_task(town.keep_alive())
    submitting = asyncio.create_task(_submit(town, random.Random(chance.random()), jobs, seconds))  # noqa: S311
    await town.live_through(story)
    await submitting
    calm = time.monotonic() - began
    await _all_ended(town)
    took = time.monotonic() - began
    reviving.cancel()
    with suppress(asyncio.CancelledError):
        await reviving
    statuses = _statuses(town)
    print(  # noqa: T201
        f"{len(statuses)} jobs {dict(Counter(statuses.values()))} in {took:.0f} s, of which {calm:.0f} s of trouble: "
        f"{dict(town.suffered)}, schedulers killed: {town.killed}"
    )
    assert len(statuses) == jobs
    assert min(town.suffered[kind] for kind in ("kill", "freeze", "restart", "cut")) >= of_each
    found = list(_wrong(town))
    assert found == [], "\n".join(found[:40]) + town.log[-6000:]
    failed = [job_id for job_id, status in statuses.items() if status == "failed"]
    ends = {job_id: _bounds_used_up(town, job_id) for job_id in failed}
    print("failed, with the attempts that agents began and how each ended:", ends)  # noqa: T201
    assert None not in ends.values(), f"{ends}\n{_why_failed(town)}"


async def _submit(town: Town, chance: random.Random, jobs: int, seconds: float) -> None:
    """Submit in batches over most of the time; now and then a job is cancelled soon after."""
    size = max(2, jobs // 100)
    pause = 0.8 * seconds * size / jobs
    for first in range(0, jobs, size):
        numbers = range(first, min(first + size, jobs))
        ids = await town.submit([a_plan(number, chance) for number in numbers], f"batch {first}")
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(0, 0.5))
            await town.cancel(chance.choice(ids))
        await asyncio.sleep(pause)


async def _all_ended(town: Town) -> None:
    """Wait until every job has ended; that for minutes none does is an error."""
    left, end = -1, 0.0
    while (now := sum(status not in FINAL for status in _statuses(town).values())) > 0:
        if now != left:
            left, end = now, time.monotonic() + STANDSTILL
        assert time.monotonic() < end, f"{_unended(town)}{town.log[-8000:]}"
        await asyncio.sleep(0.5)


def _rows(town: Town, statement: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(town.home.database, timeout=60)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(statement).fetchall()


def _statuses(town: Town) -> dict[str, str]:
    return {row["id"]: row["status"] for row in _rows(town, "SELECT id, status FROM jobs")}


def _unended(town: Town) -> str:
    rows = _rows(town, "SELECT j.id, j.status, t.task_id, t.status AS s, t.attempts FROM jobs j"
                       " LEFT JOIN tasks t ON t.job_id = j.id WHERE j.completed_at IS NULL")  # fmt: skip
    return "\n".join(str(tuple(row)) for row in rows[:40])


def _bounds_used_up(town: Town, job_id: str) -> str | None:
    """Return how a job that failed has used up what its plan allows; None: it was given up too early.

    That is when an agent has begun one of its steps as often as the plan says, and it failed each time.
    """
    for row in _rows(town, f"SELECT * FROM tasks WHERE job_id = '{job_id}' AND status = 'failed'"):  # noqa: S608
        if row["failures"] >= MOST_ATTEMPTS:
            return f"{row['task_id']}: {row['failures']} x, last {json.loads(row['failure'])['code']}"
    return None


def _why_failed(town: Town) -> str:
    """Return the stories of jobs that failed."""
    lines = _rows(town, "SELECT job_id, task_id, type, data FROM events WHERE job_id IN"
                        " (SELECT id FROM jobs WHERE status = 'failed') ORDER BY job_id, seq")  # fmt: skip
    return "\n".join(str(tuple(line)) for line in lines[:200])


def _wrong(town: Town) -> Iterator[str]:
    """Nobody writes any more: yield all that must not be."""
    yield from flaws(town.home.database, town.accepted, town.home.world)
    numbers = {row["id"]: row["description"] for row in _rows(town, "SELECT id, description FROM jobs")}
    leases = Counter(
        row["job_id"] for row in _rows(town, "SELECT job_id FROM events WHERE type IN ('job_started', 'job_resumed')")
    )
    untaken = Counter(
        (row["job_id"], row["task_id"])
        for row in _rows(town, "SELECT * FROM events WHERE type = 'task_retry_scheduled'")
        if json.loads(row["data"])["why"] in NOBODY_TOOK_IT
    )
    mails = _mails(town)
    yield from (f"mail {subject!r} came {count} times" for subject, count in mails.items() if count > 1)
    for row in _rows(town, "SELECT * FROM tasks"):
        what = f"{row['task_id']} of {row['job_id']} ({row['status']})"
        key = row["job_id"], row["task_id"]
        if row["attempts"] > MOST_ATTEMPTS + leases[row["job_id"]] + untaken[key] or row["failures"] > MOST_ATTEMPTS:
            yield f"{what} was attempted {row['attempts']} times, failed {row['failures']}"
        subject = f"{numbers[row['job_id']]} {row['task_id']}"
        if row["status"] == "done" and row["task_id"] in {"mail", "first", "second"} and not mails[subject]:
            yield f"{what} is done, and there is no mail"
        if row["status"] in {"skipped", "cancelled"} and mails[subject]:
            yield f"{what} is {row['status']}, and the mail is there"


def _mails(town: Town) -> Counter[str]:
    box = Maildir(town.home.folder / "mail" / ANNA)
    texts = (place.path.read_text(encoding="utf-8") for place in box.newest(INBOX))
    return Counter(
        line.partition(":")[2].strip() for text in texts for line in text.splitlines() if line.startswith("Subject:")
    )


def test_a_seed_gives_the_same_story() -> None:
    first, again = (troubles(random.Random(7), 180, 24) for _ in range(2))  # noqa: S311
    plans = [json.dumps([a_plan(n, random.Random(n)) for n in range(50)]) for _ in range(2)]  # noqa: S311

    assert first == again
    assert plans[0] == plans[1]
