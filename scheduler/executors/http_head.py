"""Reads and rewrites the heads of HTTP/1.1 messages that pass a proxy."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_OF_THE_HOP = frozenset(
    {
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"proxy-authorization",
        b"proxy-authenticate",
        b"te",
        b"upgrade",
    }
)
_CLOSE = b"Connection: close"
_TO_THE_END = None

Fields = tuple[tuple[bytes, bytes], ...]


class BadHeadError(ValueError):
    """It is no head of HTTP/1.1, or one that leaves open where its message ends."""


@dataclass(frozen=True, kw_only=True)
class RequestHead:
    """What is asked of a proxy: a `tunnel` to host and port, or a request whose body has `length` bytes."""

    method: str
    host: str
    port: int
    path: bytes
    fields: Fields
    length: int
    tunnel: bool

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a head that ends with an empty line. Raises BadHeadError."""
        start, fields = _split(raw)
        try:
            method, target, version = start.decode("ascii").split(" ")
            tunnel = method == "CONNECT"
            parts = urlsplit(f"//{target}" if tunnel else target)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise BadHeadError("this is no request to a proxy") from error
        if not host or not version.startswith("HTTP/1.") or (tunnel and port is None):
            raise BadHeadError("this is no request to a proxy")
        if not tunnel and parts.scheme != "http":
            raise BadHeadError(f"the scheme {parts.scheme!r} is not passed on")
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        if not path.startswith(("/", "*")):
            path = f"/{path}"
        return cls(
            method=method,
            host=host,
            port=80 if port is None else port,
            path=path.encode("ascii"),
            fields=fields,
            length=_request_length(fields),
            tunnel=tunnel,
        )

    @property
    def _authority(self) -> bytes:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == 80 else f"{host}:{self.port}").encode("ascii")

    def rewritten(self, authorization: bytes | None = None, *, whole: bool = False) -> bytes:
        """Return it for the next hop: with the `whole` address when that is a proxy; the host is the one judged."""
        target = b"http://" + self._authority + self.path if whole else self.path
        own = [b"Host: " + self._authority, _CLOSE]
        if authorization is not None:
            own.append(b"Proxy-Authorization: " + authorization)
        passed = _passed_on(field for field in self.fields if field[0] != b"host")
        return _joined(self.method.encode("ascii") + b" " + target + b" HTTP/1.1", [*own, *passed])


@dataclass(frozen=True, kw_only=True)
class ResponseHead:
    """What a server answers. `length` of the body in bytes; None: it ends with the connection."""

    start: bytes
    status: int
    fields: Fields
    length: int | None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a head that ends with an empty line. Raises BadHeadError."""
        start, fields = _split(raw)
        parts = start.split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
            raise BadHeadError("this is no answer of a web server")
        status = int(parts[1])
        empty = status < 200 or status in {204, 304}
        return cls(start=start, status=status, fields=fields, length=0 if empty else _response_length(fields))

    @property
    def interim(self) -> bool:
        """Whether another head follows."""
        return 100 <= self.status < 200

    def rewritten(self) -> bytes:
        own = [] if self.interim else [_CLOSE]
        return _joined(self.start, [*own, *_passed_on(self.fields)])


def _split(raw: bytes) -> tuple[bytes, Fields]:
    start, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or b"\n" in line or b"\r" in line:
            raise BadHeadError("a field of the head is malformed")
        fields.append((name.lower(), value.strip()))
    return start, tuple(fields)


def _request_length(fields: Fields) -> int:
    if _values(fields, b"transfer-encoding"):
        raise BadHeadError("a body without a length is not passed on")
    lengths = set(_values(fields, b"content-length"))
    return _number(lengths) if lengths else 0


def _response_length(fields: Fields) -> int | None:
    lengths = set(_values(fields, b"content-length"))
    if _values(fields, b"transfer-encoding") or not lengths:
        return _TO_THE_END
    return _number(lengths)


def _number(lengths: set[bytes]) -> int:
    only = lengths.pop()
    if lengths or not only.isdigit():
        raise BadHeadError("the length of the body is not clear")
    return int(only)


def _values(fields: Fields, name: bytes) -> list[bytes]:
    return [value for field, value in fields if field == name]


def _passed_on(fields: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the lines that are meant for the other end."""
    kept = list(fields)
    named = {token.strip().lower() for field, value in kept if field == b"connection" for token in value.split(b",")}
    return [field + b": " + value for field, value in kept if field not in _OF_THE_HOP | named]


def _joined(start: bytes, lines: Iterable[bytes]) -> bytes:
    return b"\r\n".join([start, *lines, b"", b""])
