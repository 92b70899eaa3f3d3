"""Makes A2A agents of others agents of ours: takes them in by their card, and looks whether they are there."""

import asyncio
import re
from typing import Annotated, Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.transports.a2a_transport import A2aTransport
from scheduler.core.agent import Agent, AgentType
from scheduler.core.agent_wire import HEARTBEAT
from scheduler.core.errors import AgentNameTakenError, CPAError, InvalidFieldError, SecretMissingError, UnavailableError
from scheduler.core.ids import AgentId, IdFactory, TenantId
from scheduler.core.sentences import Sentence
from scheduler.repository.agent_repository import AgentKey

FAMILY: Final = "a2a"
_LONGEST: Final = 64
_NO_SKILLS = Sentence("die Karte nennt keine Fähigkeiten (skills)", "the card names no skills")
_NO_SECRET: Final = Sentence("ein Geheimnis dieses Namens gibt es nicht", "there is no secret of this name")
_UNUSABLE_NAME = Sentence("daraus lässt sich kein Name machen", "no name can be made of it")

log = structlog.get_logger(__name__)


class AddA2aRequest(BaseModel):
    """Where the card lies, or the address below which it lies. `secret` names what is sent as bearer token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048)]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = None
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None
    concurrency: int = Field(default=4, ge=1, le=1000)


class A2aAgents:
    """An A2A agent is called, so it gives no signs of life: `run` looks at its card instead, and learns new skills."""

    def __init__(self, *, registry: AgentRegistry, transport: A2aTransport, new_id: IdFactory) -> None:
        self._registry = registry
        self._transport = transport
        self._new_id = new_id

    async def add(self, asked: AddA2aRequest, tenant: TenantId) -> Agent:
        """Take an agent in. Each of its skills is an action `a2a.NAME.SKILL`.

        Raises AgentUnreachableError, EndpointForbiddenError, InvalidFieldError, and AgentNameTakenError.
        """
        try:
            card = await self._card(asked.url, tenant, asked.secret)
        except SecretMissingError as error:
            raise InvalidFieldError("secret", _NO_SECRET) from error
        name = asked.name or _slug(card.name)
        if not re.match(r"[a-z]", name):
            raise InvalidFieldError("name", _UNUSABLE_NAME)
        if any(other.name == name for other in await self._registry.list_agents(tenant=tenant)):
            raise AgentNameTakenError(name)
        skills = _skills(name, card)
        if not skills:
            raise InvalidFieldError("url", _NO_SKILLS)
        metadata: dict[str, Any] = {"skills": skills, "description": card.description[:1000]}
        agent = Agent(
            id=AgentId(self._new_id()),
            name=name,
            type=AgentType.A2A,
            capabilities=tuple(skills),
            endpoint=asked.url.rstrip("/"),
            tenant=tenant,
            concurrency=asked.concurrency,
            metadata=metadata | ({} if asked.secret is None else {"secret": asked.secret}),
        )
        key = await asyncio.to_thread(self._transport.key_of, agent.id)
        return await self._registry.register(agent, keys=(AgentKey(key.kid, key.public),))

    async def run(self) -> None:
        """Look at every A2A agent until cancelled."""
        while True:
            try:
                agents = [agent for agent in await self._registry.list_agents() if agent.type is AgentType.A2A]
                await asyncio.gather(*(self.look(agent) for agent in agents))
            except UnavailableError as error:
                log.warning("a2a_agents_not_looked_at", error=str(error))
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def look(self, agent: Agent) -> None:
        """Note a sign of life of an agent whose card can be read; one that cannot goes offline in time."""
        try:
            async with asyncio.timeout(HEARTBEAT.total_seconds()):
                card = await self._card(agent.endpoint, agent.tenant, agent.metadata.get("secret"))
            skills = _skills(agent.name, card)
            entry = await self._registry.entry(agent.id)
            if entry is None:
                return
            if skills and skills != agent.metadata.get("skills"):
                changes = {"capabilities": tuple(skills), "metadata": {**agent.metadata, "skills": skills}}
                known = entry.record.agent.model_copy(update=changes)
                await self._registry.register(known, token_digest=entry.record.token_digest, keys=entry.record.keys)
            else:
                await self._registry.update_heartbeat(agent.id)
        except (CPAError, TimeoutError) as error:
            log.info("a2a_agent_not_seen", agent=agent.id, error=str(error) or "no answer in time")

    async def _card(self, url: str, tenant: TenantId, secret: str | None) -> Any:  # noqa: ANN401 - a2a_client.Card
        calls = await self._transport.calls()
        return await calls.fetch_card(self._transport.http(tenant, secret), url)


def _skills(name: str, card: Any) -> dict[str, str]:  # noqa: ANN401 - a2a_client.Card
    """Return the skills by the action that asks for them."""
    return {
        f"{FAMILY}.{name}.{_slug(skill.id)}"[:_LONGEST].rstrip("."): skill.id
        for skill in card.skills
        if _slug(skill.id)
    }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:32].lstrip("0123456789_")
