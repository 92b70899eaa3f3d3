"""A mail server and a transport in memory. The transport passes the same contract suite as the real one."""

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage

from imap_tools.message import MailMessage

from examples.mailbox.faults import Faults
from scheduler.core.errors import (
    InvalidInputError,
    MailDeferredError,
    MailRefusedError,
    OutcomeUnknownError,
    RecipientRefusedError,
)
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_mime import build, message_id, read
from scheduler.executors.mail_transport import INBOX, MailQuery, OutgoingMail, ReceivedMail, Trace

SENT = "Sent"
US = "cpa@example.com"
ACCOUNTS: Mapping[str, str] = {
    US: "geheim",
    "anna@example.com": "geheim",
    "bert@example.com": "geheim",
}


def an_account(*, address: str = US, password: str = ACCOUNTS[US], smtp: int = 1, imap: int = 1) -> MailAccount:
    """Build the account of a mail server on loopback; the ports matter only when there is one."""
    return MailAccount(
        address=address,
        name="CPA für Prüfungen",
        smtp_host="127.0.0.1",
        smtp_port=smtp,
        imap_host="127.0.0.1",
        imap_port=imap,
        username=address,
        password=lambda: password,
        security=MailSecurity.NONE,
    )


@dataclass
class _Stored:
    content: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seen: bool = False

    @property
    def message(self) -> MailMessage:
        parsed: MailMessage = MailMessage.from_bytes(self.content)
        return parsed

    @property
    def mail(self) -> ReceivedMail:
        return read(self.message)


class MemoryMailServer:
    """Mailboxes by address and folder; `faults` says what goes wrong next (not `delay` and `lag`)."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.boxes: dict[str, dict[str, list[_Stored]]] = {address: {INBOX: [], SENT: []} for address in ACCOUNTS}

    def messages(self, address: str, folder: str = INBOX) -> list[EmailMessage]:
        return [
            email.message_from_bytes(stored.content, _class=EmailMessage, policy=email.policy.default)
            for stored in self.boxes[address].get(folder, [])
        ]


class MemoryMailTransport:
    """A MailTransport without a network. `filing_error` is raised by every `file` while it is set."""

    def __init__(self, server: MemoryMailServer, account: MailAccount) -> None:
        self.filing_error: Exception | None = None
        self._server = server
        self._account = account

    async def send(self, mail: OutgoingMail) -> str:
        faults = self._server.faults
        for recipient in mail.recipients:
            if recipient not in self._server.boxes or recipient in faults.refused_recipients:
                raise RecipientRefusedError(recipient, "550 not known here")
        if faults.strikes("deferrals"):
            raise MailDeferredError("451 later")
        if faults.strikes("rejections"):
            raise MailRefusedError("554 not wanted")
        if faults.strikes("drops_before_delivery"):
            raise OutcomeUnknownError("mail.send", "the connection was lost")
        content = build(mail, self._account)
        for recipient in dict.fromkeys((*mail.recipients, self._account.address)):
            self._server.boxes[recipient][INBOX].append(_Stored(content))
        if faults.strikes("drops_after_delivery"):
            raise OutcomeUnknownError("mail.send", "the connection was lost")
        return message_id(mail.effect_key, self._account)

    async def file(self, mail: OutgoingMail) -> bool:
        if self.filing_error is not None:
            raise self.filing_error
        name = message_id(mail.effect_key, self._account)
        mine, copy = self._folders[INBOX], self._find(INBOX, name)
        if copy is not None and self._find(SENT, name) is None:
            self._folders[SENT].append(copy)
        if copy is not None and self._account.address not in mail.recipients:
            mine.remove(copy)
        return self._find(SENT, name) is not None

    async def find(self, effect_key: str) -> Trace:
        name = message_id(effect_key, self._account)
        filed = self._find(SENT, name) is not None
        happened = filed or self._find(INBOX, name) is not None
        return Trace(happened=happened, filed=filed, message_id=name)

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        if query.folder not in self._folders:
            raise InvalidInputError("folder", f"there is no folder {query.folder!r}")
        fitting = [stored for stored in reversed(self._folders[query.folder]) if _fits(stored, query)][: query.limit]
        for stored in fitting:
            stored.seen = stored.seen or query.mark_seen
        return tuple(stored.mail for stored in fitting)

    @property
    def _folders(self) -> dict[str, list[_Stored]]:
        return self._server.boxes[self._account.address]

    def _find(self, folder: str, name: str) -> _Stored | None:
        return next((stored for stored in self._folders[folder] if stored.mail.message_id == name), None)


def _fits(stored: _Stored, query: MailQuery) -> bool:
    mail = stored.mail
    sender = f"{stored.message.from_values} {mail.sender}".casefold()
    everything = f"{sender} {mail.subject} {mail.text} {' '.join(mail.attachments)}".casefold()
    return (
        (query.sender or "").casefold() in sender
        and (query.subject or "").casefold() in mail.subject.casefold()
        and all(word in everything for word in (query.words or "").casefold().split())
        and (query.since is None or stored.at.date() >= query.since)
        and not (query.unseen and stored.seen)
    )
