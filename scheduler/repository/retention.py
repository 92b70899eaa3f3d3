"""What the store promises of forgetting: what is old goes in small steps, each a transaction of a few milliseconds.

What is old says the time that stands with it, in whichever order it came: a clock may have run ahead or behind.

The audit log is never pruned: it says of every job that it was there, and that it was removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scheduler.core.ids import JobId


@dataclass(frozen=True, slots=True)
class PrunedJobs:
    """The jobs that a step has removed, and whether another step may find more."""

    jobs: Sequence[JobId]
    more: bool


class RetentionRepository(Protocol):
    """Removes what is old. Each call is one small step; it is repeated until there is nothing left."""

    async def prune_jobs(self, ended_before: datetime | None, now: datetime) -> PrunedJobs:
        """Remove jobs that ended before a moment, with all that hangs on them, and note it in the audit log.

        But for those that are still in the way of others of their unique key, as they asked themselves.

        A job with a long timeline goes in several steps. From the first on it is on its way out: it gets no other run,
        is no dead letter, and goes whatever the moment is; None: only what was begun.
        """

    async def prune_messages(self, before: datetime) -> int:
        """Remove messages that were stored before a moment, but those of jobs that have not ended; return how many this
        step has removed."""

    async def prune_keys(self, before: datetime) -> int:
        """Forget idempotency keys from before a moment; a request with one of them would be accepted anew."""

    async def prune_schedule_events(self, before: datetime) -> int:
        """Remove lines of schedules' timelines from before a moment."""

    async def prune_spending(self, before: datetime) -> int:
        """Forget what was spent on days before that of a moment, and for jobs from before it that never came to be."""

    async def prune_enrolments(self, ended_before: datetime) -> int:
        """Forget rights to join that nobody can use since before a moment."""

    async def count_old(
        self,
        jobs: datetime | None,
        messages: datetime | None,
        keys: datetime | None,
        enrolments: datetime | None,
        now: datetime,
    ) -> tuple[int, int, int, int, int, int]:
        """Count what pruning would remove, and remove nothing.

        Return how many jobs, messages, keys, lines of schedules, accounts of what was spent, and rights to join.
        """

    async def unknown_jobs(self, job_ids: Sequence[JobId]) -> Sequence[JobId]:
        """Return those of the ids that no job has."""
