"""Tokens that expire, and mailboxes and recipients that are refused: what the user is told."""

from collections.abc import Callable

import pytest

from scheduler.core.errors import (
    InvalidInputError,
    MailAccessError,
    RecipientRefusedError,
)
from scheduler.executors.graph_transport import GraphTransport
from scheduler.executors.mail_transport import MailQuery
from tests.support.graph.fixtures import US, a_graph_transport
from tests.support.graph.server import GraphServer
from tests.support.mails import a_mail

pytestmark = [pytest.mark.integration, pytest.mark.fault]
ANNA = "anna@example.com"


def drafts(server: GraphServer) -> int:
    return len(server.office.messages(US, "Drafts"))


async def test_an_expired_token_is_renewed_once(graph_server: GraphServer) -> None:
    transport = a_graph_transport(graph_server)
    await transport.folders()
    graph_server.identity.revoke_all()

    await transport.send(a_mail())

    assert graph_server.identity.issued == 2
    assert len(graph_server.office.messages(ANNA)) == 1


async def test_tokens_that_are_never_taken_end_in_an_error(graph_server: GraphServer) -> None:
    graph_server.identity.lifetime = -60

    with pytest.raises(MailAccessError, match="CPA_GRAPH_ROOT"):
        await a_graph_transport(graph_server).search(MailQuery())

    assert graph_server.identity.issued == 2


def _no_consent(server: GraphServer) -> GraphTransport:
    server.app.roles = ()
    return a_graph_transport(server)


def _no_sending(server: GraphServer) -> GraphTransport:
    server.app.roles = ("Mail.ReadWrite",)
    return a_graph_transport(server)


def _outside_of_scope(server: GraphServer) -> GraphTransport:
    server.office.faults.forbidden_mailboxes.add(US)
    return a_graph_transport(server)


def _no_mailbox(server: GraphServer) -> GraphTransport:
    return a_graph_transport(server, address="niemand@example.com")


@pytest.mark.parametrize(
    ("prepare", "advice"),
    [
        (_no_consent, "Mail.ReadWrite, Mail.Send"),
        (_no_sending, "Mail.ReadWrite, Mail.Send"),
        (_outside_of_scope, "may not use this mailbox"),
        (_no_mailbox, "CPA_MAIL_ADDRESS"),
    ],
)
async def test_who_may_not_use_the_mailbox_is_told_what_to_do(
    graph_server: GraphServer, prepare: Callable[[GraphServer], GraphTransport], advice: str
) -> None:
    with pytest.raises(MailAccessError, match=advice) as refused:
        await prepare(graph_server).send(a_mail())

    assert "request-id" in refused.value.facts["reply"]
    assert graph_server.office.messages(ANNA) == []
    assert drafts(graph_server) == 0


async def test_a_refused_recipient_leaves_no_draft(graph_server: GraphServer) -> None:
    graph_server.office.faults.refused_recipients.add(ANNA)

    with pytest.raises(RecipientRefusedError, match=ANNA):
        await a_graph_transport(graph_server).send(a_mail())

    assert drafts(graph_server) == 0


async def test_a_subject_that_exchange_would_refuse_is_refused_before(graph_server: GraphServer) -> None:
    with pytest.raises(InvalidInputError, match="255"):
        await a_graph_transport(graph_server).send(a_mail(subject="x" * 256))


async def test_consent_that_was_given_meanwhile_is_taken_up_at_once(graph_server: GraphServer) -> None:
    transport = _no_consent(graph_server)
    with pytest.raises(MailAccessError):
        await transport.send(a_mail())
    graph_server.app.roles = ("Mail.ReadWrite", "Mail.Send")

    await transport.send(a_mail())

    assert len(graph_server.office.messages(ANNA)) == 1
