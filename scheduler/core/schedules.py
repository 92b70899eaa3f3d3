"""Orders that come again: when a schedule fires, and what becomes of the firings that were missed.

Pure functions of their arguments: `next_fire` says when, `turn` decides what is to be done now; storing the decision is
the repository's compare-and-set.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count, islice, takewhile
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from scheduler.core.cron import checked_cron, checked_zone, cron_moments
from scheduler.core.ids import DEFAULT_TENANT, JobId, ScheduleId, TenantId
from scheduler.core.orders import YEAR, Moment, WorkOrder
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence

MOST_COUNTED: Final = 1000
"""Missed firings are counted up to here; a greater number is not worth the time it takes to find out."""
_NAME: Final = r"^[^/\s\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^/\s\x00-\x1f\x7f])?$"
_ONE_RHYTHM: Final = Sentence("entweder cron oder every_seconds wird gebraucht", "say either cron or every_seconds")
_NO_WORK: Final = Sentence("gebraucht wird text, intent oder task_graph", "needed is a text, an intent or a task_graph")
_TWO_WORKS: Final = Sentence(
    "neben text ist weder intent noch description noch task_graph möglich",
    "text excludes intent, description and task_graph",
)
_ENDS_EARLY: Final = Sentence("das Ende liegt nicht nach dem Anfang", "the end does not come after the start")


class CatchUp(StrEnum):
    """What becomes of firings whose time passed while nobody could fire them."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Overlap(StrEnum):
    """What a firing does while the job of the last one has not ended."""

    ALLOW = "allow"
    SKIP = "skip"


class Timing(BaseModel):
    """When: by the calendar or by an interval, from when, until when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: Annotated[str, AfterValidator(checked_cron)] | None = Field(
        default=None, description="Minute, hour, day, month, weekday: `30 9 * * MON-FRI`; or @daily and its like."
    )
    every_seconds: float | None = Field(
        default=None, ge=1, le=10 * YEAR, description="So much time from firing to firing, counted from start_at."
    )
    timezone: Annotated[str, AfterValidator(checked_zone)] = Field(
        default="UTC", description="Where the times of cron hold, for example Europe/Berlin."
    )
    start_at: Moment | None = Field(default=None, description="Fires from this moment on.")
    until: Moment | None = Field(default=None, description="The last moment at which it may fire.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.cron is None) == (self.every_seconds is None):
            raise unfit(_ONE_RHYTHM, "cron")
        if self.start_at is not None and self.until is not None and self.until <= self.start_at:
            raise unfit(_ENDS_EARLY, "until")
        return self

    def moments(self, after: datetime, since: datetime) -> Iterator[datetime]:
        """Yield every moment later than `after`, in UTC. An interval without `start_at` counts from `since`."""
        if self.start_at is not None:
            after = max(after, self.start_at - timedelta(microseconds=1))
        all_times = self._interval(after, since) if self.cron is None else cron_moments(self.cron, self.timezone, after)
        return all_times if self.until is None else takewhile(self.until.__ge__, all_times)

    def _interval(self, after: datetime, since: datetime) -> Iterator[datetime]:
        anchor = (self.start_at or since).astimezone(UTC)
        every = timedelta(seconds=self.every_seconds or 0)
        for number in count(max(0, (after - anchor) // every + 1)):
            yield anchor + number * every


class ScheduleDefinition(WorkOrder, Timing):
    """What a client says of a schedule: its name, what is to be done, when, and what if that fails."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NAME)]
    text: str | None = Field(default=None, description="The order as a sentence; planned anew at each firing.")
    catch_up: CatchUp = Field(
        default=CatchUp.ONCE, description="Missed firings: skip them, make up for all by one, or fire them all."
    )
    max_catch_up: int = Field(default=10, ge=1, le=100, description="With catch_up `all`: at most so many, the latest.")
    grace_seconds: float = Field(
        default=60.0, ge=1, le=YEAR, description="With catch_up `skip`: a firing later than this was missed."
    )
    overlap: Overlap = Field(default=Overlap.ALLOW, description="While the last job has not ended: allow, or skip.")

    @model_validator(mode="after")
    def _work_is_named(self) -> Self:
        ready = self.intent is not None or self.task_graph is not None
        if self.text is None and not ready:
            raise unfit(_NO_WORK, "text")
        if self.text is not None and (ready or self.description):
            raise unfit(_TWO_WORKS, "text")
        return self


class Schedule(BaseModel):
    """An order that comes again, and how far it has come. `version` grows with every change of it, firings included.

    `since` is when the definition began to hold. `failures` counts firings that failed since the last that did not;
    without `next_fire` it is paused or has come to its end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: ScheduleId
    tenant: TenantId = DEFAULT_TENANT
    definition: ScheduleDefinition
    version: int = 1
    paused: bool = False
    created_at: datetime
    since: datetime
    next_fire: datetime | None = None
    last_fire: datetime | None = None
    last_job_id: JobId | None = None
    fired: int = 0
    failures: int = 0
    last_error: str | None = None

    def begin(self, now: datetime) -> Self:
        """Return the schedule as it fires next after `now`; what was fired once is not fired again."""
        after = now if self.last_fire is None else max(now, self.last_fire)
        return self.model_copy(update={"paused": False, "next_fire": next_fire(self, after)})

    def pause(self) -> Self:
        """Return the schedule as it fires no more until `begin`."""
        return self.model_copy(update={"paused": True, "next_fire": None})


class ScheduleEventType(StrEnum):
    """The lines of a schedule's timeline; the last four are firings."""

    CREATED = "created"
    CHANGED = "changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    PUT_OFF = "put_off"
    FIRED = "fired"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"


class ScheduleEvent(BaseModel):
    """One line of a schedule's timeline. `moment` is the time a firing was meant for, None if a person asked for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int = 0
    type: ScheduleEventType
    at: datetime
    moment: datetime | None = None
    job_id: JobId | None = None
    data: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Firings that are passed over: how many (counted up to MOST_COUNTED), and the first of them."""

    first: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is to be done with a schedule whose time has come: fire for a moment or not, and when it is due next."""

    fire: datetime | None
    missed: Missed | None
    next_fire: datetime | None


def next_fire(schedule: Schedule, after: datetime) -> datetime | None:
    """Return when the schedule fires first, later than `after`; None: never again."""
    return next(schedule.definition.moments(after, schedule.since), None)


def upcoming(timing: Timing, after: datetime, since: datetime, number: int) -> tuple[datetime, ...]:
    """Return the next `number` moments later than `after`, in UTC."""
    return tuple(islice(timing.moments(after, since), number))


def turn(schedule: Schedule, now: datetime) -> Turn:
    """Decide what a schedule does at `now`, which is not before its `next_fire`. Raises ValueError if it is."""
    first, definition = schedule.next_fire, schedule.definition
    if first is None or first > now:
        raise ValueError(f"schedule {schedule.id!r} is not due")
    wanted = definition.max_catch_up if definition.catch_up is CatchUp.ALL else 1
    due, latest = _due(schedule, first, now, wanted)
    late = now - latest[-1] > timedelta(seconds=definition.grace_seconds)
    if definition.catch_up is CatchUp.SKIP and late:
        missed = Missed(first=first, count=min(due, MOST_COUNTED))
        return Turn(fire=None, missed=missed, next_fire=next_fire(schedule, latest[-1]))
    passed = due - len(latest)
    return Turn(
        fire=latest[0],
        missed=Missed(first=first, count=passed) if passed else None,
        next_fire=latest[1] if len(latest) > 1 else next_fire(schedule, latest[0]),
    )


def _due(schedule: Schedule, first: datetime, now: datetime, wanted: int) -> tuple[int, tuple[datetime, ...]]:
    """Count what is due from `first` to `now`, and return the last `wanted` of it.

    After a long time it looks back from now instead of walking the whole way, and counts no further.
    """
    walked = [first, *islice(_from(schedule, first, now), MOST_COUNTED)]
    if len(walked) <= MOST_COUNTED:
        return len(walked), tuple(walked[-wanted:])
    span = timedelta(minutes=1)
    while len(latest := deque(_from(schedule, now - span, now), maxlen=wanted)) < wanted:
        span *= 2
    return MOST_COUNTED + wanted, tuple(latest)


def _from(schedule: Schedule, after: datetime, now: datetime) -> Iterator[datetime]:
    return takewhile(now.__ge__, schedule.definition.moments(after, schedule.since))
