"""Fires schedules when they are due. Any number of processes may do so on one store: each firing happens once."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from scheduler.core.clock import Clock
from scheduler.core.errors import ScheduleChangedError, UnavailableError
from scheduler.core.schedules import Schedule
from scheduler.orchestrator.schedule_service import ScheduleService
from scheduler.repository.repository_interface import ChangeSignal
from scheduler.repository.schedule_repository import ScheduleRepository

_BETWEEN_LOOKS: Final = 0.25  # seconds; a busy store changes more often than its schedules
_LONGEST: Final = timedelta(seconds=30)
"""How long a jump of the machine's clock may go unnoticed."""
_AFTER_TROUBLE: Final = 1.0  # seconds

log = structlog.get_logger(__name__)


class ScheduleRunner:
    """Waits for the next due time, or for a change of the store, and fires."""

    def __init__(
        self, *, schedules: ScheduleRepository, service: ScheduleService, changes: ChangeSignal, clock: Clock
    ) -> None:
        self._schedules = schedules
        self._service = service
        self._changes = changes
        self._clock = clock

    async def run(self) -> None:
        """Fire until cancelled; a firing that has begun is stored whole or not at all."""
        log.info("schedules_started")
        while True:
            seen = self._changes.changes
            try:
                await self.fire_due()
                wait = await self._time_to_wait()
                await self._wait(seen, wait)
            except UnavailableError as error:
                log.warning("schedules_unavailable", error=str(error))
                await asyncio.sleep(_AFTER_TROUBLE)
            except Exception:
                log.exception("schedules_failed")
                await asyncio.sleep(_AFTER_TROUBLE)

    async def fire_due(self) -> None:
        """Fire everything that is due now."""
        while due := await self._schedules.due(self._clock.now()):
            for schedule in due:
                await self._fire(schedule)

    async def _fire(self, schedule: Schedule) -> None:
        try:
            await self._service.fire_due(schedule)
        except ScheduleChangedError:
            log.debug("schedule_fired_elsewhere", schedule_id=schedule.id)
        except UnavailableError:
            raise
        except Exception:  # one that breaks must not keep the others from firing
            log.exception("schedule_not_fired", schedule_id=schedule.id)
            await asyncio.sleep(_AFTER_TROUBLE)

    async def _time_to_wait(self) -> float:
        """Return the seconds until the next schedule is due, as far as the clock can be trusted."""
        due = await self._schedules.next_due()
        wait = _LONGEST if due is None else min(_LONGEST, due - self._clock.now())
        return max(0.0, wait.total_seconds())

    async def _wait(self, seen: int, seconds: float) -> None:
        pause = min(seconds, _BETWEEN_LOOKS)
        await asyncio.sleep(pause)
        if seconds > pause:
            await self._changes.wait(seen, seconds - pause)
