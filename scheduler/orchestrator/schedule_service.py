"""What a client may ask of schedules, and how one fires. Each question is limited to the client's tenant.

The plan of a schedule is checked when the schedule is made, so that a mistake is told to who makes it, and made anew at
each firing, because portals and rules change. A firing whose plan fails is recorded, and the schedule goes on.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import structlog

from scheduler.core.clock import Clock
from scheduler.core.errors import (
    CPAError,
    InvalidFieldError,
    QueueFullError,
    ScheduleChangedError,
    ScheduleNotFoundError,
    UnavailableError,
)
from scheduler.core.ids import IdFactory, ScheduleId, TenantId, fired_job_id
from scheduler.core.job import Job, Locale, MetJob
from scheduler.core.schedules import (
    Schedule,
    ScheduleDefinition,
    ScheduleEvent,
    ScheduleEventType,
    Timing,
    turn,
    upcoming,
)
from scheduler.core.sentences import Sentence, sentence
from scheduler.core.unique_jobs import UniqueClaim, claim_of
from scheduler.orchestrator.job_service import JobService
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import IdempotentRequest, Page
from scheduler.repository.schedule_repository import FailedFiring, Firing, ScheduleRepository

_NEVER = Sentence("danach käme kein Zeitpunkt mehr", "there would be no moment at all")

_ATTEMPTS: Final = 10
_Outcome = TypeVar("_Outcome")

log = structlog.get_logger(__name__)


class ScheduleService:
    """The use cases of schedules."""

    def __init__(
        self, *, schedules: ScheduleRepository, jobs: JobService, job_queue: JobQueue, clock: Clock, new_id: IdFactory
    ) -> None:
        self._schedules = schedules
        self._jobs = jobs
        self._queue = job_queue
        self._clock = clock
        self._new_id = new_id

    def preview(self, timing: Timing, count: int) -> Sequence[datetime]:
        """Return the next moments of a schedule that would be made now, in its zone."""
        now, zone = self._clock.now(), ZoneInfo(timing.timezone)
        return [moment.astimezone(zone) for moment in upcoming(timing, now, now, count)]

    async def create(self, definition: ScheduleDefinition, tenant: TenantId) -> Schedule:
        """Make a schedule. Raises InvalidRequestError, ActionForbiddenError and ScheduleExistsError."""
        await self._prepare(definition, tenant)
        now = self._clock.now()
        made = Schedule(
            id=ScheduleId(self._new_id()), tenant=tenant, definition=definition, created_at=now, since=now
        ).begin(now)
        _must_fire(made)
        await self._schedules.add(made)
        return made

    async def replace(self, named: str, definition: ScheduleDefinition, tenant: TenantId) -> Schedule:
        """Give a schedule another definition; one that is paused stays so. Raises as `create` does, and
        ScheduleNotFoundError."""
        await self._prepare(definition, tenant)

        async def attempt() -> Schedule:
            known, now = await self.get(named, tenant), self._clock.now()
            changed = known.model_copy(update={"definition": definition, "since": now}).begin(now)
            _must_fire(changed)
            changed = changed.pause() if known.paused else changed
            return await self._schedules.change(changed, ScheduleEventType.CHANGED, now)

        return await _in_spite_of_firings(attempt)

    async def get(self, named: str, tenant: TenantId) -> Schedule:
        """Return the schedule. Raises ScheduleNotFoundError, also for one of another tenant."""
        found = await self._schedules.get(named, tenant)
        if found is None:
            raise ScheduleNotFoundError(named)
        return found

    async def list(self, tenant: TenantId, *, limit: int = 50, offset: int = 0) -> Page[Schedule]:
        """Return schedules by name."""
        return await self._schedules.list(tenant, limit, offset)

    async def pause(self, named: str, tenant: TenantId) -> Schedule:
        """Fire no more until `resume`; pausing again changes nothing. Raises ScheduleNotFoundError."""

        async def attempt() -> Schedule:
            known = await self.get(named, tenant)
            if known.paused:
                return known
            return await self._schedules.change(known.pause(), ScheduleEventType.PAUSED, self._clock.now())

        return await _in_spite_of_firings(attempt)

    async def resume(self, named: str, tenant: TenantId) -> Schedule:
        """Fire again from now on; what the pause left out is not made up for. Raises ScheduleNotFoundError."""

        async def attempt() -> Schedule:
            known, now = await self.get(named, tenant), self._clock.now()
            if not known.paused:
                return known
            return await self._schedules.change(known.begin(now), ScheduleEventType.RESUMED, now)

        return await _in_spite_of_firings(attempt)

    async def remove(self, named: str, tenant: TenantId) -> None:
        """Remove a schedule; its jobs stay. Raises ScheduleNotFoundError."""
        if not await self._schedules.remove(named, tenant, self._clock.now()):
            raise ScheduleNotFoundError(named)

    async def fire_now(self, named: str, tenant: TenantId, key: str | None = None) -> Job:
        """Accept a job of the schedule at once, paused or not, because a person wants it.

        Raises as `create` does, ScheduleNotFoundError, IdempotencyConflictError, UniqueConflictError and
        QueueFullError.
        """

        async def attempt() -> Job:
            known = await self.get(named, tenant)
            request = _request(known, key)
            return await self._jobs.once(request, tenant, self._fire_by_hand(known, request))

        fired = await _in_spite_of_firings(attempt)
        if not isinstance(fired, MetJob):
            await self._queue.enqueue(fired)
        return fired

    async def _fire_by_hand(self, schedule: Schedule, request: IdempotentRequest | None) -> Job:
        now = self._clock.now()
        job = await self._job(schedule, now)
        claim = claim_of(schedule.definition.unique, job)
        await self._jobs.make_room(schedule.tenant, claim)
        firing = Firing(
            schedule=schedule,
            at=now,
            moment=None,
            next_fire=schedule.next_fire,
            work=job,
            request=request,
            claim=claim,
        )
        return await self._schedules.fire(firing) or job

    async def fire_due(self, schedule: Schedule) -> None:
        """Take the turn of a schedule that is due. Raises ScheduleChangedError when another scheduler was first.

        While too many jobs wait it stays due, with a note, and QueueFullError is raised: how long it may be late, and
        what becomes of moments that pass meanwhile, its `catch_up` says, as after downtime.
        """
        now = self._clock.now()
        decided = turn(schedule, now)
        work, claim = (None, None) if decided.fire is None else await self._with_room(schedule, decided.fire, now)
        job = await self._schedules.fire(
            Firing(
                schedule=schedule,
                at=now,
                moment=decided.fire,
                next_fire=decided.next_fire,
                work=work,
                missed=decided.missed,
                claim=claim,
            )
        )
        if job is not None:
            await self._queue.enqueue(job)
        code = work.code if isinstance(work, FailedFiring) else None
        missed = decided.missed.count if decided.missed else 0
        log.info(
            "schedule_fired", schedule_id=schedule.id, moment=decided.fire, job_id=job and job.id, missed=missed,
            code=code,
        )  # fmt: skip

    async def events(self, named: str, tenant: TenantId, after: int = 0) -> Sequence[ScheduleEvent]:
        """Return what happened to a schedule after the line numbered `after`. Raises ScheduleNotFoundError."""
        return await self._schedules.events((await self.get(named, tenant)).id, tenant, after)

    async def firings(self, named: str, tenant: TenantId, *, limit: int = 50, offset: int = 0) -> Page[ScheduleEvent]:
        """Return what became of the firings, newest first. Raises ScheduleNotFoundError."""
        return await self._schedules.firings((await self.get(named, tenant)).id, tenant, limit, offset)

    async def _with_room(
        self, schedule: Schedule, moment: datetime, now: datetime
    ) -> tuple[Job | FailedFiring, UniqueClaim | None]:
        """Return the work of a firing, and its claim. Room is asked for only by what would not be skipped anyway, and
        before it is planned, unless its plan is needed to tell. Raises QueueFullError."""
        unique, needs_room = schedule.definition.unique, not await self._schedules.overlaps(schedule)
        if needs_room and unique is None:
            await self._find_room(schedule, moment, now, None)
        work = await self._work(schedule, moment)
        claim = claim_of(unique, work) if isinstance(work, Job) else None
        if needs_room and claim is not None:
            await self._find_room(schedule, moment, now, claim)
        return work, claim

    async def _find_room(self, schedule: Schedule, moment: datetime, now: datetime, claim: UniqueClaim | None) -> None:
        try:
            await self._jobs.make_room(schedule.tenant, claim=claim, lines_up=False)
        except QueueFullError as full:
            said = sentence("firing_put_off", schedule.definition.locale or "de", full.facts)
            await self._schedules.put_off(schedule, moment, FailedFiring(code=full.code, error=said), now)
            raise

    async def _prepare(self, definition: ScheduleDefinition, tenant: TenantId) -> Job:
        return await self._jobs.prepare(definition, definition.text, tenant=tenant)

    async def _work(self, schedule: Schedule, moment: datetime) -> Job | FailedFiring:
        """Plan the job of a firing; what goes wrong with it becomes a value, so that the schedule goes on."""
        locale = schedule.definition.locale or "de"
        try:
            job = await self._job(schedule, moment)
        except UnavailableError:
            raise
        except CPAError as error:
            return FailedFiring(code=error.code, error=sentence(error.code, locale, error.facts))
        except Exception:
            log.exception("schedule_not_planned", schedule_id=schedule.id)
            return _broken(schedule, locale)
        return job.model_copy(update={"id": fired_job_id(schedule.id, moment)})

    async def _job(self, schedule: Schedule, moment: datetime) -> Job:
        job = await self._prepare(schedule.definition, schedule.tenant)
        origin = {"id": schedule.id, "name": schedule.definition.name, "moment": moment.isoformat()}
        return job.model_copy(update={"context": {**job.context, "schedule": origin}})


async def _in_spite_of_firings(attempt: Callable[[], Awaitable[_Outcome]]) -> _Outcome:
    """Read and change a schedule; if it fired in between, do so again. Raises ScheduleChangedError after many times."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return await attempt()
        except ScheduleChangedError:
            continue
    return await attempt()


def _broken(schedule: Schedule, locale: Locale) -> FailedFiring:
    return FailedFiring(code="internal", error=sentence("internal", locale, {"correlation_id": schedule.id}))


def _must_fire(schedule: Schedule) -> None:
    if schedule.next_fire is None:
        definition = schedule.definition
        raise InvalidFieldError("until" if definition.until is not None else "cron", _NEVER)


def _request(schedule: Schedule, key: str | None) -> IdempotentRequest | None:
    if key is None:
        return None
    digest = hashlib.sha256(schedule.id.encode()).hexdigest()
    return IdempotentRequest(key=key, route="schedules/fire", body_digest=digest)
