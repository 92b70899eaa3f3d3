"""What the store promises of schedules. Every back end passes the same contract suite.

Every change is a compare-and-set on the version of the schedule, stored together with its line of the timeline and its
audit entry, so that several schedulers on one store cannot fire twice, nor a change and a firing cross.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scheduler.core.ids import ScheduleId, TenantId
from scheduler.core.job import Job
from scheduler.core.schedules import Missed, Schedule, ScheduleEvent, ScheduleEventType
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.repository_interface import IdempotentRequest, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFiring:
    """Why a firing made no job, for programs and for people."""

    code: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One turn of a schedule as it was read. Stored whole or not at all.

    `moment` is the time it fires for; None: it does not, or a person asked for it. `work` is the job it makes, or why
    there is none. `request` is the key of the person's client, `claim` what the job must have to be the only one of its
    kind.
    """

    schedule: Schedule
    at: datetime
    moment: datetime | None
    next_fire: datetime | None
    work: Job | FailedFiring | None
    missed: Missed | None = None
    request: IdempotentRequest | None = None
    claim: UniqueClaim | None = None


class ScheduleRepository(Protocol):
    """Schedules, each with its timeline. A client's schedule is named by its id or by its name."""

    async def add(self, schedule: Schedule) -> None:
        """Store a new schedule. Raises ScheduleExistsError when its tenant has one of that name."""

    async def get(self, named: str, tenant: TenantId) -> Schedule | None:
        """Return the schedule, or None."""

    async def list(self, tenant: TenantId, limit: int = 50, offset: int = 0) -> Page[Schedule]:
        """Return schedules by name."""

    async def change(self, schedule: Schedule, line: ScheduleEventType, at: datetime) -> Schedule:
        """Store a schedule that was read and changed, and return it with its new version.

        Raises ScheduleChangedError when it is no longer as it was read, and ScheduleExistsError for a name in use.
        """

    async def remove(self, named: str, tenant: TenantId, at: datetime) -> bool:
        """Remove a schedule with its timeline; audit log and jobs stay. Return whether there was one."""

    async def next_due(self, besides: Collection[ScheduleId] = ()) -> datetime | None:
        """Return when the next schedule of any tenant is due, but for some, or None."""

    async def due(self, now: datetime, limit: int = 50, besides: Collection[ScheduleId] = ()) -> Sequence[Schedule]:
        """Return schedules of all tenants that are due, the longest overdue first, but for some.

        One that this version cannot read is stopped, so that it does not stand in the way of the others.
        """

    async def overlaps(self, schedule: Schedule) -> bool:
        """Say whether its last job still runs and must not be overlapped: then a firing would be skipped now."""

    async def fire(self, firing: Firing) -> Job | None:
        """Take the turn: set when the schedule is due next, and accept the job, in one transaction.

        Return the job, or None if there is none: the work failed, or the last job still runs and must not be
        overlapped, or one of its kind is there. A person gets that one, as MetJob; UniqueConflictError when the claim
        refuses that. Raises ScheduleChangedError, nothing stored, when the schedule is no longer as it was read:
        another scheduler has fired it, or somebody has changed it.
        """

    async def put_off(self, schedule: Schedule, moment: datetime, why: FailedFiring, at: datetime) -> None:
        """Note, once until it has fired, that a schedule which stays due cannot fire for this moment now."""

    async def events(
        self, schedule_id: ScheduleId, tenant: TenantId, after: int = 0, limit: int = 1000
    ) -> Sequence[ScheduleEvent]:
        """Return the lines of the timeline whose `seq` is greater than `after`, in order."""

    async def firings(
        self, schedule_id: ScheduleId, tenant: TenantId, limit: int = 50, offset: int = 0
    ) -> Page[ScheduleEvent]:
        """Return what became of the firings, newest first."""
