"""Starts and ends the API of `bench.api_server`."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.processes import bare_environment, end, kill
from bench.servers import LOOPBACK, START_LIMIT, ServerError, free_port
from examples.office import PORTAL_PROFILE, add_site

ROOT = Path(__file__).parents[1]


class ApiProcess:
    """One process with the API over the database in `folder`. It may be killed and another one started there."""

    def __init__(self, folder: Path, *, core: int | None = None, worker: bool = False, queue_url: str = "") -> None:
        self.port = free_port()
        self.log = folder / "api.log"
        options = [*([] if core is None else ["--core", str(core)]), *(["--worker"] if worker else [])]
        settings = {
            "CPA_DATA_DIR": str(folder),
            "CPA_DATABASE_URL": f"sqlite:///{folder / 'cpa.db'}",
            "CPA_QUEUE_URL": queue_url,
            "CPA_QUEUE_MOST_WAITING": "10000000",
            "CPA_SECRETS_FILE": str(folder / "none.yaml"),
            "CPA_SITES_DIR": str(folder / "config"),
            "CPA_API_PORT": str(self.port),
        }
        add_site(folder, PORTAL_PROFILE, f"http://{LOOPBACK}:9")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.api_server", *options],
                env=bare_environment() | settings,
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def wait(self) -> None:
        """Return when it answers. Raises ServerError."""
        limit = time.monotonic() + START_LIMIT
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise ServerError(self.log.read_text(encoding="utf-8", errors="replace")[-1_000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL."""
        kill(self.process)

    def stop(self) -> None:
        """End it in order."""
        end(self.process)

    def _answers(self) -> bool:
        try:
            httpx.get(f"{self.url}/health", timeout=5)
        except httpx.TransportError:
            return False
        return True


@contextlib.contextmanager
def running_api(
    folder: Path, *, core: int | None = None, worker: bool = False, queue_url: str = ""
) -> Iterator[ApiProcess]:
    """Run the API for a block."""
    api = ApiProcess(folder, core=core, worker=worker, queue_url=queue_url)
    try:
        api.wait()
        yield api
    finally:
        api.stop()
