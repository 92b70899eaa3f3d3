"""Holds a job's steps inside: where they may lead, where a secret may be entered, which files may come in."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scheduler.core.errors import AddressForbiddenError, CPAError, DownloadFailedError, TooMuchDataError
from scheduler.core.sentences import Sentence
from scheduler.executors.web_allowance import Allowance, origin_of
from scheduler.executors.web_gate import Gate, GateRules
from scheduler.executors.web_looks import Reading, read
from scheduler.executors.web_proxy import OutsideProxy

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from scheduler.executors.web_page import JobPage

PROGRAMS = ("app", "bat", "cmd", "com", "dll", "dmg", "exe", "hta", "jar", "js", "lnk", "msi", "ps1", "scr", "vbs")
_OF_PROGRAMS = (b"MZ", b"\x7fELF")
_PAGES = 50_000_000  # bytes that the pages around a file may take
_NO_PAGE = frozenset({"", "about", "chrome-error"})
_NOT_TAKEN = Sentence(
    "Dateien dieser Art werden nicht angenommen (CPA_WEB_REFUSED_FILES)",
    "files of this kind are not taken (CPA_WEB_REFUSED_FILES)",
)


@dataclass(frozen=True, kw_only=True)
class GuardRails:
    """What a job may do in the browser. `most_bytes` of one file, `steps` of one run of a job."""

    allowance: Allowance = field(default_factory=lambda: Allowance(domains=("*",)))
    outside: OutsideProxy | None = None
    most_bytes: int = 100_000_000
    refused_files: tuple[str, ...] = PROGRAMS
    steps: int = 2000

    @property
    def of_gate(self) -> GateRules:
        return GateRules(allowance=self.allowance, outside=self.outside, most_bytes=self.most_bytes + _PAGES)

    @property
    def size(self) -> str:
        """The limit of a file as people read it."""
        return f"{self.most_bytes / 1_000_000:g} MB"

    def refuse_size(self, name: str, size: int) -> None:
        """Raise TooMuchDataError when a file of this size is too large."""
        if size > self.most_bytes:
            raise TooMuchDataError(name, self.size)

    def refuse_kind(self, name: str, content: bytes) -> None:
        """Raise DownloadFailedError for what could be run by opening it."""
        if PurePosixPath(name).suffix.lower().lstrip(".") in self.refused_files or content.startswith(_OF_PROGRAMS):
            raise DownloadFailedError(name, _NOT_TAKEN)

    async def refuse_field(self, secret: str, element: "Locator", page_url: str, left: float) -> None:
        """Raise AddressForbiddenError unless page, frames and form around a field are where a secret belongs."""
        around: Any = await read(element, Reading("around"), left)
        for url in (page_url, *around):
            self.refuse_site(secret, url)

    def refuse_site(self, secret: str, url: str) -> None:
        """Raise AddressForbiddenError unless a secret belongs to the site of this address."""
        origin = origin_of(url)
        if origin is None or not self.allowance.trusts(secret, origin):
            host = str(origin) if origin is not None else urlsplit(url).scheme or url
            raise AddressForbiddenError(host, _not_for(secret))


def hindrance(gate: Gate, job: "JobPage", rails: GuardRails, *, past_the_page: bool) -> CPAError | None:
    """Return why the gate did not let the job have what it last asked for, on a page or `past_the_page`."""
    if gate.overflowed:
        return TooMuchDataError(job.asked_for, rails.size)
    return gate.newest_error if past_the_page else gate.error_for(job.asked_for)


def refuse_outside(gate: Gate, job: "JobPage") -> None:
    """Raise AddressForbiddenError when the page shown is one that the gate refused."""
    error, shown = gate.error_for(job.asked_for), job.page.url
    if not isinstance(error, AddressForbiddenError):
        return
    if urlsplit(shown).scheme in _NO_PAGE or origin_of(shown) == origin_of(job.asked_for):
        raise error


def _not_for(secret: str) -> Sentence:
    return Sentence(
        f"das Geheimnis {secret} gehört nicht dorthin; wohin es gehört, sagen die Portalprofile und CPA_WEB_DOMAINS",
        f"the secret {secret} does not belong there; the site profiles and CPA_WEB_DOMAINS say where it does",
    )
