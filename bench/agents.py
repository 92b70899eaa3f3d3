"""What a thousand agents cost: choosing one, their signs of life, reading their messages, and a hop to one and back.

Signs of life come over HTTP, each agent's on a connection that it keeps, as ours do; they are shared through the
store as always. All times are of the processor, but those of a hop, which are by the clock.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import structlog

from bench.api_process import running_api
from bench.http_load import HttpConnection
from bench.processes import bare_environment, end, leave_in_order, processor_time
from bench.report import Floor, Panel, draw, judge, save, show
from bench.servers import LOOPBACK
from scheduler.agent_wiring import Agents, make_agents
from scheduler.agents.agent_index import Choice, Need, Unfit
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.enrolment import AGENT_TOKEN
from scheduler.core.actions import ActionCatalog
from scheduler.core.agent import SCHEDULER_URI, Agent, AgentType
from scheduler.core.agent_wire import HEARTBEAT, PublicKey, RegisterAgentRequest
from scheduler.core.clock import SystemClock
from scheduler.core.ids import DEFAULT_TENANT, AgentId, JobId, TaskId, new_id
from scheduler.core.lam_protocol import BaseMessage, MessageFactory
from scheduler.core.site_book import SiteBook
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.repository.agent_repository import AgentKey, AgentRecord
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.security.lam_signatures import SigningKey, kid_of
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import load_settings

AGENTS: Final = 1_000
CHOICES: Final = 5_000
MESSAGES: Final = 20_000
HOPS: Final = 400
NEED: Final = Need(action="web.click", tenant=DEFAULT_TENANT)
TODO: Final = ToDo(id="read", action="web.read", selector="#total", timeout=10)


@asynccontextmanager
async def a_database(folder: Path) -> AsyncIterator[SQLiteDatabase]:
    database = SQLiteDatabase(folder / "cpa.db")
    await database.connect()
    try:
        yield database
    finally:
        await database.close()


async def fill(database: SQLiteDatabase) -> list[AgentId]:
    """Register the agents; the secret of each is its id."""
    agents = SQLiteAgentRepository(database)
    for number in range(AGENTS):
        agent = Agent(id=AgentId(new_id()), name=f"web-{number}", type=AgentType.WEB, capabilities=("web.*",))
        key, digest = SigningKey.generate().public, hashlib.sha256(agent.id.encode()).hexdigest()
        await agents.save(AgentRecord(agent=agent, token_digest=digest, keys=(AgentKey(kid_of(key), key),)))
    return [record.agent.id for record in await agents.all()]


async def choosing(database: SQLiteDatabase, ids: list[AgentId]) -> dict[str, float]:
    """Return milliseconds a choice while all are idle, half are busy, all are."""
    clock, chance = SystemClock(), random.Random(7)  # noqa: S311 - no secret
    registry = AgentRegistry(
        agents=SQLiteAgentRepository(database),
        beats=SQLiteHeartbeatStore(database, clock),
        clock=clock,
        random=chance.random,
    )
    for agent_id in ids:
        await registry.update_heartbeat(agent_id)
    figures = {"idle": await _of_a_choice(registry, Choice)}
    with ExitStack() as busy:
        for agent_id in ids[: AGENTS // 2]:
            busy.enter_context(registry.slot(agent_id, NEED.action))
        figures["half_busy"] = await _of_a_choice(registry, Choice)
        for agent_id in ids[AGENTS // 2 :]:
            busy.enter_context(registry.slot(agent_id, NEED.action))
        figures["all_busy"] = await _of_a_choice(registry, Unfit)
    return figures


async def _of_a_choice(registry: AgentRegistry, expected: type) -> float:
    """Return milliseconds of choosing an agent and giving it a task that ends."""
    before = time.process_time()
    for _ in range(CHOICES):
        found = await registry.choose(NEED)
        if not isinstance(found, expected):
            raise RuntimeError(f"an unexpected choice: {found}")  # noqa: TRY004 - no argument of ours
        if isinstance(found, Choice):
            with registry.slot(found.agent.id, NEED.action) as slot:
                slot.well = True
    return (time.process_time() - before) / CHOICES * 1_000


async def beating(port: int, pid: int, ids: list[AgentId], seconds: float) -> dict[str, float]:
    """Have every agent give its signs of life; return which share of a core the service needs, and how many came."""
    loop, interval = asyncio.get_running_loop(), HEARTBEAT.total_seconds()
    came = 0

    async def beat(place: int, agent_id: AgentId) -> None:
        nonlocal came
        body = b'{"running": 1, "status": "online"}'
        request = (
            f"POST /agents/{agent_id}/heartbeat HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
            f"Authorization: Bearer {AGENT_TOKEN}_{agent_id}_{agent_id}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        await asyncio.sleep(interval * place / len(ids))
        _, connection = await loop.create_connection(HttpConnection, LOOPBACK, port)
        while True:
            status, answer = await connection.ask(request)
            if status != 200:
                raise RuntimeError(f"{status}: {answer[:200]!r}")
            came += 1
            await asyncio.sleep(interval)

    async with asyncio.TaskGroup() as group:
        beats = [group.create_task(beat(place, agent_id)) for place, agent_id in enumerate(ids)]
        await asyncio.sleep(interval)  # until each has joined in
        used, began, before = processor_time(pid), time.perf_counter(), came
        await asyncio.sleep(seconds)
        took = time.perf_counter() - began
        figures = {"share": (processor_time(pid) - used) / took, "a_second": (came - before) / took}
        for one in beats:
            one.cancel()
    return figures


def reading() -> dict[str, float]:
    """Return messages a second that are parsed and validated, beside their bare pydantic models."""
    order = _order("agent://web/1")
    done = MessageFactory.create("done", sender="agent://web/1", to=SCHEDULER_URI, payload={"result": {"text": "42"}},
                                 correlation={"inReplyTo": order.id})  # fmt: skip
    texts = [(message.to_json(), type(message)) for message in (order, done)]
    ours = _rate(lambda number: MessageFactory.from_json(texts[number % 2][0]))
    bare = _rate(lambda number: texts[number % 2][1].model_validate_json(texts[number % 2][0]))
    return {"ours": ours, "bare": bare, "ratio": ours / bare}


def _order(to: str) -> BaseMessage:
    correlation = {"conversationId": "job", "taskId": "task", "attempt": 1, "leaseEpoch": 1, "effectKey": "k" * 64}
    return MessageFactory.create(
        "request", sender=SCHEDULER_URI, to=to, payload={"todo": TODO}, correlation=correlation
    )


def _rate(read: Callable[[int], object]) -> float:
    before = time.process_time()
    for number in range(MESSAGES):
        read(number)
    return MESSAGES / (time.process_time() - before)


@contextmanager
def agent_process(key: str) -> Iterator[bytes]:
    """Run an agent that trusts the key, for a block; give the line it says first."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.agent_server", key], env=bare_environment(), stdout=subprocess.PIPE
    )
    try:
        yield b"" if process.stdout is None else process.stdout.readline()
    finally:
        end(process)


async def hopping(folder: Path, database: SQLiteDatabase) -> dict[str, float]:
    """Return the median milliseconds of a signed request and its signed answer, and of a whole step by an agent."""
    os.environ["CPA_DATA_DIR"] = str(folder)
    agents = make_agents(
        load_settings(), database, ActionCatalog(), SecretsManager(folder / "secrets.yaml"), SiteBook(())
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(agents.close)
        told = json.loads(stack.enter_context(agent_process(agents.enrolment.card.keys[0].x)))
        asked = RegisterAgentRequest.model_validate(
            {
                "name": "near",
                "type": "web",
                "capabilities": ["web.read"],
                "endpoint": f"http://{LOOPBACK}:{told['port']}",
            }
            | {"key": PublicKey(x=told["x"]).model_dump()}
        )
        joined = await agents.enrolment.register(asked, "", DEFAULT_TENANT)
        agent = await agents.registry.get_agent(joined.agent_id)
        if agent is None:
            raise RuntimeError("the agent is gone")
        return {"hop": await _hop(agents, agent), "step": await _step(agents, agent.id)}


async def _hop(agents: Agents, agent: Agent) -> float:
    laps = []
    for _ in range(HOPS):
        began = time.perf_counter()
        if await agents.http.deliver(agent, agents.gateway.sign(_order(agent.uri))) is None:
            raise RuntimeError("no answer")
        laps.append(time.perf_counter() - began)
    return statistics.median(laps) * 1_000


async def _step(agents: Agents, agent_id: AgentId) -> float:
    laps = []
    for number in range(HOPS):
        if number % 50 == 0:  # on a busy machine they last longer than a sign of life
            await agents.registry.update_heartbeat(agent_id)
        context = ExecutionContext(job_id=JobId("job"), task_id=TaskId(f"task-{number}"), effect_key=f"{number:064}")
        began = time.perf_counter()
        ended = await agents.remote.execute(TODO, context)
        laps.append(time.perf_counter() - began)
        if not ended.success:
            raise RuntimeError(str(ended.error))
    return statistics.median(laps) * 1_000


async def measure(seconds: float) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with a_database(folder) as database:
            ids = await fill(database)
            choices = await choosing(database, ids)
        with running_api(folder) as api:
            beats = await beating(api.port, api.process.pid, ids, seconds)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        async with a_database(Path(name)) as database:
            hops = await hopping(Path(name), database)
    return {"choosing": choices, "heartbeats": beats, "messages": reading(), "hops": hops}


def report(found: dict[str, dict[str, float]]) -> int:
    """Print, save, draw and judge."""
    choices, beats, messages, hops = (found[name] for name in ("choosing", "heartbeats", "messages", "hops"))
    rows = [[part, name, f"{value:,.4g}"] for part, figures in found.items() for name, value in figures.items()]
    show(f"{AGENTS:,} agents", ["", "figure", ""], rows)
    print(f"{messages['ratio']:.2f} of the speed of bare pydantic")
    floors = [
        *(Floor(f"choice_{name}_ms", value, 0.2, at_most=True) for name, value in choices.items()),
        Floor("heartbeats_percent_of_a_core", 100 * beats["share"], 5, at_most=True),
        Floor("messages_per_second", messages["ours"], MESSAGES),
        Floor("hop_p50_ms", hops["hop"], 5, at_most=True),
    ]
    save("agents", found, floors)
    panels = [
        Panel("choosing one", "ms", list(choices), {"choice": list(choices.values())}),
        Panel("messages read", "a second", ["ours", "bare pydantic"], {"read": [messages["ours"], messages["bare"]]}),
        Panel("over loopback", "ms", ["hop", "whole step"], {"p50": [hops["hop"], hops["step"]]}),
    ]
    draw("agents", f"{AGENTS:,} agents", panels)
    return judge(floors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="for which signs of life are counted")
    given = parser.parse_args()
    leave_in_order()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    return report(asyncio.run(measure(given.seconds)))


if __name__ == "__main__":
    raise SystemExit(main())
