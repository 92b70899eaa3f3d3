"""Turns a mail of ours into the form that travels."""

import base64
import mimetypes
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Protocol

from scheduler.executors.mail_transport import Attachment, OutgoingMail

EFFECT_KEY_HEADER = "X-CPA-Effect-Key"

_LONGEST_PART = 45
_MOST_REFERENCES = 20
_PRIORITY = {"low": "5", "high": "1"}


class Sender(Protocol):
    """What a mail says of the mailbox it comes from."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def domain(self) -> str: ...


def message_id(effect_key: str, account: Sender) -> str:
    """Return the Message-ID of a sending: the same at every attempt."""
    return f"<{effect_key}@{account.domain}>"


def needs_utf8(mail: OutgoingMail, account: Sender) -> bool:
    """Whether an address has letters beyond ASCII, which only servers with SMTPUTF8 (RFC 6531) can take."""
    return not all(address.isascii() for address in (*mail.recipients, mail.reply_to or "", account.address))


def build(mail: OutgoingMail, account: Sender, *, with_bcc: bool = False) -> bytes:
    """Return the whole message, headers encoded as RFC 2047 and 2231 ask.

    Bcc is in the envelope only, or in the headers of what is not yet sent.
    """
    policy = (SMTPUTF8 if needs_utf8(mail, account) else SMTP).clone(cte_type="7bit")
    message = EmailMessage(policy=policy)
    message["Message-ID"] = message_id(mail.effect_key, account)
    message["Date"] = mail.date
    message["From"] = Address(display_name=account.name, addr_spec=account.address)
    for name, addresses in (("To", mail.to), ("Cc", mail.cc), ("Bcc", mail.bcc if with_bcc else ())):
        if addresses:
            message[name] = ", ".join(addresses)
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    _add_thread(message, mail)
    if mail.importance in _PRIORITY:
        message["Importance"], message["X-Priority"] = mail.importance, _PRIORITY[mail.importance]
    _add_content(message, mail)
    key = f"{EFFECT_KEY_HEADER}: {mail.effect_key}\r\n"  # one line, though 82 letters long: easier to search for
    return key.encode() + _subject(mail.subject) + message.as_bytes()


def _add_thread(message: EmailMessage, mail: OutgoingMail) -> None:
    if mail.answers is None or not mail.answers.message_id:
        return
    message["In-Reply-To"] = mail.answers.message_id
    earlier = [*mail.answers.references, mail.answers.message_id]
    message["References"] = " ".join(dict.fromkeys(earlier[-_MOST_REFERENCES:]))


def _add_content(message: EmailMessage, mail: OutgoingMail) -> None:
    """Add the text, the HTML with its pictures, the invitation and the files, each where mail programs look for it."""
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
        (*_, html) = message.iter_parts()
        for picture in mail.attachments:
            if picture.content_id is not None and isinstance(html, EmailMessage):
                main, sub, content = _typed(picture)
                html.add_related(
                    content, main, sub, cid=f"<{picture.content_id}>", filename=picture.name, disposition="inline"
                )
    if mail.invitation is not None:
        message.add_alternative(
            mail.invitation.content, subtype="calendar", cte="base64", params={"method": mail.invitation.method}
        )
    for attachment in mail.attachments:
        if attachment.content_id is None or mail.html is None:
            main, sub, content = _typed(attachment)
            message.add_attachment(content, maintype=main, subtype=sub, filename=attachment.name)


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


def _typed(attachment: Attachment) -> tuple[str, str, bytes]:
    """Return the two halves of the content type, and the content."""
    guessed, encoding = mimetypes.guess_type(attachment.name)
    main, _, sub = (guessed or "application/octet-stream").partition("/")
    if encoding or main in {"message", "multipart"}:  # compressed, or a kind that may not travel in base64
        main, sub = "application", "octet-stream"
    return main, sub, attachment.path.read_bytes()
