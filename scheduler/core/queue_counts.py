"""How much there is in the queue: jobs by where they stand, of one tenant or of several."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from scheduler.core.ids import TenantId

COUNTED_TO: Final = 100_000
"""Jobs of a place that are counted; more would take longer than the answer is worth."""


class QueueCounts(BaseModel):
    """Jobs that are ready for a worker, delayed until a time, leased by a worker, parked until people answer, and dead
    letters that wait for an operator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ready: int = 0
    delayed: int = 0
    leased: int = 0
    parked: int = 0
    dead: int = 0


class QueueReport(BaseModel):
    """The counts of all that were asked for, and of each tenant that has any. Of the places named in `at_least` there
    may be more, of every tenant: counting ended at COUNTED_TO."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    total: QueueCounts
    tenants: Mapping[TenantId, QueueCounts]
    at_least: tuple[str, ...] = ()
