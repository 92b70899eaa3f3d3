"""Puts the parts together, bottom to top. The only place that knows every adapter."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from scheduler.agent_wiring import Agents, opened_agents
from scheduler.agents.agent_hands import AgentHands
from scheduler.audit.audit_log import AuditLog
from scheduler.core import crash_points
from scheduler.core.clock import SystemClock
from scheduler.core.events import RunRules
from scheduler.core.ids import TenantId, new_id
from scheduler.core.intent_router import IntentRouter
from scheduler.core.sentences import Sentence
from scheduler.executor_wiring import make_answers, make_policy, make_registry, make_sites, make_tools, opened_tools
from scheduler.executors.browser_pool import find_browser
from scheduler.executors.contact_file import ContactFile
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.mcp_tools import McpTools
from scheduler.llm.budgets import Budgets
from scheduler.llm.llm_provider import LLMProvider
from scheduler.llm_wiring import make_door
from scheduler.orchestrator import health_checks
from scheduler.orchestrator.answer_service import AnswerService
from scheduler.orchestrator.attachments import AttachmentService
from scheduler.orchestrator.batch_service import BatchService
from scheduler.orchestrator.dead_letter_service import DeadLetterService
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.maintenance import Maintenance
from scheduler.orchestrator.orchestrator import Orchestrator
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.repair_service import RepairService
from scheduler.orchestrator.schedule_runner import ScheduleRunner
from scheduler.orchestrator.schedule_service import ScheduleService
from scheduler.orchestrator.table_service import TableService
from scheduler.orchestrator.task_runner import TaskRunner
from scheduler.orchestrator.teaching import Teaching
from scheduler.orchestrator.worker import Worker
from scheduler.plan_wiring import make_budgets, make_planning, make_plans, make_repairs
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.sqlite_queue import SQLiteQueue, sqlite_path
from scheduler.repository import sqlite_leases
from scheduler.repository.repository_interface import ChangeSignal, JobRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_dead_letters import SQLiteDeadLetterRepository
from scheduler.repository.sqlite_leases import Limits
from scheduler.repository.sqlite_ledger import SQLiteLedger
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repository import (
    SQLiteAuditRepository,
    SQLiteEventRepository,
    SQLiteJobRepository,
    SQLiteTaskRepository,
)
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from scheduler.repository.word_index import WordIndex
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import (
    FaultSettings,
    QueueSettings,
    SettingError,
    Settings,
)
from scheduler.telemetry.health import Check
from scheduler.upkeep_wiring import make_maintenance


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the API and the command line use."""

    settings: Settings
    secrets: SecretsManager
    planner: Planner
    jobs: JobService
    plans: PlanService
    repairs: RepairService | None
    budgets: Budgets
    schedules: ScheduleService
    batches: BatchService
    dead_letters: DeadLetterService
    audit: AuditLog
    queue: JobQueue
    changes: ChangeSignal
    words: WordIndex
    artifacts: ArtifactStore
    screenshots: ScreenshotStore
    attachments: AttachmentService
    tables: TableService
    worker: Worker
    schedule_runner: ScheduleRunner
    maintenance: Maintenance
    checks: Mapping[str, Check]
    agents: Agents
    teaching: Teaching
    tools: McpTools


_Store = TypeVar("_Store", SQLiteDatabase, JobQueue)


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    executors: ExecutorRegistry | None = None,
    router: IntentRouter | None = None,
    provider: LLMProvider | None = None,
) -> AsyncIterator[Services]:
    """Build and open everything, and close it again; a part that is given takes the place of the default one."""
    secrets, (artifacts, screenshots) = SecretsManager(settings.store.secrets_file), make_files(settings)
    sites = make_sites(settings)
    registry = executors or make_registry(settings, secrets, artifacts, screenshots, sites)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(registry.close)
        tools = await opened_tools(stack, settings, secrets, artifacts, registry)
        database, queue = await _opened_stores(stack, settings)
        intents, model = router or IntentRouter.default(), provider or _model(stack, settings, database)
        door = None if model is None else make_door(model, make_policy(settings), lambda: agents.catalog)
        agents = await opened_agents(stack, settings, database, registry.catalog, secrets, sites, door)
        planner, teaching = make_planning(settings, database, agents.catalog, intents, sites, model, door)
        admission, hands = make_admission(settings.queue, database), agents.hands(registry)
        questions = make_answer_service(settings, database, planner, queue, admission, teaching)
        plans, jobs = make_jobs(settings, database, planner, queue, admission, questions, hands)
        schedules, runner = make_schedules(database, jobs, queue)
        yield Services(
            settings=settings,
            secrets=secrets,
            planner=planner,
            jobs=jobs,
            plans=plans,
            budgets=make_budgets(settings, database),
            repairs=(repairs := make_repairs(settings, database, planner, queue, door)),
            schedules=schedules,
            batches=make_batches(database, planner, queue, admission),
            dead_letters=make_dead_letters(database, queue, planner, admission),
            audit=AuditLog(entries=SQLiteAuditRepository(database), clock=SystemClock(), new_id=new_id),
            queue=queue,
            changes=database,
            words=WordIndex(database),
            artifacts=artifacts,
            screenshots=screenshots,
            attachments=AttachmentService(jobs=jobs, artifacts=artifacts),
            tables=TableService(jobs),
            worker=(worker := make_worker(settings, queue, database, hands, secrets, agents, repairs)),
            schedule_runner=runner,
            maintenance=make_maintenance(settings, database, (artifacts, screenshots), questions, plans),
            checks=make_checks(settings, SQLiteJobRepository(database), queue, worker, registry),
            agents=agents,
            teaching=teaching,
            tools=tools,
        )


async def _opened_stores(stack: AsyncExitStack, settings: Settings) -> tuple[SQLiteDatabase, JobQueue]:
    _arm(settings.fault)  # before the first of what may die at a crash point
    database = await _connected(stack, SQLiteDatabase(sqlite_path(settings.store.database_url)))
    return database, await _connected(stack, make_queue(settings, database))


async def _connected(stack: AsyncExitStack, store: _Store) -> _Store:
    await store.connect()
    stack.push_async_callback(store.close)
    return store


def _model(stack: AsyncExitStack, settings: Settings, database: SQLiteDatabase) -> LLMProvider | None:
    """Return the language model of the settings, closed with the rest; None: none is set up."""
    if not settings.llm.provider:
        return None
    # takes most of a second to import, which only those pay who use it
    from scheduler.llm.provider_of_settings import make_provider  # noqa: PLC0415

    provider = make_provider(settings.llm, SQLiteLedger(database))
    if provider is not None:
        stack.push_async_callback(provider.close)
    return provider


def make_files(settings: Settings) -> tuple[ArtifactStore, ScreenshotStore]:
    """Return where files that travel, and pictures, are kept."""
    folder = settings.store.data_dir
    return ArtifactStore(folder / "artifacts"), ScreenshotStore(folder / "screenshots")


def _arm(fault: FaultSettings) -> None:
    """Let this process die where a test wants it to."""
    if fault.at:
        point, _, visit = fault.at.partition(":")
        crash_points.arm(crash_points.CrashPoint(point), int(visit or 1))


def make_admission(limits: QueueSettings, database: SQLiteDatabase) -> Admission:
    """Return what refuses jobs while too many wait."""

    async def count(tenant: TenantId | None, most: int) -> int:
        return await database.read(lambda connection: sqlite_leases.count_waiting(connection, tenant, most))

    return Admission(count, SystemClock(), most=limits.most_waiting, most_of_tenant=limits.most_waiting_of_tenant)


def make_batches(database: SQLiteDatabase, planner: Planner, queue: JobQueue, admission: Admission) -> BatchService:
    """Return what accepts many jobs at once."""
    return BatchService(
        planner=planner,
        jobs=SQLiteJobRepository(database),
        job_queue=queue,
        admission=admission,
        clock=SystemClock(),
        new_id=new_id,
    )


def make_answer_service(
    settings: Settings,
    database: SQLiteDatabase,
    planner: Planner,
    queue: JobQueue,
    admission: Admission,
    teaching: Teaching,
) -> AnswerService:
    """Return what asks people, and takes their answers."""
    return AnswerService(
        planner=planner,
        questions=SQLiteQuestionRepository(database),
        jobs=SQLiteJobRepository(database),
        job_queue=queue,
        admission=admission,
        clock=SystemClock(),
        patience=timedelta(days=settings.queue.answer_days),
        most=settings.queue.most_unanswered,
        letterbox=make_answers(settings),
        teaching=teaching,
    )


def make_jobs(
    settings: Settings,
    database: SQLiteDatabase,
    planner: Planner,
    queue: JobQueue,
    admission: Admission,
    questions: AnswerService,
    hands: AgentHands,
) -> tuple[PlanService, JobService]:
    """Return what shows plans, with what `hands` lack for them, and what clients may ask of jobs."""
    clock, plans = SystemClock(), make_plans(settings, database, planner, hands.require)
    return plans, JobService(
        planner=planner,
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database),
        events=SQLiteEventRepository(database),
        job_queue=queue,
        admission=admission,
        questions=questions,
        plans=plans,
        clock=clock,
        new_id=new_id,
    )


def make_schedules(
    database: SQLiteDatabase, jobs: JobService, queue: JobQueue
) -> tuple[ScheduleService, ScheduleRunner]:
    """Return what clients may ask of schedules, and what fires them."""
    schedules, clock = SQLiteScheduleRepository(database), SystemClock()
    service = ScheduleService(schedules=schedules, jobs=jobs, job_queue=queue, clock=clock, new_id=new_id)
    return service, ScheduleRunner(schedules=schedules, service=service, changes=database, clock=clock)


def make_worker(
    settings: Settings,
    queue: JobQueue,
    database: SQLiteDatabase,
    hands: AgentHands,
    secrets: SecretsManager,
    agents: Agents,
    repairs: RepairService | None,
) -> Worker:
    """Return a worker that has jobs done by `hands`; `repairs` is told of jobs that failed."""
    clock = SystemClock()
    orchestrator = Orchestrator(
        job_queue=queue,
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database),
        catalog_of=agents.catalog.of,
        executors=hands,
        agents=agents.remote,
        on_failed=_nobody if repairs is None else repairs.look_soon,
        runner=TaskRunner(
            executors=hands,
            clock=clock,
            random=random.random,
            redact=secrets.redact,
            answers=make_answers(settings),
        ),
        clock=clock,
        random=random.random,
        new_id=new_id,
        most_crashes=settings.worker.most_crashes,
        rules=RunRules(
            park_after=settings.worker.park_after,
            answers=timedelta(days=settings.queue.answer_days),
            most_items=settings.worker.most_items,
        ),
    )
    return Worker(
        job_queue=queue,
        orchestrator=orchestrator,
        clock=clock,
        lease=settings.worker.lease,
        concurrency=settings.worker.concurrency,
        grace=settings.worker.grace,
    )


def _nobody() -> None:
    """There is no model that could look at it."""


def make_dead_letters(
    database: SQLiteDatabase, queue: JobQueue, planner: Planner, admission: Admission
) -> DeadLetterService:
    """Return what operators do with jobs that failed for good."""
    clock = SystemClock()
    return DeadLetterService(
        letters=SQLiteDeadLetterRepository(database, clock),
        jobs=SQLiteJobRepository(database, clock),
        tasks=SQLiteTaskRepository(database),
        events=SQLiteEventRepository(database),
        audit=SQLiteAuditRepository(database),
        job_queue=queue,
        planner=planner,
        admission=admission,
    )


def make_checks(
    settings: Settings, jobs: JobRepository, queue: JobQueue, worker: Worker, registry: ExecutorRegistry
) -> Mapping[str, Check]:
    """Return what the health of the service is made of."""
    return {
        "database": health_checks.database_check(jobs),
        "queue": health_checks.queue_check(queue),
        "worker": health_checks.worker_check(worker),
        "browser": health_checks.browser_check(lambda: settings.web.browser_path or find_browser()),
        "mail": health_checks.mail_check(settings.mail_missing),
        "agents": health_checks.agents_check(len(registry.executors)),
    }


def check_settings(settings: Settings) -> None:
    """Raise ValueError or OSError for what would keep the service from starting, before anything is opened."""
    secrets = SecretsManager(settings.store.secrets_file)
    secrets.values()
    ContactFile(settings.store.contacts_file).read()
    make_policy(settings)
    registry = make_registry(settings, secrets, *make_files(settings), make_sites(settings))
    make_tools(settings, secrets, make_files(settings)[0], registry)
    database = sqlite_path(settings.store.database_url)
    url = settings.store.queue_url or settings.store.database_url
    if url.startswith("sqlite:") and sqlite_path(url).resolve() != database.resolve():
        raise ValueError("CPA_QUEUE_URL: a queue in SQLite lies in the database itself; leave it out")
    JobQueue(url, store_url=settings.store.database_url, lease=settings.worker.lease)
    policy = None if url.startswith("sqlite:") else _throws_away_by(url)
    if policy is not None:
        raise SettingError(
            Sentence(
                f"CPA_QUEUE_URL: Dieses Redis wirft bei vollem Speicher Schlüssel weg (maxmemory-policy {policy}) und "
                "mit ihnen wartende Aufträge. Bitte maxmemory-policy noeviction einstellen.",
                f"CPA_QUEUE_URL: this Redis drops keys when its memory is used up (maxmemory-policy {policy}), and "
                "with them jobs that wait. Please set maxmemory-policy noeviction.",
            )
        )


def _throws_away_by(url: str) -> str | None:
    from scheduler.queue.redis_settings import throws_away_by  # noqa: PLC0415 - only those who use Redis pay for its import

    return throws_away_by(url)


def make_queue(settings: Settings, database: SQLiteDatabase) -> JobQueue:
    """Return the queue: the database itself, or Redis beside it. It shares the connection of the database."""
    url, clock, lease = settings.store.queue_url, SystemClock(), settings.worker.lease
    limits = Limits(running=settings.queue.most_running, running_of_tenant=settings.queue.most_running_of_tenant)
    store = SQLiteQueue(database, clock, lease, limits=limits)
    if not url or url.startswith("sqlite:"):
        return JobQueue.over(store)
    from scheduler.queue.redis_queue import RedisQueue  # noqa: PLC0415 - only those who use Redis pay for its import

    return JobQueue.over(RedisQueue(url, store, clock, lease, limits=limits, prefix=settings.queue.prefix))
