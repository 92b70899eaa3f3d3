"""Finishes what must not be broken off, however often whoever waits for it is cancelled meanwhile."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Got = TypeVar("Got")


async def to_its_end(work: Awaitable[Got]) -> Got:
    """Return what comes of the work. A cancellation is passed on when the work has ended, and only then."""
    task = asyncio.ensure_future(work)
    cancelled = await until_ended(task)
    if cancelled is not None:
        raise cancelled
    return task.result()


async def until_ended(work: Awaitable[Any]) -> asyncio.CancelledError | None:
    """Return when the work has ended, whichever way; what came in between is returned, for those who pass it on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    ended(task)  # looked at: nobody may ask how
    return cancelled


def ended(task: "asyncio.Future[Any]") -> bool:
    """Whether it has ended well."""
    return not task.cancelled() and task.exception() is None
