"""What a contestant offers to the bench, and what its jobs do. Standard library only: peers have venvs of their own."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

REDIS = os.environ.get("BENCH_REDIS", "")
"""The Redis of this run; it holds nothing else."""
TEMPORAL = os.environ.get("BENCH_TEMPORAL", "")
"""Host and port of the Temporal server of this run."""
FOLDER = Path(os.environ.get("BENCH_FOLDER", "."))
"""Where a contestant may keep files during this run."""
TALLY = "tally"
"""The file in it that gets one byte for every execution."""
ROOT = Path(__file__).parents[2]
"""Where the workers of peers that import a module by name find this one."""
HOLD = 600.0
"""Seconds that the job of the kill test lasts; its worker is killed long before."""
AT_ONCE = 500
"""Jobs that a contestant without a call for many sends concurrently."""

Call = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """Each call may be plain or async; None is what the peer cannot do.

    `worker` runs until it is ended, and may replace its process. `connect` comes once, before any other call of a
    client. `one` puts one job in the queue, `bulk` many by the fastest way there is, `roundtrip` one and waits until
    its result can be seen. `fan` runs a graph of 1 + width + 1, as one job where there are jobs of many tasks;
    `fan_of_jobs` is the same with a job for each task. `chain` runs tasks one after the other. `hold` queues a job
    that outlasts its worker.
    """

    worker: Call | None = None
    connect: Call | None = None
    one: Call | None = None
    bulk: Call | None = None
    roundtrip: Call | None = None
    fan: Call | None = None
    fan_of_jobs: Call | None = None
    chain: Call | None = None
    hold: Call | None = None
    event_loop: Callable[[], asyncio.AbstractEventLoop] | None = None


def tick() -> None:
    """What a job does: executions are counted over any number of processes without asking the contestant."""
    os.write(_tally(), b".")


def hold() -> None:
    """Say that the job has begun, then outlast the worker."""
    tick()
    time.sleep(HOLD)


async def hold_async() -> None:
    """Do the same without blocking an event loop."""
    tick()
    await asyncio.sleep(HOLD)


async def in_batches(jobs: int, one: Call) -> None:
    """Call `one` for every job, many at once."""
    for begun in range(0, jobs, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(min(AT_ONCE, jobs - begun))))


@cache
def _tally() -> int:
    return os.open(FOLDER / TALLY, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
