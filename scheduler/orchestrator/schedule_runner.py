"""Fires schedules when they are due. Any number of processes may do so on one store: each firing happens once.

They are fired side by side, since the plan of one may take a minute of a language model's time. One that cannot be
fired now, because the queue is full or something breaks, is put off for a while and keeps no other from firing.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import structlog

from scheduler.core.clock import Clock
from scheduler.core.errors import QueueFullError, ScheduleChangedError, UnavailableError
from scheduler.core.ids import ScheduleId
from scheduler.core.schedules import Schedule
from scheduler.orchestrator.schedule_service import ScheduleService
from scheduler.repository.repository_interface import ChangeSignal
from scheduler.repository.schedule_repository import ScheduleRepository

_BETWEEN_LOOKS: Final = 0.25  # seconds; a busy store changes more often than its schedules
_LONGEST: Final = timedelta(seconds=30)
"""How long a jump of the machine's clock may go unnoticed."""
_AFTER_TROUBLE: Final = 1.0  # seconds
_LONGEST_PUT_OFF: Final = 5.0  # seconds; the queue may have room sooner than it says
_AT_ONCE: Final = 16
"""Schedules that are fired side by side."""

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
        self._firing: set[ScheduleId] = set()
        self._put_off: set[ScheduleId] = set()
        self._look = asyncio.Event()
        """Set when a schedule that was left out may be due again."""

    async def run(self) -> None:
        """Fire until cancelled; a firing that has begun is stored whole or not at all."""
        log.info("schedules_started")
        async with asyncio.TaskGroup() as group:
            while True:
                seen = self._changes.changes
                self._look.clear()
                try:
                    await self._begin(group)
                    await self._wait(seen, await self._time_to_wait())
                except UnavailableError as error:
                    log.warning("schedules_unavailable", error=str(error))
                    await asyncio.sleep(_AFTER_TROUBLE)
                except Exception:
                    log.exception("schedules_failed")
                    await asyncio.sleep(_AFTER_TROUBLE)

    async def fire_due(self) -> None:
        """Fire everything that is due now, but for what is put off."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._look.clear()
                await self._begin(group)
                if not self._firing:
                    break
                await self._look.wait()

    async def _begin(self, group: asyncio.TaskGroup) -> None:
        """Begin to fire what is due, as far as there is room for it beside what is being fired."""
        free = _AT_ONCE - len(self._firing)
        if free <= 0:
            return
        for schedule in await self._schedules.due(self._clock.now(), free, self._left_out):
            self._firing.add(schedule.id)
            group.create_task(self._fire(schedule))

    @property
    def _left_out(self) -> frozenset[ScheduleId]:
        return frozenset(self._firing | self._put_off)

    async def _fire(self, schedule: Schedule) -> None:
        try:
            await self._service.fire_due(schedule)
        except ScheduleChangedError:
            log.debug("schedule_fired_elsewhere", schedule_id=schedule.id)
        except QueueFullError as error:
            log.warning("schedule_put_off", schedule_id=schedule.id, error=str(error))
            self._leave_out(schedule, min(_LONGEST_PUT_OFF, error.come_back))
        except UnavailableError as error:
            log.warning("schedule_unavailable", schedule_id=schedule.id, error=str(error))
            self._leave_out(schedule, _AFTER_TROUBLE)
        except Exception:  # one that breaks must not keep the others from firing
            log.exception("schedule_not_fired", schedule_id=schedule.id)
            self._leave_out(schedule, _AFTER_TROUBLE)
        finally:
            self._firing.discard(schedule.id)
            self._look.set()

    def _leave_out(self, schedule: Schedule, seconds: float) -> None:
        self._put_off.add(schedule.id)
        asyncio.get_running_loop().call_later(seconds, self._take_in, schedule.id)

    def _take_in(self, schedule_id: ScheduleId) -> None:
        self._put_off.discard(schedule_id)
        self._look.set()

    async def _time_to_wait(self) -> float:
        """Return the seconds until the next schedule is due, as far as the clock can be trusted."""
        if len(self._firing) >= _AT_ONCE:
            return _LONGEST.total_seconds()
        due = await self._schedules.next_due(self._left_out)
        wait = _LONGEST if due is None else min(_LONGEST, due - self._clock.now())
        return max(0.0, wait.total_seconds())

    async def _wait(self, seen: int, seconds: float) -> None:
        """Return after so many seconds, when something was written, or when what was left out may be due again."""
        pause = min(seconds, _BETWEEN_LOOKS)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._look.wait()
                return
        if seconds > pause:
            await self._either(self._look.wait(), self._changes.wait(seen, seconds - pause))

    async def _either(self, *waits: Coroutine[Any, Any, object]) -> None:
        """Wait until one of them returns, and give the others up."""
        tasks = [asyncio.ensure_future(one) for one in waits]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
