"""Takes mail in by SMTP and hands it to dovecot; plays the faults that real servers have, when a test asks for them."""

import asyncio
import base64
import logging
import smtplib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from examples.mailbox.faults import Faults
from examples.mailbox.tokens import TokenIssuer

_LARGEST_MAIL = 50_000_000  # bytes


class _Handler:
    """The hooks aiosmtpd calls, each answering with an SMTP reply."""

    def __init__(
        self, lmtp_socket: Path, accounts: Mapping[str, str], faults: Faults, tokens: TokenIssuer | None
    ) -> None:
        self._tokens = tokens
        self._lmtp_socket = lmtp_socket
        self._accounts = {address.casefold() for address in accounts}
        self._faults = faults
        self._lagging: set[asyncio.Task[None]] = set()

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd looks for
        self,
        _server: Any,  # noqa: ANN401 - aiosmtpd brings no types
        session: Any,  # noqa: ANN401
        envelope: Any,  # noqa: ANN401
        address: str,
        options: list[str],
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Please log in first"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        _server: Any,  # noqa: ANN401
        _session: Any,  # noqa: ANN401
        envelope: Any,  # noqa: ANN401
        address: str,
        _options: list[str],
    ) -> str:
        if address.casefold() not in self._accounts or address in self._faults.refused_recipients:
            return f"550 5.1.1 <{address}> is not known here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self,
        server: Any,  # noqa: ANN401
        _session: Any,  # noqa: ANN401
        envelope: Any,  # noqa: ANN401
    ) -> str:
        await asyncio.sleep(self._faults.delay)
        if self._faults.strikes("deferrals"):
            return "451 4.3.0 Please try again later"
        if self._faults.strikes("rejections"):
            return "554 5.7.1 Content not wanted here"
        if self._faults.strikes("drops_before_delivery"):
            await _cut(server)
        await self._deliver(envelope)
        if self._faults.strikes("drops_after_delivery"):
            await _cut(server)
        return "250 2.0.0 Accepted"

    async def _deliver(self, envelope: Any) -> None:  # noqa: ANN401
        mail = (envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.content))
        if not self._faults.lag:
            await asyncio.to_thread(self._hand_over, *mail)
            return
        task = asyncio.create_task(self._deliver_later(self._faults.lag, *mail))
        self._lagging.add(task)
        task.add_done_callback(self._lagging.discard)

    async def _deliver_later(self, lag: float, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        await asyncio.sleep(lag)
        await asyncio.to_thread(self._hand_over, sender, recipients, content)

    def _hand_over(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        """Deliver to all in one go: the sender's leaving, which cancels the caller, must not stop it half-way.

        One LMTP transaction each, because smtplib reads a single answer to DATA where LMTP gives one per recipient.
        """
        with smtplib.LMTP(str(self._lmtp_socket), local_hostname="localhost") as lmtp:
            for recipient in recipients:
                lmtp.sendmail(sender, [recipient], content)


class _TokenHandler(_Handler):
    """Takes XOAUTH2 as well; aiosmtpd offers each `auth_` method it finds."""

    async def auth_XOAUTH2(  # noqa: N802
        self,
        server: Any,  # noqa: ANN401
        args: list[str],
    ) -> AuthResult:
        user, _, rest = base64.b64decode(args[1]).decode().partition("\x01")
        token = rest.partition("\x01")[0].removeprefix("auth=Bearer ")
        owner = self._tokens.owner_of(token) if self._tokens else ""
        if not owner or user != f"user={owner}":
            await server.challenge_auth('{"status":"401"}')
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=owner)


async def _cut(server: Any) -> None:  # noqa: ANN401
    """Drop the connection; aiosmtpd then cancels the handler that waits here."""
    server.transport.abort()
    await asyncio.Event().wait()


class SmtpFront:
    """The SMTP server, in a thread of its own. Takes AUTH PLAIN and LOGIN without TLS: for loopback only."""

    def __init__(
        self,
        lmtp_socket: Path,
        accounts: Mapping[str, str],
        host: str,
        port: int,
        faults: Faults,
        *,
        tokens: TokenIssuer | None = None,
    ) -> None:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of itself at every login
        passwords = {address.casefold(): password for address, password in accounts.items()}

        def check(_server: object, _session: object, _envelope: object, _mechanism: str, login: Any) -> AuthResult:  # noqa: ANN401
            name = login.login.decode("utf-8", "replace").casefold()
            known = passwords.get(name) == login.password.decode("utf-8", "replace")
            return AuthResult(success=known, handled=False, auth_data=login)

        handler = _Handler if tokens is None else _TokenHandler
        self._controller = Controller(
            handler(lmtp_socket, accounts, faults, tokens),
            hostname=host,
            port=port,
            server_hostname="localhost",
            ready_timeout=15.0,
            authenticator=check,
            auth_require_tls=False,
            data_size_limit=_LARGEST_MAIL,
            enable_SMTPUTF8=False,  # dovecot 2.3 delivers to ASCII addresses only
        )

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)
