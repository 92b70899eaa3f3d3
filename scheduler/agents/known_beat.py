"""A sign of life whose credential was checked, so that the same again costs next to nothing."""

from datetime import UTC, datetime

from scheduler.agents.agent_index import Entry
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.core.agent import AgentStatus
from scheduler.core.agent_wire import AgentResponse, HeartbeatRequest
from scheduler.core.clock import Clock


class KnownBeat:
    """What an agent says again and again; only the time is new in what it is answered."""

    def __init__(self, registry: AgentRegistry, clock: Clock, entry: Entry, said: HeartbeatRequest) -> None:
        self._registry = registry
        self._clock = clock
        self._entry = entry
        self._record = entry.record
        self._running = said.running
        self._status = AgentStatus(said.status)
        self._stands: AgentStatus | None = None
        self._around = b"", b""

    def give(self) -> bytes | None:
        """Note it, and return the answer as JSON; None: what is known of the agent has changed, look closer."""
        entry, record = self._entry, self._record
        if entry.record is not record or self._registry.known(record.agent.id) is not entry:
            return None
        self._registry.heard(entry, self._running, self._status)
        stands, now = self._registry.status(entry), self._clock.now()
        if stands is not self._stands:
            self._stands, self._around = stands, self._answer(stands, now)
        return _written(now).join(self._around)

    def _answer(self, stands: AgentStatus, now: datetime) -> tuple[bytes, bytes]:
        """Return the answer before and after its time."""
        agent = self._record.agent
        told = AgentResponse(agent_id=agent.id, status=stands, now=now, uri=agent.uri, tenant=agent.tenant)
        before, _, after = told.model_dump_json().encode().partition(_written(now))
        return before, after


def _written(moment: datetime) -> bytes:
    return f"{moment.astimezone(UTC).isoformat()[:-6]}Z".encode()
