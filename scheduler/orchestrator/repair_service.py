"""Has a language model look at jobs that failed: it tells people why, and may repair what of the plan is left.

A repair is applied only if the whole plan passes every check, what is done stays as it is, and every step left that
carries risk stays word for word. A run is looked at once, a job a few times in all; without a model nothing is done.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Protocol

import structlog

from scheduler.core.clock import Clock
from scheduler.core.errors import CPAError, Effect, OutcomeUnknownError, UnavailableError
from scheduler.core.ids import TaskId
from scheduler.core.job import Job, TaskStatus
from scheduler.core.plan_diff import diff_plans
from scheduler.core.spending import Spender
from scheduler.llm.reasoned_graph import ReasonedGraph
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repair_repository import Broken, Repaired, RepairRepository

_RECENT: Final = timedelta(hours=1)
_STALE: Final = timedelta(minutes=10)
_EVERY: Final = 5.0  # seconds
_NO_CURE: Final = frozenset({"unanswered", "worker_crashes", "deadline_exceeded", OutcomeUnknownError.code})
"""Codes of failures that no other plan helps against."""

log = structlog.get_logger(__name__)


class Adviser(Protocol):
    """Says what went wrong. Raises what the provider raises."""

    async def analyze_error(self, error: str, context: Mapping[str, Any], spender: Spender | None = None) -> str:
        """Return it in words for people."""


class Repairer(Protocol):
    """Plans the rest of a stopped plan anew. Raises PlanUnusableError and what the provider raises."""

    async def repair(
        self, job: Job, done: frozenset[TaskId], error: str, *, advice: str, spender: Spender
    ) -> ReasonedGraph:
        """Return the whole plan, checked, and why it is like that."""


class RepairService:
    """`most_tries`: how often a job is looked at in all, over its runs."""

    def __init__(
        self,
        *,
        adviser: Adviser,
        repairer: Repairer,
        repairs: RepairRepository,
        job_queue: JobQueue,
        clock: Clock,
        most_tries: int,
    ) -> None:
        self._adviser = adviser
        self._repairer = repairer
        self._repairs = repairs
        self._queue = job_queue
        self._clock = clock
        self._most_tries = most_tries
        self._failed = asyncio.Event()

    def look_soon(self) -> None:
        """Look without waiting for the next turn: a job has just failed here."""
        self._failed.set()

    async def run(self) -> None:
        """Look every few seconds, and when told, until cancelled."""
        while True:
            try:
                while await self.look_once():
                    pass
            except UnavailableError as error:
                log.warning("repairs_unavailable", error=str(error))
            except Exception:
                log.exception("repair_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await self._failed.wait()
            self._failed.clear()

    async def look_once(self) -> bool:
        """Look at the next failed job, if there is one; say whether there was."""
        now = self._clock.now()
        broken = await self._repairs.claim(now, since=now - _RECENT, stale=now - _STALE, most_tries=self._most_tries)
        if broken is not None:
            await self._look_at(broken)
        return broken is not None

    async def _look_at(self, broken: Broken) -> None:
        job = broken.job
        if not _may_help(broken):
            await self._repairs.note(job, "no_cure", "", self._clock.now())
            return
        try:
            spender, error = Spender(job.tenant, job.id, job.run), _told(broken)
            advice = await self._adviser.analyze_error(error, _context(broken), spender)
        except CPAError as failure:
            await self._repairs.note(job, failure.code, "", self._clock.now())
            return
        done = frozenset(task.task_id for task in broken.tasks if task.status is TaskStatus.DONE)
        try:
            graph = await self._repairer.repair(job, done, error, advice=advice, spender=spender)
        except CPAError as failure:
            log.warning("plan_not_repaired", job_id=job.id, code=failure.code, error=str(failure))
            await self._repairs.note(job, failure.code, advice, self._clock.now())
            return
        await self._apply(job, graph, advice)

    async def _apply(self, job: Job, graph: ReasonedGraph, advice: str) -> None:
        diff = diff_plans(job.task_graph, graph)
        if diff.empty:  # the same again would fail again
            await self._repairs.note(job, "advice", advice, self._clock.now())
            return
        repaired = Repaired(graph, diff.changed, diff.added, diff.removed)
        opened = await self._repairs.apply(job, repaired, advice, graph.why, self._clock.now())
        if opened is not None:
            log.info("plan_repaired", job_id=job.id, version=opened.plan_version)
            await self._queue.enqueue(opened)


def _may_help(broken: Broken) -> bool:
    """Whether another plan can help: nobody doubts what happened, and what failed has changed nothing."""
    failed = [task.failure for task in broken.tasks if task.failure is not None and task.status is TaskStatus.FAILED]
    if not failed or broken.job.error_code in _NO_CURE:
        return False
    return all(one.effect is Effect.NONE for one in failed)


def _told(broken: Broken) -> str:
    failed = [task for task in broken.tasks if task.status is TaskStatus.FAILED and task.failure is not None]
    lines = [f"{task.task_id}: {task.failure.code}: {task.failure.message}" for task in failed if task.failure]
    return "\n".join(lines) or (broken.job.error or "")


def _context(broken: Broken) -> dict[str, Any]:
    steps = {str(task.task_id): task.status.value for task in broken.tasks}
    return {"request": broken.job.description, "plan": broken.job.task_graph.canonical(), "steps": steps}
