"""Stands in for a mail transport where no mailbox is set up, so that everything else works and says what is missing."""

from collections.abc import Sequence
from typing import NoReturn

from scheduler.core.errors import MailNotSetUpError
from scheduler.executors.mail_transport import MailQuery, OutgoingMail


class UnconfiguredTransport:
    """A MailTransport that does nothing: every call raises MailNotSetUpError, which names the missing settings."""

    def __init__(self, missing: Sequence[str]) -> None:
        self._missing = tuple(missing)

    async def send(self, mail: OutgoingMail) -> NoReturn:
        raise self._error(mail)

    async def file(self, mail: OutgoingMail) -> NoReturn:
        raise self._error(mail)

    async def find(self, effect_key: str) -> NoReturn:
        raise self._error(effect_key)

    async def search(self, query: MailQuery) -> NoReturn:
        raise self._error(query)

    def _error(self, _wanted: object) -> MailNotSetUpError:
        return MailNotSetUpError(self._missing)
