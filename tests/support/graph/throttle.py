"""The three limits of Outlook's API for one app and one mailbox."""

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.graph.answers import throttled


@dataclass
class Throttle:
    """`requests` in ten minutes, `at_once`, and `upload_bytes` in five; `retry_after` seconds are told."""

    requests: int = 10_000
    at_once: int = 4
    upload_bytes: int = 150_000_000
    retry_after: float = 1
    under_way: int = 0
    peak: int = 0
    refused: list[str] = field(default_factory=list)
    _asked: deque[float] = field(default_factory=deque)
    _uploads: deque[tuple[float, int]] = field(default_factory=deque)

    @contextlib.contextmanager
    def request(self, size: int) -> Iterator[None]:
        """Count a request of that many bytes while it is under way. Raises Refusal over a limit."""
        now = time.monotonic()
        while self._asked and self._asked[0] < now - 600:
            self._asked.popleft()
        while self._uploads and self._uploads[0][0] < now - 300:
            self._uploads.popleft()
        if len(self._asked) >= self.requests:
            self._refuse("Application is over its RequestCount limit.")
        if self.under_way >= self.at_once:
            self._refuse("Application is over its MailboxConcurrency limit.")
        if sum(known for _, known in self._uploads) + size > self.upload_bytes:
            self._refuse("Application is over its IncomingBytes limit.")
        self._asked.append(now)
        self._uploads.append((now, size))
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        try:
            yield
        finally:
            self.under_way -= 1

    def _refuse(self, why: str) -> None:
        self.refused.append(why)
        raise throttled(why, self.retry_after)
