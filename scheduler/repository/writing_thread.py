"""The thread that commits. What an executor does beside handing work to a thread takes longer than the hand-over."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any


class WritingThread:
    """Does one thing after the other. What it is given must not raise."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: SimpleQueue[tuple[Callable[..., None], tuple[Any, ...]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. May be called again. Raises RuntimeError when the system gives no thread."""
        if self._thread is None:
            thread = threading.Thread(target=self._do_all, name=self._name, daemon=True)
            thread.start()
            self._thread = thread

    def submit(self, call: Callable[..., None], *given: Any) -> None:  # noqa: ANN401 - whatever the call takes
        """Have it done, after what was submitted before, by the thread that was started."""
        self._work.put((call, given))

    def shutdown(self) -> None:
        """End when all is done that was submitted. May be called again."""
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
            self._thread = None

    def _do_all(self) -> None:
        while (work := self._work.get()) is not None:
            call, given = work
            call(*given)
            del work, call, given  # nothing is kept while it waits
