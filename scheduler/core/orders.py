"""What a client orders: an intent with its words, or a ready plan, and when it is to begin."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from scheduler.core.job import Locale
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.core.unique_jobs import Unique

YEAR: Final = 31_536_000
"""Seconds."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_OTHER_TIMES: Final = Sentence(
    f"erwartet wird ein Zeitpunkt zwischen {_FIRST_YEAR} und {_LAST_YEAR}",
    f"a moment between {_FIRST_YEAR} and {_LAST_YEAR} is expected",
)
_TWO_STARTS: Final = Sentence(
    "entweder start_at oder delay_seconds wird erwartet", "say either start_at or delay_seconds"
)


def _of_our_time(moment: datetime) -> datetime:
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        raise unfit(_OTHER_TIMES)
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A time with its distance to UTC, in a year in which calendars and sums of times are sound."""


class StartLater(BaseModel):
    """When to begin; without either, at once. A moment that has passed means at once, too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_at: Moment | None = Field(default=None, description="Not before this moment.")
    delay_seconds: float | None = Field(
        default=None, ge=0, le=YEAR, strict=True, description="Not before so many seconds from now."
    )

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if self.start_at is not None and self.delay_seconds is not None:
            raise unfit(_TWO_STARTS, "delay_seconds")
        return self

    def begins(self, now: datetime) -> datetime | None:
        """Return the moment before which nothing is done; None: at once."""
        if self.delay_seconds is not None:
            return now + timedelta(seconds=self.delay_seconds)
        return self.start_at if self.start_at is not None and self.start_at > now else None


class WorkOrder(BaseModel):
    """What is to be done: an intent with the words of the request, or a ready plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str | None = Field(default=None, max_length=64)
    description: str = ""
    context: dict[str, Any] = Field(default_factory=dict)
    task_graph: TaskGraph | None = None
    locale: Locale | None = None
    priority: int = Field(default=0, ge=-100, le=100, strict=True)
    max_retries: int = Field(default=3, ge=0, le=100, strict=True)
    deadline_seconds: float | None = Field(
        default=None,
        gt=0,
        le=YEAR,
        strict=True,
        description="The job fails when it takes longer, counted from when it may begin.",
    )
    unique: Unique | None = Field(
        default=None, description="At most one job of this kind; not the same as an idempotency key."
    )


PlanHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class JobOrder(WorkOrder, StartLater):
    """A job to be done once. `plan` is the hash of one that was shown, and stands alone."""

    plan: PlanHash | None = Field(default=None, description="`plan_hash` of a plan that `POST /plan` has shown.")
