"""What the answers of an agent mean for the step it was asked to do."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import orjson
from pydantic import ValidationError

from scheduler.core.agent import Agent
from scheduler.core.errors import (
    AgentRefusedError,
    CPAError,
    Effect,
    InvalidInputError,
    InvalidRequestError,
    OutcomeUnknownError,
    PolicyViolationError,
    SecretMissingError,
)
from scheduler.core.lam_protocol import (
    BaseMessage,
    CancelledMessage,
    DoneMessage,
    FailureMessage,
    MessageType,
    RefuseMessage,
    StatusMessage,
)
from scheduler.core.questions import Question
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import ExecutionResult, Verification
from scheduler.security.answer_seal import seal_answer


def _codes(*kinds: type[CPAError]) -> frozenset[str]:
    return frozenset(chain({kind.code for kind in kinds}, *(_codes(*kind.__subclasses__()) for kind in kinds)))


NEVER_AGAIN: Final = _codes(InvalidRequestError, PolicyViolationError, InvalidInputError, SecretMissingError)
"""Codes of failures that no second try helps against, whatever an agent says of them: validation and permission."""


def result_of(agent: Agent, final: BaseMessage, duration: float) -> ExecutionResult:
    """Return what the agent's final answer means."""
    if isinstance(final, DoneMessage) and final.payload is not None:
        evidence = final.payload.evidence or ()
        return ExecutionResult(success=True, result=final.payload.result, duration=duration, evidence=evidence)
    if isinstance(final, FailureMessage):
        said = final.payload
        failure = TaskFailure(
            code=said.code,
            message=said.message or said.code,
            facts=said.facts or {},
            retryable=said.retryable and said.code not in NEVER_AGAIN,
            effect=said.effect,
            agent_id=agent.id,
            questions=_questions(said.questions or ()),
        )
        return ExecutionResult(success=False, error=failure, duration=duration, evidence=said.evidence or ())
    error: CPAError
    retryable = True
    if isinstance(final, CancelledMessage):
        error = OutcomeUnknownError(final.intent or final.type, f"{agent.name} stopped by itself")
        effect = final.payload.effect
    else:
        refusal = final.payload if isinstance(final, RefuseMessage) else None
        reason = str(final.type) if refusal is None else refusal.reason
        retryable = refusal is not None and refusal.retryable is not False
        error, effect = AgentRefusedError(agent.name, reason), Effect.NONE
    failure = TaskFailure.of(error)
    changes = {"effect": effect, "retryable": retryable, "agent_id": agent.id, "agent_at_fault": True}
    return ExecutionResult(success=False, error=failure.model_copy(update=changes), duration=duration)


def _questions(told: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Return what may be asked of people; secrets only sealed, since answers to agents are stored with the messages."""
    try:
        found = tuple(Question.model_validate_json(orjson.dumps(one)) for one in told)
    except ValidationError:
        return ()
    return found if all(one.about == "step" and _may_be_sent(one) for one in found) else ()


def _may_be_sent(question: Question) -> bool:
    """Whether the answer is no secret, or can be sealed for the agent."""
    if question.sealed_for is None:
        return not question.secret
    try:
        seal_answer("", question.sealed_for)
    except ValueError:
        return False
    return True


def known_from(answers: Sequence[BaseMessage]) -> Verification | None:
    """Return what the final answer says of the effect, if there is one that knows."""
    for answer in answers:
        if isinstance(answer, DoneMessage) and answer.payload is not None:
            return Verification(happened=True, result=answer.payload.result)
        if isinstance(answer, FailureMessage | CancelledMessage) and answer.payload.effect is not Effect.UNKNOWN:
            return Verification(happened=answer.payload.effect is Effect.DONE)
        if answer.type in {MessageType.REFUSE, MessageType.NOT_UNDERSTOOD}:
            return Verification(happened=False, detail="the agent did not take it")
    return None


def verification_of(status: StatusMessage) -> Verification:
    said = status.payload
    effect = None if said is None else said.effect
    happened = {Effect.DONE: True, Effect.NONE: False}.get(effect) if effect is not None else None
    result = said.result if said is not None and happened else None
    return Verification(happened=happened, result=result, detail=(said.detail or "") if said is not None else "")
