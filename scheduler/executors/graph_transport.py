"""Carries mail through Microsoft Graph, so that one mail is sent once even if we die in the middle.

A mail is a draft first, marked with its effect key; sending turns that very item into the one among the sent mails.
So a mail of the key that is no draft was sent. If there is none, some time after the last attempt ended, nothing was:
what is left of that attempt is a draft, which the next one deletes for good before it begins.
"""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import httpx

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import CPAError, InvalidInputError, OutcomeUnknownError, UnavailableError
from scheduler.core.sentences import Sentence
from scheduler.executors import graph_forms as forms
from scheduler.executors.graph_account import GraphAccount
from scheduler.executors.graph_client import GraphClient, GraphSession
from scheduler.executors.graph_errors import AnswerLost, GraphRefusal
from scheduler.executors.graph_login import GraphLogin
from scheduler.executors.graph_mailbox import GraphMailbox
from scheduler.executors.graph_upload import attach
from scheduler.executors.mail_mime import build, message_id
from scheduler.executors.mail_transport import Folder, MailFile, MailQuery, OutgoingMail, ReceivedMail, Trace

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0  # seconds between two looks, doubled each time
_BETWEEN_LOOKS = timedelta(seconds=3)
_TOO_LONG = Sentence(
    f"Exchange nimmt einen Betreff bis {forms.LONGEST_SUBJECT} Zeichen",
    f"Exchange takes a subject of up to {forms.LONGEST_SUBJECT} characters",
)
_Found = TypeVar("_Found")


class GraphTransport:
    """A MailTransport for one mailbox in Microsoft 365. `look_every` is how often `wait_for` asks for changes."""

    def __init__(
        self,
        account: GraphAccount,
        login: GraphLogin,
        *,
        tls: ssl.SSLContext | None = None,
        look_every: timedelta = _BETWEEN_LOOKS,
    ) -> None:
        self._account = account
        self._client = GraphClient(account, login, tls=tls)
        self._mailbox = GraphMailbox()
        self._look_every = look_every.total_seconds()

    @property
    def address(self) -> str:
        return self._account.address

    @crash_points(CrashPoint.BEFORE_MAIL_SEND, CrashPoint.AFTER_MAIL_SEND)
    async def send(self, mail: OutgoingMail) -> str:
        """As MailTransport says. Exchange takes a mail for all or for none; an address nobody has bounces later."""
        async with self._client.open() as graph:
            if sent := await self._clear_away(graph, mail.effect_key):
                return sent
            draft = await self._write(graph, mail, key=mail.effect_key)
            try:
                await graph.post(f"messages/{draft['id']}/send")
            except AnswerLost as lost:
                raise OutcomeUnknownError("mail.send", f"Microsoft Graph did not answer: {lost}") from lost
            except (GraphRefusal, CPAError):
                await _discard(graph, draft["id"])
                raise
        return str(draft["internetMessageId"])

    @crash_points(CrashPoint.BEFORE_MAIL_FILE, CrashPoint.AFTER_MAIL_FILE)
    async def file(self, mail: OutgoingMail) -> bool:
        """As MailTransport says: Exchange files the mail itself, some time after it has accepted it."""
        async with self._client.open() as graph:
            return (
                await self._keep_looking(lambda _: _sent(graph, mail.effect_key, "mailFolders/sentitems/")) is not None
            )

    async def find(self, effect_key: str) -> Trace:
        """As MailTransport says. Takes up to the account's `settle` before it says no."""
        async with self._client.open() as graph:
            item = await self._keep_looking(
                lambda last: _sent(graph, effect_key, "" if last else "mailFolders/sentitems/")
            )
        if item is None:
            missing = f"nothing was among the sent mails within {self._account.settle.total_seconds():g} s"
            name = message_id(effect_key, self._account)
            return Trace(happened=False, filed=False, message_id=name, detail=missing)
        return Trace(
            happened=True, filed=True, message_id=item["internetMessageId"], detail="found among the sent mails"
        )

    @crash_points(CrashPoint.BEFORE_MAIL_DRAFT, CrashPoint.AFTER_MAIL_DRAFT)
    async def draft(self, mail: OutgoingMail) -> str:
        async with self._client.open() as graph:
            if known := await _drafts(graph, mail.effect_key):
                return known[0]
            unfinished = forms.UNFINISHED + mail.effect_key
            for leftover in await _drafts(graph, unfinished):
                await _delete(graph, leftover)
            draft = await self._write(graph, mail, key=unfinished)
            change = {"singleValueExtendedProperties": forms.properties(mail, mail.effect_key)}
            await graph.patch(f"messages/{draft['id']}", change)
            return str(draft["id"])

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        async with self._client.open() as graph:
            return await self._mailbox.search(graph, query)

    async def wait_for(self, query: MailQuery, within: timedelta) -> tuple[ReceivedMail, ...]:
        """As MailTransport says: asks for changes (delta) every few seconds, and looks when there are some."""
        loop = asyncio.get_running_loop()
        until, link = loop.time() + within.total_seconds(), ""
        while True:
            last = loop.time() >= until
            try:
                link, found = await self._look(query, link, last=last)
            except UnavailableError:
                if last:
                    raise
            else:
                if found or last:
                    return found
            await asyncio.sleep(max(0.0, min(self._look_every, until - loop.time())))

    async def read(self, mail_id: str) -> ReceivedMail:
        async with self._client.open() as graph:
            return await self._mailbox.read(graph, mail_id)

    async def files(self, mail_id: str) -> tuple[MailFile, ...]:
        async with self._client.open() as graph:
            return await self._mailbox.files(graph, mail_id)

    async def folders(self) -> tuple[Folder, ...]:
        async with self._client.open() as graph:
            return await self._mailbox.folders(graph)

    @crash_points(CrashPoint.BEFORE_MAIL_MOVE, CrashPoint.AFTER_MAIL_MOVE)
    async def move(self, mail_id: str, folder: str, *, create: bool = False) -> str:
        async with self._client.open() as graph:
            return await self._mailbox.move(graph, mail_id, folder, create=create)

    @crash_points(CrashPoint.BEFORE_MAIL_MARK, CrashPoint.AFTER_MAIL_MARK)
    async def mark(self, mail_id: str, *, seen: bool | None = None, flagged: bool | None = None) -> None:
        async with self._client.open() as graph:
            await self._mailbox.mark(graph, mail_id, seen=seen, flagged=flagged)

    async def _clear_away(self, graph: GraphSession, key: str) -> str | None:
        """Delete what earlier attempts have left, so that it cannot be sent late; return the Message-ID if it was."""
        leftovers = await _drafts(graph, key)
        for draft in leftovers:
            await _delete(graph, draft)
        item = await _sent(graph, key, "") if leftovers else None
        return None if item is None else str(item["internetMessageId"])

    async def _write(self, graph: GraphSession, mail: OutgoingMail, *, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return a complete draft. If it cannot be made, nothing is left of it."""
        if len(mail.subject) > forms.LONGEST_SUBJECT:
            raise InvalidInputError("subject", _TOO_LONG)
        draft = await self._begin(graph, mail, key)
        try:
            for attachment in mail.attachments:
                item = forms.file_item(attachment, html=mail.html is not None)
                await attach(graph, draft["id"], item, attachment.path)
        except (AnswerLost, GraphRefusal, CPAError, OSError):
            await _discard(graph, draft["id"])
            raise
        return draft

    async def _begin(self, graph: GraphSession, mail: OutgoingMail, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return a draft without files. An invitation is a part that only the MIME form can express."""
        if mail.invitation is None:
            return await graph.post(
                "messages", forms.outgoing(mail, message_id(mail.effect_key, self._account), key=key)
            )
        source = build(mail.model_copy(update={"attachments": ()}), self._account, with_bcc=True)
        draft = await graph.post_mime("messages", base64.b64encode(source))
        await graph.patch(f"messages/{draft['id']}", {"singleValueExtendedProperties": forms.properties(mail, key)})
        return draft

    async def _look(self, query: MailQuery, link: str, *, last: bool) -> tuple[str, tuple[ReceivedMail, ...]]:
        """Return the next link for changes, and the mails when there were changes."""
        async with self._client.open() as graph:
            changed = 1
            try:
                if link:
                    changed, link = await self._mailbox.changes(graph, link)
            except GraphRefusal as refusal:
                if refusal.status != httpx.codes.GONE:
                    raise
                link = ""  # Graph has forgotten what we know: begin anew
            if not link:
                link = await self._mailbox.watch(graph, query.folder)
            return link, await self._mailbox.search(graph, query) if changed or last else ()

    async def _keep_looking(self, look: Callable[[bool], Awaitable[_Found | None]]) -> _Found | None:
        """Look until there is something or `settle` is over; `look` is told which is the last time."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + self._account.settle.total_seconds(), _FIRST_PAUSE
        while (left := until - loop.time()) > 0:
            if (found := await look(False)) is not None:
                return found
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return await look(True)


async def _drafts(graph: GraphSession, key: str) -> list[str]:
    page = await graph.get("mailFolders/drafts/messages", **{"$filter": forms.key_filter(key), "$select": "id"})
    return [str(item["id"]) for item in page["value"]]


async def _sent(graph: GraphSession, key: str, folder: str) -> Any:  # noqa: ANN401 - JSON
    """Return the mail of that key that is no draft, in a folder or anywhere; None if there is none."""
    query = {"$filter": forms.key_filter(key), "$select": "id,isDraft,internetMessageId"}
    page = await graph.get(f"{folder}messages", **query)
    return next((item for item in page["value"] if not item["isDraft"]), None)


async def _delete(graph: GraphSession, draft: str) -> None:
    """Delete a draft for good: one that lies among the deleted could still be sent by its id."""
    try:
        await graph.post(f"messages/{draft}/permanentDelete")
    except GraphRefusal as refusal:
        if not refusal.about_an_item:
            await graph.delete(f"messages/{draft}")  # a cloud that does not have the other way yet


async def _discard(graph: GraphSession, draft: str) -> None:
    """Leave nothing behind if it can be helped; what is left is found by its key."""
    with contextlib.suppress(GraphRefusal, AnswerLost, CPAError):
        await _delete(graph, draft)
