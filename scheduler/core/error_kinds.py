"""The branches of the tree of errors; `core/errors.py` draws it whole and is where to import from."""

from enum import StrEnum
from typing import ClassVar, Self

from scheduler.core.sentences import Sentence, spelled_out


class Effect(StrEnum):
    """What a failed step did to the world outside."""

    NONE = "none"
    DONE = "done"
    UNKNOWN = "unknown"


class CPAError(Exception):
    """Root of all errors of ours. `facts` fills the sentence people read; facts that are words have two languages."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    effect: Effect = Effect.NONE

    def __init__(self, message: str, **facts: str | Sentence) -> None:
        super().__init__(message)
        self.facts = spelled_out(facts)


class InvalidRequestError(CPAError):
    """The request cannot be carried out as it stands; `field` is the path to what is wrong."""

    code: ClassVar[str] = "invalid_request"

    def __init__(self, message: str, *, field: str, **facts: str | Sentence) -> None:
        super().__init__(message, field=field, **facts)
        self.field = field

    def at(self, field: str) -> Self:
        """Return this error, said of another field: the one the client wrote."""
        self.field = self.facts["field"] = field
        return self


class NotFoundError(CPAError):
    code: ClassVar[str] = "not_found"


class ConflictError(CPAError):
    code: ClassVar[str] = "conflict"


class PolicyViolationError(CPAError):
    code: ClassVar[str] = "policy_violation"


class TaskFailedError(CPAError):
    """A step did not succeed. An executor raises it; `execute` turns it into the result that the orchestrator reads."""

    code: ClassVar[str] = "task_failed"


class UnavailableError(CPAError):
    """Something outside does not answer now; later it may. `come_back`: after how many seconds a client should ask."""

    code: ClassVar[str] = "unavailable"
    retryable: ClassVar[bool] = True
    come_back: int = 1
