"""Posts again what a process stored for an agent and did not live to post. Agents that dial in fetch it themselves."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.lam_gateway import LamGateway
from scheduler.agents.transports.transport import AgentTransport
from scheduler.core.agent import Agent, AgentStatus
from scheduler.core.clock import Clock
from scheduler.core.errors import CPAError, EndpointForbiddenError, UnavailableError
from scheduler.core.lam_protocol import MessageFactory, MessageType
from scheduler.repository.lam_repository import LamRepository, Unsent

EVERY: Final = 5.0
"""Seconds between two looks."""
LEFT: Final = timedelta(seconds=15)
"""After so long nobody is still posting a message himself; if he is, the agent knows it by its id."""

log = structlog.get_logger(__name__)


class Outbox:
    """Looks for messages that were left lying, until cancelled."""

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        messages: LamRepository,
        gateway: LamGateway,
        transport: AgentTransport,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._messages = messages
        self._gateway = gateway
        self._transport = transport
        self._clock = clock

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.post_again()
            except UnavailableError as error:
                log.warning("outbox_not_read", error=str(error))

    async def post_again(self) -> int:
        """Post what lies there; return how much has arrived. What cannot be posted stays until nobody waits for it."""
        called = {
            agent.id: agent
            for agent in await self._registry.list_agents()
            if agent.endpoint and agent.status not in {AgentStatus.OFFLINE, AgentStatus.QUARANTINED}
        }
        now, arrived = self._clock.now(), 0
        for unsent in await self._messages.unsent(called.keys(), now - LEFT, now) if called else ():
            arrived += await self._post(called[unsent.agent_id], unsent)
        return arrived

    async def _post(self, agent: Agent, unsent: Unsent) -> bool:
        message = MessageFactory.from_json(unsent.document)
        if message.type in {MessageType.REQUEST, MessageType.ASSIGN} and not unsent.current:
            await self._messages.sent(message.id, agent.id)  # whoever has the job now asks for it himself
            return False
        try:
            answer = await self._transport.deliver(agent, self._gateway.sign(message))
            if answer is not None:
                await self._gateway.receive(answer)
        except EndpointForbiddenError as error:
            log.warning("message_withdrawn", agent=agent.id, error=str(error))
        except CPAError as error:
            log.info("message_still_lies", agent=agent.id, message=message.id, error=str(error))
            return False
        await self._messages.sent(message.id, agent.id)
        log.info("posted_again", agent=agent.id, message=message.id, type=message.type)
        return True
