"""Opens a mailbox over IMAP and closes it again. Everything here blocks: call it in a thread."""

import contextlib
import imaplib
import ssl
from collections.abc import Iterator, Sequence

from imap_tools import BaseMailBox, FolderInfo, MailBox, MailboxLoginError, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from scheduler.core.errors import MailLoginError, MailServerUnreachableError
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_folders import role_of
from scheduler.executors.mail_transport import INBOX, Folder, FolderRole

BROKEN = (OSError, imaplib.IMAP4.error, ImapToolsError)

_CANNOT_BE_OPENED = {"\\noselect", "\\nonexistent"}
_ROLES = {
    "\\sent": FolderRole.SENT,
    "\\drafts": FolderRole.DRAFTS,
    "\\archive": FolderRole.ARCHIVE,
    "\\junk": FolderRole.JUNK,
    "\\trash": FolderRole.TRASH,
}  # RFC 6154


class ImapServer:
    """Where the mailbox of an account is reached. Each session logs in anew."""

    def __init__(self, account: MailAccount) -> None:
        self._account = account
        self._server = f"{account.imap_host}:{account.imap_port}"

    @contextlib.contextmanager
    def session(self) -> Iterator[BaseMailBox]:
        """Open the mailbox. Raises MailServerUnreachableError or MailLoginError, also for what is done in it."""
        try:
            box = self._connect()
        except BROKEN as error:
            raise MailServerUnreachableError(self._server, str(error)) from error
        try:
            self._log_in(box)
            yield box
        except BROKEN as error:
            raise MailServerUnreachableError(self._server, str(error)) from error
        finally:
            with contextlib.suppress(*BROKEN):
                box.logout()
            with contextlib.suppress(*BROKEN):
                box.client.shutdown()  # what logout leaves open when the connection is broken

    def _connect(self) -> BaseMailBox:
        account, limit = self._account, self._account.timeout.total_seconds()
        if account.security is MailSecurity.NONE:
            return MailBoxUnencrypted(account.imap_host, account.imap_port, timeout=limit)
        kind = MailBox if account.security is MailSecurity.TLS else MailBoxStartTls
        return kind(account.imap_host, account.imap_port, timeout=limit, ssl_context=ssl.create_default_context())

    def _log_in(self, box: BaseMailBox) -> None:
        user = self._account.username
        try:
            if self._account.token is not None:
                box.xoauth2(user, self._account.token(), initial_folder=None)
            else:
                password = self._account.password()
                log_in = box.login if (user + password).isascii() else box.login_utf8
                log_in(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            raise MailLoginError(self._server, user) from error
        # Many servers offer MOVE only to those who have logged in, and imaplib asks but once, before.
        answer = box.client.capability()[1][-1]
        box.client.capabilities = tuple(answer.decode().upper().split())


def folders_of(box: BaseMailBox) -> list[Folder]:
    """Return the folders that can be opened, the inbox first; what the server does not mark is known by its name."""
    found = [info for info in box.folder.list() if not _CANNOT_BE_OPENED & _flags(info)]
    marked = {role for info in found for flag, role in _ROLES.items() if flag in _flags(info)}
    folders = [_folder(info, marked) for info in found]
    return sorted(folders, key=lambda folder: folder.role is not FolderRole.INBOX)


def _folder(info: FolderInfo, marked: set[FolderRole]) -> Folder:
    separator = "/" if info.delim in {"", "NIL"} else info.delim
    return Folder(name=info.name, role=_role(info, marked), separator=separator)


def _role(info: FolderInfo, marked: set[FolderRole]) -> FolderRole | None:
    for flag, role in _ROLES.items():
        if flag in _flags(info):
            return role
    if info.name.upper() == INBOX:
        return FolderRole.INBOX
    named = role_of(info.name.rpartition(info.delim)[2] if info.delim != "NIL" else info.name)
    return None if named in marked or named is FolderRole.INBOX else named


def _flags(info: FolderInfo) -> set[str]:
    return {flag.casefold() for flag in info.flags}


def special_folder(box: BaseMailBox, role: FolderRole, name: str) -> str:
    """Return the folder of that role; the one with this name is made where there is none."""
    for folder in folders_of(box):
        if folder.role is role:
            return folder.name
    if not box.folder.exists(name):
        box.folder.create(name)
    return name


def set_flag(box: BaseMailBox, uids: Sequence[str], flag: str, *, wanted: bool) -> None:
    """Set or take a flag. Unlike the library's own it leaves alone what others have marked as deleted."""
    status, _ = box.client.uid("STORE", ",".join(uids), f"{'+' if wanted else '-'}FLAGS", f"({flag})")
    if status != "OK":
        raise imaplib.IMAP4.error(f"STORE was answered {status}")
