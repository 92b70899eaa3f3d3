"""Puts an orchestrator over a store and executors of a test together, and asks what has come of a job."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.core.agent import Agent
from scheduler.core.agent_wire import LamReceipt
from scheduler.core.clock import Clock
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import JobId
from scheduler.core.job import Job, JobStatus, TaskRun
from scheduler.core.lam_protocol import BaseMessage
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.orchestrator.orchestrator import Orchestrator
from scheduler.orchestrator.task_runner import TaskRunner
from scheduler.repository.repository_interface import AuditFilter, JobRepository
from tests.support.answers import MemoryAnswers
from tests.support.builders import a_job
from tests.support.executors import FakeExecutors
from tests.support.runs import a_graph
from tests.support.store import Store


def no_luck() -> float:
    """Draw no jitter, so that nothing waits."""
    return 0.0


class NoAgents:
    """There are none; see tests/orchestrator/test_orchestrator.py for some."""

    async def assign(self, todo: ToDo, agent: Agent, context: ExecutionContext) -> tuple[BaseMessage, datetime]:
        raise NotImplementedError

    async def receive(self, said: str | bytes | Mapping[str, Any]) -> LamReceipt:
        raise NotImplementedError


@dataclass
class Office:
    """A store, executors and the orchestrator between them."""

    store: Store
    executors: FakeExecutors
    clock: Clock
    jobs: JobRepository | None = None
    redact: Callable[[str], str] = str
    answers: MemoryAnswers = field(default_factory=MemoryAnswers)
    agents: NoAgents = field(default_factory=NoAgents)

    def __post_init__(self) -> None:
        self._ids = (f"entry-{number}" for number in itertools.count(1))
        self.orchestrator = self.another_orchestrator(self.executors)

    def another_orchestrator(self, executors: FakeExecutors) -> Orchestrator:
        """Return one as another process would have it."""
        runner = TaskRunner(
            executors=executors, clock=self.clock, random=no_luck, redact=self.redact, answers=self.answers
        )
        return Orchestrator(
            job_queue=self.store.queue,
            jobs=self.jobs or self.store.jobs,
            tasks=self.store.tasks,
            catalog_of=lambda _: executors.catalog,
            executors=executors,
            agents=self.agents,
            runner=runner,
            clock=self.clock,
            random=no_luck,
            new_id=lambda: next(self._ids),
        )

    async def accept(self, *steps: ToDo, **fields: Any) -> Job:  # noqa: ANN401 - fields of Job
        """Accept a job of these steps."""
        return await self.store.jobs.save(a_job(task_graph=a_graph(steps), **fields))

    async def lease(self) -> Job:
        """Lease the next job."""
        job = await self.store.queue.dequeue()
        assert job is not None, "nothing to lease"
        return job

    async def run(self, *steps: ToDo, **fields: Any) -> Job:  # noqa: ANN401 - see above
        """Carry a job of these steps to its end and return what is stored of it."""
        await self.accept(*steps, **fields)
        job = await self.lease()
        await self.orchestrator.process(job)
        return await self.now(job.id)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds of what is stored."""
        async with asyncio.timeout(10):
            seen = self.store.changes.changes
            while not await condition():
                await self.store.changes.wait(seen, 0.05)
                seen = self.store.changes.changes

    async def becomes(self, job_id: JobId, status: JobStatus) -> None:
        async def there() -> bool:
            return (await self.now(job_id)).status is status

        await self.until(there)

    async def now(self, job_id: JobId) -> Job:
        """Return what is stored of a job."""
        job = await self.store.jobs.get(job_id)
        assert job is not None
        return job

    async def rows(self, job_id: JobId) -> dict[str, TaskRun]:
        return {row.task_id: row for row in await self.store.tasks.list(job_id)}

    async def statuses(self, job_id: JobId) -> dict[str, str]:
        return {task_id: row.status.value for task_id, row in (await self.rows(job_id)).items()}

    async def event(self, job_id: JobId, type_: EventType) -> JobEvent:
        """Return the only event of a type."""
        (event,) = [event for event in await self.events(job_id) if event.type is type_]
        return event

    async def events(self, job_id: JobId) -> Sequence[JobEvent]:
        return await self.store.events.list(job_id)

    async def audit(self, job_id: JobId) -> list[tuple[str, str, str | None]]:
        """Return action, result and picture of every entry."""
        page = await self.store.audit.list(AuditFilter(job_id=job_id))
        return [(entry.action, entry.result, entry.screenshot_path) for entry in page.items]
