"""One run of one job: feeds `step` with what happens, stores what it decides, then has it done.

Dying between any two lines is safe: what was stored is taken up by the next worker, and what was done without being
stored is looked for in the world before it would be done again.
"""

import asyncio
import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import structlog

from scheduler.core.actions import ActionCatalog
from scheduler.core.clock import Clock
from scheduler.core.errors import CPAError, LeaseLostError, UnavailableError
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    AttemptVerified,
    CancelRequested,
    LookFailed,
    RunEvent,
    RunOpened,
)
from scheduler.core.ids import IdFactory, TaskId
from scheduler.core.job import Job, TaskRun, TaskStatus
from scheduler.core.retry import GiveUp, RetryPolicy, TaskFailure
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.orchestrator.commands import Command, SaveTask, SetTimer, StartTask, StopTask, VerifyTask
from scheduler.orchestrator.run_change import patience
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import RunState, open_run
from scheduler.orchestrator.step import step
from scheduler.orchestrator.task_runner import TaskRunner
from scheduler.repository.repository_interface import JobRepository, RunProgress

_STORING = RetryPolicy(max_attempts=60, base_delay=timedelta(milliseconds=50), max_delay=timedelta(seconds=5))

log = structlog.get_logger(__name__)


class JobRun:
    """Holds a leased job until its run ends. Owned by one worker; `cancel` may be called at any time."""

    def __init__(
        self,
        job: Job,
        tasks: Sequence[TaskRun],
        *,
        catalog: ActionCatalog,
        runner: TaskRunner,
        jobs: JobRepository,
        clock: Clock,
        random: Callable[[], float],
        new_id: IdFactory,
    ) -> None:
        if job.lease is None:
            raise LeaseLostError(job.id)
        self.job = job
        self._runner = runner
        self._jobs = jobs
        self._clock = clock
        self._random = random
        self._state: RunState = open_run(job, tasks, catalog)
        self._effect_keys = {task.task_id: task.effect_key for task in tasks}
        self._writer = ProgressWriter(job, job.lease, self._effect_keys, new_id)
        self._inbox: asyncio.Queue[RunEvent] = asyncio.Queue()
        self._busy: dict[TaskId, asyncio.Task[None]] = {}
        self._hands: defaultdict[TaskId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def ended(self) -> bool:
        """Whether the end of the run is stored."""
        return self._state.status.final

    def cancel(self) -> None:
        """Ask the run to stop; it ends when it is known what its busy tasks did."""
        self._inbox.put_nowait(CancelRequested(at=self._clock.now()))

    async def until_done(self) -> None:
        """Carry the run to its end. Raises LeaseLostError when another worker has the job; what is busy is stopped.

        Raises an UnavailableError when the store cannot be written for minutes.
        """
        self._inbox.put_nowait(RunOpened(at=self._clock.now(), crashes=self.job.crashes))
        try:
            async with asyncio.TaskGroup() as owner:
                try:
                    while not self.ended:
                        await self._happened(await self._next_events(), owner)
                finally:
                    for task in self._busy.values():
                        task.cancel()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            for timer in self._timers:
                timer.cancel()

    async def _next_events(self) -> list[RunEvent]:
        events = [await self._inbox.get()]
        while not self._inbox.empty():
            events.append(self._inbox.get_nowait())
        return events

    async def _happened(self, events: list[RunEvent], owner: asyncio.TaskGroup) -> None:
        """Decide, store the decision, then act on it."""
        state, commands = step(self._state, events)
        for command in commands:
            if isinstance(command, SaveTask) and state.tasks[command.task_id].status is TaskStatus.RUNNING:
                self._effect_keys[command.task_id] = self._effect_key(state, command.task_id)
        progress = self._writer.progress(state, commands)
        if progress is not None:
            await self._store(progress)
        self._state = state
        for command in commands:
            self._perform(command, owner)

    async def _store(self, progress: RunProgress) -> None:
        """Store it, for minutes if need be: to go on without would be to forget, to give up would be to redo."""
        for tries in itertools.count(1):
            try:
                await self._jobs.record(progress)
            except UnavailableError as error:
                now, failure = self._clock.now(), TaskFailure.of(error)
                answer = _STORING.decide(failure, attempts=tries, now=now, draw=self._random())
                if isinstance(answer, GiveUp):
                    raise
                log.warning("progress_not_stored_yet", tries=tries, error=str(error))
                await asyncio.sleep((answer.when - now).total_seconds())
            else:
                return

    def _perform(self, command: Command, owner: asyncio.TaskGroup) -> None:
        match command:
            case StartTask(task_id=task_id, attempt=attempt, again=again):
                self._busy[task_id] = owner.create_task(self._report(self._attempt, task_id, attempt, again))
            case VerifyTask(task_id=task_id, attempt=attempt):
                self._busy[task_id] = owner.create_task(self._report(self._look, task_id, attempt))
            case StopTask(task_id=task_id) if task_id in self._busy:
                self._busy[task_id].cancel()
            case SetTimer(event=event):
                delay = max(0.0, (event.at - self._clock.now()).total_seconds())
                self._timers.append(asyncio.get_running_loop().call_later(delay, self._ring, event))

    async def _report(self, work: Callable[..., Coroutine[Any, Any, RunEvent]], *args: object) -> None:
        self._inbox.put_nowait(await work(*args))

    def _ring(self, event: RunEvent) -> None:
        event = dataclasses.replace(event, at=max(event.at, self._clock.now()))
        if isinstance(event, AttemptOverdue):
            event = dataclasses.replace(event, draw=self._random())
        self._inbox.put_nowait(event)

    async def _attempt(self, task_id: TaskId, attempt: int, again: bool) -> AttemptSucceeded | AttemptFailed:
        """Begin when whoever was stopped before has let go; until then the attempt's own time runs out."""
        async with self._hands[task_id]:
            try:
                todo, context = self._order(self._state, task_id, attempt)
            except CPAError as error:
                return self._runner.not_begun(task_id, attempt, error)
            can_tell = todo.verify is not None or task_id not in self._state.plan.repeatable
            return await self._runner.attempt(todo, context, look_first=again and can_tell)

    async def _look(self, task_id: TaskId, attempt: int) -> AttemptVerified | LookFailed | AttemptFailed:
        """Look when whoever was stopped has let go, for as long as an attempt may take."""
        try:
            todo, context = self._order(self._state, task_id, attempt)
        except CPAError as error:
            return self._runner.not_begun(task_id, attempt, error)
        limit = patience(todo).total_seconds()
        try:
            async with asyncio.timeout(limit), self._hands[task_id]:
                return await self._runner.look(todo, context)
        except TimeoutError:
            failure = TaskFailure(code="timeout", message=f"looking took longer than {limit:g} s")
            return self._runner.not_seen(context, failure)

    def _order(self, state: RunState, task_id: TaskId, attempt: int) -> tuple[ToDo, ExecutionContext]:
        """Return the task with its references replaced, and for whom it runs. Raises InvalidInputError."""
        todo = state.plan.todos[task_id]
        given = ((needed, state.tasks[needed].result) for needed in todo.dependencies)
        todo = todo.resolved({needed: result for needed, result in given if result is not None})
        return todo, self._runner.context(self.job, todo, attempt)

    def _effect_key(self, state: RunState, task_id: TaskId) -> str | None:
        """Return the key that the executor will get; None when it will get nothing because the order is faulty."""
        try:
            return self._order(state, task_id, state.tasks[task_id].attempts)[1].effect_key
        except CPAError:
            return None
