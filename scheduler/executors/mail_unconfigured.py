"""Stands in for a mail transport where no mailbox is set up, so that everything else works and says what is missing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

from scheduler.core.errors import MailNotSetUpError
from scheduler.executors.mail_transport import MailQuery, OutgoingMail


class UnconfiguredTransport:
    """A MailTransport that does nothing: every call raises MailNotSetUpError, which names the missing settings."""

    def __init__(self, missing: Sequence[str]) -> None:
        self._missing = tuple(missing)

    @property
    def address(self) -> str:
        return ""

    async def send(self, mail: OutgoingMail) -> NoReturn:
        raise self.error(mail)

    async def file(self, mail: OutgoingMail) -> NoReturn:
        raise self.error(mail)

    async def find(self, effect_key: str) -> NoReturn:
        raise self.error(effect_key)

    async def draft(self, mail: OutgoingMail) -> NoReturn:
        raise self.error(mail)

    async def search(self, query: MailQuery) -> NoReturn:
        raise self.error(query)

    async def wait_for(self, query: MailQuery, within: timedelta) -> NoReturn:
        raise self.error(query, within)

    async def read(self, mail_id: str) -> NoReturn:
        raise self.error(mail_id)

    async def files(self, mail_id: str) -> NoReturn:
        raise self.error(mail_id)

    async def folders(self) -> NoReturn:
        raise self.error()

    async def move(self, mail_id: str, folder: str, *, create: bool = False) -> NoReturn:
        raise self.error(mail_id, folder, create)

    async def mark(self, mail_id: str, *, seen: bool | None = None, flagged: bool | None = None) -> NoReturn:
        raise self.error(mail_id, seen, flagged)

    def error(self, *_wanted: object) -> MailNotSetUpError:
        """Return what every call raises."""
        return MailNotSetUpError(self._missing)
