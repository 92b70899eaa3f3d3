"""The mailbox we work with, and how it is reached."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from scheduler.executors.mail_transport import check_address, check_line


class MailSecurity(StrEnum):
    """How the connections are protected. `none` sends the password in the clear and is for loopback only."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, kw_only=True)
class MailAccount:
    """`password`, or `token` for XOAUTH2, is asked at every connect, so a changed secret is taken up.

    `token` returns an access token and may block; see `mail_tokens`. Raises ValueError when unsound.
    """

    address: str
    name: str = ""
    smtp_host: str
    smtp_port: int
    imap_host: str
    imap_port: int
    username: str
    password: Callable[[], str] = field(default=lambda: "", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    security: MailSecurity = MailSecurity.TLS
    timeout: timedelta = timedelta(seconds=30)
    sent_folder: str = "Sent"
    """Used when the server does not mark one of its folders as the one for sent mail (RFC 6154)."""

    def __post_init__(self) -> None:
        check_address(self.address)
        check_line(self.name)
        if self.security is MailSecurity.NONE:
            for host in (self.smtp_host, self.imap_host):
                if not _is_loopback(host):
                    raise ValueError(f"security 'none' is for loopback only, not for {host!r}; use starttls or tls")

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
