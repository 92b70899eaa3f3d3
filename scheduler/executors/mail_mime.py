"""Turns a mail of ours into the form that travels, and what arrived into a mail of ours."""

import base64
import html
import mimetypes
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from imap_tools.message import MailMessage

from scheduler.executors.mail_account import MailAccount
from scheduler.executors.mail_transport import Attachment, OutgoingMail, ReceivedMail

EFFECT_KEY_HEADER = "X-CPA-Effect-Key"
LONGEST_TEXT = 20_000  # characters of a received mail's text

_UNSEEN_HTML = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,2000}>")
_LONGEST_PART = 45
_NO_DATE = 1900  # the year imap-tools gives when there is none it can read


def message_id(effect_key: str, account: MailAccount) -> str:
    """Return the Message-ID of a sending: the same at every attempt."""
    return f"<{effect_key}@{account.domain}>"


def needs_utf8(mail: OutgoingMail, account: MailAccount) -> bool:
    """Whether an address has letters beyond ASCII, which only servers with SMTPUTF8 (RFC 6531) can take."""
    return not all(address.isascii() for address in (*mail.recipients, mail.reply_to or "", account.address))


def build(mail: OutgoingMail, account: MailAccount) -> bytes:
    """Return the whole message, headers encoded as RFC 2047 and 2231 ask. Bcc is in the envelope only."""
    policy = (SMTPUTF8 if needs_utf8(mail, account) else SMTP).clone(cte_type="7bit")
    message = EmailMessage(policy=policy)
    message["Message-ID"] = message_id(mail.effect_key, account)
    message["Date"] = mail.date
    message["From"] = Address(display_name=account.name, addr_spec=account.address)
    message["To"] = ", ".join(mail.to)
    if mail.cc:
        message["Cc"] = ", ".join(mail.cc)
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    if mail.invitation is not None:
        message.add_alternative(
            mail.invitation.content, subtype="calendar", cte="base64", params={"method": mail.invitation.method}
        )
    for attachment in mail.attachments:
        _attach(message, attachment)
    key = f"{EFFECT_KEY_HEADER}: {mail.effect_key}\r\n"  # one line, though 82 letters long: easier to search for
    return key.encode() + _subject(mail.subject) + message.as_bytes()


def _subject(text: str) -> bytes:
    """Return the header line. Python's own folding loses blanks between encoded words."""
    plain = text.isascii() and len(text) <= 65 and "=?" not in text and text == " ".join(text.split())
    words = [text] if plain else [_encoded_word(part) for part in _parts_of(text)]
    return "Subject: {}\r\n".format("\r\n ".join(words)).encode()


def _parts_of(text: str) -> Iterator[str]:
    """Cut a text into parts of at most 45 bytes in UTF-8, which make an encoded word of 72 letters."""
    part, size = "", 0
    for letter in text:
        length = len(letter.encode())
        if size + length > _LONGEST_PART:
            yield part
            part, size = "", 0
        part, size = part + letter, size + length
    yield part


def _encoded_word(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    guessed, encoding = mimetypes.guess_type(attachment.name)
    main, _, sub = (guessed or "application/octet-stream").partition("/")
    if encoding or main in {"message", "multipart"}:  # compressed, or a kind that may not travel in base64
        main, sub = "application", "octet-stream"
    content = attachment.path.read_bytes()
    message.add_attachment(content, maintype=main, subtype=sub, filename=attachment.name)


def read(message: MailMessage) -> ReceivedMail:
    """Read what arrived. Broken headers give empty fields, never an error."""
    return ReceivedMail(
        message_id=_message_id(message),
        sender=message.from_,
        to=message.to,
        subject=" ".join(message.subject.split()),
        date=_date(message),
        text=(message.text or _text_of_html(message.html)).replace("\r\n", "\n").strip()[:LONGEST_TEXT],
        attachments=tuple(attachment.filename for attachment in message.attachments if attachment.filename),
    )


def _message_id(message: MailMessage) -> str:
    found = message.headers["message-id"][0] if "message-id" in message.headers else ""
    return " ".join(str(found).split())


def _date(message: MailMessage) -> datetime | None:
    found = message.date
    if found.year == _NO_DATE:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text_of_html(source: str) -> str:
    visible = _LINE_ENDS.sub("\n", _UNSEEN_HTML.sub("", source))
    return html.unescape(_TAG.sub("", visible))
