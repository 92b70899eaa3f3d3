"""Finds, reads, moves and marks mails over IMAP. Everything here blocks: call it in a thread.

The id of a mail has its folder's UIDVALIDITY, its UID, the folder and the Message-ID, each percent-encoded: the first
three find it at once, the last one finds it when it was moved by somebody else.
"""

import imaplib
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote

from imap_tools import AND, BaseMailBox, Header
from imap_tools.errors import MailboxFolderCreateError
from imap_tools.message import MailMessage

from scheduler.core.errors import MailNotFoundError, MailServerUnreachableError
from scheduler.executors.imap_session import ImapServer, folders_of, set_flag
from scheduler.executors.mail_account import MailAccount
from scheduler.executors.mail_filter import fits_besides, moment_of
from scheduler.executors.mail_folders import choose_folder, find_folder, new_name, no_folder
from scheduler.executors.mail_reading import Lies, files_of, message_id_of, read
from scheduler.executors.mail_transport import Folder, FolderRole, MailFile, MailQuery, ReceivedMail

MOST_LOOKED_AT = 1_000
"""Mails that fit by what the server searched, looked at for what it cannot search, the last ones first."""

_SEEN, _FLAGGED = "\\Seen", "\\Flagged"
_WHAT = "(UID FLAGS INTERNALDATE BODY.PEEK[])"
_LOOK_AGAIN = 20.0  # seconds: what a server forgot to tell is found all the same
_NOTICE_CANCEL = 0.5
_TOO_EARLY = 0.05
_NO_IDLE_PAUSE = 2.0
_AFTER_BREAK = 1.0


class _At(NamedTuple):
    """A mail in the folder that is selected."""

    folder: str
    uid: str


class ImapMails:
    """The mails of an account. Each call is one session of its own."""

    def __init__(self, account: MailAccount) -> None:
        self._server = ImapServer(account)

    def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        """As MailTransport says."""
        with self._server.session() as box:
            folder = choose_folder(query.folder, folders_of(box)).name
            return _search(box, folder, query)

    def wait_for(self, query: MailQuery, until: float, stopped: threading.Event) -> tuple[ReceivedMail, ...]:
        """As MailTransport says, until `time.monotonic()` is over `until` or `stopped` is set."""
        while not stopped.is_set():
            try:
                with self._server.session() as box:
                    folder = choose_folder(query.folder, folders_of(box)).name
                    while not (found := _search(box, folder, query)) and time.monotonic() < until:
                        _await_change(box, until, stopped)
                        if stopped.is_set():
                            return ()
                    return found
            except MailServerUnreachableError:
                if time.monotonic() >= until:
                    raise
                stopped.wait(_AFTER_BREAK)
        return ()

    def read(self, mail_id: str) -> ReceivedMail:
        """As MailTransport says."""
        with self._server.session() as box:
            at = _place(box, mail_id, readonly=True)
            return _read(box, at, _fetch(box, at.uid, mail_id), whole=True)

    def files(self, mail_id: str) -> tuple[MailFile, ...]:
        """As MailTransport says."""
        with self._server.session() as box:
            at = _place(box, mail_id, readonly=True)
            return files_of(_fetch(box, at.uid, mail_id))

    def folders(self) -> tuple[Folder, ...]:
        """As MailTransport says."""
        with self._server.session() as box:
            return tuple(folders_of(box))

    def move_to(self, mail_id: str, folder: str, *, create: bool) -> str:
        """As MailTransport says."""
        with self._server.session() as box:
            folders = folders_of(box)
            if create and find_folder(folder, folders) is None:
                _make(box, new_name(folder, folders))
                folders = folders_of(box)
            wanted = choose_folder(folder, folders).name
            at = _place(box, mail_id)
            name = message_id_of(_fetch(box, at.uid, mail_id))
            if at.folder == wanted:
                return _id(box, at, name)
            box.move([at.uid], wanted)
            box.folder.set(wanted)
            there = _with_message_id(box, name) or box.uids("ALL")  # without a Message-ID it is the last that came
            if not there:
                raise MailNotFoundError(mail_id)
            return _id(box, _At(wanted, there[-1]), name)

    def mark(self, mail_id: str, *, seen: bool | None, flagged: bool | None) -> None:
        """As MailTransport says."""
        with self._server.session() as box:
            at = _place(box, mail_id)
            for flag, wanted in ((_SEEN, seen), (_FLAGGED, flagged)):
                if wanted is not None:
                    set_flag(box, [at.uid], flag, wanted=wanted)


def _make(box: BaseMailBox, folder: str) -> None:
    try:
        box.folder.create(folder)
    except MailboxFolderCreateError as error:
        (said, *_) = error.command_result[1]
        raise no_folder(folder, said.decode(errors="replace")) from error


def mail_id(box: BaseMailBox, folder: str, uid: str, message_id: str) -> str:
    """Return the id of a mail in the folder that is selected."""
    return _id(box, _At(folder, uid), message_id)


def _id(box: BaseMailBox, at: _At, message_id: str) -> str:
    return ":".join(("imap", _validity(box), at.uid, quote(at.folder, safe=""), quote(message_id, safe="")))


def _validity(box: BaseMailBox) -> str:
    """Return the UIDVALIDITY of the folder that is selected."""
    (value,) = box.client.untagged_responses.get("UIDVALIDITY", [b"0"])[-1:]
    return value.decode() if isinstance(value, bytes) else "0"


def _place(box: BaseMailBox, mail_id: str, *, readonly: bool = False) -> _At:
    """Select the folder in which the mail lies. Raises MailNotFoundError."""
    message_id = mail_id if mail_id.startswith("<") else ""
    folders = folders_of(box)
    if mail_id.startswith("imap:") and mail_id.count(":") == 4:
        _, validity, uid, name, message_id = map(unquote, mail_id.split(":"))
        if uid.isdecimal() and name in {folder.name for folder in folders}:
            box.folder.set(name, readonly)
            if _validity(box) == validity and box.uids(AND(uid=uid)):
                return _At(name, uid)
    if message_id:
        for folder in sorted(folders, key=_likely):
            box.folder.set(folder.name, readonly)
            if found := _with_message_id(box, message_id):
                return _At(folder.name, found[-1])
    raise MailNotFoundError(mail_id)


def _likely(folder: Folder) -> int:
    likely: Sequence[FolderRole | None] = (FolderRole.INBOX, FolderRole.SENT, FolderRole.ARCHIVE, None)
    return likely.index(folder.role) if folder.role in likely else len(likely)


def _with_message_id(box: BaseMailBox, message_id: str) -> list[str]:
    """Return the UIDs in the folder that is selected; no server can search for what is not ASCII there."""
    if not message_id or not message_id.isascii():
        return []
    return list(box.uids(AND(header=Header("Message-ID", message_id))))


def _search(box: BaseMailBox, folder: str, query: MailQuery) -> tuple[ReceivedMail, ...]:
    box.folder.set(folder, not query.mark_seen)
    criteria, charset = _criteria(query)
    if isinstance(query.since, datetime):  # the server knows when a mail came to the second
        query = query.model_copy(update={"since": query.since.replace(microsecond=0)})
    mails: list[ReceivedMail] = []
    uids: list[str] = []
    for uid, message in _newest(box, box.uids(criteria, charset)[-MOST_LOOKED_AT:]):
        mail = _read(box, _At(folder, uid), message)
        if fits_besides(mail, query):
            mails.append(mail)
            uids.append(uid)
        if len(mails) == query.limit:
            break
    if query.mark_seen and uids:
        set_flag(box, uids, _SEEN, wanted=True)
    return tuple(mails)


def _newest(box: BaseMailBox, uids: Sequence[str]) -> Iterator[tuple[str, MailMessage]]:
    """Fetch one by one, the last one first; one that is deleted meanwhile is passed over."""
    for uid in reversed(uids):
        message = _fetched(box, uid)
        if message is not None:
            yield uid, message


def _fetched(box: BaseMailBox, uid: str) -> MailMessage | None:
    status, parts = box.client.uid("FETCH", uid, _WHAT)
    if status != "OK":
        raise imaplib.IMAP4.error(f"FETCH was answered {status}")
    return MailMessage(parts) if any(isinstance(part, tuple) for part in parts) else None


def _fetch(box: BaseMailBox, uid: str, mail_id: str) -> MailMessage:
    message = _fetched(box, uid)
    if message is None:
        raise MailNotFoundError(mail_id)
    return message


def _read(box: BaseMailBox, at: _At, message: MailMessage, *, whole: bool = False) -> ReceivedMail:
    lies = Lies(
        id=_id(box, at, message_id_of(message)),
        folder=at.folder,
        received=_received(message),
        seen=_SEEN in message.flags,
        flagged=_FLAGGED in message.flags,
    )
    return read(message, lies, whole=whole)


def _received(message: MailMessage) -> datetime | None:
    for line in message._raw_flag_data:  # noqa: SLF001 - the library reads flags and UID from it, but not this
        found = imaplib.Internaldate2tuple(line)
        if found is not None:
            return datetime.fromtimestamp(time.mktime(found), UTC)
    return None


def _await_change(box: BaseMailBox, until: float, stopped: threading.Event) -> None:
    """Return when the server tells of something, when it is time to look again, or when there is no more time."""
    look_again = min(until, time.monotonic() + _LOOK_AGAIN)
    if "IDLE" not in box.client.capabilities:
        stopped.wait(max(0.0, min(_NO_IDLE_PAUSE, look_again - time.monotonic())))
        box.client.noop()
        return
    with box.idle as idle:
        while not stopped.is_set() and (left := look_again - time.monotonic()) > 0:
            slice_ends = time.monotonic() + min(left, _NOTICE_CANCEL)
            told = idle.poll(timeout=min(left, _NOTICE_CANCEL))
            if told or time.monotonic() < slice_ends - _TOO_EARLY:  # early and nothing told: the connection is closed
                return


def _criteria(query: MailQuery) -> tuple[str, str]:
    """Return the IMAP search and its charset. Days are widened by one: the server counts them in its own time zone."""
    since, before = moment_of(query.since), moment_of(query.before)
    criteria = str(
        AND(
            all=True,
            from_=query.sender or None,
            to=query.recipient or None,
            subject=query.subject or None,
            text=query.words.split() if query.words else None,
            date_gte=(since - timedelta(days=1)).date() if since else None,
            date_lt=(before + timedelta(days=2)).date() if before else None,
            seen=False if query.unseen else None,
            flagged=True if query.flagged else None,
        )
    )
    return criteria, "US-ASCII" if criteria.isascii() else "UTF-8"
