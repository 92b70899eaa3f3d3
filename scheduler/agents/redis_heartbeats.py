"""Signs of life in Redis: one key per agent, which expires by itself when the agent is silent."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

from scheduler.core.agent import Agent
from scheduler.core.agent_wire import EXPIRY
from scheduler.core.errors import UnavailableError
from scheduler.core.ids import AgentId
from scheduler.repository.agent_repository import Beat


class RedisHeartbeatStore:
    """Keeps the promise of HeartbeatStore: `cpa:agents:{id}` holds the agent as JSON, with the expiry as its TTL.

    Raises UnavailableError when Redis cannot be asked.
    """

    def __init__(self, client: Redis, prefix: str = "cpa:", expiry: timedelta = EXPIRY) -> None:
        self._client = client
        self._prefix = prefix
        self._expiry = expiry

    async def note(self, agents: Collection[Agent]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for agent in agents:
            pipeline.set(self._key(agent.id), agent.model_dump_json(), px=self._expiry)
        try:
            await pipeline.execute()
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not take signs of life: {error}") from error

    async def last(
        self,
        agent_ids: Collection[AgentId],
        since: datetime | None = None,  # noqa: ARG002 - all keys come at once
    ) -> Mapping[AgentId, Beat]:
        if not agent_ids:
            return {}
        try:
            found = await self._client.mget([self._key(agent_id) for agent_id in agent_ids])
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not tell signs of life: {error}") from error
        agents = [Agent.model_validate_json(text) for text in found if text is not None]
        return {
            agent.id: Beat(agent.last_heartbeat, agent.running, agent.status)
            for agent in agents
            if agent.last_heartbeat is not None
        }

    async def forget(self, agent_id: AgentId) -> None:
        try:
            await self._client.delete(self._key(agent_id))
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not forget an agent: {error}") from error

    async def close(self) -> None:
        await self._client.aclose()

    def _key(self, agent_id: AgentId) -> str:
        return f"{self._prefix}agents:{agent_id}"
