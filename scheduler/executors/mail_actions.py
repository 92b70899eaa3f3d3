"""What can be asked of the mail executor: the parameters of its actions."""

import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from scheduler.core.actions import ActionSpec, Risk
from scheduler.executors.mail_transport import INBOX, Line, MailAddress


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _check_text(text: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\t\n\r" for letter in text):
        raise ValueError("control characters are not allowed")
    return text


_Text = Annotated[str, AfterValidator(_check_text)]
_Addresses = Annotated[tuple[MailAddress, ...], BeforeValidator(_one_or_many), Field(max_length=200)]
_Limit = Annotated[int, Field(ge=1, le=100, strict=True)]
_Folder = Annotated[Line, Field(min_length=1, max_length=255)]


class SendMail(BaseModel):
    """`attachments` are addresses of artifacts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[_Addresses, Field(min_length=1)]
    cc: _Addresses = ()
    bcc: _Addresses = ()
    reply_to: MailAddress | None = None
    subject: Annotated[Line, Field(max_length=900)]
    body: _Text = ""
    html: _Text | None = None
    attachments: Annotated[tuple[str, ...], BeforeValidator(_one_or_many)] = ()


class ReadMail(BaseModel):
    """The newest mails of a folder. `mark_seen` marks those that were returned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: _Folder = INBOX
    limit: _Limit = 10
    unseen: StrictBool = False
    mark_seen: StrictBool = False


class SearchMail(BaseModel):
    """The newest mails for which everything that is given holds; `words` must all occur, in any order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Line | None = None
    subject: Line | None = None
    words: Line | None = None
    since: date | None = None
    folder: _Folder = INBOX
    limit: _Limit = 10


_MAILS = frozenset({"messages", "count"})
SEND = ActionSpec(
    name="mail.send",
    description="Send a mail with attachments",
    params=SendMail,
    risk=Risk.MEDIUM,
    result=frozenset({"message_id", "recipients", "attachments", "filed"}),
)
READ = ActionSpec(name="mail.read", description="Read the newest mails of a folder", params=ReadMail, result=_MAILS)
SEARCH = ActionSpec(
    name="mail.search",
    description="Find mails by sender, subject, words or date",
    params=SearchMail,
    repeatable=True,
    result=_MAILS,
)
