"""However the sender dies or the connection breaks, the mail goes out once."""

import asyncio
import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from examples.mailbox.mail_server import MailServer
from scheduler.core.crash_points import CrashPoint
from scheduler.core.errors import Effect
from scheduler.executors.mail_transport import OutgoingMail
from scheduler.executors.maildir import Maildir
from scheduler.executors.maildir_transport import MaildirTransport
from tests.support.mail_worlds import ANNA, BERT, US, in_maildirs
from tests.support.mails import a_mail
from tests.support.memory_mail import an_account
from tests.support.sends_and_dies import CONTEXT, TODO, an_executor

MAIL_POINTS = [point for point in CrashPoint if point.endswith(("_mail_send", "_mail_file"))]


@dataclass
class Post:
    """Where the sender sends, as `sends_and_dies` takes it, and a look into the mailboxes."""

    world: dict[str, Any]
    folder: Path
    messages: Callable[[str, str], list[EmailMessage]]

    async def send_and_die(self, point: CrashPoint) -> None:
        arguments = (json.dumps(self.world), str(self.folder), str(point))
        command = (sys.executable, "-m", "tests.support.sends_and_dies", *arguments)
        sender = await asyncio.create_subprocess_exec(*command)
        assert await sender.wait() == -signal.SIGKILL

    async def take_up(self, *, sent: bool = True) -> bool | None:
        """Do what a worker does that finds the step begun: look, and send only what was not sent. Return what was seen.

        What was `sent` is looked for as long as a slow machine may need to show it.
        """
        seen = await an_executor(self.world, self.folder, settle=10 if sent else 0.5).verify(TODO, CONTEXT)
        if seen.happened is False:
            assert (await an_executor(self.world, self.folder).execute(TODO, CONTEXT)).success
        return seen.happened

    def assert_sent_once(self) -> None:
        assert [len(self.messages(*place)) for place in ((ANNA, "INBOX"), (US, "Sent"), (US, "INBOX"))] == [1, 1, 0]


def _by_wire(server: MailServer, folder: Path) -> Post:
    return Post({"smtp": server.smtp_port, "imap": server.imap_port}, folder, server.messages)


@pytest.fixture(params=["maildir", "smtp_imap"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Post:
    if request.param == "smtp_imap":
        return _by_wire(request.getfixturevalue("mail_server"), tmp_path)
    root = tmp_path / "mail"
    return Post({"maildir": str(root)}, tmp_path, in_maildirs(root).look)


@pytest.mark.integration
@pytest.mark.fault
@pytest.mark.parametrize("point", MAIL_POINTS)
async def test_a_sender_killed_at_a_crash_point_leaves_one_mail(post: Post, point: CrashPoint) -> None:
    await post.send_and_die(point)
    sent = point is not CrashPoint.BEFORE_MAIL_SEND

    seen = await post.take_up(sent=sent)

    assert seen is sent
    post.assert_sent_once()


@pytest.mark.integration
@pytest.mark.fault
async def test_a_mail_that_was_accepted_but_not_yet_delivered_is_not_sent_again(
    mail_server: MailServer, tmp_path: Path
) -> None:
    post = _by_wire(mail_server, tmp_path)
    mail_server.faults.lag = 0.3
    await post.send_and_die(CrashPoint.AFTER_MAIL_SEND)

    seen = await post.take_up()

    assert seen is True
    post.assert_sent_once()


@pytest.mark.integration
@pytest.mark.fault
@pytest.mark.parametrize("fault", ["drops_before_delivery", "drops_after_delivery"])
async def test_a_connection_lost_after_the_mail_was_given_leaves_one_mail(
    mail_server: MailServer, tmp_path: Path, fault: str
) -> None:
    post = _by_wire(mail_server, tmp_path)
    setattr(mail_server.faults, fault, 1)
    sent = fault == "drops_after_delivery"
    failed = await an_executor(post.world, tmp_path).execute(TODO, CONTEXT)

    seen = await post.take_up(sent=sent)

    assert failed.error is not None
    assert failed.error.effect is Effect.UNKNOWN
    assert seen is sent
    post.assert_sent_once()


async def test_who_is_cancelled_amid_a_delivery_goes_when_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    deliver = MaildirTransport._send

    def slowly(transport: MaildirTransport, mail: OutgoingMail) -> None:
        begun.set()
        go_on.wait(10)
        deliver(transport, mail)

    monkeypatch.setattr(MaildirTransport, "_send", slowly)
    mail, transport = a_mail(US), MaildirTransport(tmp_path / "mail", an_account(address=US))
    Maildir(tmp_path / "mail" / US).make()
    sending = asyncio.create_task(transport.send(mail))
    await asyncio.to_thread(begun.wait, 10)
    sending.cancel()
    _, waiting = await asyncio.wait([sending], timeout=0.05)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert waiting == {sending}
    assert (await transport.find(mail.effect_key)).happened


class _Died(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.mark.fault
@pytest.mark.parametrize("steps", range(16))
@pytest.mark.parametrize("taken_away", [False, True])
async def test_a_delivery_broken_off_anywhere_is_finished_and_nobody_gets_it_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, taken_away: bool
) -> None:
    root, mail = tmp_path / "mail", a_mail(ANNA, BERT, US)
    look = in_maildirs(root).look
    transport = MaildirTransport(root, an_account())
    with monkeypatch.context() as patched, suppress(_Died):
        _die_after(steps, patched)
        await transport.send(mail)
        await transport.file(mail)
    if taken_away:
        for place in Maildir(root / ANNA).newest("INBOX"):
            place.path.unlink()  # she has read it and thrown it away
    arrived = [len(look(address, "INBOX")) for address in (ANNA, BERT, US)]

    accepted = (await transport.find(mail.effect_key)).happened
    if not accepted:
        await transport.send(mail)
    filed = await transport.file(mail)

    assert accepted or arrived == [0, 0, 0]
    assert filed
    assert len(look(US, "Sent")) == len(look(US, "INBOX")) == len(look(BERT, "INBOX")) == 1
    assert len(look(ANNA, "INBOX")) <= 1
    assert list((root / "spool").iterdir()) == []


def _die_after(steps: int, patched: pytest.MonkeyPatch) -> None:
    """End at the n-th change of a folder: whatever is made, linked, renamed or removed counts."""
    left = iter(range(steps))
    for name in ("mkdir", "hardlink_to", "rename", "rmdir"):
        real = getattr(Path, name)

        def change(path: Path, *arguments: Any, _real: Any = real, **options: Any) -> Any:  # noqa: ANN401 - any of them
            if next(left, None) is None:
                raise _Died
            return _real(path, *arguments, **options)

        patched.setattr(Path, name, change)
