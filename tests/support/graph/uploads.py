"""Upload sessions of large attachments: ranges in order, at most 4 MB each, no access token."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from tests.support.graph.answers import Refusal, bad_request
from tests.support.graph.forms import moment
from tests.support.graph.mailbox import File, Mail, Mailbox

SMALLEST, LARGEST = 3_000_000, 150_000_000
LARGEST_RANGE = 4_194_304
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass
class Upload:
    box: Mailbox
    mail: Mail
    item: Mapping[str, Any]
    content: bytearray = field(default_factory=bytearray)
    expires: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(hours=1))


class Uploads:
    """Sessions by the secret in their address. `tell_status` is whether a GET there is answered."""

    def __init__(self) -> None:
        self.sessions: dict[str, Upload] = {}
        self.tell_status = True
        self.ranges: list[tuple[int, int]] = []

    def begin(self, base: str, box: Mailbox, mail: Mail, body: Mapping[str, Any]) -> Response:
        item = body.get("AttachmentItem") or body.get("attachmentItem") or {}
        if item.get("attachmentType") != "file" or not item.get("name"):
            raise bad_request("The attachment item is not valid.", "ErrorInvalidArgument")
        if not SMALLEST <= item.get("size", 0) <= LARGEST:
            raise bad_request("The size of the attachment is outside 3 MB to 150 MB.", "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")  # noqa: E501  # fmt: skip
        key = secrets.token_urlsafe(24)
        self.sessions[key] = upload = Upload(box, mail, item)
        return JSONResponse({"uploadUrl": f"{base}/upload/{key}", **_state(upload, "0-")}, 201)

    def status(self, key: str) -> Response:
        upload = self._find(key)
        if not self.tell_status:
            raise Refusal(405, "ErrorMethodNotAllowed", "The OData request is not supported.")
        return JSONResponse(_state(upload, str(len(upload.content))))

    def put(self, key: str, authorization: str | None, content_range: str, content: bytes, base: str) -> Response:
        upload = self._find(key)
        if authorization is not None:
            raise Refusal(401, "InvalidAuthenticationToken", "The upload address takes no access token.")
        found = _RANGE.fullmatch(content_range)
        if found is None:
            raise bad_request("The Content-Range header is missing or malformed.", "InvalidContentRange")
        first, last, total = map(int, found.groups())
        if total != upload.item["size"] or last - first + 1 != len(content):
            raise bad_request("The Content-Range header does not match the request.", "InvalidContentRange")
        if len(content) > LARGEST_RANGE:
            raise Refusal(413, "RequestEntityTooLarge", "Maximum request length exceeded.")
        if first != len(upload.content):
            raise Refusal(416, "InvalidRange", f"The next expected range starts at {len(upload.content)}.")
        upload.content += content
        self.ranges.append((first, last))
        if len(upload.content) < total:
            return JSONResponse(_state(upload, str(len(upload.content))))
        return self._finish(key, upload, base)

    def cancel(self, key: str) -> Response:
        self._find(key)
        del self.sessions[key]
        return Response(status_code=204)

    def _finish(self, key: str, upload: Upload, base: str) -> Response:
        del self.sessions[key]
        item = upload.item
        file = File(
            name=item["name"],
            content=bytes(upload.content),
            content_type=item.get("contentType") or "application/octet-stream",
            inline=bool(item.get("isInline")),
            content_id=item.get("contentId"),
        )
        upload.mail.files.append(file)
        upload.box.touch(upload.mail)
        where = f"{base}/api/v2.0/Users('x')/Messages('{upload.mail.id}')/Attachments('{file.id}')"
        return Response(status_code=201, headers={"Location": where})

    def _find(self, key: str) -> Upload:
        upload = self.sessions.get(key)
        if upload is None or upload.expires < datetime.now(UTC):
            raise Refusal(404, "ErrorItemNotFound", "The upload session was not found or has expired.")
        return upload


def _state(upload: Upload, start: str) -> dict[str, Any]:
    return {"expirationDateTime": moment(upload.expires), "nextExpectedRanges": [start]}
