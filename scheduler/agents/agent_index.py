"""Finds an agent for a task in memory: by capability, among those that are alive and let in, the least loaded.

With many candidates two are drawn and the less loaded one is taken (Mitzenmacher 2001): nearly as even as looking at
all of them, and processes that choose at the same moment from what they knew a second ago do not all take the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from scheduler.core.actions import covering
from scheduler.core.agent import Agent, AgentStatus, CapabilityLimits
from scheduler.core.circuit_breaker import CircuitBreaker
from scheduler.core.clock import Clock
from scheduler.core.ids import AgentId, TenantId
from scheduler.core.spelling import folded
from scheduler.repository.agent_repository import AgentKey, AgentRecord, Beat

_FEW: Final = 8  # candidates that are all looked at
_DRAWS: Final = 16  # how often one is drawn before all are looked at
_PAUSE_OF_BUSY: Final = 1.0  # seconds for which one that refused as busy is left alone
_FIRST_REST: Final = timedelta(seconds=2)
_LONGEST_REST: Final = timedelta(seconds=30)
"""How long one that fails again and again is left alone: twice as long each time, until it does something well."""
_BUSY: Final = "busy"
_RESTING: Final = "resting after failures"
_SILENT: Final = "not reached since its last sign of life"
_SOON_OVER: Final = frozenset({_BUSY, _RESTING, _SILENT})
_AT_WORK: Final = frozenset({AgentStatus.ONLINE, AgentStatus.BUSY})


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a task asks of an agent: `domain` and `application` are where it acts, `avoid` who has failed at it.

    `agent`: the name, id or URI of the only one that may have it.
    """

    action: str
    tenant: TenantId
    domain: str | None = None
    application: str | None = None
    tag: str | None = None
    agent: str | None = None
    avoid: frozenset[AgentId] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The agent that was chosen, and why it."""

    agent: Agent
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """Nobody was; `reasons` say of how many why. `capable`: how many could do it at all.

    `soon`: one of them has only too much to do, or rests.
    """

    reasons: tuple[str, ...]
    capable: int
    soon: bool


@dataclass(slots=True, eq=False)
class Entry:
    """What this process knows of one agent. `ours` are the tasks it has from us, `others` those it had besides."""

    record: AgentRecord
    breaker: CircuitBreaker
    beat: Beat | None = None
    ours: int = 0
    others: int = 0
    by_capability: Counter[str] = field(default_factory=Counter)
    left_alone_until: float = 0.0
    suspected_at: datetime | None = None
    full_for: "list[Pool]" = field(default_factory=list)

    @property
    def load(self) -> float:
        return (self.ours + self.others) / self.record.agent.concurrency

    def full(self, action: str) -> bool:
        """Whether it has as many tasks of ours as it takes at once."""
        agent = self.record.agent
        if self.ours >= agent.concurrency:
            return True
        limits = agent.limits_for(action) if agent.limits else None
        return (
            limits is not None and limits.concurrency is not None and self.by_capability[action] >= limits.concurrency
        )


@dataclass(slots=True, eq=False)
class Pool:
    """Who can do an action. Whoever is met full leaves `free` until a task of it ends, so nobody looks at it again."""

    action: str
    capable: int
    free: list[Entry]

    def draw(self, place: int) -> Entry | None:
        """Return the free one at that place; None: it was full and has left."""
        entry = self.free[place]
        if not entry.full(self.action):
            return entry
        self.free[place] = self.free[-1]
        self.free.pop()
        entry.full_for.append(self)
        return None

    def settle(self) -> None:
        """Have all that are full leave."""
        full = [entry for entry in self.free if entry.full(self.action)]
        if full:
            self.free = [entry for entry in self.free if not entry.full(self.action)]
            for entry in full:
                entry.full_for.append(self)


class AgentIndex:
    """Agents by id, key and capability; lives on one event loop and waits for nothing."""

    def __init__(self, clock: Clock, random: Callable[[], float], expiry: timedelta) -> None:
        self._clock = clock
        self._random = random
        self._expiry = expiry
        self._entries: dict[AgentId, Entry] = {}
        self._keys: dict[str, tuple[AgentId, AgentKey]] = {}
        self._pools: dict[tuple[TenantId, str], Pool] = {}

    def replace(self, records: Iterable[AgentRecord]) -> None:
        """Take these for all agents there are; what is known of those that stay is kept."""
        records = list(records)
        staying = {record.agent.id for record in records}
        self._entries = {agent_id: entry for agent_id, entry in self._entries.items() if agent_id in staying}
        self._keys = {}
        self.put(records)

    def put(self, records: Iterable[AgentRecord]) -> None:
        """Take in who is new or has changed; what is known of them besides is kept."""
        for record in records:
            entry = self._entries.setdefault(record.agent.id, Entry(record, self._breaker()))
            for key in entry.record.keys:
                self._keys.pop(key.kid, None)
            entry.record = record
            self._keys |= {key.kid: (record.agent.id, key) for key in record.keys}
        if self._pools:
            self._pools = {}
            for entry in self._entries.values():
                entry.full_for.clear()

    def _breaker(self) -> CircuitBreaker:
        return CircuitBreaker(self._clock, pause=_LONGEST_REST, first_pause=_FIRST_REST)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def ids(self) -> set[AgentId]:
        return set(self._entries)

    def get(self, agent_id: AgentId) -> Entry | None:
        return self._entries.get(agent_id)

    def of_key(self, kid: str) -> tuple[Entry, AgentKey] | None:
        """Return whose key it is."""
        found = self._keys.get(kid)
        return None if found is None else (self._entries[found[0]], found[1])

    def heard(self, agent_id: AgentId, beat: Beat) -> None:
        """Note a sign of life, unless a later one is known."""
        entry = self._entries.get(agent_id)
        if entry is not None and (entry.beat is None or entry.beat.at <= beat.at):
            entry.beat = beat
            if entry.suspected_at is not None and beat.at > entry.suspected_at:
                entry.suspected_at = None
            entry.others = max(0, beat.running - entry.ours)

    def seen(self, entry: Entry) -> Agent:
        """Return the agent as it is now."""
        agent, beat = entry.record.agent, entry.beat
        changes: dict[str, object] = {"status": self.status(entry)}
        if beat is not None:
            changes |= {"last_heartbeat": beat.at, "running": beat.running}
        return agent.model_copy(update=changes)

    def status(self, entry: Entry) -> AgentStatus:
        """Return how it stands: an operator's word first, then whether it is alive, then what it says."""
        said = entry.record.agent.status
        if said is AgentStatus.QUARANTINED:
            return said
        if entry.beat is None or entry.beat.at <= self._clock.now() - self._expiry:
            return AgentStatus.OFFLINE
        return said if said is AgentStatus.DRAINING else entry.beat.status

    def choose(self, need: Need) -> Choice | Unfit:
        """Choose an agent."""
        pool = self._pool(need.action, need.tenant)
        best: Entry | None = None
        for _ in range(_DRAWS):
            if len(pool.free) <= _FEW:
                break
            entry = pool.draw(int(self._random() * len(pool.free)))
            if entry is not None and entry is not best and self._hindrance(entry, need) is None:
                if best is not None:
                    chosen = min(best, entry, key=_load)
                    return self._chosen(chosen, need, pool.capable, "the less loaded of two drawn")
                best = entry
        return self._look_at_all(pool, need)

    def capable(self, action: str, tenant: TenantId) -> int:
        """Return how many are registered for the action, alive or not."""
        return self._pool(action, tenant).capable if self._entries else 0

    def _look_at_all(self, pool: Pool, need: Need) -> Choice | Unfit:
        pool.settle()
        hindered: Counter[str] = Counter()
        if pool.capable > len(pool.free):
            hindered[_BUSY] = pool.capable - len(pool.free)
        fit: list[Entry] = []
        for entry in pool.free:
            hindrance = self._hindrance(entry, need)
            if hindrance is None:
                fit.append(entry)
            else:
                hindered[hindrance] += 1
        if fit:
            least = min(map(_load, fit))
            equal = [entry for entry in fit if entry.load == least]
            chosen = equal[int(self._random() * len(equal))]
            return self._chosen(chosen, need, pool.capable, f"the least loaded of {len(fit)} that are fit")
        reasons = tuple(f"{count} {hindrance}" for hindrance, count in hindered.most_common())
        soon = not hindered.keys().isdisjoint(_SOON_OVER)
        return Unfit(reasons=reasons or ("none is registered for it",), capable=pool.capable, soon=soon)

    def _chosen(self, entry: Entry, need: Need, capable: int, why: str) -> Choice:
        reasons = (f"one of {capable} that can do {need.action}", f"{why}, load {entry.load:.2f}")
        return Choice(agent=entry.record.agent, reasons=reasons)

    def _pool(self, action: str, tenant: TenantId) -> Pool:
        pool = self._pools.get((tenant, action))
        if pool is None:
            names = set(covering(action))
            found = [
                entry
                for entry in self._entries.values()
                if entry.record.agent.tenant == tenant and not names.isdisjoint(entry.record.agent.capabilities)
            ]
            pool = self._pools[tenant, action] = Pool(action, len(found), found)
        return pool

    def _hindrance(self, entry: Entry, need: Need) -> str | None:
        """Return in a word why an agent with a free slot is not fit for the task; None: it is."""
        status = self.status(entry)
        if status not in _AT_WORK:
            return str(status)
        if (bound := _out_of_bounds(entry, need)) is not None:
            return bound
        if entry.left_alone_until > self._clock.monotonic():
            return _BUSY
        if entry.suspected_at is not None:
            return _SILENT
        return None if entry.breaker.lets_through else _RESTING

    def take(self, agent_id: AgentId, action: str) -> int:
        """Count a task as given to the agent; return what to give back with it."""
        entry = self._entries.get(agent_id)
        if entry is None:
            return 0
        entry.ours += 1
        entry.by_capability[action] += 1
        return entry.breaker.enter()

    def give_back(self, agent_id: AgentId, action: str, taken: int, *, well: bool | None) -> None:
        """Count a task as over: well, by the agent's fault, or (None) neither."""
        entry = self._entries.get(agent_id)
        if entry is None:
            return
        entry.ours = max(0, entry.ours - 1)
        entry.by_capability[action] -= 1
        for pool in entry.full_for:
            pool.free.append(entry)
        entry.full_for.clear()
        if well:
            entry.breaker.succeeded()
        else:
            (entry.breaker.left if well is None else entry.breaker.failed)(taken)

    def leave_alone(self, agent_id: AgentId) -> None:
        """Give it nothing for a moment: it said that it is busy."""
        entry = self._entries.get(agent_id)
        if entry is not None:
            entry.left_alone_until = self._clock.monotonic() + _PAUSE_OF_BUSY

    def suspect(self, agent_id: AgentId) -> None:
        """Give it nothing until it gives a sign of life: it could not be reached, or has not answered."""
        entry = self._entries.get(agent_id)
        if entry is not None:
            entry.suspected_at = self._clock.now()

    def candidates(self, need: Need, most: int, *, free: bool = False) -> list[Agent]:
        """Return those that are at work and fit, the least loaded first, busy or not, or only those that are `free`."""
        fit = [
            entry
            for entry in self._entries.values()
            if entry.record.agent.tenant == need.tenant
            and entry.record.agent.can(need.action)
            and self._hindrance(entry, need) in ({None} if free else {None, _BUSY})
            and not (free and entry.full(need.action))
        ]
        return [entry.record.agent for entry in sorted(fit, key=_load)[:most]]


def _load(entry: Entry) -> float:
    return entry.load


def _out_of_bounds(entry: Entry, need: Need) -> str | None:
    agent = entry.record.agent
    if not entry.record.keys:
        return "without a key"
    if agent.id in need.avoid:
        return "failed at it before"
    if need.agent is not None and need.agent not in {agent.name, agent.id, agent.uri}:
        return f"not {need.agent}"
    if need.tag is not None and need.tag not in agent.tags:
        return f"without the tag {need.tag}"
    limits = agent.limits_for(need.action) if agent.limits else None
    return None if limits is None else _beyond(limits, need)


def _beyond(limits: CapabilityLimits, need: Need) -> str | None:
    if limits.domains and need.domain is not None and not _covers(limits.domains, need.domain):
        return "not for this domain"
    if (
        limits.applications
        and need.application is not None
        and folded(need.application) not in map(folded, limits.applications)
    ):
        return "not for this application"
    return None


def _covers(domains: Iterable[str], host: str) -> bool:
    return any(f".{host}".endswith(f".{domain.lower()}") for domain in domains)
