"""An executor never reports what it did not achieve, and its errors become results that say why."""

import pytest
from pydantic import BaseModel, ConfigDict

from scheduler.core.errors import (
    CPAError,
    Effect,
    ElementNotFoundError,
    InvalidInputError,
    OutcomeUnknownError,
    UnavailableError,
)
from scheduler.core.ids import JobId
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import (
    AD_HOC,
    BaseExecutor,
    ExecutionContext,
    ExecutionResult,
    Performed,
    Verification,
    parse_params,
)
from scheduler.core.todo import ToDo

STEP = ToDo(id="click", action="web.click")


class Scripted(BaseExecutor):
    """Does what it is told; its screenshot may fail too."""

    def __init__(self, outcome: Performed | Exception, evidence: tuple[str, ...] | CPAError = ()) -> None:
        self._outcome = outcome
        self._evidence = evidence

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:  # noqa: ARG002 - scripted
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002 - scripted
        return Verification(happened=None)

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:  # noqa: ARG002
        if isinstance(self._evidence, CPAError):
            raise self._evidence
        return self._evidence


async def test_a_step_that_was_done_is_a_success_with_its_result() -> None:
    result = await Scripted(Performed(result={"path": "x"}, evidence=("a.png",))).execute(STEP)

    assert (result.success, result.result, result.evidence, result.error) == (True, {"path": "x"}, ("a.png",), None)
    assert result.duration >= 0


@pytest.mark.parametrize(
    ("error", "effect", "retryable"),
    [
        (ElementNotFoundError("label=E-Mail", "/login"), Effect.NONE, False),
        (OutcomeUnknownError("mail.send", "the line broke"), Effect.UNKNOWN, False),
        (UnavailableError("down"), Effect.NONE, True),
    ],
)
async def test_an_error_of_ours_becomes_a_failure_with_evidence(
    error: CPAError, effect: Effect, retryable: bool
) -> None:
    result = await Scripted(error, evidence=("error.png",)).execute(STEP)

    assert not result.success
    assert result.error is not None
    assert (result.error.code, result.error.effect, result.error.retryable) == (error.code, effect, retryable)
    assert result.evidence == ("error.png",)


async def test_a_screenshot_that_fails_does_not_hide_why_the_step_failed() -> None:
    result = await Scripted(ElementNotFoundError("x", "/"), evidence=UnavailableError("browser gone")).execute(STEP)

    assert result.error is not None
    assert result.error.code == "element_not_found"
    assert result.evidence == ()


async def test_a_bug_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        await Scripted(ZeroDivisionError()).execute(STEP)


async def test_letting_go_may_be_repeated() -> None:
    executor = Scripted(Performed())

    for _ in range(2):
        await executor.let_go(JobId("job"), ended=True)
        await executor.close()


def test_an_executor_must_say_how_it_performs_and_verifies() -> None:
    with pytest.raises(TypeError, match="perform"):
        type("Half", (BaseExecutor,), {})()


def test_a_result_is_a_success_without_or_a_failure_with_an_error() -> None:
    failure = TaskFailure(code="timeout", message="slow")

    for success, error in ((True, failure), (False, None)):
        with pytest.raises(ValueError, match="error"):
            ExecutionResult(success=success, error=error, duration=0)
    assert not ExecutionResult(success=False, error=failure, duration=0).success


class GotoParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    headers: list[str] = []


def test_params_are_read_into_their_model() -> None:
    step = ToDo(id="open", action="web.goto", params={"url": "http://x"})

    assert parse_params(GotoParams, step) == GotoParams(url="http://x")


@pytest.mark.parametrize(
    ("params", "field"),
    [({}, "url"), ({"url": 5}, "url"), ({"url": "x", "headers": ["a", 1]}, "headers[1]"), ({"url": "x", "n": 1}, "n")],
)
def test_wrong_params_are_an_error_of_the_step_that_names_the_field(params: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_params(GotoParams, ToDo(id="open", action="web.goto", params=params))

    assert caught.value.facts["field"] == f"open.params.{field}"
