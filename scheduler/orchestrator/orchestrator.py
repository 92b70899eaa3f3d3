"""Carries one leased job to its end: from the store into a run, through the run, and out again.

What recovers a step that failed: `handle_task_failure` tells the run, `step` decides by the class of the error
(`core/retry.ErrorClass`), `agents/choosing` takes another agent. A job that failed in the end is looked at by a model,
if there is one (`repair_service`).
"""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog

from scheduler.core.actions import ActionCatalog
from scheduler.core.agent import Agent
from scheduler.core.agent_wire import LamReceipt
from scheduler.core.clock import Clock
from scheduler.core.errors import JobNotFoundError, LeaseLostError, UnavailableError
from scheduler.core.events import MOST_CRASHES, RULES, AttemptFailed, RunOpened, RunRules
from scheduler.core.ids import IdFactory, JobId, TenantId
from scheduler.core.job import Job, JobStatus, TaskRun
from scheduler.core.lam_protocol import BaseMessage
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.to_its_end import to_its_end
from scheduler.core.todo import ToDo
from scheduler.core.trace_context import of_run
from scheduler.orchestrator.carrier import Begin, Carrier, in_a_task
from scheduler.orchestrator.job_run import JobRun
from scheduler.orchestrator.run_group import Carried, RunGroup
from scheduler.orchestrator.run_means import Holds, Means, Openings
from scheduler.orchestrator.run_plan import RunPlan
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import RunState, TaskMap
from scheduler.orchestrator.step import step
from scheduler.orchestrator.task_runner import Executors, TaskRunner
from scheduler.orchestrator.timers import Timers
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import JobRepository, TaskRepository
from scheduler.telemetry.logs import log_of_no_run, log_of_run
from scheduler.telemetry.telemetry import tell_span, traces_are_on

log = structlog.get_logger(__name__)


Work = Callable[[], Awaitable[None]]


class Alone(Protocol):
    """Whoever has runs go on that others do not wait for."""

    def __call__(self, run: Carrier, job: Job, work: Work) -> None:
        """Carry the run of a job on, from where it is."""


class AgentTasks(Protocol):
    """Orders to agents, and what these say."""

    async def assign(self, todo: ToDo, agent: Agent, context: ExecutionContext) -> tuple[BaseMessage, datetime]:
        """Give the agent the step; return the order, and until when it is waited for."""

    async def receive(self, said: str | bytes | Mapping[str, Any]) -> LamReceipt:
        """Check what an agent says, store it, and wake whoever waits for it."""


class Orchestrator:
    """Runs jobs that this worker has leased. `catalog_of` tells what is known of actions in plans of a tenant.

    `on_failed` is told when a run has failed for good, so that a model may look at it.
    """

    def __init__(
        self,
        *,
        job_queue: JobQueue,
        jobs: JobRepository,
        tasks: TaskRepository,
        catalog_of: Callable[[TenantId], ActionCatalog],
        executors: Executors,
        agents: AgentTasks,
        runner: TaskRunner,
        clock: Clock,
        random: Callable[[], float],
        new_id: IdFactory,
        most_crashes: int = MOST_CRASHES,
        rules: RunRules = RULES,
        on_failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._agents = agents
        self._on_failed = on_failed
        self._queue = job_queue
        self._tasks = tasks
        self._catalog_of = catalog_of
        self._executors = executors
        self._means = Means(
            runner=runner,
            jobs=jobs,
            clock=clock,
            timers=Timers(),
            holds=Holds(clock),
            random=random,
            new_id=new_id,
            on_failure=self.handle_task_failure,
            most_crashes=most_crashes,
            rules=rules,
        )
        self._runs: dict[JobId, JobRun] = {}
        self._until: dict[JobId, datetime] = {}

    async def process_job(self, job_id: JobId) -> None:
        """Carry the job, leased before, to the end of its run. Raises JobNotFoundError and LeaseLostError."""
        job = await self._queue.get_job(job_id)
        if job is None:
            raise JobNotFoundError(job_id)
        await self.process(job)

    async def process(self, job: Job, begin: Begin = in_a_task) -> None:
        """Carry a job as `dequeue` gave it to the end of its run, or until it is parked, in an asyncio task of its own.

        Its steps are begun by `begin`. Raises LeaseLostError.
        """
        if job.crashes > self._means.most_crashes + 1:  # the fault lies before anything that `step` could decide
            await self._put_aside(job)
            return
        lease, job_id = job.lease, job.id
        if lease is None:
            raise LeaseLostError(job_id)
        held = lease.until
        tasks, until = await self._touched_tasks(job, held) if lease.epoch > 1 else ((), held)
        run = self._opened(job, tasks, begin, Openings(self._means))
        if until is not held:
            run.renewed(until)
        await self._carry_on(run)

    async def process_together(
        self,
        jobs: Mapping[Carrier, Job],
        begin: Begin,
        alone: Alone,
        ended: Callable[[Sequence[Carrier]], Awaitable[None]],
    ) -> None:
        """Carry jobs as `dequeue` gave them, side by side: what they store at the same time is stored with one write.

        Who has to wait for anything else, or does not do what the others do, goes on alone; `ended` gets the others.
        """
        runs, openings = list[Carried](), Openings(self._means)
        for carrier, job in jobs.items():
            if carrier.cancelled:
                carrier.end()
                continue
            run = self._opened_at_once(job, begin, openings)
            if run is None:
                alone(carrier, job, functools.partial(self.process, job, carrier.begin))
            else:
                runs.append((carrier, run))
        goes_alone = functools.partial(self._goes_alone, alone)
        have_ended = functools.partial(self._have_ended, goes_alone, ended)
        group = RunGroup(self._means.jobs, self._means.new_id, alone=goes_alone, ended=have_ended)
        await group.carry(runs)

    def _opened_at_once(self, job: Job, begin: Begin, openings: Openings) -> JobRun | None:
        """Open a run of which the store need not be asked anything; None: another, or one that cannot be opened."""
        lease = job.lease
        if lease is None or lease.epoch > 1:
            return None
        try:
            return self._opened(job, (), begin, openings)
        except Exception:  # noqa: BLE001 - whoever opens it alone finds out
            return None

    def _opened(self, job: Job, tasks: Sequence[TaskRun], begin: Begin, openings: Openings) -> JobRun:
        run = JobRun(job, tasks, self._catalog_of(job.tenant), self._means, begin)
        run.open(openings)
        self._runs[run.id] = run
        return run

    def _goes_alone(self, alone: Alone, carrier: Carrier, run: JobRun) -> None:
        run.carried_by(carrier.begin)
        alone(carrier, run.job, functools.partial(self._carry_on, run))

    async def _have_ended(
        self,
        goes_alone: Callable[[Carrier, JobRun], None],
        ended: Callable[[Sequence[Carrier]], Awaitable[None]],
        runs: Sequence[Carried],
    ) -> None:
        """Clear up after runs; each alone where that means to wait."""
        if self._executors.hold_anything:
            for carrier, run in runs:
                goes_alone(carrier, run)
            return
        for _, run in runs:
            run.quit()
            try:
                self._close(run)
            except Exception:
                log.exception("run_not_cleared_up", job_id=run.id)
        log_of_no_run()
        await ended([carrier for carrier, _ in runs])

    async def _carry_on(self, run: JobRun) -> None:
        """Carry a run to its end. What is logged from now on in this task names its job."""
        log_of_run(run.id, run.number)
        try:
            await run.until_done()
        except LeaseLostError:
            log.warning("lease_lost")
            raise
        finally:
            if self._executors.hold_anything:
                await to_its_end(self._let_go(run))
            if run.ended and run.lease.epoch > 1:
                await self._means.runner.forget_answers(run.id)
            self._close(run)

    def _close(self, run: JobRun) -> None:
        if self._runs.get(run.id) is run:
            del self._runs[run.id]
        if run.status is JobStatus.FAILED:
            self._on_failed()
        if traces_are_on() and run.ended:
            _tell_of(run)

    def handle_task_failure(self, job_id: JobId, failed: AttemptFailed) -> None:
        """Try it again, elsewhere if the agent was at fault; find out first what it did; ask; or give up.

        `step` decides that by the class of the error. A run that has ended meanwhile needs to know no more.
        """
        failure = failed.failure
        log.info(
            "attempt_failed",
            task_id=failed.task_id,
            attempt=failed.attempt,
            code=failure.code,
            error_class=failure.error_class,
            agent=failure.agent_id,
        )
        run = self._runs.get(job_id)
        if run is not None:
            run.tell(failed)

    async def assign_task_to_agent(self, task: ToDo, agent: Agent, context: ExecutionContext) -> str:
        """Send the agent a LAM request for the step; return the id of the conversation, which is that of the job.

        Raises AgentUnreachableError and OutcomeUnknownError.
        """
        order, _ = await self._agents.assign(task, agent, context)
        return order.correlation.conversation_id or order.id

    async def handle_agent_response(self, message: str | bytes | Mapping[str, Any]) -> LamReceipt:
        """Take in what an agent says, of any type and from any transport.

        The attempt that waits for it, here or in another process, goes on with it: `step` then brings task and job on.
        Raises what LamGateway.receive raises.
        """
        return await self._agents.receive(message)

    async def _touched_tasks(self, job: Job, until: datetime) -> tuple[Sequence[TaskRun], datetime]:
        """Return what is stored of the tasks, which nobody has touched in a job's first epoch; and until when the lease
        holds by now."""
        self._until[job.id] = until
        try:
            return await self._tasks.list(job.id), self._until[job.id]
        finally:
            del self._until[job.id]

    async def _put_aside(self, job: Job) -> None:
        """End a run that cannot even be opened, and what is open of its tasks. Raises LeaseLostError."""
        if job.lease is None:
            raise LeaseLostError(job.id)
        log.error("job_put_aside", job_id=job.id, crashes=job.crashes)
        plan = RunPlan(todos={}, dependents={}, repeatable=frozenset())
        state = RunState(job_id=job.id, plan=plan, tasks=TaskMap({}))
        state, commands = step(
            state, [RunOpened(at=self._means.clock.now(), crashes=job.crashes, most_crashes=self._means.most_crashes)]
        )
        progress = ProgressWriter(job, job.lease, {}, self._means.new_id).progress(state, commands)
        if progress is not None:
            progress.rest = state.failure
            await self._means.jobs.record(progress)
        await self._executors.let_go(job.id, ended=True)

    async def _let_go(self, run: JobRun) -> None:
        await self._executors.let_go(run.id, ended=run.ended or await self._has_ended(run.id))

    async def _has_ended(self, job_id: JobId) -> bool:
        """Whether another worker has ended the job meanwhile; what is not known now is kept."""
        try:
            stored = await self._queue.get_job(job_id)
        except UnavailableError:
            return False
        return stored is None or stored.status.final

    def has_left(self, job_id: JobId) -> bool:
        """Whether a run of this worker has stored its end, or that it is parked, and needs its lease no more."""
        run = self._runs.get(job_id)
        return run is not None and run.left

    def renewed(self, job_id: JobId, until: datetime) -> None:
        """Let a run of this worker, or one that is about to begin, know until when it holds its job."""
        if job_id in self._until:
            self._until[job_id] = until
        run = self._runs.get(job_id)
        if run is not None:
            run.renewed(until)

    def stop(self, job_id: JobId) -> bool:
        """Ask a run of this worker to stop because its job was cancelled; return whether there is one."""
        run = self._runs.get(job_id)
        if run is not None:
            run.cancel()
        return run is not None


def _tell_of(run: JobRun) -> None:
    """Trace a run that has ended, as that of which its steps are part."""
    job = run.job
    code = None if run.status is JobStatus.DONE else str(run.status)
    began = job.started_at or job.created_at
    tell_span(f"job {job.intent}", of_run(job.id, job.run), began, code, job_id=job.id, tenant=job.tenant, run=job.run)
