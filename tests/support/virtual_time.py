"""An event loop whose time stands still while anything can be done, and then jumps to what comes next."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.clock import NOON


class StandstillError(Exception):
    """Nothing more can ever happen, and somebody waits all the same."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Nothing outside of it is waited for. Raises StandstillError."""

    _now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]  # asyncio's own, which has no other door
        scheduled: Any = self._scheduled  # type: ignore[attr-defined]
        if not ready:
            if not scheduled:
                raise StandstillError("everybody waits for something that nobody will do")
            self._now = max(self._now, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(  # type: ignore[override]  # as asyncio has it, but for the types
        self,
        executor: Any,  # noqa: ANN401, ARG002
        func: Any,  # noqa: ANN401
        *arguments: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Run it at once: a thread would be waited for in real time."""
        future = self.create_future()
        try:
            future.set_result(func(*arguments))
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(error)
        return future

    def end(self) -> None:
        """Cancel whatever is left."""
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.wait(left))


class LoopOfTest(VirtualLoop):
    """While it is open, `time.monotonic` tells its time."""

    def __init__(self) -> None:
        super().__init__()
        self._real, time.monotonic = time.monotonic, self.time

    def close(self) -> None:
        time.monotonic = self._real
        super().close()


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests that bear the mark `virtual_time` so: no machine is too slow for them. For a conftest to import.

    One among them that waits for something outside bears `virtual_time(False)`.
    """
    mark = item.get_closest_marker("virtual_time")
    virtual = mark is not None and mark.args != (False,)
    return {"virtual": LoopOfTest} if virtual else {"real": asyncio.new_event_loop}


class LoopClock:
    """Keeps the promise of `Clock` by the time of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.monotonic = loop.time

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.monotonic())
