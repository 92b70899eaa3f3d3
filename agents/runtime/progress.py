"""Tells the scheduler how far a task is: some times a second, the latest only, never in the way of work."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpx

from agents.runtime.scheduler_link import SchedulerLink
from scheduler.core.lam_protocol import BaseMessage, MessageType, reply_to

_EVERY: Final = 0.25
"""Seconds between two messages of a task; the scheduler takes ten a second of one conversation."""
_STARTS: Final = 1_000_000
"""How far the numbers of two starts of an agent are apart, so that they grow over a restart."""


class Progress:
    """Numbers what the agent says (`seq`) and posts the latest progress of each task."""

    def __init__(self, link: SchedulerLink, start: int) -> None:
        self._link = link
        self._seq = start * _STARTS
        self._latest: dict[str, dict[str, Any]] = {}
        self._told = asyncio.Event()

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def tell(self, order: BaseMessage, share: float | None) -> None:
        """Note how far an order is, from 0 to 1; None: nobody knows."""
        status = {"state": "running"} | ({} if share is None else {"progress": min(max(float(share), 0.0), 1.0)})
        self._latest[order.id] = reply_to(order, MessageType.INFORM, seq=self.next_seq(), status=status).to_dict()
        self._told.set()

    def over(self, order: BaseMessage) -> None:
        """Say nothing more of an order."""
        self._latest.pop(order.id, None)

    async def run(self) -> None:
        """Post until cancelled. What cannot be said now is not said: newer progress follows."""
        while True:
            await self._told.wait()
            await asyncio.sleep(_EVERY)  # of what ends sooner nothing need be said
            self._told.clear()
            while self._latest:
                document = self._latest.pop(next(iter(self._latest)))
                try:
                    await self._link.post(document)
                except httpx.HTTPError:
                    continue


_now: ContextVar[tuple[Progress, BaseMessage] | None] = ContextVar("task", default=None)


@contextmanager
def reporting(progress: Progress, order: BaseMessage) -> Iterator[None]:
    """Let `report_progress` in here speak of this order."""
    token = _now.set((progress, order))
    progress.tell(order, 0.0)
    try:
        yield
    finally:
        progress.over(order)
        _now.reset(token)


def report_progress(share: float) -> None:
    """Say how far the step is, from 0 to 1. For executors; where nobody listens it does nothing."""
    task = _now.get()
    if task is not None:
        task[0].tell(task[1], share)
