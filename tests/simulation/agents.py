"""Scripted agents in a simulated world that counts every effect.

Modelled, far away: the agent's side of the messages. It keeps a journal that outlives it: which messages it has seen
(again the same: the same answer again, no second effect), and up to which lease and attempt it was asked to leave a
task alone (what comes later with an older one is refused). It notes that it begins before it acts; what it was at when
it died has happened or not, and nobody knows.

Modelled, in the process of a worker: it is paused and dies with it, journal and all. It acts only while its worker
holds the job by its own clock; nothing else keeps it from acting after another worker has looked and found nothing.

Both do as `TaskRunner` does: look first if the task was begun before, and again after they have acted. They look after
an attempt only when whoever worked on it has let go.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scheduler.core.events import AttemptFailed, AttemptSucceeded, AttemptVerified, LookFailed
from scheduler.core.ids import JobId, TaskId
from scheduler.core.retry import TaskFailure
from tests.simulation.agenda import Agenda, Process
from tests.simulation.chance import Chance, Fault
from tests.simulation.network import Answer, AnswerEvent, Message
from tests.simulation.plans import POST
from tests.simulation.violations import ViolationError
from tests.support.runs import ASKS, BROKEN, NOBODY, NOT_AS_DEMANDED, UNAVAILABLE, UNKNOWN


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt does to the world, and what it says; None: success."""

    name: str
    effect: bool
    says: TaskFailure | None


SUCCESS = Outcome("success", effect=True, says=None)
FAILURES = (
    (Outcome("fails for a moment", effect=False, says=UNAVAILABLE), 10),
    (Outcome("nobody takes it", effect=False, says=NOBODY), 5),
    (Outcome("fails for good", effect=False, says=BROKEN), 4),
    (Outcome("unknown, happened", effect=True, says=UNKNOWN), 5),
    (Outcome("unknown, did not happen", effect=False, says=UNKNOWN), 5),
    (Outcome("done, but wrong", effect=True, says=NOT_AS_DEMANDED), 4),
    (Outcome("asks a person", effect=False, says=ASKS), 9),
)


class World:
    """What has happened, by effect key, and whose effect it was."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()

    def happens(self, order: Message) -> None:
        self.effects[order.effect_key] += 1
        if self.effects[order.effect_key] > 1 and not order.repeatable:
            raise ViolationError("I2", f"the effect of {order.task_id} of {order.job_id} happened twice")
        source = order.todo.params.get("source", order.job_id)
        if source != order.job_id:
            raise ViolationError("I7", f"{order.task_id} of {order.job_id} works with what belongs to {source}")


@dataclass(slots=True)
class _Work:
    order: Message
    outcome: Outcome
    happened: bool = False


class Agent:
    """Does some of the tasks of all jobs; for each task it is always the same agent."""

    def __init__(
        self,
        process: Process,
        *,
        agenda: Agenda,
        chance: Chance,
        world: World,
        reply: Callable[[Answer], None],
        say: Callable[[str, str], None],
        may_act: Callable[[Message], bool] = lambda _: True,
    ) -> None:
        self.process = process
        self._agenda = agenda
        self._chance = chance
        self._world = world
        self._reply = reply
        self._say = say
        self._may_act = may_act
        self._journal: dict[str, Answer | None] = {}
        self._barred = dict[tuple[JobId, TaskId], tuple[int, int]]()
        self._busy = dict[tuple[JobId, TaskId], _Work]()

    def hear(self, message: Message) -> None:
        if not self.process.alive:
            return
        if message.id in self._journal:
            self._repeat(message)
            return
        match message.kind:
            case "do":
                self._asked_to_do(message)
            case "look":
                self._asked_to_look(message)
            case _:
                self._asked_to_stop(message)

    def _repeat(self, message: Message) -> None:
        """A message seen before gets its answer again. Of one that died with us nobody knows how far it came."""
        answer = self._journal[message.id]
        work = self._busy.get((message.job_id, message.task_id))
        if answer is None and message.kind == "do" and (work is None or work.order.id != message.id):
            answer = self._answer(message, self._failed(message, UNKNOWN))
        if answer is not None:
            self._reply(answer)

    def _asked_to_do(self, order: Message) -> None:
        self._journal[order.id] = None
        place = order.job_id, order.task_id
        work = self._busy.get(place)
        too_old = self._is_barred(order) or (work is not None and work.order.turn > order.turn)
        if too_old or order.deadline <= self._agenda.now or not self._may_act(order):
            self._send(order, self._failed(order, UNAVAILABLE))
            return
        if work is not None:
            self._let_go(work)
        if not order.look_first:
            self._begin(order)
        elif self._cannot_look():
            self._send(order, self._failed(order, UNAVAILABLE))
        elif self._seen(order):
            self._send(order, self._succeeded(order))
        else:
            self._begin(order)

    def _begin(self, order: Message) -> None:
        work = _Work(order, self._outcome())
        self._chance.seen[work.outcome.name] += 1
        self._busy[order.job_id, order.task_id] = work
        hangs = self._chance.strikes(Fault.AGENT_HANGS)
        left = (order.deadline - self._agenda.now).total_seconds()
        acts = self._chance.delay(0.01, min(self._chance.random.choice((1, 1, 8)), left))
        if not hangs:
            self._agenda.after(acts, lambda: self._act(work), self.process)
            self._agenda.after(acts + self._chance.delay(0, 0.2), lambda: self._report(work), self.process)
        elif self._chance.odds(0.5):
            self._agenda.after(acts, lambda: self._act(work), self.process)
        self._agenda.after(left, lambda: self._give_up(work), self.process)

    def _outcome(self) -> Outcome:
        if not self._chance.strikes(Fault.AGENT_FAILS, 2):
            return SUCCESS
        outcomes = [outcome for outcome, _ in FAILURES]
        return self._chance.random.choices(outcomes, [weight for _, weight in FAILURES])[0]

    def _is_current(self, work: _Work) -> bool:
        return self._busy.get((work.order.job_id, work.order.task_id)) is work

    def _act(self, work: _Work) -> None:
        if not self._is_current(work):
            return
        if not self._may_act(work.order):
            self._chance.seen["effect withheld, the lease is over"] += 1
            del self._busy[work.order.job_id, work.order.task_id]
        elif work.outcome.effect and not work.happened:
            work.happened = True
            self._say(self.process.name, f"has the effect of {work.order.task_id} of {work.order.job_id}")
            self._world.happens(work.order)

    def _report(self, work: _Work) -> None:
        if self._is_current(work):
            del self._busy[work.order.job_id, work.order.task_id]
            says = work.outcome.says
            self._send(work.order, self._failed(work.order, says) if says else self._succeeded(work.order))

    def _give_up(self, work: _Work) -> None:
        """An attempt ends at its deadline, and says nothing any more."""
        if self._is_current(work):
            del self._busy[work.order.job_id, work.order.task_id]

    def _let_go(self, work: _Work) -> None:
        """Stop; it may just have been too late for that, and whoever was stopped may still say how it ended."""
        if self._chance.odds(0.3):
            self._act(work)
        if self._busy.pop((work.order.job_id, work.order.task_id), None) is not None and self._chance.odds(0.3):
            self._chance.seen["answer while stopping"] += 1
            self._send(work.order, self._succeeded(work.order) if work.happened else self._failed(work.order, UNKNOWN))

    def _asked_to_look(self, order: Message) -> None:
        place = order.job_id, order.task_id
        work = self._busy.get(place)
        if self._barred.get(place, (0, 0)) > order.turn or (work is not None and work.order.turn > order.turn):
            return
        self._barred[place] = order.turn
        if work is not None:
            self._let_go(work)
        if self._cannot_look():
            event: AnswerEvent = LookFailed(
                task_id=order.task_id,
                attempt=order.attempt,
                at=self._agenda.now,
                failure=UNAVAILABLE,
                draw=self._chance.random.random(),
            )
        else:
            event = self._verified(order)
        self._journal[order.id] = None
        self._send(order, event)

    def _asked_to_stop(self, order: Message) -> None:
        work = self._busy.get((order.job_id, order.task_id))
        if not self._is_barred(order):
            self._barred[order.job_id, order.task_id] = order.turn
        if work is not None and work.order.turn == order.turn:
            self._let_go(work)

    def _is_barred(self, order: Message) -> bool:
        return self._barred.get((order.job_id, order.task_id), (0, 0)) >= order.turn

    def _cannot_look(self) -> bool:
        return self._chance.strikes(Fault.LOOK_FAILS, 2)

    def _seen(self, order: Message) -> bool | None:
        return None if order.todo.action == POST else self._world.effects[order.effect_key] > 0

    def _verified(self, order: Message) -> AttemptVerified:
        happened = self._seen(order)
        self._chance.seen[f"seen: {happened}"] += 1
        return AttemptVerified(
            task_id=order.task_id,
            attempt=order.attempt,
            at=self._agenda.now,
            happened=happened,
            draw=self._chance.random.random(),
            result=_result(order) if happened else None,
        )

    def _succeeded(self, order: Message) -> AttemptSucceeded:
        return AttemptSucceeded(
            task_id=order.task_id,
            attempt=order.attempt,
            at=self._agenda.now,
            result=_result(order),
            verified=self._seen(order),
        )

    def _failed(self, order: Message, failure: TaskFailure) -> AttemptFailed:
        return AttemptFailed(
            task_id=order.task_id,
            attempt=order.attempt,
            at=self._agenda.now,
            failure=failure,
            draw=self._chance.random.random(),
        )

    def _answer(self, order: Message, event: AnswerEvent) -> Answer:
        return Answer(order.job_id, order.tenant, order.epoch, event)

    def _send(self, order: Message, event: AnswerEvent) -> None:
        answer = self._answer(order, event)
        self._journal[order.id] = answer
        self._reply(answer)

    def die(self, *, with_journal: bool) -> None:
        """Stop in the middle of everything; of what was at work some took effect before."""
        for work in list(self._busy.values()):
            if self._chance.odds(0.5):
                self._act(work)
        self._busy.clear()
        if with_journal:
            self._journal.clear()
            self._barred.clear()

    def crash(self) -> None:
        """Die as a process of its own, and be back after a while. The journal stays."""
        self.die(with_journal=False)
        self.process.alive = False
        self._agenda.after(self._chance.delay(0.5, 15), self._start)

    def _start(self) -> None:
        self.process.alive, self.process.life = True, self.process.life + 1
        self._say(self.process.name, "is back")


def _result(order: Message) -> dict[str, Any]:
    return {"job": order.job_id}
