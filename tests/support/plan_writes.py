"""Every durable write of a plan that is shown and changed, and of a failed job whose plan is repaired."""

import asyncio
from datetime import timedelta
from pathlib import Path

from scheduler.core import crash_points
from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.job import JobStatus
from scheduler.core.kept_plans import KeptPlan
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.repository.repair_repository import Repaired
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_plans import SQLitePlanRepository
from scheduler.repository.sqlite_repairs import SQLiteRepairRepository
from tests.support.clock import NOON, FakeClock
from tests.support.store import Store, sqlite_store

JOB, TENANT, DAY = JobId("job-1"), TenantId("acme"), timedelta(days=1)
FIRST, SECOND = "1" * 64, "2" * 64
BROKEN = TaskGraph(tasks=[ToDo(id="task1", action="web.extract"), ToDo(id="send", action="mail.send")])
WHOLE = TaskGraph(tasks=[ToDo(id="look", action="web.snapshot"), ToDo(id="send", action="mail.send")])


async def write_all(database: SQLiteDatabase, armed: tuple[CrashPoint, int] | None = None) -> None:
    """Go through all of them; it may be done again after it was cut anywhere."""
    plans, repairs, store = SQLitePlanRepository(database), SQLiteRepairRepository(database), _store(database)
    if await store.jobs.get(JOB) is None:
        await store.failed(id=JOB, tenant=TENANT, task_graph=BROKEN)
    if armed is not None:
        crash_points.arm(*armed)
    if await plans.get(FIRST, TENANT) is None:
        await plans.keep(a_kept_plan(FIRST, None))
    if await plans.get(SECOND, TENANT) is None:
        await plans.keep(a_kept_plan(SECOND, FIRST))
    broken = await repairs.claim(NOON, since=NOON - DAY, stale=NOON + DAY, most_tries=9)
    if broken is not None:
        repaired = Repaired(WHOLE, (), (TaskId("look"),), (TaskId("task1"),))
        await repairs.apply(broken.job, repaired, "look elsewhere", "so", NOON)
    job = await store.jobs.get(JOB)
    assert job is not None
    assert (job.status, job.plan_version) == (JobStatus.PENDING, 2)


def _store(database: SQLiteDatabase) -> Store:
    return sqlite_store(database, FakeClock())


def a_kept_plan(plan_hash: str, before: str | None) -> KeptPlan:
    return KeptPlan(
        id=plan_hash[:8], tenant=TENANT, hash=plan_hash, before=before, text="Schick eine Mail", document={},
        created_at=NOON, expires_at=NOON + DAY,
    )  # fmt: skip


def write_until(path: Path, point: CrashPoint, visit: int) -> None:
    """The body of a process that dies at the point."""

    async def work() -> None:
        database = SQLiteDatabase(path)
        await database.connect()
        await write_all(database, (point, visit))

    asyncio.run(work())
