"""A WebSocket to an ASGI application in this process, as a browser or a program opens one."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import Message


class Refused(Exception):  # noqa: N818 - it is an answer
    """The application closed before it accepted."""


class WebSocketClient:
    """Reads what the application sends."""

    def __init__(self, said: "asyncio.Queue[Message]", accepted: Message) -> None:
        self._said = said
        self.subprotocol: str | None = accepted.get("subprotocol")
        self.close_code: int | None = None

    async def events(self) -> list[dict[str, Any]]:
        """Return every message until the application closes."""
        found = []
        while (message := await self._said.get())["type"] == "websocket.send":
            found.append(json.loads(message["text"]))
        self.close_code = message.get("code")
        return found


@asynccontextmanager
async def websocket(
    app: FastAPI, url: str, *, headers: Mapping[str, str] | None = None, subprotocols: Sequence[str] = ()
) -> AsyncIterator[WebSocketClient]:
    """Open a WebSocket. Raises Refused. The application has ended when the block has."""
    path, _, query = url.partition("?")
    all_headers = {"host": "testserver", **{name.lower(): value for name, value in (headers or {}).items()}}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        "subprotocols": list(subprotocols),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    said: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    await heard.put({"type": "websocket.connect"})
    async with asyncio.timeout(10):
        running = asyncio.create_task(app(scope, heard.get, said.put))
        try:
            first = await said.get()
            if first["type"] != "websocket.accept":
                raise Refused(first.get("reason", ""))
            yield WebSocketClient(said, first)
        finally:
            await heard.put({"type": "websocket.disconnect", "code": 1001})
            await running
