"""What an operator may do with jobs that failed for good: look into them, correct, requeue or discard them.

An operator's requeue is not bound by `max_retries` and uses none of them up: somebody has looked. A client's plain
retry stays bound.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.corrections import Correction, correct, place_in_correction
from scheduler.core.dead_letter import DeadLetter, LetterFilter
from scheduler.core.errors import (
    CPAError,
    DeadLetterNotFoundError,
    InvalidRequestError,
    JobNotFoundError,
    PlanChangedError,
    PlanUnreadableError,
    QueueFullError,
    UniqueConflictError,
)
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.job import Job, TaskRun, TaskStatus
from scheduler.orchestrator.offered_actions import check_plan_with_agents
from scheduler.orchestrator.planned_request import given_context, given_slots
from scheduler.orchestrator.planner import Planner
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.dead_letter_repository import DeadLetterRepository, NewPlan
from scheduler.repository.repository_interface import (
    AuditFilter,
    AuditRepository,
    EventRepository,
    JobRepository,
    Page,
    TaskRepository,
)

MOST_AT_ONCE: Final = 1000
"""Letters that one request may requeue or discard."""
MOST_LINES: Final = 10_000
"""Lines of the timeline, and entries of the audit log, that a story holds."""

_IN_ONE_WRITE = 100  # so that nobody else waits long for the store
_PAGE = 1000
_NO_REASONS: Final[Mapping[JobId, CPAError]] = MappingProxyType({})
_UNREADABLE = (ValueError, InvalidRequestError)  # what reading a job raises that another version of ours has stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All there is to know about a dead letter. `stopped_at` are the tasks that failed, or else were left unfinished.

    `complete` is false when the timeline, or the audit log, is longer than a story may be.
    """

    letter: DeadLetter
    job: Job
    tasks: Sequence[TaskRun]
    stopped_at: Sequence[TaskId]
    events: Sequence[JobEvent]
    audit: Sequence[AuditEntry]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of several letters: those that were handled, why others were not, and whether more fit the filter."""

    job_ids: Sequence[JobId]
    refused: Sequence[tuple[JobId, CPAError]] = ()
    more: bool = False


class DeadLetterService:
    """The use cases of the API and the command line; each is limited to the tenant that asks."""

    def __init__(
        self,
        *,
        letters: DeadLetterRepository,
        jobs: JobRepository,
        tasks: TaskRepository,
        events: EventRepository,
        audit: AuditRepository,
        job_queue: JobQueue,
        planner: Planner,
        admission: Admission,
    ) -> None:
        self._admission = admission
        self._letters = letters
        self._jobs = jobs
        self._tasks = tasks
        self._events = events
        self._audit = audit
        self._queue = job_queue
        self._planner = planner

    async def list(
        self, wanted: LetterFilter, tenant: TenantId, limit: int = 50, cursor: str | None = None
    ) -> Page[DeadLetter]:
        """Return letters, those that failed last first. Raises InvalidFieldError for a foreign cursor."""
        return await self._letters.list(wanted, tenant, limit, cursor)

    async def story(self, job_id: JobId, tenant: TenantId) -> Story:
        """Tell everything about a letter. Raises JobNotFoundError, DeadLetterNotFoundError, PlanUnreadableError."""
        letter, job = await self._letter(job_id, tenant)
        tasks = await self._tasks.list(job_id)
        events: list[JobEvent] = []
        while len(events) < MOST_LINES:
            page = await self._events.list(job_id, events[-1].seq if events else 0, _PAGE, tenant)
            events += page
            if len(page) < _PAGE:
                break
        audit = await self._audit.list(AuditFilter(tenant=tenant, job_id=job_id), MOST_LINES)
        return Story(
            letter=letter,
            job=job,
            tasks=tasks,
            stopped_at=tuple(_stopped_at(tasks)),
            events=events,
            audit=audit.items,
            complete=len(events) < MOST_LINES and audit.total <= len(audit.items),
        )

    async def correct(self, job_id: JobId, correction: Correction, tenant: TenantId, reason: str = "") -> Job:
        """Correct what of the plan is not done, and the context; the next run works with it.

        Raises JobNotFoundError, DeadLetterNotFoundError, PlanUnreadableError, PlanChangedError when somebody else was
        first, and as `check_plan` does, said of the field of the correction.
        """
        _, job = await self._letter(job_id, tenant)
        if correction.version is not None and correction.version != job.plan_version:
            raise PlanChangedError(job_id, correction.version)
        tasks = await self._tasks.list(job_id)
        correction = correction.model_copy(update={"context": given_context(correction.context)})
        corrected = correct(job, {task.task_id for task in tasks if task.status is TaskStatus.DONE}, correction)
        given_slots(corrected.context)
        try:
            planner = self._planner
            await check_plan_with_agents(
                corrected.task_graph, planner.catalog, planner.policy, planner.offered, job.tenant
            )
        except InvalidRequestError as error:
            raise error.at(place_in_correction(error.field, job.task_graph)) from None
        if not corrected.changes:
            return job
        plan = NewPlan(
            job_id=job_id,
            version=job.plan_version,
            task_graph=corrected.task_graph,
            context=corrected.context,
            changes=corrected.changes,
        )
        return await self._letters.correct(plan, tenant, reason)

    async def requeue(self, job_id: JobId, tenant: TenantId, reason: str = "") -> Job:
        """Open a new run that keeps what is done. Of several who ask at once one opens it.

        Raises JobNotFoundError, DeadLetterNotFoundError, PlanUnreadableError, QueueFullError, and UniqueConflictError
        while another job has its place as the only one of its kind.
        """
        await self._letter(job_id, tenant)
        await self._admission.admit(tenant)
        opened, taken = await self._letters.requeue([job_id], tenant, reason)
        if taken:
            raise UniqueConflictError(taken)
        if not opened:
            raise DeadLetterNotFoundError(job_id)
        await self._queue.enqueue(opened[0])
        return opened[0]

    async def requeue_many(
        self, chosen: Sequence[JobId] | LetterFilter, tenant: TenantId, reason: str = "", limit: int = MOST_AT_ONCE
    ) -> Handled:
        """Open a new run of each of these letters, or of up to `limit` that fit; what is no letter is refused alone.

        When the queue is full those for which there is no room are refused.
        """
        job_ids, more = await self._named(chosen, tenant, limit)
        opened, refused = list[JobId](), dict[JobId, CPAError]()
        left = list(job_ids)
        while left:
            try:
                room = await self._admission.admit_some(tenant, min(len(left), _IN_ONE_WRITE))
            except QueueFullError as full:
                refused |= dict.fromkeys(left, full)
                break
            part, left = left[:room], left[room:]
            jobs, taken = await self._letters.requeue(part, tenant, reason)
            await self._queue.announce(jobs)
            opened += [job.id for job in jobs]
            refused |= {job_id: UniqueConflictError({job_id: rival}) for job_id, rival in taken.items()}
        return await self._handled(job_ids, opened, tenant, more, refused)

    async def discard(self, job_id: JobId, tenant: TenantId, reason: str = "") -> DeadLetter:
        """Remove a letter; its job stays failed. Raises JobNotFoundError and DeadLetterNotFoundError."""
        letter = await self._letters.get(job_id, tenant)
        if letter is None or not await self._letters.discard([job_id], tenant, reason):
            raise await self._why_none(job_id, tenant)
        return letter

    async def discard_many(
        self, chosen: Sequence[JobId] | LetterFilter, tenant: TenantId, reason: str = "", limit: int = MOST_AT_ONCE
    ) -> Handled:
        """Remove each of these letters, or up to `limit` that fit; what is no letter is refused alone."""
        job_ids, more = await self._named(chosen, tenant, limit)
        gone: list[JobId] = []
        for part in _parts(job_ids):
            gone += await self._letters.discard(part, tenant, reason)
        return await self._handled(job_ids, gone, tenant, more)

    async def _named(
        self, chosen: Sequence[JobId] | LetterFilter, tenant: TenantId, limit: int
    ) -> tuple[Sequence[JobId], bool]:
        """Return the jobs that are meant, and whether more letters fit the filter."""
        if not isinstance(chosen, LetterFilter):
            return list(dict.fromkeys(chosen)), False
        page = await self._letters.list(chosen, tenant, limit)
        return [letter.job_id for letter in page.items], page.next_cursor is not None

    async def _handled(
        self,
        asked: Sequence[JobId],
        handled: Sequence[JobId],
        tenant: TenantId,
        more: bool,
        why: Mapping[JobId, CPAError] = _NO_REASONS,
    ) -> Handled:
        done = set(handled)
        refused = [
            (job_id, why[job_id] if job_id in why else await self._why_none(job_id, tenant))
            for job_id in asked
            if job_id not in done
        ]
        return Handled(job_ids=handled, refused=refused, more=more)

    async def _letter(self, job_id: JobId, tenant: TenantId) -> tuple[DeadLetter, Job]:
        letter = await self._letters.get(job_id, tenant)
        if letter is None:
            raise await self._why_none(job_id, tenant)
        try:
            job = await self._jobs.get(job_id, tenant)
        except _UNREADABLE as error:
            raise PlanUnreadableError(job_id) from error
        if job is None:
            raise JobNotFoundError(job_id)
        return letter, job

    async def _why_none(self, job_id: JobId, tenant: TenantId) -> CPAError:
        """Return why a job could not be handled as a letter."""
        try:
            job = await self._jobs.get(job_id, tenant)
        except _UNREADABLE:
            return PlanUnreadableError(job_id)
        return JobNotFoundError(job_id) if job is None else DeadLetterNotFoundError(job_id)


def _stopped_at(tasks: Sequence[TaskRun]) -> Iterator[TaskId]:
    failed = [task for task in tasks if task.status is TaskStatus.FAILED]
    begun = [task for task in tasks if task.attempts and task.status is not TaskStatus.DONE]
    yield from (task.task_id for task in failed or begun)


def _parts(job_ids: Sequence[JobId]) -> Iterator[Sequence[JobId]]:
    return (job_ids[start : start + _IN_ONE_WRITE] for start in range(0, len(job_ids), _IN_ONE_WRITE))
