"""The mail server of the examples behaves as a real one, faults included, and cleans up after itself."""

import smtplib
import socket
from email.message import EmailMessage
from pathlib import Path

import pytest

from examples.mailbox.dovecot import Dovecot, MailServerError
from examples.mailbox.mail_server import DEFAULT_ACCOUNTS, MailServer

ANNA, US = "anna@example.com", "cpa@example.com"
pytestmark = pytest.mark.integration


def _a_message(subject: str = "Grüße 😀") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"], message["Message-ID"] = subject, US, ANNA, "<1@example.com>"
    message.set_content("Prüfung")
    return message


def _send(server: MailServer, *recipients: str, password: str | None = DEFAULT_ACCOUNTS[US]) -> None:
    with smtplib.SMTP(server.host, server.smtp_port, local_hostname="localhost", timeout=10) as smtp:
        if password is not None:
            smtp.login(US, password)
        smtp.send_message(_a_message(), US, recipients or (ANNA,))


def _nobody_listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) != 0


def test_a_mail_lies_in_the_mailbox_as_it_was_sent(mail_server: MailServer) -> None:
    _send(mail_server)

    (received,) = mail_server.messages(ANNA)
    assert received["Subject"] == "Grüße 😀"
    assert received["Message-ID"] == "<1@example.com>"
    assert received["Return-Path"] == f"<{US}>"
    assert received.get_content().strip() == "Prüfung"
    assert mail_server.messages(US) == mail_server.messages(ANNA, "Nirgendwo") == []


@pytest.mark.parametrize("password", [None, "falsch"])
def test_only_who_logs_in_may_send(mail_server: MailServer, password: str | None) -> None:
    with pytest.raises((smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused)):
        _send(mail_server, password=password)

    assert mail_server.messages(ANNA) == []


@pytest.mark.parametrize("recipient", ["niemand@example.com", "gesperrt@example.com"])
def test_unknown_and_refused_recipients_are_answered_550(mail_server: MailServer, recipient: str) -> None:
    mail_server.faults.refused_recipients.add("gesperrt@example.com")

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        _send(mail_server, recipient)

    assert refused.value.recipients[recipient][0] == 550


@pytest.mark.parametrize(("fault", "code"), [("deferrals", 451), ("rejections", 554)])
def test_a_fault_hits_as_many_mails_as_asked(mail_server: MailServer, fault: str, code: int) -> None:
    setattr(mail_server.faults, fault, 1)

    with pytest.raises(smtplib.SMTPDataError) as refused:
        _send(mail_server)
    _send(mail_server)

    assert refused.value.smtp_code == code
    assert len(mail_server.messages(ANNA)) == 1


@pytest.mark.parametrize(("fault", "delivered"), [("drops_before_delivery", 0), ("drops_after_delivery", 1)])
def test_a_dropped_connection_tells_the_sender_nothing(mail_server: MailServer, fault: str, delivered: int) -> None:
    setattr(mail_server.faults, fault, 1)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        _send(mail_server)

    assert len(mail_server.messages(ANNA)) == delivered


def test_clearing_empties_the_mailboxes_and_ends_the_faults(mail_server: MailServer) -> None:
    _send(mail_server)
    mail_server.faults.deferrals = 7

    mail_server.clear()

    assert mail_server.messages(ANNA) == []
    assert mail_server.faults.deferrals == 0


def test_two_servers_run_side_by_side_and_leave_nothing_behind(running_mail_server: MailServer) -> None:
    with MailServer() as server:
        folder = server.folder
        host, smtp_port, imap_port = server.host, server.smtp_port, server.imap_port
        assert len({smtp_port, imap_port, running_mail_server.smtp_port, running_mail_server.imap_port}) == 4
        assert folder.exists()
    server.stop()

    assert _nobody_listens(host, smtp_port)
    assert _nobody_listens(host, imap_port)
    assert not folder.exists()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        dovecot = Dovecot(tmp_path, {ANNA: "geheim"}, "127.0.0.1", imap_port=taken.getsockname()[1])

        with pytest.raises(MailServerError, match="Address already in use"):
            dovecot.start()
