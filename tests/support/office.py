"""The examples' office as fixtures: started once per session, its mailboxes emptied for every test."""

from collections.abc import Iterator

import pytest

from examples.office import Office
from tests.support.memory_mail import ACCOUNTS


@pytest.fixture(scope="session")
def running_office() -> Iterator[Office]:
    with Office(ACCOUNTS) as office:
        yield office


@pytest.fixture
def office(running_office: Office) -> Office:
    """A portal and a mail server with empty mailboxes and no faults."""
    running_office.mail.clear()
    return running_office
