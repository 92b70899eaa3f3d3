"""What is promised of whatever carries mail for us: SMTP with IMAP, Microsoft Graph, a maildir, or a fake for tests.

Every transport passes the same contract suite; what is promised is written there.

A mail in the mailbox is named by its *id*, which the transport makes. It stays good while the mail is where it was
found and after a `move` of ours; where the transport can find the mail by other means it stays good longer. A
Message-ID in angle brackets is taken as an id as well, so that what `send` returned can be answered and forwarded; of
several mails with it (one sent to ourselves) the one in the inbox is meant, then the one among the sent ones.

A *folder* is given by its own name, in whatever case, or by its role in German or English (`sent`, `Gesendete
Objekte`): see `mail_folders`.
"""

import unicodedata
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Protocol

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

INBOX = "INBOX"

for _name in ("local", "localhost", "test"):  # names that are used inside a house, which the library refuses
    SPECIAL_USE_DOMAIN_NAMES.remove(_name)


def check_line(text: str) -> str:
    """Return `text`. Raises ValueError if it has line breaks or control characters, which could forge a header."""
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise ValueError("line breaks and control characters are not allowed")
    return text


def check_address(text: str) -> str:
    """Return the bare address without surrounding blanks. Raises ValueError if it is none."""
    address = check_line(text.strip())
    try:
        validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(f"{address[:100]!r} is not a mail address, expected for example anna@example.com") from error
    return address


Line = Annotated[str, AfterValidator(check_line)]
MailAddress = Annotated[str, AfterValidator(check_address)]


class Attachment(BaseModel):
    """A file that goes with a mail, under the name its reader sees.

    With a `content_id` it is shown inside the HTML, where `cid:CONTENT_ID` stands, and not listed as an attachment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line
    path: Path
    content_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$")


class Invitation(BaseModel):
    """A calendar object (iCalendar text) that goes with a mail as a part of its own, so that calendars offer it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["REQUEST", "REPLY", "CANCEL"] = "REQUEST"
    content: str = Field(min_length=1)


class Thread(BaseModel):
    """The mail that another one answers: its id in our mailbox, its Message-ID, those it refers to, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mail_id: str
    message_id: Line
    references: tuple[Line, ...] = ()


Importance = Literal["low", "normal", "high"]


class OutgoingMail(BaseModel):
    """A mail to be sent once. `effect_key` names this sending; it must be different for every mail.

    Only a draft may be without recipients. `answers` puts it into the thread of another mail.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect_key: str = Field(pattern=r"^[A-Za-z0-9-]{1,128}$")
    date: datetime
    to: tuple[MailAddress, ...] = ()
    cc: tuple[MailAddress, ...] = ()
    bcc: tuple[MailAddress, ...] = ()
    reply_to: MailAddress | None = None
    subject: Line
    body: str = ""
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    importance: Importance = "normal"
    answers: Thread | None = None
    invitation: Invitation | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody who is to get it, each once."""
        everybody = (*self.to, *self.cc, *self.bcc)
        return tuple({address.casefold(): address for address in reversed(everybody)}.values())[::-1]


class ReceivedMail(BaseModel):
    """A mail as it lies in a folder; `text` may be cut, `html` is empty unless the mail was read as a whole.

    `date` is what its sender says, `received` when it came into the mailbox. `attachments` are the names of the files,
    pictures inside the HTML left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    folder: str
    message_id: str
    sender: str
    sender_name: str = ""
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str
    date: datetime | None
    received: datetime | None = None
    text: str
    html: str = ""
    attachments: tuple[str, ...]
    seen: bool = False
    flagged: bool = False
    references: tuple[str, ...] = ()


class MailFile(BaseModel):
    """A file that came with a mail. `content_id` is set when its place is inside the HTML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    content_type: str
    content: bytes = Field(repr=False)
    content_id: str | None = None


class MailQuery(BaseModel):
    """Which mails: every part that is given must fit.

    `sender` fits by name or address, `recipient` by address, in part; `words` must all occur, anywhere in the mail, in
    any order. `since` and `before` are about when it was received: a date means its first moment here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Line = Field(default=INBOX, min_length=1, max_length=255)
    sender: Line | None = None
    recipient: Line | None = None
    subject: Line | None = None
    words: Line | None = None
    since: AwareDatetime | date | None = None
    before: AwareDatetime | date | None = None
    with_attachment: bool | None = None
    unseen: bool = False
    flagged: bool = False
    mark_seen: bool = False
    limit: int = Field(default=10, ge=1, le=101)  # one more than anybody is given tells whether there are more


class FolderRole(StrEnum):
    """What a folder is for."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    ARCHIVE = "archive"
    JUNK = "junk"
    TRASH = "trash"


class Folder(BaseModel):
    """A folder by the name a query takes; one inside another has both names in it, with the server's separator.

    Whoever asks may write a slash for that, whatever the server has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: FolderRole | None = None
    separator: str = "/"


class Trace(BaseModel):
    """What can be found out about a sending: whether it happened (None: nobody can tell), and whether it is filed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    happened: bool | None
    filed: bool
    message_id: str
    detail: str = ""


class MailTransport(Protocol):
    """One mailbox of ours: sends from it and works in it.

    Each call raises MailServerUnreachableError, MailLoginError or MailAccessError when there is no getting through.
    What takes a folder raises InvalidInputError for `folder` when there is none of that name, naming those there are;
    what takes an id raises MailNotFoundError when there is no such mail.
    """

    @property
    def address(self) -> str:
        """The address of this mailbox, which mails are sent from; empty when none is set up."""

    async def send(self, mail: OutgoingMail) -> str:
        """Hand the mail over for all its recipients, or for none; return its Message-ID.

        The effect key is in the Message-ID (where the server leaves it to us) and in the header X-CPA-Effect-Key.
        Raises RecipientRefusedError, MailRefusedError or MailDeferredError: nobody got it. Raises OutcomeUnknownError
        when the connection was lost at a moment that leaves it open; `find` then tells.
        """

    async def file(self, mail: OutgoingMail) -> bool:
        """Put our copy of an accepted mail into the folder of sent mail; say whether it is there now. Repeatable."""

    async def find(self, effect_key: str) -> Trace:
        """Find out whether the mail of that key was accepted. May take a while; has no effect."""

    async def draft(self, mail: OutgoingMail) -> str:
        """Put the mail among the drafts, unless one of its effect key lies there; return its id. Repeatable.

        Nothing is sent. A person finds it there as if they had written it: blind copies are in it, its key is too.
        """

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        """Return mails, the one that came last first."""

    async def wait_for(self, query: MailQuery, within: timedelta) -> tuple[ReceivedMail, ...]:
        """Return what `search` gives as soon as that is anything; nothing when the time is over.

        Looks at once, then whenever something happens in the folder, if the server can tell. A connection that breaks
        is made anew; the last look raises what hinders it. Stops at once when cancelled.
        """

    async def read(self, mail_id: str) -> ReceivedMail:
        """Return one mail with its HTML, without marking it as seen."""

    async def files(self, mail_id: str) -> tuple[MailFile, ...]:
        """Return the files that came with a mail, pictures inside its HTML included."""

    async def folders(self) -> tuple[Folder, ...]:
        """Return the folders mails can lie in, the inbox first."""

    async def move(self, mail_id: str, folder: str, *, create: bool = False) -> str:
        """Put a mail into a folder, which is made if it is not there and `create` is set; return the mail's id there.

        Repeatable with the old id: a mail that lies there already is left alone.
        """

    async def mark(self, mail_id: str, *, seen: bool | None = None, flagged: bool | None = None) -> None:
        """Mark a mail as seen or flagged, or as not; None leaves it as it is. Repeatable."""
