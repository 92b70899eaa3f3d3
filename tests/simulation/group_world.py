"""What jobs that are carried together meet: executors, a store and a queue, with the faults of their case."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from scheduler.core.errors import JobNotFoundError, LeaseLostError, StoreBusyError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import Job, JobStatus, Lease, TaskRun
from scheduler.core.task_errors import OutcomeUnknownError
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult
from scheduler.core.todo import ToDo
from scheduler.repository.news import Signal
from scheduler.repository.repository_interface import RunProgress
from scheduler.telemetry.logs import name_run
from tests.simulation.group_case import LEASE, Case, Fault, id_of
from tests.simulation.model_store import ModelStore
from tests.support.executors import FakeExecutors, World
from tests.support.runs import SEND
from tests.support.virtual_time import LoopClock

_WRITE: Final = 0.001  # seconds of virtual time that half a write takes
_SLOW_WRITE: Final = 2.0
_A_LOOK: Final = timedelta(milliseconds=1)
"""Within so much virtual time whoever has a reason to look has done so."""


class ScriptedExecutors(FakeExecutors):
    """Do each attempt as the case says; `once` holds the keys of effects that may happen once."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self._case = case
        self.once: set[str] = set()
        self.keys: dict[tuple[JobId, TaskId], str] = {}
        self.misnamed: list[JobId] = []

    async def execute(self, todo: ToDo, context: ExecutionContext) -> ExecutionResult:
        self.scripts[context.task_id] = [partial(self._attempt, todo)]
        return await super().execute(todo, context)

    async def _attempt(self, todo: ToDo, world: World, context: ExecutionContext) -> dict[str, Any]:
        ways = self._case.jobs[int(context.job_id.removeprefix("job"))][int(context.task_id.removeprefix("s"))][2]
        way = ways[context.attempt - 1] if context.attempt <= len(ways) else "now"
        self._must_be_named(context)
        if way in _PAUSES:
            await asyncio.sleep(_PAUSES[way])
        if way in _ERRORS:
            raise _ERRORS[way]
        self._must_be_named(context)
        world.happens(context)
        self.keys[context.job_id, context.task_id] = context.effect_key
        if todo.action == SEND:
            self.once.add(context.effect_key)
        if way == "unclear":
            raise OutcomeUnknownError(todo.action, "nobody has heard of it")
        return {"attempt": context.attempt}

    def _must_be_named(self, context: ExecutionContext) -> None:
        if name_run(None, "", {}).get("job_id") != context.job_id:
            self.misnamed.append(context.job_id)


_PAUSES = {"turn": 0, "wait": 0.004, "long": 0.3}


_ERRORS: dict[str, Exception] = {
    "fails": JobNotFoundError(JobId("gone")),
    "flickers": StoreBusyError("elsewhere"),
    "breaks": ValueError("a bug"),
}


class ModelJobs:
    """What runs store. `again` are entries that came once more though they had been answered for."""

    def __init__(self, store: ModelStore, faults: Collection[Fault]) -> None:
        self._store = store
        self._faults = {id_of(fault.job): fault for fault in faults if fault.job is not None}
        self._writes: Counter[JobId] = Counter()
        self._answered: set[str] = set()
        self.again: list[str] = []

    async def list(self, job_id: JobId) -> Sequence[TaskRun]:
        await asyncio.sleep(_WRITE)
        return self._store.tasks(job_id)

    async def record(self, *changes: RunProgress) -> None:
        struck = [self._struck(change.job_id) for change in changes]
        await asyncio.sleep(_SLOW_WRITE if "slow" in struck else _WRITE)
        if "busy" in struck:
            raise StoreBusyError("model")
        if "breaks" in struck:
            raise RuntimeError("a bug of the store")
        self._commit(changes)
        await asyncio.sleep(_WRITE)
        if "unanswered" in struck:
            raise StoreBusyError("model, or so it seems")
        self._answered.update(entry.id for change in changes for entry in change.audit)

    def _struck(self, job_id: JobId) -> str:
        """Say what befalls this write of a job: a store that breaks does so twice, so that it breaks the run."""
        self._writes[job_id] += 1
        fault = self._faults.get(job_id)
        if fault is None or not 0 <= self._writes[job_id] - fault.write < (2 if fault.kind == "breaks" else 1):
            return ""
        return fault.kind

    def _commit(self, changes: Sequence[RunProgress]) -> None:
        """Store all of it or nothing."""
        changes = [change for change in changes if not self._store.has_left_with(change)]
        for change in changes:
            self._store.fenced(change.job_id, change.lease_token)
        self.again += [entry.id for change in changes for entry in change.audit if entry.id in self._answered]
        for change in changes:
            self._store.record(change)


class ModelQueue:
    """What a worker needs of a queue, over the model of the store."""

    def __init__(self, store: ModelStore, clock: LoopClock) -> None:
        self._store = store
        self._clock = clock
        self._signal = Signal(lambda: None)
        self.has_room: Callable[[], bool] = lambda: False
        self.overslept: list[JobId] = []

    def tell(self) -> None:
        self._signal.count()
        self._signal.tell()

    async def dequeue(self, limit: int) -> list[Job]:
        await asyncio.sleep(0)
        now = self._clock.now()
        return list(itertools.islice(iter(partial(self._store.claim, now, LEASE), None), limit))

    async def renew(self, jobs: Collection[Job]) -> frozenset[JobId]:
        return frozenset(job.id for job in jobs if not self._renewed(job))

    def _renewed(self, job: Job) -> bool:
        try:
            self._store.renew(job.id, _lease_of(job).token, self._clock.now() + LEASE)
        except LeaseLostError:
            return False
        return True

    async def hand_back(self, job: Job) -> None:
        self._store.hand_back(job, self._clock.now())
        self.tell()

    async def release(self, jobs: Collection[Job]) -> None: ...

    async def sweep(self) -> None: ...

    async def cancelling(self) -> frozenset[JobId]:
        return frozenset(key for key, stored in self._store.rows.items() if stored.job.status == "cancelling")

    async def get_job(self, job_id: JobId) -> Job | None:
        return self._store.get(job_id)

    @property
    def next_due(self) -> datetime | None:
        """When the next delay or lease ends."""
        pending = (stored.job for stored in self._store.rows.values() if stored.job.status is JobStatus.PENDING)
        leases = (stored.due for stored in self._store.rows.values())
        ends = itertools.chain((job.not_before for job in pending), leases)
        return min((end for end in ends if end is not None and end > self._clock.now()), default=None)

    @property
    def changes(self) -> int:
        return self._signal.changes

    async def wait(self, seen: int, limit: float) -> None:
        """Wait as a queue does, and note what is due by then though the worker has room and did not look for it."""
        await self._signal.wait(seen, limit)
        due = self._store.next_due(self._clock.now() - _A_LOOK)
        if self._signal.changes == seen and due is not None and self.has_room():
            self.overslept.append(due.job.id)


def _lease_of(job: Job) -> Lease:
    assert job.lease is not None
    return job.lease
