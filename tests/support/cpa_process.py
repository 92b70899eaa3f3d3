"""CPA as a process of its own that starts at once: forked from a server that has everything imported already.

It is as real as `cpa up`: own event loop, own browser, own connections, and SIGKILL ends it without a last word.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from examples.office import START_LIMIT
from tests.support.fork_server import FORK_SERVER


def _serve(settings: Mapping[str, str], log: Path) -> None:
    """The body of the process: what `cpa up` does, with these settings and no others."""
    from scheduler.main import serve  # noqa: PLC0415 - imported by the fork server, not by the tests
    from scheduler.settings import load_settings  # noqa: PLC0415
    from scheduler.telemetry.logs import set_up_logs  # noqa: PLC0415

    for name in [name for name in os.environ if name.startswith("CPA_")]:
        del os.environ[name]
    os.environ.update(settings)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    loaded = load_settings()
    set_up_logs(loaded.log.level, loaded.log.format, lambda text: text)
    serve(loaded)


class CpaProcess:
    """One process of CPA. It may die by itself: `alive` tells."""

    def __init__(self, settings: Mapping[str, str], log: Path, *, crash_at: str = "") -> None:
        self.url = f"http://127.0.0.1:{settings['CPA_API_PORT']}"
        arguments = ({**settings, **({"CPA_CRASH_AT": crash_at} if crash_at else {})}, log)
        self._process = FORK_SERVER.Process(target=_serve, args=arguments)
        self._process.start()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, -9 after SIGKILL; None while it lives."""
        return self._process.exitcode

    def wait(self, limit: float) -> None:
        """Return when it has ended, or after `limit` seconds."""
        self._process.join(limit)

    def stop(self) -> None:
        """End it in order, by force if it does not go."""
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(START_LIMIT)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextmanager
def cpa_process(settings: Mapping[str, str], log: Path, *, crash_at: str = "") -> Iterator[CpaProcess]:
    """Run CPA for as long as the block lasts."""
    process = CpaProcess(settings, log, crash_at=crash_at)
    try:
        yield process
    finally:
        process.stop()


def answers(url: str) -> bool:
    """Whether anybody listens there."""
    try:
        httpx.get(f"{url}/health", timeout=2)
    except httpx.TransportError:
        return False
    return True
