"""Runs one contestant in a folder and with a store of its own, and takes its figures."""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.contestant import TALLY
from bench.peers.database import Database
from bench.peers.roster import ROOT, Entry, Store
from bench.processes import bare_environment, end, memory, processor_time
from bench.servers import Server, redis_server, temporal_server

CLIENT_LIMIT = 300.0  # seconds for the phases of one client
DRAIN_LIMIT = 240.0
LOOK = 0.002


class RunError(Exception):
    """A contestant could not be run, or not to its end."""


@dataclass(frozen=True)
class Drain:
    """Rates are per second, times of the processor in microseconds per job."""

    jobs_per_second: float
    worker: float
    server: float
    jobs: int


@dataclass
class Run:
    """A contestant whose store is up. `phases` is what its clients have measured so far."""

    entry: Entry
    folder: Path
    server: Server | None
    phases: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def executions(self) -> int:
        """How many jobs have been begun."""
        tally = self.folder / TALLY
        return tally.stat().st_size if tally.exists() else 0

    @property
    def ours(self) -> Database:
        """The database, of a contestant that is ours."""
        return Database(self.folder / "cpa.db")

    def client(self, *phases: str) -> dict[str, dict[str, float]]:
        """Go through phases like `bulk:800` in a process of their own; return and keep what those that exist gave."""
        try:
            done = subprocess.run(
                [*self._command("client"), *phases],
                env=self._environment,
                cwd=ROOT,
                capture_output=True,
                timeout=CLIENT_LIMIT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunError(f"client {' '.join(phases)}: {error}") from error
        self._log.write_bytes(done.stderr)
        found = [json.loads(line) for line in done.stdout.decode().splitlines() if line.startswith('{"phase"')]
        given = {str(figures.pop("phase")): figures for figures in found}
        self.phases |= given
        if done.returncode:
            raise RunError(f"client {' '.join(phases)}: {_last_line(done.stderr)}")
        return given

    @contextlib.contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the worker for a block."""
        process = self.start_worker()
        try:
            yield process
        finally:
            end(process)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker; the caller ends it."""
        log = self.folder / "worker.log"
        with log.open("ab") as output:
            return subprocess.Popen(
                self._command("worker"),
                env=self._environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def until_begun(self, worker: subprocess.Popen[bytes], before: int) -> None:
        """Wait until a worker that has just been started executes something."""
        self._until(lambda: self.executions > before, worker, time.monotonic() + DRAIN_LIMIT)

    def drain(self, worker: subprocess.Popen[bytes], jobs: int, before: int) -> Drain:
        """Wait until the queued jobs are done, from the first execution to the last; ours until all of it is stored.

        `before` is how many executions there were when the worker was started.
        """
        self.until_begun(worker, before)
        limit = time.monotonic() + DRAIN_LIMIT
        started, begun = time.perf_counter(), self.executions
        used, served = processor_time(worker.pid), self._server_time
        self.until_final(worker, jobs, before, limit)
        seconds, counted = time.perf_counter() - started, max(1, before + jobs - begun)
        return Drain(
            jobs_per_second=counted / seconds,
            worker=(processor_time(worker.pid) - used) / counted * 1e6,
            server=(self._server_time - served) / counted * 1e6,
            jobs=counted,
        )

    def until_final(self, worker: subprocess.Popen[bytes], jobs: int, before: int, limit: float | None = None) -> None:
        """Wait until `jobs` more than `before` have been executed, and ours until the database says that they ended."""
        limit = limit or time.monotonic() + DRAIN_LIMIT
        self._until(lambda: self.executions >= before + jobs, worker, limit)
        if self.entry.ours:
            self._until(lambda: self.ours.final(jobs), worker, limit)

    def memory(self, worker: subprocess.Popen[bytes]) -> float:
        """Return what the worker holds, in MiB."""
        return memory(worker.pid) / 2**20

    @property
    def _server_time(self) -> float:
        return processor_time(self.server.pid) if self.server else 0.0

    @property
    def _log(self) -> Path:
        return self.folder / "client.log"

    def _command(self, part: str) -> list[str]:
        return [str(self.entry.python), "-m", "bench.peers.play", self.entry.module, part]

    @property
    def _environment(self) -> dict[str, str]:
        stores = {Store.REDIS: "BENCH_REDIS", Store.TEMPORAL: "BENCH_TEMPORAL"}
        store = {stores[self.entry.store]: self.server.address} if self.server else {}
        return (
            bare_environment()
            | {"BENCH_FOLDER": str(self.folder)}
            | store
            | dict(self.entry.settings)
            | _quiet(self.folder)
        )

    def _until(self, condition: Callable[[], bool], worker: subprocess.Popen[bytes], limit: float) -> None:
        while not condition():
            if worker.poll() is not None:
                log = (self.folder / "worker.log").read_bytes()
                raise RunError(f"its worker ended: {_last_line(log)}")
            if time.monotonic() > limit:
                raise RunError(f"{self.executions} executions after {DRAIN_LIMIT:g} s")
            time.sleep(LOOK)


@contextlib.contextmanager
def a_run(entry: Entry) -> Iterator[Run]:
    """Prepare a run in a folder that is gone afterwards. Raises RunError, and ServerError."""
    if not entry.python.exists():
        raise RunError(f"not installed: {entry.venv} is missing")
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name, contextlib.ExitStack() as up:
        folder = Path(name)
        server = None
        if entry.store is Store.REDIS:
            server = up.enter_context(redis_server(folder))
        elif entry.store is Store.TEMPORAL:
            server = up.enter_context(temporal_server(entry.python.with_name("temporal"), folder))
        yield Run(entry, folder, server)


def _quiet(folder: Path) -> dict[str, str]:
    """Keep peers from logging much, from writing to the home folder, and from telling anybody that they are used."""
    return {
        "PREFECT_HOME": str(folder),
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"
