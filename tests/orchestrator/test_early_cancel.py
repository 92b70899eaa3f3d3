"""A job that is cancelled when its worker has leased it and has not opened its run yet: there is nobody to tell.

The worker does not wait for the next time it would look anyhow, which these tests put off.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from scheduler.core.job import Job, JobStatus
from scheduler.orchestrator import worker
from scheduler.queue.job_queue import JobQueue
from scheduler.repository import sqlite_database
from tests.orchestrator.test_worker import a_worker, at_work
from tests.support.executors import FakeExecutors, hangs
from tests.support.orchestration import Office
from tests.support.runs import a_step

SELDOM = timedelta(hours=1)


class Late:
    """Whoever comes by is held up until somebody lets all go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def hold_up(self) -> None:
        self.reached.set()
        await self.go_on.wait()


class LateClaims(JobQueue):
    """A queue that says only later what it has leased."""

    def __init__(self, queue: JobQueue, late: Late) -> None:
        self._backend = queue._backend
        self._late = late

    async def dequeue_many(self, limit: int) -> Sequence[Job]:
        jobs = await super().dequeue_many(limit)
        if jobs:
            await self._late.hold_up()
        return jobs


@pytest.fixture(autouse=True)
def _looks_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_LOOK_AGAIN", SELDOM.total_seconds())
    monkeypatch.setattr(sqlite_database, "_LOOK", SELDOM.total_seconds())
    monkeypatch.setattr(sqlite_database, "_LOOK_BESIDE_BELL", SELDOM.total_seconds())


@pytest.fixture
def late() -> Late:
    return Late()


async def _cancelled_meanwhile(office: Office, late: Late, job: Job, **options: Any) -> None:  # noqa: ANN401 - as a_worker
    async with at_work(a_worker(office, lease=SELDOM, **options)):
        await late.reached.wait()
        await office.store.queue.cancel(job.id)
        await asyncio.sleep(0.05)
        late.go_on.set()
        await office.becomes(job.id, JobStatus.CANCELLED)


async def test_it_is_stopped_when_the_claim_has_come_back(office: Office, executors: FakeExecutors, late: Late) -> None:
    executors.scripts["send"] = [hangs()]
    job = await office.accept(a_step("send"))

    await _cancelled_meanwhile(office, late, job, job_queue=LateClaims(office.store.queue, late))

    assert executors.busy["send"] == 0


async def test_it_is_stopped_when_its_tasks_have_been_read(
    office: Office, executors: FakeExecutors, late: Late, monkeypatch: pytest.MonkeyPatch
) -> None:
    executors.scripts["send"] = [hangs()]
    job = await office.accept(a_step("send"))
    await office.store.queue.hand_back(await office.lease())
    read = office.orchestrator._touched_tasks

    async def read_late(*given: Any) -> Any:  # noqa: ANN401 - as the original
        answer = await read(*given)
        await late.hold_up()
        return answer

    monkeypatch.setattr(office.orchestrator, "_touched_tasks", read_late)

    await _cancelled_meanwhile(office, late, job)

    assert executors.busy["send"] == 0
