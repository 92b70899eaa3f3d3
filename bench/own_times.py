"""What this machine itself needs for a durable commit and for a word with Redis: the measure of absolute figures."""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis

from bench.servers import redis_server

COMMITS = 200
PINGS = 1_000


def own_times() -> dict[str, float]:
    """Return milliseconds: SQLite's commit of one row with `synchronous=FULL`, and a PING from one client."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        commits = _laps(_commit_of(folder / "commits.db"), COMMITS)
        with redis_server(folder) as server, redis.Redis.from_url(server.address) as client:
            pings = _laps(client.ping, PINGS)
    return {
        "commit_p50": statistics.median(commits),
        "commit_p95": statistics.quantiles(commits, n=20)[-1],
        "ping_p50": statistics.median(pings),
    }


def _commit_of(path: Path) -> Callable[[], object]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, text TEXT)")
    return lambda: connection.execute("INSERT INTO rows (text) VALUES ('x')")


def _laps(call: Callable[[], object], number: int) -> list[float]:
    laps = []
    for _ in range(number):
        started = time.perf_counter()
        call()
        laps.append(1000 * (time.perf_counter() - started))
    return laps
