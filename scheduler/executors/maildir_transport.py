"""Carries mail between maildirs on this machine, for work without a mail server: trials, training, air-gapped houses.

Below the root lies one maildir for each address, with its folders as Maildir++ has them (`.Sent`). What is sent is
accepted by renaming a folder into the spool, `spool/KEY`, that holds one link to the mail for each recipient and one
for ourselves. Each link is then renamed into its mailbox, so that every mailbox gets the mail exactly once, whenever we
die: what is left in the spool is delivered by whoever files the mail or sends the next one. A recipient without a
maildir is refused; nothing ever leaves the machine.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import MailboxMissingError, MailNotFoundError, MailServerUnreachableError
from scheduler.core.to_its_end import to_its_end
from scheduler.executors.files import flush_folder
from scheduler.executors.mail_account import MailAccount
from scheduler.executors.mail_filter import fits
from scheduler.executors.mail_folders import choose_folder, find_folder, new_name
from scheduler.executors.mail_mime import build, message_id
from scheduler.executors.mail_reading import files_of
from scheduler.executors.mail_transport import Folder, MailFile, MailQuery, OutgoingMail, ReceivedMail, Trace
from scheduler.executors.maildir import DRAFTS, SENT, Maildir

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks at the folders
_Given = TypeVar("_Given")


class MaildirTransport:
    """A MailTransport for the mailbox of `account` below `root`; the account's servers are not used."""

    def __init__(self, root: Path, account: MailAccount) -> None:
        self._root = root
        self._account = account
        self._box = self._mailbox(account.address)

    @property
    def address(self) -> str:
        return self._account.address

    @crash_points(CrashPoint.BEFORE_MAIL_SEND, CrashPoint.AFTER_MAIL_SEND)
    async def send(self, mail: OutgoingMail) -> str:
        """As MailTransport says; the same mail sent again is the same sending."""
        await self._in_thread(lambda: self._send(mail))
        return message_id(mail.effect_key, self._account)

    @crash_points(CrashPoint.BEFORE_MAIL_FILE, CrashPoint.AFTER_MAIL_FILE)
    async def file(self, mail: OutgoingMail) -> bool:
        return await self._in_thread(lambda: self._file(mail.effect_key))

    async def find(self, effect_key: str) -> Trace:
        return await self._in_thread(lambda: self._find(effect_key))

    @crash_points(CrashPoint.BEFORE_MAIL_DRAFT, CrashPoint.AFTER_MAIL_DRAFT)
    async def draft(self, mail: OutgoingMail) -> str:
        return await self._in_thread(lambda: self._draft(mail))

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        return await self._in_thread(lambda: self._search(query))

    async def wait_for(self, query: MailQuery, within: timedelta) -> tuple[ReceivedMail, ...]:
        until, pause = time.monotonic() + within.total_seconds(), _FIRST_PAUSE
        seen = await self._in_thread(self._box.stamp)
        while not (found := await self.search(query)):
            while (now := await self._in_thread(self._box.stamp)) == seen:
                if (left := until - time.monotonic()) <= 0:
                    return ()
                await asyncio.sleep(min(pause, left))
                pause = min(2 * pause, _LONGEST_PAUSE)
            seen = now
        return found

    async def read(self, mail_id: str) -> ReceivedMail:
        return await self._in_thread(lambda: self._box.read(self._box.place(mail_id), whole=True))

    async def files(self, mail_id: str) -> tuple[MailFile, ...]:
        return await self._in_thread(lambda: files_of(self._box.message(self._box.place(mail_id))))

    async def folders(self) -> tuple[Folder, ...]:
        return await self._in_thread(lambda: tuple(self._box.folders()))

    @crash_points(CrashPoint.BEFORE_MAIL_MOVE, CrashPoint.AFTER_MAIL_MOVE)
    async def move(self, mail_id: str, folder: str, *, create: bool = False) -> str:
        return await self._in_thread(lambda: self._move(mail_id, folder, create=create))

    @crash_points(CrashPoint.BEFORE_MAIL_MARK, CrashPoint.AFTER_MAIL_MARK)
    async def mark(self, mail_id: str, *, seen: bool | None = None, flagged: bool | None = None) -> None:
        await self._in_thread(lambda: self._box.mark(self._box.place(mail_id), seen=seen, flagged=flagged))

    async def _in_thread(self, work: Callable[[], _Given]) -> _Given:
        """Do what no cancellation stops; who is cancelled goes when it has ended, so that others can look then."""
        try:
            return await to_its_end(asyncio.to_thread(work))
        except OSError as error:
            raise MailServerUnreachableError(str(self._root), str(error)) from error

    def _send(self, mail: OutgoingMail) -> None:
        for recipient in mail.recipients:
            if not self._mailbox(recipient).exists:
                raise MailboxMissingError(recipient, str(self._mailbox(recipient).path))
        if self._find(mail.effect_key).happened:
            return
        self._box.make()
        prepared = self._root / "spool" / f".{mail.effect_key}"
        shutil.rmtree(prepared, ignore_errors=True)  # whoever prepared it died before it was accepted
        prepared.mkdir(parents=True)
        ours = _write(prepared / _OURS, build(mail, self._account))
        for recipient in mail.recipients:
            (prepared / quote(recipient.casefold(), safe="@+")).hardlink_to(ours)
        flush_folder(prepared)
        prepared.rename(self._spooled(mail.effect_key))
        flush_folder(prepared.parent)
        self._deliver(mail.effect_key)

    def _deliver(self, effect_key: str) -> None:
        """Bring what is in the spool to the mailboxes of others. Repeatable, also by two at once."""
        for link in self._spooled(effect_key).iterdir():
            if link.name != _OURS:
                self._mailbox(unquote(link.name)).take(link, effect_key)

    def _file(self, effect_key: str) -> bool:
        spooled = self._spooled(effect_key)
        with contextlib.suppress(FileNotFoundError):  # nothing is left to do, or somebody else has just done it
            self._deliver(effect_key)
            self._box.take(spooled / _OURS, effect_key, SENT, seen=True)
            spooled.rmdir()
        return self._box.find(effect_key, SENT) is not None

    def _find(self, effect_key: str) -> Trace:
        name = message_id(effect_key, self._account)
        if self._box.find(effect_key, SENT) is not None:
            return Trace(happened=True, filed=True, message_id=name, detail=f"found in {SENT}")
        if self._spooled(effect_key).is_dir():
            return Trace(happened=True, filed=False, message_id=name, detail="found in the spool")
        return Trace(happened=False, filed=False, message_id=name, detail="neither sent nor in the spool")

    def _draft(self, mail: OutgoingMail) -> str:
        self._box.make()
        if self._box.find(mail.effect_key, DRAFTS) is None:
            prepared = self._root / "spool" / f".{mail.effect_key}.draft"
            prepared.parent.mkdir(exist_ok=True)
            _write(prepared, build(mail, self._account, with_bcc=True))
            self._box.take(prepared, mail.effect_key, DRAFTS, seen=True)
        place = self._box.find(mail.effect_key, DRAFTS)
        if place is None:
            raise MailNotFoundError(mail.effect_key)
        return place.name

    def _search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        folder = choose_folder(query.folder, self._box.folders()).name
        found: list[ReceivedMail] = []
        for place in self._box.newest(folder):
            mail = self._box.read(place)
            if fits(mail, query):
                found.append(mail)
                if query.mark_seen:
                    self._box.mark(place, seen=True)
            if len(found) == query.limit:
                break
        return tuple(found)

    def _move(self, mail_id: str, folder: str, *, create: bool) -> str:
        folders = self._box.folders()
        if create and find_folder(folder, folders) is None:
            self._box.make_folder(new_name(folder, folders))
            folders = self._box.folders()
        wanted = choose_folder(folder, folders).name
        return self._box.move(self._box.place(mail_id), wanted).name

    def _mailbox(self, address: str) -> Maildir:
        return Maildir(self._root / quote(address.casefold(), safe="@+"))  # an address may have a slash

    def _spooled(self, effect_key: str) -> Path:
        return self._root / "spool" / effect_key


_OURS = ".sent"


def _write(path: Path, content: bytes) -> Path:
    """Write a file that nobody looks at yet, through to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path
