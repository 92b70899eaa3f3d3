"""Agents in this very process: the embedded size."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scheduler.core.agent import Agent
from scheduler.core.errors import AgentUnreachableError
from scheduler.core.ids import AgentId
from scheduler.core.sentences import Sentence

Handler = Callable[[bytes], Awaitable[bytes | None]]
_NOT_HERE = Sentence("er läuft nicht in diesem Prozess", "it does not run in this process")


class InProcessTransport:
    """Calls what an agent has put here; what it gets has been JSON, as over any wire."""

    def __init__(self) -> None:
        self._handlers: dict[AgentId, Handler] = {}

    def attach(self, agent_id: AgentId, handler: Handler) -> None:
        self._handlers[agent_id] = handler

    def detach(self, agent_id: AgentId) -> None:
        self._handlers.pop(agent_id, None)

    def has(self, agent_id: AgentId) -> bool:
        return agent_id in self._handlers

    async def deliver(self, agent: Agent, message: Mapping[str, Any]) -> bytes | None:
        handler = self._handlers.get(agent.id)
        if handler is None:
            raise AgentUnreachableError(agent.name, _NOT_HERE)
        return await handler(json.dumps(message).encode())
