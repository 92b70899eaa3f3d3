"""Puts the parts together, bottom to top. The only place that knows every adapter."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from scheduler.audit.audit_log import AuditLog
from scheduler.core import crash_points
from scheduler.core.clock import SystemClock
from scheduler.core.ids import new_id
from scheduler.core.intent_router import IntentRouter
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from scheduler.orchestrator.job_service import JobService
from scheduler.orchestrator.orchestrator import Orchestrator
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.task_runner import TaskRunner
from scheduler.orchestrator.worker import Worker
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.sqlite_queue import SQLiteQueue, sqlite_path
from scheduler.repository.repository_interface import ChangeSignal
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_repository import (
    SQLiteAuditRepository,
    SQLiteEventRepository,
    SQLiteJobRepository,
    SQLiteTaskRepository,
)
from scheduler.security.policies import PolicyEngine
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import MailSettings, Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the API and the command line use."""

    settings: Settings
    secrets: SecretsManager
    planner: Planner
    jobs: JobService
    audit: AuditLog
    queue: JobQueue
    changes: ChangeSignal
    artifacts: ArtifactStore
    screenshots: ScreenshotStore
    worker: Worker


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Build everything, open what must be opened, and close it again at the end."""
    if settings.fault.at:
        point, _, visit = settings.fault.at.partition(":")
        crash_points.arm(crash_points.CrashPoint(point), int(visit or 1))
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        secrets = SecretsManager(settings.store.secrets_file)
        artifacts = ArtifactStore(settings.store.data_dir / "artifacts")
        screenshots = ScreenshotStore(settings.store.data_dir / "screenshots")
        registry = make_registry(settings, secrets, artifacts, screenshots)
        stack.push_async_callback(registry.close)

        database = SQLiteDatabase(sqlite_path(settings.store.database_url))
        await database.connect()
        stack.push_async_callback(database.close)
        queue = make_queue(settings, database)
        await queue.connect()
        jobs, tasks = SQLiteJobRepository(database, clock), SQLiteTaskRepository(database)

        runner = TaskRunner(executors=registry, clock=clock, random=random.random, redact=secrets.redact)
        orchestrator = Orchestrator(
            job_queue=queue,
            jobs=jobs,
            tasks=tasks,
            catalog=registry.catalog,
            executors=registry,
            runner=runner,
            clock=clock,
            random=random.random,
            new_id=new_id,
        )
        planner = make_planner(settings, registry)
        yield Services(
            settings=settings,
            secrets=secrets,
            planner=planner,
            jobs=JobService(
                planner=planner,
                jobs=jobs,
                tasks=tasks,
                events=SQLiteEventRepository(database),
                job_queue=queue,
                clock=clock,
                new_id=new_id,
            ),
            audit=AuditLog(entries=SQLiteAuditRepository(database), clock=clock, new_id=new_id),
            queue=queue,
            changes=database,
            artifacts=artifacts,
            screenshots=screenshots,
            worker=Worker(
                job_queue=queue,
                orchestrator=orchestrator,
                lease=settings.worker.lease,
                concurrency=settings.worker.concurrency,
                grace=settings.worker.grace,
            ),
        )


def make_queue(settings: Settings, database: SQLiteDatabase) -> JobQueue:
    """Return the queue; one that lies in the database itself shares its connection."""
    url = settings.store.queue_url or settings.store.database_url
    if url == settings.store.database_url:
        return JobQueue.over(SQLiteQueue(database, SystemClock(), settings.worker.lease))
    return JobQueue(url, lease=settings.worker.lease)


def make_planner(settings: Settings, registry: ExecutorRegistry) -> Planner:
    """Return the planner for the configured intents and sites."""
    return Planner(
        router=IntentRouter.default(),
        catalog=registry.catalog,
        policy=PolicyEngine.load(),
        sites=settings.web.sites,
    )


def make_registry(
    settings: Settings, secrets: SecretsManager, artifacts: ArtifactStore, screenshots: ScreenshotStore
) -> ExecutorRegistry:
    """Return everything this machine can do itself."""
    registry = ExecutorRegistry()
    registry.register_all(
        PlaywrightExecutor(
            executable=settings.web.browser_path,
            artifacts=artifacts,
            screenshots=screenshots,
            secrets=secrets,
            sessions=settings.store.data_dir / "sessions",
        )
    )
    registry.register_all(
        MailExecutor(transport=SmtpImapTransport(make_account(settings.mail, secrets)), artifacts=artifacts)
    )
    files_root = settings.store.files_root or settings.store.data_dir / "files"
    registry.register_all(FileExecutor(root=files_root, artifacts=artifacts))
    return registry


def make_account(mail: MailSettings, secrets: SecretsManager) -> MailAccount:
    """Return the mailbox CPA works with; its password is asked for at every connect."""
    return MailAccount(
        address=mail.address,
        name=mail.name,
        smtp_host=mail.smtp_host,
        smtp_port=mail.smtp_port,
        imap_host=mail.imap_host,
        imap_port=mail.imap_port,
        username=mail.username or mail.address,
        password=lambda: secrets.get_secret("mail.password"),
        security=MailSecurity(mail.security),
    )
