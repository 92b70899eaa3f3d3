"""However Microsoft Graph fails around the sending, the mail goes out once."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import (
    MailServerUnreachableError,
    OutcomeUnknownError,
)
from tests.support.graph.fixtures import US, a_graph_transport
from tests.support.graph.server import GraphServer
from tests.support.mails import a_mail, an_attachment

pytestmark = [pytest.mark.integration, pytest.mark.fault]
ANNA = "anna@example.com"
PATIENT = {"patience": timedelta(seconds=10)}


def drafts(server: GraphServer) -> int:
    return len(server.office.messages(US, "Drafts"))


@pytest.mark.parametrize("status", [503, 504, 500, None], ids=["503", "504", "500", "cut"])
async def test_a_mail_that_was_accepted_before_the_fault_is_found_and_not_sent_again(
    graph_server: GraphServer, status: int | None
) -> None:
    transport, mail = a_graph_transport(graph_server, **PATIENT), a_mail()
    graph_server.strike("POST", "/send", status=status, after_the_effect=True)

    with pytest.raises(OutcomeUnknownError):
        await transport.send(mail)

    assert graph_server.asked("POST", "/send") == 1
    assert (await transport.find(mail.effect_key)).happened is True
    assert len(graph_server.office.messages(ANNA)) == 1


@pytest.mark.parametrize("status", [503, 504, None], ids=["503", "504", "cut"])
async def test_a_mail_that_was_lost_with_the_fault_is_sent_by_the_next_attempt(
    graph_server: GraphServer, status: int | None
) -> None:
    transport, mail = a_graph_transport(graph_server, **PATIENT), a_mail()
    graph_server.strike("POST", "/send", status=status)

    with pytest.raises(OutcomeUnknownError):
        await transport.send(mail)
    seen = await transport.find(mail.effect_key)
    await transport.send(mail)

    assert seen.happened is False
    assert len(graph_server.office.messages(ANNA)) == 1
    assert drafts(graph_server) == 0


async def test_a_mail_that_is_filed_late_is_waited_for(graph_server: GraphServer) -> None:
    transport, mail = a_graph_transport(graph_server, settle=timedelta(seconds=5)), a_mail()
    graph_server.office.faults.filing_lag = 0.4
    await transport.send(mail)

    seen = await transport.find(mail.effect_key)

    assert (seen.happened, seen.filed) == (True, True)


async def test_a_mail_in_the_outbox_counts_as_sent(graph_server: GraphServer) -> None:
    transport, mail = a_graph_transport(graph_server, settle=timedelta(0)), a_mail()
    graph_server.office.faults.filing_lag = 60
    await transport.send(mail)

    assert (await transport.find(mail.effect_key)).happened is True


async def test_what_an_earlier_attempt_left_cannot_be_sent_late(graph_server: GraphServer) -> None:
    transport, mail = a_graph_transport(graph_server), a_mail()
    graph_server.strike("POST", "/send")
    with pytest.raises(OutcomeUnknownError):
        await transport.send(mail)
    box = graph_server.office.boxes[US]
    (left,) = [known for known in box.mails.values() if known.draft]

    await transport.send(mail)

    assert left.immutable not in box.mails
    assert len(graph_server.office.messages(ANNA)) == 1


async def test_a_mail_that_was_sent_after_all_while_we_cleared_away_is_not_sent_again(
    graph_server: GraphServer,
) -> None:
    """Two attempts left a draft each, and one of them was sent at the last moment."""
    transport, mail = a_graph_transport(graph_server), a_mail()
    graph_server.strike("POST", "/send", after_the_effect=True)
    with pytest.raises(OutcomeUnknownError):
        await transport.send(mail)
    box = graph_server.office.boxes[US]
    (sent,) = box.newest_first("sentitems")
    box.put(sent.twin("drafts", draft=True))

    await transport.send(mail)

    assert len(graph_server.office.messages(ANNA)) == 1
    assert drafts(graph_server) == 0


@pytest.mark.parametrize("path", ["/messages", "/attachments"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_fault_before_sending_sends_nothing_and_the_next_attempt_sends_one(
    graph_server: GraphServer, tmp_path: Path, path: str, after: bool
) -> None:
    transport = a_graph_transport(graph_server)
    mail = a_mail(attachments=(an_attachment(tmp_path),))
    graph_server.strike("POST", path, status=503, after_the_effect=after)

    with pytest.raises(MailServerUnreachableError) as away:
        await transport.send(mail)
    before = graph_server.office.messages(ANNA)
    await transport.send(mail)

    (arrived,) = graph_server.office.messages(ANNA)
    assert away.value.retryable
    assert before == []
    assert len(list(arrived.iter_attachments())) == 1
    assert drafts(graph_server) == 0


async def test_a_cloud_without_permanent_deletion_still_sends(graph_server: GraphServer) -> None:
    transport, mail = a_graph_transport(graph_server), a_mail()
    graph_server.strike("POST", "/send")
    graph_server.strike("POST", "/permanentDelete", status=405)
    with pytest.raises(OutcomeUnknownError):
        await transport.send(mail)

    await transport.send(mail)

    assert len(graph_server.office.messages(ANNA)) == 1
