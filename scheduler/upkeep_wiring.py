"""Puts together what cares for the store: pruning, expiry, the log's size."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from scheduler.core.clock import SystemClock
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.orchestrator.answer_service import AnswerService
from scheduler.orchestrator.maintenance import Maintenance
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.pruning import Cutoffs, Pruner
from scheduler.queue.sqlite_queue import sqlite_path
from scheduler.repository import sqlite_care
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.settings import RetentionSettings, Settings


def make_pruner(database: SQLiteDatabase, artifacts: ArtifactStore, screenshots: ScreenshotStore) -> Pruner:
    """Return what removes old jobs with their files."""
    store = SQLiteRetentionRepository(database)
    return Pruner(store=store, files=(artifacts, screenshots), clock=SystemClock())


def make_maintenance(
    settings: Settings,
    database: SQLiteDatabase,
    files: tuple[ArtifactStore, ScreenshotStore],
    questions: AnswerService,
    plans: PlanService,
) -> Maintenance:
    """Return what cares for the store while the service runs."""
    clock = SystemClock()
    return Maintenance(
        pruner=make_pruner(database, *files),
        give_up_unanswered=questions.give_up_unanswered,
        forget_plans=plans.forget_expired,
        cutoffs=lambda: make_cutoffs(settings.retention, clock.now()),
        log_size=lambda: sqlite_care.log_size(database.path),
        empty_log=lambda: sqlite_care.checkpoint(database.path, patience=0.2),
        largest_log=int(settings.maintenance.log_megabytes * 1_000_000),
        every=timedelta(seconds=settings.maintenance.every_seconds),
        clock=clock,
    )


def make_cutoffs(retention: RetentionSettings, now: datetime) -> Cutoffs:
    """Return what is too old by the settings."""
    return Cutoffs(
        jobs=retention.before(retention.jobs_days, now),
        messages=retention.before(retention.messages_days, now),
        keys=retention.before(retention.keys_days, now),
    )


@asynccontextmanager
async def open_pruner(settings: Settings) -> AsyncIterator[Pruner]:
    """Open what removes old jobs, without the rest of the service; one may run beside it."""
    database = SQLiteDatabase(sqlite_path(settings.store.database_url))
    await database.connect()
    try:
        folder = settings.store.data_dir
        yield make_pruner(database, ArtifactStore(folder / "artifacts"), ScreenshotStore(folder / "screenshots"))
    finally:
        await database.close()
