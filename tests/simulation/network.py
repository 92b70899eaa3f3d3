"""What workers and agents say to each other, and the network between them: it loses, repeats, delays and reorders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.events import AttemptFailed, AttemptSucceeded, AttemptVerified, LookFailed
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.todo import ToDo
from tests.simulation.agenda import Agenda
from tests.simulation.chance import Chance, Fault

AnswerEvent = AttemptSucceeded | AttemptFailed | AttemptVerified | LookFailed


@dataclass(frozen=True, slots=True)
class Message:
    """From a worker to an agent, about one attempt: to do it, to look what it did, or to stop it.

    `id` names the message, `effect_key` the effect. An agent begins nothing after `deadline`.
    """

    kind: str
    id: str
    job_id: JobId
    tenant: TenantId
    todo: ToDo
    attempt: int
    epoch: int
    effect_key: str
    deadline: datetime
    look_first: bool = False
    repeatable: bool = False

    @property
    def task_id(self) -> TaskId:
        return TaskId(self.todo.id or "")

    @property
    def turn(self) -> tuple[int, int]:
        """Which of two messages about a task is the later one: by lease, then by attempt."""
        return self.epoch, self.attempt


@dataclass(frozen=True, slots=True)
class Answer:
    """From an agent: how the attempt ended, with the epoch it was asked under."""

    job_id: JobId
    tenant: TenantId
    epoch: int
    event: AnswerEvent


class Network:
    """Delivers, mostly. `under_way` counts the copies that have not arrived."""

    def __init__(self, agenda: Agenda, chance: Chance) -> None:
        self._agenda = agenda
        self._chance = chance
        self.under_way = 0

    def send(self, deliver: Callable[[], None], lost: Fault) -> None:
        if self._chance.strikes(lost):
            return
        for _ in range(2 if self._chance.strikes(Fault.MESSAGE_REPEATED) else 1):
            late = self._chance.strikes(Fault.MESSAGE_LATE)
            self.under_way += 1
            self._agenda.after(self._chance.delay(*((1, 60) if late else (0.001, 0.05))), lambda: self._arrive(deliver))

    def _arrive(self, deliver: Callable[[], None]) -> None:
        self.under_way -= 1
        deliver()
