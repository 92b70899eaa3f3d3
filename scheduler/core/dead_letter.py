"""A job that failed for good and waits for a person: to be looked into, corrected, requeued or discarded."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from scheduler.core.ids import JobId, TenantId


class DeadLetter(BaseModel):
    """One failed job in short. `run` is the run that failed, `code` says why, `error` says it to people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: JobId
    tenant: TenantId
    run: int
    code: str
    at: datetime
    intent: str
    description: str
    error: str | None = None


class LetterFilter(BaseModel):
    """Which dead letters are wanted; what is not given does not restrict. `since` belongs to them, `until` does not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str | None = None
    intent: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
