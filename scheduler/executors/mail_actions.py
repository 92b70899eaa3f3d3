"""What can be asked of the mail executor: the parameters of its actions."""

import unicodedata
from datetime import date
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from scheduler.core.actions import ActionSpec, Risk
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.executors.mail_transport import INBOX, Importance, Line, MailAddress, check_address, check_line

NOBODY = Sentence("mindestens ein Empfänger wird erwartet", "at least one recipient is expected")
_NO_SUBJECT = Sentence("die Angabe fehlt", "Field required")
_EITHER = Sentence(
    "eine Mail kann eine andere beantworten oder weiterleiten, nicht beides",
    "a mail can answer another one or forward it, not both",
)
_NOT_SHOWN = Sentence(
    "jedes Bild muss im HTML stehen, zum Beispiel als <img src=\"cid:logo\"> für 'logo'",
    "each picture must stand in the HTML, for example as <img src=\"cid:logo\"> for 'logo'",
)
_NO_MARK = Sentence("seen oder flagged wird erwartet", "seen or flagged is expected")


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _check_text(text: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\t\n\r" for letter in text):
        raise ValueError("control characters are not allowed")
    return text


def _check_recipient(text: str) -> str:
    if "@" in text:
        return check_address(text)
    return check_line(text.strip())


_Text = Annotated[str, AfterValidator(_check_text)]
_Recipient = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_check_recipient)]
_Recipients = Annotated[tuple[_Recipient, ...], BeforeValidator(_one_or_many), Field(max_length=200)]
_Limit = Annotated[int, Field(ge=1, le=100, strict=True)]
_Folder = Annotated[Line, Field(min_length=1, max_length=255)]
_Files = Annotated[tuple[str, ...], BeforeValidator(_one_or_many), Field(max_length=100)]
_ContentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$")]
MailId = Annotated[Line, Field(min_length=1, max_length=2_000)]
_MailIds = Annotated[tuple[MailId, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=100)]


class WriteMail(BaseModel):
    """A mail as a person would write it. Recipients are addresses, or names in the address book.

    `attachments` are addresses of artifacts; `inline_images` maps the names that stand in the HTML as `cid:NAME` to
    such. `answers` and `forwards` are ids of mails: an answer goes to who wrote that mail, to all who got it with
    `answer_all`; a forwarded mail goes with its files. `quote` adds what that mail said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: _Recipients = ()
    cc: _Recipients = ()
    bcc: _Recipients = ()
    reply_to: MailAddress | None = None
    subject: Annotated[Line, Field(max_length=900)] | None = None
    body: _Text = ""
    html: _Text | None = None
    attachments: _Files = ()
    inline_images: Annotated[dict[_ContentId, str], Field(max_length=50)] = {}
    importance: Importance = "normal"
    answers: MailId | None = None
    answer_all: StrictBool = False
    forwards: MailId | None = None
    quote: StrictBool = True

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.answers and self.forwards:
            raise unfit(_EITHER, "forwards")
        if self.subject is None and not (self.answers or self.forwards):
            raise unfit(_NO_SUBJECT, "subject")
        if not all(f"cid:{name}" in (self.html or "") for name in self.inline_images):
            raise unfit(_NOT_SHOWN, "inline_images")
        return self


class SendMail(WriteMail):
    """Somebody must be going to get it."""

    @model_validator(mode="after")
    def _goes_to_somebody(self) -> Self:
        if not (self.to or self.answers):
            raise unfit(NOBODY, "to")
        return self


class ReadMail(BaseModel):
    """The newest mails of a folder, or the one with this id. `mark_seen` marks those that were returned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: MailId | None = None
    folder: _Folder = INBOX
    limit: _Limit = 10
    unseen: StrictBool = False
    mark_seen: StrictBool = False


class _Wanted(BaseModel):
    """Mails for which everything that is given holds; `words` must all occur, in any order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Line | None = None
    recipient: Line | None = None
    subject: Line | None = None
    words: Line | None = None
    since: AwareDatetime | date | None = None
    with_attachment: StrictBool | None = None
    folder: _Folder = INBOX


class SearchMail(_Wanted):
    """The newest mails that are wanted; `more` says whether others are. With `one` a single mail: it is asked which."""

    before: AwareDatetime | date | None = None
    unseen: StrictBool = False
    flagged: StrictBool = False
    limit: _Limit = 10
    one: StrictBool = False


class WaitForMail(_Wanted):
    """Waits `within` seconds, at most as long as the step may take; `since` is by default when the job was accepted."""

    within: Annotated[float, Field(gt=0, le=86_400)] | None = None


class MoveMail(BaseModel):
    """`mail` is an id, or several. A folder that is not there is made if `create` is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mail: _MailIds
    folder: _Folder
    create: StrictBool = False


class MarkMail(BaseModel):
    """`mail` is an id, or several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mail: _MailIds
    seen: StrictBool | None = None
    flagged: StrictBool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.seen is None and self.flagged is None:
            raise unfit(_NO_MARK, "seen")
        return self


class DownloadAttachments(BaseModel):
    """Those whose names fit the glob `pattern`; pictures inside the HTML only with `inline`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mail: MailId
    pattern: Annotated[Line, Field(min_length=1, max_length=500)] = "*"
    inline: StrictBool = False


_MAILS = frozenset({"id", "messages", "count"})
SEND = ActionSpec(
    name="mail.send",
    description="Send a mail with attachments, answer one or forward it",
    params=SendMail,
    risk=Risk.MEDIUM,
    result=frozenset({"message_id", "recipients", "attachments", "filed"}),
)
DRAFT = ActionSpec(
    name="mail.draft",
    description="Put a mail among the drafts for a person to send",
    params=WriteMail,
    repeatable=True,
    result=frozenset({"id", "recipients", "attachments"}),
)
READ = ActionSpec(
    name="mail.read", description="Read one mail, or the newest of a folder", params=ReadMail, result=_MAILS
)
SEARCH = ActionSpec(
    name="mail.search",
    description="Find mails by sender, recipient, subject, words, time, attachment or mark",
    params=SearchMail,
    repeatable=True,
    result=_MAILS | {"more"},
)
WAIT_FOR = ActionSpec(
    name="mail.wait_for",
    description="Wait for a mail that fits",
    params=WaitForMail,
    repeatable=True,
    result=_MAILS,
)
MOVE = ActionSpec(
    name="mail.move",
    description="Put mails into a folder",
    params=MoveMail,
    risk=Risk.MEDIUM,
    repeatable=True,
    result=frozenset({"ids", "folder", "count"}),
)
MARK = ActionSpec(
    name="mail.mark",
    description="Mark mails as seen or flagged, or as not",
    params=MarkMail,
    repeatable=True,
    result=frozenset({"ids", "count"}),
)
DOWNLOAD = ActionSpec(
    name="mail.download_attachments",
    description="Keep the attachments of a mail as artifacts",
    params=DownloadAttachments,
    repeatable=True,
    result=frozenset({"artifact", "artifacts", "names", "count"}),
)
