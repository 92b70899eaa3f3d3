"""Looks at the parts a service leans on, one by one. What is told is open to everybody, so it names no path."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from scheduler.core.ids import JobId
from scheduler.orchestrator.worker import Worker
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import JobRepository
from scheduler.telemetry.health import Check, HealthStatus, PartHealth

_STUCK = 15.0  # seconds; an idle worker looks every second, and a busy store may hold one look up for 5


def database_check(jobs: JobRepository) -> Check:
    """Whether the store can be read; it raises what the store raises."""

    async def check() -> PartHealth:
        await jobs.get(JobId("health"))
        return _well()

    return check


def queue_check(queue: JobQueue) -> Check:
    """How many jobs wait, and whether dispatch works; it raises what the queue raises."""

    async def check() -> PartHealth:
        waiting, trouble = f"{await queue.length()} waiting", await queue.trouble()
        return _well(waiting) if trouble is None else _degraded(f"{waiting}; {trouble}")

    return check


def worker_check(worker: Worker, now: Callable[[], float] | None = None) -> Check:
    """Whether the worker of this process looks for jobs. `now` tells time as `Worker.last_look`; default: the loop."""

    async def check() -> PartHealth:
        if worker.last_look is None:
            return _degraded("no worker runs in this process")
        silent = (now or asyncio.get_running_loop().time)() - worker.last_look
        return _well() if silent < _STUCK else _degraded(f"has not looked for jobs for {silent:.0f} s")

    return check


def browser_check(find: Callable[[], Path | None]) -> Check:
    """Whether there is a browser to be started."""

    async def check() -> PartHealth:
        found = find()
        good = found is not None and found.is_file()
        return _well() if good else _degraded("no browser found; “cpa doctor” says how to get one")

    return check


def mail_check(missing: Sequence[str]) -> Check:
    """Whether a mailbox is set up; `missing` names the settings that are not there."""

    async def check() -> PartHealth:
        return _degraded(f"not set up: {', '.join(missing)}") if missing else _well()

    return check


def agents_check(count: int) -> Check:
    """How many executors of this process do the work."""

    async def check() -> PartHealth:
        return _well(f"{count} in this process")

    return check


def _well(detail: str = "") -> PartHealth:
    return PartHealth(status=HealthStatus.HEALTHY, detail=detail)


def _degraded(detail: str) -> PartHealth:
    return PartHealth(status=HealthStatus.DEGRADED, detail=detail)
