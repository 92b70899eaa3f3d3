"""A post office on loopback through which messages go, badly: some are lost, come twice, late, or nobody hears back."""

import asyncio
import itertools
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import uvicorn
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

_OURS: Final = ("/tasks", "/lam/message")
_FAULTS: Final = ("lost", "unheard", "repeated", "late")
_NOT_PASSED_ON: Final = {"host", "content-length", "connection", "transfer-encoding", "date", "server"}


class BadPost:
    """Passes HTTP on to `target`. Of messages a `share` meets the four faults in turn; `met` counts them.

    The sender of one that is lost, and of one whose answer is, sees its connection break. A repeated one arrives again
    later, word for word; a late one is overtaken by those that were sent after it.
    """

    def __init__(self, target: str, chance: random.Random, share: float) -> None:
        self.target = target
        self.met: Counter[str] = Counter()
        self.url = ""
        self._chance = chance
        self._share = share
        self._faults = itertools.cycle(chance.sample(_FAULTS, len(_FAULTS)))
        self._later: set[asyncio.Task[None]] = set()
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["BadPost"]:
        taken = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(self, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server._serve([taken]))  # without signal handlers: they are the test runner's
        try:
            yield self
        finally:
            server.should_exit = True
            await serving
            await asyncio.gather(*self._later, return_exceptions=True)
            await self._http.aclose()
            taken.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        fault = self._fault(scope["path"])
        if fault == "late":
            await asyncio.sleep(self._chance.uniform(0.2, 1.0))
        if fault == "repeated":
            self._again(request, body)
        answer = None if fault == "lost" else await self._pass_on(request, body)
        if answer is None or fault == "unheard":
            raise ConnectionAbortedError  # uvicorn closes the connection without a word of the answer
        headers = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in _NOT_PASSED_ON]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    def _fault(self, path: str) -> str:
        if not path.endswith(_OURS) or self._chance.random() > self._share:
            return ""
        fault = next(self._faults)
        self.met[fault] += 1
        return fault

    def _again(self, request: Request, body: bytes) -> None:
        async def post() -> None:
            await asyncio.sleep(self._chance.uniform(0.1, 1.0))
            await self._pass_on(request, body)

        later = asyncio.create_task(post())
        self._later.add(later)
        later.add_done_callback(self._later.discard)

    async def _pass_on(self, request: Request, body: bytes) -> httpx.Response | None:
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
        url = f"{self.target}{request.url.path}?{request.url.query}"
        try:
            return await self._http.request(request.method, url, content=body, headers=headers)
        except httpx.TransportError:
            return None
