"""Decides whether a failed task runs again, when, and on which agents not.

Pure functions of their arguments: `step` asks here, then acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from scheduler.core.errors import (
    AgentRefusedError,
    AgentsBusyError,
    AgentUnreachableError,
    CPAError,
    Effect,
    NoFreeAgentError,
)
from scheduler.core.ids import AgentId
from scheduler.core.questions import AskingError, Question

_FIRST_PAUSE: Final = timedelta(seconds=0.25)
_UNTIL_SOMEBODY_COMES: Final = (60, timedelta(seconds=20))
_UNTIL_SOMEBODY_IS_FREE: Final = (10_000, timedelta(seconds=5))
_NOBODY_TOOK_IT: Final[Mapping[str, tuple[int, timedelta]]] = {
    NoFreeAgentError.code: _UNTIL_SOMEBODY_COMES,
    AgentUnreachableError.code: _UNTIL_SOMEBODY_COMES,
    AgentRefusedError.code: _UNTIL_SOMEBODY_COMES,
    AgentsBusyError.code: _UNTIL_SOMEBODY_IS_FREE,
}
"""How often a step is offered, and the longest pause between: some ten minutes, or for as long as it takes."""


class ErrorClass(StrEnum):
    """What a failure calls for."""

    TRANSIENT = "transient"
    """It passes: again after a pause, at the same agent or at another."""
    AGENT_LOST = "agent_lost"
    """The agent is gone, or did not take it: again, at another one first."""
    PERMANENT = "permanent"
    """Nobody can, may or should: not again."""
    UNKNOWN = "unknown"
    """It may have happened: first find out."""
    ASKS = "asks"
    """A person has to say something first."""


class TaskFailure(BaseModel):
    """Why a task did not succeed, what that did to the world, and whether trying again can help.

    With `questions` it only waits for their answers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str
    facts: dict[str, str] = Field(default_factory=dict)
    retryable: bool = False
    effect: Effect = Effect.NONE
    agent_id: AgentId | None = None
    agent_at_fault: bool = False
    questions: tuple[Question, ...] = ()

    @property
    def error_class(self) -> ErrorClass:
        """What it calls for. That nobody knows what happened comes before everything else."""
        if self.effect is Effect.UNKNOWN:
            return ErrorClass.UNKNOWN
        if self.questions and self.effect is Effect.NONE:
            return ErrorClass.ASKS
        if not self.retryable:
            return ErrorClass.PERMANENT
        return ErrorClass.AGENT_LOST if self.agent_at_fault else ErrorClass.TRANSIENT

    @property
    def avoid(self) -> frozenset[AgentId]:
        """Who is at fault."""
        return frozenset({self.agent_id}) if self.agent_at_fault and self.agent_id else frozenset()

    def pause_until_offered(self, tries: int, draw: float) -> timedelta | None:
        """Return after which pause a step that nobody took is offered again; None: it was begun, or that is enough.

        It was offered `tries` times by now; `draw` in [0, 1) is the jitter.
        """
        most, longest = _NOBODY_TOOK_IT.get(self.code, (0, timedelta(0)))
        if tries > most or not self.retryable or self.effect is not Effect.NONE:
            return None
        pause: timedelta = draw * min(_FIRST_PAUSE * 2 ** min(tries - 1, 20), longest)
        return pause

    @classmethod
    def of(cls, error: CPAError) -> Self:
        """Describe an error of ours; `message` is for logs, people read the sentence of `code`."""
        return cls(
            code=error.code,
            message=str(error),
            facts=error.facts,
            retryable=error.retryable,
            effect=error.effect,
            questions=error.questions if isinstance(error, AskingError) else (),
        )


@dataclass(frozen=True, kw_only=True)
class RetryAt:
    """Try again, not before `when`, away from the agents in `avoid`."""

    when: datetime
    avoid: frozenset[AgentId] = frozenset()


@dataclass(frozen=True)
class GiveUp:
    """Do not try again; `reason` says why."""

    reason: str


class RetryPolicy(BaseModel):
    """Exponential backoff with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS 2015).

    `codes` limits retries to failures with these codes; empty means every failure that is transient by its kind.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_attempts: int = Field(default=3, ge=1, le=100, strict=True)
    base_delay: timedelta = Field(default=timedelta(seconds=2), ge=timedelta(0), le=timedelta(days=1))
    max_delay: timedelta = Field(default=timedelta(minutes=5), ge=timedelta(0), le=timedelta(days=1))
    codes: frozenset[str] = frozenset()

    @field_serializer("codes")
    def _in_order(self, codes: frozenset[str]) -> list[str]:
        """A set has another order in every process, and the digest of a plan may not."""
        return sorted(codes)

    def decide(self, failure: TaskFailure, *, attempts: int, now: datetime, draw: float) -> RetryAt | GiveUp:
        """Answer for a task that has now been tried `attempts` times; `draw` in [0, 1) is the jitter."""
        if not (failure.code in self.codes if self.codes else failure.retryable):
            return GiveUp(failure.code)
        if attempts >= self.max_attempts:
            return GiveUp(f"gave up after {attempts} attempts")
        delay = draw * min(self.base_delay * 2 ** min(attempts - 1, 20), self.max_delay)
        return RetryAt(when=now + delay, avoid=failure.avoid)
