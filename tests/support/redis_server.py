"""A real Redis of the tests' own, on a free port of loopback, with its append-only file in a folder of its own."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from examples.mailbox.dovecot import free_port

_LIMIT = 30.0  # seconds for it to start or to end


class RedisServer:
    """May be stopped, killed, frozen and started again; keeps its port and its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port("127.0.0.1")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """Start it, and return when it answers."""
        program = shutil.which("redis-server", path="/usr/bin:/usr/local/bin:/usr/sbin")
        assert program is not None, "redis-server is missing; make setup installs it"
        self._folder.mkdir(parents=True, exist_ok=True)
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "yes", "save": ""}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
        end = time.monotonic() + _LIMIT
        while not self._answers():
            assert self._process.poll() is None, "redis-server ended at once"
            assert time.monotonic() < end, "redis-server does not answer"
            time.sleep(0.01)
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; SIGKILL is what a crash looks like."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(_LIMIT)
            self._process = None

    def freeze(self) -> None:
        """Let it hang: its connections stand, nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        """Delete everything it holds."""
        assert self._ask(b"FLUSHALL\r\n").startswith(b"+OK")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self._ask(b"PING\r\n").startswith(b"+PONG")
        return False

    def _ask(self, words: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=_LIMIT) as connection:
            connection.sendall(words)
            return connection.recv(100)


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for all tests that do it no harm; each works under a prefix or in an emptied database."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()
