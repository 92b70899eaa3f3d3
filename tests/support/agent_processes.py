"""A scheduler on a real port, and agents as processes of their own beside it."""

import asyncio
import contextlib
import multiprocessing
import os
import random
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn

from agents.runtime import AgentOptions, embedded_agent
from agents.runtime.agent_process import Parts
from scheduler.core.agent import SCHEDULER_URI, AgentType
from scheduler.core.ids import new_id
from scheduler.core.lam_protocol import MessageFactory
from scheduler.executors.executor_registry import ExecutorRegistry
from tests.support import counting_agent, shifted_agent
from tests.support.counting_agent import Counter
from tests.support.fork_server import FORK_SERVER
from tests.support.services import Api

ACTION = "data.note"
_SPAWN = multiprocessing.get_context("spawn")
_LIMIT = 20.0


def _free_port() -> int:
    """Return a port below those that systems give out by themselves, which another test's client or server may get."""
    while True:
        with socket.socket() as taken:
            port = random.SystemRandom().randrange(20_000, 32_000)
            with contextlib.suppress(OSError):
                taken.bind(("127.0.0.1", port))
                return port


@dataclass
class Neighbourhood:
    """A scheduler that can be called, and the folder in which agents keep their things."""

    api: Api
    url: str
    folder: Path
    agents: list["AgentProcess | EmbeddedAgent"] = field(default_factory=list)

    @property
    def effects(self) -> list[str]:
        """The effect keys of everything that happened, in order."""
        file = self.folder / "effects"
        return file.read_text(encoding="utf-8").split() if file.exists() else []

    async def enrolment(self, uses: int = 1) -> str:
        answer = await self.api.client.post("/agents/enrolments", json={"uses": uses})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def embed(self, name: str = "note-1") -> "EmbeddedAgent":
        """Have an agent join that lives in this process."""
        agent = EmbeddedAgent(self, name)
        self.agents.append(agent)
        await agent.start(token=await self.enrolment())
        return agent

    async def start(
        self,
        name: str = "note-1",
        *,
        called: bool = True,
        dial: str = "socket",
        **how: Any,  # noqa: ANN401
    ) -> "AgentProcess":
        """Start an agent, and wait until it is at work. `how`: token, concurrency, crash_at."""
        agent = AgentProcess(self, name, called=called, dial=dial)
        self.agents.append(agent)
        await agent.start(token=how.pop("token", None) or await self.enrolment(), **how)
        return agent


@dataclass
class AgentProcess:
    """One agent. It may be killed and started again: it keeps its name, folder and port."""

    near: Neighbourhood
    name: str
    called: bool
    dial: str = "socket"
    port: int = field(default_factory=_free_port)
    process: BaseProcess | None = None
    options: list[str] = field(default_factory=list)
    endpoint: str = ""
    """Where it is to be called, if not at its own address."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.near.folder / f"{self.name}.log").read_text(encoding="utf-8")

    async def start(
        self,
        *,
        token: str = "",
        concurrency: int = 1,
        crash_at: str = "",
        ready: bool = True,
        clock_off: timedelta | None = None,
    ) -> None:
        command = ["--url", self.near.url, "--name", self.name, "--port", str(self.port)]
        command += ["--concurrency", str(concurrency)] + (["--token", token] if token else [])
        command += ["--endpoint", self.endpoint or self.url] if self.called else ["--dial", self.dial]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("CPA_")}
        variables |= {"CPA_DATA_DIR": str(self.near.folder), "CPA_LOG_LEVEL": "debug"}
        variables |= {"CPA_WORKER_GRACE_SECONDS": "3"} | ({"CPA_CRASH_AT": crash_at} if crash_at else {})
        log = self.near.folder / f"{self.name}.log"
        log.touch()
        given = (self.near.folder / "effects", command, variables, log)
        if clock_off is None:
            self.process = FORK_SERVER.Process(target=counting_agent.live, args=given, daemon=True)
        else:
            shifted = (clock_off.total_seconds(), *given)
            self.process = _SPAWN.Process(target=shifted_agent.live, args=shifted, daemon=True)
        await asyncio.to_thread(self.process.start)
        if ready:
            await self.ready()

    async def ready(self) -> None:
        """Wait until it has joined, or has died of its crash point."""
        async with asyncio.timeout(_LIMIT), httpx.AsyncClient() as client:
            while self.alive:
                try:
                    if (await client.get(f"{self.url}/health")).json()["joined"]:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def health(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as client:
            return dict((await client.get(f"{self.url}/health")).json())

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    async def ended(self, limit: float = _LIMIT) -> int:
        assert self.process is not None
        async with asyncio.timeout(limit):
            while (code := self.process.exitcode) is None:  # noqa: ASYNC110 - two threads must not wait for it at once
                await asyncio.sleep(0.02)
        return code

    async def signal(self, number: int) -> None:
        assert self.process is not None
        if self.alive:
            assert self.process.pid is not None
            os.kill(self.process.pid, number)

    async def kill(self) -> None:
        await self.signal(signal.SIGKILL)
        await self.ended()

    async def post(self, document: dict[str, Any], path: str = "/tasks") -> httpx.Response:
        async with httpx.AsyncClient(timeout=15) as client:
            return await client.post(f"{self.url}{path}", json=document)

    async def message(self, kind: str, key: str = "k" * 64, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return a message of the scheduler's to this agent, unsigned. `about` adds to its correlation."""
        found = (await self.near.api.client.get("/agents")).json()["agents"]
        uri = next(agent["uri"] for agent in found if agent["name"] == self.name)
        now = datetime.now(UTC)
        about = {"conversationId": "job-1", "taskId": "t", "attempt": 1, "leaseEpoch": 3, "effectKey": key}
        about |= fields.pop("about", {})
        return {
            "id": new_id(),
            "ts": now.isoformat(),
            "type": kind,
            "version": "1.0",
            "sender": SCHEDULER_URI,
            "to": [uri],
            "correlation": about,
            "expected": {"deadline": (now + timedelta(seconds=20)).isoformat(), "budgetMs": 20_000},
            **fields,
        }

    def signed(self, document: dict[str, Any]) -> dict[str, Any]:
        return self.near.api.services.agents.gateway.sign(MessageFactory.from_dict(document))


class _Mortal(Counter):
    """Dies with its agent instead of with the process."""

    def __init__(self, effects: Path) -> None:
        super().__init__(effects)
        self.died = asyncio.Event()

    async def die(self) -> None:
        self.died.set()
        await asyncio.Event().wait()


@dataclass
class EmbeddedAgent:
    """One in the scheduler's own process. To die is to be dropped in the midst of all, with nothing noted."""

    near: Neighbourhood
    name: str
    executor: _Mortal = field(init=False)
    parts: Parts | None = None
    life: "asyncio.Task[None] | None" = None

    async def start(self, *, token: str = "") -> None:
        self.executor, joined = _Mortal(self.near.folder / "effects"), asyncio.Event()
        self.life = asyncio.create_task(self._live(token, joined))
        async with asyncio.timeout(_LIMIT):
            await joined.wait()

    async def _live(self, token: str, joined: asyncio.Event) -> None:
        registry = ExecutorRegistry()
        registry.register_all(self.executor)
        folder = self.near.folder / "agents" / self.name
        options = AgentOptions(type=AgentType.DATA, name=self.name, url="http://testserver", token=token, folder=folder)
        line, way = self.near.api.services.agents.here, httpx.ASGITransport(self.near.api.app)
        async with embedded_agent(options, registry, line=line, way=way) as self.parts:
            joined.set()
            await asyncio.Event().wait()

    async def health(self) -> dict[str, Any]:
        return {"running": 0 if self.parts is None else self.parts.reception.load()[0]}

    @property
    def alive(self) -> bool:
        return self.life is not None and not self.life.done()

    async def ended(self) -> int:
        async with asyncio.timeout(_LIMIT):
            await self.executor.died.wait()
        await self.kill()
        return -signal.SIGKILL

    async def kill(self) -> None:
        if self.life is not None:
            self.life.cancel()
            await asyncio.wait([self.life])


def note(text: str = "x", **params: Any) -> dict[str, Any]:  # noqa: ANN401 - NoteParams
    """Return the payload of a request."""
    return {"todo": {"id": "t", "action": ACTION, "text": text, "params": params, "timeout": 20}}


@asynccontextmanager
async def neighbourhood(
    api: Api, folder: Path, ws: Literal["websockets-sansio", "none"] = "websockets-sansio"
) -> AsyncIterator[Neighbourhood]:
    """Serve the API on a free port, with or without WebSockets; end every agent at the end."""
    server = uvicorn.Server(uvicorn.Config(api.app, port=_free_port(), log_config=None, lifespan="off", ws=ws))
    serving = asyncio.create_task(server._serve())  # without its signal handlers: they are the test runner's
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    near = Neighbourhood(api, f"http://127.0.0.1:{server.config.port}", folder)
    try:
        yield near
    finally:
        for agent in near.agents:
            if agent.alive:
                await agent.kill()
        server.should_exit = server.force_exit = True  # a long poll of one that was killed would go on
        await serving
