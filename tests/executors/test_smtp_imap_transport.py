"""What only real servers can show: logins, late deliveries, folders, and an account without copies to itself."""

import asyncio
import imaplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from examples.mailbox.dovecot import free_port
from examples.mailbox.mail_server import MailServer
from scheduler.core.errors import MailLoginError, MailServerUnreachableError, RecipientRefusedError
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_transport import MailQuery
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from tests.support.mails import a_mail
from tests.support.memory_mail import ACCOUNTS, an_account
from tests.support.tcp_fault import FaultProxy

ANNA, US = "anna@example.com", "cpa@example.com"


def _account(server: MailServer, password: str = ACCOUNTS[US]) -> MailAccount:
    return an_account(smtp=server.smtp_port, imap=server.imap_port, password=password)


def _transport(server: MailServer, *, settle: float = 0.3, self_copy: bool = True) -> SmtpImapTransport:
    return SmtpImapTransport(_account(server), settle=timedelta(seconds=settle), self_copy=self_copy)


@contextmanager
def _our_mailbox(server: MailServer) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4(server.host, server.imap_port) as imap:
        imap.login(US, "geheim")
        yield imap


@pytest.mark.integration
@pytest.mark.parametrize("password", ["falsch", "fälsch"])
async def test_a_wrong_password_is_named_by_server_and_user(mail_server: MailServer, password: str) -> None:
    transport = SmtpImapTransport(_account(mail_server, password))

    with pytest.raises(MailLoginError) as sending:
        await transport.send(a_mail())
    with pytest.raises(MailLoginError) as reading:
        await transport.search(MailQuery())

    assert sending.value.facts == {"server": f"127.0.0.1:{mail_server.smtp_port}", "user": US}
    assert reading.value.facts == {"server": f"127.0.0.1:{mail_server.imap_port}", "user": US}
    assert mail_server.messages(ANNA) == []


@pytest.mark.integration
async def test_no_server_is_a_reason_to_try_later() -> None:
    port = free_port("127.0.0.1")
    transport = SmtpImapTransport(an_account(smtp=port, imap=port))

    with pytest.raises(MailServerUnreachableError) as sending:
        await transport.send(a_mail())
    with pytest.raises(MailServerUnreachableError) as looking:
        await transport.find("key")

    assert sending.value.retryable
    assert looking.value.retryable


@pytest.mark.integration
async def test_a_copy_that_comes_late_is_waited_for(mail_server: MailServer) -> None:
    transport, mail = _transport(mail_server, settle=5), a_mail()
    mail_server.faults.lag = 0.2

    await transport.send(mail)
    found = await transport.find(mail.effect_key)
    filed = await transport.file(mail)

    assert found.happened is True
    assert filed is True
    assert mail_server.messages(US) == []


@pytest.mark.integration
async def test_a_copy_that_a_filter_moved_away_is_found(mail_server: MailServer) -> None:
    transport, mail = _transport(mail_server, settle=0.1), a_mail()
    await transport.send(mail)
    with _our_mailbox(mail_server) as imap:
        imap.create("Ablage.Rechnungen")
        imap.select("INBOX")
        imap.copy("1", "Ablage.Rechnungen")
        imap.store("1", "+FLAGS", r"(\Deleted)")
        imap.expunge()

    found = await transport.find(mail.effect_key)

    assert found.happened is True
    assert not found.filed
    with _our_mailbox(mail_server) as imap:
        imap.delete("Ablage.Rechnungen")


@pytest.mark.integration
async def test_other_mails_stay_where_they_are_when_a_copy_is_filed(mail_server: MailServer) -> None:
    transport, mail = _transport(mail_server), a_mail()
    other = a_mail(US, subject="bleibt")
    await transport.send(other)
    await transport.send(mail)

    await transport.file(mail)

    assert [message["Subject"] for message in mail_server.messages(US)] == ["bleibt"]
    assert len(mail_server.messages(US, "Sent")) == 1


@pytest.mark.integration
async def test_without_a_copy_to_ourselves_nobody_can_tell_until_it_is_filed(mail_server: MailServer) -> None:
    transport, mail = _transport(mail_server, self_copy=False), a_mail(subject="Prüfung")
    await transport.send(mail)
    before = await transport.find(mail.effect_key)

    filed = [await transport.file(mail), await transport.file(mail)]

    assert before.happened is None
    assert filed == [True, True]
    assert (await transport.find(mail.effect_key)).happened is True
    assert [message["Subject"] for message in mail_server.messages(US, "Sent")] == ["Prüfung"]
    assert mail_server.messages(US) == []


@pytest.mark.integration
async def test_an_address_the_server_cannot_take_is_refused_before_anything_is_sent(mail_server: MailServer) -> None:
    with pytest.raises(RecipientRefusedError, match=r"jürgen@example\.com"):
        await _transport(mail_server).send(a_mail(ANNA, "jürgen@example.com"))

    assert mail_server.messages(ANNA) == []


def test_a_password_travels_unprotected_on_loopback_only() -> None:
    with pytest.raises(ValueError, match=r"mail\.example\.com"):
        MailAccount(
            address=US,
            smtp_host="mail.example.com",
            smtp_port=25,
            imap_host="127.0.0.1",
            imap_port=143,
            username=US,
            password=lambda: "geheim",
            security=MailSecurity.NONE,
        )


def test_an_account_does_not_show_its_password() -> None:
    assert "geheim" not in repr(an_account())


@pytest.mark.integration
async def test_a_mail_that_somebody_else_moved_is_found_by_its_id(mail_server: MailServer) -> None:
    transport = _transport(mail_server)
    await transport.send(a_mail(US, subject="wandert"))
    (mail,) = await transport.search(MailQuery())
    with _our_mailbox(mail_server) as imap:
        imap.create("Ablage")
        imap.select("INBOX")
        imap.copy("1", "Ablage")
        imap.store("1", "+FLAGS", r"(\Deleted)")
        imap.expunge()

    found = await transport.read(mail.id)

    assert (found.folder, found.subject) == ("Ablage", "wandert")


@pytest.mark.integration
async def test_a_mail_without_a_message_id_is_moved_and_read(mail_server: MailServer) -> None:
    transport = _transport(mail_server)
    with _our_mailbox(mail_server) as imap:
        imap.append("INBOX", "", "", b"Subject: ohne\r\nFrom: scanner@example.com\r\n\r\nText\r\n")
    (mail,) = await transport.search(MailQuery())

    moved = await transport.move(mail.id, "Scans", create=True)

    assert (await transport.read(moved)).subject == "ohne"
    assert mail_server.messages(US) == []


@pytest.mark.integration
async def test_a_wait_lives_through_a_connection_that_breaks(mail_server: MailServer) -> None:
    proxy = FaultProxy(mail_server.imap_port)
    async with proxy.running():
        account = an_account(smtp=mail_server.smtp_port, imap=proxy.port)
        transport = SmtpImapTransport(account, settle=timedelta(seconds=0.3))
        waiting = asyncio.create_task(transport.wait_for(MailQuery(subject="endlich"), timedelta(seconds=20)))
        await asyncio.sleep(0.5)
        proxy.cut()
        await _transport(mail_server).send(a_mail(US, subject="endlich"))

        found = await waiting

    assert [mail.subject for mail in found] == ["endlich"]
