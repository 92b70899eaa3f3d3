"""Keeps track of our own mails over IMAP: sent ones and drafts. Everything here blocks: call it in a thread.

A sent mail is known by its Message-ID. Its copy lies in the folder for sent mail or, until it is filed, in the inbox.
"""

from collections.abc import Sequence
from typing import NamedTuple

from imap_tools import AND, BaseMailBox, Header

from scheduler.executors.imap_mails import mail_id
from scheduler.executors.imap_session import ImapServer, folders_of, set_flag, special_folder
from scheduler.executors.mail_account import MailAccount
from scheduler.executors.mail_transport import INBOX, FolderRole

_SEEN = "\\Seen"
_DRAFT = "\\Draft"


class Place(NamedTuple):
    """A folder with the mail that was looked for."""

    folder: str
    is_sent_folder: bool


class ImapMailbox:
    """The mailbox of an account, as far as it holds what we wrote. Each call is one session of its own."""

    def __init__(self, account: MailAccount) -> None:
        self._account = account
        self._server = ImapServer(account)

    def locate(self, message_id: str, *, everywhere: bool) -> Place | None:
        """Return where a mail lies; None if it is nowhere.

        Looks into the sent folder and the inbox, or into every folder but the drafts, since filters may have moved it.
        """
        with self._server.session() as box:
            sent = self._sent_folder(box)
            others = [folder.name for folder in folders_of(box) if folder.role is not FolderRole.DRAFTS]
            for folder in dict.fromkeys([sent, INBOX, *(others if everywhere else ())]):
                if _find(box, folder, message_id):
                    return Place(folder, is_sent_folder=folder == sent)
        return None

    def file_copy(self, message_id: str, *, keep_in_inbox: bool) -> bool:
        """Bring the copy from the inbox into the sent folder; say whether it is there now.

        `keep_in_inbox` is for mails that are meant for ourselves as well.
        """
        with self._server.session() as box:
            sent = self._sent_folder(box)
            filed = bool(_find(box, sent, message_id))
            copies = _find(box, INBOX, message_id)
            if copies and not keep_in_inbox:
                set_flag(box, copies, _SEEN, wanted=True)
            if copies and filed and not keep_in_inbox:
                box.delete(copies)
            elif copies and not filed:
                (box.copy if keep_in_inbox else box.move)(copies[:1], sent)
            return filed or bool(copies)

    def append_copy(self, message_id: str, content: bytes) -> None:
        """Put a copy into the sent folder unless it is there."""
        with self._server.session() as box:
            sent = self._sent_folder(box)
            if not _find(box, sent, message_id):
                box.append(content, sent, flag_set=[_SEEN])

    def append_draft(self, message_id: str, content: bytes) -> str:
        """Put a draft among the drafts unless it is there; return its id."""
        with self._server.session() as box:
            drafts = special_folder(box, FolderRole.DRAFTS, "Drafts")
            if not _find(box, drafts, message_id):
                box.append(content, drafts, flag_set=[_DRAFT, _SEEN])
            return mail_id(box, drafts, _find(box, drafts, message_id)[0], message_id)

    def _sent_folder(self, box: BaseMailBox) -> str:
        return special_folder(box, FolderRole.SENT, self._account.sent_folder)


def _find(box: BaseMailBox, folder: str, message_id: str) -> Sequence[str]:
    """Select the folder and return the UIDs of the mails with that Message-ID."""
    box.folder.set(folder)
    return box.uids(AND(header=Header("Message-ID", message_id)))
