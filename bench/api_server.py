"""The API in a process of its own, for benches and load tests: the shipped application, served as `cpa up` does.

With `--worker` it also runs jobs, and whatever they ask for is done by doing nothing.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import uvicorn
from fastapi import FastAPI

from scheduler.api.app import build_app
from scheduler.api.signs_of_life import SignsOfLife
from scheduler.container import open_services
from scheduler.core.actions import ActionSpec
from scheduler.core.task_executor_interface import AD_HOC, ExecutionContext, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import BaseExecutor, Performed
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.playwright_executor import PlaywrightExecutor
from scheduler.executors.site_executor import SiteExecutor
from scheduler.garbage import spare_garbage_collection
from scheduler.main import KEEP_ALIVE, create_app
from scheduler.settings import Settings, load_settings
from scheduler.telemetry.logs import set_up_logs


class IdleExecutor(BaseExecutor):
    """Accepts every shipped action and does nothing."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (
        *PlaywrightExecutor.actions,
        *MailExecutor.actions,
        *FileExecutor.actions,
        *SiteExecutor.actions,
    )

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:  # noqa: ARG002
        return Performed()

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:  # noqa: ARG002
        return Verification(happened=None)


def with_idle_worker(settings: Settings) -> FastAPI:
    """Build the API beside a worker whose executors are idle."""
    registry = ExecutorRegistry()
    registry.register_all(IdleExecutor())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings, executors=registry) as services, asyncio.TaskGroup() as owner:
            app.state.services = services
            owner.create_task(services.worker.run())
            try:
                yield
            finally:
                services.worker.drain()

    return build_app(settings.api, lifespan)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, help="run on this processor only")
    parser.add_argument("--worker", action="store_true")
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    settings = load_settings()
    set_up_logs("warning", "json", lambda text: text)
    app = with_idle_worker(settings) if given.worker else create_app(settings, with_worker=False)
    spare_garbage_collection()
    uvicorn.run(
        app,
        host=settings.api.host,
        port=settings.api.port,
        http=SignsOfLife,
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
    )


if __name__ == "__main__":
    main()
