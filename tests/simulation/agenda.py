"""Virtual time: what is going to happen, in order, and the processes it happens to."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class Process:
    """A process that may be killed, restarted and paused. `life` counts its lives."""

    name: str
    life: int = 0
    alive: bool = True
    paused_until: int = 0


class Agenda:
    """A clock and the calls that wait for their time. Calls of the same moment come in the order they were made."""

    def __init__(self) -> None:
        self.micros = 0
        self._calls: list[tuple[int, int, Callable[[], None], Process | None, int]] = []
        self._number = 0

    @property
    def now(self) -> datetime:
        return START + timedelta(microseconds=self.micros)

    def after(self, seconds: float, call: Callable[[], None], process: Process | None = None) -> None:
        """Call after so many seconds, unless the process has died by then; one that is paused does it later."""
        self._number += 1
        when = self.micros + max(0, int(seconds * 1_000_000))
        heapq.heappush(self._calls, (when, self._number, call, process, process.life if process else 0))

    def at(self, when: datetime, call: Callable[[], None], process: Process | None = None) -> None:
        self.after((when - self.now).total_seconds(), call, process)

    def go_on(self) -> bool:
        """Let the next thing happen. False: nothing is left."""
        if not self._calls:
            return False
        when, number, call, process, life = heapq.heappop(self._calls)
        self.micros = max(self.micros, when)
        if process is None:
            call()
        elif process.alive and process.life == life:
            if process.paused_until > self.micros:
                heapq.heappush(self._calls, (process.paused_until, number, call, process, life))
            else:
                call()
        return True
