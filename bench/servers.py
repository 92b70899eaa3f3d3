"""The servers a bench needs, on free ports of loopback: each is started for a block and stopped after it."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

from bench.processes import end

START_LIMIT = 60.0  # seconds
LOOPBACK = "127.0.0.1"


class ServerError(Exception):
    """A server cannot be started."""


@dataclass(frozen=True)
class Server:
    """A server that answers; `address` is a URL, or host and port."""

    address: str
    pid: int


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[Server]:
    """Run a Redis that writes every command to its log and the log to the disk every second. It holds nothing yet."""
    port = free_port()
    address = f"redis://{LOOPBACK}:{port}/0"
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    command = ["redis-server", "--port", str(port), "--bind", LOOPBACK, "--dir", str(folder), *durable]

    def answers() -> bool:
        with redis.Redis.from_url(address) as client, contextlib.suppress(redis.exceptions.ConnectionError):
            return bool(client.ping())
        return False

    with _running(command, folder / "redis.log", answers) as pid:
        yield Server(address, pid)


@contextlib.contextmanager
def temporal_server(program: Path, folder: Path) -> Iterator[Server]:
    """Run Temporal's development server, which keeps its data in a file."""
    port = free_port()
    place = ["--ip", LOOPBACK, "--port", str(port), "--db-filename", str(folder / "temporal.db")]
    command = [str(program), "server", "start-dev", "--headless", "--log-level", "error", *place]

    def answers() -> bool:
        health = [str(program), "operator", "cluster", "health", "--address", f"{LOOPBACK}:{port}"]
        return subprocess.run(health, capture_output=True, check=False).returncode == 0

    with _running(command, folder / "temporal.log", answers) as pid:
        yield Server(f"{LOOPBACK}:{port}", pid)


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def _running(command: Sequence[str], log: Path, answers: Callable[[], bool]) -> Iterator[int]:
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    except OSError as error:
        raise ServerError(f"{command[0]}: {error.strerror}") from error
    try:
        _wait(process, answers, log)
        yield process.pid
    finally:
        end(process)


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    limit = time.monotonic() + START_LIMIT
    while not answers():
        if process.poll() is not None or time.monotonic() > limit:
            raise ServerError(f"it does not answer: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")
        time.sleep(0.05)
