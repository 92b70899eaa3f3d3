"""The store as a model in memory: the rules of `sqlite_jobs`, `sqlite_leases`, `sqlite_tasks` and `sqlite_audit`.

`test_model_store.py` has both do the same and compares all that can be read. Only `claim_named` has no counterpart
there: it is the claim of a queue that hands out ids, whose epoch counts only if it is greater than the stored one.
Each operation is one transaction: it raises and changes nothing, or it is committed when it returns.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.errors import (
    ConflictError,
    IdempotencyConflictError,
    InvalidTransitionError,
    JobNotFoundError,
    LeaseLostError,
)
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import JobId, LeaseToken, TaskId, TenantId
from scheduler.core.job import JOB_TRANSITIONS, Job, JobStatus, Lease, TaskRun, TaskStatus
from scheduler.core.site_errors import NotWaitingError
from scheduler.core.todo import step_of
from scheduler.orchestrator.run_plan import stored_items
from scheduler.repository.question_repository import UNANSWERED
from scheduler.repository.repository_interface import IdempotentRequest, RunProgress
from tests.simulation.model_rows import (
    Block,
    Commit,
    RepeatedEntryError,
    Stored,
    as_model,
    cancelled_entry,
    digest,
    ends_with,
    is_due,
    line_of,
    put_aside,
    put_aside_entry,
)

_LINES = {
    JobStatus.PENDING: EventType.JOB_HANDED_BACK,
    JobStatus.RUNNING: EventType.JOB_STARTED,
    JobStatus.WAITING: EventType.JOB_PARKED,
    JobStatus.CANCELLING: EventType.JOB_CANCEL_REQUESTED,
    JobStatus.DONE: EventType.JOB_DONE,
    JobStatus.FAILED: EventType.JOB_FAILED,
    JobStatus.CANCELLED: EventType.JOB_CANCELLED,
}
_NEEDS_WORKER = frozenset({JobStatus.RUNNING, JobStatus.CANCELLING})
_ASKED = "somebody asked for it"
_FIRST = "0" * 64
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_PARKED = frozenset({JobStatus.PENDING, JobStatus.WAITING})
_ANEW: Mapping[str, Any] = {
    "status": TaskStatus.PENDING, "attempts": 0, "failures": 0, "not_before": None, "result": None, "verified": None,
    "failure": None, "started_at": None, "completed_at": None,
}  # fmt: skip


class ModelStore:
    """`watch` is told of every commit."""

    def __init__(self, watch: Callable[[Commit], None] = lambda _: None) -> None:
        self.rows: dict[JobId, Stored] = {}
        self.chains: dict[TenantId, list[Block]] = {}
        self.watch = watch
        self._keys: dict[tuple[TenantId, str, str], tuple[str, JobId]] = {}
        self._entries: dict[str, JobId] = {}
        self._ids = itertools.count(1)
        self._turns: dict[tuple[int, TenantId], int] = {}
        self._present: dict[int, int] = {}

    def get(self, job_id: JobId, tenant: TenantId | None = None) -> Job | None:
        stored = self.rows.get(job_id)
        return None if stored is None or (tenant is not None and stored.job.tenant != tenant) else stored.job

    def tasks(self, job_id: JobId) -> tuple[TaskRun, ...]:
        return tuple(self.rows[job_id].tasks.values())

    def ready(self, now: datetime) -> list[Stored]:
        """Return the jobs that wait for a worker, in the order in which they are handed out."""
        return sorted(
            (stored for stored in self.rows.values() if stored.job.status is JobStatus.PENDING and is_due(stored, now)),
            key=lambda stored: (-stored.job.priority, stored.turn or 0, stored.number),
        )

    def _next_turn(self, job: Job) -> int:
        """Line up behind the tenant's own jobs, but behind nobody else's that are taken already."""
        present, key = self._present.get(job.priority, 0), (job.priority, job.tenant)
        self._turns[key] = max(present, self._turns[key] + 1) if key in self._turns else present
        return self._turns[key]

    def _promote(self, now: datetime) -> None:
        """Give delayed jobs whose time has come their turns."""
        delayed = [stored for stored in self.ready(now) if stored.turn is None]
        for stored in sorted(delayed, key=lambda stored: (stored.job.not_before or now, stored.number)):
            stored.turn = self._next_turn(stored.job)

    def accept(self, job: Job, request: IdempotentRequest | None) -> Job:
        earlier = self._known_request(job.tenant, request) if request else None
        if earlier is not None:
            return earlier
        if job.id in self.rows:
            if self.rows[job.id].job.tenant != job.tenant:
                raise ConflictError(f"Job id {job.id!r} is taken")
            return self.rows[job.id].job
        if job.status is not JobStatus.PENDING:
            raise InvalidTransitionError(job.id, job.status, JobStatus.PENDING)
        tasks = {task_id: TaskRun(job_id=job.id, task_id=task_id) for task_id in job.task_graph.tasks}
        turn = self._next_turn(job)
        self.rows[job.id] = Stored(len(self.rows) + 1, job, tasks, turn=None if job.not_before else turn)
        if request:
            self._keys[job.tenant, request.route, request.key] = (request.body_digest, job.id)
        reason = job.description or job.intent
        self._committed("accept", None, *self._note(job, EventType.JOB_ACCEPTED, job.created_at, reason))
        return job

    def knows(self, tenant: TenantId, request: IdempotentRequest) -> bool:
        """Whether a client has used its key before."""
        return (tenant, request.route, request.key) in self._keys

    def _known_request(self, tenant: TenantId, request: IdempotentRequest) -> Job | None:
        known = self._keys.get((tenant, request.route, request.key))
        if known is None:
            return None
        if known[0] != request.body_digest:
            raise IdempotencyConflictError(request.key)
        return self.rows[known[1]].job

    def next_due(self, now: datetime) -> Stored | None:
        """Return the job whose lease ran out first, unless one that is ready is of a higher priority."""
        lost = [stored for stored in self.rows.values() if stored.due is not None and stored.due <= now]
        first = sorted(lost, key=lambda stored: (stored.due, stored.job.tenant, stored.number))[:1]
        return min(first + self.ready(now)[:1], key=lambda stored: -stored.job.priority, default=None)

    def claim(self, now: datetime, lease: timedelta) -> Job | None:
        """Lease the next job, as the queue in SQLite does."""
        self._promote(now)
        stored = self.next_due(now)
        return None if stored is None else self._leased(stored, stored.epoch + 1, now, lease)

    def claim_named(self, job_id: JobId, epoch: int, now: datetime, lease: timedelta) -> Job:
        """Lease the job that a queue has handed out. Raises LeaseLostError when the queue is behind the truth."""
        stored = self.rows[job_id]
        pending = stored.job.status is JobStatus.PENDING and is_due(stored, now)
        if not (pending or self._is_free(stored, now)) or not self._newer(stored, epoch):
            raise LeaseLostError(job_id)
        return self._leased(stored, epoch, now, lease)

    def _is_free(self, stored: Stored, now: datetime) -> bool:
        """Whether a job that needs a worker has none, or one that let its lease run out."""
        return stored.due is not None and stored.due <= now

    def _newer(self, stored: Stored, epoch: int) -> bool:
        return epoch > stored.epoch

    def _leased(self, stored: Stored, epoch: int, now: datetime, lease: timedelta) -> Job:
        before = stored.job
        token = LeaseToken(f"{before.id}/{epoch}/{next(self._ids)}")
        lost = before.lease is not None
        turn, present = stored.turn or 0, self._present.get(before.priority, 0)
        stored.turn, self._present[before.priority] = turn, max(present, turn)
        stored.epoch, stored.due = epoch, now + lease
        stored.job = before.model_copy(
            update={
                "status": before.status if before.status is JobStatus.CANCELLING else JobStatus.RUNNING,
                "lease": Lease(token=token, epoch=epoch, until=now + lease),
                "crashes": before.crashes + lost,
                "started_at": before.started_at or now,
            }
        )
        line = EventType.JOB_RESUMED if before.started_at is not None else EventType.JOB_STARTED
        reason = "the lease of its worker ran out" if lost else "it is its turn"
        self._committed("claim", before, *self._note(stored.job, line, now, reason, epoch=epoch))
        return stored.job

    def renew(self, job_id: JobId, token: LeaseToken, until: datetime) -> None:
        stored = self.fenced(job_id, token)
        if stored.job.lease is not None:
            stored.job = stored.job.model_copy(update={"lease": stored.job.lease.model_copy(update={"until": until})})
            stored.due = until

    def hand_back(self, job: Job, now: datetime) -> None:
        if job.lease is None:
            raise LeaseLostError(job.id)
        stored = self.fenced(job.id, job.lease.token)
        before, running = stored.job, stored.job.status is JobStatus.RUNNING
        stored.job = before.model_copy(
            update={"status": JobStatus.PENDING if running else before.status, "lease": None}
        )
        stored.due = None if running else now
        note = self._note(job, EventType.JOB_HANDED_BACK, now, "its worker is shutting down")
        self._committed("hand back", before, *note, token=job.lease.token)

    def record(self, progress: RunProgress) -> None:
        if self.has_left_with(progress):
            return
        stored = self.fenced(progress.job_id, progress.lease_token)
        before, status = stored.job, progress.status
        if status is not None and not self._may_become(before.status, status):
            raise InvalidTransitionError(before.id, before.status, status)
        added = {task_id: TaskRun(job_id=before.id, task_id=task_id) for task_id in progress.added}
        if unknown := [task.task_id for task in progress.tasks if task.task_id not in {**stored.tasks, **added}]:
            raise ValueError(f"the tasks {unknown} are not in the plan of the job")
        if self._is_recorded(progress):
            return
        if repeated := [entry.id for entry in progress.audit if entry.id in self._entries]:
            raise RepeatedEntryError(repeated)
        stored.tasks.update(added)
        tasks_before = {task.task_id: stored.tasks[task.task_id] for task in progress.tasks}
        events, audit = self._end_rest(stored, progress, tasks_before)
        stored.tasks.update((task.task_id, as_model(TaskRun, task)) for task in progress.tasks)
        if status in _PARKED:
            self._park(stored, progress)
        elif status is not None:
            stored.due = None
            stored.job = before.model_copy(
                update={
                    "status": status,
                    "error": progress.error,
                    "error_code": progress.error_code,
                    "completed_at": progress.completed_at,
                    "lease": None,
                }
            )
        events += [as_model(JobEvent, line) for line in progress.events]
        audit += [as_model(AuditEntry, line) for line in progress.audit]
        self._committed("record", before, stored.job, events, audit, progress.lease_token, tasks_before)

    def has_left_with(self, progress: RunProgress) -> bool:
        """Whether this was stored before, though the answer was lost, and has given the lease up."""
        return progress.status is not None and self._is_recorded(progress)

    def _is_recorded(self, progress: RunProgress) -> bool:
        """Whether this was stored before: its entries say so, or else its lines."""
        if progress.audit:
            return all(self._entries.get(entry.id) == progress.job_id for entry in progress.audit)
        return progress.job_id in self.rows and ends_with(self.rows[progress.job_id].events, progress.events)

    def _park(self, stored: Stored, progress: RunProgress) -> None:
        """Give the lease up; a job that is to be cancelled needs another worker."""
        stopping, until = stored.job.status is JobStatus.CANCELLING, progress.not_before
        changes = {"lease": None, "not_before": until, "error": None, "error_code": None}
        stored.job = stored.job.model_copy(update=changes if stopping else {**changes, "status": progress.status})
        stored.due = _LONG_AGO if stopping else None
        stored.turn = None if until is not None else stored.turn
        stored.questions = progress.questions if stored.job.status is JobStatus.WAITING else None

    def _end_rest(
        self, stored: Stored, progress: RunProgress, tasks_before: dict[TaskId, TaskRun]
    ) -> tuple[list[JobEvent], list[AuditEntry]]:
        """End the tasks of a job that is put aside: what was begun has failed, the others are skipped."""
        lines, entries, rest, at = list[JobEvent](), list[AuditEntry](), progress.rest, progress.completed_at
        if rest is None or at is None:
            return lines, entries
        for task in [task for task in stored.tasks.values() if not task.status.final]:
            tasks_before.setdefault(task.task_id, task)
            ended, line = put_aside(task, stored.job.run, rest, at)
            stored.tasks[task.task_id] = ended
            lines.append(line_of(stored.job, line, at, task.task_id, {"code": rest.code}))
            entries.append(put_aside_entry(stored.job, ended, rest, at, f"store-{next(self._ids)}"))
        return lines, entries

    def carry_on(self, job_id: JobId, round_: int, answers: Mapping[str, str] | None, now: datetime) -> Job:
        """Answer what the steps of a job have asked; None: nobody has in time."""
        stored = self.rows.get(job_id)
        asked = stored.questions if stored is not None and stored.job.status is JobStatus.WAITING else None
        if stored is None or asked is None or asked.round != round_:
            raise NotWaitingError(job_id)
        before, changes = stored.job, {"not_before": None, "error_code": UNANSWERED if answers is None else None}
        stored.job = before.become(JobStatus.PENDING, **changes)
        stored.questions, stored.turn = None, self._next_turn(before)
        if answers is None:
            note = self._note(stored.job, EventType.UNANSWERED, now, "nobody has answered")
        else:
            note = self._note(stored.job, EventType.ANSWERED, now, "somebody has answered", answers=dict(answers))
        self._committed("carry on", before, *note)
        return stored.job

    def _may_become(self, before: JobStatus, status: JobStatus) -> bool:
        return status in _PARKED or (status in JOB_TRANSITIONS[before] and status is not JobStatus.CANCELLING)

    def fenced(self, job_id: JobId, token: LeaseToken) -> Stored:
        stored = self.rows.get(job_id)
        if stored is None or stored.job.lease is None or stored.job.lease.token != token:
            raise LeaseLostError(job_id)
        return stored

    def _must_get(self, job_id: JobId, tenant: TenantId | None) -> Stored:
        if self.get(job_id, tenant) is None:
            raise JobNotFoundError(job_id)
        return self.rows[job_id]

    def change_status(
        self, job_id: JobId, status: JobStatus, now: datetime, tenant: TenantId | None = None, kind: str = "status"
    ) -> Job:
        stored = self._must_get(job_id, tenant)
        before = stored.job
        if before.status.final:
            raise InvalidTransitionError(job_id, before.status, status)
        changed = before.become(
            status,
            started_at=before.started_at or (now if status is JobStatus.RUNNING else None),
            completed_at=now if status.final else None,
            lease=before.lease if status in _NEEDS_WORKER else None,
        )
        tasks_before = dict(stored.tasks)
        lines, entries = self._cancel_tasks(stored, now) if kind == "cancel" else ([], [])
        stored.job, stored.questions = changed, None
        until = changed.lease.until if changed.lease else now
        stored.due = until if status in _NEEDS_WORKER else None
        job, events, audit = self._note(changed, _LINES[status], now, _ASKED)
        self._committed(kind, before, job, [*lines, *events], [*entries, *audit], tasks_before=tasks_before)
        return changed

    def cancel(self, job_id: JobId, now: datetime, tenant: TenantId | None = None) -> Job:
        job = self._must_get(job_id, tenant).job
        if job.status in {JobStatus.CANCELLING, JobStatus.CANCELLED}:
            return job
        if job.status is JobStatus.RUNNING or job.started_at is not None:
            return self.change_status(job_id, JobStatus.CANCELLING, now, tenant)
        return self.change_status(job_id, JobStatus.CANCELLED, now, tenant, kind="cancel")

    def _cancel_tasks(self, stored: Stored, now: datetime) -> tuple[list[JobEvent], list[AuditEntry]]:
        job, lines, entries = stored.job, [], []
        for task_id, task in stored.tasks.items():
            if not task.status.final:
                changes = {"status": TaskStatus.CANCELLED, "run": job.run, "completed_at": now}
                stored.tasks[task_id] = task.model_copy(update=changes)
                action = job.task_graph.tasks[step_of(task_id)].action
                lines.append(line_of(job, EventType.TASK_CANCELLED, now, task_id, {"action": action}))
                entries.append(cancelled_entry(job, task_id, now, f"store-{next(self._ids)}"))
        return lines, entries

    def retry(self, job_id: JobId, now: datetime, tenant: TenantId | None = None) -> Job:
        stored = self._must_get(job_id, tenant)
        before, tasks_before = stored.job, dict(stored.tasks)
        stored.job = before.next_run()
        stored.turn = self._next_turn(stored.job)
        for task_id, task in stored.tasks.items():
            if task.status is not TaskStatus.DONE:
                kept = task.result if stored_items(task.result) is not None else None
                stored.tasks[task_id] = task.model_copy(update={**_ANEW, "result": kept, "run": stored.job.run})
        note = self._note(
            stored.job, EventType.JOB_RETRIED, now, "somebody asked for another run", retry=stored.job.retry_count
        )
        self._committed("retry", before, *note, tasks_before=tasks_before)
        return stored.job

    def _note(
        self,
        job: Job,
        line: EventType,
        at: datetime,
        reason: str,
        **data: Any,  # noqa: ANN401 - JSON
    ) -> tuple[Job, list[JobEvent], list[AuditEntry]]:
        action = line.removeprefix("job_")
        entry = AuditEntry(
            id=f"store-{next(self._ids)}",
            timestamp=at,
            tenant=job.tenant,
            job_id=job.id,
            action=f"job.{action}",
            reason=reason,
            result="failure" if line is EventType.JOB_FAILED else "success",
            metadata={"run": job.run, **data},
        )
        return job, [line_of(job, line, at, data=data)], [entry]

    def _committed(
        self,
        kind: str,
        before: Job | None,
        job: Job,
        events: Sequence[JobEvent],
        audit: Sequence[AuditEntry],
        token: LeaseToken | None = None,
        tasks_before: Mapping[TaskId, TaskRun] | None = None,
    ) -> None:
        stored = self.rows[job.id]
        stored.events += events
        if audit:
            chain = self.chains.setdefault(job.tenant, [])
            chain.append(Block(tuple(audit), digest(chain[-1].digest if chain else _FIRST, audit)))
            self._entries.update((entry.id, entry.job_id) for entry in audit)
        self.watch(Commit(kind, before, stored, tasks_before or {}, events, audit, token))

    def broken_link(self, tenant: TenantId) -> int | None:
        """Recompute the chain of a tenant; return the first block that does not fit, or None."""
        previous = _FIRST
        for number, block in enumerate(self.chains.get(tenant, ()), start=1):
            if digest(previous, block.entries) != block.digest:
                return number
            previous = block.digest
        return None
