"""The care a running service takes: old jobs go with their files, the log is emptied, trouble does not end it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import StoreBusyError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId
from scheduler.core.job import Job, JobStatus
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.orchestrator.maintenance import Maintenance
from scheduler.orchestrator.pruning import Cutoffs, Pruned, Pruner
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from tests.support.builders import a_job, a_message
from tests.support.clock import NOON, FakeClock
from tests.support.store import Store

OLD = NOON - timedelta(days=10)
LIMIT = NOON - timedelta(days=5)


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def screenshots(tmp_path: Path) -> ScreenshotStore:
    return ScreenshotStore(tmp_path / "screenshots")


@pytest.fixture
def pruner(
    database: SQLiteDatabase, artifacts: ArtifactStore, screenshots: ScreenshotStore, clock: FakeClock
) -> Pruner:
    return Pruner(store=SQLiteRetentionRepository(database), files=(artifacts, screenshots), clock=clock)


async def an_ended_job(store: Store, clock: FakeClock) -> Job:
    """Return a job that ended ten days ago."""
    clock.advance(OLD - clock.now())
    job = await store.jobs.save(a_job(created_at=OLD))
    ended = await store.jobs.update_status(job.id, JobStatus.CANCELLED)
    clock.advance(NOON - OLD)
    return ended


def leave_files(job_id: JobId, artifacts: ArtifactStore, screenshots: ScreenshotStore) -> None:
    artifacts.save(job_id, TaskId("a"), "Rechnung.pdf", b"%PDF")
    screenshots.save(job_id, TaskId("a"), b"PNG")


async def test_an_old_job_goes_with_its_files_and_pictures(
    pruner: Pruner, store: Store, clock: FakeClock, artifacts: ArtifactStore, screenshots: ScreenshotStore
) -> None:
    old = await an_ended_job(store, clock)
    young = await store.jobs.save(a_job())
    await store.messages.save(a_message(), old.tenant, OLD)
    for job in (old, young):
        leave_files(job.id, artifacts, screenshots)
    cutoffs = Cutoffs(jobs=LIMIT, messages=LIMIT, keys=LIMIT)
    told: list[int] = []

    assert await pruner.count(cutoffs) == Pruned(jobs=1, messages=1)
    assert await store.jobs.get(old.id) is not None
    assert await pruner.prune(cutoffs, told.append) == Pruned(jobs=1, messages=1)

    assert told == [1]
    assert await store.jobs.get(old.id) is None
    assert artifacts.list(old.id) == ()
    assert not screenshots.path_of(old.id, TaskId("a")).parent.exists()
    assert len(artifacts.list(young.id)) == 1
    assert screenshots.path_of(young.id, TaskId("a")).exists()
    assert await pruner.prune(Cutoffs()) == Pruned()


async def test_files_without_a_job_go_after_a_week(
    pruner: Pruner, store: Store, artifacts: ArtifactStore, screenshots: ScreenshotStore, tmp_path: Path
) -> None:
    job = await store.jobs.save(a_job())
    for job_id in (job.id, JobId("gone"), JobId("just gone")):
        leave_files(job_id, artifacts, screenshots)
    for kind in ("artifacts", "screenshots"):
        for name, age in ((job.id, 30), ("gone", 8), ("just gone", 6)):
            moment = (NOON - timedelta(days=age)).timestamp()
            os.utime(tmp_path / kind / name, (moment, moment))

    assert await pruner.remove_orphans() == 2

    assert artifacts.list(JobId("gone")) == ()
    assert len(artifacts.list(JobId("just gone"))) == len(artifacts.list(job.id)) == 1
    assert await pruner.remove_orphans() == 0


async def test_files_that_cannot_be_removed_hold_up_nothing_else(
    pruner: Pruner, store: Store, clock: FakeClock, artifacts: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They belong to another user, say."""
    old = [await an_ended_job(store, clock) for _ in range(3)]
    for name in (*(job.id for job in old), "orphan"):
        artifacts.save(JobId(name), TaskId("a"), "Rechnung.pdf", b"%PDF")
    remove = ArtifactStore.remove

    def refused(self: ArtifactStore, job_id: JobId) -> None:
        if job_id == old[0].id:
            raise PermissionError(job_id)
        remove(self, job_id)

    monkeypatch.setattr(ArtifactStore, "remove", refused)
    pruned = await pruner.prune(Cutoffs(jobs=LIMIT))
    clock.advance(timedelta(days=3650))
    orphans = await pruner.remove_orphans()

    assert (pruned, orphans) == (Pruned(jobs=3), 1)
    assert [bool(artifacts.list(JobId(name))) for name in (*(job.id for job in old), "orphan")] == [
        True, False, False, False,
    ]  # fmt: skip


def test_files_that_others_remove_meanwhile_are_passed_over(artifacts: ArtifactStore) -> None:
    for name in "abc":
        artifacts.save(JobId(name), TaskId("a"), "Rechnung.pdf", b"%PDF")
    found = artifacts.jobs_before(datetime.max.replace(tzinfo=UTC))

    next(found)
    for name in "abc":
        artifacts.remove(JobId(name))

    assert list(found) == []


async def test_without_any_files_there_is_nothing_to_remove(pruner: Pruner, artifacts: ArtifactStore) -> None:
    artifacts.remove(JobId("nothing"))

    assert await pruner.remove_orphans() == 0


class Log:
    """A write-ahead log that a test makes large; `kept` says that a reader needs it."""

    def __init__(self) -> None:
        self.size = 0
        self.kept = False
        self.emptied = 0

    def empty(self) -> bool:
        if not self.kept:
            self.size = 0
            self.emptied += 1
        return not self.kept


async def nobody_asks() -> int:
    return 0


def care(
    pruner: Pruner,
    log: Log,
    clock: FakeClock,
    cutoffs: Callable[[], Cutoffs] = Cutoffs,
    looked: Callable[[], Awaitable[int]] = nobody_asks,
) -> Maintenance:
    return Maintenance(
        pruner=pruner, cutoffs=cutoffs, log_size=lambda: log.size, empty_log=log.empty, largest_log=100,
        every=timedelta(seconds=0.01), clock=clock, give_up_unanswered=looked, forget_plans=looked,
    )  # fmt: skip


async def test_of_each_kind_a_little_goes_in_turn(
    pruner: Pruner, store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.repository.sqlite_retention._STEP", 0.0)
    monkeypatch.setattr("scheduler.repository.sqlite_retention._SOME", 1)
    for number in range(3):
        await an_ended_job(store, clock)
        await store.messages.save(a_message(number), DEFAULT_TENANT, OLD)
    left: list[tuple[int, int]] = []
    prune_messages = SQLiteRetentionRepository.prune_messages

    async def watched(self: SQLiteRetentionRepository, before: datetime) -> int:
        removed = await prune_messages(self, before)
        found = await self.count_old(LIMIT, LIMIT, None, None, NOON)
        left.append(found[:2])
        return removed

    monkeypatch.setattr(SQLiteRetentionRepository, "prune_messages", watched)

    assert await pruner.prune(Cutoffs(jobs=LIMIT, messages=LIMIT)) == Pruned(jobs=3, messages=3)

    assert left[:3] == [(2, 2), (1, 1), (0, 0)]


@pytest.mark.parametrize(("size", "kept", "left"), [(100, False, 100), (101, False, 0), (101, True, 101)])
async def test_the_log_is_emptied_when_it_is_too_large(
    pruner: Pruner,
    clock: FakeClock,
    size: int,
    kept: bool,
    left: int,
) -> None:
    log = Log()
    log.size, log.kept = size, kept

    await care(pruner, log, clock).keep_log_small()

    assert log.size == left


async def test_a_large_backlog_holds_up_no_other_care(
    pruner: Pruner, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first removal may take an hour."""

    async def never_ends(_self: Pruner, _cutoffs: Cutoffs) -> Pruned:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(Pruner, "prune", never_ends)
    log, looks = Log(), list[int]()

    async def looked() -> int:
        log.size = 101
        looks.append(1)
        return 0

    running = asyncio.create_task(care(pruner, log, clock, looked=looked).run())
    async with asyncio.timeout(30):
        while True:
            if len(looks) >= 3 and log.emptied >= 2:
                break
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()


async def test_care_goes_on_through_trouble_until_it_is_told_to_stop(
    pruner: Pruner, store: Store, clock: FakeClock
) -> None:
    old = await an_ended_job(store, clock)
    troubles: list[Exception] = [StoreBusyError("cpa.db"), RuntimeError("boom")]

    def cutoffs() -> Cutoffs:
        if troubles:
            raise troubles.pop(0)
        return Cutoffs(jobs=LIMIT)

    running = asyncio.create_task(care(pruner, Log(), clock, cutoffs).run())
    async with asyncio.timeout(30):
        while True:
            if await store.jobs.get(old.id) is None:
                break
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()
