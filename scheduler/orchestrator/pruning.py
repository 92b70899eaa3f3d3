"""Removes what is older than the retention times, in small steps, with the files that belong to it."""

import asyncio
import functools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol

import structlog

from scheduler.core.clock import Clock
from scheduler.core.ids import JobId
from scheduler.repository.retention import RetentionRepository

_PAUSE: Final = 0.02  # seconds between two steps, in which writers go on
_ORPHANED: Final = timedelta(days=7)
"""How long files of a job that is not in the database are left in peace."""
_ENDED: Final = timedelta(days=7)
"""How long it can be told of a right to join that it is over; then it is not known any more."""
_CHUNK: Final = 200
_Step = Callable[[], Awaitable[tuple[int, bool]]]
"""Removes some; returns how many, and whether there may be more."""

log = structlog.get_logger(__name__)


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
    enrolments: int = 0

    @property
    def total(self) -> int:
        return sum(astuple(self))


class Pruner:
    """Prunes a store and the files beside it."""

    def __init__(self, *, store: RetentionRepository, files: Sequence[JobFiles], clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock

    async def count(self, cutoffs: Cutoffs) -> Pruned:
        """Say what `prune` would remove, and remove nothing."""
        jobs, messages, keys, lines, accounts, enrolments = await self._store.count_old(
            cutoffs.jobs, cutoffs.messages, cutoffs.keys, self._ended, self._clock.now()
        )
        return Pruned(
            jobs=jobs, messages=messages, keys=keys, schedule_events=lines, accounts=accounts, enrolments=enrolments
        )

    @property
    def _ended(self) -> datetime:
        return self._clock.now() - _ENDED

    async def prune(self, cutoffs: Cutoffs, told: Callable[[int], None] = lambda _jobs: None) -> Pruned:
        """Remove what is too old, of each kind a little in turn; may be broken off at any time.

        `told` gets the number of jobs after each step.
        """
        counts = Counter[str]()
        steps = self._steps(cutoffs)
        while steps:
            for kind, step in list(steps.items()):
                removed, more = await step()
                counts[kind] += removed
                if not more:
                    del steps[kind]
                if kind == "jobs" and removed:
                    told(counts[kind])
            if steps:
                await asyncio.sleep(_PAUSE)
        return Pruned(**{kind: counts[kind] for kind in (field.name for field in fields(Pruned))})

    def _steps(self, cutoffs: Cutoffs) -> dict[str, _Step]:
        """Return for each kind of what is too old how some of it is removed."""
        store = self._store
        wanted = {
            "schedule_events": (store.prune_schedule_events, cutoffs.jobs),
            "accounts": (store.prune_spending, cutoffs.jobs),
            "messages": (store.prune_messages, cutoffs.messages),
            "keys": (store.prune_keys, cutoffs.keys),
            "enrolments": (store.prune_enrolments, self._ended),
        }
        some = {kind: _some_of(prune, before) for kind, (prune, before) in wanted.items() if before is not None}
        return {"jobs": functools.partial(self._prune_jobs, cutoffs.jobs), **some}

    async def _prune_jobs(self, before: datetime | None) -> tuple[int, bool]:
        step = await self._store.prune_jobs(before, self._clock.now())
        for job_id in step.jobs:
            for files in self._files:
                await _removed(files, job_id)
        return len(step.jobs), step.more

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
                    count += await _removed(files, job_id)
        return count


async def _removed(files: JobFiles, job_id: JobId) -> bool:
    """Remove the files of a job; what the system does not allow holds up no other, and is tried again as orphaned."""
    try:
        await asyncio.to_thread(files.remove, job_id)
    except OSError as error:
        log.warning("files_not_removed", job_id=job_id, error=str(error))
        return False
    return True


def _some(found: Iterator[JobId]) -> list[JobId]:
    return list(islice(found, _CHUNK))


def _some_of(prune: Callable[[datetime], Awaitable[int]], before: datetime) -> _Step:
    async def step() -> tuple[int, bool]:
        removed = await prune(before)
        return removed, removed > 0

    return step
