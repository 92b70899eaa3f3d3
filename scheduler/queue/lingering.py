"""Holds back what Redis would be told of new jobs: workers with nothing to do hear of them from the store itself and
have taken them a moment later. Only of those that are left then it needs to hear."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final

from scheduler.core.errors import CPAError
from scheduler.core.ids import JobId
from scheduler.repository.sqlite_leases import Ready

MOMENT: Final = timedelta(milliseconds=5)


class Lingering:
    """`free` says which jobs nobody has taken, `tell` gets them; it must not raise."""

    def __init__(
        self,
        free: Callable[[Sequence[JobId]], Awaitable[Collection[JobId]]],
        tell: Callable[[Sequence[Ready]], Awaitable[None]],
    ) -> None:
        self._free = free
        self._tell = tell
        self._jobs: list[Ready] = []
        self._timer: asyncio.TimerHandle | None = None
        self._telling: asyncio.Task[None] | None = None

    def hold(self, jobs: Iterable[Ready]) -> None:
        """Tell of these jobs after `MOMENT`, or a little later."""
        self._jobs.extend(jobs)
        self._wait()

    async def flush(self) -> None:
        """Tell of all at once; return when that is done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._telling is not None:
            await asyncio.wait([self._telling])
        jobs, self._jobs = self._jobs, []
        if jobs:
            await self._tell(jobs)

    def _wait(self) -> None:
        if self._jobs and self._timer is None and self._telling is None:
            self._timer = asyncio.get_running_loop().call_later(MOMENT.total_seconds(), self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._telling = asyncio.create_task(self._tell_of_the_rest())

    async def _tell_of_the_rest(self) -> None:
        jobs, self._jobs = self._jobs, []
        try:
            left = await self._left(jobs)
            if left:
                await self._tell(left)
        finally:
            self._telling = None
            self._wait()

    async def _left(self, jobs: Sequence[Ready]) -> Sequence[Ready]:
        """Return the jobs that nobody has taken; all, when that cannot be found out."""
        try:
            free = await self._free([job.job_id for job in jobs])
        except CPAError:
            return jobs
        return [job for job in jobs if job.job_id in free]
