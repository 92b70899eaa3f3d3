"""An agent in the process of its scheduler: the same runtime, with no port and no network between the two."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import httpx

from agents.runtime.agent_options import AgentOptions
from agents.runtime.agent_process import Parts, drain, join, opened, work
from scheduler.core.errors import AgentUnreachableError, CPAError
from scheduler.core.ids import AgentId
from scheduler.executors.executor_registry import ExecutorRegistry


class Line(Protocol):
    """Where a scheduler finds the agents of its process; its InProcessTransport is one."""

    def attach(self, agent_id: AgentId, handler: Callable[[bytes], Awaitable[bytes | None]]) -> None:
        """Have what is for the agent given to `handler`, which returns what is answered at once."""

    def detach(self, agent_id: AgentId) -> None:
        """Have nothing given to the agent any more."""


@asynccontextmanager
async def embedded_agent(
    options: AgentOptions,
    executors: ExecutorRegistry,
    *,
    line: Line,
    way: httpx.AsyncBaseTransport,
    redact: Callable[[str], str] = lambda text: text,
) -> AsyncIterator[Parts]:
    """Be an agent for as long as the block lasts, from when it has joined; at the end it finishes what it has.

    `way` brings its requests to the scheduler's API (`httpx.ASGITransport(app)`), `line` what that says to it.
    Raises EnrolmentRefusedError.
    """
    async with opened(options, executors, redact, way) as parts:
        await join(parts)
        agent_id = parts.link.me.agent_id
        line.attach(agent_id, _ear(options, parts))
        working = asyncio.create_task(work(executors, parts))
        try:
            yield parts
            await drain(options, parts)
        finally:
            line.detach(agent_id)
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


def _ear(options: AgentOptions, parts: Parts) -> Callable[[bytes], Awaitable[bytes | None]]:
    async def hear(text: bytes) -> bytes | None:
        try:
            answer = await parts.reception.receive(text)
        except CPAError as error:  # what would be a status over HTTP
            raise AgentUnreachableError(options.name, str(error)) from error
        return None if answer is None else json.dumps(answer).encode()

    return hear
