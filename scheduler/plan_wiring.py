"""Puts together what makes, shows and repairs plans. For the container alone: it knows every adapter."""

from datetime import timedelta

from scheduler.core.clock import SystemClock
from scheduler.core.ids import new_id
from scheduler.core.intent_router import IntentRouter
from scheduler.core.site_book import SiteBook
from scheduler.executor_wiring import make_policy
from scheduler.executors.contact_file import ContactFile
from scheduler.llm.budgets import Budgets, limits_of, models_of
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm.llm_wrapper import LLMWrapper
from scheduler.llm.prices import DEFAULT_PRICES, load_prices
from scheduler.llm_wiring import make_beyond
from scheduler.orchestrator.lacking import Require
from scheduler.orchestrator.offered_actions import OfferedActions
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.repair_service import RepairService
from scheduler.orchestrator.teaching import Teaching
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_ledger import SQLiteLedger
from scheduler.repository.sqlite_plans import SQLitePlanRepository
from scheduler.repository.sqlite_repairs import SQLiteRepairRepository
from scheduler.repository.sqlite_taught import SQLiteTaughtRepository
from scheduler.settings import Settings


def make_plans(settings: Settings, database: SQLiteDatabase, planner: Planner, require: Require) -> PlanService:
    """Return what shows plans and keeps them for a time. `require` says what steps lack.

    Raises ValueError for an unusable price list."""
    return PlanService(
        planner=planner,
        plans=SQLitePlanRepository(database),
        clock=SystemClock(),
        new_id=new_id,
        keep=timedelta(hours=settings.queue.plan_hours),
        currency=load_prices(settings.llm.prices_file or DEFAULT_PRICES).currency,
        require=require,
    )


def make_budgets(settings: Settings, database: SQLiteDatabase) -> Budgets:
    """Return what tells of spending on models. Raises ValueError for an unusable price list."""
    return Budgets(
        ledger=SQLiteLedger(database),
        limits=limits_of(settings.llm),
        prices=load_prices(settings.llm.prices_file or DEFAULT_PRICES),
        models=models_of(settings.llm),
        clock=SystemClock(),
    )


def make_repairs(
    settings: Settings, database: SQLiteDatabase, planner: Planner, queue: JobQueue, door: LLMWrapper | None
) -> RepairService | None:
    """Return what has a model look at jobs that failed; None without a model, or when the settings want none."""
    if door is None or not settings.llm.repairs:
        return None
    return RepairService(
        adviser=door,
        repairer=planner.beyond,
        repairs=SQLiteRepairRepository(database),
        job_queue=queue,
        clock=SystemClock(),
        most_tries=settings.llm.repairs,
    )


def make_teaching(
    settings: Settings, database: SQLiteDatabase, router: IntentRouter, offered: OfferedActions
) -> Teaching:
    """Return what people may teach, for the configured intents; `offered` are all actions, those of agents too."""
    return Teaching(
        taught=SQLiteTaughtRepository(database),
        intents=router.intents,
        catalog_of=offered.of,
        policy=make_policy(settings),
        clock=SystemClock(),
        new_id=new_id,
    )


def make_planning(
    settings: Settings,
    database: SQLiteDatabase,
    offered: OfferedActions,
    router: IntentRouter,
    sites: SiteBook,
    provider: LLMProvider | None,
    door: LLMWrapper | None,
) -> tuple[Planner, Teaching]:
    """Return the planner for the configured intents and sites, and what people may teach it.

    `offered` are all actions, those of agents too. The model is asked by `provider` what is wanted, by `door` to plan.
    """
    policy, contacts = make_policy(settings), ContactFile(settings.store.contacts_file)
    beyond = make_beyond(
        provider,
        door,
        router=router,
        sites=sites,
        contacts=contacts,
        folder=settings.store.data_dir / "learned",
        patience=timedelta(seconds=settings.llm.request_seconds),
    )
    teaching = make_teaching(settings, database, router, offered)
    planner = Planner(
        router=router,
        catalog=offered.own,
        policy=policy,
        sites=sites,
        addresses=contacts.resolve,
        beyond=beyond,
        zone=settings.calendar.zone,
        search_url=settings.hands.search_url,
        offered=offered,
        teaching=teaching,
    )
    return planner, teaching
