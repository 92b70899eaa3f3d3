"""What waits in the outbox for agents that dial in; whichever process they are connected to."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.lam_gateway import LamGateway
from scheduler.core.agent_wire import OutboxItem
from scheduler.core.clock import Clock
from scheduler.core.ids import AgentId
from scheduler.core.lam_protocol import MessageFactory
from scheduler.repository.lam_repository import LamRepository
from scheduler.repository.repository_interface import ChangeSignal


class DialIn:
    """Hands messages out, signed at that moment. Who hangs up its only line here is given nothing until it is back."""

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        messages: LamRepository,
        gateway: LamGateway,
        changes: ChangeSignal,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._lines: Counter[AgentId] = Counter()
        self._messages = messages
        self._gateway = gateway
        self._changes = changes
        self._clock = clock

    @contextmanager
    def line(self, agent_id: AgentId) -> Iterator[None]:
        """Be connected with the agent for as long as the block lasts."""
        self._lines[agent_id] += 1
        try:
            yield
        finally:
            self._lines[agent_id] -= 1
            if not self._lines[agent_id]:
                del self._lines[agent_id]
                self._registry.suspect(agent_id)

    async def fetch(self, agent_id: AgentId, after: int, wait: float) -> list[OutboxItem]:
        """Return what waits behind `after`, or what comes within `wait` seconds; what lies before has arrived."""
        if after:
            await self.arrived(agent_id, after)
        return await self.look(agent_id, after, wait)

    async def arrived(self, agent_id: AgentId, up_to: int) -> None:
        """Take what has arrived out of the outbox."""
        await self._messages.arrived(agent_id, up_to)

    async def look(self, agent_id: AgentId, after: int, wait: float) -> list[OutboxItem]:
        """Return what waits behind `after`, or what comes within `wait` seconds."""
        end = time.monotonic() + wait
        while True:
            seen = self._changes.changes
            found = await self._messages.waiting(agent_id, after, self._clock.now())
            left = end - time.monotonic()
            if found or left <= 0:
                sign = self._gateway.sign
                return [OutboxItem(n=item.n, message=sign(MessageFactory.from_json(item.document))) for item in found]
            await self._changes.wait(seen, left)
