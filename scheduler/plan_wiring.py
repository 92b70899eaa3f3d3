"""Puts together what shows plans, and what repairs them. For the container alone: it knows every adapter."""

from datetime import timedelta

from scheduler.core.clock import SystemClock
from scheduler.core.ids import new_id
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.llm_wrapper import LLMWrapper
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.repair_service import RepairService
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_plans import SQLitePlanRepository
from scheduler.repository.sqlite_repairs import SQLiteRepairRepository
from scheduler.settings import Settings


def make_plans(settings: Settings, database: SQLiteDatabase, planner: Planner) -> PlanService:
    """Return what shows plans and keeps them for a time. Raises ValueError for an unusable price list."""
    return PlanService(
        planner=planner,
        plans=SQLitePlanRepository(database),
        clock=SystemClock(),
        new_id=new_id,
        keep=timedelta(hours=settings.queue.plan_hours),
        currency=load_prices(settings.llm.prices_file or DEFAULT_PRICES).currency,
    )


def make_repairs(
    settings: Settings, database: SQLiteDatabase, planner: Planner, queue: JobQueue, provider: LLMProvider | None
) -> RepairService | None:
    """Return what has a model look at jobs that failed; None without a model, or when the settings want none."""
    if provider is None or not settings.llm.repairs:
        return None
    return RepairService(
        adviser=LLMWrapper(provider),
        repairer=planner.beyond,
        repairs=SQLiteRepairRepository(database),
        job_queue=queue,
        clock=SystemClock(),
        most_tries=settings.llm.repairs,
    )
