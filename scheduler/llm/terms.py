"""How a provider is asked: how long, how often, how many at once, who pays and who takes note."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import LLMRateLimitError, UnavailableError
from scheduler.core.spending import CallRecord, CallRecorder, Ledger, Limits, Price
from scheduler.llm.memory_ledger import MemoryLedger

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long and how often one question is tried. Backoff is exponential with full jitter.

    `total` bounds all tries, `each` one of them; of a stream `each` bounds the wait for a piece.
    """

    total: timedelta = timedelta(seconds=60)
    each: timedelta = timedelta(seconds=30)
    tries: int = 4
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(seconds=20)

    def pause(self, error: UnavailableError, *, tries: int, left: float, draw: float) -> float | None:
        """Return seconds to wait after `tries` tries of which the last gave `error`; None: give up.

        `left` is what remains of the deadline in seconds, `draw` in [0, 1) the jitter. A pause that would outlast the
        deadline is not begun; a provider that asks to be left alone is.
        """
        if tries >= self.tries:
            return None
        jitter = draw * min(self.first_pause * 2 ** (tries - 1), self.longest_pause).total_seconds()
        asked = error.retry_after if isinstance(error, LLMRateLimitError) else None
        pause = jitter if asked is None else asked.total_seconds() + draw * 0.1
        return pause if pause < left else None


class LogRecorder:
    """Writes every try into the log."""

    async def record(self, record: CallRecord) -> None:
        """Note it; see CallRecorder."""
        facts = record._asdict()
        spender, usage = facts.pop("spender"), facts.pop("usage")
        log.info("llm_called", **facts, **spender._asdict(), **usage._asdict())


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one provider's calls are made under; the defaults suit a script of one's own."""

    patience: Patience = field(default_factory=Patience)
    at_once: int = 8
    """Calls under way at the same time; more wait, within their deadline."""
    failures: int = 5
    """Failed tries in a row after which the provider is left alone for `rest`."""
    rest: timedelta = timedelta(seconds=30)
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, Price] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=MemoryLedger)
    recorder: CallRecorder = field(default_factory=LogRecorder)
    clock: Clock = field(default_factory=SystemClock)
    draw: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
