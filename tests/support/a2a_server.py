"""A small A2A agent, made with the official SDK, as a process of its own.

`python -m tests.support.a2a_server FD` serves a socket that listens. What it is told decides what it does: see
`Echo.execute`. Each answer says how often it was told the same.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from a2a.helpers.proto_helpers import new_data_part, new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Task
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.support.agent_server import START_LIMIT


class Echo(AgentExecutor):
    """Does what the first word says."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.message is not None
        text = context.get_user_input()
        self.told[text] += 1
        task: Task = context.current_task or new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        update = TaskUpdater(event_queue, task.id, task.context_id)
        await update.start_work()
        match text.split()[0]:
            case "wait":
                await asyncio.sleep(60)
            case "fail":
                await update.failed(new_text_message("the printer is on fire", task.context_id, task.id))
            case "ask":
                await update.requires_input(new_text_message("which printer?", task.context_id, task.id))
            case "huge":
                await update.add_artifact([new_text_part("x" * 300_000)])
                await update.complete()
            case _:
                if text.startswith("late"):
                    await asyncio.sleep(0.5)
                found = {"times": self.told[text], "asked_by": dict(context.message.metadata)}
                await update.add_artifact([new_text_part(f"echo {text}"), new_data_part(found)])
                await update.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()


class LosesAnswers:
    """Has what it is told done, and loses the answer to what says so."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def overhearing() -> dict[str, object]:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return dict(message)

        async def losing(message: dict[str, object]) -> None:
            if b"SendMessage" not in body or b"lost" not in body:
                await send(message)

        await self._app(scope, overhearing, losing)  # type: ignore[arg-type]
        if b"SendMessage" in body and b"lost" in body:
            await Response(status_code=502)(scope, receive, send)


def make_app(url: str) -> LosesAnswers:
    skills = [("say-again", "Says it again."), ("Print!", "Prints it.")]
    card = AgentCard(
        name="Echo Agent",
        description="Says things again.",
        version="1",
        supported_interfaces=[AgentInterface(url=f"{url}/rpc", protocol_binding="JSONRPC", protocol_version="1.0")],
        capabilities=AgentCapabilities(streaming=False),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id=one, name=one, description=words, tags=["test"]) for one, words in skills],
    )
    handler = DefaultRequestHandler(agent_executor=Echo(), task_store=InMemoryTaskStore(), agent_card=card)
    return LosesAnswers(Starlette(routes=[*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/rpc")]))


@dataclass(frozen=True)
class A2aServer:
    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def a2a_server() -> Iterator[A2aServer]:
    """Run the agent for as long as the block lasts."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("CPA_")}
    taken = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-m", "tests.support.a2a_server", str(taken.fileno())]
    with subprocess.Popen(command, env=surroundings, pass_fds=[taken.fileno()]) as process:
        server = A2aServer(f"http://127.0.0.1:{taken.getsockname()[1]}", process)
        taken.close()
        try:
            _await_up(server.url)
            yield server
        finally:
            process.kill()


def _await_up(url: str) -> None:
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        try:
            httpx.get(f"{url}/.well-known/agent-card.json", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody answers at {url}")


if __name__ == "__main__":
    listening = socket.socket(fileno=int(sys.argv[1]))
    app = make_app(f"http://127.0.0.1:{listening.getsockname()[1]}")
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
