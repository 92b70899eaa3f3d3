"""What is promised of whatever carries mail for us: SMTP with IMAP, Microsoft Graph, or a fake for tests.

Every transport passes the same contract suite; what is promised is written there.
"""

import re
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

INBOX = "INBOX"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_LABEL = r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9\-\u0080-\U0010ffff]*[A-Za-z0-9\u0080-\U0010ffff])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets


def check_line(text: str) -> str:
    """Return `text`. Raises ValueError if it has line breaks or control characters, which could forge a header."""
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise ValueError("line breaks and control characters are not allowed")
    return text


def check_address(text: str) -> str:
    """Return the bare address without surrounding blanks. Raises ValueError if it is none."""
    address = check_line(text.strip())
    if not _ADDRESS.fullmatch(address) or len(address.encode()) > _LONGEST_ADDRESS:
        raise ValueError(f"{address[:100]!r} is not a mail address, expected for example anna@example.com")
    return address


Line = Annotated[str, AfterValidator(check_line)]
MailAddress = Annotated[str, AfterValidator(check_address)]


class Attachment(BaseModel):
    """A file that goes with a mail, under the name its reader sees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line
    path: Path


class Invitation(BaseModel):
    """A calendar object (iCalendar text) that goes with a mail as a part of its own, so that calendars offer it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["REQUEST", "REPLY", "CANCEL"] = "REQUEST"
    content: str = Field(min_length=1)


class OutgoingMail(BaseModel):
    """A mail to be sent once. `effect_key` names this sending; it must be different for every mail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect_key: str = Field(pattern=r"^[A-Za-z0-9-]{1,128}$")
    date: datetime
    to: tuple[MailAddress, ...] = Field(min_length=1)
    cc: tuple[MailAddress, ...] = ()
    bcc: tuple[MailAddress, ...] = ()
    reply_to: MailAddress | None = None
    subject: Line
    body: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    invitation: Invitation | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who is to get it, each once."""
        everybody = (*self.to, *self.cc, *self.bcc)
        return tuple({address.casefold(): address for address in reversed(everybody)}.values())[::-1]


class ReceivedMail(BaseModel):
    """A mail as it lies in a folder; `text` may be cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message_id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    date: datetime | None
    text: str
    attachments: tuple[str, ...]


class MailQuery(BaseModel):
    """Which mails: every part that is given must fit. `words` must all occur, anywhere in the mail, in any order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Line = Field(default=INBOX, min_length=1, max_length=255)
    sender: Line | None = None
    subject: Line | None = None
    words: Line | None = None
    since: date | None = None
    unseen: bool = False
    mark_seen: bool = False
    limit: int = Field(default=10, ge=1, le=100)


class Trace(BaseModel):
    """What can be found out about a sending: whether it happened (None: nobody can tell), and whether it is filed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    happened: bool | None
    filed: bool
    message_id: str
    detail: str = ""


class MailTransport(Protocol):
    """One mailbox of ours: sends from it and reads in it.

    Each call raises MailServerUnreachableError or MailLoginError when there is no getting through.
    """

    async def send(self, mail: OutgoingMail) -> str:
        """Hand the mail over for all its recipients, or for none; return its Message-ID.

        Raises RecipientRefusedError, MailRefusedError or MailDeferredError: nobody got it. Raises OutcomeUnknownError
        when the connection was lost at a moment that leaves it open; `find` then tells.
        """

    async def file(self, mail: OutgoingMail) -> bool:
        """Put our copy of an accepted mail into the folder of sent mail; say whether it is there now. Repeatable."""

    async def find(self, effect_key: str) -> Trace:
        """Find out whether the mail of that key was accepted. May take a while; has no effect."""

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        """Return mails, newest first. Raises InvalidInputError when there is no such folder."""
