"""Runs the portal on a loopback port, in a thread of its own, for as long as a `with` block lasts."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Mapping
from threading import Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.portal.app import create_portal
from examples.portal.faults import PortalFaults

_LOOPBACK = "127.0.0.1"
_GRACE = 2  # seconds for answers that are on their way
_DOWNLOAD_PATH = "/pdf"


class PortalServer:
    """A running portal, for demos and tests, with or without an event loop. Port 0 takes a free one."""

    def __init__(self, users: Mapping[str, str], *, port: int = 0) -> None:
        self.faults = PortalFaults()
        self._users = users
        self._counted = _Counted(create_portal(users, self.faults), self.faults)
        self._port = port

    def __enter__(self) -> Self:
        self._socket = socket.create_server((_LOOPBACK, self._port))
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._counted,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="example-portal", daemon=True
        )
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.005)
            if not self._thread.is_alive():
                raise RuntimeError(f"The portal did not start on {self.url}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(2 * _GRACE)
        self._socket.close()

    def restart(self, away: float = 0.5) -> None:
        """Stop answering, stay away for some seconds, and come back at the same address without any session."""
        self.__exit__(None, None, None)
        time.sleep(away)
        self._counted = self._counted.again(create_portal(self._users, self.faults))
        self.__enter__()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end; known once it runs."""
        return f"http://{_LOOPBACK}:{self._port}"

    @property
    def requests(self) -> int:
        """How many requests came in."""
        return self._counted.requests

    @property
    def asked(self) -> Counter[str]:
        """How often each request, like `GET /invoices`, came in."""
        return self._counted.asked.copy()

    @property
    def downloads(self) -> Counter[str]:
        """How often each PDF was handed out, by the number of the invoice."""
        return self._counted.downloads.copy()


class _Counted:
    def __init__(self, app: ASGIApp, faults: PortalFaults) -> None:
        self._app = app
        self._faults = faults
        self.requests = 0
        self.asked: Counter[str] = Counter()
        self.downloads: Counter[str] = Counter()

    def again(self, app: ASGIApp) -> "_Counted":
        """Go on counting in front of another app."""
        successor = _Counted(app, self._faults)
        successor.requests, successor.asked, successor.downloads = self.requests, self.asked, self.downloads
        return successor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        asked = f"{scope['method']} {scope['path']}"
        self.asked[asked] += 1
        await asyncio.sleep(self._faults.slow.get(asked, 0))
        if self._faults.broken[asked] > 0:
            self._faults.broken[asked] -= 1
            await Response(status_code=503)(scope, receive, send)
            return

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                self._count_download(scope["path"])
            await send(message)

        await self._app(scope, receive, watch)

    def _count_download(self, path: str) -> None:
        if path.endswith(_DOWNLOAD_PATH):
            self.downloads[path.split("/")[-2]] += 1
