"""LAM, the Lumina Agent Messages: what the scheduler and agents say to each other, as JSON.

Delivery is at least once, effects are at most once: `id` names the message, `correlation.effectKey` the effect. What
other parts need of the protocol is found here.
"""

from collections.abc import Mapping
from typing import Any

from scheduler.core.errors import InvalidMessageError, MessageTooLargeError, NotUnderstoodError
from scheduler.core.lam_json import read_object
from scheduler.core.lam_message import BaseMessage, class_of
from scheduler.core.lam_models import (
    VERSION,
    Context,
    Correlation,
    Expected,
    MessageType,
    PayloadRef,
    Security,
    Status,
)
from scheduler.core.lam_types import (
    AgreeMessage,
    AssignMessage,
    CancelledMessage,
    CancelMessage,
    ConfirmMessage,
    DiscoverMessage,
    DoneMessage,
    FailureMessage,
    InformMessage,
    NotUnderstoodMessage,
    OfferMessage,
    ProposeMessage,
    QueryStatusMessage,
    RefuseMessage,
    RejectMessage,
    RequestMessage,
    StatusMessage,
)

__all__ = [
    "VERSION",
    "AgreeMessage",
    "AssignMessage",
    "BaseMessage",
    "CancelMessage",
    "CancelledMessage",
    "ConfirmMessage",
    "Context",
    "Correlation",
    "DiscoverMessage",
    "DoneMessage",
    "Expected",
    "FailureMessage",
    "InformMessage",
    "InvalidMessageError",
    "MessageFactory",
    "MessageTooLargeError",
    "MessageType",
    "NotUnderstoodError",
    "NotUnderstoodMessage",
    "OfferMessage",
    "PayloadRef",
    "ProposeMessage",
    "QueryStatusMessage",
    "RefuseMessage",
    "RejectMessage",
    "RequestMessage",
    "Security",
    "Status",
    "StatusMessage",
    "is_addressed",
    "not_understood",
    "read_object",
    "reply_to",
]


class MessageFactory:
    """Makes and reads messages of every type."""

    @staticmethod
    def create(message_type: str, /, **fields: Any) -> BaseMessage:  # noqa: ANN401 - checked by the model of the type
        """Make a message; id and time are made here if they are not given.

        Raises NotUnderstoodError for an unknown type, InvalidMessageError and MessageTooLargeError.
        """
        document = {**fields, "type": message_type}
        return class_of(document).build(document)

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> BaseMessage:
        """Read a message of any type. Raises as `BaseMessage.from_dict` does."""
        return BaseMessage.from_dict(document)

    @staticmethod
    def from_json(text: str | bytes) -> BaseMessage:
        """Read a message of any type from JSON in UTF-8. Raises as `BaseMessage.from_dict` does."""
        return BaseMessage.from_json(text)


def reply_to(
    message: BaseMessage,
    message_type: str,
    /,
    *,
    sender: str | None = None,
    seq: int | None = None,
    **fields: Any,  # noqa: ANN401 - checked by the model of the type
) -> BaseMessage:
    """Answer a message: back to its sender, in its conversation, about the same task, attempt and effect.

    `sender` may be left out when the message had one addressee. Raises ValueError if it may not, else as `create` does.
    """
    if sender is None:
        if len(message.to) != 1:
            raise ValueError("the message went to several agents: say which of them answers")
        sender = message.to[0]
    asked = message.to_dict()
    correlation = asked.get("correlation", {}) | {"inReplyTo": message.id, "seq": seq}
    envelope: dict[str, Any] = {
        "sender": sender,
        "to": message.sender,
        "correlation": {name: value for name, value in correlation.items() if value is not None},
        **{name: asked[name] for name in ("intent", "context") if name in asked},
    }
    return MessageFactory.create(message_type, **(envelope | fields))


def is_addressed(document: Mapping[str, Any], uri: str) -> bool:
    """Whether a message that has not been read yet names this address; `to` may be anything at all."""
    to = document.get("to")
    return uri == to or (isinstance(to, list) and uri in to)


def not_understood(
    document: Mapping[str, Any], error: NotUnderstoodError, *, sender: str
) -> NotUnderstoodMessage | None:
    """Answer a message that nobody here can read with what would be understood.

    None when there is nobody to answer (no usable id or sender), and for a `not_understood`, lest it never ends.
    """
    if document.get("type") == MessageType.NOT_UNDERSTOOD:
        return None
    try:
        return NotUnderstoodMessage.build(
            {
                "sender": sender,
                "to": document.get("sender"),
                "correlation": {"inReplyTo": document.get("id")},
                "payload": {
                    "reason": str(error),
                    "field": error.field,
                    "types": [str(kind) for kind in MessageType],
                    "versions": [VERSION],
                },
            }
        )
    except InvalidMessageError:
        return None
