"""The mailboxes of the fake: folders, mails with their two kinds of ids, and the log of changes that delta reads."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tests.support.graph.answers import item_not_found

WELL_KNOWN = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "outbox": "Outbox",
    "deleteditems": "Deleted Items",
    "archive": "Archive",
    "junkemail": "Junk Email",
    "recoverableitemsdeletions": "Recoverable Items",
}
Address = tuple[str, str]
"""Name and address."""


def new_id(kind: str) -> str:
    return kind + secrets.token_urlsafe(48) + "="


@dataclass
class File:
    """An attachment."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"
    inline: bool = False
    content_id: str | None = None
    id: str = field(default_factory=lambda: new_id("AAMkAtt"))


@dataclass
class Mail:
    """One item in one folder. `immutable` stays for good, `id` changes whenever the item moves."""

    folder: str
    sender: Address
    immutable: str = field(default_factory=lambda: new_id("AAkALg"))
    id: str = field(default_factory=lambda: new_id("AAMkAD"))
    subject: str = ""
    content_type: str = "text"
    content: str = ""
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    importance: str = "normal"
    internet_id: str = ""
    conversation: str = field(default_factory=lambda: new_id("AAQkAC"))
    headers: list[tuple[str, str]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    draft: bool = True
    read: bool = True
    flag: str = "notFlagged"
    invitation: tuple[str, str] | None = None
    """Method and iCalendar text."""
    categories: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent: datetime | None = None
    stored: float = field(default_factory=time.monotonic)
    version: int = 0

    @property
    def recipients(self) -> list[str]:
        return list(dict.fromkeys(address for _, address in (*self.to, *self.cc, *self.bcc)))

    @property
    def received(self) -> datetime:
        return self.sent or self.created

    def twin(self, folder: str, **changes: object) -> "Mail":
        """Return a copy as an item of its own."""
        fresh = {"immutable": new_id("AAkALg"), "id": new_id("AAMkAD"), "stored": time.monotonic()}
        return replace(self, folder=folder, files=list(self.files), **{**fresh, **changes})  # type: ignore[arg-type]


@dataclass
class Folder:
    id: str
    name: str
    parent: str = "msgfolderroot"
    well_known: str | None = None


@dataclass(frozen=True)
class Change:
    """That an item changed in a folder, or left it."""

    number: int
    folder: str
    immutable: str
    gone: str | None = None
    """Why it left: `deleted` or `changed`."""


@dataclass(frozen=True)
class SyncState:
    """What a token of delta stands for."""

    folder: str
    number: int
    since: datetime | None = None
    """Only mails received from then on."""


class Mailbox:
    """The mailbox of one person."""

    def __init__(self, address: str, name: str) -> None:
        self.address, self.name = address, name
        self.folders = {key: Folder(new_id("AAMkFo"), title, well_known=key) for key, title in WELL_KNOWN.items()}
        self.mails: dict[str, Mail] = {}
        self.changes: list[Change] = []
        self.sync_states: dict[str, SyncState] = {}
        self._last = 0

    def folder(self, name: str) -> str:
        """Return our key for a well-known name or an id. Raises Refusal as Exchange does."""
        if name.casefold() in self.folders:
            return name.casefold()
        for key, folder in self.folders.items():
            if folder.id == name:
                return key
        raise item_not_found()

    def add_folder(self, name: str, parent: str = "msgfolderroot") -> Folder:
        folder = Folder(new_id("AAMkFo"), name, parent)
        self.folders[folder.id.casefold()] = folder
        return folder

    def get(self, name: str, folder: str | None = None) -> Mail:
        """Return the mail of either kind of id."""
        for mail in self.mails.values():
            if name in {mail.id, mail.immutable} and folder in {None, mail.folder}:
                return mail
        raise item_not_found()

    def newest_first(self, folder: str | None) -> Iterator[Mail]:
        """Yield the newest first; without a folder all but what was deleted for good."""
        hidden = "recoverableitemsdeletions"
        for mail in sorted(self.mails.values(), key=lambda mail: (mail.received, mail.stored), reverse=True):
            if mail.folder == folder or (folder is None and mail.folder != hidden):
                yield mail

    def put(self, mail: Mail) -> Mail:
        self.mails[mail.immutable] = mail
        self.touch(mail)
        return mail

    def touch(self, mail: Mail) -> None:
        """Note that it changed."""
        mail.version = self._note(mail.folder, mail.immutable)

    def move(self, mail: Mail, folder: str) -> Mail:
        self._note(mail.folder, mail.immutable, gone="deleted")
        mail.folder, mail.id = folder, new_id("AAMkAD")
        self.touch(mail)
        return mail

    def remove(self, mail: Mail) -> None:
        """Delete for good."""
        del self.mails[mail.immutable]
        self._note(mail.folder, mail.immutable, gone="deleted")

    def changed(self, folder: str, since: int) -> list[Change]:
        """Return the last change of every item of the folder after that number, oldest first."""
        newest: dict[str, Change] = {}
        for change in self.changes:
            if change.folder == folder and change.number > since:
                newest.pop(change.immutable, None)
                newest[change.immutable] = change
        return list(newest.values())

    @property
    def last_change(self) -> int:
        return self._last

    def _note(self, folder: str, immutable: str, gone: str | None = None) -> int:
        self._last += 1
        self.changes.append(Change(self._last, folder, immutable, gone))
        return self._last
