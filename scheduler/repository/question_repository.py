"""What the store promises about jobs that wait for people's answers. See repository_interface.py."""

import abc
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job
from scheduler.core.questions import OpenQuestions
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.repository.repository_interface import IdempotentRequest

UNANSWERED: Final = "unanswered"
"""The `error_code` of a job that fails, or whose steps must, because nobody has answered in time."""


class QuestionRepository(abc.ABC):
    """Questions of jobs that wait. They end with the waiting: by an answer, by cancelling, or when nobody answers."""

    @abc.abstractmethod
    async def accept(
        self,
        job: Job,
        asked: OpenQuestions,
        request: IdempotentRequest | None = None,
        claim: UniqueClaim | None = None,
    ) -> Job:
        """Accept a waiting job as `JobRepository.save` does a pending one, with what it asks, all or nothing.

        What is there already is returned as it is. Raises as `save` does.
        """

    @abc.abstractmethod
    async def open(self, job_id: JobId, tenant: TenantId | None = None) -> OpenQuestions | None:
        """Return what a job asks now; None: nothing."""

    @abc.abstractmethod
    async def ask_again(self, job: Job, asked: OpenQuestions, answers: Mapping[str, str], at: datetime) -> None:
        """Note answers that lead to the questions `asked`, whose round is the next one.

        Raises NotWaitingError unless the job still waits with the round before.
        """

    @abc.abstractmethod
    async def go_on(self, job: Job, round_: int, answers: Mapping[str, str], at: datetime) -> Job:
        """Note answers that suffice: the job, with its plan now, is pending. Return it as stored.

        Raises NotWaitingError unless the job still waits with this round.
        """

    @abc.abstractmethod
    async def carry_on(
        self, job: Job, round_: int, answers: Mapping[str, str] | None, at: datetime, keep: Callable[[], None]
    ) -> Job:
        """Make a job whose steps have asked pending again, as answered, or (None) with the error code UNANSWERED.

        `answers` are shown to everybody; `keep` puts those that steps will read where they do, when it is certain that
        these count. Raises NotWaitingError, nothing kept, unless the job still waits with this round.
        """

    @abc.abstractmethod
    async def expired(self, now: datetime, limit: int) -> Sequence[tuple[Job, OpenQuestions]]:
        """Return jobs whose questions nobody has answered in time."""

    @abc.abstractmethod
    async def give_up(self, job: Job, round_: int, error: str, at: datetime) -> bool:
        """Let a job fail whose questions nobody has answered; say whether it still waited with this round."""

    @abc.abstractmethod
    async def count(self, tenant: TenantId | None, most: int) -> int:
        """Return how many jobs wait for answers, in all or of a tenant; counting ends at `most`."""
