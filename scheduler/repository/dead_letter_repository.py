"""What the store promises about dead letters: failed jobs that wait for a person. One suite tests every back end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from scheduler.core.corrections import Change
from scheduler.core.dead_letter import DeadLetter, LetterFilter
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job
from scheduler.core.task_graph import TaskGraph
from scheduler.repository.repository_interface import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """The plan and context of a dead letter as they are to be after `version`, and what that changes."""

    job_id: JobId
    version: int
    task_graph: TaskGraph
    context: dict[str, Any]
    changes: Sequence[Change]


class Requeued(NamedTuple):
    """The jobs of which a new run was opened; and which others, by whom their places are taken."""

    opened: Sequence[Job]
    taken: Mapping[JobId, JobId]


class DeadLetterRepository(Protocol):
    """A letter is there from the moment its job fails until a run is opened or somebody discards it.

    Whoever asks sees the letters of their tenant alone. What is changed is in the audit log, with its reason.
    """

    async def list(
        self, wanted: LetterFilter, tenant: TenantId, limit: int = 50, cursor: str | None = None
    ) -> Page[DeadLetter]:
        """Return letters, those that failed last first. Raises InvalidFieldError for a cursor of another list."""

    async def get(self, job_id: JobId, tenant: TenantId) -> DeadLetter | None:
        """Return the letter, or None."""

    async def correct(self, plan: NewPlan, tenant: TenantId, reason: str) -> Job:
        """Store the next version of a plan; the changes are in the audit log. Return the job.

        Raises PlanChangedError when the plan is no longer the version it was made from, DeadLetterNotFoundError when
        the letter has gone, JobNotFoundError.
        """

    async def requeue(self, job_ids: Sequence[JobId], tenant: TenantId, reason: str) -> Requeued:
        """Open a new run of each job that is a letter, which keeps what is done.

        Of several who ask at once for the same letter one gets it. `max_retries` is not asked. A job that cannot be
        read stays a letter, and so does one whose place as the only one of its kind another job has.
        """

    async def discard(self, job_ids: Sequence[JobId], tenant: TenantId, reason: str) -> Sequence[JobId]:
        """Remove letters; their jobs stay failed. Return those that were there."""
