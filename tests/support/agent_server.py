"""An agent at an address of its own: a real HTTP server in a thread, which answers what it is asked at once."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

START_LIMIT = 20.0
Respond = Callable[[dict[str, Any]], Response]


def a_message(document: dict[str, Any]) -> Response:
    """Say 202 with a LAM message."""
    return Response(json.dumps(document), status_code=202, media_type="application/json")


class AgentServer:
    """`seen` are the paths and messages that came, `respond` says what is answered."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.came = threading.Event()
        self.respond: Respond = lambda _: Response(status_code=204)
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.answer_to_get = b""
        routes = [
            Route("/{path:path}", self._take, methods=["POST"]),
            Route("/{path:path}", lambda _: Response(self.answer_to_get), methods=["GET"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)

    async def _take(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        self.seen.append((request.url.path, asked))
        self.came.set()
        return self.respond(asked)

    def start(self) -> None:
        self._thread.start()
        end = time.monotonic() + START_LIMIT
        while not self._server.started and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(START_LIMIT)


@contextmanager
def agent_server() -> Iterator[AgentServer]:
    """Run an agent for as long as the block lasts."""
    server = AgentServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
