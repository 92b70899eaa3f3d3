"""However a sender dies around a call of Microsoft Graph, the mail goes out once."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from scheduler.core.crash_points import CrashPoint
from tests.support.graph.sends_and_dies import an_executor
from tests.support.graph.server import GraphServer
from tests.support.sends_and_dies import CONTEXT, TODO

ANNA, US = "anna@example.com", "cpa@example.com"
MAIL_POINTS = [point for point in CrashPoint if point.endswith(("_mail_send", "_mail_file"))]
pytestmark = [pytest.mark.integration, pytest.mark.fault]


async def _send_and_die(server: GraphServer, folder: Path, point: str) -> int:
    arguments = (server.base, str(server.ca_file), str(folder), point)
    program = "tests.support.graph.sends_and_dies"
    sender = await asyncio.create_subprocess_exec(sys.executable, "-m", program, *arguments)
    return await sender.wait()


async def _take_up(server: GraphServer, folder: Path, *, settle: float) -> bool | None:
    """Do what a worker does that finds the step begun: look, and send only what was not sent. Return what was seen."""
    executor = an_executor(server.base, str(server.ca_file), folder, settle=settle)
    seen = await executor.verify(TODO, CONTEXT)
    if seen.happened is False:
        assert (await executor.execute(TODO, CONTEXT)).success
    return seen.happened


@pytest.mark.parametrize("point", MAIL_POINTS)
async def test_a_sender_killed_at_a_crash_point_leaves_one_mail(
    graph_server: GraphServer, tmp_path: Path, point: CrashPoint
) -> None:
    assert await _send_and_die(graph_server, tmp_path, point) == -signal.SIGKILL
    sent = point is not CrashPoint.BEFORE_MAIL_SEND

    seen = await _take_up(graph_server, tmp_path, settle=10 if sent else 0.5)

    assert seen is sent
    assert len(graph_server.office.messages(ANNA)) == 1
    assert len(graph_server.office.messages(US, "Sent")) == 1
    assert graph_server.office.messages(US, "Drafts") == []


async def test_a_mail_that_was_accepted_but_not_yet_filed_is_not_sent_again(
    graph_server: GraphServer, tmp_path: Path
) -> None:
    graph_server.office.faults.filing_lag = 0.5
    assert await _send_and_die(graph_server, tmp_path, CrashPoint.AFTER_MAIL_SEND) == -signal.SIGKILL

    seen = await _take_up(graph_server, tmp_path, settle=10)

    assert seen is True
    assert len(graph_server.office.messages(ANNA)) == 1
