"""The mailbox in Microsoft 365 we work with, and how we prove that we may."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from scheduler.executors.mail_transport import check_address

AUTHORITY = "https://login.microsoftonline.com"
ROOT = "https://graph.microsoft.com"


class GraphLoginKind(StrEnum):
    """What proves who we are: the program's secret or certificate, or a person who signs in once at a web page."""

    SECRET = "secret"  # noqa: S105 - the name of a kind
    CERTIFICATE = "certificate"
    DEVICE_CODE = "device_code"


@dataclass(frozen=True, kw_only=True)
class GraphAccount:
    """`authority` and `root` are those of the national cloud. Raises ValueError when unsound.

    `certificate` is a PEM file with key and certificate, or a PFX file. `secret` and `passphrase` are asked whenever a
    token is needed, so a changed one is taken up. `cache_file` keeps tokens over restarts, for a device code needs it.
    """

    address: str
    name: str = ""
    tenant: str
    client_id: str
    login: GraphLoginKind = GraphLoginKind.SECRET
    secret: Callable[[], str] = field(default=lambda: "", repr=False)
    certificate: Path | None = None
    passphrase: Callable[[], str] = field(default=lambda: "", repr=False)
    authority: str = AUTHORITY
    root: str = ROOT
    cache_file: Path | None = None
    timeout: timedelta = timedelta(seconds=30)
    """For one request."""
    patience: timedelta = timedelta(seconds=60)
    """How long one call may wait in all for a service that is throttling or unavailable."""
    settle: timedelta = timedelta(seconds=20)
    """How long an accepted mail may take to be among the sent ones."""

    def __post_init__(self) -> None:
        check_address(self.address)
        for name, address in (("authority", self.authority), ("root", self.root)):
            if urlsplit(address).scheme != "https" or not urlsplit(address).hostname:
                raise ValueError(f"{name} {address!r} must be an https address")
        if self.login is GraphLoginKind.CERTIFICATE and self.certificate is None:
            raise ValueError("CPA_GRAPH_CERTIFICATE is needed to log in with a certificate")

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]

    @property
    def scopes(self) -> list[str]:
        """What a token is asked for: they follow the root, so that a national cloud needs nothing else."""
        root = self.root.rstrip("/")
        if self.login is GraphLoginKind.DEVICE_CODE:
            return [f"{root}/Mail.ReadWrite", f"{root}/Mail.Send"]
        return [f"{root}/.default"]
