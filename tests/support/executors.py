"""Executors that do what a test says, in a world that remembers every effect."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import CPAError, UnknownActionError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult, Verification
from scheduler.core.todo import ToDo
from tests.support.runs import CATALOG

Attempt = Callable[["World", ExecutionContext], Awaitable[dict[str, Any]]]


class World:
    """What has happened, by effect key."""

    def __init__(self) -> None:
        self.effects: Counter[str] = Counter()

    def happens(self, context: ExecutionContext) -> None:
        self.effects[context.effect_key] += 1


def gives(result: Mapping[str, Any] | None = None) -> Attempt:
    async def attempt(world: World, context: ExecutionContext) -> dict[str, Any]:
        world.happens(context)
        return dict(result or {})

    return attempt


def fails(error: Exception, *, happens: bool = False) -> Attempt:
    async def attempt(world: World, context: ExecutionContext) -> dict[str, Any]:
        if happens:
            world.happens(context)
        raise error

    return attempt


def hangs(begun: asyncio.Event | None = None) -> Attempt:
    """Never end by itself, but when stopped."""

    async def attempt(_world: World, _context: ExecutionContext) -> dict[str, Any]:
        if begun is not None:
            begun.set()
        await asyncio.Event().wait()
        return {}

    return attempt


def ignores_being_stopped(release: asyncio.Event, stopping: asyncio.Event | None = None) -> Attempt:
    """Hang, and when stopped (which `stopping` tells) go on until released, then have the effect all the same."""

    async def attempt(world: World, context: ExecutionContext) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if stopping is not None:
                stopping.set()
            async with asyncio.timeout(30):  # so that a test that fails before it releases ends
                await release.wait()
            world.happens(context)
            raise
        return {}

    return attempt


class FakeExecutors:
    """Do a task as its script says, one entry per attempt, the last for all further ones; without a script give {}.

    Verification tells the truth about the world, unless `verify` says otherwise for a task.
    """

    def __init__(
        self, *, catalog: ActionCatalog = CATALOG, world: World | None = None, **scripts: list[Attempt]
    ) -> None:
        self.catalog = catalog
        self.hold_anything = True
        self.world = world or World()
        self.scripts = scripts
        self.verify_as: dict[str, Callable[[ExecutionContext], Verification]] = {}
        self.evidence: dict[str, tuple[str, ...]] = {}
        self.asked: defaultdict[str, list[tuple[ToDo, ExecutionContext]]] = defaultdict(list)
        self.lacking: dict[str, CPAError] = {}
        self.looked: list[str] = []
        self.gone: list[tuple[JobId, bool]] = []
        self.busy: Counter[str] = Counter()
        self.busiest: Counter[str] = Counter()

    def require(self, todo: ToDo, tenant: TenantId) -> None:  # noqa: ARG002
        if todo.id in self.lacking:
            raise self.lacking[todo.id]

    async def execute(self, todo: ToDo, context: ExecutionContext) -> ExecutionResult:
        if todo.action not in self.catalog:
            raise UnknownActionError(todo.action, field="action", known=())
        task_id = str(context.task_id)
        self.asked[task_id].append((todo, context))
        script = self.scripts.get(task_id, [gives()])
        self.busy[task_id] += 1
        self.busiest[task_id] = max(self.busiest[task_id], self.busy[task_id])
        evidence = self.evidence.get(task_id, ())
        try:
            result = await script[min(len(self.asked[task_id]), len(script)) - 1](self.world, context)
        except CPAError as error:
            return ExecutionResult(success=False, error=TaskFailure.of(error), duration=0, evidence=evidence)
        finally:
            self.busy[task_id] -= 1
        return ExecutionResult(success=True, result=result, duration=0, evidence=evidence)

    async def verify(self, todo: ToDo, context: ExecutionContext) -> Verification:  # noqa: ARG002
        self.looked.append(context.task_id)
        say = self.verify_as.get(context.task_id)
        if say is not None:
            return say(context)
        happened = self.world.effects[context.effect_key] > 0
        return Verification(happened=happened, result={"seen": True} if happened else None)

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:  # noqa: ARG002
        return self.evidence.get(str(context.task_id), ())

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        self.gone.append((job_id, ended))
