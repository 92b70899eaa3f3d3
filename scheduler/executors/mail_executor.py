"""Does what can be done in one mailbox. A mail goes out once: its Message-ID holds the effect key."""

import asyncio
import fnmatch
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any, ClassVar

from scheduler.core.actions import ActionSpec
from scheduler.core.address_book import AddressBook, nobody_known
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import (
    ArtifactNotFoundError,
    AttachmentMissingError,
    MailNotFoundError,
    MailNotReceivedError,
    UnknownActionError,
)
from scheduler.core.ids import moment_in
from scheduler.core.questions import Choice
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.contacts import without_titles
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_actions import (
    DOWNLOAD,
    DRAFT,
    MARK,
    MOVE,
    READ,
    SEARCH,
    SEND,
    WAIT_FOR,
    DownloadAttachments,
    MarkMail,
    MoveMail,
    ReadMail,
    SearchMail,
    SendMail,
    WaitForMail,
    WriteMail,
)
from scheduler.executors.mail_composer import MailComposer
from scheduler.executors.mail_folders import choose_folder
from scheduler.executors.mail_sender import MailSender
from scheduler.executors.mail_transport import MailFile, MailQuery, MailTransport, OutgoingMail, ReceivedMail
from scheduler.executors.mail_unconfigured import UnconfiguredTransport
from scheduler.executors.which_one import the_one

_MARGIN = 0.9  # of a step's time: what is left is for saying that nothing came

_Step = Callable[[ToDo, ExecutionContext], Awaitable[dict[str, Any]]]
_Look = Callable[[ToDo, ExecutionContext], Awaitable[Verification]]


class MailExecutor(BaseExecutor):
    """Does the `mail.*` actions in one mailbox."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (SEND, DRAFT, READ, SEARCH, WAIT_FOR, MOVE, MARK, DOWNLOAD)

    def __init__(
        self,
        *,
        transport: MailTransport,
        artifacts: ArtifactStore,
        addresses: AddressBook = nobody_known,
        clock: Clock | None = None,
    ) -> None:
        self._transport = transport
        self._artifacts = artifacts
        self._clock = clock or SystemClock()
        self._sender = MailSender(transport)
        self._composer = MailComposer(transport=transport, artifacts=artifacts, addresses=addresses, clock=self._clock)
        self._steps: dict[str, tuple[_Step, _Look]] = {
            SEND.name: (self._send, self._verify_send),
            DRAFT.name: (self._draft, self._verify_draft),
            READ.name: (self._read, self._verify_read),
            SEARCH.name: (self._search, self._verify_search),
            WAIT_FOR.name: (self._wait_for, self._verify_wait_for),
            MOVE.name: (self._move, self._verify_move),
            MARK.name: (self._mark, self._verify_mark),
            DOWNLOAD.name: (self._download, self._verify_download),
        }

    def require(self, todo: ToDo) -> None:  # noqa: ARG002 - all of it needs the mailbox
        """Raise MailNotSetUpError without a mailbox."""
        if isinstance(self._transport, UnconfiguredTransport):
            raise self._transport.error()

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step once. Raises what MailTransport and MailComposer name, and InvalidInputError."""
        step, _ = self._step(todo)
        return Performed(result=await step(todo, context))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the step has happened. Looking for mails leaves no trace and is done again."""
        _, look = self._step(todo)
        return await look(todo, context)

    def _step(self, todo: ToDo) -> tuple[_Step, _Look]:
        if todo.action not in self._steps:
            raise UnknownActionError(todo.action, field="action", known=list(self._steps))
        return self._steps[todo.action]

    async def _write(self, params: WriteMail, todo: ToDo, context: ExecutionContext) -> OutgoingMail:
        return await self._composer.write(params, context, f"{todo.id}.params")

    async def _send(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        return await self._sender.send(await self._write(parse_params(SendMail, todo), todo, context))

    async def _verify_send(self, todo: ToDo, context: ExecutionContext) -> Verification:
        params = parse_params(SendMail, todo)
        return await self._sender.verify(context.effect_key, lambda: self._write(params, todo, context))

    async def _draft(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        mail = await self._write(parse_params(WriteMail, todo), todo, context)
        names = [attachment.name for attachment in mail.attachments]
        return {"id": await self._transport.draft(mail), "recipients": list(mail.recipients), "attachments": names}

    async def _verify_draft(self, todo: ToDo, context: ExecutionContext) -> Verification:
        """Draft it again: one of the same effect key that lies there is left alone."""
        if not context.effect_key:
            return Verification(happened=None, detail="a draft without an effect key cannot be found again")
        return Verification(happened=True, result=await self._draft(todo, context))

    async def _read(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(ReadMail, todo)
        if params.id is None:
            return _mails(*await self._transport.search(MailQuery.model_validate(params.model_dump(exclude={"id"}))))
        mail = await self._transport.read(params.id)
        if params.mark_seen and not mail.seen:
            await self._transport.mark(mail.id, seen=True)
        return _mails(mail)

    async def _verify_read(self, todo: ToDo, context: ExecutionContext) -> Verification:
        params = parse_params(ReadMail, todo)
        if params.mark_seen and params.id is None:  # what it returned is no longer unseen, and so is lost
            return Verification(happened=None, detail="some mails may have been marked as seen")
        return Verification(happened=True, result=await self._read(todo, context))

    async def _search(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(SearchMail, todo)
        wanted = _query(params.model_dump(exclude={"one"}) | {"limit": params.limit + 1})
        found = await self._transport.search(wanted)
        if params.one:
            return {**_mails(_the_mail(params, found[: params.limit], context)), "more": False}
        return {**_mails(*found[: params.limit]), "more": len(found) > params.limit}

    async def _verify_search(self, todo: ToDo, context: ExecutionContext) -> Verification:
        return Verification(happened=True, result=await self._search(todo, context))

    async def _wait_for(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(WaitForMail, todo)
        longest = timedelta(seconds=min(params.within or todo.timeout, _MARGIN * todo.timeout))
        found = await self._transport.wait_for(self._awaited(params, context), longest)
        if not found:
            wanted = params.model_dump(mode="json", exclude_none=True, exclude={"within"})
            raise MailNotReceivedError(
                ", ".join(f"{name}: {value}" for name, value in wanted.items()), f"{longest.total_seconds():g} s"
            )
        return _mails(*found)

    async def _verify_wait_for(self, todo: ToDo, context: ExecutionContext) -> Verification:
        found = await self._transport.search(self._awaited(parse_params(WaitForMail, todo), context))
        if not found:
            return Verification(happened=False, detail="no such mail has come yet")
        return Verification(happened=True, result=_mails(*found))

    def _awaited(self, params: WaitForMail, context: ExecutionContext) -> MailQuery:
        since = params.since or moment_in(context.job_id) or self._clock.now()
        return _query(params.model_dump(exclude={"within"}) | {"since": since, "limit": 1})

    async def _move(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(MoveMail, todo)
        ids = [await self._transport.move(mail, params.folder, create=params.create) for mail in params.mail]
        return {"ids": ids, "folder": params.folder, "count": len(ids)}

    async def _verify_move(self, todo: ToDo, _context: ExecutionContext) -> Verification:
        params = parse_params(MoveMail, todo)
        wanted = choose_folder(params.folder, await self._transport.folders()).name
        mails = await self._those(params.mail)
        if mails is None or any(mail.folder != wanted for mail in mails):
            return Verification(happened=False, detail=f"not all lie in {wanted}")
        ids = [mail.id for mail in mails]
        return Verification(happened=True, result={"ids": ids, "folder": params.folder, "count": len(ids)})

    async def _mark(self, todo: ToDo, _context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(MarkMail, todo)
        for mail in params.mail:
            await self._transport.mark(mail, seen=params.seen, flagged=params.flagged)
        return {"ids": list(params.mail), "count": len(params.mail)}

    async def _verify_mark(self, todo: ToDo, _context: ExecutionContext) -> Verification:
        params = parse_params(MarkMail, todo)
        mails = await self._those(params.mail)
        if mails is None or not all(
            params.seen in {None, mail.seen} and params.flagged in {None, mail.flagged} for mail in mails
        ):
            return Verification(happened=False, detail="not all are marked so")
        return Verification(happened=True, result={"ids": list(params.mail), "count": len(params.mail)})

    async def _those(self, ids: tuple[str, ...]) -> list[ReceivedMail] | None:
        """Return the mails, or None when one of them is gone."""
        try:
            return [await self._transport.read(mail) for mail in ids]
        except MailNotFoundError:
            return None

    async def _download(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        files = await self._files(parse_params(DownloadAttachments, todo))
        addresses = [
            await asyncio.to_thread(self._artifacts.save, context.job_id, context.task_id, name, file.content)
            for name, file in files.items()
        ]
        return _kept(addresses, list(files))

    async def _verify_download(self, todo: ToDo, context: ExecutionContext) -> Verification:
        files = await self._files(parse_params(DownloadAttachments, todo))
        addresses = [self._artifacts.address_of(context.job_id, context.task_id, name) for name in files]
        try:
            kept = [self._artifacts.path_of(address).read_bytes() for address in addresses]
        except ArtifactNotFoundError as error:
            return Verification(happened=False, detail=str(error))
        if kept != [file.content for file in files.values()]:
            return Verification(happened=False, detail="the files that were kept are others")
        return Verification(happened=True, result=_kept(addresses, list(files)))

    async def _files(self, params: DownloadAttachments) -> dict[str, MailFile]:
        """Return the files that are wanted, each by a name of its own. Raises AttachmentMissingError for none."""
        files: dict[str, MailFile] = {}
        names = []
        for file in await self._transport.files(params.mail):
            if file.content_id is None or params.inline:
                names.append(file.name)
                if fnmatch.fnmatch(file.name.casefold(), params.pattern.casefold()):
                    files[_free(file.name, files)] = file
        if not files:
            raise AttachmentMissingError(params.pattern, names)
        return files


def _the_mail(params: SearchMail, found: Sequence[ReceivedMail], context: ExecutionContext) -> ReceivedMail:
    """Return the one mail that is wanted. Raises MailNotFoundError, and SeveralFitError, which asks which one."""
    given = params.model_dump(mode="json", exclude_defaults=True, exclude={"one", "limit", "folder"})
    what = ", ".join(str(words) for words in given.values()) or params.folder
    if not found:
        raise MailNotFoundError(what)
    chosen = the_one(what, [Choice(value=one.id, label=_label(one)) for one in found], context)
    return next(one for one in found if one.id == chosen)


def _label(mail: ReceivedMail) -> str:
    came = mail.received or mail.date
    return f"{mail.sender_name or mail.sender}: {mail.subject}" + (f" ({came:%Y-%m-%d %H:%M})" if came else "")


def _query(wanted: dict[str, Any]) -> MailQuery:
    """Return the query; people are looked for as mails name them."""
    named = {who: without_titles(wanted[who]) for who in ("sender", "recipient") if wanted.get(who)}
    return MailQuery.model_validate(wanted | named)


def _mails(*mails: ReceivedMail) -> dict[str, Any]:
    messages = [mail.model_dump(mode="json") for mail in mails]
    return {"id": mails[0].id if mails else None, "messages": messages, "count": len(mails)}


def _kept(addresses: list[str], names: list[str]) -> dict[str, Any]:
    return {"artifact": addresses[0], "artifacts": addresses, "names": names, "count": len(addresses)}


def _free(name: str, taken: dict[str, MailFile]) -> str:
    """Return the name, numbered if it is taken, whatever the case of its letters."""
    path, used = PurePosixPath(name), {other.casefold() for other in taken}
    names = (name, *(f"{path.stem} ({number}){path.suffix}" for number in range(2, len(taken) + 2)))
    return next(candidate for candidate in names if candidate.casefold() not in used)
