"""CPA itself: the product as shipped, one worker process, an executor that does nothing, clients over `JobService`.

Every job has its events, audit, policy check and idempotency key. `BENCH_ACTION` says which action a job has: one that
may be repeated, so that its beginning and its end share a commit, or one that writes `running` first.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar

import uvloop

from bench.peers.contestant import AT_ONCE, FOLDER, REDIS, Contestant, hold_async, in_batches, tick
from scheduler.container import Services, open_services
from scheduler.core.actions import ActionSpec
from scheduler.core.errors import CPAError
from scheduler.core.ids import TenantId, new_id
from scheduler.core.job import Job, JobStatus
from scheduler.core.orders import JobOrder
from scheduler.core.task_executor_interface import AD_HOC, ExecutionContext, Verification
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import BaseExecutor, Performed
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.garbage import spare_garbage_collection
from scheduler.orchestrator.batch_service import Batch
from scheduler.settings import load_settings
from scheduler.telemetry.logs import set_up_logs

ACTION = os.environ.get("BENCH_ACTION", "web.noop")
TENANTS = [TenantId(f"tenant{number}") for number in range(int(os.environ.get("BENCH_TENANTS", "1")))]
"""Whom the jobs are for, in turns."""
CONCURRENCY = 256
"""Jobs at once; what a job does here is no work."""


class NoopExecutor(BaseExecutor):
    """Does nothing but count. The family is one that the shipped policies allow."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec(name="web.noop", description="Nothing, as often as you like", repeatable=True),
        ActionSpec(name="web.once", description="Nothing, at most once"),
        ActionSpec(name="web.hold", description="Last long", repeatable=True),
    )

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:  # noqa: ARG002
        if todo.action == "web.hold":
            await hold_async()
        else:
            tick()
        return Performed()

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=None)


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    """Open the product in the folder of this run. Logs as quiet as the peers'."""
    os.environ |= {
        "CPA_DATA_DIR": str(FOLDER),
        "CPA_DATABASE_URL": f"sqlite:///{FOLDER / 'cpa.db'}",
        "CPA_QUEUE_URL": REDIS,
        "CPA_SECRETS_FILE": str(FOLDER / "none.yaml"),
        "CPA_WORKER_CONCURRENCY": str(CONCURRENCY),
    }
    set_up_logs("warning", "json", lambda text: text)
    registry = ExecutorRegistry()
    registry.register_all(NoopExecutor())
    async with open_services(load_settings(), executors=registry) as opened:
        yield opened


async def worker() -> None:
    async with services() as opened:
        spare_garbage_collection()  # as `cpa worker` does
        await opened.worker.run()


def an_order(*tasks: dict[str, Any]) -> JobOrder:
    return JobOrder(task_graph=TaskGraph.model_validate({"tasks": tasks}))


def a_task(task_id: str, *depends_on: str, action: str = ACTION) -> dict[str, Any]:
    return {"id": task_id, "action": action, "depends_on": depends_on}


class Client:
    """Submits jobs in a process of its own and sees their ends in the store."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._services: Services | None = None
        self._tenants = itertools.cycle(TENANTS)

    async def connect(self) -> None:
        self._services = await self._stack.enter_async_context(services())

    async def one(self) -> None:
        await self._submit(an_order(a_task("only")))

    async def bulk(self, jobs: int) -> None:
        """One batch after the other, each of one tenant; where tenants are many, job by job."""
        if len(TENANTS) > 1:
            await in_batches(jobs, self.one)
            return
        for begun in range(0, jobs, AT_ONCE):
            orders = [an_order(a_task("only"))] * min(AT_ONCE, jobs - begun)
            answers = await self._opened.batches.create(Batch(orders=orders), tenant=TENANTS[0], key=new_id())
            refused = [answer for answer in answers if isinstance(answer, CPAError)]
            if refused:
                raise refused[0]

    async def roundtrip(self) -> None:
        await self._until_done(await self._submit(an_order(a_task("only"))))

    async def fan(self, width: int) -> None:
        middle = [f"middle{number}" for number in range(width)]
        waiting = (a_task(task_id, "first") for task_id in middle)
        await self._until_done(await self._submit(an_order(a_task("first"), *waiting, a_task("last", *middle))))

    async def fan_of_jobs(self, width: int) -> None:
        await self.roundtrip()
        middle = await asyncio.gather(*(self._submit(an_order(a_task("only"))) for _ in range(width)))
        await self._until_done(*middle)
        await self.roundtrip()

    async def chain(self, length: int) -> None:
        steps = (a_task(f"step{number}", *([f"step{number - 1}"] if number else [])) for number in range(length))
        await self._until_done(await self._submit(an_order(*steps)))

    async def hold(self, _number: int) -> None:
        await self._submit(an_order(a_task("long", action="web.hold")))

    @property
    def _opened(self) -> Services:
        if self._services is None:
            raise RuntimeError("connect() first")
        return self._services

    async def _submit(self, order: JobOrder) -> Job:
        return await self._opened.jobs.create(order, tenant=next(self._tenants), key=new_id())

    async def _until_done(self, *jobs: Job) -> None:
        open_: Sequence[Job] = jobs
        while open_:
            seen = self._opened.changes.changes
            found = [await self._opened.jobs.get(job.id, job.tenant) for job in open_]
            if any(job.status.final and job.status is not JobStatus.DONE for job in found):
                raise SystemExit("a job failed")
            open_ = [job for job in found if not job.status.final]
            if open_:
                await self._opened.changes.wait(seen, 1.0)


_client = Client()
CONTESTANT = Contestant(
    worker=worker,
    connect=_client.connect,
    one=_client.one,
    bulk=_client.bulk,
    roundtrip=_client.roundtrip,
    fan=_client.fan,
    fan_of_jobs=_client.fan_of_jobs,
    chain=_client.chain,
    hold=_client.hold,
    event_loop=uvloop.new_event_loop,
)
