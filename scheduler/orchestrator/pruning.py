"""Removes what is older than the retention times, in small steps, with the files that belong to it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol

from scheduler.core.clock import Clock
from scheduler.core.ids import JobId
from scheduler.repository.retention import RetentionRepository

_PAUSE: Final = 0.02  # seconds between two steps, in which writers go on
_ORPHANED: Final = timedelta(days=7)
"""How long files of a job that is not in the database are left in peace."""
_CHUNK: Final = 200


class JobFiles(Protocol):
    """What jobs have left on disk."""

    def remove(self, job_id: JobId) -> None:
        """Remove everything of a job."""

    def jobs_before(self, moment: datetime) -> Iterator[JobId]:
        """Yield the jobs that have files, none of which was added since `moment`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """The moments before which something is too old; None: it never is."""

    jobs: datetime | None = None
    messages: datetime | None = None
    keys: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many of each were removed, or would be."""

    jobs: int = 0
    messages: int = 0
    keys: int = 0
    schedule_events: int = 0
    accounts: int = 0

    @property
    def total(self) -> int:
        return self.jobs + self.messages + self.keys + self.schedule_events + self.accounts


class Pruner:
    """Prunes a store and the files beside it."""

    def __init__(self, *, store: RetentionRepository, files: Sequence[JobFiles], clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock

    async def count(self, cutoffs: Cutoffs) -> Pruned:
        """Say what `prune` would remove, and remove nothing."""
        found = await self._store.count_old(cutoffs.jobs, cutoffs.messages, cutoffs.keys)
        return Pruned(jobs=found[0], messages=found[1], keys=found[2], schedule_events=found[3], accounts=found[4])

    async def prune(self, cutoffs: Cutoffs, told: Callable[[int], None] = lambda _jobs: None) -> Pruned:
        """Remove what is too old; may be broken off at any time. `told` gets the number of jobs after each step."""
        jobs = messages = keys = lines = accounts = 0
        if cutoffs.jobs is not None:
            jobs = await self._prune_jobs(cutoffs.jobs, told)
            lines = await _until_none(self._store.prune_schedule_events, cutoffs.jobs)
            accounts = await _until_none(self._store.prune_spending, cutoffs.jobs)
        if cutoffs.messages is not None:
            messages = await _until_none(self._store.prune_messages, cutoffs.messages)
        if cutoffs.keys is not None:
            keys = await _until_none(self._store.prune_keys, cutoffs.keys)
        return Pruned(jobs=jobs, messages=messages, keys=keys, schedule_events=lines, accounts=accounts)

    async def _prune_jobs(self, before: datetime, told: Callable[[int], None]) -> int:
        count, after = 0, 0
        while True:
            step = await self._store.prune_jobs(before, after, self._clock.now())
            for job_id in step.jobs:
                await self._remove_files(job_id)
            count += len(step.jobs)
            if step.jobs:
                told(count)
            if step.go_on_after is None:
                return count
            after = step.go_on_after
            await asyncio.sleep(_PAUSE)

    async def remove_orphans(self) -> int:
        """Remove files of jobs that are no more, for example because a process died after it had removed the job.

        Return of how many jobs.
        """
        count = 0
        moment = self._clock.now() - _ORPHANED
        for files in self._files:
            found = files.jobs_before(moment)
            while chunk := await asyncio.to_thread(_some, found):
                for job_id in await self._store.unknown_jobs(chunk):
                    await asyncio.to_thread(files.remove, job_id)
                    count += 1
        return count

    async def _remove_files(self, job_id: JobId) -> None:
        for files in self._files:
            await asyncio.to_thread(files.remove, job_id)


def _some(found: Iterator[JobId]) -> list[JobId]:
    return list(islice(found, _CHUNK))


async def _until_none(step: Callable[[datetime], Awaitable[int]], before: datetime) -> int:
    count = 0
    while found := await step(before):
        count += found
        await asyncio.sleep(_PAUSE)
    return count
