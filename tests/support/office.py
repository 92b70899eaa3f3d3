"""The examples' office as fixtures: started once per session, its mailboxes emptied for every test."""

from collections.abc import Iterator  # noqa: TC003 - pytest reads the annotations of fixtures
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from examples.office import Office


@pytest.fixture(scope="session")
def running_office() -> "Iterator[Office]":
    from examples.office import Office  # noqa: PLC0415 - every test loads this file, few need an office
    from tests.support.memory_mail import ACCOUNTS  # noqa: PLC0415

    with Office(ACCOUNTS) as office:
        yield office


@pytest.fixture
def office(running_office: "Office") -> "Office":
    """A portal and a mail server with empty mailboxes and no faults."""
    running_office.mail.clear()
    running_office.portal.faults.clear()
    return running_office
