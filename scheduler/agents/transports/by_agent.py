"""Chooses the transport of each agent: in this process, at its address, by A2A, or waiting until it dials in."""

from collections.abc import Mapping
from typing import Any

from scheduler.agents.transports.in_process import InProcessTransport
from scheduler.agents.transports.transport import AgentTransport
from scheduler.core.agent import Agent, AgentType


class TransportByAgent:
    """What waits for one that dials in lies in the outbox already, so that nothing is left to do."""

    def __init__(self, *, here: InProcessTransport, called: AgentTransport, a2a: AgentTransport) -> None:
        self._here = here
        self._called = called
        self._a2a = a2a

    async def deliver(self, agent: Agent, message: Mapping[str, Any]) -> bytes | None:
        if self._here.has(agent.id):
            return await self._here.deliver(agent, message)
        if agent.type is AgentType.A2A:
            return await self._a2a.deliver(agent, message)
        return await self._called.deliver(agent, message) if agent.endpoint else None
