"""Carries mail by SMTP and keeps track of it by IMAP, so that one mail is sent once even if we die in the middle.

The copy for ourselves goes out as one more recipient of the very same SMTP transaction (in the envelope, not in the
headers). A server accepts a transaction as a whole, so the copy is the witness: if it is in our mailbox, the mail was
accepted; if it is not there some time after the last attempt ended, it was not. Nothing need be written before or
after sending for that to hold. Filing moves the witness from the inbox into the folder for sent mail.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import aiosmtplib

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import (
    CPAError,
    MailDeferredError,
    MailLoginError,
    MailRefusedError,
    MailServerUnreachableError,
    OutcomeUnknownError,
    RecipientRefusedError,
)
from scheduler.executors.imap_mailbox import ImapMailbox
from scheduler.executors.imap_mails import ImapMails
from scheduler.executors.mail_account import MailAccount, MailSecurity
from scheduler.executors.mail_mime import build, message_id, needs_utf8
from scheduler.executors.mail_transport import Folder, MailFile, MailQuery, OutgoingMail, ReceivedMail, Trace

_FIRST_PAUSE = 0.05  # seconds between two looks into the mailbox, doubled each time
_LONGEST_PAUSE = 2.0
_MOST_WAITING = 64
_Found = TypeVar("_Found")
_BROKEN = (aiosmtplib.SMTPException, OSError)


class SmtpImapTransport:
    """A MailTransport for one account.

    `settle` is how long an accepted mail may take to reach our own mailbox: it must be longer than the server ever
    needs, for a mail that is not found by then counts as not sent. Without `self_copy` there is no witness: the copy is
    appended to the sent folder after sending, and what is not there may or may not have been sent.
    """

    def __init__(
        self, account: MailAccount, *, self_copy: bool = True, settle: timedelta = timedelta(seconds=10)
    ) -> None:
        self._account = account
        self._mailbox = ImapMailbox(account)
        self._mails = ImapMails(account)
        self._waiting = ThreadPoolExecutor(_MOST_WAITING, "mail-wait")  # a wait may last hours: not in the shared pool
        self._server = f"{account.smtp_host}:{account.smtp_port}"
        self._self_copy = self_copy
        self._settle = settle.total_seconds()

    @property
    def address(self) -> str:
        return self._account.address

    @crash_points(CrashPoint.BEFORE_MAIL_SEND, CrashPoint.AFTER_MAIL_SEND)
    async def send(self, mail: OutgoingMail) -> str:
        """As MailTransport says. No recipient's mail leaves before the server has accepted every recipient."""
        content = await asyncio.to_thread(build, mail, self._account)
        recipients = list(mail.recipients)
        if self._self_copy and not self._is_for_us(mail):
            recipients.append(self._account.address)
        async with self._connection() as smtp:
            options = self._options(smtp, mail, len(content))
            await self._address(smtp, recipients, options)
            await _hand_over(smtp, content)
        return message_id(mail.effect_key, self._account)

    @crash_points(CrashPoint.BEFORE_MAIL_FILE, CrashPoint.AFTER_MAIL_FILE)
    async def file(self, mail: OutgoingMail) -> bool:
        """As MailTransport says. Waits up to `settle` for our copy to arrive."""
        name = message_id(mail.effect_key, self._account)
        if not self._self_copy:
            content = await asyncio.to_thread(build, mail, self._account)
            await asyncio.to_thread(self._mailbox.append_copy, name, content)
            return True
        return await self._keep_looking(
            lambda _last: asyncio.to_thread(self._mailbox.file_copy, name, keep_in_inbox=self._is_for_us(mail))
        )

    async def find(self, effect_key: str) -> Trace:
        """As MailTransport says. Takes up to `settle` before it says no."""
        name = message_id(effect_key, self._account)
        if self._self_copy:
            place = await self._keep_looking(
                lambda last: asyncio.to_thread(self._mailbox.locate, name, everywhere=last)
            )
            missing = f"our copy did not arrive within {self._settle:g} s"
        else:
            place = await asyncio.to_thread(self._mailbox.locate, name, everywhere=True)
            missing = "no copy was filed"
        if place is None:
            return Trace(happened=False if self._self_copy else None, filed=False, message_id=name, detail=missing)
        return Trace(happened=True, filed=place.is_sent_folder, message_id=name, detail=f"found in {place.folder}")

    @crash_points(CrashPoint.BEFORE_MAIL_DRAFT, CrashPoint.AFTER_MAIL_DRAFT)
    async def draft(self, mail: OutgoingMail) -> str:
        content = await asyncio.to_thread(build, mail, self._account, with_bcc=True)
        name = message_id(mail.effect_key, self._account)
        return await asyncio.to_thread(self._mailbox.append_draft, name, content)

    async def search(self, query: MailQuery) -> tuple[ReceivedMail, ...]:
        return await asyncio.to_thread(self._mails.search, query)

    async def wait_for(self, query: MailQuery, within: timedelta) -> tuple[ReceivedMail, ...]:
        """As MailTransport says, with IDLE (RFC 2177) where the server has it."""
        stopped = threading.Event()
        until = time.monotonic() + within.total_seconds()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._waiting, self._mails.wait_for, query, until, stopped)
        finally:
            stopped.set()

    async def read(self, mail_id: str) -> ReceivedMail:
        return await asyncio.to_thread(self._mails.read, mail_id)

    async def files(self, mail_id: str) -> tuple[MailFile, ...]:
        return await asyncio.to_thread(self._mails.files, mail_id)

    async def folders(self) -> tuple[Folder, ...]:
        return await asyncio.to_thread(self._mails.folders)

    @crash_points(CrashPoint.BEFORE_MAIL_MOVE, CrashPoint.AFTER_MAIL_MOVE)
    async def move(self, mail_id: str, folder: str, *, create: bool = False) -> str:
        return await asyncio.to_thread(self._mails.move_to, mail_id, folder, create=create)

    @crash_points(CrashPoint.BEFORE_MAIL_MARK, CrashPoint.AFTER_MAIL_MARK)
    async def mark(self, mail_id: str, *, seen: bool | None = None, flagged: bool | None = None) -> None:
        await asyncio.to_thread(self._mails.mark, mail_id, seen=seen, flagged=flagged)

    def _is_for_us(self, mail: OutgoingMail) -> bool:
        return self._account.address.casefold() in {address.casefold() for address in mail.recipients}

    async def _keep_looking(self, look: Callable[[bool], Awaitable[_Found]]) -> _Found:
        """Look until there is something or `settle` is over; `look` is told which is the last time."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + self._settle, _FIRST_PAUSE
        while (left := until - loop.time()) > 0:
            if found := await look(False):
                return found
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return await look(True)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        account = self._account
        smtp = aiosmtplib.SMTP(
            hostname=account.smtp_host,
            port=account.smtp_port,
            use_tls=account.security is MailSecurity.TLS,
            start_tls=account.security is MailSecurity.STARTTLS,
            local_hostname=account.domain if account.domain.isascii() else "localhost",
            timeout=account.timeout.total_seconds(),
        )
        try:
            await self._log_in(smtp)
            yield smtp
            with contextlib.suppress(*_BROKEN):
                await smtp.quit()
        finally:
            smtp.close()

    async def _log_in(self, smtp: aiosmtplib.SMTP) -> None:
        user, token = self._account.username, self._account.token
        secret = await asyncio.to_thread(token or self._account.password)
        try:
            await smtp.connect()
            await (smtp.auth_xoauth2 if token else smtp.login)(user, secret)
        except aiosmtplib.SMTPAuthenticationError as error:
            if 400 <= error.code < 500:
                raise MailServerUnreachableError(self._server, _reply(error)) from error
            raise MailLoginError(self._server, self._account.username) from error
        except _BROKEN as error:
            raise MailServerUnreachableError(self._server, str(error)) from error

    def _options(self, smtp: aiosmtplib.SMTP, mail: OutgoingMail, size: int) -> list[str]:
        options = [f"SIZE={size}"] if smtp.supports_extension("size") else []
        if needs_utf8(mail, self._account):
            if not smtp.supports_extension("smtputf8"):
                foreign = next((address for address in mail.recipients if not address.isascii()), self._account.address)
                raise RecipientRefusedError(foreign, "the server takes ASCII addresses only (no SMTPUTF8)")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    async def _address(self, smtp: aiosmtplib.SMTP, recipients: Sequence[str], options: Sequence[str]) -> None:
        """Name sender and recipients. If one of them is refused, take all back and raise."""
        encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        refused: list[aiosmtplib.SMTPRecipientRefused] = []
        try:
            await smtp.mail(self._account.address, options=options, encoding=encoding)
            for recipient in recipients:
                try:
                    await smtp.rcpt(recipient, encoding=encoding)
                except aiosmtplib.SMTPRecipientRefused as error:
                    refused.append(error)
            if refused:
                await smtp.rset()
        except aiosmtplib.SMTPSenderRefused as error:
            raise _refusal(error) from error
        except _BROKEN as error:
            if not refused:
                raise MailServerUnreachableError(self._server, str(error)) from error
        if refused:
            worst = max(refused, key=lambda error: error.code)
            raise _refusal(worst) from worst


async def _hand_over(smtp: aiosmtplib.SMTP, content: bytes) -> None:
    """Send the mail itself. What happens from here on may have happened."""
    try:
        await smtp.data(content)
    except aiosmtplib.SMTPDataError as error:
        raise _refusal(error) from error
    except _BROKEN as error:
        raise OutcomeUnknownError("mail.send", f"the mail server did not answer after the mail: {error}") from error


def _refusal(error: aiosmtplib.SMTPResponseException) -> CPAError:
    """Say in our words what the server answered."""
    if 400 <= error.code < 500:
        return MailDeferredError(_reply(error))
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return RecipientRefusedError(error.recipient, _reply(error))
    return MailRefusedError(_reply(error))


def _reply(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {' '.join(error.message.split())}"[:300]
