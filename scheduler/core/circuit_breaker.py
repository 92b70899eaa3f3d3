"""Leaves something alone that fails again and again, and looks now and then whether it is back.

The pattern is Michael Nygard's (Release It!, 2007): closed, open, half-open.
"""

from datetime import timedelta

from scheduler.core.clock import Clock


class CircuitBreaker:
    """Opens after `failures` in a row, for `pause`; then lets one call through, which closes or reopens it.

    With `first_pause` it opens for that long first, twice as long each further time, up to `pause`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        failures: int = 5,
        pause: timedelta = timedelta(seconds=30),
        first_pause: timedelta | None = None,
    ) -> None:
        self._clock = clock
        self._most = failures
        self._longest = pause.total_seconds()
        self._first = self._longest if first_pause is None else first_pause.total_seconds()
        self._pause = self._first
        self._failed = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def closed_for(self) -> timedelta:
        """How long nobody is let through from now; zero: whoever asks may try."""
        if self._open_until is None:
            return timedelta(0)
        return timedelta(seconds=max(self._open_until - self._clock.monotonic(), 0.0))

    @property
    def lets_through(self) -> bool:
        """Whether whoever asks now may try: while one tries whether it is back, nobody else does."""
        return self._open_until is None or not (self._trying or self._clock.monotonic() < self._open_until)

    def enter(self) -> bool:
        """Ask to try, and tell how it went afterwards. False: not now."""
        if not self.lets_through:
            return False
        self._trying = self._open_until is not None
        return True

    def succeeded(self) -> None:
        """Note a try that went well."""
        self._failed, self._open_until, self._trying = 0, None, False
        self._pause = self._first

    def failed(self) -> None:
        """Note a try that failed through the other side's fault."""
        self._failed += 1
        if self._trying or (self._failed >= self._most and self.lets_through):
            self._open_until = self._clock.monotonic() + self._pause
            self._pause = min(2 * self._pause, self._longest)
        self._trying = False

    def left(self) -> None:
        """Note a try that says nothing of the other side: it was given up, or refused for what was asked."""
        self._trying = False
