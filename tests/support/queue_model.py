"""What the test of queues in any order of calls knows of each job, and the queues it tries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from scheduler.core.job import Job, JobStatus
from scheduler.queue.job_queue import JobQueue
from scheduler.queue.redis_queue import RedisQueue
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.sqlite_leases import Limits
from tests.support.clock import FakeClock
from tests.support.queues import BACK_ENDS
from tests.support.redis_server import RedisServer  # noqa: TC001 - as elsewhere
from tests.support.store import LEASE

_HELD = frozenset({JobStatus.RUNNING, JobStatus.CANCELLING})


@dataclass
class Known:
    """What the model knows of a job. `held` is the lease of the worker that has it, `due` when another may take it.

    One that has `moved` no longer stands where it came; of one `unheard` the dispatch may not know until it is swept.
    """

    job: Job
    number: int
    status: JobStatus = JobStatus.PENDING
    begun: bool = False
    epoch: int = 0
    crashes: int = 0
    held: Job | None = None
    due: datetime | None = None
    moved: bool = False
    asks: bool = False
    unheard: bool = False

    def ready(self, now: datetime) -> bool:
        waits = self.job.not_before is not None and self.job.not_before > now
        return self.status is JobStatus.PENDING and not waits

    @property
    def in_line(self) -> bool:
        """Whether it has stood in line since it came: it was neither delayed nor taken nor moved before."""
        return self.job.not_before is None and not self.epoch and not self.moved

    def lost(self, now: datetime) -> bool:
        return self.status in _HELD and self.due is not None and self.due <= now


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """How queues are made over a store; `empty` makes the dispatch beside it forget everything, if there is one."""

    make: Callable[[Path, FakeClock, Limits], JobQueue]
    empty: Callable[[], None] | None = None


@pytest.fixture(params=BACK_ENDS)
def dispatch(request: pytest.FixtureRequest) -> Dispatch:
    if request.param == "sqlite":

        def over_store(path: Path, clock: FakeClock, limits: Limits) -> JobQueue:
            return JobQueue.over(SQLiteQueue.at(f"sqlite:///{path}", clock, LEASE, limits=limits))

        return Dispatch(make=over_store)
    server: RedisServer = request.getfixturevalue("shared_redis")

    def beside_store(path: Path, clock: FakeClock, limits: Limits) -> JobQueue:
        store = SQLiteQueue.at(f"sqlite:///{path}", clock, LEASE, limits=limits)
        return JobQueue.over(RedisQueue(server.url, store, clock, LEASE, limits=limits))

    return Dispatch(make=beside_store, empty=server.empty)
