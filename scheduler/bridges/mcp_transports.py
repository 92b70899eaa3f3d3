"""How the MCP server is reached: over stdio as `cpa mcp`, and over streamable HTTP as `/mcp` of the API."""

from collections.abc import Mapping

import httpx
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.bridges.desk import Desk, desk_here
from scheduler.bridges.mcp_server import make_mcp_server


async def serve_stdio(url: str, headers: Mapping[str, str], *, trust_env: bool) -> None:
    """Serve standard input and output until it is closed, over the API at `url`."""
    async with httpx.AsyncClient(base_url=url, timeout=60.0, trust_env=trust_env) as client:
        await make_mcp_server(lambda _: Desk(client, headers)).run_stdio_async()


class McpOverHttp:
    """Serves each request by itself and remembers nothing between two, so that any process can answer the next."""

    def __init__(self, app: ASGIApp) -> None:
        self._server = make_mcp_server(lambda headers: desk_here(app, headers or {}))
        self._server.streamable_http_app(stateless_http=True)
        self._lowlevel = self._server.session_manager.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        manager = StreamableHTTPSessionManager(self._lowlevel, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)
