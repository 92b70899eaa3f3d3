"""The only way out of a browser context: a forward proxy on loopback that knows where the context may go.

Routes inside the browser leak: a redirect, a WebSocket and requests of the driver pass them by. Here everything
passes, and what is judged is the address that is then connected to, so a name that changes its meaning gains nothing.
"""

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

import structlog

from scheduler.core.errors import AddressForbiddenError, CPAError, SiteUnreachableError
from scheduler.core.sentences import Sentence
from scheduler.executors.http_head import BadHeadError, RequestHead, ResponseHead
from scheduler.executors.web_allowance import NOT_LISTED, Allowance, Origin, host_name, literal, origin_of
from scheduler.executors.web_proxy import OutsideProxy

_CHUNK = 65_536
_LONGEST_HEAD = 262_144  # bytes
_HEAD_TIME = 60.0  # seconds a browser may keep a connection open without a request on it
_CONNECTING = 10.0  # seconds, for each address of a host
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class GateRules:
    """What every gate of an executor holds to. `most_bytes` is what may come in during one step."""

    allowance: Allowance = field(default_factory=Allowance)
    outside: OutsideProxy | None = None
    most_bytes: int = 150_000_000


class Gate:
    """One per context. What it refused or could not reach during a step it can tell afterwards."""

    def __init__(self, rules: GateRules) -> None:
        self._rules = rules
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._errors: dict[Origin, CPAError] = {}
        self._told: set[Origin] = set()
        self._received = 0

    @property
    def address(self) -> str:
        """Where it listens, as a proxy is named to a browser. Raises RuntimeError before it is open."""
        if self._server is None:
            raise RuntimeError("the gate is not open")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def overflowed(self) -> bool:
        """Whether more has come in during this step than may."""
        return self._received > self._rules.most_bytes

    @property
    def newest_error(self) -> CPAError | None:
        """The last of what `error_for` knows."""
        return next(reversed(self._errors.values()), None)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LONGEST_HEAD)

    async def close(self) -> None:
        """Close all connections. May be called more than once."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task in self._serving:
            task.cancel()
        while self._serving:
            await asyncio.wait(self._serving)

    def begin_step(self) -> None:
        """Count anew what comes in."""
        self._received = 0

    def end_step(self) -> None:
        """Forget what was refused. Until then it is known, also what a page asked for between two steps."""
        self._errors.clear()

    def error_for(self, url: str) -> CPAError | None:
        """Return why the host of this address was not reached lately; None when it was, or was not asked for."""
        origin = origin_of(url) if self._errors else None
        return self._errors.get(origin) if origin is not None else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._server is None:
            writer.transport.abort()
            return
        self._serving.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, BadHeadError):
            _break_off(writer)
        except asyncio.CancelledError:  # the gate closes; nobody waits for this task but `close`
            _break_off(writer)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_TIME):
            raw = await reader.readuntil(b"\r\n\r\n")
        try:
            head = RequestHead.parse(raw)
        except BadHeadError as error:
            await _refuse(writer, 400, str(error))
            return
        origin = Origin(host_name(head.host), head.port)
        try:
            far, through = await self._connected(origin, tunnel=head.tunnel)
        except AddressForbiddenError as error:
            if origin not in self._told:
                self._told.add(origin)
                log.warning("address_refused", host=str(origin), why=error.facts["why"])
            self._note(origin, error)
            await _refuse(writer, 403, str(error))
            return
        except SiteUnreachableError as error:
            self._note(origin, error)
            await _refuse(writer, 502, str(error))
            return
        try:
            if head.tunnel:
                writer.write(_ESTABLISHED)
                pumps = (self._pump(reader, far[1]), self._pump(far[0], writer, count=True))
                await _side_by_side(*pumps, until=asyncio.FIRST_EXCEPTION)
            else:
                await self._exchange(head, (reader, writer), far, through)
        finally:
            far[1].close()

    def _note(self, origin: Origin, error: CPAError) -> None:
        self._errors.pop(origin, None)
        self._errors[origin] = error

    async def _connected(self, origin: Origin, *, tunnel: bool) -> tuple[Connection, OutsideProxy | None]:
        """Return a way to the host and the outside proxy it leads through.

        Raises AddressForbiddenError and SiteUnreachableError.
        """
        allowance, outside = self._rules.allowance, self._rules.outside
        if not allowance.covers(origin):
            raise AddressForbiddenError(str(origin), NOT_LISTED)
        if outside is not None and not outside.spares(origin):
            address = literal(origin.host)
            if address is not None and not allowance.reaches(origin.host, address):
                raise _private(origin, origin.host)
            return await _reached(origin, lambda: outside.connect(origin, tunnel=tunnel)), outside
        found = await _addresses(origin)
        reachable = [address for address in found if allowance.reaches(origin.host, ipaddress.ip_address(address))]
        if not reachable:
            raise _private(origin, found[0])
        return await _reached(origin, lambda: _connect(reachable, origin.port)), None

    async def _exchange(
        self, head: RequestHead, near: Connection, far: Connection, through: OutsideProxy | None
    ) -> None:
        """Pass one request and its answer; both connections end with it, so the next one is judged as well."""
        far[1].write(head.rewritten(through.authorization if through else None, whole=through is not None))

        async def ask() -> None:
            await self._pump(near[0], far[1], length=head.length, end=False)
            await near[0].read(1)  # ends when the browser does not want the answer any more

        async def answer() -> None:
            while True:
                response = ResponseHead.parse(await far[0].readuntil(b"\r\n\r\n"))
                near[1].write(response.rewritten())
                if not response.interim:
                    break
            length = response.length if head.method != "HEAD" else 0
            await self._pump(far[0], near[1], length=length, count=True)
            await near[1].drain()

        await _side_by_side(ask(), answer(), until=asyncio.FIRST_COMPLETED)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        *,
        length: int | None = None,
        count: bool = False,
        end: bool = True,
    ) -> None:
        """Pass `length` bytes on, or all there are; with `count` they are what comes in from outside."""
        left = length
        while left is None or left > 0:
            part = await source.read(_CHUNK if left is None else min(left, _CHUNK))
            if not part:
                if left is not None:
                    raise asyncio.IncompleteReadError(b"", left)
                break
            left = None if left is None else left - len(part)
            if count:
                self._received += len(part)
                if self.overflowed:
                    raise ConnectionAbortedError
            sink.write(part)
            await sink.drain()
        if end and sink.can_write_eof():
            sink.write_eof()


async def _addresses(origin: Origin) -> list[str]:
    """Return the addresses of a host. Raises SiteUnreachableError when the name means nothing."""
    if literal(origin.host) is not None:
        return [origin.host]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SiteUnreachableError(str(origin), f"the name is not known ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _connect(addresses: list[str], port: int) -> Connection:
    for address in addresses[:-1]:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECTING):
                return await asyncio.open_connection(address, port, limit=_LONGEST_HEAD)
    async with asyncio.timeout(_CONNECTING):
        return await asyncio.open_connection(addresses[-1], port, limit=_LONGEST_HEAD)


async def _reached(origin: Origin, connect: Callable[[], Awaitable[Connection]]) -> Connection:
    try:
        return await connect()
    except (OSError, EOFError, BadHeadError) as error:
        raise SiteUnreachableError(str(origin), str(error) or "no answer") from error


async def _refuse(writer: asyncio.StreamWriter, status: int, why: str) -> None:
    body = f"<!doctype html><meta charset=utf-8><title>CPA</title><p>{_plain(why)}".encode()
    writer.write(
        f"HTTP/1.1 {status} Refused\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()


def _break_off(writer: asyncio.StreamWriter) -> None:
    """End the connection so that the other side sees it broke: what was cut must not look like a whole."""
    near = writer.get_extra_info("socket")
    if near is not None and near.fileno() >= 0:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _side_by_side(*ways: Coroutine[None, None, None], until: str) -> None:
    """Run both directions `until` the first has ended or all have; when one breaks off, so does the other."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=until)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _private(origin: Origin, address: str) -> AddressForbiddenError:
    return AddressForbiddenError(
        str(origin),
        Sentence(
            f"{address} ist eine Adresse im eigenen Netz; freigegeben wird sie in CPA_WEB_NETWORKS",
            f"{address} is a private address; it is allowed in CPA_WEB_NETWORKS",
        ),
    )


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
