"""What a message of the scheduler orders, and under which name its effect is known."""

from scheduler.core.errors import InvalidMessageError
from scheduler.core.lam_protocol import AssignMessage, BaseMessage, RequestMessage
from scheduler.core.todo import ToDo


def key_of(message: BaseMessage) -> str:
    """Return the name of the effect that is asked for; a message that names none is one of its own."""
    return message.correlation.effect_key or message.id


def todo_of(message: BaseMessage) -> ToDo:
    """Return the step that is asked for. Raises InvalidMessageError."""
    if not isinstance(message, RequestMessage | AssignMessage) or message.payload is None:
        raise InvalidMessageError("payload", "is missing: a payloadRef is not fetched here")
    return message.payload.to_todo()
