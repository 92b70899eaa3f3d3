"""What each type of LAM message has to say; a type that is not here may say anything."""

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from scheduler.core.errors import Effect
from scheduler.core.lam_json import JsonObject, refused
from scheduler.core.lam_models import (
    Capability,
    Evidence,
    Milliseconds,
    Name,
    Names,
    Part,
    PayloadRef,
    Share,
    Text,
    Timestamp,
)
from scheduler.core.todo import Code, ToDo

Amount = Annotated[float, Field(ge=0)]
WorldEffect = Annotated[Effect, Field(strict=False)]


def _as_document(todo: object) -> object:
    return todo.model_dump(mode="json", exclude_defaults=True) if isinstance(todo, ToDo) else todo


class Payload(Part):
    """The content of a message; fields nobody here knows are in `model_extra`."""


class RequestPayload(Payload):
    """The step to do, as a document: what a newer sender added to it must not make the message unreadable.

    `artifacts` are the files that it names: whoever has not got them fetches them from the scheduler. `answers` are
    what people said to the questions of an earlier attempt, by their keys.
    """

    todo: Annotated[JsonObject, BeforeValidator(_as_document)]
    artifacts: Annotated[tuple[PayloadRef, ...], Field(max_length=100, strict=False)] | None = None
    answers: dict[str, Annotated[str, Field(max_length=2_000)]] | None = None

    def to_todo(self) -> ToDo:
        """Read the step. Raises InvalidMessageError with the path to what is wrong in it."""
        try:
            return ToDo.model_validate(self.todo)
        except ValidationError as error:
            raise refused(error, "payload", "todo") from error


class AssignPayload(RequestPayload):
    """The step goes to the bidder whose offer is answered."""

    capability: Capability | None = None


class RefusePayload(Payload):
    """Why not: a short word such as `expired` or `busy`, or a sentence. `retryable`: false, it never will."""

    reason: Text
    retryable: bool | None = None


class RejectPayload(Payload):
    reason: Text | None = None


class CancelPayload(Payload):
    reason: Text | None = None


class CancelledPayload(Payload):
    """What the work had done to the world when it stopped."""

    effect: WorldEffect
    evidence: Evidence | None = None


class FailurePayload(Payload):
    """Why the work failed, whether trying again can help, and what it did to the world meanwhile.

    With `questions` (`core/questions.Question`) and no effect it only waits for their answers: people are asked, and
    the step is ordered again with what they said. Messages are stored, so what is secret comes sealed for the agent, to
    the key that stands in its question; without one nothing secret is asked.
    """

    code: Code
    retryable: bool
    effect: WorldEffect
    message: Text | None = None
    facts: dict[str, Annotated[str, Field(max_length=10_000)]] | None = None
    questions: Annotated[tuple[JsonObject, ...], Field(max_length=20, strict=False)] | None = None
    evidence: Evidence | None = None


class DonePayload(Payload):
    """The result of the step: the fields later steps may refer to."""

    result: JsonObject
    evidence: Evidence | None = None
    verified: bool | None = None


class QueryStatusPayload(Payload):
    """The step that is asked about, resolved: an agent that does not know it looks in the world whether it happened."""

    todo: Annotated[JsonObject, BeforeValidator(_as_document)] | None = None


class StatusPayload(Payload):
    """What is known of work that was asked about, also by an agent that was started anew since.

    `effect` says whether the step happened; left out, or `unknown`: nobody can tell, or (`retryable`) not just now.
    """

    effect: WorldEffect | None = None
    result: JsonObject | None = None
    detail: Text | None = None
    retryable: bool | None = None


class DiscoverPayload(Payload):
    """A call for bids: who can do this, within these limits? Offers count until `reply_by`."""

    capability: Capability
    reply_by: Timestamp
    constraints: JsonObject | None = None


class OfferPayload(Payload):
    """A capability to register, or a bid. `load` is 1 when all slots are taken; one is held until `valid_until`."""

    capability: Capability | None = None
    cost: Amount | None = None
    eta_ms: Milliseconds | None = None
    load: Amount | None = None
    confidence: Share | None = None
    valid_until: Timestamp | None = None


class NotUnderstoodPayload(Payload):
    """Which field was not understood, and the types and versions that would have been."""

    reason: Text
    field: Name | None = None
    types: Names = ()
    versions: Names = ()
