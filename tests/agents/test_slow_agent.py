"""One slow agent among many: the others' tasks take hardly longer. Played in virtual time, by seeds."""

import heapq
import random
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import pytest

from scheduler.agents.agent_index import AgentIndex, Choice, Need
from scheduler.core.agent import Agent, AgentStatus, AgentType
from scheduler.core.agent_wire import PublicKey
from scheduler.core.ids import DEFAULT_TENANT, AgentId
from scheduler.repository.agent_repository import AgentKey, AgentRecord, Beat
from tests.support.clock import FakeClock

pytestmark = pytest.mark.component

NEED = Need(action="web.click", tenant=DEFAULT_TENANT)
SLOW = AgentId("agent-0")


class Done(NamedTuple):
    agent: AgentId
    took: float


def an_index(clock: FakeClock, chance: random.Random, agents: int, concurrency: int) -> AgentIndex:
    index = AgentIndex(clock, chance.random, timedelta(days=1))
    key = (AgentKey("k", PublicKey(x="A" * 43)),)
    for number in range(agents):
        agent = Agent(
            id=AgentId(f"agent-{number}"),
            name=f"{number}",
            type=AgentType.WEB,
            capabilities=("web.*",),
            concurrency=concurrency,
        )
        index.put([AgentRecord(agent=agent, token_digest="", keys=key)])
        index.heard(agent.id, Beat(clock.now(), 0, AgentStatus.ONLINE))
    return index


def played(
    seed: int, *, agents: int, load: float, slower: float, tasks: int = 2500, concurrency: int = 2
) -> list[Done]:
    """Have tasks come at random, each given to who is chosen or waiting for a slot; return how long each took."""
    clock, chance = FakeClock(), random.Random(seed)  # noqa: S311 - to be repeated
    index = an_index(clock, chance, agents, concurrency)
    arrivals, at = deque[float](), 0.0
    for _ in range(tasks):
        at += chance.expovariate(load * agents * concurrency)
        arrivals.append(at)
    waiting: deque[float] = deque()
    running: list[tuple[float, float, AgentId, int]] = []
    done: list[Done] = []
    now = 0.0
    while arrivals or running:
        comes = arrivals[0] if arrivals else float("inf")
        if running and running[0][0] <= comes:
            now, came, agent_id, taken = heapq.heappop(running)
            index.give_back(agent_id, NEED.action, taken, well=True)
            done.append(Done(agent_id, now - came))
        else:
            now = comes
            waiting.append(arrivals.popleft())
        while waiting and isinstance(found := index.choose(NEED), Choice):
            taken = index.take(found.agent.id, NEED.action)
            lasts = chance.expovariate(1.0) * (slower if found.agent.id == SLOW else 1.0)
            heapq.heappush(running, (now + lasts, waiting.popleft(), found.agent.id, taken))
    return done


def p95(done: Sequence[Done]) -> float:
    took = sorted(one.took for one in done if one.agent != SLOW)
    return took[int(0.95 * len(took))]


@pytest.mark.parametrize(("agents", "load"), [(6, 0.5), (10, 0.6), (40, 0.7)])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_p95_of_the_others_is_hardly_touched(seed: int, agents: int, load: float) -> None:
    without = p95(played(seed, agents=agents, load=load, slower=1))
    beside = played(seed, agents=agents, load=load, slower=20)

    assert p95(beside) <= 1.2 * without
    share = sum(one.agent == SLOW for one in beside) / len(beside)
    assert share < 0.25 / agents, "the slow one gets little of the work"
