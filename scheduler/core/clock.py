"""Where time comes from, so that tests and the simulator can bring their own."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. `now` may jump with the machine's clock, `monotonic` never goes back."""

    def now(self) -> datetime:
        """Return the time in UTC, aware."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
