"""Turns a mail of ours into the JSON Graph takes, and what Graph shows into a mail of ours."""

import mimetypes
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.executors.mail_mime import EFFECT_KEY_HEADER
from scheduler.executors.mail_reading import LONGEST_HTML, LONGEST_TEXT
from scheduler.executors.mail_transport import Attachment, OutgoingMail, ReceivedMail

KEY_PROPERTY = "String {6f0b2b0e-5b1b-4d0e-9c55-3f1c0d8c7a11} Name CpaEffectKey"
"""The extended property that names a sending; it stays with our copy and does not travel."""
LONGEST_SUBJECT = 255
UNFINISHED = "unfinished-"
"""Stands before the key of a draft whose files are not all attached yet."""

SHOWN = (
    "id,parentFolderId,internetMessageId,from,toRecipients,ccRecipients,replyTo,subject,sentDateTime,"
    "receivedDateTime,body,isRead,flag,internetMessageHeaders"
)
WITH_FILES = "attachments($select=id,name,contentType,size,isInline)"

_IN_REPLY_TO, _REFERENCES = "String 0x1042", "String 0x1039"  # PidTagInReplyToId, PidTagInternetReferences
_MOST_REFERENCES = 20


def outgoing(mail: OutgoingMail, message_id: str, *, key: str) -> dict[str, Any]:
    """Return a draft without its files. Exchange makes the plain text of an HTML mail itself."""
    html = mail.html is not None
    document: dict[str, Any] = {
        "subject": mail.subject,
        "body": {"contentType": "html" if html else "text", "content": mail.html if html else mail.body},
        "toRecipients": [_person(address) for address in mail.to],
        "ccRecipients": [_person(address) for address in mail.cc],
        "bccRecipients": [_person(address) for address in mail.bcc],
        "importance": mail.importance,
        "internetMessageId": message_id,
        "internetMessageHeaders": [{"name": EFFECT_KEY_HEADER, "value": mail.effect_key}],
        "singleValueExtendedProperties": properties(mail, key),
    }
    if mail.reply_to:
        document["replyTo"] = [_person(mail.reply_to)]
    return document


def properties(mail: OutgoingMail, key: str) -> list[dict[str, str]]:
    """Return what is kept with a draft: its key, and the thread it belongs to."""
    found = {KEY_PROPERTY: key}
    if mail.answers is not None and mail.answers.message_id:
        earlier = [*mail.answers.references, mail.answers.message_id][-_MOST_REFERENCES:]
        found |= {_IN_REPLY_TO: mail.answers.message_id, _REFERENCES: " ".join(dict.fromkeys(earlier))}
    return [{"id": name, "value": value} for name, value in found.items()]


def file_item(attachment: Attachment, *, html: bool) -> dict[str, Any]:
    """Return what is said of a file besides its content."""
    guessed, encoding = mimetypes.guess_type(attachment.name)
    kind = "application/octet-stream" if encoding or guessed is None else guessed
    item: dict[str, Any] = {"name": attachment.name, "contentType": kind}
    if html and attachment.content_id is not None:
        item |= {"isInline": True, "contentId": attachment.content_id}
    return item


def key_filter(key: str) -> str:
    """Return the `$filter` for mails of that key."""
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY_PROPERTY}' and ep/value eq '{key}')"


def quoted(text: str) -> str:
    """Return a text as OData writes it."""
    return "'" + text.replace("'", "''") + "'"


def received(item: Mapping[str, Any], folder: str, *, html: str = "") -> ReceivedMail:
    """Return the mail that Graph shows with its body as text."""
    sender = (item.get("from") or {}).get("emailAddress", {})
    address, name = str(sender.get("address") or ""), str(sender.get("name") or "")
    headers = {one["name"].casefold(): one["value"] for one in item.get("internetMessageHeaders") or []}
    return ReceivedMail(
        id=item["id"],
        folder=folder,
        message_id=item.get("internetMessageId") or "",
        sender=address,
        sender_name="" if name == address else " ".join(name.split()),
        to=_addresses(item, "toRecipients"),
        cc=_addresses(item, "ccRecipients"),
        reply_to=_addresses(item, "replyTo"),
        subject=" ".join((item.get("subject") or "").split()),
        date=_moment(item.get("sentDateTime")),
        received=_moment(item.get("receivedDateTime")),
        text=item["body"]["content"].replace("\r\n", "\n").strip()[:LONGEST_TEXT],
        html=html[:LONGEST_HTML],
        attachments=tuple(file["name"] for file in item.get("attachments", []) if not file.get("isInline")),
        seen=bool(item.get("isRead")),
        flagged=(item.get("flag") or {}).get("flagStatus") == "flagged",
        references=tuple(headers.get("references", "").split()),
    )


def _person(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address}}


def _addresses(item: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return tuple(str(one["emailAddress"].get("address") or "") for one in item.get(field) or [])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
