"""One class for each type of message, with the rules of that type."""

from typing import Literal, Self

from pydantic import model_validator
from pydantic.alias_generators import to_camel

from scheduler.core.lam_json import wrong
from scheduler.core.lam_message import CONVERSATION, REPLY, BaseMessage
from scheduler.core.lam_models import MessageType
from scheduler.core.lam_payloads import (
    AssignPayload,
    CancelledPayload,
    CancelPayload,
    DiscoverPayload,
    DonePayload,
    FailurePayload,
    NotUnderstoodPayload,
    OfferPayload,
    QueryStatusPayload,
    RefusePayload,
    RejectPayload,
    RequestPayload,
    StatusPayload,
)

_BID = ("cost", "eta_ms", "load", "confidence", "valid_until")


class RequestMessage(BaseMessage):
    """Do this step. Answered at once with agree or refuse, in the end with done or failure."""

    needs_payload = True
    type: Literal[MessageType.REQUEST] = MessageType.REQUEST
    payload: RequestPayload | None = None


class InformMessage(BaseMessage):
    """Progress or facts. Unasked for, it belongs to a conversation, in which the last `seq` wins."""

    anchors = (("in_reply_to",), ("conversation_id", "seq"))
    type: Literal[MessageType.INFORM] = MessageType.INFORM


class ProposeMessage(BaseMessage):
    """Another way to go about it."""

    anchors = REPLY + CONVERSATION
    type: Literal[MessageType.PROPOSE] = MessageType.PROPOSE


class AgreeMessage(BaseMessage):
    """The request is stored and will be worked on. A promise, no result."""

    anchors = REPLY
    type: Literal[MessageType.AGREE] = MessageType.AGREE


class RefuseMessage(BaseMessage):
    """The request will not be worked on; nothing was done."""

    anchors = REPLY
    type: Literal[MessageType.REFUSE] = MessageType.REFUSE
    payload: RefusePayload


class ConfirmMessage(BaseMessage):
    """What was said or proposed is taken note of, or so."""

    anchors = REPLY
    type: Literal[MessageType.CONFIRM] = MessageType.CONFIRM


class FailureMessage(BaseMessage):
    """The attempt is over without success."""

    anchors = REPLY
    type: Literal[MessageType.FAILURE] = MessageType.FAILURE
    payload: FailurePayload


class DoneMessage(BaseMessage):
    """The attempt is over with success; said once."""

    anchors = REPLY
    needs_payload = True
    type: Literal[MessageType.DONE] = MessageType.DONE
    payload: DonePayload | None = None


class DiscoverMessage(BaseMessage):
    """Who can do this?"""

    type: Literal[MessageType.DISCOVER] = MessageType.DISCOVER
    payload: DiscoverPayload


class OfferMessage(BaseMessage):
    """In reply to a discover a bid; unasked for the registration of a capability."""

    type: Literal[MessageType.OFFER] = MessageType.OFFER
    payload: OfferPayload

    @property
    def is_bid(self) -> bool:
        return self.correlation.in_reply_to is not None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in _BID if self.is_bid else ("capability",):
            if getattr(self.payload, name) is None:
                kind = "a bid" if self.is_bid else "an offer that registers a capability"
                raise wrong(f"is missing: {kind} needs it", "payload", to_camel(name))
        return self


class AssignMessage(BaseMessage):
    """The offer is taken: do this step. Answered as a request is."""

    anchors = REPLY
    needs_payload = True
    type: Literal[MessageType.ASSIGN] = MessageType.ASSIGN
    payload: AssignPayload | None = None


class RejectMessage(BaseMessage):
    """The offer is not taken: the bidder may give its slot to others."""

    anchors = REPLY
    type: Literal[MessageType.REJECT] = MessageType.REJECT
    payload: RejectPayload | None = None


class CancelMessage(BaseMessage):
    """Stop the work of a conversation, or of one task of it. Answered with cancelled, or with what came first."""

    anchors = CONVERSATION
    type: Literal[MessageType.CANCEL] = MessageType.CANCEL
    payload: CancelPayload | None = None


class CancelledMessage(BaseMessage):
    """The work has stopped; what it had done by then is said."""

    anchors = REPLY
    type: Literal[MessageType.CANCELLED] = MessageType.CANCELLED
    payload: CancelledPayload


class NotUnderstoodMessage(BaseMessage):
    """The message that is answered has a type or version from another time."""

    anchors = REPLY
    type: Literal[MessageType.NOT_UNDERSTOOD] = MessageType.NOT_UNDERSTOOD
    payload: NotUnderstoodPayload


class QueryStatusMessage(BaseMessage):
    """How far is the work of a conversation, or of one task of it?"""

    anchors = CONVERSATION
    type: Literal[MessageType.QUERY_STATUS] = MessageType.QUERY_STATUS
    payload: QueryStatusPayload | None = None


class StatusMessage(BaseMessage):
    """How far the work is that was asked about."""

    anchors = REPLY
    type: Literal[MessageType.STATUS] = MessageType.STATUS
    payload: StatusPayload | None = None

    @model_validator(mode="after")
    def _has_state(self) -> Self:
        if self.status.state is None:
            raise wrong("is missing: the answer to query_status needs it", "status", "state")
        return self
