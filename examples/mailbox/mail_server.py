"""A real private mail server on loopback for the demo and the tests: SMTP in front, dovecot's mailboxes behind."""

import email
import email.policy
import imaplib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.mailbox.dovecot import Dovecot, free_port
from examples.mailbox.faults import Faults
from examples.mailbox.smtp_front import SmtpFront
from examples.mailbox.tokens import TokenIssuer

DEFAULT_ACCOUNTS: Mapping[str, str] = {"cpa@example.com": "geheim", "anna@example.com": "geheim"}

_STANDING = {"INBOX", "Sent", "Drafts"}


class MailServer:
    """Mailboxes for `accounts` (address -> password), gone again at the end. `faults` says what goes wrong next.

    With `tokens` people log in with XOAUTH2 as well.
    """

    def __init__(self, accounts: Mapping[str, str] = DEFAULT_ACCOUNTS, *, tokens: TokenIssuer | None = None) -> None:
        self._tokens = tokens
        self.accounts = dict(accounts)
        self.host = "127.0.0.1"
        self.faults = Faults()
        self._folder: Path | None = None
        self._dovecot: Dovecot | None = None
        self._front: SmtpFront | None = None
        self._smtp_port = 0

    @property
    def smtp_port(self) -> int:
        return self._smtp_port

    @property
    def imap_port(self) -> int:
        return self._running().imap_port

    @property
    def folder(self) -> Path:
        """Where mails and the log lie while the server runs."""
        if self._folder is None:
            raise RuntimeError("the mail server is not started")
        return self._folder

    def start(self) -> None:
        """Return when mail can be sent and read. Raises MailServerError with the end of dovecot's log."""
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="mailbox-"))  # short: a socket's path may have 107 bytes
            self._dovecot = Dovecot(
                self._folder, self.accounts, self.host, token_info=self._tokens.info_url if self._tokens else ""
            )
            self._dovecot.start()
            self._smtp_port = free_port(self.host)
            self._new_front().start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End what was started and remove its files. May be called more than once."""
        if self._front is not None:
            self._front.stop()
        if self._dovecot is not None:
            self._dovecot.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder)
        self._front = self._dovecot = self._folder = None

    def pause(self) -> None:
        """Take no mail until `resume`: nobody listens at the address."""
        self._front_of().stop()

    def resume(self) -> None:
        """Take mail again at the same address."""
        self._new_front().start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def messages(self, address: str, folder: str = "INBOX") -> list[EmailMessage]:
        """Return what lies in a folder, oldest first, without marking it as read; no such folder is an empty one."""
        with self._mailbox(address) as imap:
            if imap.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            numbers = imap.search(None, "ALL")[1][0].split()
            fetched = [imap.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        return [
            email.message_from_bytes(part[1], _class=EmailMessage, policy=email.policy.default)
            for part in fetched
            if isinstance(part, tuple)
        ]

    def put(self, address: str, mail: EmailMessage, *, received: datetime, seen: bool = False) -> None:
        """Put a mail into an inbox as if it had come at that time."""
        with self._mailbox(address) as imap:
            imap.append("INBOX", r"(\Seen)" if seen else "", imaplib.Time2Internaldate(received), mail.as_bytes())

    def unread(self, address: str) -> int:
        """Count the mails of an inbox that nobody has read."""
        with self._mailbox(address) as imap:
            imap.select("INBOX", readonly=True)
            return len(imap.search(None, "UNSEEN")[1][0].split())

    def clear(self) -> None:
        """Empty all mailboxes and end all faults."""
        self.faults.clear()
        for address in self.accounts:
            with self._mailbox(address) as imap:
                for line in imap.list()[1]:
                    folder = line.decode().rpartition(" ")[2] if isinstance(line, bytes) else "INBOX"
                    if folder not in _STANDING:
                        imap.delete(folder)
                    elif imap.select(folder)[1] != [b"0"]:
                        imap.store("1:*", "+FLAGS", r"(\Deleted)")
                        imap.expunge()

    @contextmanager
    def _mailbox(self, address: str) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4(self.host, self.imap_port, timeout=10) as imap:
            imap.login(address, self.accounts[address])
            yield imap

    def _new_front(self) -> SmtpFront:
        socket = self._running().lmtp_socket
        self._front = SmtpFront(socket, self.accounts, self.host, self._smtp_port, self.faults, tokens=self._tokens)
        return self._front

    def _front_of(self) -> SmtpFront:
        if self._front is None:
            raise RuntimeError("the mail server is not started")
        return self._front

    def _running(self) -> Dovecot:
        if self._dovecot is None:
            raise RuntimeError("the mail server is not started")
        return self._dovecot
