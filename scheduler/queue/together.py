"""Sends what many ask for with few calls: whatever gathers while one call is under way goes with the next."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Together(Generic[Item]):
    """`send` gets up to `most` items at a time, one call after the other; it must not raise."""

    def __init__(self, send: Callable[[Sequence[Item]], Awaitable[None]], most: int = 500) -> None:
        self._send = send
        self._most = most
        self._items: list[Item] = []
        self._added = 0
        self._sent = 0
        self._sending: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()

    def push(self, items: Iterable[Item]) -> int:
        """Have the items sent soon; return a number to `wait` for."""
        before = len(self._items)
        self._items.extend(items)
        self._added += len(self._items) - before
        if self._items and self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return self._added

    async def wait(self, number: int) -> None:
        """Return when everything pushed up to this number has been sent."""
        while self._sent < number:
            await self._progress.wait()

    async def flush(self) -> None:
        """Return when nothing is left to send."""
        await self.wait(self._added)

    async def _send_all(self) -> None:
        try:
            while self._items:
                items, self._items = self._items[: self._most], self._items[self._most :]
                try:
                    await self._send(items)
                finally:
                    self._sent += len(items)
                    self._progress.set()
                    self._progress = asyncio.Event()
        finally:
            self._sending = None
