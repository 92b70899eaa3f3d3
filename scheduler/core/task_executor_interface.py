"""What an executor promises: to do one step, to say whether it happened, never to report what it did not achieve."""

import abc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler.core.actions import ActionSpec
from scheduler.core.errors import NO_PICTURE, CPAError, InvalidInputError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.job import Locale
from scheduler.core.problems import first_flaw
from scheduler.core.retry import TaskFailure
from scheduler.core.task_graph import ToDo

NO_ANSWERS: Mapping[str, str] = MappingProxyType({})


class ExecutionContext(NamedTuple):
    """For whom a step runs. `effect_key` names its effect in the world: pass it on to whatever takes such a key.

    `answers` are what people said to the questions of an `AskingError` of this step, by the keys it gave them, once.
    `trace` is the W3C traceparent of the attempt, if anybody traces it.
    """

    job_id: JobId = JobId("adhoc")
    task_id: TaskId = TaskId("task")
    tenant: TenantId = DEFAULT_TENANT
    locale: Locale = "de"
    run: int = 1
    attempt: int = 1
    effect_key: str = ""
    deadline: datetime | None = None
    lease_epoch: int = 0
    answers: Mapping[str, str] = NO_ANSWERS
    trace: str = ""


AD_HOC = ExecutionContext()
Params = TypeVar("Params", bound=BaseModel)


class Performed(BaseModel):
    """What a step gave: the fields later steps may refer to, and the paths of pictures taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result: dict[str, Any] = Field(default_factory=dict)
    evidence: tuple[str, ...] = ()


class Verification(BaseModel):
    """Whether a step has happened: True, False, or None when the executor cannot tell.

    `result` is what the step gave if it happened, as far as that can still be seen; `failure` is what hindered it,
    where that is known to be something else than the step itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    happened: bool | None
    result: dict[str, Any] | None = None
    detail: str = ""
    failure: TaskFailure | None = None


@dataclass(slots=True, kw_only=True)
class ExecutionResult:
    """How one attempt ended. `duration` is in seconds; `error` says why and is set exactly when `success` is False.

    Its parts were validated when the executor gave them; every step makes one, so it is no model. Nobody changes it.
    """

    success: bool
    result: dict[str, Any] = field(default_factory=dict)
    error: TaskFailure | None = None
    duration: float
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.success is (self.error is not None):
            raise ValueError("a success has no error, and a failure needs one")


class BaseExecutor(abc.ABC):
    """Does the actions it lists. A subclass writes `perform` and `verify`; `execute` is the same for all.

    `perform` raises a CPAError when the step was not done: one with `effect = unknown` when nobody can know.
    """

    actions: ClassVar[tuple[ActionSpec, ...]] = ()

    async def execute(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> ExecutionResult:
        """Do the step once and say how it ended. Errors of ours become a result; anything else is a bug and passes."""
        started = time.perf_counter()
        try:
            performed = await self.perform(todo, context)
        except CPAError as error:
            duration = time.perf_counter() - started
            evidence = await self._evidence_if_any(todo, context)
            if (picture := last_picture(evidence)) is not None:
                error.facts |= {"picture": picture} if error.facts.get("picture") in {None, NO_PICTURE} else {}
            return ExecutionResult(success=False, error=TaskFailure.of(error), duration=duration, evidence=evidence)
        return ExecutionResult(
            success=True,
            result=performed.result,
            duration=time.perf_counter() - started,
            evidence=performed.evidence,
        )

    @abc.abstractmethod
    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step, or raise a CPAError."""

    @abc.abstractmethod
    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the step has happened and what it demands holds. Has no effect, so it may be asked again."""

    def require(self, todo: ToDo) -> None:  # noqa: B027 - most steps need nothing that could be missing
        """Raise a CPAError when the step cannot be done here, whatever comes of the steps before it.

        Called before any step of the plan begins, so parameters may still hold references. Looks at settings and
        programs of this machine only, and takes no time.
        """

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:  # noqa: ARG002
        """Return paths of what shows why the step failed; a CPAError in here counts as nothing to show."""
        return ()

    async def _evidence_if_any(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        try:
            return await self.evidence_of_failure(todo, context)
        except CPAError:  # the step's own failure is what matters
            return ()

    async def keeps_session(self, context: ExecutionContext) -> bool:  # noqa: ARG002
        """Whether a step of the job goes on here where an earlier one has left off, also in a process that died."""
        return False

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:  # noqa: B027 - most executors hold nothing for a job
        """Free what is held for a job in memory; what another worker needs to carry on goes only when it has `ended`.

        May be called more than once.
        """

    async def close(self) -> None:  # noqa: B027 - most executors hold nothing
        """Let go of everything. May be called more than once."""


def last_picture(evidence: Sequence[str]) -> str | None:
    """Return the last picture among the files that were kept of a task."""
    return next((path for path in reversed(evidence) if path.endswith(".png")), None)


def parse_params(model: type[Params], todo: ToDo) -> Params:
    """Read the resolved parameters of a step. Raises InvalidInputError that names the first wrong field."""
    try:
        return model.model_validate(todo.params)
    except ValidationError as error:
        path, problem = first_flaw(error)
        raise InvalidInputError(f"{todo.id}.params.{path}", problem) from error
