"""Works in a mailbox over IMAP. Everything here blocks: call it in a thread.

A sent mail is known by its Message-ID. Its copy lies in the folder for sent mail or, until it is filed, in the inbox.
"""

import contextlib
import imaplib
import ssl
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from imap_tools import AND, BaseMailBox, Header, MailBox, MailboxLoginError, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError

from scheduler.core.errors import InvalidInputError, MailLoginError, MailServerUnreachableError
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_mime import read
from scheduler.executors.mail_transport import INBOX, MailQuery, ReceivedMail

_SEEN = "\\Seen"
_SENT = "\\Sent"
_CANNOT_BE_OPENED = {"\\noselect", "\\nonexistent"}


class Place(NamedTuple):
    """A folder with the mail that was looked for."""

    folder: str
    is_sent_folder: bool


class ImapMailbox:
    """The mailbox of an account. Each call is one session of its own."""

    def __init__(self, account: MailAccount) -> None:
        self._account = account
        self._server = f"{account.imap_host}:{account.imap_port}"

    def locate(self, message_id: str, *, everywhere: bool) -> Place | None:
        """Return where a mail lies; None if it is nowhere.

        Looks into the sent folder and the inbox, or into every folder, since filters may have moved it.
        """
        with self._session() as box:
            sent = self._sent_folder(box)
            folders = [sent, INBOX, *(_folders(box) if everywhere else ())]
            for folder in dict.fromkeys(folders):
                if _find(box, folder, message_id):
                    return Place(folder, is_sent_folder=folder == sent)
        return None

    def file_copy(self, message_id: str, *, keep_in_inbox: bool) -> bool:
        """Bring the copy from the inbox into the sent folder; say whether it is there now.

        `keep_in_inbox` is for mails that are meant for ourselves as well.
        """
        with self._session() as box:
            sent = self._sent_folder(box)
            filed = bool(_find(box, sent, message_id))
            copies = _find(box, INBOX, message_id)
            if copies and not keep_in_inbox:
                box.flag(copies, _SEEN, True)
            if copies and filed and not keep_in_inbox:
                box.delete(copies)
            elif copies and not filed:
                (box.copy if keep_in_inbox else box.move)(copies[:1], sent)
            return filed or bool(copies)

    def append_copy(self, message_id: str, content: bytes) -> None:
        """Put a copy into the sent folder unless it is there."""
        with self._session() as box:
            sent = self._sent_folder(box)
            if not _find(box, sent, message_id):
                box.append(content, sent, flag_set=[_SEEN])

    def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        """Return mails, newest first. Raises InvalidInputError when there is no such folder."""
        with self._session() as box:
            try:
                box.folder.set(query.folder, readonly=not query.mark_seen)
            except MailboxFolderSelectError as error:
                there = ", ".join(_folders(box))
                raise InvalidInputError("folder", f"there is no folder {query.folder!r}, but {there}") from error
            criteria, charset = _criteria(query)
            found = list(box.fetch(criteria, charset, limit=query.limit, mark_seen=False, reverse=True))
            mails = tuple(read(message) for message in found)
            if query.mark_seen and found:
                box.flag([message.uid for message in found if message.uid], _SEEN, True)
        return mails

    @contextlib.contextmanager
    def _session(self) -> Iterator[BaseMailBox]:
        password = self._account.password()
        try:
            box = self._connect()
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise MailServerUnreachableError(self._server, str(error)) from error
        try:
            self._log_in(box, password)
            yield box
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise MailServerUnreachableError(self._server, str(error)) from error
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                box.logout()

    def _connect(self) -> BaseMailBox:
        account, limit = self._account, self._account.timeout.total_seconds()
        if account.security is MailSecurity.NONE:
            return MailBoxUnencrypted(account.imap_host, account.imap_port, timeout=limit)
        kind = MailBox if account.security is MailSecurity.TLS else MailBoxStartTls
        return kind(account.imap_host, account.imap_port, timeout=limit, ssl_context=ssl.create_default_context())

    def _log_in(self, box: BaseMailBox, password: str) -> None:
        user = self._account.username
        log_in = box.login if (user + password).isascii() else box.login_utf8
        try:
            log_in(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            raise MailLoginError(self._server, user) from error
        # Many servers offer MOVE only to those who have logged in, and imaplib asks but once, before.
        answer = box.client.capability()[1][-1]
        box.client.capabilities = tuple(answer.decode().upper().split())

    def _sent_folder(self, box: BaseMailBox) -> str:
        for folder in box.folder.list():
            if _SENT in folder.flags:
                return folder.name
        name = self._account.sent_folder
        if not box.folder.exists(name):
            box.folder.create(name)
        return name


def _folders(box: BaseMailBox) -> list[str]:
    return [
        folder.name
        for folder in box.folder.list()
        if not _CANNOT_BE_OPENED & {flag.casefold() for flag in folder.flags}
    ]


def _find(box: BaseMailBox, folder: str, message_id: str) -> Sequence[str]:
    """Select the folder and return the UIDs of the mails with that Message-ID."""
    box.folder.set(folder)
    return box.uids(AND(header=Header("Message-ID", message_id)))


def _criteria(query: MailQuery) -> tuple[str, str]:
    """Return the IMAP search and its charset."""
    if not any((query.sender, query.subject, query.words, query.since, query.unseen)):
        return "ALL", "US-ASCII"
    criteria = str(
        AND(
            from_=query.sender or None,
            subject=query.subject or None,
            text=query.words.split() if query.words else None,
            date_gte=query.since,
            seen=False if query.unseen else None,
        )
    )
    return criteria, "US-ASCII" if criteria.isascii() else "UTF-8"
