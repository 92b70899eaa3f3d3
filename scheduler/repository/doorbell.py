"""Wakes the other processes that have the same file open: each keeps two datagram sockets beside it; a ring is a byte.

A ring only says "look", on the one socket to all, on the other to those who watch, so that one whose queue is full has
been rung for the same. What gets lost costs no more than the time until the next look at the file's own counter.
Where there are no such sockets (Windows, a file system that has none) `open` says so, and the counter is all there is.
"""

import asyncio
import contextlib
import functools
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from scheduler.core.ids import new_id
from scheduler.repository.news import News

_LONGEST = 100  # bytes of a socket's address that every system takes
_RING = b"!"
_ENDINGS: Final[Mapping[News, str]] = {News.FOR_ALL: "", News.FOR_WATCHERS: ".w"}
"""How the names of the sockets end. Versions that have but one ring both, and are rung for all."""
_SETTLED = 100_000_000  # nanoseconds; what is younger may be followed by a change of the same time


class Doorbell:
    """The bell of one process at the file `path`. `ring` may be called from any thread, the rest on the event loop."""

    def __init__(self, path: Path) -> None:
        self._folder = path.with_name(f"{path.name}-bells")
        self._name = new_id()
        self._handle: int | None = None
        self._sockets: dict[News, socket.socket] = {}
        self._known: Mapping[News, Sequence[str]] = {}
        self._known_since: int | None = None

    @property
    def hangs(self) -> bool:
        return bool(self._sockets)

    def open(self, rung: Callable[[News], None]) -> None:
        """Hang the bell; `rung` is called on the running loop after every ring. May be called again."""
        if self.hangs or not hasattr(socket, "AF_UNIX"):
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            for news, ending in _ENDINGS.items():
                self._sockets[news] = self._bound(f"{self._name}{ending}")
        except OSError:
            self._let_go()
            return
        loop = asyncio.get_running_loop()
        for news, bell in self._sockets.items():
            loop.add_reader(bell.fileno(), self._heard, bell, functools.partial(rung, news))

    def ring(self, news: News) -> None:
        """Wake all others. A bell that nobody hears any more, because its process died, is taken down."""
        bell, handle = self._sockets.get(news), self._handle
        if bell is None or handle is None:
            return
        with contextlib.suppress(OSError):
            for name in self._others(handle)[news]:
                self._ring_one(bell, handle, name)

    def close(self) -> None:
        """Take the bell down. May be called again."""
        for bell in self._sockets.values():
            asyncio.get_running_loop().remove_reader(bell.fileno())
        self._let_go()

    def _bound(self, name: str) -> socket.socket:
        bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            bell.setblocking(False)
            bell.bind(self._address(name))
        except OSError:
            bell.close()
            raise
        return bell

    def _let_go(self) -> None:
        while self._sockets:
            news, bell = self._sockets.popitem()
            bell.close()
            with contextlib.suppress(OSError):
                os.unlink(f"{self._name}{_ENDINGS[news]}", dir_fd=self._handle)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _others(self, handle: int) -> Mapping[News, Sequence[str]]:
        """Return the names of the other bells; the folder is read when it has changed, or may have."""
        changed = os.stat(handle).st_mtime_ns
        if changed != self._known_since:
            names = [name for name in os.listdir(handle) if name.partition(".")[0] != self._name]
            watchers = _ENDINGS[News.FOR_WATCHERS]
            self._known = {
                News.FOR_ALL: [name for name in names if not name.endswith(watchers)],
                News.FOR_WATCHERS: [name for name in names if name.endswith(watchers)],
            }
            self._known_since = changed if time.time_ns() - changed > _SETTLED else None
        return self._known

    def _ring_one(self, bell: socket.socket, handle: int, name: str) -> None:
        try:
            bell.sendto(_RING, self._address(name))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=handle)
        except OSError:
            pass  # its queue is full: it has been rung for the same and did not look yet

    @staticmethod
    def _heard(bell: socket.socket, rung: Callable[[], None]) -> None:
        try:
            while bell.recv(16):
                pass
        except BlockingIOError:
            pass
        rung()

    def _address(self, name: str) -> str:
        """Return an address for the socket; Linux has a short one for a file in a folder that is open."""
        path = str(self._folder / name)
        if len(os.fsencode(path)) <= _LONGEST or not Path("/proc/self/fd").exists():
            return path
        return f"/proc/self/fd/{self._handle}/{name}"
