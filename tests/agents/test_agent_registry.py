"""The registry's promise, over both places where signs of life may lie."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from scheduler.agents.agent_index import Choice, Need, Unfit
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.redis_heartbeats import RedisHeartbeatStore
from scheduler.core.agent import Agent, AgentStatus, AgentType, CapabilityLimits
from scheduler.core.agent_wire import EXPIRY, PublicKey
from scheduler.core.errors import AgentNameTakenError, AgentNotFoundError, UnavailableError
from scheduler.core.ids import AgentId, TenantId, new_id
from scheduler.repository.agent_repository import AgentKey, Beat, HeartbeatStore
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

ACME = TenantId("acme")
Open = Callable[[], AgentRegistry]


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.integration)])
async def beats(
    request: pytest.FixtureRequest, database: SQLiteDatabase, clock: FakeClock
) -> AsyncIterator[HeartbeatStore]:
    if request.param == "sqlite":
        yield SQLiteHeartbeatStore(database, clock)
        return
    server: RedisServer = request.getfixturevalue("shared_redis")
    store = RedisHeartbeatStore(Redis.from_url(server.url), prefix=f"cpa:{new_id()}:")
    yield store
    await store.close()


@pytest.fixture
def open_registry(beats: HeartbeatStore, database: SQLiteDatabase, clock: FakeClock) -> Open:
    """Opens the registry of one more process on the same stores."""
    agents = SQLiteAgentRepository(database)
    chance = random.Random(7)  # noqa: S311 - drawn again alike
    return lambda: AgentRegistry(agents=agents, beats=beats, clock=clock, random=chance.random)


@pytest.fixture
def registry(open_registry: Open) -> AgentRegistry:
    return open_registry()


def an_agent(name: str = "web-1", **changes: Any) -> Agent:  # noqa: ANN401 - fields of Agent
    fields = {"id": AgentId(new_id()), "name": name, "type": AgentType.WEB, "capabilities": ("web.*",), "tenant": ACME}
    return Agent.model_validate(fields | changes)


def a_key() -> tuple[AgentKey, ...]:
    return (AgentKey(new_id(), PublicKey(x="A" * 43)),)


async def join(registry: AgentRegistry, name: str = "web-1", **changes: Any) -> Agent:  # noqa: ANN401
    return await registry.register(an_agent(name, **changes), keys=a_key())


async def test_who_registers_is_found_by_what_it_can_do(registry: AgentRegistry) -> None:
    agent = await join(registry, metadata={"version": "1.2", "platform": "linux"})

    assert await registry.get_agent(agent.id) == agent
    assert agent.status is AgentStatus.ONLINE
    assert [found.id for found in await registry.list_agents("web.click")] == [agent.id]
    assert await registry.list_agents("mail.send") == []
    chosen = await registry.choose(Need(action="web.click", tenant=ACME))
    assert isinstance(chosen, Choice)
    assert chosen.agent.id == agent.id
    assert chosen.reasons == ("one of 1 that can do web.click", "the least loaded of 1 that are fit, load 0.00")


async def test_names_of_the_specification_are_understood(registry: AgentRegistry) -> None:
    agent = await join(registry, capabilities=("mail.send", "desktop.*"))

    for name in ("send_mail", "click", "uia"):
        assert (found := await registry.find_agent_for_task(name, ACME)) is not None
        assert found.id == agent.id


async def test_who_leaves_is_gone(registry: AgentRegistry) -> None:
    agent = await join(registry)

    assert await registry.unregister(agent.id)
    assert not await registry.unregister(agent.id)
    assert await registry.get_agent(agent.id) is None
    with pytest.raises(AgentNotFoundError):
        await registry.update_heartbeat(agent.id)


async def test_who_is_silent_is_offline_and_gets_nothing(registry: AgentRegistry, clock: FakeClock) -> None:
    agent = await join(registry)
    clock.advance(EXPIRY)

    seen = await registry.get_agent(agent.id)
    assert seen is not None
    assert seen.status is AgentStatus.OFFLINE
    found = await registry.choose(Need(action="web.click", tenant=ACME))
    assert found == Unfit(reasons=("1 offline",), capable=1, soon=False)

    await registry.update_heartbeat(agent.id)
    assert await registry.find_agent_for_task("web.click", ACME) is not None


async def test_another_process_knows_after_an_exchange(open_registry: Open, clock: FakeClock) -> None:
    here, there = open_registry(), open_registry()
    agent = await join(here)
    await there.exchange()
    assert await there.find_agent_for_task("web.click", ACME) is None
    await here.update_heartbeat(agent.id, running=1, status=AgentStatus.BUSY)

    await here.exchange()
    await there.exchange()

    seen = await there.get_agent(agent.id)
    assert seen is not None
    assert (seen.status, seen.running, seen.last_heartbeat) == (AgentStatus.BUSY, 1, clock.now())


async def test_a_heartbeat_dies_with_its_agent_only(open_registry: Open, beats: HeartbeatStore) -> None:
    registry = open_registry()
    first, second = await join(registry), await join(registry, "web-2")
    await registry.exchange()

    await registry.unregister(first.id)

    assert set(await beats.last([first.id, second.id])) == {second.id}
    assert await beats.last([]) == {}


@pytest.mark.integration
async def test_in_redis_an_agent_is_a_key_that_expires_by_itself(shared_redis: "RedisServer") -> None:
    client, agent = Redis.from_url(shared_redis.url), an_agent(last_heartbeat=datetime.now(UTC))
    store = RedisHeartbeatStore(client, expiry=timedelta(seconds=1))

    await store.note([agent])
    kept, left = await client.get(f"cpa:agents:{agent.id}"), await client.pttl(f"cpa:agents:{agent.id}")

    assert Agent.model_validate_json(kept or "") == agent
    assert 0 < left <= 1000
    async with asyncio.timeout(5):
        while await store.last([agent.id]):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.1)
    await store.close()


async def test_what_has_changed_is_taken_over_and_nothing_else_is_read(
    open_registry: Open, database: SQLiteDatabase
) -> None:
    here, there, agents = open_registry(), open_registry(), SQLiteAgentRepository(database)
    first, second = await join(here), await join(here, "web-2")
    assert len(await there.list_agents()) == 2
    version = agents.version()

    await here.stand(second.id, AgentStatus.DRAINING, "update", ACME)
    changed = await agents.changed(version)
    assert ([record.agent.id for record in changed.records], changed.total) == ([second.id], 2)
    seen = await there.get_agent(second.id)
    assert seen is not None
    assert seen.reason == "update"

    await here.unregister(first.id)
    third = await join(here, "web-3")
    assert {agent.id for agent in await there.list_agents()} == {second.id, third.id}
    assert await there.of_key(third.id) is None


async def test_another_tenants_agents_are_not_there(registry: AgentRegistry) -> None:
    agent = await join(registry)

    assert await registry.find_agent_for_task("web.click", TenantId("globex")) is None
    assert await registry.get_agent(agent.id, TenantId("globex")) is None
    assert await registry.list_agents(tenant=TenantId("globex")) == []


async def test_two_of_one_name_are_one_too_many(registry: AgentRegistry) -> None:
    await join(registry)

    with pytest.raises(AgentNameTakenError):
        await join(registry)
    await join(registry, tenant=TenantId("globex"))


async def test_drained_quarantined_and_keyless_agents_get_nothing(registry: AgentRegistry) -> None:
    drained, cut_off = await join(registry, "a"), await join(registry, "b")
    await registry.register(an_agent("c"))
    await registry.stand(drained.id, AgentStatus.DRAINING, "update", ACME)
    await registry.stand(cut_off.id, AgentStatus.QUARANTINED, "lies", ACME)

    found = await registry.choose(Need(action="web.click", tenant=ACME))
    assert isinstance(found, Unfit)
    assert set(found.reasons) == {"1 draining", "1 quarantined", "1 without a key"}

    await registry.stand(drained.id, AgentStatus.ONLINE, "", ACME)
    assert await registry.find_agent_for_task("web.click", ACME) is not None


async def test_the_least_loaded_is_chosen_and_a_full_one_is_not(registry: AgentRegistry) -> None:
    one, two = await join(registry, "a", concurrency=2), await join(registry, "b", concurrency=1)

    with registry.slot(one.id, "web.click"):
        chosen = await registry.find_agent_for_task("web.click", ACME)
        assert chosen is not None
        assert chosen.id == two.id
        with registry.slot(two.id, "web.click"), registry.slot(one.id, "web.click"):
            found = await registry.choose(Need(action="web.click", tenant=ACME))
            assert found == Unfit(reasons=("2 busy",), capable=2, soon=True)
    assert await registry.find_agent_for_task("web.click", ACME) is not None


@pytest.mark.parametrize(
    ("changes", "fit"),
    [
        ({"domain": "portal.example.com"}, True),
        ({"domain": "eu.portal.example.com"}, True),
        ({"domain": "evil-portal.example.com"}, False),
        ({"application": "excel"}, True),
        ({"application": "word"}, False),
        ({"tag": "gpu"}, True),
        ({"tag": "tpu"}, False),
        ({"avoid": True}, False),
    ],
)
async def test_bounds_are_kept(registry: AgentRegistry, changes: dict[str, Any], fit: bool) -> None:
    limits = CapabilityLimits(domains=("portal.example.com",), applications=("excel",))
    agent = await join(registry, limits={"web.*": limits}, tags=("gpu",))
    if "avoid" in changes:
        changes = {"avoid": frozenset({agent.id})}

    found = await registry.choose(Need(action="web.click", tenant=ACME, **changes))

    assert isinstance(found, Choice) is fit


async def test_the_bound_of_one_capability_is_its_own(registry: AgentRegistry) -> None:
    agent = await join(registry, concurrency=5, limits={"web.download": CapabilityLimits(concurrency=1)})

    with registry.slot(agent.id, "web.download"):
        assert await registry.find_agent_for_task("web.download", ACME) is None
        assert await registry.find_agent_for_task("web.click", ACME) is not None


async def test_who_fails_again_and_again_rests(registry: AgentRegistry, clock: FakeClock) -> None:
    agent = await join(registry)
    for _ in range(5):
        with registry.slot(agent.id, "web.click") as slot:
            slot.well = False

    found = await registry.choose(Need(action="web.click", tenant=ACME))
    assert found == Unfit(reasons=("1 resting after failures",), capable=1, soon=True)

    clock.advance(timedelta(seconds=29))
    await registry.update_heartbeat(agent.id)
    clock.advance(timedelta(seconds=1))
    with registry.slot(agent.id, "web.click") as slot:
        slot.well = True
    assert await registry.find_agent_for_task("web.click", ACME) is not None


async def test_one_that_is_busy_is_worth_waiting_for_though_another_is_offline(
    registry: AgentRegistry, clock: FakeClock
) -> None:
    need = Need(action="web.click", tenant=ACME)
    await join(registry, "gone")
    clock.advance(timedelta(minutes=1))
    assert await registry.choose(need) == Unfit(reasons=("1 offline",), capable=1, soon=False)

    busy = await join(registry)
    with registry.slot(busy.id, "web.click"):
        assert await registry.choose(need) == Unfit(reasons=("1 busy", "1 offline"), capable=2, soon=True)


async def test_of_many_nobody_is_overrun(registry: AgentRegistry) -> None:
    for number in range(40):
        await join(registry, f"web-{number}", concurrency=50)
    given: dict[str, int] = {}

    with ExitStack() as busy:
        for _ in range(800):
            chosen = await registry.choose(Need(action="web.click", tenant=ACME))
            assert isinstance(chosen, Choice)
            busy.enter_context(registry.slot(chosen.agent.id, "web.click"))
            given[chosen.agent.id] = given.get(chosen.agent.id, 0) + 1

    assert max(given.values()) <= 24, "the mean is 20"


async def test_a_quarantined_agent_stays_so_when_it_was_silent(registry: AgentRegistry, clock: FakeClock) -> None:
    agent = await join(registry)
    await registry.stand(agent.id, AgentStatus.QUARANTINED, "lies", ACME)
    clock.advance(timedelta(days=1))

    again = await registry.update_heartbeat(agent.id)

    assert (again.status, again.reason) == (AgentStatus.QUARANTINED, "lies")


async def test_who_may_be_back_gets_one_try_at_a_time(registry: AgentRegistry, clock: FakeClock) -> None:
    agent = await join(registry, concurrency=10)
    for _ in range(5):
        with registry.slot(agent.id, "web.click") as slot:
            slot.well = False
    clock.advance(timedelta(seconds=30))
    await registry.update_heartbeat(agent.id)

    with registry.slot(agent.id, "web.click") as slot:
        assert await registry.find_agent_for_task("web.click", ACME) is None
        slot.well = True
    assert await registry.find_agent_for_task("web.click", ACME) is not None


async def test_the_first_of_many_that_is_free_again_is_found(registry: AgentRegistry) -> None:
    agents = [await join(registry, f"web-{number}") for number in range(30)]

    with ExitStack() as busy:
        for agent in agents[1:]:
            busy.enter_context(registry.slot(agent.id, "web.click"))
        with registry.slot(agents[0].id, "web.click"):
            for _ in range(3):
                found = await registry.choose(Need(action="web.click", tenant=ACME))
                assert found == Unfit(reasons=("30 busy",), capable=30, soon=True)
        for _ in range(3):
            chosen = await registry.find_agent_for_task("web.click", ACME)
            assert chosen is not None
            assert chosen.id == agents[0].id
    assert isinstance(found := await registry.choose(Need(action="web.click", tenant=ACME)), Choice)
    assert found.reasons[0] == "one of 30 that can do web.click"


async def test_who_was_full_and_is_drained_is_not_found_when_it_ends(registry: AgentRegistry) -> None:
    agent = await join(registry)
    with registry.slot(agent.id, "web.click"):
        assert await registry.find_agent_for_task("web.click", ACME) is None
        await registry.stand(agent.id, AgentStatus.DRAINING, "", ACME)
    assert await registry.find_agent_for_task("web.click", ACME) is None


@pytest.mark.parametrize(("wanted", "fit"), [("web-1", True), ("web-2", False)])
async def test_a_step_may_name_its_agent(registry: AgentRegistry, wanted: str, fit: bool) -> None:
    await join(registry)

    found = await registry.choose(Need(action="web.click", tenant=ACME, agent=wanted))

    assert isinstance(found, Choice) is fit


class _Down:
    """Signs of life that cannot be shared now."""

    closed = False

    async def note(self, agents: Collection[Agent]) -> None:  # noqa: ARG002 - the port's
        raise UnavailableError("Redis is down")

    async def last(self, agent_ids: Collection[AgentId], since: datetime | None = None) -> Mapping[AgentId, Beat]:  # noqa: ARG002
        raise UnavailableError("Redis is down")

    async def forget(self, agent_id: AgentId) -> None:  # noqa: ARG002
        raise UnavailableError("Redis is down")

    async def close(self) -> None:
        self.closed = True


async def test_an_agent_leaves_also_while_redis_is_down(database: SQLiteDatabase, clock: FakeClock) -> None:
    down = _Down()
    registry = AgentRegistry(agents=SQLiteAgentRepository(database), beats=down, clock=clock, random=random.random)
    agent = await join(registry)

    assert await registry.unregister(agent.id)

    assert await registry.get_agent(agent.id) is None
    await registry.close()
    assert down.closed
