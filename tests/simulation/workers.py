"""Workers that lease jobs and run several at once, as `Worker` does, and that crash, pause, and leave in order.

Modelled: a short poll stands for the wake-up by a change; cancellations and renewals are looked after at fixed times. A
job that has killed too many workers is put aside before it is opened, as `Orchestrator` does.
"""

from typing import Protocol

from scheduler.core.errors import CPAError, InvalidTransitionError, LeaseLostError, UnavailableError
from scheduler.core.events import MOST_CRASHES, RunOpened
from scheduler.core.ids import JobId
from scheduler.core.job import Job, JobStatus
from scheduler.orchestrator.run_plan import RunPlan
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import RunState, TaskMap
from scheduler.orchestrator.step import step
from tests.simulation.agenda import Process
from tests.simulation.chance import Fault
from tests.simulation.dispatch import LEASE, Claim, Dispatch
from tests.simulation.job_run import SimulatedRun, Surroundings
from tests.simulation.violations import ViolationError

_POLL = 0.5  # seconds
MOST_RUNS = 3


class WorkerSurroundings(Surroundings, Protocol):
    """What a worker needs of the simulation."""

    dispatch: Dispatch

    def say(self, who: str, what: str) -> None: ...
    def died(self, worker: "SimulatedWorker") -> None: ...


class SimulatedWorker:
    """A process. What it holds in memory dies with it; its leases run out by time."""

    def __init__(self, name: str, around: WorkerSurroundings) -> None:
        self.process = Process(name)
        self.runs: dict[JobId, SimulatedRun] = {}
        self._around = around
        self._claiming = False
        self._draining = False

    def start(self) -> None:
        self._claiming = self._draining = False
        self._around.agenda.after(self._around.chance.delay(0, _POLL), self._look, self.process)
        self._keep_leases()

    def _look(self) -> None:
        """Take a job if there is one and a place is free; ask cancelled runs to stop."""
        around = self._around
        for run in list(self.runs.values()):
            stored = around.store.get(run.job.id)
            if stored is not None and stored.status is JobStatus.CANCELLING and not around.door.busy:
                run.cancel()
        if not (self._claiming or self._draining or around.door.busy) and len(self.runs) < MOST_RUNS:
            claim = around.dispatch.next_claim()
            if claim is not None:
                self._claim(claim)
        around.agenda.after(_POLL, self._look, self.process)

    def _claim(self, claim: Claim) -> None:
        self._claiming = True
        self._around.door.write(self.process, claim, self._leased, self._not_leased)

    def _not_leased(self, _: Exception) -> None:
        self._claiming = False

    def _leased(self, job: Job | None) -> None:
        self._claiming = False
        if job is None:
            return
        self._around.say(self.process.name, f"has leased {job.id}, epoch {job.lease.epoch if job.lease else None}")
        earlier = self.runs.pop(job.id, None)
        if earlier is not None:
            earlier.stop()
        if job.crashes > MOST_CRASHES + 1:
            self._put_aside(job)
            return
        run = SimulatedRun(
            job,
            self._around.store.tasks(job.id),
            around=self._around,
            process=self.process,
            ended=self._run_ended,
        )
        self.runs[job.id] = run
        if self._draining:
            self._hand_back(run)

    def _put_aside(self, job: Job) -> None:
        """End a run that cannot even be opened, as one without tasks."""
        around = self._around
        around.chance.seen["job put aside unopened"] += 1
        plan = RunPlan(todos={}, dependents={}, repeatable=frozenset())
        state = RunState(job_id=job.id, plan=plan, tasks=TaskMap({}))
        state, commands = step(state, [RunOpened(at=around.agenda.now, crashes=job.crashes)])
        if job.lease is None:
            raise LeaseLostError(job.id)
        progress = ProgressWriter(job, job.lease, {}, around.new_id).progress(state, commands)
        if progress is not None:
            progress.rest = state.failure
            around.door.write(
                self.process,
                lambda: around.store.record(progress),
                lambda _: around.dispatch.finish(job),
                lambda _: None,
            )

    def _run_ended(self, run: SimulatedRun, error: Exception | None) -> None:
        """Forget the run. What is given up is handed back; what broke keeps its lease until that runs out."""
        if self.runs.get(run.job.id) is run:
            del self.runs[run.job.id]
        if isinstance(error, InvalidTransitionError):
            raise ViolationError("I4", str(error)) from error
        if error is None and not self._around.chance.strikes(Fault.QUEUE_NOT_TOLD):
            self._around.dispatch.finish(run.job)
        elif isinstance(error, LeaseLostError):
            self._around.chance.seen["lease lost"] += 1
        elif isinstance(error, UnavailableError):
            self._around.chance.seen["given up, the store is busy"] += 1
            self._hand_back(run)
        elif error is not None:
            self._around.chance.seen["run broke"] += 1

    def _keep_leases(self) -> None:
        for run in list(self.runs.values()):
            if self._around.door.busy:
                break
            try:
                run.held_until = self._around.dispatch.renew(run.job)
            except LeaseLostError:
                self._around.chance.seen["lease lost"] += 1
                del self.runs[run.job.id]
                run.stop()
        self._around.agenda.after(LEASE.total_seconds() / 3, self._keep_leases, self.process)

    def drain(self) -> None:
        """Lease nothing more, hand back what is running, then start anew."""
        self._draining = True
        for run in list(self.runs.values()):
            self._hand_back(run)
        self._around.agenda.after(3, self._restart, self.process)

    def _hand_back(self, run: SimulatedRun) -> None:
        around = self._around
        if self.runs.get(run.job.id) is run:
            del self.runs[run.job.id]
        run.stop()

        def handed_back(_: None) -> None:
            around.chance.seen["handed back"] += 1
            around.dispatch.finish(run.job)
            around.dispatch.put(run.job.id)

        def failed(error: Exception) -> None:
            if not isinstance(error, CPAError):
                raise error

        around.door.write(self.process, lambda: around.store.hand_back(run.job, around.agenda.now), handed_back, failed)

    def holds(self, job_id: JobId, epoch: int) -> bool:
        """Whether the worker has a lease that is not over by its own clock."""
        run = self.runs.get(job_id)
        return run is not None and run.epoch == epoch and not run.over and run.held_until > self._around.agenda.now

    def crash(self, down: float) -> None:
        """Die, and start anew after so many seconds."""
        if not self.process.alive:
            return
        self._around.say(self.process.name, "dies")
        self._around.died(self)
        for run in self.runs.values():
            run.over = True
        self.runs.clear()
        self.process.alive = False
        self.process.paused_until = 0
        self._around.agenda.after(down, self._restart)

    def _restart(self) -> None:
        for run in self.runs.values():
            run.over = True
        self.runs.clear()
        self.process.alive, self.process.life = True, self.process.life + 1
        self._around.say(self.process.name, "starts")
        self.start()

    def pause(self, seconds: float) -> None:
        """Stand still, as a process that is stopped does, and go on as if nothing had been."""
        agenda = self._around.agenda
        self.process.paused_until = agenda.micros + int(seconds * 1_000_000)
        leases = {run.job.id: run.epoch for run in self.runs.values()}
        agenda.after(seconds, lambda: self._awakes(leases))

    def _awakes(self, leases: dict[JobId, int]) -> None:
        if any(self._around.store.rows[job_id].epoch > epoch for job_id, epoch in leases.items()):
            self._around.chance.seen["worker awakes with an old lease"] += 1
