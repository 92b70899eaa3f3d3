"""Holds back what Redis would be told of new jobs: workers with nothing to do hear of them from the store itself and
have taken them a moment later. Only of those that are left then it needs to hear."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from scheduler.core.errors import CPAError
from scheduler.core.ids import JobId
from scheduler.repository.sqlite_leases import Ready

MOMENT: Final = timedelta(milliseconds=5)
_PATIENCE: Final = timedelta(milliseconds=50)  # to find out who has the jobs, which may wait behind other reads

log = structlog.get_logger(__name__)


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
        self._asked: Sequence[Ready] = ()
        """Jobs of which it is being found out who has them."""
        self._timer: asyncio.TimerHandle | None = None
        self._telling: asyncio.Task[None] | None = None

    def hold(self, jobs: Iterable[Ready]) -> None:
        """Tell of these jobs after `MOMENT`, or a little later."""
        self._jobs.extend(jobs)
        self._wait()

    async def flush(self) -> None:
        """Tell of all at once; return when that is done. It waits for no look at the store."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        jobs = [*self._asked, *self._jobs]
        asking, self._asked, self._jobs = bool(self._asked), (), []
        if jobs:
            await self._tell(jobs)
        if self._telling is not None and not asking:
            await asyncio.wait([self._telling])

    def _wait(self) -> None:
        if self._jobs and self._timer is None and self._telling is None:
            self._timer = asyncio.get_running_loop().call_later(MOMENT.total_seconds(), self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._telling = asyncio.create_task(self._tell_of_the_rest())

    async def _tell_of_the_rest(self) -> None:
        self._asked, self._jobs = self._jobs, []
        try:
            free = await self._free_among(self._asked)
            left = [job for job in self._asked if job.job_id in free]
            self._asked = ()
            if left:
                await self._tell(left)
        finally:
            self._telling = None
            self._wait()

    async def _free_among(self, jobs: Sequence[Ready]) -> Collection[JobId]:
        """Return which of the jobs nobody has taken; all, when that cannot be found out soon."""
        ids = [job.job_id for job in jobs]
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                return await self._free(ids)
        except (CPAError, TimeoutError):
            return ids
        except Exception:
            log.exception("new_jobs_not_looked_at")
            return ids
