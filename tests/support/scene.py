"""The scene of a fault test: a store, perhaps a Redis, workers and clients as processes, and the test as a client.

What fails can be repeated: the seed and the command are printed with the failure.
"""

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from scheduler.container import Services
from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.core.orders import JobOrder
from scheduler.core.todo import ToDo
from tests.support.fault_process import (
    FaultProcess,
    Home,
    Submission,
    a_client,
    a_holder,
    a_worker,
    an_asker,
    opened,
)
from tests.support.history import flaws
from tests.support.redis_server import RedisServer
from tests.support.runs import a_graph
from tests.support.world import ASK, LOOK, MARK

LIMIT = 60.0  # seconds for what takes one or two on an idle machine
FINAL = frozenset({"done", "failed", "cancelled"})


def an_order(*steps: ToDo) -> JobOrder:
    """Return an order of these steps; of two, a look and then a mark, unless others are given."""
    steps = steps or (a_look("first"), a_mark("second", "first"))
    return JobOrder(intent="custom", task_graph=a_graph(steps))


def a_look(name: str, *after: str, seconds: float = 0) -> ToDo:
    return ToDo(id=name, action=LOOK, depends_on=after, params={"seconds": seconds})


def an_ask(name: str, *after: str) -> ToDo:
    return ToDo(id=name, action=ASK, depends_on=after)


def a_mark(name: str, *after: str, seconds: float = 0) -> ToDo:
    return ToDo(id=name, action=MARK, depends_on=after, params={"seconds": seconds})


class Scene:
    """Processes on one store. `queue_url` is where jobs are dispatched; nothing: the store."""

    def __init__(self, folder: Path, queue_url: str = "", *, disk: Path | None = None) -> None:
        self.home = Home(folder=folder, disk=disk)
        self.world = self.home.world
        self.accepted: list[JobId] = []
        self.settings = {
            "QUEUE_URL": queue_url,
            "WORKER_LEASE_SECONDS": "1",
            "WORKER_CONCURRENCY": "8",
        }
        self._processes: list[FaultProcess] = []

    def worker(self, **settings: str) -> FaultProcess:
        """Start a worker; `settings` are variables without the CPA_."""
        return self._started(a_worker(self.home, self.home.settings(**{**self.settings, **settings})))

    def submitter(
        self,
        orders: Sequence[JobOrder],
        told: str,
        keys: Sequence[str | None] = (),
        *,
        together: bool = False,
        **settings: str,
    ) -> FaultProcess:
        """Start a client that submits and ends; `told` names the file in which it writes what it was answered."""
        wanted = Submission(
            orders=[order.model_dump_json() for order in orders],
            keys=keys or [None] * len(orders),
            told=self.home.folder / told,
            together=together,
        )
        return self._started(a_client(self.home, self.home.settings(**{**self.settings, **settings}), wanted))

    def asker(self, question: str, job_ids: Sequence[JobId], told: str, **settings_: str) -> FaultProcess:
        """Start a client that has jobs cancelled (`cancel`) or run again (`retry`), or answers them, and ends."""
        settings = self.home.settings(**{**self.settings, **settings_})
        return self._started(an_asker(self.home, settings, question, job_ids, self.home.folder / told))

    async def locked(self, seconds: float) -> FaultProcess:
        """Have another process lock the store for a while; return when it is locked."""
        holding = self.home.folder / "holding"
        holder = self._started(a_holder(self.home, seconds, holding))
        await self.until(holding.exists)
        return holder

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Services]:
        """Open CPA in this process, without a worker."""
        async with opened(self.home, self.home.settings(**self.settings)) as services:
            yield services

    async def submit(self, services: Services, *orders: JobOrder) -> list[JobId]:
        """Submit as a client does; what was accepted must end."""
        jobs = await asyncio.gather(*(services.jobs.create(order, tenant=DEFAULT_TENANT) for order in orders))
        self.accepted += [job.id for job in jobs]
        return [job.id for job in jobs]

    def statuses(self) -> dict[JobId, str]:
        """Return where each job stands, from the file itself."""
        with closing(sqlite3.connect(self.home.database, timeout=LIMIT)) as connection:
            return {JobId(job_id): status for job_id, status in connection.execute("SELECT id, status FROM jobs")}

    async def ended(self, *job_ids: JobId, limit: float = LIMIT) -> None:
        """Wait until these jobs have ended, all accepted ones unless some are named."""
        await self.until(lambda: self.all_ended(job_ids), limit, self._story)

    async def begun(self, *job_ids: JobId, limit: float = LIMIT) -> None:
        """Wait until somebody has begun a step of each of these jobs."""
        await self.until(lambda: {*job_ids} <= {line.job_id for line in self.world.lines()}, limit, self._story)

    @staticmethod
    async def until(holds: Callable[[], bool], limit: float = LIMIT, story: Callable[[], str] = str) -> None:
        """Wait until it holds."""
        end = time.monotonic() + limit
        while not holds():
            assert time.monotonic() < end, f"not within {limit:g} s; {story()}"
            await asyncio.sleep(0.05)

    def check(self, accepted: Collection[JobId] = ()) -> None:
        """Nobody writes any more: everything that must hold, holds."""
        found = flaws(self.home.database, accepted or self.accepted, self.world)
        assert found == [], "\n".join(found) + self._story()

    async def close(self) -> None:
        """End all processes."""
        await asyncio.gather(*(process.stop() for process in self._processes))

    def _started(self, process: FaultProcess) -> FaultProcess:
        self._processes.append(process)
        return process

    def all_ended(self, job_ids: Collection[JobId] = ()) -> bool:
        """Whether these jobs have ended, all accepted ones unless some are named."""
        statuses = self.statuses()
        return all(statuses.get(job_id) in FINAL for job_id in job_ids or self.accepted)

    def _story(self) -> str:
        """Return what helps to find out why."""
        log = self.home.log.read_text()[-6000:] if self.home.log.exists() else ""
        return f"\nunfinished: { {id_: s for id_, s in self.statuses().items() if s not in FINAL} }\n{log}"


@pytest.fixture
async def scene(store_path: Path) -> AsyncIterator[Scene]:
    """A scene whose jobs are dispatched by the store."""
    scene = Scene(store_path.parent)
    yield scene
    await scene.close()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may harm."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.stop()


@pytest.fixture
async def redis_scene(store_path: Path, redis: RedisServer) -> AsyncIterator[Scene]:
    """A scene whose jobs are dispatched by Redis."""
    scene = Scene(store_path.parent, redis.url)
    yield scene
    await scene.close()


@pytest.fixture(params=["sqlite", "redis"])
def either_scene(request: pytest.FixtureRequest) -> Scene:
    """Both kinds of scene, one after the other."""
    scene: Scene = request.getfixturevalue("scene" if request.param == "sqlite" else "redis_scene")
    return scene


class Scenes:
    """Makes scenes that one test plays at the same time, each with a store and a database of Redis of its own."""

    def __init__(self, migrated_file: Path, folder: Path, server: RedisServer) -> None:
        self._migrated_file, self._folder, self._server = migrated_file, folder, server
        self._count = itertools.count()

    @contextlib.asynccontextmanager
    async def another(self) -> AsyncIterator[Scene]:
        number = next(self._count)
        folder = self._folder / str(number)
        folder.mkdir()
        shutil.copy(self._migrated_file, folder / "cpa.db")
        url = f"{self._server.url.rpartition('/')[0]}/{number}"
        scene = Scene(folder, url)
        try:
            yield scene
        finally:
            await scene.close()


@pytest.fixture
def scenes(migrated_file: Path, tmp_path: Path, shared_redis: RedisServer) -> Scenes:
    shared_redis.empty()
    return Scenes(migrated_file, tmp_path, shared_redis)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance from a seed that is printed: FAULT_SEED, or a fresh one."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"repeat with: FAULT_SEED={seed} .venv/bin/python -m pytest {request.node.nodeid!r}")  # noqa: T201
    return random.Random(seed)  # noqa: S311 - a fault to be repeated, not a secret
