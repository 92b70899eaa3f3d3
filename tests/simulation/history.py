"""One seeded history: a few clients, some workers, two agents, a store, a queue, and faults; then calm.

Everything happens in virtual time, in one thread, in an order that the seed alone decides: a failure can be repeated.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from scheduler.core.events import RunEvent, RunOpened, RunRules
from scheduler.core.ids import JobId
from scheduler.core.todo import step_of
from scheduler.orchestrator.commands import Command, StartTask
from scheduler.orchestrator.state import RunState
from tests.simulation.agenda import Agenda, Process
from tests.simulation.agents import Agent, World
from tests.simulation.chance import Chance, Fault
from tests.simulation.clients import MOST_WAITING, Api, Client
from tests.simulation.dispatch import LEASE, Dispatch, ForgetfulDispatch, StoreDispatch
from tests.simulation.invariants import Invariants
from tests.simulation.job_run import SimulatedRun
from tests.simulation.model_rows import Commit
from tests.simulation.model_store import ModelStore
from tests.simulation.network import Answer, Message, Network
from tests.simulation.plans import an_order
from tests.simulation.store_door import StoreDoor
from tests.simulation.violations import ViolationError
from tests.simulation.workers import MOST_RUNS, SimulatedWorker

_PATIENCE = timedelta(minutes=20)
"""So long after the last fault everything has ended: the longest is to look eight times with growing pauses."""

_WISHES = ("cancel", "retry", "submit again", "use the key again", "park", "reach for others")


class History:
    """`seen` and `met` count what it met, so that it can be told whether the histories are worth something."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self._tell = tell
        self.chance = Chance(seed)
        self.agenda = Agenda()
        self.world = World()
        self.store = ModelStore(self._committed)
        self.invariants = Invariants(self.store, self.world, MOST_WAITING)
        self.door = StoreDoor(self.agenda, self.chance, self._kill)
        self.network = Network(self.agenda, self.chance)
        self.dispatch: Dispatch = (
            ForgetfulDispatch(self.store, self.agenda, self.chance)
            if self.chance.odds(0.6)
            else StoreDispatch(self.store, self.agenda)
        )
        self._ids = itertools.count(1)
        self._kills_at_start = dict[JobId, int]()
        self._kills_at_opening = dict[JobId, int]()
        self.workers = [SimulatedWorker(f"worker {number}", self) for number in (1, 2, 3)]
        self._agents: list[Agent] = []
        self._inside: dict[str, Agent] = {}
        if self.chance.odds(0.5):
            self._agents = [self._a_far_agent(f"agent {number}") for number in (1, 2)]
        else:
            self._inside = {worker.process.name: self._an_inner_agent(worker) for worker in self.workers}
        self.api = Api(self)
        draw = self.chance.random
        self.clients = [self._a_client(number) for number in range(draw.randint(2, 6))]
        self._calm_at = draw.uniform(15, 60)
        self.rules = RunRules(
            park_after=timedelta(seconds=draw.choice((0, 1, 5))), answers=timedelta(seconds=draw.uniform(2, 30))
        )

    def _a_far_agent(self, name: str) -> Agent:
        return Agent(
            Process(name),
            agenda=self.agenda,
            chance=self.chance,
            world=self.world,
            reply=lambda answer: self.network.send(lambda: self._reply(answer, self.workers), Fault.ANSWER_LOST),
            say=self.say,
        )

    def _an_inner_agent(self, worker: SimulatedWorker) -> Agent:
        return Agent(
            worker.process,
            agenda=self.agenda,
            chance=self.chance,
            world=self.world,
            reply=lambda answer: self._reply(answer, [worker]),
            say=self.say,
            may_act=lambda order: worker.holds(order.job_id, order.epoch),
        )

    def _a_client(self, number: int) -> Client:
        """Draw an order, and what else its client will want, between pauses."""
        draw = self.chance.random
        wishes = [wish for wish in _WISHES if self.chance.odds(0.2)] + ["wait"] * draw.choice((0, 1, 3))
        draw.shuffle(wishes)
        wishes += ["retry"] * draw.choice((0, 1, 2))
        return Client(an_order(self.chance, number), self.api, self, wishes)

    @property
    def seen(self) -> Counter[str]:
        return self.chance.seen + self.invariants.met

    def live(self) -> None:
        """Live through it. Raises a ViolationError."""
        for worker in self.workers:
            worker.start()
        rush = self.chance.random.choice((0.2, 15, 15))
        for client in self.clients:
            self.agenda.after(self.chance.delay(0, rush), client.start)
        self.agenda.after(2, self._sweep)
        self.agenda.after(self.chance.delay(0.5, 5), self._mischief)
        self.agenda.after(self._calm_at, self._calm)
        while not self._is_over():
            self.agenda.go_on()
            if self.agenda.micros > (self._calm_at + _PATIENCE.total_seconds()) * 1_000_000:
                raise ViolationError("I9", f"long after the last fault {self._unfinished()} have not ended")
        self.invariants.check_audit()
        self._quiet_down()

    def _quiet_down(self) -> None:
        """Let some leases pass: what has ended is not kept in mind for ever."""
        end = self.agenda.micros + 3 * LEASE // timedelta(microseconds=1)
        while self.agenda.micros < end:
            self.agenda.go_on()
        if len(self.dispatch):
            raise ViolationError("I8", f"the queue still holds {len(self.dispatch)} jobs, and all have ended")

    def _is_over(self) -> bool:
        return self.chance.calm and not self.network.under_way and all(client.settled for client in self.clients)

    def _unfinished(self) -> list[str]:
        jobs = [stored.job for stored in self.store.rows.values()]
        waiting = [client.order.key for client in self.clients if client.job_id is None]
        return [f"{job.id} ({job.status})" for job in jobs if not job.status.final] + waiting

    def _calm(self) -> None:
        self.say("world", "no more faults")
        self.chance.calm = True

    def _sweep(self) -> None:
        """Look after what the queue has forgotten, and that nothing has grown."""
        if any(len(worker.runs) > MOST_RUNS for worker in self.workers):
            raise ViolationError("I8", "a worker has taken more jobs than it may")
        if not self.door.busy:
            self.dispatch.sweep()
            self.api.give_up_unanswered()
        self.agenda.after(4, self._sweep)

    def _mischief(self) -> None:
        """Let one of the greater faults happen, then wait for the next."""
        if self.chance.calm:
            return
        draw = self.chance.random
        worker = draw.choice(self.workers)
        faults: dict[Fault, Callable[[], None]] = {
            Fault.STORE_BUSY: self._hold_the_store,
            Fault.WORKER_CRASH: lambda: worker.crash(draw.uniform(0.5, 15)),
            Fault.WORKER_PAUSE: lambda: worker.pause(draw.uniform(1, 25)),
            Fault.WORKER_DRAINED: worker.drain,
        }
        if self._agents:
            faults[Fault.AGENT_CRASH] = draw.choice(self._agents).crash
        for fault in (Fault.QUEUE_EMPTIED, Fault.QUEUE_REPEATS, Fault.QUEUE_OLD_EPOCH):
            faults[fault] = lambda fault=fault: self.dispatch.misbehave(fault)  # type: ignore[misc]  # bound early
        possible = [fault for fault in faults if self.chance.has(fault)]
        if possible:
            fault = draw.choice(possible)
            self.chance.seen[fault] += 1
            self.say("fault", fault)
            faults[fault]()
        self.agenda.after(self.chance.delay(0.5, 8), self._mischief)

    def _hold_the_store(self) -> None:
        self.door.busy_until = self.agenda.micros + int(self.chance.delay(0.5, 30) * 1_000_000)

    def _kill(self, process: Process) -> None:
        if process is self.api.process:
            self.api.crash()
            return
        for worker in self.workers:
            if worker.process is process:
                worker.crash(self.chance.delay(0.5, 5))

    def _committed(self, commit: Commit) -> None:
        if self._tell is not None:
            for line in commit.events:
                task = f" {line.task_id}" if line.task_id else ""
                self.say("store", f"{line.job_id} run {line.run}: {line.type}{task} {dict(line.data) or ''}")
        if commit.before is None:
            order = next(client.order for client in self.clients if client.order.graph is commit.stored.job.task_graph)
            self._kills_at_start[commit.stored.job.id] = order.kills_at_start
            self._kills_at_opening[commit.stored.job.id] = order.kills_at_opening
        self.invariants.committed(commit)

    def died(self, worker: SimulatedWorker) -> None:
        if self._inside:
            self._inside[worker.process.name].die(with_journal=True)

    def _reply(self, answer: Answer, workers: list[SimulatedWorker]) -> None:
        """Bring an answer to whoever runs the job, also to a worker that only believes so."""
        for worker in workers:
            run = worker.runs.get(answer.job_id)
            if run is not None and run.answered(answer) and answer.epoch != run.epoch:
                raise ViolationError("I5", f"{run.job.id}, epoch {run.epoch}, hears an answer of epoch {answer.epoch}")

    def new_id(self) -> str:
        return f"id-{next(self._ids)}"

    def post(self, run: SimulatedRun, message: Message) -> None:
        """Bring a message to an agent: in the process of the run, or over the network."""
        self.say(run.process.name, f"asks to {message.kind}: {message.id}")
        if self._inside:
            inner = self._inside[run.process.name]
            self.agenda.after(0, lambda: inner.hear(message), run.process)
            return
        agent = self._agents[int(step_of(message.task_id).removeprefix("t")) % len(self._agents)]
        self.network.send(lambda: agent.hear(message), Fault.REQUEST_LOST)

    def stepped(self, run: SimulatedRun, events: list[RunEvent], after: RunState, commands: list[Command]) -> None:
        if self._tell is not None:
            said = ", ".join(f"{type(event).__name__}({getattr(event, 'task_id', '')})" for event in events)
            self.say(run.process.name, f"{run.job.id} epoch {run.epoch} hears {said}")
        self.invariants.stepped(run, events, after, commands, self.agenda.now)
        if any(isinstance(event, RunOpened) for event in events):
            self._maybe_kill(run, self._kills_at_opening)

    def performing(self, run: SimulatedRun, command: Command) -> None:
        """Count what is asked for."""
        if isinstance(command, StartTask):
            self._maybe_kill(run, self._kills_at_start)
            if (
                not run.over and run.epoch == self.store.rows[run.job.id].epoch
            ):  # else it is an old lease's, and agents refuse it
                self.invariants.started(run.job, command.task_id, command.attempt)

    def _maybe_kill(self, run: SimulatedRun, kills: dict[JobId, int]) -> None:
        """Let a job kill its worker."""
        if kills[run.job.id] > 0:
            kills[run.job.id] -= 1
            self._kill(run.process)

    def say(self, who: str, what: str) -> None:
        if self._tell is not None:
            self._tell(f"{self.agenda.micros / 1_000_000:10.3f}  {who:10}  {what}")
