"""What the fake does for each call on a mailbox, once it is known who calls and that they may."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from tests.support.graph import forms, mime
from tests.support.graph.answers import Refusal, bad_request, item_not_found
from tests.support.graph.listing import delta_page, page_of
from tests.support.graph.mailbox import File, Mail, Mailbox
from tests.support.graph.office import Office
from tests.support.graph.uploads import SMALLEST, Uploads


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request on a mailbox; `parts` is the path behind it."""

    method: str
    parts: list[str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    mime: bytes | None
    box: Mailbox
    base: str
    address: str
    immutable: bool
    text: bool
    page: int

    @property
    def select(self) -> list[str]:
        return [name for name in self.query.get("$select", "").split(",") if name]

    def link(self, **query: str) -> str:
        return f"{self.address}?{urlencode({**self.query, **query})}"


_Answer = Callable[..., Response]


class Calls:
    """Knows the calls by method and path."""

    def __init__(self, office: Office, uploads: Uploads) -> None:
        self._office, self._uploads = office, uploads
        one = r"(?:mailFolders/(?P<folder>[^/]+)/)?messages/(?P<mail>[^/]+)"
        self._table: list[tuple[str, re.Pattern[str], _Answer]] = [
            (method, re.compile(path), answer)
            for method, path, answer in (
                ("GET", r"mailFolders", self._folders),
                ("POST", r"mailFolders", self._new_folder),
                ("GET", r"mailFolders/(?P<folder>[^/]+)", self._folder),
                ("GET", r"mailFolders/(?P<folder>[^/]+)/childFolders", self._folders),
                ("POST", r"mailFolders/(?P<folder>[^/]+)/childFolders", self._new_folder),
                ("GET", r"mailFolders/(?P<folder>[^/]+)/messages/delta", self._delta),
                ("GET", r"(?:mailFolders/(?P<folder>[^/]+)/)?messages", self._list),
                ("POST", r"(?:mailFolders/(?P<folder>[^/]+)/)?messages", self._create),
                ("GET", one, self._get),
                ("PATCH", one, self._update),
                ("DELETE", one, self._delete),
                ("GET", rf"{one}/\$value", self._mime),
                ("POST", rf"{one}/permanentDelete", self._delete_for_good),
                ("POST", rf"{one}/move", self._move),
                ("POST", rf"{one}/copy", self._copy),
                ("POST", rf"{one}/send", self._send),
                ("POST", rf"{one}/(?P<how>createReply|createReplyAll|createForward)", self._draft_from),
                ("POST", rf"{one}/(?P<how>reply|replyAll|forward)", self._answer_at_once),
                ("GET", rf"{one}/attachments", self._files),
                ("POST", rf"{one}/attachments", self._attach),
                ("POST", rf"{one}/attachments/createUploadSession", self._begin_upload),
                ("GET", rf"{one}/attachments/(?P<file>[^/]+)", self._file),
                ("GET", rf"{one}/attachments/(?P<file>[^/]+)/\$value", self._file_content),
                ("POST", r"sendMail", self._send_mail),
            )
        ]

    def answer(self, call: Call) -> Response:
        path = "/".join(call.parts)
        for method, pattern, answer in self._table:
            if method == call.method and (found := pattern.fullmatch(path)):
                named = {name: value for name, value in found.groupdict().items() if value is not None}
                if "folder" in named:
                    named["folder"] = call.box.folder(named["folder"])
                if "mail" in named:
                    return answer(call, call.box.get(named.pop("mail"), named.pop("folder", None)), **named)
                return answer(call, **named)
        raise bad_request(f"Resource not found for the segment '{call.parts[-1]}'.")

    # -- folders

    def _folders(self, call: Call, folder: str | None = None) -> Response:
        parent = call.box.folders[folder].id if folder else "msgfolderroot"
        found = [key for key, one in call.box.folders.items() if one.parent == parent and key != "recoverableitemsdeletions"]  # noqa: E501  # fmt: skip
        if named := re.fullmatch(r"displayName eq '(.*)'", call.query.get("$filter", "")):
            wanted = named[1].replace("''", "'").casefold()
            found = [key for key in found if call.box.folders[key].name.casefold() == wanted]
        top, skip = int(call.query.get("$top", 10)), int(call.query.get("$skip", 0))
        answer: dict[str, Any] = {"value": [_folder(call.box, key) for key in found[skip : skip + top]]}
        if skip + top < len(found):
            answer["@odata.nextLink"] = call.link(**{"$skip": str(skip + top)})
        return JSONResponse(answer)

    def _new_folder(self, call: Call, folder: str | None = None) -> Response:
        parent = call.box.folders[folder].id if folder else "msgfolderroot"
        name = str(call.body["displayName"])
        if any(one.parent == parent and one.name.casefold() == name.casefold() for one in call.box.folders.values()):
            text = "A folder with the specified name already exists."
            raise Refusal(409, "ErrorFolderExists", text)
        made = call.box.add_folder(name, parent)
        return JSONResponse(forms.folder_as_json(made, 0, 0), 201)

    def _folder(self, call: Call, folder: str) -> Response:
        return JSONResponse(_folder(call.box, folder))

    # -- lists

    def _list(self, call: Call, folder: str | None = None) -> Response:
        mails, more = page_of(call.box, folder, call.query, index_lag=self._office.faults.index_lag)
        answer: dict[str, Any] = {"value": [self._shown(call, mail) for mail in mails]}
        if more is not None:
            answer["@odata.nextLink"] = call.link(**more)
        return JSONResponse(answer)

    def _delta(self, call: Call, folder: str) -> Response:
        changes, kind, state = delta_page(call.box, folder, call.query, call.page)
        value: list[dict[str, Any]] = []
        for change in changes:
            if change.gone:
                value.append({"@removed": {"reason": change.gone}, "id": change.immutable})
            elif change.immutable in call.box.mails:
                value.append(self._shown(call, call.box.mails[change.immutable]))
        token = secrets.token_urlsafe(16)
        call.box.sync_states[token] = state
        name = "$deltatoken" if kind == "@odata.deltaLink" else "$skiptoken"
        kept = {key: text for key, text in call.query.items() if key == "$select"}
        link = f"{call.address}?{urlencode({**kept, name: token})}"
        return JSONResponse({"value": value, kind: link})

    # -- mails

    def _create(self, call: Call, folder: str = "drafts") -> Response:
        if call.mime is None:
            mail = self._written(call, call.body, folder)
        else:
            mail = mime.from_mime(call.mime, folder, (call.box.name, call.box.address))
        return JSONResponse(self._shown(call, call.box.put(mail)), 201)

    def _get(self, call: Call, mail: Mail) -> Response:
        return JSONResponse(self._shown(call, mail))

    def _mime(self, _call: Call, mail: Mail) -> Response:
        return Response(mime.as_mime(mail).as_bytes(), media_type="text/plain")

    def _update(self, call: Call, mail: Mail) -> Response:
        forms.write(mail, call.body)
        call.box.touch(mail)
        return JSONResponse(self._shown(call, mail))

    def _delete(self, call: Call, mail: Mail) -> Response:
        call.box.move(mail, "recoverableitemsdeletions" if mail.folder == "deleteditems" else "deleteditems")
        return Response(status_code=204)

    def _delete_for_good(self, call: Call, mail: Mail) -> Response:
        call.box.remove(mail)
        return Response(status_code=204)

    def _move(self, call: Call, mail: Mail) -> Response:
        target = call.box.folder(str(call.body["destinationId"]))
        return JSONResponse(self._shown(call, call.box.move(mail, target)), 201)

    def _copy(self, call: Call, mail: Mail) -> Response:
        target = call.box.folder(str(call.body["destinationId"]))
        return JSONResponse(self._shown(call, call.box.put(mail.twin(target))), 201)

    # -- sending

    def _send(self, call: Call, mail: Mail) -> Response:
        if not mail.draft:
            raise Refusal(400, "ErrorInvalidOperation", "The message is no draft and cannot be sent.")
        self._office.submit(call.box, mail)
        return Response(status_code=202)

    def _send_mail(self, call: Call) -> Response:
        mail = self._written(call, call.body["message"], "drafts")
        self._office.submit(call.box, mail, keep=call.body.get("saveToSentItems", True) is not False)
        return Response(status_code=202)

    def _draft_from(self, call: Call, mail: Mail, how: str) -> Response:
        return JSONResponse(self._shown(call, call.box.put(self._answer_to(call, mail, how))), 201)

    def _answer_at_once(self, call: Call, mail: Mail, how: str) -> Response:
        draft = self._answer_to(call, mail, f"create{how[0].upper()}{how[1:]}")
        self._office.submit(call.box, draft)
        return Response(status_code=202)

    def _answer_to(self, call: Call, mail: Mail, how: str) -> Mail:
        """Return a draft that answers or forwards, the original quoted below."""
        forward = how == "createForward"
        draft = Mail(folder="drafts", sender=(call.box.name, call.box.address), conversation=mail.conversation)
        draft.subject = f"{'FW' if forward else 'RE'}: {mail.subject}"[: forms.LONGEST_SUBJECT]
        draft.content_type = mail.content_type
        draft.content = (
            f"{call.body.get('comment', '')}\n\nFrom: {mail.sender[1]}\nSubject: {mail.subject}\n\n{mail.content}"
        )
        draft.properties[forms.REFERENCES] = mail.internet_id
        if forward:
            draft.files = list(mail.files)
            draft.to = [_address(one) for one in call.body.get("toRecipients", [])]
        else:
            draft.properties[forms.IN_REPLY_TO] = mail.internet_id
            draft.to = list(mail.reply_to or [mail.sender])
        if how == "createReplyAll":
            us = call.box.address.casefold()
            draft.cc = [one for one in (*mail.to, *mail.cc) if one[1].casefold() != us and one not in draft.to]
        forms.write(draft, call.body.get("message", {}), fresh=True)
        return draft

    def _written(self, call: Call, body: Mapping[str, Any], folder: str) -> Mail:
        mail = Mail(folder=folder, sender=(call.box.name, call.box.address))
        forms.write(mail, body, fresh=True)
        if not mail.internet_id:
            mail.internet_id = f"<{mail.immutable[-24:-1]}@prod.outlook.example>"
        return mail

    # -- attachments

    def _files(self, _call: Call, mail: Mail) -> Response:
        return JSONResponse({"value": [forms.file_as_json(file, content=False) for file in mail.files]})

    def _attach(self, call: Call, mail: Mail) -> Response:
        file = forms.read_file(call.body)
        if len(file.content) >= SMALLEST:
            raise Refusal(413, "RequestEntityTooLarge", "The attachment is too large; use an upload session.")
        mail.files.append(file)
        call.box.touch(mail)
        return JSONResponse(forms.file_as_json(file, content=False), 201)

    def _begin_upload(self, call: Call, mail: Mail) -> Response:
        return self._uploads.begin(call.base, call.box, mail, call.body)

    def _file(self, _call: Call, mail: Mail, file: str) -> Response:
        return JSONResponse(forms.file_as_json(_named(mail, file), content=True))

    def _file_content(self, _call: Call, mail: Mail, file: str) -> Response:
        found = _named(mail, file)
        return Response(found.content, media_type=found.content_type)

    def _shown(self, call: Call, mail: Mail) -> dict[str, Any]:
        folder = call.box.folders[mail.folder].id if mail.folder else ""
        shown = forms.mail_as_json(mail, folder, immutable=call.immutable, text=call.text, select=call.select)
        expand = call.query.get("$expand", "")
        if expand.startswith("attachments"):
            chosen = re.search(r"\$select=([\w,]+)", expand)
            names = set(chosen[1].split(",")) if chosen else None
            files = [forms.file_as_json(file, content=names is None) for file in mail.files]
            shown["attachments"] = [
                {key: value for key, value in file.items() if names is None or key in names or key[0] == "@"}
                for file in files
            ]
        elif wanted := re.fullmatch(r"singleValueExtendedProperties\(\$filter=id eq '(.*)'\)", expand):
            found = {key: value for key, value in mail.properties.items() if key == wanted[1]}
            shown["singleValueExtendedProperties"] = [{"id": key, "value": value} for key, value in found.items()]
        elif expand:
            raise bad_request(f"Invalid expand: {expand}")
        return shown


def _named(mail: Mail, file: str) -> File:
    for one in mail.files:
        if one.id == file:
            return one
    raise item_not_found()


def _folder(box: Mailbox, key: str) -> dict[str, Any]:
    mails = list(box.newest_first(key))
    children = sum(one.parent == box.folders[key].id for one in box.folders.values())
    return forms.folder_as_json(box.folders[key], len(mails), sum(not mail.read for mail in mails), children)


def _address(one: Mapping[str, Any]) -> tuple[str, str]:
    return one["emailAddress"].get("name") or "", one["emailAddress"]["address"]
