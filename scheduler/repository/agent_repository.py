"""What the stores promise of agents: who is registered, with which keys, who may join, who was heard of when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from scheduler.core.agent import Agent, AgentStatus, AgentType
from scheduler.core.agent_wire import PublicKey
from scheduler.core.ids import AgentId, TenantId


class AgentKey(NamedTuple):
    """A public key of an agent by its thumbprint. `until`: it has a successor, and is good no longer than that."""

    kid: str
    key: PublicKey
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AgentRecord:
    """An agent as it is registered. `keys` are the one in use and, while it is being changed, its successor."""

    agent: Agent
    token_digest: str
    keys: tuple[AgentKey, ...] = ()


class AgentChanges(NamedTuple):
    """What came after a version: the version now, who is new or has changed, and how many there are in all."""

    version: int
    records: Sequence[AgentRecord]
    total: int


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """The right to join that a token gives; an empty set of types or capabilities allows all."""

    id: str
    tenant: TenantId
    digest: str
    expires_at: datetime
    uses: int
    types: frozenset[AgentType] = frozenset()
    capabilities: frozenset[str] = frozenset()


class AgentRepository(Protocol):
    """Agents of all tenants. What changes rarely: signs of life are kept apart."""

    def version(self) -> int:
        """Return a number that grows with every change, also by other processes. Cheap."""

    async def all(self) -> Sequence[AgentRecord]:
        """Return every registered agent."""

    async def changed(self, since: int) -> "AgentChanges":
        """Return who was registered or has changed since that version."""

    async def save(self, record: AgentRecord, *, instead_of: AgentId | None = None) -> None:
        """Register an agent, or replace what is known of it; `instead_of` is removed in the same transaction.

        Raises AgentNameTakenError when another agent of the tenant has its name, AgentKeyTakenError when one has a key.
        """

    async def remove(self, agent_id: AgentId) -> bool:
        """Remove an agent with its keys; return whether there was one."""

    async def retire_key(self, agent_id: AgentId, kid: str) -> None:
        """Keep of an agent's keys only this one: its successor has been used."""

    async def allow(self, enrolment: Enrolment) -> None:
        """Store the right to join."""

    async def enrolment(self, enrolment_id: str) -> Enrolment | None:
        """Return the right to join, also one that is used up or over."""

    async def revoke(self, enrolment_id: str) -> None:
        """Let nobody join by it any more."""

    async def spend(self, enrolment_id: str, now: datetime) -> bool:
        """Use a right to join once; False: it is over, or used up."""


class Beat(NamedTuple):
    """A sign of life."""

    at: datetime
    running: int
    status: AgentStatus


class HeartbeatStore(Protocol):
    """Signs of life, shared by all processes. They may be lost; what is older than the expiry counts as none."""

    async def note(self, agents: Collection[Agent]) -> None:
        """Store the last sign of life of each."""

    async def last(self, agent_ids: Collection[AgentId], since: datetime | None = None) -> Mapping[AgentId, Beat]:
        """Return the last sign of life of each that gave one within the expiry; older ones than `since` may lack."""

    async def forget(self, agent_id: AgentId) -> None:
        """Drop that of an agent that has left."""

    async def close(self) -> None:
        """Let go of what it holds."""
