"""One connection to an MCP server, made when it is needed and made anew when it was lost."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, CallToolResult, ToolListChangedNotification
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from scheduler.core.errors import CPAError, OutcomeUnknownError, ToolFailedError, ToolServerDownError
from scheduler.executors.mcp_pipes import LONGEST_LINE, server_process
from scheduler.executors.mcp_servers import McpServer, Tool

_MOST_TOOLS: Final = 500
_RELIST: Final = 300.0  # seconds until one is asked again that does not tell when its tools change
_QUIET: Final = 300.0  # seconds for which a stream may say nothing; calls have a time limit of their own
_NOT_BEGUN: Final = (OSError, httpx2.HTTPError, MCPError, TimeoutError, ExceptionGroup, ValidationError, RuntimeError)
_LOST: Final = frozenset({CONNECTION_CLOSED, REQUEST_TIMEOUT})

Reveal = Callable[[str], str]
"""Gives the secret of `secret://name`, and anything else as it is."""


class McpSession:
    """Connected until it is closed or lost. A task of its own holds the connection, so that any task may use it."""

    def __init__(self, name: str, server: McpServer, reveal: Reveal, errors: Path) -> None:
        self.name = name
        self.usable = True
        self._server = server
        self._reveal = reveal
        self._errors = errors
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._calls = 0
        self._changed = asyncio.Event()
        self._owner = asyncio.create_task(self._hold())

    @property
    def ended(self) -> bool:
        """Whether the connection, and the process, are gone."""
        return self._owner.done()

    async def tools(self) -> list[Tool]:
        """Return what the server offers. Raises ToolServerDownError."""
        client, cursor = await self._connected(), None
        found: list[Tool] = []
        try:
            async with asyncio.timeout(self._server.seconds):
                while len(found) < _MOST_TOOLS:
                    page = await client.list_tools(cursor=cursor)
                    found += [_tool(tool) for tool in page.tools]
                    if (cursor := page.next_cursor) is None:
                        break
        except _NOT_BEGUN as error:
            raise ToolServerDownError(self.name, str(error) or type(error).__name__) from error
        return found[:_MOST_TOOLS]

    async def lists(self) -> AsyncGenerator[list[Tool], None]:
        """Yield what the server offers, now and whenever it says that this has changed, or might have.

        Ends when the server ends the stream on which it tells that. Raises ToolServerDownError, also when the
        connection is lost.
        """
        client = await self._connected()
        told = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (told and told.list_changed):
            while not self.ended:
                self._changed.clear()
                yield await self.tools()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), _RELIST)
            raise ToolServerDownError(self.name, "the connection was lost")
        try:
            async with client.listen(tools_list_changed=True) as subscription:
                yield await self.tools()
                async for _ in subscription:
                    yield await self.tools()
        except _NOT_BEGUN as error:
            raise ToolServerDownError(self.name, str(error) or type(error).__name__) from error

    async def call(self, tool: str, arguments: Mapping[str, Any], seconds: float) -> CallToolResult:
        """Use a tool once. Raises ToolServerDownError: it was not asked; OutcomeUnknownError, ToolFailedError."""
        client = await self._connected()
        self._calls += 1
        try:
            async with asyncio.timeout(seconds):
                return await client.call_tool(tool, dict(arguments))
        except MCPError as error:
            if error.code not in _LOST and not self._owner.done():
                raise ToolFailedError(f"{self.name}.{tool}", str(error)) from error
            self.usable = False
            raise OutcomeUnknownError(f"{self.name}.{tool}", f"the connection was lost: {error}") from error
        except TimeoutError as error:
            self.usable = False  # it may hang: the next call gets another
            raise OutcomeUnknownError(f"{self.name}.{tool}", f"no answer within {seconds:g} s") from error
        except (ValidationError, RuntimeError, httpx2.HTTPError) as error:
            words = f"its answer is no good: {str(error)[:300]}"
            raise OutcomeUnknownError(f"{self.name}.{tool}", words) from error
        finally:
            self._calls -= 1
            if not self.usable and not self._calls:
                self._leave.set()

    def retire(self) -> None:
        """Have the connection end as soon as nobody waits for an answer; no more calls, please."""
        self.usable = False
        if not self._calls:
            self._leave.set()

    async def close(self) -> None:
        """End the connection, and the process."""
        self.usable = False
        self._leave.set()
        await asyncio.gather(self._owner, return_exceptions=True)

    async def _connected(self) -> Client:
        try:
            async with asyncio.timeout(self._server.seconds):
                return await asyncio.shield(self._ready)
        except (*_NOT_BEGUN, CPAError) as error:
            self.usable = False
            self._leave.set()
            self._owner.cancel()
            raise ToolServerDownError(self.name, str(error) or type(error).__name__) from error

    async def _hold(self) -> None:
        try:
            async with self._transport() as transport, Client(transport, message_handler=self._heard) as client:
                self._ready.set_result(client)
                await self._leave.wait()
        except (*_NOT_BEGUN, CPAError) as error:
            if not self._ready.done():
                self._ready.set_exception(error)
        finally:
            self.usable = False
            self._changed.set()
            if not self._ready.done():
                self._ready.cancel()
            elif not self._ready.cancelled():
                self._ready.exception()  # whether anybody waited for it or not

    async def _heard(self, message: object) -> None:
        """Note what servers of before 2026-07-28 say without being asked."""
        if isinstance(message, ToolListChangedNotification):
            self._changed.set()

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[AbstractAsyncContextManager[Any]]:
        server = self._server
        if server.command:
            env = {name: self._reveal(value) for name, value in server.env.items()}
            yield server_process(server.command, env, server.folder, self._errors)
            return
        headers = {name: self._reveal(value) for name, value in server.headers.items()}
        timeout = httpx2.Timeout(30.0, read=_QUIET)
        bounded = _Bounded(httpx2.AsyncHTTPTransport())
        async with httpx2.AsyncClient(headers=headers, timeout=timeout, transport=bounded, trust_env=False) as http:
            yield streamable_http_client(server.url, http_client=http)


class _BoundedStream(httpx2.AsyncByteStream):
    """Ends an answer that is longer than is read; of a stream of events each event, which an empty line ends."""

    def __init__(self, inner: httpx2.AsyncByteStream, *, of_events: bool) -> None:
        self._inner = inner
        self._of_events = of_events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._inner:
            end = max(part.rfind(b"\n\n"), part.rfind(b"\r\n\r\n")) if self._of_events else -1
            read = read + len(part) if end < 0 else len(part) - end
            if read > LONGEST_LINE:
                raise httpx2.ReadError(f"the answer is longer than {LONGEST_LINE} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Bounded(httpx2.AsyncBaseTransport):
    """Refuses an answer that says it is longer than is read, and ends one that turns out to be."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._inner.handle_async_request(request)
        if int(answer.headers.get("content-length", 0)) > LONGEST_LINE:
            await answer.aclose()
            raise httpx2.ReadError(f"the answer is longer than {LONGEST_LINE} bytes")
        if isinstance(answer.stream, httpx2.AsyncByteStream):
            of_events = str(answer.headers.get("content-type", "")).startswith("text/event-stream")
            answer.stream = _BoundedStream(answer.stream, of_events=of_events)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


def _tool(listed: Any) -> Tool:  # noqa: ANN401 - mcp_types.Tool
    hints = listed.annotations
    return Tool(
        name=listed.name,
        description=listed.description or "",
        input_schema=listed.input_schema,
        read_only=bool(hints and hints.read_only_hint),
        destructive=not hints or hints.destructive_hint is not False,
        idempotent=bool(hints and hints.idempotent_hint),
    )
