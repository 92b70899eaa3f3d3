"""One run of one job: feeds `step` with what happens, stores what it decides, then has it done.

Dying between any two lines is safe: what was stored is taken up by the next worker, and what was done without being
stored is looked for in the world before it would be done again.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from scheduler.core.actions import ActionCatalog
from scheduler.core.audit_entry import AuditEntry
from scheduler.core.clock import Clock
from scheduler.core.errors import CPAError, LeaseLostError
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    AttemptVerified,
    CancelRequested,
    EventType,
    JobEvent,
    LookFailed,
    RunEvent,
    RunOpened,
)
from scheduler.core.ids import IdFactory, TaskId
from scheduler.core.job import Job, Lease, TaskRun, TaskStatus
from scheduler.core.retry import TaskFailure
from scheduler.core.sentences import sentence
from scheduler.orchestrator.commands import (
    Command,
    FinishRun,
    NoteEvent,
    SaveTask,
    SetTimer,
    StartTask,
    StopTask,
    VerifyTask,
)
from scheduler.orchestrator.state import RunState, TaskState, open_run
from scheduler.orchestrator.step import step
from scheduler.orchestrator.task_runner import TaskRunner, moment_after, results_of
from scheduler.repository.repository_interface import JobRepository, RunProgress

_WITH_ENTRY = frozenset(EventType) - {EventType.TASK_VERIFYING}
_FAILURES = frozenset({EventType.TASK_FAILED, EventType.JOB_FAILED})


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
        self._lease: Lease = job.lease
        self._runner = runner
        self._jobs = jobs
        self._clock = clock
        self._random = random
        self._new_id = new_id
        self._state: RunState = open_run(job, tasks, catalog)
        self._keys = {task.task_id: task.effect_key for task in tasks}
        self._inbox: asyncio.Queue[RunEvent] = asyncio.Queue()
        self._busy: dict[TaskId, asyncio.Task[None]] = {}
        self._timers: list[asyncio.TimerHandle] = []

    def cancel(self) -> None:
        """Ask the run to stop; it ends when it is known what its busy tasks did."""
        self._inbox.put_nowait(CancelRequested(at=self._clock.now()))

    async def until_done(self) -> None:
        """Carry the run to its end. Raises LeaseLostError when another worker has the job; what is busy is stopped."""
        self._inbox.put_nowait(RunOpened(at=self._clock.now(), crashes=self.job.crashes))
        try:
            async with asyncio.TaskGroup() as owner:
                try:
                    while not self._state.status.final:
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
        self._state, commands = step(self._state, events)
        await self._save(commands)
        for command in commands:
            self._perform(command, owner)

    async def _save(self, commands: list[Command]) -> None:
        changed = list(dict.fromkeys(command.task_id for command in commands if isinstance(command, SaveTask)))
        notes = [command for command in commands if isinstance(command, NoteEvent)]
        end = next((command for command in commands if isinstance(command, FinishRun)), None)
        if not changed and not notes and end is None:
            return
        progress = RunProgress(
            job_id=self.job.id,
            tenant=self.job.tenant,
            lease_token=self._lease.token,
            tasks=[self._row(task_id) for task_id in changed],
            events=[self._line(note) for note in notes],
            audit=[self._entry(note) for note in notes if note.type in _WITH_ENTRY],
        )
        if end is not None:
            progress = dataclasses.replace(
                progress,
                status=end.status,
                completed_at=end.at,
                error=self._sentence(end.failure),
                error_code=end.failure.code if end.failure else None,
            )
        await self._jobs.record(progress)

    def _row(self, task_id: TaskId) -> TaskRun:
        task = self._state.tasks[task_id]
        if task.status is TaskStatus.RUNNING:
            self._keys[task_id] = self._effect_key(task_id, task)
        fields = {name: getattr(task, name) for name in TaskState._fields if name not in {"waiting_for", "checks"}}
        return TaskRun(
            job_id=self.job.id, task_id=task_id, run=self.job.run, effect_key=self._keys.get(task_id), **fields
        )

    def _effect_key(self, task_id: TaskId, task: TaskState) -> str | None:
        try:
            todo = self._runner.resolved(self._state.plan.todos[task_id], results_of(self._state.tasks))
        except CPAError:
            return None  # the attempt will fail with the same error and say so
        return self._runner.context(self.job, todo, task.attempts).effect_key

    def _line(self, note: NoteEvent) -> JobEvent:
        return JobEvent(
            tenant=self.job.tenant,
            job_id=self.job.id,
            run=self.job.run,
            type=note.type,
            at=note.at,
            task_id=note.task_id,
            data=self._said(note),
        )

    def _said(self, note: NoteEvent) -> dict[str, Any]:
        """Return a line's data; a failure is also said in the language of the request."""
        data = dict(note.data)
        if note.task_id is not None:
            data["action"] = self._state.plan.todos[note.task_id].action
        if note.type is EventType.TASK_FAILED and note.task_id is not None:
            data["error"] = self._sentence(self._state.tasks[note.task_id].failure)
        if note.type is EventType.JOB_FAILED:
            data["error"] = self._sentence(self._state.failure)
        return data

    def _entry(self, note: NoteEvent) -> AuditEntry:
        todo = self._state.plan.todos[note.task_id] if note.task_id else None
        evidence = self._state.tasks[note.task_id].evidence if note.task_id else ()
        kind, _, what = note.type.partition("_")
        return AuditEntry(
            id=self._new_id(),
            timestamp=note.at,
            tenant=self.job.tenant,
            job_id=self.job.id,
            task_id=note.task_id,
            action=todo.action if todo else f"job.{what}",
            reason=(todo.reason or self.job.description or self.job.intent) if todo else self.job.description,
            result="failure" if note.type in _FAILURES else "success",
            screenshot_path=evidence[-1] if evidence else None,
            metadata={"run": self.job.run, kind: what, **dict(note.data)},
        )

    def _sentence(self, failure: TaskFailure | None) -> str | None:
        if failure is None:
            return None
        slots = self.job.context.get("slots", {})
        return sentence(failure.code, self.job.locale, {**slots, **failure.facts, "correlation_id": self.job.id})

    def _perform(self, command: Command, owner: asyncio.TaskGroup) -> None:
        match command:
            case StartTask(task_id=task_id, attempt=attempt):
                self._after_the_earlier(task_id, self._attempt(task_id, attempt), owner)
            case VerifyTask(task_id=task_id, attempt=attempt):
                self._after_the_earlier(task_id, self._look(task_id, attempt), owner)
            case StopTask(task_id=task_id) if task_id in self._busy:
                self._busy[task_id].cancel()
            case SetTimer(event=event):
                loop = asyncio.get_running_loop()
                self._timers.append(loop.call_later(moment_after(self._clock, event.at), self._ring, event))

    def _after_the_earlier(
        self, task_id: TaskId, work: Coroutine[Any, Any, RunEvent], owner: asyncio.TaskGroup
    ) -> None:
        """Begin as soon as whoever was busy with the task before has let go."""
        self._busy[task_id] = owner.create_task(self._answer(self._busy.get(task_id), work))

    async def _answer(self, earlier: asyncio.Task[None] | None, work: Coroutine[Any, Any, RunEvent]) -> None:
        try:
            if earlier is not None:
                await asyncio.wait([earlier])
            self._inbox.put_nowait(await work)
        finally:
            work.close()

    def _ring(self, event: RunEvent) -> None:
        event = dataclasses.replace(event, at=max(event.at, self._clock.now()))
        if isinstance(event, AttemptOverdue):
            event = dataclasses.replace(event, draw=self._random())
        self._inbox.put_nowait(event)

    async def _attempt(self, task_id: TaskId, attempt: int) -> AttemptSucceeded | AttemptFailed:
        plan = self._state.plan
        try:
            todo = self._runner.resolved(plan.todos[task_id], results_of(self._state.tasks))
        except CPAError as error:
            failure = TaskFailure.of(error)
            return AttemptFailed(task_id=task_id, attempt=attempt, at=self._clock.now(), failure=failure, draw=0.0)
        context = self._runner.context(self.job, todo, attempt)
        return await self._runner.attempt(todo, context, repeatable=task_id in plan.repeatable)

    async def _look(self, task_id: TaskId, attempt: int) -> AttemptVerified | LookFailed:
        todo = self._runner.resolved(self._state.plan.todos[task_id], results_of(self._state.tasks))
        limit = todo.timeout
        try:
            async with asyncio.timeout(limit):
                return await self._runner.look(todo, self._runner.context(self.job, todo, attempt))
        except TimeoutError:
            failure = TaskFailure(code="timeout", message=f"looking took longer than {limit:g} s")
            now, draw = self._clock.now(), self._random()
            return LookFailed(task_id=task_id, attempt=attempt, at=now, failure=failure, draw=draw)
