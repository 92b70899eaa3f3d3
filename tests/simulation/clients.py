"""Clients, the API they speak to, and a person who looks before asking for another run.

Modelled: the API accepts, cancels and retries by one transaction of the store each, refuses new jobs while too many
wait (429), and answers 202 only when the commit has returned. A client that gets no answer, or a 503, asks again with
the same key. Who asks for another run has looked that nothing happened of what cannot be looked for otherwise: that is
what `retry` means.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from scheduler.core.errors import (
    CPAError,
    IdempotencyConflictError,
    JobNotFoundError,
    OutcomeUnknownError,
    StoreBusyError,
)
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.core.todo import step_of
from scheduler.repository.repository_interface import IdempotentRequest
from tests.simulation.agenda import Agenda, Process
from tests.simulation.agents import World
from tests.simulation.chance import Chance, Fault
from tests.simulation.dispatch import LEASE, Dispatch
from tests.simulation.model_store import ModelStore
from tests.simulation.plans import POST, TENANTS, Order
from tests.simulation.store_door import StoreDoor
from tests.simulation.violations import ViolationError

MOST_WAITING = 3
"""Jobs that may wait for a worker; more are refused."""

_ROUTE = "jobs"
_LONGEST_ATTEMPT = timedelta(seconds=30)


class ClientSurroundings(Protocol):
    """What clients and the API need of the simulation."""

    agenda: Agenda
    chance: Chance
    store: ModelStore
    door: StoreDoor
    dispatch: Dispatch
    world: World

    def new_id(self) -> str: ...
    def say(self, who: str, what: str) -> None: ...


class QueueFullError(CPAError):
    """Too many jobs wait: 429."""

    code = "queue_full"


class Api:
    """One process that serves all clients."""

    def __init__(self, around: ClientSurroundings) -> None:
        self.process = Process("api")
        self._around = around

    def submit(self, order: Order, answer: Callable[[JobId | Exception], None], digest: str = "") -> None:
        """Accept an order; the answer may never come."""
        around = self._around
        now = around.agenda.now
        job = Job(
            id=JobId(around.new_id()),
            tenant=order.tenant,
            intent="simulated",
            task_graph=order.graph,
            priority=order.priority,
            created_at=now,
            deadline=None if order.patience is None else now + timedelta(seconds=order.patience),
            not_before=now + timedelta(seconds=order.delay) if order.delay else None,
            max_retries=order.max_retries,
        )
        request = IdempotentRequest(key=order.key, route=_ROUTE, body_digest=digest or order.key)

        def accept() -> Job:
            if not around.store.knows(job.tenant, request) and self._is_full():
                around.chance.seen["refused, too many wait"] += 1
                raise QueueFullError("too many jobs wait")
            return around.store.accept(job, request)

        def accepted(stored: Job) -> None:
            self._tell(stored.id)
            self._answer(answer, stored.id)

        around.door.write(self.process, accept, accepted, lambda error: self._answer(answer, error))

    def _is_full(self) -> bool:
        waiting = [row for row in self._around.store.rows.values() if row.job.status is JobStatus.PENDING]
        return len(waiting) >= MOST_WAITING

    def change(self, change: Callable[[], Job], answer: Callable[[JobId | Exception], None]) -> None:
        """Cancel, retry, park: one transaction, then the queue is told if a worker is needed."""

        def changed(job: Job) -> None:
            if job.status in {JobStatus.PENDING, JobStatus.CANCELLING}:
                self._tell(job.id)
            self._answer(answer, job.id)

        self._around.door.write(self.process, change, changed, lambda error: self._answer(answer, error))

    def carry_on(self, job: Job, answers: dict[str, str] | None, answer: Callable[[JobId | Exception], None]) -> None:
        """Answer what the steps of a job ask, or (None) let it go on without; what it asks is read beforehand."""
        asked, store = self._around.store.rows[job.id].questions, self._around.store
        if asked is None:
            return

        def carried_on(stored: Job) -> None:
            self._around.dispatch.finish(stored)
            self._tell(stored.id)
            self._answer(answer, stored.id)

        self._around.door.write(
            self.process,
            lambda: store.carry_on(job.id, asked.round, answers, self._around.agenda.now),
            carried_on,
            lambda error: self._answer(answer, error),
        )

    def give_up_unanswered(self) -> None:
        """Let jobs go on whose steps have asked in vain."""
        around = self._around
        for row in list(around.store.rows.values()):
            if row.questions is not None and row.questions.expires_at <= around.agenda.now:
                around.chance.seen["nobody answers"] += 1
                self.carry_on(row.job, None, lambda _: None)

    def _tell(self, job_id: JobId) -> None:
        if not self._around.chance.strikes(Fault.QUEUE_NOT_TOLD):
            self._around.dispatch.put(job_id)

    def _answer(self, answer: Callable[[JobId | Exception], None], says: JobId | Exception) -> None:
        if not self._around.chance.strikes(Fault.REPLY_LOST):
            self._around.agenda.after(0.01, lambda: answer(says))

    def crash(self) -> None:
        """Die and be back at once; who waits for an answer waits in vain."""
        self.process.life += 1
        self._around.say("api", "dies and starts")


class Client:
    """Wants one order done, and looks after it until it has ended and no other run is wanted."""

    def __init__(self, order: Order, api: Api, around: ClientSurroundings, wishes: list[str]) -> None:
        self.order = order
        self.job_id: JobId | None = None
        self.settled = False
        self._api = api
        self._around = around
        self._wishes = wishes
        self._asked = 0
        self._parked_since: datetime | None = None

    def start(self) -> None:
        self._submit()

    def _submit(self) -> None:
        """Ask until there is an answer; sometimes once more although there was one."""
        self._asked += 1
        number = self._asked
        self._api.submit(self.order, lambda says: self._answered(says, number))
        self._around.agenda.after(8, lambda: self._waited(number))

    def _waited(self, number: int) -> None:
        if self.job_id is None and self._asked == number:
            self._around.chance.seen["submitted again"] += 1
            self._submit()

    def _answered(self, says: JobId | Exception, number: int) -> None:
        if isinstance(says, Exception):
            if not isinstance(says, QueueFullError | StoreBusyError):
                raise says
            if self.job_id is None and self._asked == number:
                self._around.agenda.after(self._around.chance.delay(1, 5), lambda: self._waited(number))
            return
        if self.job_id is not None and says != self.job_id:
            raise ViolationError(
                "I1", f"key {self.order.key!r} of {self.order.tenant} leads to {self.job_id} and {says}"
            )
        if self._around.store.get(says, self.order.tenant) is None:
            raise ViolationError("I1", f"{says} was answered with 202 and is not found")
        if self.job_id is None:
            self.job_id = says
            self._around.say("client", f"has {says} accepted for {self.order.tenant}")
            self._look()

    def _look(self) -> None:
        """Look how far the job is, and do what one wishes."""
        job = None if self.job_id is None else self._around.store.get(self.job_id, self.order.tenant)
        if job is None:
            raise ViolationError("I1", f"{self.job_id} was accepted and is not found")
        if job.status is JobStatus.WAITING and self._around.store.rows[job.id].questions is None:
            self._resume(job)
        elif job.status is JobStatus.WAITING and self._around.chance.odds(0.7):
            if self._around.chance.odds(0.4):
                self._answer(job)
        elif self._wishes:
            self._do(self._wishes.pop(0), job)
        elif job.status.final:
            self.settled = True
            return
        self._around.agenda.after(self._around.chance.delay(0.05, 4), self._look)

    def _do(self, wish: str, job: Job) -> None:
        store, clock = self._around.store, self._around.agenda
        match wish:
            case "cancel":
                self._change(wish, lambda: store.cancel(job.id, clock.now, job.tenant))
            case "retry" if not job.status.final:
                self._wishes.insert(0, wish)  # wait for the end
            case "retry":
                if job.status is not JobStatus.DONE and self._nothing_happened(job):
                    self._change(wish, lambda: store.retry(job.id, clock.now, job.tenant))
                elif job.status is not JobStatus.DONE and self._may_still_happen(job):
                    self._wishes.insert(0, wish)
            case "submit again":
                self._around.chance.seen[wish] += 1
                self._submit()
            case "use the key again":
                self._reuse_key()
            case "park" if job.status is JobStatus.RUNNING and self._around.chance.has(Fault.PARKED):
                self._around.chance.seen[Fault.PARKED] += 1
                self._change(wish, lambda: store.change_status(job.id, JobStatus.WAITING, clock.now, job.tenant))
            case "reach for others":
                self._reach_for_others(job)

    def _change(self, wish: str, change: Callable[[], Job]) -> None:
        def answered(says: JobId | Exception) -> None:
            if isinstance(says, Exception):
                if not isinstance(says, CPAError):
                    raise says
                self._around.chance.seen[f"{wish}: {type(says).__name__}"] += 1
            else:
                self._around.chance.seen[wish] += 1

        self._around.say("client", f"asks for {wish} of {self.job_id}")
        self._api.change(change, answered)

    def _resume(self, job: Job) -> None:
        """Set a parked job going again, when the worker it was taken from must have noticed."""
        store, clock = self._around.store, self._around.agenda
        self._parked_since = self._parked_since or clock.now
        if clock.now >= self._parked_since + LEASE:
            self._parked_since = None
            self._change("resume", lambda: store.change_status(job.id, JobStatus.PENDING, clock.now))

    def _answer(self, job: Job) -> None:
        """Answer what a step asks; somebody else may be faster, or the time over."""
        seen = self._around.chance.seen

        def told(says: JobId | Exception) -> None:
            if isinstance(says, Exception) and not isinstance(says, CPAError):
                raise says
            seen["answer" if not isinstance(says, Exception) else f"answer: {type(says).__name__}"] += 1

        for _ in range(2 if self._around.chance.odds(0.5) else 1):
            self._api.carry_on(job, {"code": "•••"}, told)

    def _reuse_key(self) -> None:
        """Ask for something else under the same key: refused, and nothing is stored."""

        def answered(says: JobId | Exception) -> None:
            if isinstance(says, IdempotencyConflictError):
                self._around.chance.seen["key used for another request"] += 1
            elif not isinstance(says, Exception):
                raise ViolationError("I1", f"key {self.order.key!r} is taken and was accepted for another request")

        self._api.submit(self.order, answered, digest="another request")

    def _reach_for_others(self, job: Job) -> None:
        """Try to see and to stop the job as another tenant."""
        other = next(tenant for tenant in TENANTS if tenant != job.tenant)

        def answered(says: JobId | Exception) -> None:
            if isinstance(says, JobNotFoundError):
                self._around.chance.seen["reached for another tenant's job"] += 1
            elif not isinstance(says, Exception):
                raise ViolationError("I7", f"{other} has cancelled {says} of {job.tenant}")

        if self._around.store.get(job.id, other) is not None:
            raise ViolationError("I7", f"{other} sees {job.id} of {job.tenant}")
        self._api.change(lambda: self._around.store.cancel(job.id, self._around.agenda.now, TenantId(other)), answered)

    def _nothing_happened(self, job: Job) -> bool:
        """Whether a person who looks finds nothing of the steps that nobody else can look for."""
        world = self._around.world
        happened = any(
            task.effect_key is not None and world.effects[task.effect_key]
            for task in self._around.store.tasks(job.id)
            if task.status is not TaskStatus.DONE and job.task_graph.tasks[step_of(task.task_id)].action == POST
        )
        return not happened and not self._may_still_happen(job)

    def _may_still_happen(self, job: Job) -> bool:
        """Whether somebody may still be at a step whose outcome nobody knew, or that was never looked after."""
        waited = job.completed_at is not None and self._around.agenda.now >= job.completed_at + _LONGEST_ATTEMPT
        return not waited and any(
            not task.status.final or (task.failure is not None and task.failure.code == OutcomeUnknownError.code)
            for task in self._around.store.tasks(job.id)
        )
