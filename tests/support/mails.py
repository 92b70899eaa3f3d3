"""Builds mails to be sent; each has its own effect key unless one is given."""

from datetime import UTC, datetime
from pathlib import Path

from scheduler.core.ids import new_id
from scheduler.executors.mail_transport import Attachment, Importance, Invitation, OutgoingMail, Thread

LONG_NAME = "Rechnung 4711 für Ärger & Söhne 😀 – " + "sehr langer Name " * 8 + ".pdf"


def a_mail(
    *to: str,
    effect_key: str = "",
    subject: str = "Rechnung 4711",
    body: str = "Anbei die Rechnung.",
    html: str | None = None,
    cc: tuple[str, ...] = (),
    bcc: tuple[str, ...] = (),
    reply_to: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    importance: Importance = "normal",
    answers: Thread | None = None,
    invitation: Invitation | None = None,
) -> OutgoingMail:
    return OutgoingMail(
        effect_key=effect_key or new_id(),
        date=datetime.now(UTC),
        to=to or ("anna@example.com",),
        cc=cc,
        bcc=bcc,
        reply_to=reply_to,
        subject=subject,
        body=body,
        html=html,
        attachments=attachments,
        importance=importance,
        answers=answers,
        invitation=invitation,
    )


def an_attachment(
    folder: Path,
    *,
    name: str = LONG_NAME,
    content: bytes = b"%PDF-1.7 \x00\xff\r\n.\r\n",
    content_id: str | None = None,
) -> Attachment:
    path = folder / f"attachment-{new_id()}"
    path.write_bytes(content)
    return Attachment(name=name, path=path, content_id=content_id)
