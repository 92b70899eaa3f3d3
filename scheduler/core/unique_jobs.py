"""At most one job of a kind: what an order says of it, and when a job that is there stands in the way of another.

Not to be taken for idempotency: a key of a request repeats the answer to that request, whatever became of its job. A
unique order bounds what is there at the same time, whoever asks.
"""

import hashlib
import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from scheduler.core.job import Job, JobStatus
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence

_UNFINISHED: Final = tuple(status for status in JobStatus if not status.final)
_LONGEST: Final = 31_536_000
"""Seconds, a year."""
_NO_PENDING: Final = Sentence(
    "pending gehört dazu, denn so beginnt jeder Auftrag", "pending belongs to them, since every job begins so"
)


class OnConflict(StrEnum):
    """What an order gets that meets a job of its key."""

    EXISTING = "existing"
    REFUSE = "refuse"


def _in_order(states: tuple[JobStatus, ...]) -> tuple[JobStatus, ...]:
    """Return each once, as the table of statuses has them: said otherwise it is the same request."""
    if JobStatus.PENDING not in states:
        raise unfit(_NO_PENDING)
    return tuple(status for status in JobStatus if status in states)


States = Annotated[tuple[JobStatus, ...], Field(min_length=1, max_length=20), AfterValidator(_in_order)]


class Unique(BaseModel):
    """At most one job with this key; without one the key is the intent with its arguments, and the plan.

    A job that has not ended is in the way of others of its key as long as it has not. With `within_seconds` one that is
    done is so, too, until so long after it was accepted. Keys belong to the tenant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str | None = Field(default=None, min_length=1, max_length=255, description="What may be there once.")
    within_seconds: float | None = Field(
        default=None,
        gt=0,
        le=_LONGEST,
        strict=True,
        description="Jobs that have ended count until so long after they were accepted.",
    )
    states: States | None = Field(
        default=None,
        description="Jobs count while they are in one of these. Without: until they end; with `within_seconds` also "
        "`done`. One that has ended counts for ever unless `within_seconds` is given.",
    )
    on_conflict: OnConflict = Field(
        default=OnConflict.EXISTING, description="What the order gets then: the job that is there, or a refusal (409)."
    )


class UniqueClaim(BaseModel):
    """What an order that wants to be unique asks of the store. `key` is a digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    states: tuple[JobStatus, ...] = _UNFINISHED
    within: timedelta | None = None
    refuses: bool = False

    def met_by(self, status: JobStatus, accepted_at: datetime, now: datetime) -> bool:
        """Say whether a job with this key is in the way."""
        if status not in self.states:
            return False
        return not status.final or self.within is None or now < accepted_at + self.within


def claim_of(unique: Unique | None, job: Job) -> UniqueClaim | None:
    """Return what a job must claim before it may be stored; None: nothing."""
    if unique is None:
        return None
    within = None if unique.within_seconds is None else timedelta(seconds=unique.within_seconds)
    default = _UNFINISHED if within is None else (*_UNFINISHED, JobStatus.DONE)
    return UniqueClaim(
        key=_digest("named", unique.key) if unique.key is not None else _of_its_work(job),
        states=unique.states or default,
        within=within,
        refuses=unique.on_conflict is OnConflict.REFUSE,
    )


def _of_its_work(job: Job) -> str:
    """Name the work of a job; what has no plan yet, because it asks, is known by its words."""
    slots, files = job.context.get("slots", {}), job.context.get("files", [])
    if not len(job.task_graph):
        return _digest("asked", job.intent, slots, files, job.description)
    plan = job.task_graph.seal().canonical().replace(job.id, "")  # files that came with it lie under its own name
    return _digest("planned", job.intent, slots, files, plan)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
