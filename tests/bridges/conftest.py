"""One running service for all tests of a file: the API on a real port, a worker, and a scripted executor."""

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn

from scheduler.core.intent_router import IntentRouter
from tests.support.services import KEY_A, TWO_TENANTS, Api, router, running_api, some_settings
from tests.support.store import migrated_file

__all__ = ["migrated_file", "router"]


@dataclass(frozen=True)
class Service:
    """A CPA that listens. `api` is the same from within; the key is that of the tenant acme."""

    url: str
    api: Api
    key: str = KEY_A


class _Server(uvicorn.Server):
    """Leaves the signals to the tests, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(api: Api) -> AsyncIterator[str]:
    """Serve the application; gives its address."""
    taken = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(api.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = _Server(config)
    serving = asyncio.create_task(server.serve([taken]))
    try:
        await server.up.wait()
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        taken.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, router: IntentRouter
) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    store = Path(shutil.copy(migrated_file, folder / "cpa.db"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("CPA_")]:
            patch.delenv(name)
        settings = some_settings(folder / "data", store, keys=TWO_TENANTS)
        async with running_api(settings, router, worker=True) as api, listening(api) as url:
            yield Service(url, api)
