"""Turns what arrived into a mail of ours. Broken mails give empty fields, never an error."""

import html
import mimetypes
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from imap_tools.message import MailAttachment, MailMessage

from scheduler.executors.mail_transport import INBOX, MailFile, ReceivedMail

LONGEST_TEXT = 20_000  # characters of a received mail's text
LONGEST_HTML = 200_000

_UNSEEN_HTML = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,2000}>")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_NO_DATE = 1900  # the year imap-tools gives when there is none it can read


class Lies(NamedTuple):
    """Where a mail lies, and what the mailbox knows of it besides what is written in it."""

    id: str = ""
    folder: str = INBOX
    received: datetime | None = None
    seen: bool = False
    flagged: bool = False


def read(message: MailMessage, lies: Lies = Lies(), *, whole: bool = False) -> ReceivedMail:  # noqa: B008 - immutable
    """Read what arrived, with its HTML when the `whole` is wanted."""
    sender = message.from_values
    return ReceivedMail(
        **lies._asdict(),
        message_id=message_id_of(message),
        sender=message.from_,
        sender_name=" ".join(sender.name.split()) if sender else "",
        to=message.to,
        cc=message.cc,
        reply_to=message.reply_to,
        subject=" ".join(message.subject.split()),
        date=_date(message),
        text=(message.text or _text_of_html(message.html)).replace("\r\n", "\n").strip()[:LONGEST_TEXT],
        html=message.html[:LONGEST_HTML] if whole else "",
        attachments=tuple(_name(part, number) for number, part in _listed(message)),
        references=tuple(_MESSAGE_ID.findall(_header(message, "references"))),
    )


def files_of(message: MailMessage) -> tuple[MailFile, ...]:
    """Return the files of a mail, those shown inside its HTML last."""
    inside = _inside(message)
    listed = [(number, part) for number, part in _listed(message) if part not in inside]
    shown = list(enumerate(inside, start=len(listed) + 1))
    return tuple(
        MailFile(
            name=_name(part, number),
            content_type=part.content_type,
            content=part.payload,
            content_id=part.content_id if part in inside else None,
        )
        for number, part in (*listed, *shown)
    )


def message_id_of(message: MailMessage) -> str:
    """Return the Message-ID; empty when there is none."""
    return _header(message, "message-id")


def _header(message: MailMessage, name: str) -> str:
    found = message.headers[name][0] if name in message.headers else ""
    return " ".join(str(found).split())


def _listed(message: MailMessage) -> Sequence[tuple[int, MailAttachment]]:
    """Return what a mail program lists as attachments, counted from 1."""
    inside = _inside(message)
    return list(enumerate((part for part in message.attachments if part not in inside), start=1))


def _inside(message: MailMessage) -> list[MailAttachment]:
    """Return the files whose place is inside the HTML."""
    source = message.html
    return [part for part in message.attachments if part.content_id and f"cid:{part.content_id}" in source]


def _name(part: MailAttachment, number: int) -> str:
    if part.filename:
        return str(part.filename)
    ending = ".eml" if part.content_type == "message/rfc822" else mimetypes.guess_extension(part.content_type) or ""
    return f"attachment-{number}{ending}"


def _date(message: MailMessage) -> datetime | None:
    found = message.date
    if found.year == _NO_DATE:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text_of_html(source: str) -> str:
    visible = _LINE_ENDS.sub("\n", _UNSEEN_HTML.sub("", source))
    return html.unescape(_TAG.sub("", visible))
