"""Puts what fires schedules together over a store; each function at the end is the body of a process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from scheduler.core import crash_points
from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import DEFAULT_TENANT, new_id
from scheduler.core.intent_router import IntentRouter
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.schedule_runner import ScheduleRunner
from scheduler.orchestrator.schedule_service import ScheduleService
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.schedule_repository import ScheduleRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import SQLiteEventRepository, SQLiteJobRepository, SQLiteTaskRepository
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from scheduler.security.policies import PolicyEngine
from tests.support.asking import answer_service, plan_service
from tests.support.clock import NOON, FakeClock
from tests.support.queues import nobody_waits
from tests.support.routers import the_router
from tests.support.schedules import a_definition
from tests.support.services import PORTAL, ScriptedExecutor
from tests.support.sites import FakeSites

HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Schedules:
    """What fires schedules, and what lies behind it. `sites` may be changed: plans are made anew at each firing."""

    service: ScheduleService
    runner: ScheduleRunner
    repository: ScheduleRepository
    jobs: JobService
    sites: dict[str, str]
    planner: Planner

    async def outcomes(self, named: str) -> list[tuple[str, str]]:
        """Return what became of each firing, oldest first, with the hours since NOON it was meant for."""
        page = await self.service.firings(named, DEFAULT_TENANT, limit=200)
        return [
            (event.type.value, "" if event.moment is None else f"{(event.moment - NOON) / HOUR:g}")
            for event in reversed(page.items)
        ]


def schedules_over(
    database: SQLiteDatabase, clock: Clock, router: IntentRouter, *, admission: Admission | None = None
) -> Schedules:
    registry = ExecutorRegistry()
    registry.register_all(ScriptedExecutor())
    sites = {"portal": PORTAL}
    queue = JobQueue.over(SQLiteQueue(database, clock, timedelta(seconds=10)))
    planner = Planner(router=router, catalog=registry.catalog, policy=PolicyEngine.load(), sites=FakeSites(sites))
    jobs = JobService(
        planner=planner,
        questions=answer_service(database, planner, queue, clock),
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database),
        events=SQLiteEventRepository(database),
        job_queue=queue,
        admission=admission or Admission(nobody_waits, clock),
        plans=plan_service(database, planner, clock),
        clock=clock,
        new_id=new_id,
    )
    repository = SQLiteScheduleRepository(database)
    service = ScheduleService(schedules=repository, jobs=jobs, job_queue=queue, clock=clock, new_id=new_id)
    runner = ScheduleRunner(schedules=repository, service=service, changes=database, clock=clock)
    return Schedules(service=service, runner=runner, repository=repository, jobs=jobs, sites=sites, planner=planner)


@contextlib.asynccontextmanager
async def opened(path: Path, clock: FakeClock) -> AsyncIterator[Schedules]:
    database = SQLiteDatabase(path)
    await database.connect()
    try:
        yield schedules_over(database, clock, the_router())
    finally:
        await database.close()


def at(hours: float) -> FakeClock:
    """Return a clock that stands so many hours after NOON."""
    return FakeClock(NOON + hours * HOUR)


def fire_all(path: Path, hours: float) -> None:
    """Fire everything that is due so many hours after NOON, as one scheduler among others."""

    async def work() -> None:
        async with opened(path, at(hours)) as schedules:
            await schedules.runner.fire_due()

    asyncio.run(work())


def die_firing(path: Path, point: CrashPoint, visit: int) -> None:
    """Make a schedule if there is none and fire what is due three hours after NOON; die at `point`."""

    async def work() -> None:
        async with opened(path, at(0)) as schedules:
            crash_points.arm(point, visit)
            if await schedules.repository.get("hourly", DEFAULT_TENANT) is None:
                definition = a_definition(name="hourly", every_seconds=3600, catch_up="all", task_graph=a_page())
                await schedules.service.create(definition, DEFAULT_TENANT)
        async with opened(path, at(3)) as schedules:
            await schedules.runner.fire_due()

    asyncio.run(work())


def a_page() -> dict[str, object]:
    """Return a plan that the policy allows."""
    return {"tasks": [{"id": "open", "action": "web.goto", "params": {"url": PORTAL}}]}
