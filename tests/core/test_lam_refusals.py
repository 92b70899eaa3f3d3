"""What is refused of a LAM message, with which field, and what is answered to one that cannot be understood."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from scheduler.core.errors import InvalidMessageError, MessageTooLargeError, NotUnderstoodError
from scheduler.core.lam_json import MAX_DEPTH, MAX_INTEGER, MAX_MESSAGE_BYTES, MAX_PAYLOAD_BYTES
from scheduler.core.lam_protocol import (
    AgreeMessage,
    BaseMessage,
    MessageFactory,
    MessageType,
    not_understood,
)
from scheduler.core.sentences import sentence
from tests.support.lam import a_document, without

REFERENCE = {
    "url": "https://scheduler.example/payloads/1",
    "sha256": "0" * 64,
    "bytes": 300_000,
    "mediaType": "application/json",
}
NESTED_TOO_DEEP: list[Any] = []
for _ in range(MAX_DEPTH):
    NESTED_TOO_DEEP = [NESTED_TOO_DEEP]


def _refusal(document: dict[str, Any]) -> InvalidMessageError:
    with pytest.raises(InvalidMessageError) as refused:
        MessageFactory.from_dict(document)
    return refused.value


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


class TestInvalidMessages:
    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("id", {"id": ""}),
            ("id", {"id": "x" * 129}),
            ("id", {"id": 7}),
            ("ts", {"ts": "2025-10-30T09:45:00"}),
            ("ts", {"ts": "2025-10-30"}),
            ("ts", {"ts": "2025-02-30T09:45:00Z"}),
            ("ts", {"ts": 1761817500}),
            ("ts", {"ts": "1761817500"}),
            ("ts", {"ts": None}),
            ("type", {"type": 7}),
            ("version", {"version": 1.0}),
            ("version", {"version": "1"}),
            ("version", {"version": "new"}),
            ("sender", {"sender": "web-1"}),
            ("sender", {"sender": "https://web/web-1"}),
            ("sender", {"sender": "agent://"}),
            ("sender", {"sender": "agent://web/web 1"}),
            ("sender", {"sender": "agent://web/../web-1//x"}),
            ("sender", {"sender": "agent://web/web-1\n"}),
            ("to", {"to": []}),
            ("to", {"to": {"agent://web/web-1": 1}}),
            ("to[1]", {"to": ["agent://web/web-1", "web-2"]}),
            ("task", {"task": 4711}),
            ("payload", {"payload": []}),
            ("payload", {"payload": "text"}),
            ("status", {"status": None}),
            ("status.progress", {"status": {"progress": 1.5}}),
            ("status.progress", {"status": {"progress": "0.5"}}),
            ("status.progress", {"status": {"progress": True}}),
            ("correlation.seq", {"correlation": {"seq": -1}}),
            ("correlation.seq", {"correlation": {"seq": 1.0}}),
            ("correlation.seq", {"correlation": {"seq": "7"}}),
            ("correlation.attempt", {"correlation": {"attempt": 0}}),
            ("correlation.leaseEpoch", {"correlation": {"leaseEpoch": True}}),
            ("expected.budgetMs", {"expected": {"budgetMs": -1}}),
            ("expected.budgetMs", {"expected": {"budgetMs": 10**15}}),
            ("expected.deadline", {"expected": {"deadline": "0001-01-01T00:00:00+14:00"}}),
            ("security.expires", {"security": {"expires": "soon"}}),
            ("payloadRef.url", {"payload_ref": REFERENCE | {"url": "file:///etc/passwd"}}),
            ("payloadRef.sha256", {"payloadRef": REFERENCE | {"sha256": "0" * 63}}),
            ("payloadRef.bytes", {"payloadRef": REFERENCE | {"bytes": "300000"}}),
        ],
    )
    def test_a_wrong_value_is_refused_and_its_field_named(self, field: str, changes: dict[str, Any]) -> None:
        refusal = _refusal(a_document("request", **changes))

        assert refusal.field == field.replace("payloadRef", "payload_ref" if "payload_ref" in changes else "payloadRef")

    @pytest.mark.parametrize(
        ("message_type", "field", "value"),
        [
            ("failure", "code", "Time out!"),
            ("failure", "retryable", "yes"),
            ("failure", "retryable", 1),
            ("failure", "effect", "perhaps"),
            ("failure", "facts", {"limit": 30}),
            ("done", "result", []),
            ("refuse", "reason", ""),
            ("discover", "capability", "Web Click"),
            ("discover", "replyBy", 10),
            ("discover", "constraints", "none"),
            ("offer", "confidence", 1.1),
            ("offer", "cost", -1),
            ("request", "todo", "click"),
            ("not_understood", "types", "request"),
        ],
    )
    def test_a_wrong_payload_is_refused_and_its_field_named(self, message_type: str, field: str, value: object) -> None:
        document = a_document(message_type)

        refusal = _refusal(document | {"payload": document["payload"] | {field: value}})

        assert refusal.field.startswith(f"payload.{field}")

    @pytest.mark.parametrize(
        ("value", "where"),
        [
            (float("nan"), ""),
            (float("-inf"), ""),
            (MAX_INTEGER + 1, ""),
            (-MAX_INTEGER - 1, ""),
            ("half \ud83d of a pair", ""),
            ({"\udc00": 1}, ""),
            ({1: "one"}, ""),
            ((1, 2), ""),
            (b"bytes", ""),
            (datetime(2025, 1, 1, tzinfo=UTC), ""),
            ([{"deep": [0, float("inf")]}], "[0].deep[1]"),
            (NESTED_TOO_DEEP, "[0]" * MAX_DEPTH),
        ],
    )
    @pytest.mark.parametrize("place", ["payload", "status", "correlation", "message"])
    def test_what_json_cannot_carry_is_refused_wherever_it_stands(self, place: str, value: object, where: str) -> None:
        changes = {"new": value} if place == "message" else {place: {"new": value, "inReplyTo": "m1"}}

        refusal = _refusal(a_document("agree", **changes))

        assert refusal.field == ("new" if place == "message" else f"{place}.new") + where

    def test_the_deepest_value_allowed_is_read(self) -> None:
        message = MessageFactory.from_dict(a_document("agree", new=NESTED_TOO_DEEP[0]))

        assert MessageFactory.from_json(message.to_json()) == message

    def test_one_field_in_two_spellings_is_refused(self) -> None:
        refusal = _refusal(a_document("agree", correlation={"inReplyTo": "m1", "in_reply_to": "m2"}))

        assert refusal.field == "correlation.in_reply_to"
        assert "inReplyTo" in refusal.problem

    @pytest.mark.parametrize("document", [None, [], "request", 7])
    def test_what_is_no_object_is_no_message(self, document: Any) -> None:  # noqa: ANN401 - anything but a document
        assert _refusal(document).field == "message"

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "is not JSON"),
            ("{", "is not JSON"),
            ("[]", "is not a JSON object"),
            ("null", "is not a JSON object"),
            ('{"id": "1", "to": [], "id": "2"}', "'id' is given twice"),
            ('{"payload": {"todo": {"a": 1, "a": 1}}}', "'a' is given twice"),
            ('{"payload": NaN}', "NaN is no number"),
            ('{"payload": -Infinity}', "-Infinity is no number"),
            ('{"payload": ' + "1" * 5000 + "}", "is not JSON"),
            ("[" * 100_000, "nested too deep"),
            (b'{"task": "\xff"}', "is not JSON"),
            ('{"type": "request"}'.encode("utf-16"), "is not JSON"),
            (b"\xef\xbb\xbf{}", "is not JSON"),
        ],
    )
    def test_text_that_readers_could_understand_differently_is_refused(self, text: str | bytes, problem: str) -> None:
        with pytest.raises(InvalidMessageError, match="message") as refused:
            MessageFactory.from_json(text)

        assert problem in refused.value.problem

    def test_a_number_too_large_for_a_double_is_refused(self) -> None:
        text = _text(a_document("agree", new=0)).replace('"new": 0', '"new": 1e999')

        with pytest.raises(InvalidMessageError, match="not a finite number"):
            MessageFactory.from_json(text)

    def test_a_long_name_is_not_repeated_in_the_error(self) -> None:
        refusal = _refusal(a_document("agree", **{"x" * 5000: float("nan")}))

        assert len(str(refusal)) < 300

    def test_the_class_itself_is_as_strict(self) -> None:
        with pytest.raises(ValidationError, match="inReplyTo"):
            AgreeMessage(sender="agent://a", to=("agent://b",))

    @pytest.mark.parametrize("locale", ["de", "en"])
    def test_people_are_told_the_field(self, locale: Any) -> None:  # noqa: ANN401 - one of two literals
        refusal = _refusal(a_document("agree", sender="nobody"))

        assert "sender" in sentence(refusal.code, locale, refusal.facts)


class TestSize:
    def test_a_payload_of_the_largest_size_is_read(self) -> None:
        content = "x" * (MAX_PAYLOAD_BYTES - len('{"text":""}'))

        message = MessageFactory.from_dict(a_document("inform", payload={"text": content}))

        assert MessageFactory.from_json(message.to_json()) == message

    def test_a_longer_one_is_refused_with_the_way_out(self) -> None:
        content = "ü" * (MAX_PAYLOAD_BYTES // 2)

        with pytest.raises(MessageTooLargeError, match="payloadRef") as refused:
            MessageFactory.from_dict(a_document("inform", payload={"text": content}))

        assert refused.value.field == "payload"

    def test_the_largest_payload_may_be_escaped(self) -> None:
        document = a_document("inform", payload={"text": "ü" * (MAX_PAYLOAD_BYTES // 2 - 10)})

        message = MessageFactory.from_json(json.dumps(document, ensure_ascii=True))

        assert message.to_dict() == document

    def test_a_longer_message_is_refused_before_it_is_read(self) -> None:
        with pytest.raises(MessageTooLargeError) as refused:
            MessageFactory.from_json(b"[" * (MAX_MESSAGE_BYTES + 1))

        assert refused.value.field == "message"

    def test_a_message_nobody_would_read_is_not_written(self) -> None:
        message = MessageFactory.from_dict(a_document("inform", new="x" * MAX_MESSAGE_BYTES))

        with pytest.raises(MessageTooLargeError):
            message.to_json()

    @pytest.mark.parametrize("message_type", ["request", "done", "assign", "inform"])
    def test_a_reference_stands_for_a_payload(self, message_type: str) -> None:
        document = without(a_document(message_type, payload={}), "payload") | {"payloadRef": REFERENCE}

        message = MessageFactory.from_dict(document)

        assert message.payload is None
        assert message.to_dict() == document

    def test_a_reference_beside_a_payload_is_refused(self) -> None:
        assert _refusal(a_document("request", payloadRef=REFERENCE)).field == "payload"


class TestNotUnderstood:
    @pytest.mark.parametrize("message_type", ["hello", "REQUEST", "not-understood", ""])
    def test_an_unknown_type_is_answered_with_the_types_that_are_known(self, message_type: str) -> None:
        document = a_document("request", type=message_type)

        with pytest.raises(NotUnderstoodError) as refused:
            BaseMessage.from_dict(document)
        answer = not_understood(document, refused.value, sender="agent://web/web-1")

        assert refused.value.field == "type"
        assert set(refused.value.understood) == set(MessageType)
        assert answer is not None
        assert answer.to == ("agent://scheduler/main",)
        assert answer.correlation.in_reply_to == "message-2"
        assert answer.payload.field == "type"
        assert set(answer.payload.types) == set(MessageType)

    @pytest.mark.parametrize("version", ["2.0", "0.9", "10.1", "2"])
    def test_an_unknown_major_version_is_answered_with_the_version_that_is_known(self, version: str) -> None:
        document = {"id": "m1", "sender": "agent://a", "version": version, "kind": "whatever comes then"}

        with pytest.raises(NotUnderstoodError) as refused:
            BaseMessage.from_dict(document)
        answer = not_understood(document, refused.value, sender="agent://b")

        assert (refused.value.field, refused.value.found) == ("version", version)
        assert answer is not None
        assert answer.payload.versions == ("1.0",)

    @pytest.mark.parametrize(
        "changes", [{"type": "not_understood"}, {"sender": "nobody"}, {"sender": None}, {"id": ""}, {"id": 7}]
    )
    def test_nobody_is_answered_where_no_answer_could_arrive_or_end(self, changes: dict[str, Any]) -> None:
        document = a_document("request", version="2.0") | changes

        with pytest.raises(NotUnderstoodError) as refused:
            BaseMessage.from_dict(document)

        assert not_understood(document, refused.value, sender="agent://b") is None

    def test_an_unknown_type_cannot_be_made(self) -> None:
        with pytest.raises(NotUnderstoodError, match="hello"):
            MessageFactory.create("hello", sender="agent://a", to="agent://b")
