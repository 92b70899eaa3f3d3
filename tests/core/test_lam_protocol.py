"""What a LAM message must say, how it is written and read, and how messages are answered."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from scheduler.core import lam_protocol
from scheduler.core.errors import InvalidMessageError
from scheduler.core.lam_protocol import (
    AgreeMessage,
    Correlation,
    DoneMessage,
    Expected,
    FailureMessage,
    MessageFactory,
    MessageType,
    OfferMessage,
    RequestMessage,
    reply_to,
)
from scheduler.core.task_graph import ToDo
from tests.support.cases import each_of
from tests.support.lam import BID, a_document, without

DESIGN_EXAMPLE: dict[str, Any] = {
    "id": "0197…",
    "ts": "2025-10-30T09:45:00Z",
    "type": "request",
    "version": "1.0",
    "sender": "agent://scheduler/main",
    "to": ["agent://web/web-1"],
    "intent": "fetch_invoice",
    "task": "Rechnung 4711 aus dem Portal holen",
    "payload": {"todo": {}},
    "context": {"tenant": "acme", "locale": "de-DE", "traceparent": "00-…"},
    "correlation": {
        "conversationId": "job id",
        "taskId": "task id",
        "inReplyTo": "message id",
        "seq": 7,
        "attempt": 1,
        "leaseEpoch": 3,
        "effectKey": "sha256…",
    },
    "expected": {"type": "done", "deadline": "2025-10-30T09:46:00Z", "budgetMs": 60000},
    "status": {"state": "running", "progress": 0.4},
    "security": {"kid": "…", "sig": "…"},
}
NEEDED = {
    MessageType.REQUEST: ("payload", "payload.todo"),
    MessageType.INFORM: ("correlation.inReplyTo",),
    MessageType.PROPOSE: ("correlation.inReplyTo",),
    MessageType.AGREE: ("correlation.inReplyTo",),
    MessageType.REFUSE: ("correlation.inReplyTo", "payload", "payload.reason"),
    MessageType.CONFIRM: ("correlation.inReplyTo",),
    MessageType.FAILURE: (
        "correlation.inReplyTo",
        "payload",
        "payload.code",
        "payload.retryable",
        "payload.effect",
    ),
    MessageType.DONE: ("correlation.inReplyTo", "payload", "payload.result"),
    MessageType.DISCOVER: ("payload", "payload.capability", "payload.replyBy"),
    MessageType.OFFER: ("payload", "payload.capability"),
    MessageType.ASSIGN: ("correlation.inReplyTo", "payload", "payload.todo"),
    MessageType.REJECT: ("correlation.inReplyTo",),
    MessageType.CANCEL: ("correlation.conversationId",),
    MessageType.CANCELLED: ("correlation.inReplyTo", "payload", "payload.effect"),
    MessageType.NOT_UNDERSTOOD: ("correlation.inReplyTo", "payload", "payload.reason"),
    MessageType.QUERY_STATUS: ("correlation.conversationId",),
    MessageType.STATUS: ("correlation.inReplyTo", "status.state"),
}
ENVELOPE = ("id", "ts", "type", "sender", "to")


def _refusal(document: dict[str, Any]) -> InvalidMessageError:
    with pytest.raises(InvalidMessageError) as refused:
        MessageFactory.from_dict(document)
    return refused.value


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


class TestCreating:
    def test_a_message_gets_its_id_its_time_and_its_version(self) -> None:
        before = datetime.now(UTC)

        message = AgreeMessage(
            sender="agent://web/web-1", to=("agent://scheduler/main",), correlation=Correlation(in_reply_to="m1")
        )

        assert message.id != ""
        assert before <= message.ts <= datetime.now(UTC)
        assert (message.type, message.version) == (MessageType.AGREE, "1.0")

    @pytest.mark.parametrize("message_type", list(MessageType))
    def test_the_factory_makes_every_type(self, message_type: MessageType) -> None:
        fields = without(without(a_document(message_type), "type"), "id")

        message = MessageFactory.create(message_type, **fields)

        words = message_type.value.split("_")
        assert type(message).__name__ == "".join(word.title() for word in words) + "Message"
        assert message.id != MessageFactory.create(message_type, **fields).id

    def test_a_single_addressee_needs_no_list(self) -> None:
        message = MessageFactory.from_dict(a_document("request", to="agent://web/web-1"))

        assert message.to == ("agent://web/web-1",)
        assert message.to_dict()["to"] == ["agent://web/web-1"]

    def test_a_step_travels_as_a_document_and_is_read_at_the_end(self) -> None:
        todo = ToDo(id="send", action="send_mail", text="Grüße", depends_on=("fetch",))

        message = RequestMessage.from_json(
            MessageFactory.create("request", sender="agent://a", to="agent://b", payload={"todo": todo}).to_json()
        )

        assert message.payload is not None
        assert message.payload.to_todo() == todo

    def test_a_step_that_cannot_be_read_names_its_field(self) -> None:
        message = RequestMessage.from_dict(a_document("request", payload={"todo": {"action": "web.click", "wait": 3}}))

        assert message.payload is not None
        with pytest.raises(InvalidMessageError) as refused:
            message.payload.to_todo()

        assert refused.value.field == "payload.todo.wait"

    def test_a_message_never_changes(self) -> None:
        message = MessageFactory.from_dict(a_document("agree"))

        with pytest.raises(ValidationError, match="frozen"):
            message.id = "another"  # type: ignore[misc]  # that is the point

    def test_every_type_has_one_class(self) -> None:
        classes = {name for name in lam_protocol.__all__ if name.endswith("Message")} - {"BaseMessage"}

        assert len(classes) == len(MessageType)


class TestWireForm:
    def test_the_example_of_the_design_is_read_and_written_as_it_is(self) -> None:
        message = MessageFactory.from_json(_text(DESIGN_EXAMPLE))

        assert isinstance(message, RequestMessage)
        assert message.correlation.lease_epoch == 3
        assert message.to_dict() == DESIGN_EXAMPLE

    def test_both_spellings_are_read_and_one_is_written(self) -> None:
        snake = a_document("inform", correlation={"conversation_id": "job-1", "seq": 1, "lease_epoch": 2})

        message = MessageFactory.from_dict(snake)

        assert message.to_dict()["correlation"] == {"conversationId": "job-1", "seq": 1, "leaseEpoch": 2}

    def test_a_time_is_written_in_utc(self) -> None:
        message = MessageFactory.from_dict(a_document("agree", ts="2025-10-30T11:45:00.5+02:00"))

        assert message.ts == datetime(2025, 10, 30, 9, 45, 0, 500_000, UTC)
        assert message.to_dict()["ts"] == "2025-10-30T09:45:00.500000Z"

    @pytest.mark.parametrize("name", ["", "self", "anchors", "to_dict", "model_config", "__dict__", "__class__"])
    def test_an_unknown_field_may_have_any_name(self, name: str) -> None:
        document = a_document("agree", correlation={"inReplyTo": "m1", name: None}) | {name: {name: [1]}}

        message = MessageFactory.from_json(_text(document))

        assert message.to_dict() == document
        assert MessageFactory.from_json(message.to_json()) == message

    def test_bytes_are_read_as_utf_8(self) -> None:
        document = a_document("inform", task="Übergröße 📎")

        message = MessageFactory.from_json(_text(document).encode())

        assert message.task == "Übergröße 📎"

    def test_a_message_without_a_version_is_of_the_first(self) -> None:
        message = MessageFactory.from_dict(without(a_document("agree"), "version"))

        assert message.to_dict()["version"] == "1.0"

    def test_a_newer_minor_version_is_read_and_kept(self) -> None:
        message = MessageFactory.from_dict(a_document("agree", version="1.7"))

        assert message.to_dict()["version"] == "1.7"

    def test_a_class_reads_its_own_type_only(self) -> None:
        with pytest.raises(InvalidMessageError) as refused:
            FailureMessage.from_dict(a_document("done"))

        assert refused.value.field == "type"
        assert isinstance(DoneMessage.from_dict(a_document("done")), DoneMessage)


class TestRequiredFields:
    @pytest.mark.parametrize("message_type", list(MessageType))
    def test_the_least_is_enough(self, message_type: MessageType) -> None:
        message = MessageFactory.from_dict(a_document(message_type))

        assert message.type is message_type

    @each_of((kind, field) for kind in MessageType for field in ENVELOPE + NEEDED[kind])
    def test_what_is_missing_is_named(self, message_type: MessageType, field: str) -> None:
        refusal = _refusal(without(a_document(message_type), field))

        assert refusal.field == field

    def test_progress_nobody_asked_for_belongs_to_a_conversation_and_has_a_place_in_it(self) -> None:
        placed = a_document("inform", correlation={"conversationId": "job-1", "seq": 0})

        assert MessageFactory.from_dict(placed).correlation.seq == 0
        assert _refusal(without(placed, "correlation.seq")).field == "correlation.inReplyTo"
        assert _refusal(without(placed, "correlation.conversationId")).field == "correlation.inReplyTo"

    def test_an_offer_in_reply_is_a_bid(self) -> None:
        bid = OfferMessage.from_dict(a_document("offer", payload=BID, correlation={"inReplyTo": "call-1"}))
        registration = OfferMessage.from_dict(a_document("offer"))

        assert bid.is_bid
        assert bid.payload.eta_ms == 4000
        assert not registration.is_bid

    @pytest.mark.parametrize("field", sorted(BID))
    def test_a_bid_says_what_it_takes_to_compare_it(self, field: str) -> None:
        bid = a_document("offer", payload=BID, correlation={"inReplyTo": "call-1"})

        assert _refusal(without(bid, f"payload.{field}")).field == f"payload.{field}"


class TestReplies:
    def test_a_reply_goes_back_in_the_same_conversation(self) -> None:
        request = MessageFactory.from_dict(DESIGN_EXAMPLE | {"correlation": {"taskId": "t1", "seq": 7, "saga": "s1"}})

        reply = reply_to(request, MessageType.DONE, payload={"result": {"path": "a"}}, seq=1)

        assert isinstance(reply, DoneMessage)
        assert (reply.sender, reply.to) == ("agent://web/web-1", ("agent://scheduler/main",))
        assert reply.to_dict()["correlation"] == {"taskId": "t1", "saga": "s1", "inReplyTo": "0197…", "seq": 1}
        assert (reply.context, reply.intent) == (request.context, request.intent)
        assert reply.id != request.id

    def test_a_reply_carries_what_fences_and_names_the_effect(self) -> None:
        request = MessageFactory.from_dict(DESIGN_EXAMPLE)

        reply = reply_to(request, "agree")

        given = reply.correlation
        assert (given.conversation_id, given.attempt, given.lease_epoch, given.effect_key) == (
            "job id",
            1,
            3,
            "sha256…",
        )
        assert given.seq is None

    def test_of_many_addressees_the_one_who_answers_says_so(self) -> None:
        call = MessageFactory.from_dict(a_document("discover", to=["agent://web/a", "agent://web/b"]))

        bid = reply_to(call, "offer", sender="agent://web/b", payload=BID)

        assert bid.sender == "agent://web/b"
        with pytest.raises(ValueError, match="several"):
            reply_to(call, "offer", payload=BID)

    def test_a_reply_keeps_the_rules_of_its_type(self) -> None:
        with pytest.raises(InvalidMessageError) as refused:
            reply_to(
                MessageFactory.from_dict(DESIGN_EXAMPLE), "failure", payload={"code": "timeout", "retryable": True}
            )

        assert refused.value.field == "payload.effect"


class TestDeadline:
    NOW = datetime(2025, 10, 30, 9, 45, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("deadline", "budget_ms", "due"),
        [
            (None, None, None),
            (60, None, 60),
            (None, 1500, 1.5),
            (60, 1500, 1.5),
            (1, 1500, 1),
            (-5, 1500, -5),
            (60, 0, 0),
        ],
    )
    def test_the_earlier_of_time_and_budget_counts(
        self, deadline: float | None, budget_ms: int | None, due: float | None
    ) -> None:
        until = None if deadline is None else self.NOW + timedelta(seconds=deadline)

        expected = Expected(deadline=until, budget_ms=budget_ms)

        assert expected.due(self.NOW) == (None if due is None else self.NOW + timedelta(seconds=due))

    def test_a_deadline_in_another_zone_is_the_same_moment(self) -> None:
        there = self.NOW.astimezone(timezone(timedelta(hours=-5)))

        assert Expected(deadline=there).due(self.NOW) == self.NOW
