"""What other processes do with a store in tests; each function is the body of a process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from scheduler.core import crash_points
from scheduler.core.crash_points import CrashPoint
from scheduler.core.errors import LeaseLostError
from scheduler.core.ids import JobId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.builders import a_job, a_message, a_progress, a_task_run, an_audit_entry, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.store import LEASE, Store, sqlite_store


@contextlib.asynccontextmanager
async def opened(path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    database = SQLiteDatabase(path)
    await database.connect()
    try:
        yield sqlite_store(database, clock)
    finally:
        await database.close()


def open_and_count(path: Path) -> int:
    """Open the file, made if need be; return the number of its jobs."""

    async def count() -> int:
        async with opened(path, FakeClock()) as store:
            return (await store.jobs.list()).total

    return asyncio.run(count())


def lease_all(path: Path) -> list[JobId]:
    """Lease and end one job after the other until there is none; return their ids."""

    async def work() -> list[JobId]:
        taken: list[JobId] = []
        async with opened(path, FakeClock()) as store:
            while (job := await store.queue.dequeue()) is not None:
                taken.append(job.id)
                await store.jobs.record(a_progress(job, status=JobStatus.DONE, completed_at=NOON))
        return taken

    return asyncio.run(work())


def save_unique(path: Path) -> list[str]:
    """Save a job of each of forty kinds; return the kinds of those that were stored."""

    async def work() -> list[str]:
        async with opened(path, FakeClock()) as store:
            jobs = {str(key): a_job() for key in range(40)}
            saved = await asyncio.gather(
                *(store.jobs.save(job, claim=UniqueClaim(key=key)) for key, job in jobs.items())
            )
            return [key for key, stored in zip(jobs, saved, strict=True) if stored is jobs[key]]

    return asyncio.run(work())


def do_everything(path: Path, point: CrashPoint) -> None:
    """Go through the lives of a few jobs; die at `point`."""

    async def work() -> None:
        clock = FakeClock()
        async with opened(path, clock) as store:
            crash_points.arm(point)
            job = await store.leased(tasks=2)
            await store.queue.renew(job)
            await store.queue.hand_back(job)
            lost = await store.leased()
            clock.advance(LEASE)
            again = await store.queue.dequeue()
            assert again is not None
            with contextlib.suppress(LeaseLostError):
                await store.queue.renew(lost)
            done = a_task_run(again, status=TaskStatus.DONE, result={"n": 1})
            await store.jobs.record(
                a_progress(
                    again, tasks=[done], events=[an_event(again)], audit=[an_audit_entry(job_id=again.id)],
                    status=JobStatus.FAILED, error_code="timeout", completed_at=NOON,
                )
            )  # fmt: skip
            await store.queue.retry(again.id)
            await store.queue.cancel(again.id)
            await store.tasks.save(a_task_run(again, attempts=1))
            await store.messages.save(a_message(), again.tenant, NOON)
            await store.audit.save([an_audit_entry()])
            await store.jobs.save(a_job())

    asyncio.run(work())
