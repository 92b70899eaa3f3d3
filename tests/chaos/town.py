"""Schedulers and six agents as processes, with a wire between them that can be cut, and what is done to them."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from examples.mailbox.dovecot import free_port
from scheduler.core.ids import JobId
from scheduler.executors.maildir import Maildir
from tests.chaos.plans import ANNA, US
from tests.chaos.processes import be_agent, be_scheduler
from tests.support.fault_process import FaultProcess, Home
from tests.support.tcp_fault import FaultProxy

AGENTS: Final[Mapping[str, tuple[str, bool]]] = {
    "web-1": ("web", True),
    "web-2": ("web", False),
    "mail-1": ("mail", True),
    "mail-2": ("mail", False),
    "data-1": ("data", False),
    "flaky-1": ("flaky", True),
}
"""Kind of each agent, and whether it is called; else it dials out."""
LIMIT: Final = 60.0


class Trouble(NamedTuple):
    """What befalls an agent: `kill`, `freeze`, `restart`, `cut`; how long it lasts."""

    at: float
    kind: str
    agent: str
    seconds: float


KINDS_OF_TROUBLE: Final[Mapping[str, tuple[float, float]]] = {
    "kill": (0.1, 3.0),
    "freeze": (0.3, 9.0),
    "restart": (0.0, 1.0),
    "cut": (0.3, 9.0),
}
"""Seconds each lasts, from and to."""


def troubles(chance: random.Random, seconds: float, of_each: int) -> list[Trouble]:
    """Draw so many of each kind, in the order in which they come."""
    names = list(AGENTS)
    drawn = [
        Trouble(chance.uniform(0.5, seconds), kind, chance.choice(names), min(chance.uniform(*span), seconds / 4))
        for kind, span in KINDS_OF_TROUBLE.items()
        for _ in range(of_each)
    ]
    return sorted(drawn)


@dataclass
class Citizen:
    """An agent with its wires: `up` leads to the scheduler, `down` to the agent."""

    name: str
    begin: Callable[[], FaultProcess]
    up: FaultProxy
    down: FaultProxy
    process: FaultProcess | None = None
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    suffered: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        self.process = self.begin()

    async def suffer(self, trouble: Trouble) -> None:
        assert self.process is not None
        async with self.busy:
            match trouble.kind:
                case "kill":
                    await asyncio.to_thread(self.process.kill)
                    await asyncio.sleep(trouble.seconds)
                    self.start()
                case "restart":
                    await asyncio.to_thread(self.process.stop_now)
                    await asyncio.sleep(trouble.seconds)
                    self.start()
                case "freeze":
                    self.process.signal(signal.SIGSTOP)
                    await asyncio.sleep(trouble.seconds)
                    self.process.signal(signal.SIGCONT)
                case _:
                    await self._cut(trouble)
            self.suffered[trouble.kind] += 1

    async def _cut(self, trouble: Trouble) -> None:
        """Refuse and reset, or let everything vanish, which nobody notices until a time limit."""
        quietly = int(trouble.seconds * 1000) % 2 == 0
        for wire in (self.up, self.down):
            wire.refuse, wire.swallow = not quietly, frozenset({"up", "down"} if quietly else ())
            if not quietly:
                wire.cut()
        await asyncio.sleep(trouble.seconds)
        for wire in (self.up, self.down):
            wire.refuse, wire.swallow = False, frozenset()
            wire.cut()

    async def revive(self) -> None:
        """Start it again when it has died by itself."""
        async with self.busy:
            if self.process is not None and not self.process.alive:
                self.suffered["died"] += 1
                self.start()


@dataclass
class Town:
    """`ports` are those of the schedulers; jobs are submitted to each in turn."""

    home: Home
    ports: Sequence[int]
    settings: Mapping[str, str]
    client: httpx.AsyncClient
    schedulers: list[FaultProcess] = field(default_factory=list)
    citizens: dict[str, Citizen] = field(default_factory=dict)
    accepted: list[JobId] = field(default_factory=list)
    killed: int = 0

    def scheduler(self, place: int) -> FaultProcess:
        return FaultProcess(self.home, self.settings, be_scheduler, self.ports[place])

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.ports[number % len(self.ports)]}"

    async def submit(self, orders: Sequence[Mapping[str, Any]], key: str) -> list[JobId]:
        """Submit as a client that does not give up: to another scheduler when one is gone."""
        for number in range(600):
            with contextlib.suppress(httpx.TransportError):
                answer = await self.client.post(
                    f"{self.url(number)}/jobs:batch",
                    json={"jobs": orders, "atomic": True},
                    headers={"Idempotency-Key": key},
                )
                if answer.status_code == httpx.codes.ACCEPTED:
                    ids = [JobId(item["job_id"]) for item in answer.json()["jobs"]]
                    self.accepted += ids
                    return ids
                assert answer.status_code in {429, 503}, answer.text
            await asyncio.sleep(0.2)
        raise AssertionError("nobody takes jobs")

    async def cancel(self, job_id: JobId) -> None:
        """Ask for a job to stop; it may be over by now."""
        with contextlib.suppress(httpx.TransportError):
            answer = await self.client.delete(f"{self.url(0)}/jobs/{job_id}")
            assert answer.status_code in {202, 409, 503}, answer.text

    async def agents_joined(self) -> None:
        async with asyncio.timeout(LIMIT):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    found = (await self.client.get(f"{self.url(0)}/agents")).json()["agents"]
                    if {agent["name"] for agent in found if agent["status"] == "online"} == set(AGENTS):
                        return
                await asyncio.sleep(0.1)

    async def live_through(self, story: Sequence[Trouble]) -> None:
        """Have it all happen, each agent's in order; what dies by itself is started again."""
        began = time.monotonic()

        async def fate(citizen: Citizen) -> None:
            for trouble in story:
                if trouble.agent == citizen.name:
                    await asyncio.sleep(max(0.0, began + trouble.at - time.monotonic()))
                    await citizen.suffer(trouble)

        await asyncio.gather(*map(fate, self.citizens.values()))

    async def keep_alive(self) -> None:
        while True:
            await asyncio.sleep(0.3)
            for citizen in self.citizens.values():
                if not citizen.busy.locked():
                    await citizen.revive()

    async def kill_scheduler(self, place: int, seconds: float) -> None:
        await asyncio.to_thread(self.schedulers[place].kill)
        self.killed += 1
        await asyncio.sleep(seconds)
        self.schedulers[place] = self.scheduler(place)

    @property
    def suffered(self) -> Counter[str]:
        return sum((citizen.suffered for citizen in self.citizens.values()), Counter())

    @property
    def log(self) -> str:
        return self.home.log.read_text(encoding="utf-8", errors="replace") if self.home.log.exists() else ""


@asynccontextmanager
async def a_town(folder: Path, *, schedulers: int = 1, queue_url: str = "") -> AsyncIterator[Town]:
    """Open it, wait until everybody is at work, and end everything at the end."""
    home = Home(folder=folder)
    for address in (ANNA, US):
        Maildir(folder / "mail" / address).make()
    settings = home.settings(
        QUEUE_URL=queue_url,
        WORKER_LEASE_SECONDS="5",
        WORKER_CONCURRENCY="24",
        WORKER_MOST_CRASHES="50",  # every kill of a scheduler counts as a crash of all its jobs
        MAIL_MAILDIR=str(folder / "mail"),
        MAIL_ADDRESS=US,
        MAIL_SETTLE_SECONDS="0",
        CONTACTS_FILE=str(folder / "contacts.yaml"),
    )
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=20, trust_env=False))
        town = Town(home, [free_port("127.0.0.1") for _ in range(schedulers)], settings, client)
        stack.push_async_callback(_end, town)
        town.schedulers = [town.scheduler(place) for place in range(schedulers)]
        for number, name in enumerate(AGENTS):
            town.citizens[name] = await _a_citizen(stack, town, name, town.ports[number % schedulers])
            town.citizens[name].start()
        await town.agents_joined()
        yield town


async def _a_citizen(stack: AsyncExitStack, town: Town, name: str, scheduler_port: int) -> Citizen:
    kind, called = AGENTS[name]
    port = free_port("127.0.0.1")
    up = await stack.enter_async_context(FaultProxy(scheduler_port).running())
    down = await stack.enter_async_context(FaultProxy(port).running())
    url, endpoint = f"http://127.0.0.1:{up.port}", f"http://127.0.0.1:{down.port}" if called else ""

    def begin() -> FaultProcess:
        return FaultProcess(town.home, town.settings, be_agent, kind, name, url, port, endpoint)

    return Citizen(name, begin, up, down)


async def _end(town: Town) -> None:
    everybody = [citizen.process for citizen in town.citizens.values() if citizen.process is not None]
    for process in (*everybody, *town.schedulers):
        await asyncio.to_thread(process.kill)
