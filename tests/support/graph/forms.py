"""Mails in the forms Graph speaks: JSON out and in, and MIME as it travels."""

import base64
import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.graph.answers import Refusal, bad_request
from tests.support.graph.mailbox import Address, File, Folder, Mail

IN_REPLY_TO = "String 0x1042"
REFERENCES = "String 0x1039"
LONGEST_SUBJECT = 255
_PEOPLE = {"toRecipients": "to", "ccRecipients": "cc", "bccRecipients": "bcc", "replyTo": "reply_to"}
_WRITABLE_ONLY_IN_DRAFTS = {"subject", "body", "internetMessageId", "internetMessageHeaders", *_PEOPLE}


def moment(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def person(one: Address) -> dict[str, Any]:
    return {"emailAddress": {"name": one[0] or one[1], "address": one[1]}}


def mail_as_json(mail: Mail, folder_id: str, *, immutable: bool, text: bool, select: Iterable[str]) -> dict[str, Any]:
    """Return what `$select` asks for, or all but the headers."""
    kind, content = mail.content_type, mail.content
    if text and kind == "html":
        kind, content = "text", text_of(content)
    whole: dict[str, Any] = {
        "createdDateTime": moment(mail.created),
        "receivedDateTime": moment(mail.received),
        "sentDateTime": moment(mail.sent or mail.created),
        "hasAttachments": any(not file.inline for file in mail.files),
        "internetMessageId": mail.internet_id,
        "subject": mail.subject,
        "bodyPreview": text_of(mail.content)[:255] if mail.content_type == "html" else mail.content[:255],
        "importance": mail.importance,
        "parentFolderId": folder_id,
        "conversationId": mail.conversation,
        "isRead": mail.read,
        "isDraft": mail.draft,
        "flag": {"flagStatus": mail.flag},
        "changeKey": f"CQAAAB{mail.version}",
        "categories": mail.categories,
        "body": {"contentType": kind, "content": content},
        "from": person(mail.sender),
        "sender": person(mail.sender),
        **{name: [person(one) for one in getattr(mail, ours)] for name, ours in _PEOPLE.items()},
    }
    wanted = set(select)
    if unknown := wanted - whole.keys() - {"id", "internetMessageHeaders"}:
        raise bad_request(
            f"Could not find a property named '{min(unknown)}' on type 'Microsoft.OutlookServices.Message'."
        )
    if "internetMessageHeaders" in wanted:
        whole["internetMessageHeaders"] = [{"name": name, "value": value} for name, value in mail.headers]
    chosen = {name: value for name, value in whole.items() if not wanted or name in wanted}
    return {"@odata.etag": f'W/"CQAAAB{mail.version}"', "id": mail.immutable if immutable else mail.id, **chosen}


def file_as_json(file: File, *, content: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": file.id,
        "name": file.name,
        "contentType": file.content_type,
        "size": len(file.content),
        "isInline": file.inline,
        "contentId": file.content_id,
    }
    return shown | ({"contentBytes": base64.b64encode(file.content).decode()} if content else {})


def folder_as_json(folder: Folder, total: int, unread: int, children: int = 0) -> dict[str, Any]:
    return {
        "id": folder.id,
        "displayName": folder.name,
        "parentFolderId": folder.parent,
        "childFolderCount": children,
        "totalItemCount": total,
        "unreadItemCount": unread,
    }


def write(mail: Mail, body: Mapping[str, Any], *, fresh: bool = False) -> None:
    """Take over what a POST or PATCH says of a mail. Raises Refusal for what Exchange would refuse."""
    _check(mail, body)
    for name, ours in _PEOPLE.items():
        if name in body:
            setattr(mail, ours, [_address(one) for one in body[name]])
    if "body" in body:
        mail.content_type = body["body"].get("contentType", "text").casefold()
        mail.content = body["body"].get("content", "")
    if "internetMessageHeaders" in body:
        _headers(mail, body["internetMessageHeaders"], fresh=fresh)
    names = {"subject": "subject", "importance": "importance", "internetMessageId": "internet_id", "isRead": "read",
             "categories": "categories"}  # fmt: skip
    for name, ours in names.items():
        if name in body:
            setattr(mail, ours, body[name])
    if "flag" in body:
        mail.flag = body["flag"]["flagStatus"]
    for one in body.get("singleValueExtendedProperties", []):
        mail.properties[one["id"]] = one["value"]
    mail.files += [read_file(one) for one in body.get("attachments", [])]


def _check(mail: Mail, body: Mapping[str, Any]) -> None:
    if not mail.draft and (fixed := _WRITABLE_ONLY_IN_DRAFTS & body.keys()):
        text = f"The property '{min(fixed)}' cannot be updated on a message that is no draft."
        raise bad_request(text, "ErrorInvalidPropertySet")
    if len(body.get("subject") or "") > LONGEST_SUBJECT:
        raise bad_request("At least one property failed validation.", "ErrorPropertyValidationFailure")
    if "from" in body and _address(body["from"])[1].casefold() != mail.sender[1].casefold():
        text = "The account that submits this request may not send mail on behalf of the specified sending account."
        raise Refusal(403, "ErrorSendAsDenied", text)


def _headers(mail: Mail, headers: Iterable[Mapping[str, str]], *, fresh: bool) -> None:
    if not fresh:
        raise bad_request("Custom headers can only be set when the message is created.", "ErrorInvalidPropertySet")
    for header in headers:
        if not header["name"].casefold().startswith("x-"):
            text = f"The internet message header name '{header['name']}' should start with 'x-' or 'X-'."
            raise bad_request(text, "InvalidInternetMessageHeader")
        mail.headers.append((header["name"], header["value"]))


def read_file(body: Mapping[str, Any]) -> File:
    if body.get("@odata.type") != "#microsoft.graph.fileAttachment":
        raise bad_request("Cannot create an abstract class.")
    return File(
        name=body["name"],
        content=base64.b64decode(body["contentBytes"]),
        content_type=body.get("contentType") or "application/octet-stream",
        inline=bool(body.get("isInline")),
        content_id=body.get("contentId"),
    )


def _address(one: Mapping[str, Any]) -> Address:
    found = one["emailAddress"]
    return found.get("name") or "", found["address"]


def text_of(source: str) -> str:
    visible = re.sub(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", "", source, flags=re.DOTALL | re.IGNORECASE)
    lines = re.sub(r"<(?:br|/p|/div|/tr|/li)\b[^>]*>", "\n", visible, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"<[^>]*>", "", lines)).strip()
