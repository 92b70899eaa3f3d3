"""Watches a history from outside: every commit and every step is held against the invariants of the design.

Nothing here asks the rules it checks: what should be so is kept in books of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.core.conditions import read_condition
from scheduler.core.errors import Effect
from scheduler.core.events import AttemptFailed, AttemptVerified, CancelRequested, EventType, JobEvent, RunEvent
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import JOB_TRANSITIONS, TASK_TRANSITIONS, Job, JobStatus, TaskRun, TaskStatus
from scheduler.core.todo import step_of
from scheduler.orchestrator import step as deciding
from scheduler.orchestrator.commands import Command, FinishRun, StartTask
from scheduler.orchestrator.run_plan import SKIP_CODES, item_ids, stored_items
from scheduler.orchestrator.state import RunState, TaskState
from tests.simulation.agents import World
from tests.simulation.job_run import SimulatedRun
from tests.simulation.model_rows import Commit
from tests.simulation.model_store import ModelStore
from tests.simulation.plans import FIND
from tests.simulation.violations import ViolationError
from tests.support.runs import NOBODY

_MOST_CRASHES = 5
_TOLERANCE = timedelta(seconds=1)
_BUSY = frozenset({TaskStatus.RUNNING, TaskStatus.VERIFYING})
_ASKING = frozenset({EventType.QUESTION, EventType.ANSWERED, EventType.UNANSWERED})
_TASKS_AFTER = {
    EventType.TASK_STARTED: TaskStatus.RUNNING,
    EventType.TASK_VERIFYING: TaskStatus.VERIFYING,
    EventType.TASK_RETRY_SCHEDULED: TaskStatus.PENDING,
    EventType.TASK_ASKS: TaskStatus.PENDING,
    EventType.TASK_EXPANDED: TaskStatus.PENDING,
    EventType.TASK_DONE: TaskStatus.DONE,
    EventType.TASK_FAILED: TaskStatus.FAILED,
    EventType.TASK_SKIPPED: TaskStatus.SKIPPED,
    EventType.TASK_CANCELLED: TaskStatus.CANCELLED,
}
_JOB_AFTER = {
    EventType.JOB_ACCEPTED: JobStatus.PENDING,
    EventType.JOB_STARTED: JobStatus.RUNNING,
    EventType.JOB_RESUMED: JobStatus.RUNNING,
    EventType.JOB_HANDED_BACK: JobStatus.PENDING,
    EventType.JOB_PARKED: JobStatus.WAITING,
    EventType.JOB_DEFERRED: JobStatus.PENDING,
    EventType.QUESTION: JobStatus.WAITING,
    EventType.ANSWERED: JobStatus.PENDING,
    EventType.UNANSWERED: JobStatus.PENDING,
    EventType.JOB_CANCEL_REQUESTED: JobStatus.CANCELLING,
    EventType.JOB_RETRIED: JobStatus.PENDING,
    EventType.JOB_DONE: JobStatus.DONE,
    EventType.JOB_FAILED: JobStatus.FAILED,
    EventType.JOB_CANCELLED: JobStatus.CANCELLED,
}


@dataclass(slots=True)
class _Replayed:
    """What the lines of a job's timeline say."""

    status: JobStatus = JobStatus.PENDING
    ended: bool = False
    tasks: dict[TaskId, TaskStatus] = field(default_factory=dict)
    attempts: Counter[TaskId] = field(default_factory=Counter)
    untaken: Counter[TaskId] = field(default_factory=Counter)

    def read(self, line: JobEvent) -> None:
        if self.ended and line.type is not EventType.JOB_RETRIED:
            raise ViolationError("I4", f"{line.type} of {line.job_id} after the end of its run")
        if line.task_id is not None:
            self.tasks[line.task_id] = _TASKS_AFTER[line.type]
            if line.type is EventType.TASK_STARTED:
                self.attempts[line.task_id] += 1
            self.untaken[line.task_id] += line.data.get("why") == NOBODY.code
        elif line.type is EventType.JOB_RETRIED:
            self.tasks = {task: status for task, status in self.tasks.items() if status is TaskStatus.DONE}
            self.attempts = Counter({task: self.attempts[task] for task in self.tasks})
            self.untaken.clear()
            self.status, self.ended = JobStatus.PENDING, False
        elif self.status is not JobStatus.CANCELLING or line.type.ends_run:
            self.status, self.ended = _JOB_AFTER[line.type], line.type.ends_run


class Invariants:
    """Raises a ViolationError as soon as something is not as it must be. `met` counts the statuses and events seen."""

    def __init__(self, store: ModelStore, world: World, most_waiting: int) -> None:
        self.met: Counter[str] = Counter()
        self._store = store
        self._world = world
        self._most_waiting = most_waiting
        self._replayed: defaultdict[JobId, _Replayed] = defaultdict(_Replayed)
        self._epochs: Counter[JobId] = Counter()
        self._lines: defaultdict[JobId, set[str]] = defaultdict(set)
        self._silent: defaultdict[JobId, Counter[tuple[str, TaskId | None]]] = defaultdict(Counter)
        self._leases: Counter[JobId] = Counter()
        self._crashes: Counter[JobId] = Counter()
        self._uncertain: dict[tuple[JobId, TaskId], tuple[int, int]] = {}

    def committed(self, commit: Commit) -> None:
        """Check what a transaction has changed."""
        job = commit.stored.job
        self.met[f"job {job.status}"] += 1
        self._check_tenant(commit)
        self._check_lease(commit)
        self._check_job(commit)
        self._check_lines(commit)
        for row in self._changed_rows(commit):
            self.met[f"task {row.status}"] += 1
            self._check_task(commit, row)
        if job.status.final and (commit.before is None or not commit.before.status.final):
            self._check_end(job, commit.stored.tasks)

    def _changed_rows(self, commit: Commit) -> Iterable[TaskRun]:
        rows = ((commit.stored.tasks[task_id], before) for task_id, before in commit.tasks_before.items())
        return (row for row, before in rows if row is not before)

    def _check_tenant(self, commit: Commit) -> None:
        job = commit.stored.job
        owners = {line.tenant for line in commit.events} | {entry.tenant for entry in commit.audit}
        if commit.before is not None:
            owners.add(commit.before.tenant)
        named = {line.job_id for line in commit.events} | {entry.job_id for entry in commit.audit}
        if owners - {job.tenant} or named - {job.id}:
            raise ViolationError("I7", f"{commit.kind} of {job.id} of {job.tenant} writes for others")

    def _check_job(self, commit: Commit) -> None:
        before, job = commit.before, commit.stored.job
        if before is None:
            waiting = sum(row.job.status is JobStatus.PENDING for row in self._store.rows.values()) - 1
            if waiting >= self._most_waiting:
                raise ViolationError("I8", f"{job.id} is accepted though {waiting} jobs wait")
            return
        same_run, retried = before.run == job.run, commit.kind == "retry" and before.run + 1 == job.run
        legal = before.status is job.status or job.status in JOB_TRANSITIONS[before.status]
        if not legal or not (same_run or retried) or (before.status.final and not retried):
            raise ViolationError("I4", f"{job.id} goes from {before.status} to {job.status} by {commit.kind}")
        parked = commit.kind == "record" and before.lease is not None and job.lease is None and not job.status.final
        busy = [row.task_id for row in commit.stored.tasks.values() if row.status in _BUSY]
        if parked and busy:
            raise ViolationError("I4", f"{job.id} is given up while {busy} are busy")
        asked = commit.stored.questions
        if asked is not None and (job.status is not JobStatus.WAITING or job.lease is not None):
            raise ViolationError("I4", f"{job.id} asks and is {job.status}")

    def _check_lease(self, commit: Commit) -> None:
        before, stored, job = commit.before, commit.stored, commit.stored.job
        if commit.token is not None and (before is None or before.lease is None or before.lease.token != commit.token):
            raise ViolationError("I5", f"{commit.kind} of {job.id} with the token {commit.token} of an old lease")
        if commit.kind == "retry":
            self._crashes[job.id] = self._leases[job.id] = 0
            for task_id in stored.tasks:
                self._uncertain.pop((job.id, task_id), None)
        if commit.kind == "claim":
            if stored.epoch <= self._epochs[job.id]:
                raise ViolationError("I5", f"{job.id} is leased with epoch {stored.epoch} after {self._epochs[job.id]}")
            self._epochs[job.id] = stored.epoch
            self._leases[job.id] += 1
            self._crashes[job.id] += before is not None and before.lease is not None
        if job.crashes != self._crashes[job.id]:
            raise ViolationError("I3", f"{job.id} has {job.crashes} crashes, not {self._crashes[job.id]}")

    def _check_task(self, commit: Commit, row: TaskRun) -> None:
        job, before = commit.stored.job, commit.tasks_before[row.task_id]
        anew = commit.kind == "retry" and before.status is not TaskStatus.DONE and row.status is TaskStatus.PENDING
        if not anew and not _reachable(before.status, row.status):
            raise ViolationError("I4", f"{row.task_id} of {job.id} goes from {before.status} to {row.status}")
        most = job.task_graph.tasks[step_of(row.task_id)].retry.max_attempts
        uncounted = self._leases[job.id] + self._replayed[job.id].untaken[row.task_id]
        if row.failures > most or row.attempts > most + uncounted:
            raise ViolationError("I3", f"{row.task_id} of {job.id}: {row.attempts} attempts, {row.failures} failures")
        if row.status in {TaskStatus.RUNNING, TaskStatus.VERIFYING} and row.effect_key is None:
            raise ViolationError("I2", f"{row.task_id} of {job.id} is {row.status}, and nothing names its effect")
        if row.status is TaskStatus.DONE and row.effect_key and not self._world.effects[row.effect_key]:
            raise ViolationError("I2", f"{row.task_id} of {job.id} is done and has not happened")

    def _check_lines(self, commit: Commit) -> None:
        """Replay the new lines of the timeline, and compare with what is stored."""
        job, replayed = commit.stored.job, self._replayed[commit.stored.job.id]
        for line in commit.events:
            self._must_be_new(line)
            replayed.read(line)
            if line.type is EventType.JOB_DEFERRED:
                self.met["parked until the next attempt"] += 1
            if line.type is EventType.TASK_VERIFYING:
                self._silent[job.id][str(line.type), line.task_id] += 1
        if replayed.status is not job.status:
            raise ViolationError("I6", f"{job.id} is {job.status}, its timeline says {replayed.status}")
        stopping = job.status is JobStatus.CANCELLING or job.deadline is not None or job.crashes >= _MOST_CRASHES
        stopping = stopping or any(row.status is TaskStatus.FAILED for row in commit.stored.tasks.values())
        for row in self._changed_rows(commit):
            told = replayed.tasks.get(row.task_id, TaskStatus.PENDING)
            let_go = stopping and row.status is TaskStatus.PENDING and not told.final
            if (told is not row.status and not let_go) or replayed.attempts[row.task_id] != row.attempts:
                raise ViolationError("I6", f"{row.task_id} of {job.id} is {row.status}, its timeline says {told}")

    def _must_be_new(self, line: JobEvent) -> None:
        said = line.model_dump_json(exclude={"seq"})
        if said in self._lines[line.job_id]:
            raise ViolationError("I6", f"the timeline of {line.job_id} says twice {said}")
        self._lines[line.job_id].add(said)

    def _check_end(self, job: Job, tasks: dict[TaskId, TaskRun]) -> None:
        open_ = [row.task_id for row in tasks.values() if not row.status.final]
        for row in tasks.values():
            self._check_elements(job, row, tasks)
        if open_:
            raise ViolationError("I4", f"{job.id} is {job.status}, and {open_} have not ended")
        if (job.status is JobStatus.DONE) != all(_ended_well(row) for row in tasks.values()):
            raise ViolationError(
                "I4", f"{job.id} is {job.status}, its tasks are {[row.status for row in tasks.values()]}"
            )
        for row in tasks.values():
            undone = row.status in {TaskStatus.SKIPPED, TaskStatus.CANCELLED} and row.attempts > 0  # in this run
            if undone and self._has_happened(job, row):
                raise ViolationError("I2", f"{row.task_id} of {job.id} is {row.status} and has happened")

    def _check_elements(self, job: Job, row: TaskRun, tasks: dict[TaskId, TaskRun]) -> None:
        """Check that of a step for each element none is lost or double."""
        elements = sorted(task_id for task_id in tasks if task_id.startswith(f"{row.task_id}["))
        items = stored_items(row.result)
        if items is not None and elements != sorted(item_ids(row.task_id, len(items))):
            raise ViolationError("I1", f"{row.task_id} of {job.id} is for {items}, its elements are {elements}")
        if row.status is TaskStatus.DONE and "[" not in row.task_id and elements:
            done = sum(tasks[task_id].status is TaskStatus.DONE for task_id in elements)
            if row.result is None or len(row.result.get("items", ())) != done:
                raise ViolationError("I1", f"{row.task_id} of {job.id} is done with {row.result}, not {done} elements")
            self.met["step done for each element"] += 1

    def _has_happened(self, job: Job, row: TaskRun) -> bool:
        once = job.task_graph.tasks[step_of(row.task_id)].action != FIND
        return once and row.effect_key is not None and self._world.effects[row.effect_key] > 0

    def stepped(
        self, run: SimulatedRun, events: list[RunEvent], after: RunState, commands: list[Command], now: datetime
    ) -> None:
        """Check what `step` has decided, before it is stored."""
        before, job = run.state, run.job
        for event in events:
            self.met[type(event).__name__] += 1
        self._learn(run, events)
        if sum(isinstance(command, FinishRun) for command in commands) > 1:
            raise ViolationError("I4", f"the run of {job.id} ends twice")
        if after.status.final and deciding.step(after, [replace(event, at=now) for event in events]) != (after, []):
            raise ViolationError("I4", f"something happens to the run of {job.id} after its end")
        (first, *others) = events
        attempt = getattr(first, "attempt", None)
        if not others and attempt is not None:
            task = before.tasks[first.task_id]  # type: ignore[union-attr]  # it has an attempt
            if (task.attempts != attempt or not task.active) and after.tasks[first.task_id] is not task:  # type: ignore[union-attr]
                raise ViolationError("I5", f"{type(first).__name__} of attempt {attempt} changes {task} of {job.id}")
        starts = [command for command in commands if isinstance(command, StartTask)]
        if starts and (before.cancelling or before.failure is not None or run.told_to_stop):
            raise ViolationError("I4", f"{starts} of {job.id}, which is stopping")
        if job.deadline is not None and now > job.deadline:
            run.late_since = run.late_since or now
            if starts and now > run.late_since + _TOLERANCE:
                raise ViolationError("I4", f"{starts} of {job.id} after its deadline")
        for start in starts:
            self._check_start(job, after, start)
        run.told_to_stop |= any(isinstance(event, CancelRequested) for event in events)

    def _learn(self, run: SimulatedRun, events: list[RunEvent]) -> None:
        """Note of which attempts it is now certain that they have not happened."""
        for event in events:
            match event:
                case AttemptFailed(task_id=task_id, attempt=attempt, failure=failure):
                    certain = failure.effect is Effect.NONE
                case AttemptVerified(task_id=task_id, attempt=attempt, happened=happened):
                    certain = happened is False
                case _:
                    continue
            place = run.job.id, task_id
            if certain and self._uncertain.get(place) == (run.job.run, attempt):
                del self._uncertain[place]

    def _check_start(self, job: Job, after: RunState, start: StartTask) -> None:
        todo = after.plan.todos[start.task_id]
        waits = [after.tasks[needed] for needed in todo.dependencies]
        missing = [needed for needed in todo.needed if after.tasks[needed].status is not TaskStatus.DONE]
        if missing or not all(_ended_well(task) for task in waits):
            raise ViolationError("I4", f"{start.task_id} of {job.id} starts before what it waits for is done")
        results = {needed: after.tasks[needed].result for needed in todo.dependencies}
        if todo.when and not read_condition(todo.when).holds(
            {name: it for name, it in results.items() if it is not None}
        ):
            raise ViolationError("I4", f"{start.task_id} of {job.id} starts though {todo.when} does not hold")
        if job.crashes >= _MOST_CRASHES:
            raise ViolationError("I3", f"{start.task_id} of {job.id} starts after {job.crashes} crashes")

    def started(self, job: Job, task_id: TaskId, attempt: int) -> None:
        """Note that somebody is asked to do a task, as it was stored: from now on it may have happened."""
        place = job.id, task_id
        if job.task_graph.tasks[step_of(task_id)].action != FIND and place in self._uncertain:
            raise ViolationError("I2", f"{task_id} of {job.id} starts again though it may have happened")
        self._uncertain[place] = job.run, attempt

    def check_audit(self) -> None:
        """Check that no chain has a gap, and that each says what the timelines say."""
        for tenant in sorted(self._store.chains):
            if (block := self._store.broken_link(tenant)) is not None:
                raise ViolationError("I6", f"block {block} of the audit log of {tenant} does not fit")
        told: defaultdict[JobId, Counter[tuple[str, TaskId | None]]] = defaultdict(Counter)
        for chain in self._store.chains.values():
            for entry in (entry for block in chain for entry in block.entries):
                what = entry.metadata["task"] if entry.task_id else entry.action.removeprefix("job.")
                told[entry.job_id][f"{'task' if entry.task_id else 'job'}_{what}", entry.task_id] += 1
        for job_id, stored in self._store.rows.items():
            lines = Counter(
                (f"job_{line.type}" if line.type in _ASKING else str(line.type), line.task_id) for line in stored.events
            )
            lines.subtract(self._silent[job_id])
            if +lines != told[job_id]:
                raise ViolationError("I6", f"the audit log of {job_id} says {told[job_id]}, its timeline {+lines}")


def _ended_well(task: TaskRun | TaskState) -> bool:
    """Whether a run may succeed with it: it is done, or skipped by its condition."""
    skipped = task.status is TaskStatus.SKIPPED and task.failure is not None and task.failure.code in SKIP_CODES
    return skipped or task.status is TaskStatus.DONE


def _reachable(before: TaskStatus, after: TaskStatus) -> bool:
    """Whether the table leads from one to the other; a batch may take several steps at once."""
    return after in _REACHABLE[before]


def _closure(start: TaskStatus) -> frozenset[TaskStatus]:
    reached, ahead = {start}, [start]
    while ahead:
        new = TASK_TRANSITIONS[ahead.pop()] - reached
        reached |= new
        ahead += new
    return frozenset(reached)


_REACHABLE = {status: _closure(status) for status in TaskStatus}
