"""What Microsoft Graph allows at once, and what becomes of a mail that is over it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import (
    MailDeferredError,
)
from tests.support.graph.fixtures import US, a_graph_transport
from tests.support.graph.server import GraphServer
from tests.support.mails import a_mail, an_attachment

pytestmark = [pytest.mark.integration, pytest.mark.fault]
ANNA = "anna@example.com"
PATIENT = {"patience": timedelta(seconds=10)}


async def test_a_throttled_send_waits_as_told_and_sends_once(graph_server: GraphServer) -> None:
    graph_server.service.throttle(US).retry_after = 0.2
    graph_server.office.faults.deferrals = 2

    await a_graph_transport(graph_server, **PATIENT).send(a_mail())

    assert graph_server.asked("POST", "/send") == 3
    assert len(graph_server.office.messages(ANNA)) == 1


async def test_who_is_throttled_for_too_long_is_told_and_may_try_later(graph_server: GraphServer) -> None:
    graph_server.service.throttle(US).requests = 0

    with pytest.raises(MailDeferredError, match="request-id") as deferred:
        await a_graph_transport(graph_server).send(a_mail())

    assert deferred.value.retryable


async def test_never_more_than_four_requests_are_under_way(graph_server: GraphServer) -> None:
    graph_server.office.faults.delay = 0.02
    transport = a_graph_transport(graph_server)

    await asyncio.gather(*(transport.send(a_mail()) for _ in range(8)))

    throttle = graph_server.service.throttle(US)
    assert throttle.refused == []
    assert throttle.peak == 4
    assert len(graph_server.office.messages(ANNA)) == 8


async def test_another_process_in_the_same_mailbox_slows_us_down_only(graph_server: GraphServer) -> None:
    graph_server.office.faults.delay = 0.02
    throttle = graph_server.service.throttle(US)
    throttle.retry_after = 0.1
    processes = [a_graph_transport(graph_server, **PATIENT) for _ in range(3)]

    await asyncio.gather(*(transport.send(a_mail()) for transport in processes for _ in range(4)))

    assert throttle.refused
    assert len(graph_server.office.messages(ANNA)) == 12


async def test_the_limit_of_upload_volume_defers_the_mail(graph_server: GraphServer, tmp_path: Path) -> None:
    graph_server.service.throttle(US).upload_bytes = 4_000_000
    file = an_attachment(tmp_path, name="groß.bin", content=bytes(6_000_000))

    with pytest.raises(MailDeferredError, match="IncomingBytes"):
        await a_graph_transport(graph_server).send(a_mail(attachments=(file,)))

    assert graph_server.office.messages(ANNA) == []
