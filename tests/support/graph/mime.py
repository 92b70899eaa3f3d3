"""Mails of the fake as they travel."""

import base64
import email
from email.headerregistry import Address as MimeAddress
from email.message import EmailMessage
from email.policy import SMTP, default

from tests.support.graph.forms import IN_REPLY_TO, REFERENCES, text_of
from tests.support.graph.mailbox import Address, File, Mail

_THREAD = {"In-Reply-To": IN_REPLY_TO, "References": REFERENCES}


def as_mime(mail: Mail) -> EmailMessage:
    """Return the mail, without blind copies once it is sent. Exchange makes the plain text of an HTML mail itself."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = mail.internet_id
    message["Date"] = mail.sent or mail.created
    message["From"] = _mime_address(mail.sender)
    hidden = mail.bcc if mail.draft else []
    for name, people in (("To", mail.to), ("Cc", mail.cc), ("Bcc", hidden), ("Reply-To", mail.reply_to)):
        if people:
            message[name] = [_mime_address(one) for one in people]
    message["Subject"] = mail.subject
    if mail.importance != "normal":
        message["Importance"] = mail.importance
    for name, key in (("In-Reply-To", IN_REPLY_TO), ("References", REFERENCES)):
        if key in mail.properties:
            message[name] = mail.properties[key]
    for name, value in mail.headers:
        if name not in message:
            message[name] = value
    _add_content(message, mail)
    return message


def _add_content(message: EmailMessage, mail: Mail) -> None:
    if mail.content_type == "html":
        message.set_content(text_of(mail.content))
        message.add_alternative(mail.content, subtype="html")
    else:
        message.set_content(mail.content)
    if mail.invitation is not None:
        method, calendar = mail.invitation
        message.add_alternative(calendar, subtype="calendar", cte="base64", params={"method": method})
    for file in mail.files:
        _add(message, file, html_part=mail.content_type == "html")


def _add(message: EmailMessage, file: File, *, html_part: bool) -> None:
    main, _, sub = file.content_type.partition("/")
    if file.inline and html_part:
        body = message.get_body(("html",))
        assert isinstance(body, EmailMessage)
        body.add_related(
            file.content, maintype=main, subtype=sub, cid=f"<{file.content_id}>", filename=file.name,
            disposition="inline",
        )  # fmt: skip
    else:
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)


def from_mime(source: bytes, folder: str, sender: Address) -> Mail:
    """Return the draft that Exchange makes of a whole mail. Of text and HTML it keeps the HTML."""
    message = email.message_from_bytes(base64.b64decode(source), policy=default)
    assert isinstance(message, EmailMessage)
    html_part, plain = message.get_body(("html",)), message.get_body(("plain",))
    best = html_part or plain
    mail = Mail(
        folder=folder,
        sender=sender,
        subject=str(message["Subject"] or ""),
        content_type="html" if html_part else "text",
        content=best.get_content() if best else "",
        importance=str(message["Importance"] or "normal"),
        internet_id=str(message["Message-ID"] or ""),
        headers=[(name, str(value)) for name, value in message.items() if name.casefold().startswith("x-")],
        properties={key: str(message[name]) for name, key in _THREAD.items() if name in message},
    )
    for name, ours in (("To", "to"), ("Cc", "cc"), ("Bcc", "bcc"), ("Reply-To", "reply_to")):
        if name in message:
            setattr(mail, ours, [(one.display_name, one.addr_spec) for one in message[name].addresses])
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            assert isinstance(part, EmailMessage)
            mail.invitation = (str(part.get_param("method") or "REQUEST"), part.get_content())
    return mail


def _mime_address(one: Address) -> MimeAddress:
    name, address = one
    return MimeAddress(display_name="" if name == address else name, addr_spec=address)
