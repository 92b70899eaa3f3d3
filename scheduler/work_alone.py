"""A worker without an API, for more processes on the same store; it imports nothing that only the API needs."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Protocol

import structlog

from scheduler.container import open_services
from scheduler.garbage import spare_garbage_collection
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings
from scheduler.telemetry.logs import set_up_logs
from scheduler.telemetry.telemetry import set_up_traces

log = structlog.get_logger(__name__)


class Beside(Protocol):
    """What goes on beside the API until it is cancelled."""

    async def run(self) -> None: ...


def work(settings: Settings, started: Callable[[], None] = lambda: None) -> bool:
    """Run a worker without an API until SIGTERM or SIGINT; return whether it ended in order. Call `check_settings`
    first."""
    set_up_logs(settings.log.level, settings.log.format, SecretsManager(settings.store.secrets_file).redact)
    set_up_traces("cpa-worker")
    spare_garbage_collection()
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(_work_alone(settings, started))
    except Exception:
        log.exception("worker_crashed")
        return False
    return True


async def _work_alone(settings: Settings, started: Callable[[], None]) -> None:
    async with open_services(settings) as services, asyncio.TaskGroup() as owner:
        with contextlib.suppress(NotImplementedError):  # Windows has no signals to wait for; Ctrl-C ends it there
            for order in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(order, services.worker.drain)
        parts: list[Beside] = [
            services.schedule_runner,
            services.maintenance,
            services.agents.registry,
            services.agents.outbox,
            *([services.repairs] if services.repairs else []),
            services.agents.a2a_agents,
            services.tools,
        ]
        beside = [owner.create_task(part.run()) for part in parts]
        started()
        try:
            await services.worker.run()
        finally:
            for task in beside:
                task.cancel()


def _new_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's, where there is one: it costs half of asyncio's."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
