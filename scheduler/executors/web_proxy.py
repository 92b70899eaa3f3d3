"""The proxy of the house, when the outside is reached through one only."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from scheduler.executors.http_head import ResponseHead
from scheduler.executors.web_allowance import Domain, Origin

_LONGEST_HEAD = 65_536  # bytes
_ANSWERING = 30.0  # seconds


@dataclass(frozen=True, kw_only=True)
class OutsideProxy:
    """An HTTP proxy; `spared` are domains that are reached without it. Names are looked up by it, not by us."""

    host: str
    port: int
    tls: bool = False
    authorization: bytes | None = None
    spared: tuple[Domain, ...] = ()

    @classmethod
    def parse(cls, url: str, spared: tuple[str, ...] = ()) -> Self:
        """Read `http://user:password@proxy:3128`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("a proxy is like http://proxy.example.com:3128")
        known = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 3128),
            tls=parts.scheme == "https",
            authorization=b"Basic " + b64encode(known.encode()) if known else None,
            spared=tuple(map(Domain.parse, spared)),
        )

    def spares(self, origin: Origin) -> bool:
        """Whether the host is reached directly."""
        return any(domain.covers(origin) for domain in self.spared)

    async def connect(self, origin: Origin, *, tunnel: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to the proxy, with `tunnel` one that leads on to the host. Raises OSError."""
        async with asyncio.timeout(_ANSWERING):
            reader, writer = await asyncio.open_connection(
                self.host, self.port, ssl=True if self.tls else None, limit=_LONGEST_HEAD
            )
            if not tunnel:
                return reader, writer
            try:
                await self._open_tunnel(origin, reader, writer)
            except BaseException:
                writer.close()
                raise
        return reader, writer

    async def _open_tunnel(self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        target = f"{host}:{origin.port}"
        known = f"Proxy-Authorization: {self.authorization.decode()}\r\n" if self.authorization else ""
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{known}\r\n".encode())
        answer = ResponseHead.parse(await reader.readuntil(b"\r\n\r\n"))
        if answer.status != 200:
            raise ConnectionRefusedError(f"the proxy {self.host} answered HTTP {answer.status}")
