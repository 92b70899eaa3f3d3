"""Ends tasks for good: a cancellation may get lost on its way.

Python 3.11's `asyncio.wait_for`, which redis-py writes with, returns as if nothing had happened when its task is
cancelled just as its call has ended.
"""

import asyncio
from typing import Any, Final

_AGAIN: Final = 1.0  # seconds that a task may take to end before it is cancelled again


async def cancel_for_good(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return when they have ended."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN)
