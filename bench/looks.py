"""How fast a full database is listed, filtered and leased from, asked through the API and the queue."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from bench.api_process import running_api

LOOKS = 100
PATHS = {
    "list": "/jobs?limit=50",
    "list_deep": "/jobs?limit=50&offset=5000",
    "filter_done": "/jobs?limit=50&status=done",
    "filter_failed": "/jobs?limit=50&status=failed",
}


def look_around(folder: Path, queue_url: str) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each kind of look, p50 and p95."""
    found = {}
    with running_api(folder, queue_url=queue_url) as api, httpx.Client(base_url=api.url, timeout=120) as client:
        for name, path in PATHS.items():
            found[name] = _spread([_timed(client, path) for _ in range(LOOKS)])
    found["lease"] = _spread(asyncio.run(_leases(folder, queue_url)))
    return found


async def _leases(folder: Path, queue_url: str) -> list[float]:
    """Lease jobs one at a time, as a worker with nothing to do would."""
    os.environ |= {"BENCH_FOLDER": str(folder), "BENCH_REDIS": queue_url}
    from bench.peers.contestants.ours import Client, services  # noqa: PLC0415 - reads the folder when imported

    client = Client()
    await client.connect()
    laps = []
    async with services() as opened:
        for _ in range(LOOKS):
            await client.one()
            laps.append(await _timed_async(opened.queue.dequeue))
    return laps


def _timed(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    client.get(path).raise_for_status()
    return 1000 * (time.perf_counter() - started)


async def _timed_async(call: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    if await call() is None:
        raise RuntimeError("there was nothing to lease")
    return 1000 * (time.perf_counter() - started)


def _spread(laps: list[float]) -> dict[str, float]:
    return {"p50": statistics.median(laps), "p95": statistics.quantiles(laps, n=20)[-1]}
