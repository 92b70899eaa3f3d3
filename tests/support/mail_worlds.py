"""The worlds in which every mail transport is held to its promise: mailboxes of ours and Anna's, with faults."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from examples.mailbox.faults import Faults
from scheduler.executors.mail_transport import MailTransport
from scheduler.executors.maildir import Maildir
from scheduler.executors.maildir_transport import MaildirTransport
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from tests.support.graph.fixtures import a_graph_transport
from tests.support.memory_mail import MemoryMailServer, MemoryMailTransport, an_account

ANNA, BERT, US = "anna@example.com", "bert@example.com", "cpa@example.com"


@dataclass
class World:
    """A transport for our account (`transport`), one for Anna's, and a look at what lies in the mailboxes."""

    transport: MailTransport
    annas: MailTransport
    faults: Faults
    look: Callable[[str, str], list[EmailMessage]]
    is_exchange: bool = False
    """Exchange dates and files a mail itself, makes the plain text of the HTML, and takes shorter subjects."""

    def messages(self, address: str, folder: str = "INBOX") -> list[EmailMessage]:
        return self.look(address, folder)


FAULTY_WORLDS = [
    "memory",
    pytest.param("smtp_imap", marks=pytest.mark.integration),
    pytest.param("graph", marks=pytest.mark.integration),
]
WORLDS = [*FAULTY_WORLDS, "maildir"]


def a_world(request: pytest.FixtureRequest) -> World:
    """Make the world that the fixture's parameter names."""
    if request.param == "graph":
        return in_microsoft_365(request)
    if request.param == "smtp_imap":
        return over_the_wire(request)
    return in_memory() if request.param == "memory" else in_maildirs(request.getfixturevalue("tmp_path") / "mail")


def in_memory() -> World:
    server = MemoryMailServer()
    transport = MemoryMailTransport(server, an_account())
    return World(transport, MemoryMailTransport(server, an_account(address=ANNA)), server.faults, server.messages)


def in_maildirs(folder: Path) -> World:
    """The faults are those of a server, which there is none of here."""

    def look(address: str, name: str) -> list[EmailMessage]:
        box = Maildir(folder / address)
        return [
            email.message_from_bytes(place.path.read_bytes(), _class=EmailMessage, policy=email.policy.default)
            for place in reversed(box.newest(name))
        ]

    for address in (ANNA, BERT, US):
        Maildir(folder / address).make()
    transport = MaildirTransport(folder, an_account())
    return World(transport, MaildirTransport(folder, an_account(address=ANNA)), Faults(), look)


def over_the_wire(request: pytest.FixtureRequest) -> World:
    server = request.getfixturevalue("mail_server")
    ports = {"smtp": server.smtp_port, "imap": server.imap_port}
    settle = timedelta(seconds=0.3)
    transport = SmtpImapTransport(an_account(**ports), settle=settle)
    annas = SmtpImapTransport(an_account(address=ANNA, **ports), settle=settle)
    return World(transport, annas, server.faults, server.messages)


def in_microsoft_365(request: pytest.FixtureRequest) -> World:
    server = request.getfixturevalue("graph_server")
    server.office.faults.refused_recipients.add("gibt-es-nicht@example.com")
    transport, annas = a_graph_transport(server), a_graph_transport(server, address=ANNA)
    return World(transport, annas, server.office.faults, server.office.messages, is_exchange=True)
