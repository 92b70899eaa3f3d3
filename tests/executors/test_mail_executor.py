"""Mail as the orchestrator sees it: done once, told truthfully, found again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scheduler.core.errors import Effect, MailServerUnreachableError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_actions import READ, SEARCH, SEND
from scheduler.executors.mail_executor import MailExecutor
from tests.support.mail_executor import ANNA, BERT, CONTEXT, US, artifacts, executor, server, transport
from tests.support.mails import LONG_NAME
from tests.support.memory_mail import MemoryMailServer, MemoryMailTransport

__all__ = ["artifacts", "executor", "server", "transport"]


def _send(**params: Any) -> ToDo:  # noqa: ANN401 - parameters of a mail
    return ToDo(id="send", action="send_mail", params={"to": ANNA, "subject": "Rechnung 4711"} | params)


async def test_a_mail_is_sent_with_its_artifacts_and_filed(
    executor: MailExecutor, artifacts: ArtifactStore, server: MemoryMailServer
) -> None:
    artifact = artifacts.save(JobId("job"), TaskId("download"), LONG_NAME, b"%PDF-1.7")

    done = await executor.execute(_send(to=[ANNA, BERT], body="Anbei.", attachments=[artifact]), CONTEXT)

    (received,) = server.messages(BERT)
    (file,) = received.iter_attachments()
    assert done.success
    assert done.result == {
        "message_id": f"<{CONTEXT.effect_key}@example.com>",
        "recipients": [ANNA, BERT],
        "attachments": [LONG_NAME],
        "filed": True,
    }
    assert done.result.keys() == SEND.result
    assert file.get_filename() == LONG_NAME
    assert len(server.messages(US, "Sent")) == 1


async def test_the_result_names_blind_recipients_and_each_recipient_once(executor: MailExecutor) -> None:
    done = await executor.execute(_send(to=[ANNA, "ANNA@example.com"], bcc=BERT, cc=[ANNA]), CONTEXT)

    assert done.result["recipients"] == [ANNA, BERT]


async def test_a_sent_mail_is_verified_with_the_result_it_gave(executor: MailExecutor) -> None:
    done = await executor.execute(_send(), CONTEXT)

    seen = await executor.verify(_send(), CONTEXT)

    assert seen.happened is True
    assert seen.result == done.result


async def test_a_mail_that_was_not_sent_is_told_to_be_so(executor: MailExecutor) -> None:
    seen = await executor.verify(_send(), CONTEXT)

    assert seen.happened is False


@pytest.mark.fault
async def test_a_lost_answer_is_an_unknown_outcome_and_verify_files_the_copy(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    server.faults.drops_after_delivery = 1

    failed = await executor.execute(_send(), CONTEXT)
    seen = await executor.verify(_send(), CONTEXT)

    assert failed.error is not None
    assert failed.error.effect is Effect.UNKNOWN
    assert seen.happened is True
    assert seen.result is not None
    assert seen.result["filed"] is True
    assert len(server.messages(ANNA)) == 1
    assert server.messages(US) == []


@pytest.mark.fault
async def test_a_mail_that_cannot_be_filed_is_sent_all_the_same_and_says_so(
    executor: MailExecutor, transport: MemoryMailTransport, server: MemoryMailServer
) -> None:
    transport.filing_error = MailServerUnreachableError("imap", "down")

    done = await executor.execute(_send(), CONTEXT)

    assert done.success
    assert done.result["filed"] is False
    assert len(server.messages(ANNA)) == 1


async def test_a_refused_recipient_fails_the_step_and_nobody_gets_the_mail(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    failed = await executor.execute(_send(to=[ANNA, "niemand@example.com"]), CONTEXT)

    assert failed.error is not None
    assert failed.error.code == "recipient_refused"
    assert failed.error.facts["recipient"] == "niemand@example.com"
    assert failed.error.effect is Effect.NONE
    assert not failed.error.retryable
    assert server.messages(ANNA) == []


async def test_a_temporary_refusal_may_be_tried_again(executor: MailExecutor, server: MemoryMailServer) -> None:
    server.faults.deferrals = 1

    failed = await executor.execute(_send(), CONTEXT)

    assert failed.error is not None
    assert failed.error.retryable
    assert failed.error.effect is Effect.NONE


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"to": []}, "to"),
        ({"to": "Anna"}, "to[0]"),
        ({"to": ["x" * 400]}, "to[0]"),
        ({"to": [ANNA, "bert@"]}, "to[1]"),
        ({"to": f"{ANNA}\r\nBcc: {BERT}"}, "to[0]"),
        ({"cc": [7]}, "cc[0]"),
        ({"subject": f"Hallo\nBcc: {BERT}"}, "subject"),
        ({"subject": "x" * 1000}, "subject"),
        ({"body": "\x00"}, "body"),
        ({"body": None}, "body"),
        ({"betreff": "x"}, "betreff"),
    ],
)
async def test_a_wrong_parameter_is_named_and_nothing_is_sent(
    executor: MailExecutor, server: MemoryMailServer, params: dict[str, Any], field: str
) -> None:
    failed = await executor.execute(_send(**params), CONTEXT)

    assert failed.error is not None
    assert failed.error.code == "invalid_input"
    assert failed.error.facts["field"] == f"send.params.{field}"
    assert [server.messages(address) for address in (ANNA, BERT)] == [[], []]


async def test_a_missing_artifact_keeps_the_mail_from_being_sent(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    failed = await executor.execute(_send(attachments=["artifact://job/download/fehlt.pdf"]), CONTEXT)

    assert failed.error is not None
    assert failed.error.code == "artifact_not_found"
    assert server.messages(ANNA) == []


async def test_mails_without_an_effect_key_differ_and_cannot_be_verified(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    await executor.execute(_send())
    await executor.execute(_send())

    seen = await executor.verify(_send())

    assert len({message["Message-ID"] for message in server.messages(ANNA)}) == 2
    assert seen.happened is None


async def test_mails_are_read_and_found_as_plain_values(executor: MailExecutor) -> None:
    await executor.execute(_send(to=US, subject="Prüfung", body="Grüße"), CONTEXT)

    read = await executor.execute(ToDo(id="read", action="mail.read", params={"unseen": True}))
    found = await executor.execute(
        ToDo(id="find", action="mail.search", params={"words": "Grüße", "since": str(datetime.now(UTC).date())})
    )

    assert {**read.result, "more": False} == found.result
    assert read.result.keys() == READ.result
    assert found.result.keys() == SEARCH.result
    assert read.result["count"] == 1
    (mail,) = read.result["messages"]
    assert (mail["sender"], mail["subject"], mail["text"]) == (US, "Prüfung", "Grüße")


async def test_it_is_said_whether_there_are_more_mails_than_were_asked_for(executor: MailExecutor) -> None:
    for number in range(3):
        await executor.execute(_send(to=US, subject=f"Prüfung {number}", body="Grüße"), CONTEXT)

    found = [
        (await executor.execute(ToDo(id="find", action="mail.search", params={"limit": limit}))).result
        for limit in (2, 3, 100)
    ]

    assert [(one["count"], len(one["messages"]), one["more"]) for one in found] == [
        (2, 2, True), (3, 3, False), (3, 3, False),
    ]  # fmt: skip


async def test_a_reading_that_changes_nothing_is_verified_by_reading_again(executor: MailExecutor) -> None:
    await executor.execute(_send(to=US), CONTEXT)

    plain = await executor.verify(ToDo(id="read", action="mail.read"))
    marking = await executor.verify(ToDo(id="read", action="mail.read", params={"mark_seen": True}))

    assert plain.happened is True
    assert plain.result is not None
    assert plain.result["count"] == 1
    assert marking.happened is None


async def test_an_action_it_does_not_know_is_an_error(executor: MailExecutor) -> None:
    failed = await executor.execute(ToDo(id="x", action="mail.burn"))

    assert failed.error is not None
    assert failed.error.code == "unknown_action"
