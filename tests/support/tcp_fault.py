"""A TCP proxy on loopback with faults that a test switches on: cut, refuse, delay, swallow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class FaultProxy:
    """Passes bytes on to a server. `port` is where clients connect.

    `swallow` names the ways, "up" to the server and "down" from it, on which bytes are read and forgotten, as on a
    connection that is half open; what was connected stays connected and hears nothing.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._swallowing: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.delay = 0.0
        self.refuse = False
        self.swallow: frozenset[str] = frozenset()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["FaultProxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await server.wait_closed()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def half_open(self) -> None:
        """Let every connection there is now go dead without a word; new ones work."""
        self._swallowing |= self._writers

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, up_writer}
        try:
            await asyncio.gather(self._pass(reader, up_writer, "up"), self._pass(up_reader, writer, "down"))
        finally:
            for one in (writer, up_writer):
                one.transport.abort()
                self._writers.discard(one)
                self._swallowing.discard(one)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """Pass on until either side has ended; then the other ends as well."""
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if way in self.swallow or writer in self._swallowing:
                    continue
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()
