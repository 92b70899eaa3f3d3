"""Cares for the store while the service runs: keeps the write-ahead log small, and removes what is too old."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Final

import structlog

from scheduler.core.clock import Clock
from scheduler.core.errors import UnavailableError
from scheduler.orchestrator.pruning import Cutoffs, Pruner

_ORPHANS_EVERY: Final = timedelta(days=1)

log = structlog.get_logger(__name__)


class Maintenance:
    """Looks every so often. `log_size` says how large the write-ahead log is, `empty_log` tries to empty it; both
    block for a moment."""

    def __init__(
        self,
        *,
        pruner: Pruner,
        cutoffs: Callable[[], Cutoffs],
        log_size: Callable[[], int],
        empty_log: Callable[[], bool],
        largest_log: int,
        every: timedelta,
        clock: Clock,
        give_up_unanswered: Callable[[], Awaitable[int]],
        forget_plans: Callable[[], Awaitable[int]],
    ) -> None:
        self._forget_plans = forget_plans
        self._give_up_unanswered = give_up_unanswered
        self._pruner = pruner
        self._cutoffs = cutoffs
        self._log_size = log_size
        self._empty_log = empty_log
        self._largest_log = largest_log
        self._every = every
        self._clock = clock
        self._orphans_at: float | None = None

    async def run(self) -> None:
        """Care until cancelled. Nothing waits for anything else: to remove what is too old may take an hour."""
        cares = (self._give_up_unanswered, self._forget_plans, self.keep_log_small, self.prune, self._remove_orphans)
        async with asyncio.TaskGroup() as tasks:
            for care in cares:
                tasks.create_task(self._repeat(care))

    async def _repeat(self, care: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await care()
            except UnavailableError as error:
                log.warning("maintenance_unavailable", error=str(error))
            except Exception:
                log.exception("maintenance_failed")
            await asyncio.sleep(self._every.total_seconds())

    async def keep_log_small(self) -> None:
        """Empty the write-ahead log if it is too large. A reader that stays long keeps it; then it is tried again."""
        size = await asyncio.to_thread(self._log_size)
        if size <= self._largest_log:
            return
        if await asyncio.to_thread(self._empty_log):
            log.info("log_emptied", size=size)
        else:
            log.warning("log_not_emptied", size=size)

    async def prune(self) -> None:
        """Remove what is too old."""
        pruned = await self._pruner.prune(self._cutoffs())
        if pruned.total:
            log.info("pruned", **asdict(pruned))

    async def _remove_orphans(self) -> None:
        """Look for files without a job, at the start and once a day."""
        now = self._clock.monotonic()
        if self._orphans_at is not None and now < self._orphans_at + _ORPHANS_EVERY.total_seconds():
            return
        self._orphans_at = now
        count = await self._pruner.remove_orphans()
        if count:
            log.info("orphaned_files_removed", jobs=count)
