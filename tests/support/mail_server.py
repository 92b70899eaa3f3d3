"""The real mail server of the examples as fixtures: started once per session, emptied for every test."""

from collections.abc import Iterator  # noqa: TC003 - pytest reads the annotations of fixtures
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from examples.mailbox.mail_server import MailServer


@pytest.fixture(scope="session")
def running_mail_server() -> "Iterator[MailServer]":
    from examples.mailbox.mail_server import MailServer  # noqa: PLC0415 - every test loads this file, few need a server
    from tests.support.memory_mail import ACCOUNTS  # noqa: PLC0415

    with MailServer(ACCOUNTS) as server:
        yield server


@pytest.fixture
def mail_server(running_mail_server: "MailServer") -> "MailServer":
    """A mail server with empty mailboxes and no faults."""
    running_mail_server.clear()
    return running_mail_server
