"""Works with the folders and mails of a mailbox in Microsoft 365."""

import asyncio
import re
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx

from scheduler.core.errors import MailNotFoundError
from scheduler.executors.graph_client import GraphSession
from scheduler.executors.graph_errors import GraphRefusal
from scheduler.executors.graph_forms import SHOWN, WITH_FILES, quoted, received
from scheduler.executors.graph_search import AS_TEXT, find_mails
from scheduler.executors.mail_folders import choose_folder, find_folder, new_name
from scheduler.executors.mail_transport import INBOX, Folder, FolderRole, MailFile, MailQuery, ReceivedMail

WELL_KNOWN: Mapping[FolderRole, str] = {
    FolderRole.INBOX: "inbox",
    FolderRole.SENT: "sentitems",
    FolderRole.DRAFTS: "drafts",
    FolderRole.ARCHIVE: "archive",
    FolderRole.JUNK: "junkemail",
    FolderRole.TRASH: "deleteditems",
}
_FILE = "#microsoft.graph.fileAttachment"
_LINK = "#microsoft.graph.referenceAttachment"
_DEPTH = 10
_ID = re.compile(r"[A-Za-z0-9_=-]{20,500}")


class _Known(NamedTuple):
    folder: Folder
    id: str


class GraphMailbox:
    """What is done on a session. Ids are immutable ones: they stay good when a mail is moved."""

    def __init__(self) -> None:
        self._roles: dict[str, FolderRole] = {}
        """Folder id to role. Exchange names folders in its owner's language, and never changes their ids."""

    async def folders(self, graph: GraphSession) -> tuple[Folder, ...]:
        return tuple(known.folder for known in await self._tree(graph))

    async def search(self, graph: GraphSession, query: MailQuery) -> tuple[ReceivedMail, ...]:
        known, tree = await self._choose(graph, query.folder)
        names = {one.id: one.folder.name for one in tree}
        mails = await find_mails(graph, query, known.id, names)
        if query.mark_seen:
            await _all_of(graph.patch(f"messages/{mail.id}", {"isRead": True}) for mail in mails)
        return mails

    async def read(self, graph: GraphSession, mail_id: str) -> ReceivedMail:
        path = f"messages/{await self.resolve(graph, mail_id)}"
        item = await _found(graph, mail_id, path, prefer=AS_TEXT, **{"$select": SHOWN, "$expand": WITH_FILES})
        original = (await _found(graph, mail_id, path, **{"$select": "body"}))["body"]
        names = {one.id: one.folder.name for one in await self._tree(graph)}
        html = original["content"] if original["contentType"].casefold() == "html" else ""
        return received(item, names.get(item["parentFolderId"], ""), html=html)

    async def files(self, graph: GraphSession, mail_id: str) -> tuple[MailFile, ...]:
        path = f"messages/{await self.resolve(graph, mail_id)}/attachments"
        select = "id,name,contentType,isInline,microsoft.graph.fileAttachment/contentId"
        listed = (await _found(graph, mail_id, path, **{"$select": select}))["value"]
        whole = [item for item in listed if item.get("@odata.type") != _LINK]  # a link has no content
        whole.sort(key=lambda item: bool(item.get("isInline")))
        return tuple([_file(item, await graph.content(f"{path}/{item['id']}/$value")) for item in whole])

    async def move(self, graph: GraphSession, mail_id: str, folder: str, *, create: bool) -> str:
        found = await self.resolve(graph, mail_id)
        tree = await self._tree(graph)
        there = _named(tree, find_folder(folder, [one.folder for one in tree])) if create else None
        if there is None:
            there = await self._make(graph, tree, folder) if create else (await self._choose(graph, folder))[0]
        item = await _found(graph, mail_id, f"messages/{found}", **{"$select": "id,parentFolderId"})
        if item["parentFolderId"] == there.id:
            return str(item["id"])
        return str((await graph.post(f"messages/{found}/move", {"destinationId": there.id}))["id"])

    async def mark(self, graph: GraphSession, mail_id: str, *, seen: bool | None, flagged: bool | None) -> None:
        change: dict[str, Any] = {} if seen is None else {"isRead": seen}
        if flagged is not None:
            change["flag"] = {"flagStatus": "flagged" if flagged else "notFlagged"}
        found = await self.resolve(graph, mail_id)
        try:
            await graph.patch(f"messages/{found}", change)
        except GraphRefusal as refusal:
            raise _missing(mail_id, refusal) from refusal

    async def watch(self, graph: GraphSession, folder: str) -> str:
        """Return a link that `changes` takes, from now on."""
        known, _ = await self._choose(graph, folder)
        since = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"$select": "id", "$filter": f"receivedDateTime ge {since}"}
        return (await self.changes(graph, f"mailFolders/{known.id}/messages/delta", **query))[1]

    async def changes(self, graph: GraphSession, link: str, **query: str) -> tuple[int, str]:
        """Return how many items have changed, and the link for next time. Refused (410) when it is too old."""
        page = await graph.get(link, **query)
        count = len(page["value"])
        while "@odata.nextLink" in page:
            page = await graph.get(page["@odata.nextLink"])
            count += len(page["value"])
        return count, page["@odata.deltaLink"]

    async def resolve(self, graph: GraphSession, mail_id: str) -> str:
        """Return Graph's id for an id of ours or a Message-ID."""
        if not mail_id.startswith("<"):
            if not _ID.fullmatch(mail_id):
                raise MailNotFoundError(mail_id)
            return mail_id
        query = {"$filter": f"internetMessageId eq {quoted(mail_id)}", "$select": "id", "$top": "1"}
        for folder in ("mailFolders/inbox/", "mailFolders/sentitems/", ""):
            found = (await graph.get(f"{folder}messages", **query))["value"]
            if found:
                return str(found[0]["id"])
        raise MailNotFoundError(mail_id)

    async def _choose(self, graph: GraphSession, name: str) -> tuple[_Known, Sequence[_Known]]:
        tree = await self._tree(graph)
        if name.casefold() == INBOX.casefold():
            return next(known for known in tree if known.folder.role is FolderRole.INBOX), tree
        chosen = choose_folder(name, [known.folder for known in tree])
        return next(known for known in tree if known.folder is chosen), tree

    async def _make(self, graph: GraphSession, tree: Sequence[_Known], name: str) -> _Known:
        """Make a folder and those it lies in."""
        path, parent = "mailFolders", None
        parts = new_name(name, ()).split("/")
        for depth in range(1, len(parts) + 1):
            whole = "/".join(parts[:depth])
            known = next((one for one in tree if one.folder.name.casefold() == whole.casefold()), None)
            if known is None:
                made = await graph.post(path, {"displayName": parts[depth - 1]})
                known = _Known(Folder(name=whole), made["id"])
            path, parent = f"mailFolders/{known.id}/childFolders", known
        assert parent is not None  # noqa: S101 - a name has at least one part
        return parent

    async def _tree(self, graph: GraphSession) -> Sequence[_Known]:
        """Return every folder, the inbox first."""
        if not self._roles:
            await _all_of(self._learn(graph, role, name) for role, name in WELL_KNOWN.items())
        found = await self._below(graph, "mailFolders", "", _DEPTH)
        return sorted(found, key=lambda known: known.folder.role is not FolderRole.INBOX)

    async def _learn(self, graph: GraphSession, role: FolderRole, name: str) -> None:
        try:
            self._roles[(await graph.get(f"mailFolders/{name}", **{"$select": "id"}))["id"]] = role
        except GraphRefusal as refusal:
            if refusal.status != httpx.codes.NOT_FOUND or refusal.code != "ErrorItemNotFound":
                raise  # not every mailbox has an archive, but every one has access and an address

    async def _below(self, graph: GraphSession, path: str, prefix: str, depth: int) -> list[_Known]:
        found: list[_Known] = []
        async for item in graph.pages(path, **{"$select": "id,displayName,childFolderCount", "$top": "100"}):
            role = self._roles.get(item["id"])
            name = INBOX if role is FolderRole.INBOX else prefix + item["displayName"]
            found.append(_Known(Folder(name=name, role=role), item["id"]))
            if item.get("childFolderCount") and depth:
                found += await self._below(graph, f"mailFolders/{item['id']}/childFolders", f"{name}/", depth - 1)
        return found


async def _all_of(work: Iterable[Awaitable[None]]) -> None:
    """Do it side by side, all of it to its end; then raise what went wrong first."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if outcome is not None:
            raise outcome


async def _found(graph: GraphSession, mail_id: str, path: str, **how: str) -> Mapping[str, Any]:
    try:
        return await graph.get(path, **how)
    except GraphRefusal as refusal:
        raise _missing(mail_id, refusal) from refusal


def _missing(mail_id: str, refusal: GraphRefusal) -> Exception:
    """Return what to raise: that the mail is gone, or the refusal itself."""
    return MailNotFoundError(mail_id) if refusal.about_an_item else refusal


def _named(tree: Sequence[_Known], folder: Folder | None) -> _Known | None:
    return next((known for known in tree if known.folder is folder), None)


def _file(item: Mapping[str, Any], content: bytes) -> MailFile:
    """Return a file; a mail inside a mail comes as its source."""
    whole_mail = item.get("@odata.type") != _FILE
    return MailFile(
        name=f"{item['name']}.eml" if whole_mail else item["name"],
        content_type="message/rfc822" if whole_mail else item.get("contentType") or "application/octet-stream",
        content=content,
        content_id=item.get("contentId") if item.get("isInline") else None,
    )
