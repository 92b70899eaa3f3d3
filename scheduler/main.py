"""The service as a program: `python -m scheduler.main`. API and worker in one process, which is the embedded size."""

import asyncio
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from scheduler.api.app import build_app
from scheduler.api.signs_of_life import SignsOfLife
from scheduler.container import check_settings, open_services
from scheduler.core.sentences import Sentence
from scheduler.garbage import spare_garbage_collection
from scheduler.queue.sqlite_queue import sqlite_path
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import ApiSettings, SettingError, Settings, StoreSettings, load_settings
from scheduler.telemetry.logs import set_up_logs
from scheduler.telemetry.telemetry import set_up_traces
from scheduler.work_alone import Beside

_STREAMS_END = 5  # seconds that open streams may hold up the end
KEEP_ALIVE = 30  # seconds that an idle connection stays open: longer than from one heartbeat of an agent to the next

log = structlog.get_logger(__name__)


def create_app(
    settings: Settings, *, with_worker: bool = True, worker_crashed: Callable[[], None] | None = None
) -> FastAPI:
    """Build the API. Its lifespan opens everything, runs worker and schedules, and at the end drains and closes.

    `worker_crashed` is called when the worker, or what runs beside it, ends by a bug: who serves the API must end then,
    not look alive.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services, asyncio.TaskGroup() as owner:
            app.state.services = services
            agents = services.agents
            parts: list[Beside] = [services.words, services.tools, agents.registry, agents.outbox, agents.a2a_agents]
            if with_worker:
                owner.create_task(_guarded(services.worker, worker_crashed))
                parts += [services.schedule_runner, services.maintenance]
                parts += [services.repairs] if services.repairs else []
            owner.create_task(asyncio.to_thread(services.planner.warm_up))
            beside = [owner.create_task(_guarded(part, worker_crashed)) for part in parts]
            try:
                yield
            finally:
                for task in beside:
                    task.cancel()
                services.worker.drain()

    return build_app(settings.api, lifespan)


async def _guarded(part: Beside, crashed: Callable[[], None] | None) -> None:
    """Run a part; when it ends by a bug, say so and have the service end."""
    try:
        await part.run()
    except Exception:
        log.exception(f"{type(part).__name__.lower()}_crashed")
        if crashed is None:
            raise
        crashed()


def check_exposure(api: ApiSettings) -> None:
    """Raise SettingError when the API would listen to the network without a key."""
    if not api.listens_on_loopback and not api.tenant_keys:
        raise SettingError(
            Sentence(
                f"CPA_API_HOST={api.host} braucht CPA_API_KEY: Ohne Schlüssel lauscht die API nur auf diesem Rechner.",
                f"CPA_API_HOST={api.host} needs CPA_API_KEY: without a key the API listens on this machine only.",
            )
        )


def check_start(settings: Settings) -> None:
    """Raise ValueError (SettingError) or OSError for settings the service cannot start with."""
    check_exposure(settings.api)
    check_settings(settings)
    check_store(settings.store)


def check_store(store: StoreSettings) -> None:
    """Make the folders for what is kept, and raise SettingError when that, or opening the database, is not possible."""
    database = sqlite_path(store.database_url)
    for variable, folder in (("CPA_DATA_DIR", store.data_dir), ("CPA_DATABASE_URL", database.parent)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(variable, folder, error) from error
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        raise _unusable("CPA_DATABASE_URL", database, error) from error


def _unusable(variable: str, place: Path, error: Exception) -> SettingError:
    return SettingError(
        Sentence(
            f"{place} lässt sich nicht benutzen ({error}). Bitte {variable} prüfen.",
            f"{place} cannot be used ({error}). Please check {variable}.",
        )
    )


def bound(api: ApiSettings) -> socket.socket:
    """Take the address, so that nothing is begun when somebody else has it. Raises SettingError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(api.host, api.port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, protocol)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
        except OSError:
            taken.close()
            raise
    except OSError as error:
        place, reason = f"{api.host}:{api.port}", error.strerror or error
        raise SettingError(
            Sentence(
                f"{place} lässt sich nicht belegen ({reason}). Bitte CPA_API_HOST und CPA_API_PORT prüfen, oder "
                "was dort schon läuft.",
                f"{place} cannot be taken ({reason}). Please check CPA_API_HOST and CPA_API_PORT, or what runs "
                "there already.",
            )
        ) from error
    return taken


class _Server(uvicorn.Server):
    """Says where it listens once it really does."""

    def __init__(self, config: uvicorn.Config, started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._started(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def serve(settings: Settings, started: Callable[[str], None] = lambda _url: None) -> bool:
    """Run API and worker until SIGTERM or SIGINT; return whether they ended in order. `started` gets the address.

    Call `check_start` first. Raises SettingError when the address cannot be taken.
    """
    listening = bound(settings.api)
    set_up_logs(settings.log.level, settings.log.format, SecretsManager(settings.store.secrets_file).redact)
    set_up_traces("cpa")
    crashed = False

    def leave() -> None:
        nonlocal crashed
        crashed = server.should_exit = True

    config = uvicorn.Config(
        create_app(settings, worker_crashed=leave),
        host=settings.api.host,
        port=settings.api.port,
        http=SignsOfLife,
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STREAMS_END,
        timeout_keep_alive=KEEP_ALIVE,
    )
    server = _Server(config, started)
    spare_garbage_collection()
    with listening:
        server.run([listening])
    return not crashed


def main() -> None:
    """Start the service with the settings of the environment."""
    try:
        settings = load_settings()
        check_start(settings)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    try:
        sys.exit(0 if serve(settings) else 1)
    except SettingError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
