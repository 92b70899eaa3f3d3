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
        self._entered = 0
        self._probe = 0

    @property
    def closed_for(self) -> timedelta:
        """How long nobody is let through from now; zero: whoever asks may try."""
        if self._open_until is None:
            return timedelta(0)
        return timedelta(seconds=max(self._open_until - self._clock.monotonic(), 0.0))

    @property
    def lets_through(self) -> bool:
        """Whether whoever asks now may try: while one tries whether it is back, nobody else does."""
        return self._open_until is None or not (self._probe or self._clock.monotonic() < self._open_until)

    def enter(self) -> int:
        """Ask to try, and tell how it went afterwards, by the number that is returned. 0: not now."""
        if not self.lets_through:
            return 0
        self._entered += 1
        if self._open_until is not None:
            self._probe = self._entered
        return self._entered

    def succeeded(self) -> None:
        """Note a try that went well: it is back, whoever has found out."""
        self._failed, self._open_until, self._probe = 0, None, 0
        self._pause = self._first

    def failed(self, entered: int) -> None:
        """Note a try that failed through the other side's fault. One that began before it opened says nothing new."""
        if self._open_until is None:
            self._failed += 1
        if self._is_probe(entered) or (self._open_until is None and self._failed >= self._most):
            self._open_until = self._clock.monotonic() + self._pause
            self._pause = min(2 * self._pause, self._longest)
        self.left(entered)

    def left(self, entered: int) -> None:
        """Note a try that says nothing of the other side: it was given up, or refused for what was asked."""
        if self._is_probe(entered):
            self._probe = 0

    def _is_probe(self, entered: int) -> bool:
        return entered != 0 and entered == self._probe
