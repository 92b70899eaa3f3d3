"""A mail server and a transport in memory. The transport passes the same contract suite as the real one."""

import asyncio
import contextlib
import email
import email.policy
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from imap_tools.message import MailMessage

from examples.mailbox.faults import Faults
from scheduler.core.errors import (
    MailDeferredError,
    MailNotFoundError,
    MailRefusedError,
    OutcomeUnknownError,
    RecipientRefusedError,
)
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_filter import fits
from scheduler.executors.mail_folders import choose_folder, find_folder, new_name, role_of
from scheduler.executors.mail_mime import build, message_id
from scheduler.executors.mail_reading import Lies, files_of, message_id_of, read
from scheduler.executors.mail_transport import (
    INBOX,
    Folder,
    MailFile,
    MailQuery,
    OutgoingMail,
    ReceivedMail,
    Trace,
)

SENT, DRAFTS = "Sent", "Drafts"
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
    number: int
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seen: bool = False
    flagged: bool = False

    @property
    def message(self) -> MailMessage:
        parsed: MailMessage = MailMessage.from_bytes(self.content)
        return parsed

    @property
    def message_id(self) -> str:
        return message_id_of(self.message)

    def mail(self, folder: str, *, whole: bool = False) -> ReceivedMail:
        lies = Lies(f"memory:{self.number}", folder, self.at, seen=self.seen, flagged=self.flagged)
        return read(self.message, lies, whole=whole)


class MemoryMailServer:
    """Mailboxes by address and folder; `faults` says what goes wrong next (not `delay` and `lag`)."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.boxes: dict[str, dict[str, list[_Stored]]] = {
            address: {INBOX: [], SENT: [], DRAFTS: []} for address in ACCOUNTS
        }
        self.changed = asyncio.Event()
        self._numbers = itertools.count(1)

    def put(self, address: str, folder: str, content: bytes) -> _Stored:
        """Lay a mail into a folder, and wake who waits for one."""
        stored = _Stored(content, next(self._numbers))
        self.boxes[address][folder].append(stored)
        self.changed.set()
        return stored

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

    @property
    def address(self) -> str:
        return self._account.address

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
            self._server.put(recipient, INBOX, content)
        if faults.strikes("drops_after_delivery"):
            raise OutcomeUnknownError("mail.send", "the connection was lost")
        return message_id(mail.effect_key, self._account)

    async def file(self, mail: OutgoingMail) -> bool:
        if self.filing_error is not None:
            raise self.filing_error
        name = message_id(mail.effect_key, self._account)
        mine, copy = self._folders[INBOX], self._find(INBOX, name)
        if copy is not None and self._find(SENT, name) is None:
            self._server.put(self.address, SENT, copy.content).seen = True
        if copy is not None and self._account.address not in mail.recipients:
            mine.remove(copy)
        return self._find(SENT, name) is not None

    async def find(self, effect_key: str) -> Trace:
        name = message_id(effect_key, self._account)
        filed = self._find(SENT, name) is not None
        happened = filed or self._find(INBOX, name) is not None
        return Trace(happened=happened, filed=filed, message_id=name)

    async def draft(self, mail: OutgoingMail) -> str:
        there = self._find(DRAFTS, message_id(mail.effect_key, self._account))
        content = build(mail, self._account, with_bcc=True)
        return (there or self._server.put(self.address, DRAFTS, content)).mail(DRAFTS).id

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        folder = choose_folder(query.folder, await self.folders()).name
        found: list[ReceivedMail] = []
        for stored in reversed(self._folders[folder]):
            mail = stored.mail(folder)
            if fits(mail, query) and len(found) < query.limit:
                stored.seen = stored.seen or query.mark_seen
                found.append(mail)
        return tuple(found)

    async def wait_for(self, query: MailQuery, within: timedelta) -> tuple[ReceivedMail, ...]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                while not (found := await self.search(query)):
                    self._server.changed.clear()
                    await self._server.changed.wait()
                return found
        return await self.search(query)

    async def read(self, mail_id: str) -> ReceivedMail:
        folder, stored = self._place(mail_id)
        return stored.mail(folder, whole=True)

    async def files(self, mail_id: str) -> tuple[MailFile, ...]:
        return files_of(self._place(mail_id)[1].message)

    async def folders(self) -> tuple[Folder, ...]:
        return tuple(Folder(name=name, role=role_of(name)) for name in self._folders)

    async def move(self, mail_id: str, folder: str, *, create: bool = False) -> str:
        folders = await self.folders()
        if create and find_folder(folder, folders) is None:
            self._folders[new_name(folder, folders)] = []
        wanted = choose_folder(folder, await self.folders()).name
        place, stored = self._place(mail_id)
        self._folders[place].remove(stored)
        self._folders[wanted].append(stored)
        return stored.mail(wanted).id

    async def mark(self, mail_id: str, *, seen: bool | None = None, flagged: bool | None = None) -> None:
        _, stored = self._place(mail_id)
        stored.seen = stored.seen if seen is None else seen
        stored.flagged = stored.flagged if flagged is None else flagged

    def _place(self, mail_id: str) -> tuple[str, _Stored]:
        for folder, mails in self._folders.items():
            for stored in mails:
                if mail_id in {f"memory:{stored.number}", stored.message_id}:
                    return folder, stored
        raise MailNotFoundError(mail_id)

    @property
    def _folders(self) -> dict[str, list[_Stored]]:
        return self._server.boxes[self._account.address]

    def _find(self, folder: str, name: str) -> _Stored | None:
        return next((stored for stored in self._folders[folder] if stored.message_id == name), None)
