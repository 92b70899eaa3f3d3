"""Finishes what must not be broken off, however often whoever waits for it is cancelled meanwhile."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Got = TypeVar("Got")


async def to_its_end(work: Awaitable[Got]) -> Got:
    """Return what comes of the work. A cancellation is passed on when the work has ended, and only then."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        ended(task)  # looked at: nobody will ask how
        raise cancelled
    return task.result()


def ended(task: "asyncio.Future[Any]") -> bool:
    """Whether it has ended well."""
    return not task.cancelled() and task.exception() is None
