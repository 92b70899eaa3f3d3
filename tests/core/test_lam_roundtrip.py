"""Whatever a valid message says survives JSON and back, for every type; whatever else comes in is refused by us."""

import functools
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from scheduler.core.errors import InvalidRequestError
from scheduler.core.lam_json import MAX_INTEGER
from scheduler.core.lam_protocol import BaseMessage, MessageFactory, MessageType
from tests.support.examples import examples
from tests.support.lam import LEAST, a_document

FAST = examples(
    20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TIMES = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
COUNTS = st.integers(0, MAX_INTEGER)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_INTEGER, MAX_INTEGER),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=3)
UNKNOWN = st.dictionaries(TEXTS.map(lambda text: f"x{text}"), VALUES, max_size=2)
"""Fields of another time; no known field begins with an x."""
ADDRESSES = st.sampled_from(["agent://scheduler/main", "agent://web/web-1", "agent://a", "agent://mail/~Buero_2"])
EFFECTS = st.sampled_from(["none", "done", "unknown"])
EVIDENCE = st.lists(TEXTS, max_size=2)


def _part(optional: Mapping[str, st.SearchStrategy[Any]], **needed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    rest = {name: values for name, values in optional.items() if name not in needed}
    known = st.fixed_dictionaries(needed, optional=rest)
    return st.builds(lambda fields, unknown: unknown | fields, known, UNKNOWN)


CORRELATION = {
    "conversationId": NAMES,
    "taskId": NAMES,
    "seq": COUNTS,
    "attempt": st.integers(1, 1_000_000),
    "leaseEpoch": COUNTS,
    "effectKey": NAMES,
}
SHARES = st.floats(0, 1)
AMOUNTS = st.floats(0, 1e300)
CAPABILITIES = st.sampled_from(["web.*", "send_mail", "file.copy"])
OFFER = {
    "cost": AMOUNTS,
    "etaMs": st.integers(0, 10**9),
    "load": AMOUNTS,
    "confidence": SHARES,
    "validUntil": TIMES,
    "capability": CAPABILITIES,
}
PAYLOADS: dict[MessageType, st.SearchStrategy[Any]] = {
    MessageType.REQUEST: _part({}, todo=OBJECTS),
    MessageType.REFUSE: _part({}, reason=NAMES),
    MessageType.FAILURE: _part(
        {"message": NAMES, "facts": st.dictionaries(TEXTS, TEXTS, max_size=2), "evidence": EVIDENCE},
        code=st.sampled_from(["timeout", "element_not_found"]),
        retryable=st.booleans(),
        effect=EFFECTS,
    ),
    MessageType.DONE: _part({"evidence": EVIDENCE}, result=OBJECTS),
    MessageType.DISCOVER: _part({"constraints": OBJECTS}, capability=CAPABILITIES, replyBy=TIMES),
    MessageType.OFFER: _part({}, **OFFER),
    MessageType.ASSIGN: _part({"capability": CAPABILITIES}, todo=OBJECTS),
    MessageType.REJECT: _part({"reason": NAMES}),
    MessageType.CANCEL: _part({"reason": NAMES}),
    MessageType.CANCELLED: _part({"evidence": EVIDENCE}, effect=EFFECTS),
    MessageType.NOT_UNDERSTOOD: _part(
        {"field": NAMES, "types": st.lists(NAMES, max_size=2), "versions": st.lists(NAMES, max_size=2)}, reason=NAMES
    ),
    MessageType.STATUS: _part({"effect": EFFECTS, "result": OBJECTS}),
}


@functools.cache
def documents(message_type: MessageType) -> st.SearchStrategy[dict[str, Any]]:
    """Valid messages of that type as documents, with anything allowed and unknown fields at every level."""
    anchor = "conversationId" if "conversationId" in LEAST[message_type].get("correlation", {}) else "inReplyTo"
    status = {"progress": SHARES}
    return _part(
        {
            "intent": NAMES,
            "task": NAMES,
            "context": _part({"tenant": NAMES, "locale": NAMES, "traceparent": TEXTS, "tracestate": TEXTS}),
            "expected": _part({"type": NAMES, "deadline": TIMES, "budgetMs": st.integers(0, 10**9)}),
            "security": _part({"kid": NAMES, "sig": TEXTS, "created": TIMES, "expires": TIMES, "nonce": NAMES}),
        },
        id=NAMES,
        ts=TIMES,
        type=st.just(str(message_type)),
        version=st.sampled_from(["1.0", "1.1", "1.42"]),
        sender=ADDRESSES,
        to=st.lists(ADDRESSES, min_size=1, max_size=3),
        payload=PAYLOADS.get(message_type, _part({})),
        correlation=_part(CORRELATION, **{anchor: NAMES}),
        status=_part(status, state=NAMES),
    )


def _read(document: dict[str, Any]) -> BaseMessage | InvalidRequestError:
    try:
        return MessageFactory.from_dict(document)
    except InvalidRequestError as error:
        return error


@pytest.mark.parametrize("message_type", list(MessageType))
@given(data=st.data())
@FAST
def test_a_message_survives_json_and_back_with_all_it_says(message_type: MessageType, data: st.DataObject) -> None:
    document = data.draw(documents(message_type))

    message = MessageFactory.from_json(json.dumps(document))

    assert message.to_dict() == document
    assert json.loads(message.to_json()) == document
    assert BaseMessage.from_json(message.to_json()) == message
    assert type(message).from_dict(message.to_dict()) == message


@given(unknown=UNKNOWN, place=st.sampled_from(["payload", "context", "correlation", "expected", "status", "security"]))
@FAST
def test_fields_of_another_time_are_kept_in_every_part(unknown: dict[str, Any], place: str) -> None:
    document = a_document("agree")
    document |= {place: document.get(place, {}) | unknown}

    message = MessageFactory.from_dict(document)

    assert message.to_dict()[place] == document[place]


@given(st.dictionaries(st.sampled_from([*a_document("failure"), "correlation", "status", "new"]), VALUES, max_size=6))
@FAST
def test_whatever_is_wrong_in_a_document_is_one_of_our_errors(changes: dict[str, Any]) -> None:
    answer = _read(a_document("failure") | changes)

    if isinstance(answer, InvalidRequestError):
        assert answer.field
    else:
        assert MessageFactory.from_json(answer.to_json()) == answer


@given(st.one_of(st.text(max_size=40), st.binary(max_size=40), VALUES.map(json.dumps)))
@FAST
def test_whatever_text_comes_in_the_error_is_one_of_ours(text: str | bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        MessageFactory.from_json(text)

    assert refused.value.field
