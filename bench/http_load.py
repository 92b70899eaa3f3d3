"""Many clients that keep their connections open and cost little: HTTP/1.1 by hand, one request at a time on each."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from bench.servers import LOOPBACK

_END_OF_HEADERS = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "


class HttpConnection(asyncio.Protocol):
    """One connection. Answers must carry their length, as ours do."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        self._received += data
        headers = self._received.find(_END_OF_HEADERS)
        if headers < 0 or self._answer is None:
            return
        begin = self._received.lower().find(_LENGTH, 0, headers) + len(_LENGTH)
        length = int(self._received[begin : self._received.find(b"\r", begin)])
        body = headers + len(_END_OF_HEADERS)
        if len(self._received) >= body + length:
            answer = int(self._received[9:12]), bytes(self._received[body : body + length])
            self._received.clear()
            if not self._answer.done():
                self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError(str(exc or "closed")))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer. Raises ConnectionError."""
        if self._transport is None or self._lost:
            raise ConnectionResetError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def connections(port: int, number: int) -> AsyncIterator[list[HttpConnection]]:
    """Open so many connections to a port of loopback for a block."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(number):
            _transport, connection = await asyncio.get_running_loop().create_connection(HttpConnection, LOOPBACK, port)
            stack.callback(connection.close)
            opened.append(connection)
        yield opened


def post(path: str, body: bytes, headers: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode()


@dataclass
class Answers:
    """What came back: bodies of requests that were accepted, and milliseconds of each; other answers by status."""

    accepted: list[bytes] = field(default_factory=list)
    laps: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)


def keyed_posts(path: str, body: Callable[[int], bytes], prefix: str) -> Iterator[bytes]:
    """Yield requests without end, each with a number, a body and an idempotency key of its own."""
    for number in itertools.count():
        yield post(path, body(number), f"Idempotency-Key: {prefix}{number}\r\n")


async def load(port: int, clients: int, requests: Iterator[bytes], goes_on: Callable[[Answers], bool]) -> Answers:
    """Have so many clients ask one request after the other while it goes on, or until the server is gone."""
    answers = Answers()

    async def client(connection: HttpConnection) -> None:
        while goes_on(answers):
            started = time.perf_counter()
            try:
                status, body = await connection.ask(next(requests))
            except ConnectionError:
                return
            if status == 202:
                answers.accepted.append(body)
                answers.laps.append(1000 * (time.perf_counter() - started))
            else:
                answers.refused[status] = answers.refused.get(status, 0) + 1

    async with connections(port, clients) as opened:
        work: list[Awaitable[None]] = [client(connection) for connection in opened]
        await asyncio.gather(*work)
    return answers


async def missing(port: int, paths: list[str], clients: int = 20) -> list[str]:
    """Return which of the paths do not answer 200."""
    left = iter(paths)
    found = []

    async def client(connection: HttpConnection) -> None:
        for path in left:
            status, _body = await connection.ask(get(path))
            if status != 200:
                found.append(path)

    async with connections(port, clients) as opened:
        await asyncio.gather(*(client(connection) for connection in opened))
    return found
