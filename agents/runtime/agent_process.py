"""An agent as a process: joins, listens or dials out, works, and leaves in order on SIGTERM."""

import asyncio
import functools
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any, Final

import httpx
import structlog
import uvicorn

from agents.runtime.agent_app import build_agent_app
from agents.runtime.agent_files import AgentFiles
from agents.runtime.agent_options import AgentOptions
from agents.runtime.agent_store import AgentStore
from agents.runtime.progress import Progress
from agents.runtime.reception import Reception
from agents.runtime.scheduler_link import Load, SchedulerLink
from agents.runtime.scheduler_socket import SocketRefusedError
from agents.runtime.task_runs import TaskRuns
from scheduler.core.agent_wire import OutboxItem
from scheduler.core.errors import CPAError
from scheduler.core.ids import JobId
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.executors.files import ArtifactStore
from scheduler.security.answer_seal import AnswerKey

_AGAIN: Final = 1.0
_KEPT: Final = timedelta(days=7)
"""How long is remembered what was done: a job is not asked about later."""
_IDLE: Final = 600.0
"""Seconds after which what executors hold for a job (a page, a connection) is freed; files keep what is needed."""
_LAST_WORDS: Final = 5.0
_POLLS: Final = 300.0
"""Seconds until a WebSocket is tried again where none got through."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a running agent consists of."""

    link: SchedulerLink
    store: AgentStore
    runs: TaskRuns
    reception: Reception
    progress: Progress
    outbox: "Outbox"


class Outbox:
    """Says what is stored to be said, until the scheduler has taken it."""

    def __init__(self, store: AgentStore, link: SchedulerLink, files: AgentFiles) -> None:
        self._store = store
        self._files = files
        self._link = link
        self._more = asyncio.Event()
        self._empty = asyncio.Event()

    def wake(self) -> None:
        self._empty.clear()
        self._more.set()

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            self._more.clear()
            waiting = await self._store.unsaid()
            if not waiting:
                self._empty.set()
                await self._more.wait()
            for n, document in waiting:
                if not await self._post(json.loads(document)):
                    await asyncio.sleep(_AGAIN)
                    break
                await self._store.said(n)

    async def emptied(self) -> None:
        await self._empty.wait()

    async def _post(self, document: dict[str, Any]) -> bool:
        try:
            await self._files.hand_in(document)
            return await self._link.post(document)
        except httpx.HTTPError as error:
            log.warning("scheduler_not_reached", error=str(error) or type(error).__name__)
            return False


def run_agent(
    options: AgentOptions,
    executors: ExecutorRegistry,
    *,
    redact: Callable[[str], str] = lambda text: text,
    started: Callable[[str], None] = lambda _url: None,
) -> bool:
    """Be an agent until SIGTERM or SIGINT; return whether it ended in order. `started` gets the address it listens at.

    Raises EnrolmentRefusedError when the scheduler does not let it in.
    """
    with asyncio.Runner() as runner:
        return runner.run(serve_agent(options, executors, redact=redact, started=started))


async def serve_agent(
    options: AgentOptions,
    executors: ExecutorRegistry,
    *,
    redact: Callable[[str], str],
    started: Callable[[str], None],
) -> bool:
    """Be an agent in this event loop. Raises as `run_agent` does."""
    async with opened(options, executors, redact) as parts:
        app = build_agent_app(link=parts.link, reception=parts.reception, concurrency=options.concurrency)
        config = uvicorn.Config(
            app, host=options.host, port=options.port, log_config=None, access_log=False, server_header=False
        )
        server = _Server(config, started)
        work = asyncio.create_task(_live(options, executors, parts))
        listening = asyncio.create_task(server.serve())
        drained = asyncio.create_task(_drain(options, server, parts))
        try:
            await asyncio.wait([work, listening, drained], return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            for task in (work, drained):
                task.cancel()
            ended = await asyncio.gather(work, drained, listening, return_exceptions=True)
    for error in ended:
        if isinstance(error, CPAError):
            raise error
        if isinstance(error, Exception):
            log.error("agent_crashed", exc_info=error)
            return False
    return True


async def _live(options: AgentOptions, executors: ExecutorRegistry, parts: Parts) -> None:
    """Join, then work until cancelled."""
    await join(parts)
    async with asyncio.TaskGroup() as owner:
        owner.create_task(work(executors, parts))
        if not options.endpoint:
            owner.create_task(_dial(options, parts))


async def join(parts: Parts) -> None:
    """Join, and tell what became of what was left. Raises EnrolmentRefusedError."""
    await parts.link.join()
    parts.runs.tenant = parts.link.me.tenant
    await parts.store.forget(parts.link.now() - _KEPT)
    await parts.runs.recover()


async def work(executors: ExecutorRegistry, parts: Parts) -> None:
    """Do what comes, and say what is to be said, until cancelled."""
    async with asyncio.TaskGroup() as owner:
        owner.create_task(parts.link.live())
        owner.create_task(parts.outbox.run())
        owner.create_task(parts.progress.run())
        owner.create_task(_let_go(executors, parts.runs))


async def _dial(options: AgentOptions, parts: Parts) -> None:
    """Take what waits at the scheduler, by WebSocket; by long poll for a while where none gets through."""
    by_poll_until = 0.0 if options.dial == "socket" else math.inf
    after = 0
    while True:
        try:
            if asyncio.get_running_loop().time() < by_poll_until:
                after = await _poll(parts, after)
                continue
            await parts.link.dial(functools.partial(_take, parts))
        except SocketRefusedError as error:
            log.warning("no_socket", error=str(error), polls_for=_POLLS)
            by_poll_until = asyncio.get_running_loop().time() + _POLLS
            continue
        except (httpx.HTTPError, OSError, ValueError) as error:
            log.warning("line_is_down", error=str(error) or type(error).__name__)
        parts.link.beat_now()
        await asyncio.sleep(_AGAIN)


async def _poll(parts: Parts, after: int) -> int:
    """Fetch once; what is answered at once goes back before the next is asked for."""
    for item in await parts.link.fetch(after):
        await _take(parts, item)
        after = max(after, item.n)
    return after


async def _take(parts: Parts, item: OutboxItem) -> None:
    with suppress(CPAError):  # logged where it was refused
        answer = await parts.reception.receive(item.message)
        if answer is not None:
            await parts.store.say(json.dumps(answer), parts.link.now())
            parts.outbox.wake()


async def _let_go(executors: ExecutorRegistry, runs: TaskRuns) -> None:
    """Free what executors hold for jobs of which nothing was asked for a while."""
    if not executors.hold_anything:
        return
    last: dict[str, float] = {}
    while True:
        await asyncio.sleep(_IDLE / 20)
        now = asyncio.get_running_loop().time()
        last |= dict.fromkeys(runs.take_conversations(), now)
        for conversation in [name for name, at in last.items() if now - at > _IDLE]:
            del last[conversation]
            await executors.let_go(JobId(conversation), ended=False)


async def _drain(options: AgentOptions, server: "_Server", parts: Parts) -> None:
    await server.asked_to_end.wait()
    await drain(options, parts)


async def drain(options: AgentOptions, parts: Parts) -> None:
    """Take nothing new, finish, say what is to be said."""
    log.info("agent_drains", running=parts.runs.running)
    parts.reception.draining = True
    if not parts.link.has_joined:
        return
    parts.link.beat_now()
    await parts.runs.drained(options.grace)
    parts.outbox.wake()
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            await parts.outbox.emptied()
    log.info("agent_drained", running=parts.runs.running)


@asynccontextmanager
async def opened(
    options: AgentOptions,
    executors: ExecutorRegistry,
    redact: Callable[[str], str],
    way: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Parts]:
    """Open all that an agent consists of. `way` brings its requests to the scheduler, if not the network does."""

    def load() -> Load:
        return reception.load()

    async with AsyncExitStack() as stack:
        stack.push_async_callback(executors.close)
        store = AgentStore(options.folder / "agent.db")
        await store.open()
        stack.push_async_callback(store.close)
        link = SchedulerLink(
            options=options,
            catalog=executors.catalog,
            store=store,
            load=load,
            way=way,
        )
        stack.push_async_callback(link.close)
        files = AgentFiles(ArtifactStore(options.artifacts or options.folder / "artifacts"), link)
        outbox, progress = Outbox(store, link, files), Progress(link, await store.next_start())
        runs = TaskRuns(
            name=options.name,
            executors=executors,
            store=store,
            files=files,
            progress=progress,
            now=link.now,
            say=outbox.wake,
            redact=redact,
            answer_key=await asyncio.to_thread(AnswerKey.load, options.folder / "answer-key.json"),
        )
        reception = Reception(link=link, store=store, runs=runs, executors=executors, concurrency=options.concurrency)
        yield Parts(link=link, store=store, runs=runs, reception=reception, progress=progress, outbox=outbox)


class _Server(uvicorn.Server):
    """Says where it listens, and leaves the ending to the agent: a signal only asks for it."""

    def __init__(self, config: uvicorn.Config, started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._started = started
        self._loop = asyncio.get_running_loop()
        self.asked_to_end = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's hook
        self._loop.call_soon_threadsafe(self.asked_to_end.set)

    async def startup(self, sockets: Any = None) -> None:  # noqa: ANN401 - uvicorn's own
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._started(f"http://{host}:{port}")
