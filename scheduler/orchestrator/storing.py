"""Stores what could not be stored at once."""

import asyncio
import itertools
from datetime import timedelta
from typing import Final

import structlog

from scheduler.core.errors import UnavailableError
from scheduler.core.retry import GiveUp, RetryPolicy, TaskFailure
from scheduler.orchestrator.run_means import Means
from scheduler.repository.repository_interface import RunProgress

_STORING: Final = RetryPolicy(max_attempts=60, base_delay=timedelta(milliseconds=50), max_delay=timedelta(seconds=5))

log = structlog.get_logger(__name__)


async def store_at_last(means: Means, progress: RunProgress, error: UnavailableError) -> None:
    """Store it, for minutes if need be: to go on would be to forget, to give up would be to redo. Raises the error."""
    for tries in itertools.count(1):
        now, failure = means.clock.now(), TaskFailure.of(error)
        answer = _STORING.decide(failure, attempts=tries, now=now, draw=means.random())
        if isinstance(answer, GiveUp):
            raise error
        log.warning("progress_not_stored_yet", tries=tries, error=str(error))
        await asyncio.sleep((answer.when - now).total_seconds())
        try:
            await means.jobs.record(progress)
        except UnavailableError as again:
            error = again
        else:
            return
