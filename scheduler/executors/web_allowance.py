"""Says where the browser may go: to the domains that are named, and there only to addresses one may reach.

Pure: names and addresses come in, an answer goes out. Looking names up is the gate's.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from scheduler.core.errors import AddressForbiddenError
from scheduler.core.sentences import Sentence
from scheduler.core.sites import SiteProfile

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PORTS: Mapping[str, int] = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_USUAL = frozenset(_PORTS.values())
NOT_LISTED = Sentence(
    "diese Adresse ist nicht freigegeben; wer sie braucht, nennt sie in CPA_WEB_DOMAINS",
    "this address is not on the list; who needs it names it in CPA_WEB_DOMAINS",
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Origin(NamedTuple):
    """A host as browsers write it, small letters and Punycode, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in _USUAL else f"{host}:{self.port}"


def origin_of(url: str) -> Origin | None:
    """Return the host and port an address means; None when it is not one of the web."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            return None
        return Origin(host_name(parts.hostname), parts.port or _PORTS[parts.scheme])
    except ValueError:
        return None


def host_name(host: str) -> str:
    """Return a host as browsers write it. Raises ValueError for what is none."""
    plain = host.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain.encode("idna").decode() if not plain.isascii() else plain


def literal(host: str) -> Address | None:
    """Return the address when the host is one instead of a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class Domain(NamedTuple):
    """An entry of the list: `example.com`, `example.com:8443`, `example.com:*`, `*.example.com`, or `*` for all."""

    host: str
    ports: frozenset[int]
    below: bool

    @classmethod
    def parse(cls, text: str) -> "Domain":
        """Read an entry. Raises ValueError."""
        if text == "*":
            return cls("", frozenset(), below=True)
        below, any_port = text.startswith("*."), text.endswith(":*")
        parts = urlsplit(f"//{text.removeprefix('*.').removesuffix(':*')}")
        if not parts.hostname or parts.path or parts.query or parts.username is not None or "*" in parts.hostname:
            raise ValueError("a domain is like example.com, *.example.com or example.com:8443")
        ports = frozenset[int]() if any_port else _USUAL if parts.port is None else frozenset({parts.port})
        return cls(host_name(parts.hostname), ports, below)

    @property
    def everything(self) -> bool:
        return not self.host

    def covers(self, origin: Origin) -> bool:
        if self.everything:
            return True
        fits = origin.host.endswith(f".{self.host}") if self.below else origin.host == self.host
        return fits and (not self.ports or origin.port in self.ports)


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """`sites` gives the portals set up now, `domains` are further hosts, `networks` private addresses one may reach.

    `engine` is where the web is searched, an address of the web: a host that may be read and gets no secret.
    """

    sites: Callable[[], Iterable[SiteProfile]] = tuple
    domains: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    engine: str = ""

    def covers(self, origin: Origin) -> bool:
        """Whether the host is on the list."""
        if self._named(origin) or any(domain.everything for domain in self._domains):
            return True
        return bool(self.engine) and origin == origin_of(self.engine)

    def refuse(self, url: str) -> None:
        """Raise AddressForbiddenError for an address of the web whose host is not on the list."""
        origin = origin_of(url)
        if origin is not None and not self.covers(origin):
            raise AddressForbiddenError(str(origin), NOT_LISTED)

    def reaches(self, host: str, address: Address) -> bool:
        """Whether a host that is on the list may be reached at this address.

        A private one counts only when it is what the list itself names, or lies in a network that is allowed: a name
        can be made to mean any machine behind our firewall by whoever answers for it.
        """
        plain = _unwrapped(address)
        if plain.is_global and not plain.is_multicast:
            return True
        if any(plain in network for network in self.networks):
            return True
        named_itself = literal(host) is not None or (host == "localhost" and plain.is_loopback)
        return named_itself and self._names_host(host)

    def trusts(self, secret: str, origin: Origin) -> bool:
        """Whether a secret may be entered there: at the portal whose it is, or at a domain that is listed.

        One portal never gets the secret of another, and `*` opens no door for secrets.
        """
        owner = secret.partition(".")[0]
        own = [domain for site in self.sites() if site.secrets_prefix == owner for domain in _of_site(site)]
        listed = [domain for domain in self._domains if not domain.everything]
        return any(domain.covers(origin) for domain in [*own, *listed])

    def _named(self, origin: Origin) -> bool:
        return any(domain.covers(origin) for domain in (*self._sites, *self._domains) if not domain.everything)

    def _names_host(self, host: str) -> bool:
        return any(host == domain.host and not domain.below for domain in (*self._sites, *self._domains))

    @property
    def _sites(self) -> Iterator[Domain]:
        return (domain for site in self.sites() for domain in _of_site(site))

    @cached_property
    def _domains(self) -> tuple[Domain, ...]:
        return tuple(map(Domain.parse, self.domains))


def _of_site(site: SiteProfile) -> Iterator[Domain]:
    """Name where the pages of a portal may lie: its hosts and what is below them, at the port of its address."""
    origin = origin_of(site.url)
    if origin is None:
        return
    ports = _USUAL if origin.port in _USUAL else frozenset({origin.port})
    for host in map(host_name, site.hosts):
        yield Domain(host, ports, below=False)
        if literal(host) is None:
            yield Domain(host, ports, below=True)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address only carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
