"""Who is registered, who is alive, and who gets the next task."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog

from scheduler.agents.agent_index import AgentIndex, Choice, Entry, Need, Unfit
from scheduler.core.actions import canonical_action
from scheduler.core.agent import Agent, AgentStatus, AgentType
from scheduler.core.agent_wire import EXPIRY
from scheduler.core.clock import Clock
from scheduler.core.errors import AgentNotFoundError, UnavailableError
from scheduler.core.ids import DEFAULT_TENANT, AgentId, TenantId
from scheduler.core.offered_action import OfferedAction
from scheduler.repository.agent_repository import AgentKey, AgentRecord, AgentRepository, Beat, HeartbeatStore

__all__ = ["EXCHANGE", "Agent", "AgentRegistry", "AgentStatus", "AgentType", "Slot"]

EXCHANGE: Final = 1.0
"""Seconds between two looks at what other processes have heard."""
_AT_WORK: Final = frozenset({AgentStatus.ONLINE, AgentStatus.BUSY})
_SLACK: Final = timedelta(seconds=3)
"""How far back before the last look signs of life are asked for: they are stored a while after they came."""

log = structlog.get_logger(__name__)


class Slot:
    """A task that an agent has; say how it ended before it is given back. `well`: None says nothing of the agent."""

    def __init__(self) -> None:
        self.well: bool | None = None


class AgentRegistry:
    """Agents of all tenants, in memory, fed by the store. `run` shares signs of life with other processes."""

    def __init__(
        self,
        *,
        agents: AgentRepository,
        beats: HeartbeatStore,
        clock: Clock,
        random: Callable[[], float],
        expiry: timedelta = EXPIRY,
    ) -> None:
        self._agents = agents
        self._beats = beats
        self._clock = clock
        self._index = AgentIndex(clock, random, expiry)
        self._version = -1
        self._unshared: set[AgentId] = set()
        self._looked: datetime | None = None

    async def run(self) -> None:
        """Share signs of life until cancelled."""
        while True:
            try:
                await self.exchange()
            except UnavailableError as error:
                log.warning("heartbeats_not_shared", error=str(error))
            await asyncio.sleep(EXCHANGE)

    async def exchange(self) -> None:
        """Store what was heard here, and take over what others have heard. Raises UnavailableError."""
        since = None if await self.refresh() or self._looked is None else self._looked - _SLACK
        unshared, self._unshared = self._unshared, set()
        try:
            if unshared:
                await self._beats.note([self._index.seen(entry) for one in unshared if (entry := self._index.get(one))])
            if len(self._index):
                looking = self._clock.now()
                for agent_id, beat in (await self._beats.last(self._index.ids, since)).items():
                    self._index.heard(agent_id, beat)
                self._looked = looking
        except UnavailableError:
            self._unshared |= unshared
            raise

    async def refresh(self) -> bool:
        """Take over what has changed in the store; return whether anything has."""
        if self._agents.version() == self._version:
            return False
        found = await self._agents.changed(self._version)
        self._index.put(found.records)
        if len(self._index) != found.total:  # somebody has left
            self._index.replace(await self._agents.all())
        self._version = max(self._version, found.version)
        return True

    async def register(
        self,
        agent: Agent,
        *,
        token_digest: str = "",
        keys: tuple[AgentKey, ...] = (),
        instead_of: AgentId | None = None,
    ) -> Agent:
        """Register an agent, or replace what is known of it, and count that as a sign of life.

        Raises AgentNameTakenError and AgentKeyTakenError.
        """
        record = AgentRecord(agent=agent, token_digest=token_digest, keys=keys)
        await self._agents.save(record, instead_of=instead_of)
        return await self.update_heartbeat(agent.id)

    async def unregister(self, agent_id: AgentId) -> bool:
        """Remove an agent; return whether there was one."""
        removed = await self._agents.remove(agent_id)
        self._unshared.discard(agent_id)
        await self.refresh()
        if removed:
            try:
                await self._beats.forget(agent_id)
            except UnavailableError as error:  # it expires by itself
                log.warning("heartbeat_not_forgotten", agent=agent_id, error=str(error))
        return removed

    async def get_agent(self, agent_id: AgentId, tenant: TenantId | None = None) -> Agent | None:
        """Return the agent as it is now, or None."""
        entry = await self.entry(agent_id, tenant)
        return None if entry is None else self._index.seen(entry)

    async def list_agents(self, capability: str | None = None, tenant: TenantId | None = None) -> Sequence[Agent]:
        """Return agents by name; with a capability those that can do it."""
        await self.refresh()
        found = [self._index.seen(entry) for entry in self._index if tenant in {None, entry.record.agent.tenant}]
        wanted = None if capability is None else canonical_action(capability, {"op": "*"})[0]
        return sorted(
            (agent for agent in found if wanted is None or wanted in agent.capabilities or agent.can(wanted)),
            key=lambda agent: (agent.name, agent.id),
        )

    async def update_heartbeat(
        self, agent_id: AgentId, *, running: int = 0, status: AgentStatus = AgentStatus.ONLINE
    ) -> Agent:
        """Note a sign of life; return the agent as it stands now. Raises AgentNotFoundError."""
        entry = await self.entry(agent_id)
        if entry is None:
            raise AgentNotFoundError(agent_id)
        self.heard(entry, running, status)
        return self._index.seen(entry)

    def known(self, agent_id: AgentId) -> Entry | None:
        """Return what is known of an agent as of the last look at the store, a second ago at most."""
        return self._index.get(agent_id)

    def heard(self, entry: Entry, running: int, status: AgentStatus) -> None:
        """Note a sign of life."""
        agent_id = entry.record.agent.id
        self._index.heard(agent_id, Beat(self._clock.now(), running, status))
        self._unshared.add(agent_id)

    async def find_agent_for_task(self, action_type: str, tenant: TenantId = DEFAULT_TENANT) -> Agent | None:
        """Return an agent that is capable, alive, allowed and the least loaded; None when there is none."""
        found = await self.choose(Need(action=canonical_action(action_type, {"op": "*"})[0], tenant=tenant))
        return found.agent if isinstance(found, Choice) else None

    async def choose(self, need: Need) -> Choice | Unfit:
        """Choose an agent for a task, with reasons."""
        await self.refresh()
        return self._index.choose(need)

    def __len__(self) -> int:
        return len(self._index)

    def knows(self, action: str, tenant: TenantId) -> bool:
        """Whether anybody is registered for the action, alive or not; as of the last look at the store."""
        return self._index.capable(action, tenant) > 0

    @property
    def version(self) -> int:
        """Grows with every change of who is registered that this process has seen."""
        return self._version

    def offered(self, tenant: TenantId) -> Iterator[OfferedAction]:
        """Yield the actions that the tenant's agents bring, those of who came last at the end."""
        for entry in self._index:
            if entry.record.agent.tenant == tenant:
                yield from entry.record.agent.actions

    @contextmanager
    def slot(self, agent_id: AgentId, action: str) -> Iterator[Slot]:
        """Count a task as given to the agent until the end of the block."""
        taken = self._index.take(agent_id, action)
        slot = Slot()
        try:
            yield slot
        finally:
            self._index.give_back(agent_id, action, taken, well=slot.well)

    def leave_alone(self, agent_id: AgentId) -> None:
        """Give the agent nothing for a moment: it said that it is busy."""
        self._index.leave_alone(agent_id)

    def suspect(self, agent_id: AgentId) -> None:
        """Give the agent nothing until it gives a sign of life: it could not be reached, or has not answered."""
        self._index.suspect(agent_id)

    async def candidates(self, need: Need, most: int) -> Sequence[Agent]:
        """Return who may be asked for a bid."""
        await self.refresh()
        return self._index.candidates(need, most)

    async def free(self, need: Need, most: int) -> Sequence[Agent]:
        """Return who may get a task now, the least loaded first."""
        await self.refresh()
        return self._index.candidates(need, most, free=True)

    def at_work(self, tenant: TenantId) -> Sequence[Agent]:
        """Return who of the tenant is at work, by name; as of the last look at the store."""
        seen = (self._index.seen(one) for one in self._index if one.record.agent.tenant == tenant)
        return sorted((one for one in seen if one.status in _AT_WORK), key=lambda agent: (agent.name, agent.id))

    async def close(self) -> None:
        """Let go of the place where signs of life are shared."""
        await self._beats.close()

    async def entry(self, agent_id: AgentId, tenant: TenantId | None = None) -> Entry | None:
        """Return all that is known of an agent."""
        await self.refresh()
        entry = self._index.get(agent_id)
        return entry if entry is not None and tenant in {None, entry.record.agent.tenant} else None

    async def of_key(self, kid: str) -> tuple[Entry, AgentKey] | None:
        """Return whose key it is."""
        await self.refresh()
        return self._index.of_key(kid)

    def status(self, entry: Entry) -> AgentStatus:
        return self._index.status(entry)

    async def key_used(self, entry: Entry, kid: str) -> None:
        """Retire the key whose successor has just been used."""
        if len(entry.record.keys) > 1 and entry.record.keys[-1].kid == kid:
            await self._agents.retire_key(entry.record.agent.id, kid)
            await self.refresh()

    async def stand(self, agent_id: AgentId, status: AgentStatus, reason: str, tenant: TenantId) -> Agent:
        """Drain an agent, quarantine it, or (ONLINE) let it in again. Raises AgentNotFoundError.

        Whoever has an agent's enrolment token could bring it back under another name; in quarantine it is void.
        """
        entry = await self.entry(agent_id, tenant)
        if entry is None:
            raise AgentNotFoundError(agent_id)
        agent = entry.record.agent.model_copy(update={"status": status, "reason": reason})
        record = AgentRecord(agent=agent, token_digest=entry.record.token_digest, keys=entry.record.keys)
        if status is AgentStatus.QUARANTINED and agent.joined_by:
            await self._agents.revoke(agent.joined_by)
        await self._agents.save(record)
        await self.refresh()
        return self._index.seen(entry)
