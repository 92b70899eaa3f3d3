"""However the sender dies or the connection breaks, the mail goes out once."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from examples.mailbox.mail_server import MailServer
from scheduler.core.crash_points import CrashPoint
from scheduler.core.errors import Effect
from tests.support.sends_and_dies import CONTEXT, TODO, an_executor

ANNA, US = "anna@example.com", "cpa@example.com"
MAIL_POINTS = [point for point in CrashPoint if point.endswith(("_mail_send", "_mail_file"))]
pytestmark = [pytest.mark.integration, pytest.mark.fault]


async def _sender(server: MailServer, folder: Path, point: str) -> Process:
    arguments = (str(server.smtp_port), str(server.imap_port), str(folder), point)
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.support.sends_and_dies", *arguments)


async def _take_up(server: MailServer, folder: Path, *, sent: bool = True) -> bool | None:
    """Do what a worker does that finds the step begun: look, and send only what was not sent. Return what was seen.

    What was `sent` is looked for as long as a slow machine may need to show it.
    """
    looking = an_executor(server.smtp_port, server.imap_port, folder, settle=10 if sent else 0.5)
    seen = await looking.verify(TODO, CONTEXT)
    if seen.happened is False:
        sending = an_executor(server.smtp_port, server.imap_port, folder)
        assert (await sending.execute(TODO, CONTEXT)).success
    return seen.happened


def _assert_sent_once(server: MailServer) -> None:
    assert len(server.messages(ANNA)) == 1
    assert len(server.messages(US, "Sent")) == 1
    assert server.messages(US) == []


@pytest.mark.parametrize("point", MAIL_POINTS)
async def test_a_sender_killed_at_a_crash_point_leaves_one_mail(
    mail_server: MailServer, tmp_path: Path, point: CrashPoint
) -> None:
    sender = await _sender(mail_server, tmp_path, point)
    assert await sender.wait() == -signal.SIGKILL

    sent = point is not CrashPoint.BEFORE_MAIL_SEND

    seen = await _take_up(mail_server, tmp_path, sent=sent)

    assert seen is sent
    _assert_sent_once(mail_server)


async def test_a_mail_that_was_accepted_but_not_yet_delivered_is_not_sent_again(
    mail_server: MailServer, tmp_path: Path
) -> None:
    mail_server.faults.lag = 0.3
    sender = await _sender(mail_server, tmp_path, CrashPoint.AFTER_MAIL_SEND)
    assert await sender.wait() == -signal.SIGKILL

    seen = await _take_up(mail_server, tmp_path)

    assert seen is True
    _assert_sent_once(mail_server)


@pytest.mark.parametrize("fault", ["drops_before_delivery", "drops_after_delivery"])
async def test_a_connection_lost_after_the_mail_was_given_leaves_one_mail(
    mail_server: MailServer, tmp_path: Path, fault: str
) -> None:
    setattr(mail_server.faults, fault, 1)
    sent = fault == "drops_after_delivery"
    executor = an_executor(mail_server.smtp_port, mail_server.imap_port, tmp_path)
    failed = await executor.execute(TODO, CONTEXT)

    seen = await _take_up(mail_server, tmp_path, sent=sent)

    assert failed.error is not None
    assert failed.error.effect is Effect.UNKNOWN
    assert seen is sent
    _assert_sent_once(mail_server)
