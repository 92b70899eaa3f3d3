"""Tells those who wait for a change, in this process and in others that have the same file open."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from scheduler.repository.doorbell import Doorbell
from scheduler.repository.news import SOON, News, Signal


class NewsDesk:
    """`everything` tells of all changes, `work` of those that may bring workers something to do.

    `ring` may be called from any thread, the rest on the event loop. `watched` is called by whoever begins to wait.
    """

    def __init__(self, path: Path, watched: Callable[[], None]) -> None:
        self.everything, self.work = Signal(watched), Signal(watched)
        self._bell = Doorbell(path)
        self._later: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Hear of what others write. May be called again."""
        self._bell.open(self.heard)

    def close(self) -> None:
        """Tell what nobody was told yet, and hear no more. May be called again."""
        if self._later is not None:
            self._later.cancel()
            self._tell_at_last()
        self._bell.close()

    @property
    def hears(self) -> bool:
        """Whether others tell this process of what they write."""
        return self._bell.hangs

    @property
    def awaited(self) -> bool:
        """Whether somebody waits."""
        return self.everything.awaited or self.work.awaited

    def ring(self, news: News) -> None:
        """Wake other processes, unless it can wait."""
        if news > News.FOR_LATER:
            self._bell.ring(news)

    def heard(self, news: News) -> None:
        """Count a change, and wake whom it concerns."""
        self._count(news)
        self._tell(news)

    def spread(self, news: News) -> None:
        """Count a change of this process, and have those told who wait here, when whoever made it has gone on; of what
        can wait others, too."""
        if news is News.NONE:
            return
        self._count(news)
        loop = asyncio.get_running_loop()
        if news is News.FOR_LATER:
            self._later = self._later or loop.call_later(SOON, self._tell_at_last)
            return
        loop.call_soon(self._tell, news)
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def fail(self, error: Exception) -> None:
        """Have those that wait get an error."""
        self.everything.fail(error)
        self.work.fail(error)

    def _count(self, news: News) -> None:
        self.everything.count()
        if news is News.FOR_ALL:
            self.work.count()

    def _tell(self, news: News) -> None:
        self.everything.tell()
        if news is News.FOR_ALL:
            self.work.tell()

    def _tell_at_last(self) -> None:
        self._later = None
        self._bell.ring(News.FOR_WATCHERS)
        self.everything.tell()
