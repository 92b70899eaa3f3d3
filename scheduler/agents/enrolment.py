"""Lets agents in: by enrolment token, by the tenant's API key, or again by the token they were given."""

import hashlib
import secrets
from collections.abc import Container
from datetime import datetime, timedelta
from typing import Final

from scheduler.agents.agent_index import Entry
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.known_beat import KnownBeat
from scheduler.core.actions import covering
from scheduler.core.agent import SCHEDULER_URI, Agent, AgentStatus
from scheduler.core.agent_wire import (
    AgentResponse,
    EnrolmentRequest,
    EnrolmentResponse,
    HeartbeatRequest,
    RegisterAgentRequest,
    SchedulerCard,
)
from scheduler.core.clock import Clock
from scheduler.core.errors import AgentNameTakenError, AgentNotFoundError, EnrolmentRefusedError
from scheduler.core.ids import AgentId, IdFactory, TenantId
from scheduler.core.sentences import Sentence
from scheduler.repository.agent_repository import AgentKey, AgentRepository, Enrolment
from scheduler.security.lam_signatures import SigningKey, kid_of

OVERLAP: Final = timedelta(minutes=10)
"""For how long a key is good at most beside its successor: twice as long as a signature."""
AGENT_TOKEN: Final = "cpa_agent"  # noqa: S105 - how one begins
ENROLMENT_TOKEN: Final = "cpa_enrol"  # noqa: S105
_PREFIX: Final = f"{AGENT_TOKEN}_"

_NO_CREDENTIAL = Sentence(
    "weder API-Schlüssel noch gültige Eintrittskarte kam mit", "neither an API key nor a valid token came with it"
)
_OVER = Sentence("die Eintrittskarte ist abgelaufen oder verbraucht", "the token is over or used up")
_NOT_FOR = Sentence("die Karte gilt nicht für diesen Typ oder diese Fähigkeit", "it is not for this type or capability")
_CUT_OFF = Sentence(
    "er ist in Quarantäne; nur ein Betreiber kann ihn entfernen", "it is in quarantine; only an operator can remove it"
)
_OTHER = Sentence("das Kennwort gehört einem anderen Agenten", "the token belongs to another agent")


class EnrolmentService:
    """What agents may ask before they are given work. A tenant comes from a credential, never from a body.

    `known` are the actions of this process; what agents say of those is not kept.
    """

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        agents: AgentRepository,
        key: SigningKey,
        clock: Clock,
        new_id: IdFactory,
        known: Container[str] = (),
    ) -> None:
        self._known = known
        self._registry = registry
        self._agents = agents
        self._clock = clock
        self._new_id = new_id
        self.card = SchedulerCard(uri=SCHEDULER_URI, keys=(key.public,))

    async def allow(self, asked: EnrolmentRequest, tenant: TenantId) -> EnrolmentResponse:
        """Make a token with which agents of the tenant may join."""
        token_id, secret = self._new_id(), secrets.token_urlsafe(32)
        expires_at = self._clock.now() + timedelta(seconds=asked.seconds)
        await self._agents.allow(
            Enrolment(
                id=token_id,
                tenant=tenant,
                digest=_digest(secret),
                expires_at=expires_at,
                uses=asked.uses,
                types=frozenset(asked.types),
                capabilities=frozenset(asked.capabilities),
            )
        )
        token = f"{ENROLMENT_TOKEN}_{token_id}_{secret}"
        return EnrolmentResponse(token=token, expires_at=expires_at, uses=asked.uses)

    async def register(self, asked: RegisterAgentRequest, token: str, tenant: TenantId | None) -> AgentResponse:
        """Let an agent in. `tenant` is that of the API key, None when none came.

        Raises EnrolmentRefusedError, AgentNameTakenError while another of that name is alive, AgentKeyTakenError.
        """
        if token.startswith(AGENT_TOKEN):
            return await self._join_again(asked, await self.holder(token))
        enrolment = None
        if tenant is None:
            enrolment = await self._enrolment(asked, token)
            tenant = enrolment.tenant
        agent = self._agent(asked, AgentId(self._new_id()), tenant)
        instead_of = await self._silent_namesake(agent)
        if enrolment is not None:  # not before it is certain that the name is free: the agent will come again
            agent = agent.model_copy(update={"joined_by": enrolment.id})
            if not await self._agents.spend(enrolment.id, self._clock.now()):
                raise EnrolmentRefusedError(_OVER)
        return await self._join(agent, _keys(asked), instead_of=instead_of)

    async def holder(self, token: str) -> Entry:
        """Return the agent whose token it is. Raises EnrolmentRefusedError."""
        agent_id, secret = _parts(token, AGENT_TOKEN)
        entry = await self._registry.entry(AgentId(agent_id))
        if entry is None or not secrets.compare_digest(entry.record.token_digest, _digest(secret)):
            raise EnrolmentRefusedError(_NO_CREDENTIAL)
        return entry

    async def speaking(self, agent_id: AgentId, token: str, tenant: TenantId | None) -> Entry:
        """Return the agent in whose name its own token, or the tenant's API key, speaks.

        Raises EnrolmentRefusedError and AgentNotFoundError.
        """
        if tenant is not None:
            entry = await self._registry.entry(agent_id, tenant)
            if entry is None:
                raise AgentNotFoundError(agent_id)
            return entry
        if token.startswith(AGENT_TOKEN) and await self._registry.entry(AgentId(_parts(token, AGENT_TOKEN)[0])) is None:
            raise AgentNotFoundError(agent_id)
        entry = await self.holder(token)
        if entry.record.agent.id != agent_id:
            raise EnrolmentRefusedError(_OTHER)
        return entry

    async def leave(self, agent_id: AgentId, token: str, tenant: TenantId | None) -> Agent:
        """Let an agent leave; one in quarantine cannot do so itself, lest it comes back as another.

        Raises EnrolmentRefusedError and AgentNotFoundError.
        """
        agent = (await self.speaking(agent_id, token, tenant)).record.agent
        if tenant is None and agent.status is AgentStatus.QUARANTINED:
            raise EnrolmentRefusedError(_CUT_OFF)
        await self._registry.unregister(agent_id)
        return agent

    async def beat(self, entry: Entry, said: HeartbeatRequest) -> AgentResponse:
        """Note a sign of life."""
        agent = await self._registry.update_heartbeat(
            entry.record.agent.id, running=said.running, status=AgentStatus(said.status)
        )
        return self._answer(agent)

    def known_beat(self, agent_id: AgentId, token: str, said: HeartbeatRequest) -> KnownBeat | None:
        """Return the sign of life of an agent that is known here by its own token; None: look closer."""
        entry, (token_id, _, secret) = self._registry.known(agent_id), token.removeprefix(_PREFIX).partition("_")
        if entry is None or token_id != agent_id or not token.startswith(_PREFIX):
            return None
        if not secrets.compare_digest(entry.record.token_digest, _digest(secret)):
            return None
        return KnownBeat(self._registry, self._clock, entry, said)

    def _agent(self, asked: RegisterAgentRequest, agent_id: AgentId, tenant: TenantId) -> Agent:
        agent = asked.as_agent(agent_id, tenant)
        return agent.model_copy(
            update={
                "actions": tuple(one for one in agent.actions if one.name not in self._known and agent.can(one.name))
            }
        )

    async def _join_again(self, asked: RegisterAgentRequest, entry: Entry) -> AgentResponse:
        """Take over what is new. An operator's word stands.

        A new key is the successor of the one in use, which is good until that is used, and for a while at most.
        """
        known = entry.record.agent
        agent = self._agent(asked, known.id, known.tenant)
        kept = {"status": known.status, "reason": known.reason, "joined_by": known.joined_by}
        agent = agent.model_copy(update=kept)
        keys = _rotated(entry.record.keys, _keys(asked), self._clock.now())
        agent = await self._registry.register(agent, token_digest=entry.record.token_digest, keys=keys)
        return self._answer(agent).model_copy(update={"scheduler": self.card})

    async def _join(self, agent: Agent, keys: tuple[AgentKey, ...], instead_of: AgentId | None) -> AgentResponse:
        secret = secrets.token_urlsafe(32)
        agent = await self._registry.register(agent, token_digest=_digest(secret), keys=keys, instead_of=instead_of)
        token = f"{AGENT_TOKEN}_{agent.id}_{secret}"
        return self._answer(agent).model_copy(update={"token": token, "scheduler": self.card})

    async def _silent_namesake(self, agent: Agent) -> AgentId | None:
        """Return who had the name and is no more heard of. Raises AgentNameTakenError while it is, or is cut off."""
        for other in await self._registry.list_agents(tenant=agent.tenant):
            if other.name == agent.name:
                if other.status is not AgentStatus.OFFLINE:
                    raise AgentNameTakenError(agent.name)
                return other.id
        return None

    async def _enrolment(self, asked: RegisterAgentRequest, token: str) -> Enrolment:
        """Return the right to join that the token gives. Raises EnrolmentRefusedError."""
        token_id, secret = _parts(token, ENROLMENT_TOKEN)
        enrolment = await self._agents.enrolment(token_id)
        if enrolment is None or not secrets.compare_digest(enrolment.digest, _digest(secret)):
            raise EnrolmentRefusedError(_NO_CREDENTIAL)
        if enrolment.uses <= 0 or enrolment.expires_at <= self._clock.now():
            raise EnrolmentRefusedError(_OVER)
        names = {terms.name for terms in asked.capabilities}
        if enrolment.types and asked.type not in enrolment.types:
            raise EnrolmentRefusedError(_NOT_FOR)
        if enrolment.capabilities and any(enrolment.capabilities.isdisjoint(covering(name)) for name in names):
            raise EnrolmentRefusedError(_NOT_FOR)
        return enrolment

    def _answer(self, agent: Agent) -> AgentResponse:
        return AgentResponse(
            agent_id=agent.id, status=agent.status, now=self._clock.now(), uri=agent.uri, tenant=agent.tenant
        )


def _keys(asked: RegisterAgentRequest) -> tuple[AgentKey, ...]:
    return () if asked.key is None else (AgentKey(kid_of(asked.key), asked.key),)


def _rotated(known: tuple[AgentKey, ...], asked: tuple[AgentKey, ...], now: datetime) -> tuple[AgentKey, ...]:
    """Return the keys of an agent that comes with this one; with one that it had before, it goes back to that."""
    if not asked or (known and known[-1].kid == asked[0].kid):
        return known
    if any(key.kid == asked[0].kid for key in known):
        return asked
    return (*(key._replace(until=key.until or now + OVERLAP) for key in known[:1]), *asked)


def _parts(token: str, kind: str) -> tuple[str, str]:
    """Return id and secret of a token. Raises EnrolmentRefusedError."""
    token_id, _, secret = token.removeprefix(f"{kind}_").partition("_")
    if not token.startswith(f"{kind}_") or not secret:
        raise EnrolmentRefusedError(_NO_CREDENTIAL)
    return token_id, secret


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
