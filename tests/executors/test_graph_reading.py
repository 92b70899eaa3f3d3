"""Reading through Microsoft Graph when it is away, behind, or has forgotten."""

import asyncio
from datetime import timedelta

import pytest

from scheduler.core.errors import (
    MailServerUnreachableError,
)
from scheduler.executors.mail_transport import MailQuery
from tests.support.graph.fixtures import US, a_graph_transport
from tests.support.graph.server import GraphServer
from tests.support.mails import a_mail

pytestmark = [pytest.mark.integration, pytest.mark.fault]
ANNA = "anna@example.com"
PATIENT = {"patience": timedelta(seconds=10)}


async def test_a_service_that_is_away_for_a_moment_is_asked_again(graph_server: GraphServer) -> None:
    for status in (503, 504, None):
        graph_server.strike("GET", "/messages", status=status, retry_after=0.05 if status else None)

    assert await a_graph_transport(graph_server, **PATIENT).search(MailQuery()) == ()


async def test_a_server_that_is_not_there_is_named(graph_server: GraphServer) -> None:
    transport = a_graph_transport(graph_server, root="https://localhost:1")

    with pytest.raises(MailServerUnreachableError, match="localhost:1"):
        await transport.send(a_mail())


async def test_mails_come_in_pages(graph_server: GraphServer) -> None:
    annas = a_graph_transport(graph_server, address=ANNA)
    for number in range(60):
        await annas.send(a_mail(US, subject=f"Nummer {number}"))

    mails = await a_graph_transport(graph_server).search(MailQuery(limit=60))

    assert [mail.subject for mail in mails] == [f"Nummer {number}" for number in reversed(range(60))]


async def test_words_are_found_in_new_mails_that_the_index_does_not_know_and_in_old_ones(
    graph_server: GraphServer,
) -> None:
    annas, transport = a_graph_transport(graph_server, address=ANNA), a_graph_transport(graph_server)
    await annas.send(a_mail(US, subject="Angebot alt"))
    for _ in range(26):
        await annas.send(a_mail(US, subject="anderes"))
    old = await transport.search(MailQuery(subject="Angebot"))
    graph_server.office.faults.index_lag = 60
    await annas.send(a_mail(US, subject="Angebot neu"))

    new = await transport.search(MailQuery(subject="Angebot"))

    assert [mail.subject for mail in old] == ["Angebot alt"]
    assert [mail.subject for mail in new] == ["Angebot neu"]


async def test_waiting_goes_on_when_graph_has_forgotten_what_we_know(graph_server: GraphServer) -> None:
    transport, annas = a_graph_transport(graph_server), a_graph_transport(graph_server, address=ANNA)
    waiting = asyncio.create_task(transport.wait_for(MailQuery(subject="Antwort"), timedelta(seconds=20)))
    box = graph_server.office.boxes[US]
    while not box.sync_states:  # noqa: ASYNC110 - the fake runs in another thread
        await asyncio.sleep(0.02)
    box.sync_states.clear()
    graph_server.strike("GET", "/delta", status=503)

    await annas.send(a_mail(US, subject="Antwort"))

    assert [mail.subject for mail in await waiting] == ["Antwort"]
