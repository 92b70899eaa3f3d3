"""The processes of the chaos test: a scheduler that can do nothing itself, and agents of four kinds beside it.

The mail and data agents are those that come with CPA, over maildirs and files. The web agents leave marks in the world
instead of running a browser, which would take the processor from everybody else; the flaky one does so as well, when it
does not fail, hang, chatter or die.
"""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta

import uvicorn

from agents import data, email
from agents.runtime import AgentOptions, report_progress
from agents.runtime.agent_process import serve_agent
from scheduler.api.app import build_app
from scheduler.api.signs_of_life import SignsOfLife
from scheduler.core.agent import AgentType
from scheduler.core.errors import UnavailableError
from scheduler.core.task_executor_interface import BaseExecutor, ExecutionContext, Performed
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings
from tests.support.fault_process import Home, opened, settings_of
from tests.support.world import WorldExecutor

GRACE = timedelta(seconds=2)
CONCURRENCY = 4


class FlakyExecutor(WorldExecutor):
    """Does what the world's executor does, one time in two; the draw depends on the effect and the attempt alone."""

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        draw = random.Random(f"{context.effect_key} {context.attempt}").random()  # noqa: S311 - to be repeated
        if draw < 0.15:
            raise UnavailableError("it does not feel like it")
        if draw < 0.19:
            await asyncio.sleep(60)
        if draw < 0.24:
            for tell in range(200):
                report_progress(tell / 200)
                await asyncio.sleep(0.005)
        if draw < 0.26:
            os.kill(os.getpid(), signal.SIGKILL)
        performed = await super().perform(todo, context)
        if 0.30 < draw < 0.32:
            os.kill(os.getpid(), signal.SIGKILL)
        if 0.35 < draw < 0.45:
            raise RuntimeError("a bug of the executor, after the effect")
        return performed


async def be_scheduler(home: Home, settings: Mapping[str, str], port: int) -> None:
    """Serve the API and work, until SIGTERM."""
    async with opened(home, settings, ExecutorRegistry()) as services, asyncio.TaskGroup() as owner:
        app = build_app(services.settings.api)
        app.state.services = services
        server = uvicorn.Server(
            uvicorn.Config(app, port=port, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=30,
                           http=SignsOfLife, ws="websockets-sansio", timeout_graceful_shutdown=1)
        )  # fmt: skip
        owner.create_task(services.worker.run())
        parts = (services.agents.registry, services.agents.outbox, services.maintenance)
        beside = [owner.create_task(part.run()) for part in parts]
        await server.serve()
        services.worker.drain()
        for task in beside:
            task.cancel()


async def be_agent(
    home: Home, settings: Mapping[str, str], kind: str, name: str, url: str, port: int, endpoint: str
) -> None:
    """Be an agent of that kind until SIGTERM; it keeps its folder from one start to the next."""
    type_, make = KINDS[kind]
    options = AgentOptions(
        type=type_,
        name=name,
        url=url,
        folder=home.folder / "agents" / name,
        port=port,
        endpoint=endpoint,
        concurrency=CONCURRENCY,
        grace=GRACE,
    )
    executors = make(home, settings_of(settings))
    await serve_agent(options, executors, redact=lambda text: text, started=lambda _url: None)


def _of(executor: Callable[[Home], BaseExecutor]) -> Callable[[Home, Settings], ExecutorRegistry]:
    def make(home: Home, _: Settings) -> ExecutorRegistry:
        registry = ExecutorRegistry()
        registry.register_all(executor(home))
        return registry

    return make


def _mail(home: Home, settings: Settings) -> ExecutorRegistry:  # noqa: ARG001
    return email.make_executors(settings, SecretsManager(settings.store.secrets_file))


def _data(home: Home, settings: Settings) -> ExecutorRegistry:  # noqa: ARG001
    return data.make_executors(settings, SecretsManager(settings.store.secrets_file))


KINDS: Mapping[str, tuple[AgentType, Callable[[Home, Settings], ExecutorRegistry]]] = {
    "web": (AgentType.WEB, _of(lambda home: WorldExecutor(home.world))),
    "flaky": (AgentType.WEB, _of(lambda home: FlakyExecutor(home.world))),
    "mail": (AgentType.EMAIL, _mail),
    "data": (AgentType.DATA, _data),
}
