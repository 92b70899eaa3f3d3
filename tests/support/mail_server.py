"""The real mail server of the examples as fixtures: started once per session, emptied for every test."""

from collections.abc import Iterator

import pytest

from examples.mailbox.mail_server import MailServer
from tests.support.memory_mail import ACCOUNTS


@pytest.fixture(scope="session")
def running_mail_server() -> Iterator[MailServer]:
    with MailServer(ACCOUNTS) as server:
        yield server


@pytest.fixture
def mail_server(running_mail_server: MailServer) -> MailServer:
    """A mail server with empty mailboxes and no faults."""
    running_mail_server.clear()
    return running_mail_server
