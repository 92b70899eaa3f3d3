"""Small processes of CPA for fault tests: a worker, and a client that submits, each over the real container.

They are forked from a server that has everything imported, so they start at once; SIGKILL ends them at once.
"""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scheduler.container import Services, open_services
from scheduler.core.errors import CPAError
from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import UNKNOWN, Intent, IntentBook
from scheduler.core.job import Job
from scheduler.core.orders import JobOrder
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.orchestrator.job_service import JobService
from scheduler.settings import Settings, load_settings
from scheduler.telemetry.logs import set_up_logs
from tests.support.fork_server import FORK_SERVER
from tests.support.jumping_clock import JumpingClock
from tests.support.world import World, WorldExecutor

_END = 30.0  # seconds that a process may take to end in order


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where the processes of one test keep everything; the store may lie on a disk of its own."""

    folder: Path
    disk: Path | None = None

    @property
    def database(self) -> Path:
        return (self.disk or self.folder) / "cpa.db"

    @property
    def world(self) -> World:
        return World(self.folder / "world")

    @property
    def clock(self) -> JumpingClock:
        return JumpingClock(self.folder / "clock")

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def settings(self, **changes: str) -> dict[str, str]:
        """Return the variables of a process; `changes` without the CPA_."""
        fixed = {
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DATA_DIR": str(self.folder),
            "SECRETS_FILE": str(self.folder / "secrets.yaml"),
            "WORKER_GRACE_SECONDS": "0",
        }
        return {f"CPA_{name}": value for name, value in (fixed | changes).items()}


def settings_of(variables: Mapping[str, str]) -> Settings:
    """Return what these variables set, and no others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CPA_")}
    with patch.dict(os.environ, {**ours, **variables}, clear=True):
        return load_settings()


@contextlib.asynccontextmanager
async def opened(
    home: Home, variables: Mapping[str, str], executors: ExecutorRegistry | None = None
) -> AsyncIterator[Services]:
    """Open CPA with these settings and no others, and the executor of the world unless others are given."""
    if executors is None:
        executors = ExecutorRegistry()
        executors.register_all(WorldExecutor(home.world))
    nothing_said = IntentRouter(IntentBook(intents=(Intent(name=UNKNOWN),)))
    async with open_services(settings_of(variables), executors=executors, router=nothing_said) as services:
        yield services


async def _work(home: Home, settings: Mapping[str, str]) -> None:
    async with opened(home, settings) as services:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, services.worker.drain)
        await services.worker.run()


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a client is to submit, and where it writes what it was told: a line of JSON for each order."""

    orders: Sequence[str]
    keys: Sequence[str | None]
    told: Path
    together: bool = False


async def _submit(home: Home, settings: Mapping[str, str], wanted: Submission) -> None:
    async with opened(home, settings) as services:

        async def one(order: str, key: str | None) -> None:
            parsed = JobOrder.model_validate_json(order)
            try:
                answer = (await services.jobs.create(parsed, tenant=DEFAULT_TENANT, key=key)).id
            except CPAError as error:
                answer = JobId(f"!{error.code}")
            with wanted.told.open("a") as file:
                file.write(json.dumps({"key": key, "answer": answer}) + "\n")

        pairs = list(zip(wanted.orders, wanted.keys, strict=True))
        if wanted.together:
            await asyncio.gather(*(one(*pair) for pair in pairs))
        else:
            for pair in pairs:
                await one(*pair)


_CALLS: Mapping[str, Callable[[JobService, JobId], Awaitable[Job]]] = {
    "cancel": lambda jobs, job_id: jobs.cancel(job_id, DEFAULT_TENANT),
    "retry": lambda jobs, job_id: jobs.retry(job_id, DEFAULT_TENANT),
    "answer": lambda jobs, job_id: jobs.answer(job_id, DEFAULT_TENANT, text="471108"),
}


async def _ask(home: Home, settings: Mapping[str, str], question: str, job_ids: Sequence[JobId], told: Path) -> None:
    """Cancel, retry or answer jobs; write down what was answered."""
    async with opened(home, settings) as services:
        for job_id in job_ids:
            try:
                answer = str((await _CALLS[question](services.jobs, job_id)).status)
            except CPAError as error:
                answer = f"!{error.code}"
            with told.open("a") as file:
                file.write(json.dumps({"job": job_id, "answer": answer}) + "\n")


async def _hold(home: Home, _: Mapping[str, str], seconds: float, holding: Path) -> None:
    """Lock the store as a careless program would; `holding` appears when it is locked."""

    def hold() -> None:
        with contextlib.closing(sqlite3.connect(home.database, timeout=_END, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            holding.touch()
            time.sleep(seconds)
            connection.execute("ROLLBACK")

    await asyncio.to_thread(hold)


def _run(home: Home, body: Callable[..., Coroutine[Any, Any, None]], *given: object) -> None:
    """The life of a process: everything it says goes into the log, and its clock is the one that jumps."""
    with home.log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    set_up_logs("info", "json", lambda text: text)
    with patch("scheduler.container.SystemClock", lambda: home.clock):
        asyncio.run(body(home, *given))


class FaultProcess:
    """One process. It may die by itself."""

    def __init__(
        self, home: Home, settings: Mapping[str, str], body: Callable[..., Coroutine[Any, Any, None]], *given: object
    ) -> None:
        self._home = home
        self._process = FORK_SERVER.Process(target=_run, args=(home, body, settings, *given), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, -9 after SIGKILL; None while it lives."""
        return self._process.exitcode

    async def wait(self, limit: float = _END) -> None:
        """Return when it has ended, or after `limit` seconds."""
        await asyncio.to_thread(self._process.join, limit)

    def signal(self, which: signal.Signals) -> None:
        if self._process.is_alive():
            os.kill(self.pid, which)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.join()

    def stop_now(self, limit: float = _END) -> None:
        """Ask it to end in order, and end it by force when it does not go."""
        self._process.terminate()
        self._process.join(limit)
        if self._process.is_alive():
            self.kill()

    async def stop(self) -> None:
        """End it in order. That it does not go is an error; then it is ended by force."""
        self.signal(signal.SIGCONT)
        self._process.terminate()
        await self.wait()
        if self._process.is_alive():
            self.kill()
            raise AssertionError(f"process {self.pid} does not end in order: {self._home.log.read_text()[-4000:]}")


def a_worker(home: Home, settings: Mapping[str, str]) -> FaultProcess:
    """Start a worker."""
    return FaultProcess(home, settings, _work)


def a_client(home: Home, settings: Mapping[str, str], wanted: Submission) -> FaultProcess:
    """Start a process that submits and ends."""
    return FaultProcess(home, settings, _submit, wanted)


def an_asker(
    home: Home, settings: Mapping[str, str], question: str, job_ids: Sequence[JobId], told: Path
) -> FaultProcess:
    """Start a process that asks for jobs to be cancelled (`cancel`) or run again (`retry`), answers them, and ends."""
    return FaultProcess(home, settings, _ask, question, job_ids, told)


def a_holder(home: Home, seconds: float, holding: Path) -> FaultProcess:
    """Start a process that locks the store for a while."""
    return FaultProcess(home, {}, _hold, seconds, holding)


def answers(told: Path) -> list[dict[str, str]]:
    """Return what clients wrote down."""
    return [json.loads(line) for line in told.read_text().splitlines()] if told.exists() else []
