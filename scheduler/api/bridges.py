"""Other protocols at the API's address: MCP and A2A. Their libraries are imported by the first who asks."""

import asyncio
import importlib
from typing import Final

from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.api.dependencies import tenant_of

_MCP: Final = ("scheduler.bridges.mcp_transports", "McpOverHttp")
_A2A: Final = ("scheduler.bridges.a2a_http", "A2aOverHttp")
_CARD: Final = ("scheduler.bridges.a2a_http", "CardOverHttp")
_KEYS: Final = ("scheduler.bridges.a2a_http", "KeysOverHttp")


class Bridge:
    """An application made when it is first needed, behind the API's own rule of who may come in unless `public`."""

    def __init__(self, module: str, name: str, *, public: bool = False) -> None:
        self._module = module
        self._name = name
        self._public = public
        self._made: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._public:
            await tenant_of(HTTPConnection(scope))
        if self._made is None:  # most of a second, in which others are served
            module = await asyncio.to_thread(importlib.import_module, self._module)
            self._made = self._made or getattr(module, self._name)(scope["app"])
        await self._made(scope, receive, send)


def bridges() -> list[Route]:
    """Return the routes. They are not part of the OpenAPI document: their protocols describe themselves."""
    a2a = Bridge(*_A2A)
    return [
        Route("/mcp", Bridge(*_MCP), include_in_schema=False),
        Route("/.well-known/agent-card.json", Bridge(*_CARD, public=True), include_in_schema=False),
        Route("/.well-known/jwks.json", Bridge(*_KEYS, public=True), include_in_schema=False),
        Route("/a2a", a2a, include_in_schema=False),
        Route("/a2a/rest/{rest:path}", a2a, include_in_schema=False),
    ]
