"""Wakes the other processes that have the same file open: each keeps a datagram socket beside it, and a ring is a byte.

A ring only says "look", and whether workers should, too; one that gets lost costs no more than the time until the next
look at the file's own counter.
Where there are no such sockets (Windows, a file system that has none) `open` says so, and the counter is all there is.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from scheduler.core.ids import new_id
from scheduler.repository.news import News

_LONGEST = 100  # bytes of a socket's address that every system takes
_FOR_ALL, _FOR_WATCHERS = b"!", b"."
_SETTLED = 100_000_000  # nanoseconds; what is younger may be followed by a change of the same time


class Doorbell:
    """The bell of one process at the file `path`. `ring` may be called from any thread, the rest on the event loop."""

    def __init__(self, path: Path) -> None:
        self._folder = path.with_name(f"{path.name}-bells")
        self._name = new_id()
        self._handle: int | None = None
        self._socket: socket.socket | None = None
        self._known: list[str] = []
        self._known_since: int | None = None

    @property
    def hangs(self) -> bool:
        return self._socket is not None

    def open(self, rung: Callable[[News], None]) -> None:
        """Hang the bell; `rung` is called on the running loop after every ring. May be called again."""
        if self.hangs or not hasattr(socket, "AF_UNIX"):
            return
        bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            bell.setblocking(False)
            bell.bind(self._address(self._name))
        except OSError:
            bell.close()
            self._let_go()
            return
        self._socket = bell
        asyncio.get_running_loop().add_reader(bell.fileno(), self._heard, bell, rung)

    def ring(self, news: News) -> None:
        """Wake all others. A bell that nobody hears any more, because its process died, is taken down."""
        bell, handle = self._socket, self._handle
        if bell is None or handle is None:
            return
        with contextlib.suppress(OSError):
            for name in self._others(handle):
                self._ring_one(bell, handle, name, _FOR_ALL if news is News.FOR_ALL else _FOR_WATCHERS)

    def close(self) -> None:
        """Take the bell down. May be called again."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):
            os.unlink(self._name, dir_fd=self._handle)
        self._let_go()

    def _let_go(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _others(self, handle: int) -> list[str]:
        """Return the names of the other bells; the folder is read when it has changed, or may have."""
        changed = os.stat(handle).st_mtime_ns
        if changed != self._known_since:
            self._known = [name for name in os.listdir(handle) if name != self._name]
            self._known_since = changed if time.time_ns() - changed > _SETTLED else None
        return self._known

    def _ring_one(self, bell: socket.socket, handle: int, name: str, ring: bytes) -> None:
        try:
            bell.sendto(ring, self._address(name))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=handle)
        except OSError:
            pass  # its queue is full: it has been rung and did not look yet

    @staticmethod
    def _heard(bell: socket.socket, rung: Callable[[News], None]) -> None:
        news = News.FOR_WATCHERS
        with contextlib.suppress(BlockingIOError):
            while ring := bell.recv(16):
                if ring != _FOR_WATCHERS:
                    news = News.FOR_ALL
        rung(news)

    def _address(self, name: str) -> str:
        """Return an address for the socket; Linux has a short one for a file in a folder that is open."""
        path = str(self._folder / name)
        if len(os.fsencode(path)) <= _LONGEST or not Path("/proc/self/fd").exists():
            return path
        return f"/proc/self/fd/{self._handle}/{name}"
