"""Builds LAM messages in the form they have on the wire: for each type the least that is valid."""

from typing import Any

from scheduler.core.lam_protocol import MessageType

REPLY = {"correlation": {"inReplyTo": "message-1"}}
CONVERSATION = {"correlation": {"conversationId": "job-1"}}
WORK = {"payload": {"todo": {"action": "web.click", "selector": "#ok"}}}

LEAST: dict[MessageType, dict[str, Any]] = {
    MessageType.REQUEST: WORK,
    MessageType.INFORM: REPLY,
    MessageType.PROPOSE: REPLY,
    MessageType.AGREE: REPLY,
    MessageType.REFUSE: REPLY | {"payload": {"reason": "busy"}},
    MessageType.CONFIRM: REPLY,
    MessageType.FAILURE: REPLY | {"payload": {"code": "timeout", "retryable": True, "effect": "unknown"}},
    MessageType.DONE: REPLY | {"payload": {"result": {"path": "artifact://job/task/Rechnung.pdf"}}},
    MessageType.DISCOVER: {"payload": {"capability": "web.*", "replyBy": "2025-10-30T09:45:10Z"}},
    MessageType.OFFER: {"payload": {"capability": "web.click"}},
    MessageType.ASSIGN: REPLY | WORK,
    MessageType.REJECT: REPLY,
    MessageType.CANCEL: CONVERSATION,
    MessageType.CANCELLED: REPLY | {"payload": {"effect": "none"}},
    MessageType.NOT_UNDERSTOOD: REPLY | {"payload": {"reason": "type 'hello' is not understood"}},
    MessageType.QUERY_STATUS: CONVERSATION,
    MessageType.STATUS: REPLY | {"status": {"state": "running"}},
}

BID = {"cost": 1.5, "etaMs": 4000, "load": 0.5, "confidence": 0.9, "validUntil": "2025-10-30T09:46:00Z"}


def a_document(message_type: MessageType | str, **changes: object) -> dict[str, Any]:
    """Return a valid message of that type as a document; `changes` replace whole fields."""
    envelope = {
        "id": "message-2",
        "ts": "2025-10-30T09:45:00Z",
        "type": str(message_type),
        "version": "1.0",
        "sender": "agent://scheduler/main",
        "to": ["agent://web/web-1"],
    }
    return envelope | LEAST[MessageType(message_type)] | changes


def without(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the document without the field at the dotted path."""
    name, _, rest = path.partition(".")
    if rest:
        return document | {name: without(document[name], rest)}
    return {key: value for key, value in document.items() if key != name}
