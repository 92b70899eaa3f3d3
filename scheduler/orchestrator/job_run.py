"""One run of one job: feeds `step` with what happens, stores what it decides, then has it done.

Dying between any two lines is safe: what was stored is taken up by the next worker, and what was done without being
stored is looked for in the world before it would be done again.
"""

import asyncio
import dataclasses
import functools
import math
import time
from collections.abc import Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any

import structlog

from scheduler.core.actions import ActionCatalog
from scheduler.core.assembling import values_of
from scheduler.core.errors import CPAError, LeaseLostError, UnavailableError
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    AttemptVerified,
    CancelRequested,
    LookFailed,
    RunEvent,
)
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import Job, JobStatus, Lease, TaskRun
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.to_its_end import to_its_end
from scheduler.core.todo import INDEX, ITEM, ToDo
from scheduler.orchestrator.carrier import Begin, in_a_task
from scheduler.orchestrator.commands import (
    Command,
    SetTimer,
    StartTask,
    StopTask,
    VerifyTask,
)
from scheduler.orchestrator.decisions import Decisions
from scheduler.orchestrator.progress_template import ProgressTemplate
from scheduler.orchestrator.run_change import patience
from scheduler.orchestrator.run_means import Means, Openings
from scheduler.orchestrator.run_plan import RunPlan
from scheduler.orchestrator.storing import store_at_last
from scheduler.repository.repository_interface import RunProgress

_MAY_WAIT = 0.05  # seconds that the start of a repeatable task may go unstored

_Tasks = Collection[asyncio.Task[None]]

log = structlog.get_logger(__name__)


class JobRun:
    """Holds a leased job until its run ends. Owned by one worker; `cancel` may be called at any time.

    `tasks` are the stored rows of those that were touched before.
    """

    must_store = False
    """Whether nothing may be done before what was decided is stored."""
    _held_until: datetime | None = None
    _waiting: asyncio.Future[None] | None = None
    _to_do: Sequence[Command] = ()
    _progress: RunProgress | None = None
    _store_by = math.inf
    _store_now = False
    _broken: BaseException | None = None

    def __init__(
        self, job: Job, tasks: Sequence[TaskRun], catalog: ActionCatalog, means: Means, begin: Begin = in_a_task
    ) -> None:
        values = values_of(job)
        lease: Lease | None = values["lease"]
        if lease is None:
            raise LeaseLostError(job.id)
        self.job = job
        self.id: JobId = values["id"]
        self.number: int = values["run"]
        self.lease = lease
        self._means = means
        self._begin = begin
        self._held_for = means.holds.of(lease)
        self._effect_keys = {task.task_id: task.effect_key for task in tasks}
        self.decisions = Decisions(job, lease, tasks, catalog, self._effect_keys, means.new_id)
        self._inbox: list[RunEvent] = []
        self._orders: dict[TaskId, tuple[int, ToDo, ExecutionContext]] = {}
        self._busy: dict[TaskId, asyncio.Task[None]] = {}
        self._at_it: dict[TaskId, set[asyncio.Task[None]]] = {}
        self._alarms: list[tuple[float, RunEvent]] = []

    @property
    def ended(self) -> bool:
        """Whether the end of the run is stored."""
        return self.decisions.status.final

    @property
    def status(self) -> JobStatus:
        return self.decisions.status

    @property
    def left(self) -> bool:
        """Whether the job is nobody's any more: it has ended, or is parked, and that is stored."""
        return self.decisions.status is not JobStatus.RUNNING

    def cancel(self) -> None:
        """Ask the run to stop; it ends when it is known what its busy tasks did."""
        self.tell(CancelRequested(at=self._means.clock.now()))

    def renewed(self, until: datetime) -> None:
        """Note until when the lease holds, by both clocks: the machine's may be set, the other may stand still."""
        self._held_until, self._held_for = until, self._means.holds.until(until)

    @property
    def lease_is_over(self) -> bool:
        """Whether another worker may have the job by now. Then nothing may be begun here any more."""
        clock = self._means.clock
        return clock.now() >= (self._held_until or self.lease.until) or clock.monotonic() >= self._held_for

    @property
    def busy(self) -> bool:
        """Whether somebody is at one of its steps."""
        return bool(self._at_it)

    def carried_by(self, begin: Begin) -> None:
        """Have steps begun by somebody else from now on."""
        self._begin = begin

    def open(self, openings: Openings) -> None:
        """Tell the run that it begins."""
        self.tell(openings.of(self.job, self.decisions))

    async def until_done(self) -> None:
        """Carry the run from where it is to its end, or until it is parked.

        Raises LeaseLostError when another worker has the job; what is busy is stopped.

        Raises an UnavailableError when the store cannot be written for minutes.
        """
        try:
            while not self.left:
                if self.must_store and self._broken is None:
                    await self._store()
                    self.act()
                elif not self.go_on() and not self.left:
                    await self._something()
        finally:
            self.quit()
            if self._at_it:
                await self._stop_everybody()

    def go_on(self) -> bool:
        """Decide and act for as long as something has happened; return whether something must be stored first."""
        decisions = self.decisions
        while decisions.status is JobStatus.RUNNING:
            if self._broken is not None:
                raise self._broken
            if not (self._inbox or self._store_now):
                return False
            events, self._inbox = self._inbox, []
            self._to_do = to_do = decisions.decide(events, store=self._store_now)
            if to_do:
                self._note_keys(to_do)
            if decisions.stores:
                self.must_store = True
                return True
            self.act()
        return False

    def _note_keys(self, to_do: Sequence[Command]) -> None:
        """Note the keys of the effects that are about to be begun; they are stored before."""
        for command in to_do:
            if type(command) is StartTask:
                self._effect_keys[command.task_id] = self._effect_key(command.task_id, command.attempt)

    def act(self) -> None:
        """Let what was decided count, and have it done."""
        self.decisions.settle()
        to_do = self._to_do
        if to_do:
            self._to_do = ()
            for command in to_do:
                self._perform(command)

    def breaks(self, error: BaseException) -> None:
        """Have the run end with an error, whatever else has happened."""
        self._broken = error
        self._stir()

    def quit(self) -> None:
        """Ask for nothing more; somebody may be busy still."""
        self._means.timers.remove(self)

    async def _stop_everybody(self) -> None:
        """Stop whoever is busy, and wait until they have let go, however often this run is cancelled meanwhile."""
        everybody = [task for busy in self._at_it.values() for task in busy]
        for task in everybody:
            task.cancel()
        if everybody:
            await to_its_end(asyncio.wait(everybody))

    def tell(self, event: RunEvent) -> None:
        """Let the run know what has happened."""
        self._inbox.append(event)
        if self._waiting is not None:
            self._stir()

    def _stir(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _something(self) -> None:
        """Wait until something has happened, or it is time to store what was not."""
        if self._store_by == math.inf and self.decisions.unstored:
            self._store_by = time.monotonic() + _MAY_WAIT
            self._means.timers.call_at(self._store_by, self)
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    async def _store(self) -> None:
        """Store what was decided and is not stored yet."""
        progress = self.progress()
        if progress is not None:
            try:
                await self._means.jobs.record(progress)
            except UnavailableError as error:
                await store_at_last(self._means, progress, error)
        self.stored()

    def progress(self) -> RunProgress | None:
        """Return what must be stored, the same until it is; None: nothing."""
        if self._progress is None:
            self._store_by = math.inf
            self._progress = self.decisions.progress()
        return self._progress

    @property
    def template(self) -> ProgressTemplate | None:
        """What has to be filled to make progress of this run; None: it is made already, or otherwise."""
        return self.decisions.template if self._progress is None else None

    def has_made(self, progress: RunProgress) -> None:
        """Take the progress that was made of the template."""
        self._store_by = math.inf
        self._progress = progress

    def stored(self) -> None:
        """Note that everything is stored."""
        self._progress = None
        self.decisions.stored()
        self.must_store = self._store_now = False

    def wake(self, now: float) -> float:
        """Bring back events whose time has come, and see that what waits to be stored is; see Timers."""
        if self._store_by <= now:
            self._store_now, self._store_by = True, math.inf
            self._stir()
        due = [event for moment, event in self._alarms if moment <= now]
        if due:
            self._alarms = [alarm for alarm in self._alarms if alarm[0] > now]
            for event in due:
                self._ring(event)
        return min(self._store_by, min((moment for moment, _ in self._alarms), default=math.inf))

    def _perform(self, command: Command) -> None:
        if type(command) is StartTask:
            task_id, attempt = command.task_id, command.attempt
            self._set_to_work(task_id, self._attempt(task_id, attempt, command.again, self._who_is_at(task_id)))
        elif type(command) is SetTimer:
            self._set_timer(command.event)
        elif type(command) is VerifyTask:
            task_id = command.task_id
            self._set_to_work(task_id, self._look(task_id, command.attempt, self._who_is_at(task_id)))
        elif type(command) is StopTask and command.task_id in self._busy:
            self._busy[command.task_id].cancel()

    def _who_is_at(self, task_id: TaskId) -> _Tasks:
        """Return whoever was stopped, or is late, and has not let go yet."""
        busy = self._at_it.get(task_id)
        return () if busy is None else tuple(busy)

    def _set_timer(self, event: RunEvent) -> None:
        if type(event) is AttemptOverdue and event.task_id not in self._at_it:
            return  # it has ended already
        event = self.decisions.timed(event)
        due = time.monotonic() + (event.at - self._means.clock.now()).total_seconds()
        self._alarms.append((due, event))
        self._means.timers.call_at(due, self)

    def _set_to_work(self, task_id: TaskId, work: Coroutine[Any, Any, RunEvent]) -> None:
        """Have it done, at once as far as nobody has to be waited for."""
        task = self._begin(self._report(work))
        if task is not None:
            self._busy[task_id] = task
            self._at_it.setdefault(task_id, set()).add(task)
            task.add_done_callback(functools.partial(self._let_go, task_id))

    async def _report(self, work: Coroutine[Any, Any, RunEvent]) -> None:
        """Tell how it ended; a bug of ours breaks the run."""
        try:
            event = await work
            if type(event) is AttemptFailed:
                self._means.on_failure(self.id, event)
            else:
                self.tell(event)
        except Exception as error:  # noqa: BLE001 - whoever carries the run gets it
            self.breaks(error)

    def _let_go(self, task_id: TaskId, task: asyncio.Task[None]) -> None:
        """Note that somebody is no longer busy."""
        self._at_it[task_id].discard(task)
        if not self._at_it[task_id]:
            del self._at_it[task_id]

    def _ring(self, event: RunEvent) -> None:
        event = dataclasses.replace(event, at=max(event.at, self._means.clock.now()))
        if isinstance(event, AttemptOverdue):
            event = dataclasses.replace(event, draw=self._means.random())
        self.tell(event)

    async def _attempt(
        self, task_id: TaskId, attempt: int, again: bool, earlier: _Tasks
    ) -> AttemptSucceeded | AttemptFailed:
        """Begin when whoever was stopped before has let go; until then the attempt's own time runs out.

        Raises LeaseLostError, nothing begun, when this process has slept through its lease.
        """
        if earlier:
            await asyncio.wait(earlier)
        if self.lease_is_over:
            raise LeaseLostError(self.id)
        try:
            todo, context = self._order(task_id, attempt)
        except CPAError as error:
            return self._means.runner.not_begun(task_id, attempt, error)
        can_tell = todo.verify is not None or task_id not in self.decisions.plan.repeatable
        return await self._means.runner.attempt(todo, context, look_first=again and can_tell)

    async def _look(
        self, task_id: TaskId, attempt: int, earlier: _Tasks
    ) -> AttemptVerified | LookFailed | AttemptFailed:
        """Look when whoever was stopped has let go, for as long as an attempt may take."""
        try:
            todo, context = self._order(task_id, attempt)
        except CPAError as error:
            return self._means.runner.not_begun(task_id, attempt, error)
        limit = patience(todo).total_seconds()
        try:
            async with asyncio.timeout(limit):
                if earlier:
                    await asyncio.wait(earlier)
                return await self._means.runner.look(todo, context)
        except TimeoutError:
            failure = TaskFailure(code="timeout", message=f"looking took longer than {limit:g} s")
            return self._means.runner.not_seen(context, failure)

    def _order(self, task_id: TaskId, attempt: int) -> tuple[ToDo, ExecutionContext]:
        """Return the task with its references replaced, and for whom it runs. Raises InvalidInputError."""
        ordered = self._orders.get(task_id)
        if ordered is not None and ordered[0] == attempt:
            return ordered[1:]
        plan = self.decisions.plan
        todo = plan.todos[task_id]
        inputs = plan.inputs.get(task_id)
        if inputs is None:
            todo = self._resolved(plan, task_id)
            inputs = todo.canonical()
            if todo is plan.todos[task_id]:
                plan.inputs[task_id] = inputs
        context = self._means.runner.context(self.job, task_id, inputs, attempt)
        self._orders[task_id] = attempt, todo, context
        return todo, context

    def _resolved(self, plan: RunPlan, task_id: TaskId) -> ToDo:
        """Return the task with its references replaced, the same if it has none. Raises InvalidInputError."""
        todo = plan.todos[task_id]
        results = self.decisions.results(todo.dependencies)
        if task_id in plan.items:
            results[ITEM], results[INDEX] = plan.items[task_id]
        return todo.resolved(results)

    def _effect_key(self, task_id: TaskId, attempt: int) -> str | None:
        """Return the key that the executor will get; None when it will get nothing because the order is faulty."""
        try:
            return self._order(task_id, attempt)[1].effect_key
        except CPAError:
            return None
