"""Lives through one random history of one run: a scripted world, lost answers, duplicates, crashes, all from one seed.

Everything that must hold at every moment is asserted on the way.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

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
from scheduler.core.ids import TaskId
from scheduler.core.job import TASK_TRANSITIONS, JobStatus, TaskRun, TaskStatus
from scheduler.core.retry import RetryPolicy, TaskFailure
from scheduler.core.todo import ToDo
from scheduler.orchestrator.commands import (
    Command,
    FinishRun,
    SaveTask,
    SetTimer,
    StartTask,
    StopTask,
    VerifyTask,
)
from scheduler.orchestrator.state import open_run
from scheduler.orchestrator.step import step
from tests.support.runs import (
    BROKEN,
    CATALOG,
    FIND,
    NOT_AS_DEMANDED,
    NOW,
    SEND,
    UNAVAILABLE,
    UNKNOWN,
    a_row,
    a_run_job,
    a_step,
)

_MOST_MOVES = 3_000
_MOST_CRASHES = 8


@dataclass(frozen=True)
class Outcome:
    """What an attempt does to the world, and what it says: None is success, "lost" is nothing."""

    effect: bool
    says: TaskFailure | str | None


OUTCOMES = {
    "success": Outcome(effect=True, says=None),
    "fails for a moment": Outcome(effect=False, says=UNAVAILABLE),
    "fails for good": Outcome(effect=False, says=BROKEN),
    "unknown, happened": Outcome(effect=True, says=UNKNOWN),
    "unknown, did not happen": Outcome(effect=False, says=UNKNOWN),
    "done, but wrong": Outcome(effect=True, says=NOT_AS_DEMANDED),
    "lost, happened": Outcome(effect=True, says="lost"),
    "lost, did not happen": Outcome(effect=False, says="lost"),
}
_WEIGHTS = (60, 10, 2, 5, 5, 1, 4, 4)


@dataclass(frozen=True)
class Work:
    """What somebody is busy with: an attempt, or a look at what an attempt did."""

    task_id: TaskId
    attempt: int
    looks: bool


class RunHistory:
    """One history. `seen` counts what it met, so that a test can tell whether the histories are worth something."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a history to be repeated, not a secret
        self.now = NOW
        self.crashes = 0
        self.leases = 0
        self.seen: Counter[str] = Counter()
        self.world: Counter[TaskId] = Counter()
        self.may_have_happened: set[TaskId] = set()
        self.job = a_run_job(*self._steps(), **self._deadline())
        self.rows: dict[TaskId, TaskRun] = {task_id: a_row(task_id) for task_id in self.job.task_graph.tasks}
        self.status = JobStatus.RUNNING
        self.cancelling = False
        self._open()

    def live(self) -> None:
        """Go on to the end of the run."""
        for _ in range(_MOST_MOVES):
            if self.status.final:
                break
            self._move()
        assert self.status.final, "the run does not end"
        self._check_end()

    def _steps(self) -> list[ToDo]:
        names = [f"t{number}" for number in range(self.random.randint(1, 7))]
        return [
            a_step(
                name,
                *(earlier for earlier in names[:place] if self.random.random() < 0.35),
                action=self.random.choice([SEND, SEND, FIND]),
                timeout=self.random.choice([1, 30]),
                retry=RetryPolicy(
                    max_attempts=self.random.randint(1, 4), base_delay=timedelta(seconds=self.random.choice([0, 2]))
                ),
            )
            for place, name in enumerate(names)
        ]

    def _deadline(self) -> dict[str, datetime]:
        if self.random.random() < 0.8:
            return {}
        return {"deadline": NOW + timedelta(seconds=self.random.randint(0, 90))}

    def _open(self) -> None:
        """A worker takes the job up from what is stored; nothing else has outlived the one before."""
        status = JobStatus.CANCELLING if self.cancelling else JobStatus.RUNNING
        self.state = open_run(self.job.model_copy(update={"status": status}), self.rows.values(), CATALOG)
        self.leases += 1
        self.busy: dict[TaskId, Work] = {}
        self.inbox: list[RunEvent] = []
        self.heard: list[RunEvent] = []
        self.timers: list[RunEvent] = []
        self._happens([RunOpened(at=self.now, crashes=self.crashes)])

    def _move(self) -> None:
        moves = [
            (0.02, self._crash, self.crashes < _MOST_CRASHES),
            (0.01, self._cancel, not self.cancelling),
            (0.05, self._hear_again, bool(self.heard)),
            (1.0, self._hear, bool(self.inbox)),
            (1.0, self._answer, any(work for work in self.busy.values())),
            (0.3 if self.inbox or self.busy else 1.0, self._ring, bool(self.timers)),
        ]
        possible = [(weight, move) for weight, move, can in moves if can]
        assert any(weight >= 0.3 for weight, _ in possible), "nothing can happen any more, and the run has not ended"
        self.random.choices([move for _, move in possible], [weight for weight, _ in possible])[0]()

    def _hear(self) -> None:
        self.random.shuffle(self.inbox)
        batch = [self.inbox.pop() for _ in range(self.random.randint(1, len(self.inbox)))]
        self.heard += batch
        self._happens([replace(event, at=max(event.at, self.now)) for event in batch])

    def _hear_again(self) -> None:
        self.seen["repeated event"] += 1
        self._happens([replace(self.random.choice(self.heard), at=self.now)])

    def _ring(self) -> None:
        event = min(self.timers, key=lambda timer: timer.at)
        self.timers.remove(event)
        self.now = max(self.now, event.at)
        self.inbox.append(replace(event, draw=self.random.random()) if isinstance(event, AttemptOverdue) else event)

    def _cancel(self) -> None:
        self.seen["cancelled"] += 1
        self.cancelling = True
        self.inbox.append(CancelRequested(at=self.now))

    def _crash(self) -> None:
        """The worker dies, or hands the job back; what it was about to do has happened, or not."""
        for work in self.busy.values():
            if not work.looks and self.random.random() < 0.5:
                self._takes_effect(work.task_id)
        died = self.random.random() < 0.7
        self.crashes += died
        self.seen["crash" if died else "handed back"] += 1
        self._open()

    def _answer(self) -> None:
        work = self.random.choice(list(self.busy.values()))
        if work.looks:
            del self.busy[work.task_id]
            self.inbox.append(self._seen(work))
            return
        name = self.random.choices(list(OUTCOMES), _WEIGHTS)[0]
        self.seen[name] += 1
        if OUTCOMES[name].effect:
            self._takes_effect(work.task_id)
        if OUTCOMES[name].says == "lost":
            self.busy.pop(work.task_id)  # only its timer will tell
        else:
            del self.busy[work.task_id]
            self.inbox.append(self._said(work, OUTCOMES[name].says))

    def _said(self, work: Work, says: TaskFailure | str | None) -> RunEvent:
        if isinstance(says, TaskFailure):
            return AttemptFailed(
                task_id=work.task_id, attempt=work.attempt, at=self.now, failure=says, draw=self.random.random()
            )
        return AttemptSucceeded(task_id=work.task_id, attempt=work.attempt, at=self.now, result={"n": 1})

    def _seen(self, work: Work) -> RunEvent:
        dice, draw = self.random.random(), self.random.random()
        if dice < 0.2:
            self.seen["look failed"] += 1
            return LookFailed(task_id=work.task_id, attempt=work.attempt, at=self.now, failure=UNAVAILABLE, draw=draw)
        happened = None if dice < 0.24 else self.world[work.task_id] > 0
        self.seen[f"seen: {happened}"] += 1
        return AttemptVerified(
            task_id=work.task_id, attempt=work.attempt, at=self.now, happened=happened, draw=draw, result={}
        )

    def _takes_effect(self, task_id: TaskId) -> None:
        self.world[task_id] += 1
        assert self.world[task_id] == 1 or self._repeatable(task_id), f"the effect of {task_id} happened twice"

    def _repeatable(self, task_id: TaskId) -> bool:
        return self.job.task_graph.tasks[task_id].action == FIND

    def _happens(self, batch: list[RunEvent]) -> None:
        """As a run does it: decide, store, act; and the process may die between the three."""
        state, commands = step(self.state, batch)
        stopping = self.state.cancelling or self.state.failure is not None
        assert not stopping or not any(isinstance(command, StartTask) for command in commands), "starts though it stops"
        self._learn(batch)
        if self.crashes < _MOST_CRASHES and self.random.random() < 0.005:
            self.seen["crash before storing"] += 1
            self.crashes += 1
            self._open()
            return
        self._store(commands, {command.task_id: state.tasks[command.task_id]._asdict() for command in _saves(commands)})
        self.state = state
        if not self.status.final and self.crashes < _MOST_CRASHES and self.random.random() < 0.005:
            self.seen["crash before acting"] += 1
            self.crashes += 1
            self._open()
            return
        for command in commands:
            self._act(command)

    def _learn(self, batch: list[RunEvent]) -> None:
        """Note of which tasks it is now certain that they have not happened."""
        for event in batch:
            match event:
                case AttemptFailed(failure=failure) if failure.effect == "none":
                    certain = True
                case AttemptVerified(happened=False):
                    certain = True
                case _:
                    certain = False
            if certain and event.attempt == self.rows[event.task_id].attempts:  # type: ignore[union-attr]  # both have
                self.may_have_happened.discard(event.task_id)  # type: ignore[union-attr]

    def _store(self, commands: list[Command], changed: dict[TaskId, dict[str, object]]) -> None:
        for task_id, fields in changed.items():
            row = self.rows[task_id]
            stored = {name: value for name, value in fields.items() if name in TaskRun.model_fields}
            self.rows[task_id] = row.model_copy(update=stored)
            assert _reachable(row.status, self.rows[task_id].status), f"{task_id}: {row.status} -> {fields['status']}"
        for command in commands:
            if isinstance(command, FinishRun):
                assert not self.status.final, "the run ends twice"
                self.status = command.status

    def _act(self, command: Command) -> None:
        match command:
            case StartTask(task_id=task_id, attempt=attempt):
                self._check_start(task_id)
                self.may_have_happened.add(task_id)
                self.busy[task_id] = Work(task_id, attempt, looks=False)
            case VerifyTask(task_id=task_id, attempt=attempt):
                assert task_id not in self.busy or self.busy[task_id].looks, "looked at before it was stopped"
                self.busy[task_id] = Work(task_id, attempt, looks=True)
            case StopTask(task_id=task_id):
                self._stop(task_id)
            case SetTimer(event=event):
                self.timers.append(event)

    def _stop(self, task_id: TaskId) -> None:
        work = self.busy.pop(task_id, None)
        if work is None:
            return
        if self.random.random() < 0.3:
            self._takes_effect(task_id)
            if self.random.random() < 0.5:
                self.seen["answer while stopping"] += 1
                self.inbox.append(self._said(work, None))
        elif self.random.random() < 0.3:
            self.inbox.append(self._said(work, UNAVAILABLE))

    def _check_start(self, task_id: TaskId) -> None:
        needed = self.job.task_graph.tasks[task_id].dependencies
        assert all(self.rows[other].status is TaskStatus.DONE for other in needed), f"{task_id} starts too early"
        assert self._repeatable(task_id) or task_id not in self.may_have_happened, (
            f"{task_id} starts again though it may have happened"
        )

    def _check_end(self) -> None:
        assert all(row.status.final for row in self.rows.values()), "the run has ended, a task has not"
        all_done = all(row.status is TaskStatus.DONE for row in self.rows.values())
        assert (self.status is JobStatus.DONE) == all_done
        for task_id, row in self.rows.items():
            most = self.job.task_graph.tasks[task_id].retry.max_attempts
            assert row.failures <= most, f"{task_id} failed {row.failures} times"
            assert row.attempts <= most + self.leases, f"{task_id} was tried {row.attempts} times"
            assert row.status is not TaskStatus.DONE or self.world[task_id], f"{task_id} is done and did not happen"
            undone = row.status in {TaskStatus.SKIPPED, TaskStatus.CANCELLED} and not self._repeatable(task_id)
            assert not undone or not self.world[task_id], f"{task_id} is {row.status} and did happen"
        if self.heard:
            after, commands = step(self.state, [replace(event, at=self.now) for event in self.heard])
            assert (after, commands) == (self.state, []), "something happens after the end"
        self.seen[f"ended {self.status}"] += 1


def _saves(commands: list[Command]) -> list[SaveTask]:
    return [command for command in commands if isinstance(command, SaveTask)]


def _reachable(before: TaskStatus, after: TaskStatus) -> bool:
    """Whether the table leads from one to the other; a batch may take several steps at once."""
    reached, ahead = {before}, [before]
    while ahead:
        new = TASK_TRANSITIONS[ahead.pop()] - reached
        reached |= new
        ahead += new
    return after in reached
