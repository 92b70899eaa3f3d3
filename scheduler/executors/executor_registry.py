"""Who does what: finds the executor of an action."""

from collections.abc import Awaitable, Iterable
from contextlib import AsyncExitStack

from scheduler.core.actions import ActionCatalog, ActionSpec, canonical_action
from scheduler.core.errors import UnknownActionError
from scheduler.core.ids import JobId
from scheduler.core.task_executor_interface import Verification
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, ExecutionResult


class ExecutorRegistry:
    """Executors by action (`mail.send`) or family (`web.*`); the action wins. Names of ActionType are understood."""

    def __init__(self) -> None:
        self._executors: dict[str, BaseExecutor] = {}
        self._holders: list[BaseExecutor] = []
        self._demanding: list[BaseExecutor] = []
        self._elsewhere: list[ActionSpec] = []
        self._changing: dict[BaseExecutor, tuple[ActionSpec, ...]] = {}
        self._catalog = ActionCatalog()
        self._stale = False

    def register(self, action_type: str, executor: BaseExecutor) -> None:
        """Let `executor` do an action or a family. Raises ValueError when another one does it already."""
        name = _dotted(action_type)
        if self._executors.get(name, executor) is not executor:
            raise ValueError(f"action {name!r} has an executor already")
        self._executors[name] = executor
        self._stale = True
        if type(executor).let_go is not BaseExecutor.let_go and executor not in self._holders:
            self._holders.append(executor)
        if type(executor).require is not BaseExecutor.require and executor not in self._demanding:
            self._demanding.append(executor)

    def register_all(self, executor: BaseExecutor) -> None:
        """Let `executor` do every action it lists."""
        for spec in executor.actions:
            self.register(spec.name, executor)

    def bring(self, spec: ActionSpec) -> None:
        """Let plans have an action, or a family of them, that nobody here does: agents do."""
        self._elsewhere.append(spec)
        self._stale = True

    def exchange(self, executor: BaseExecutor, specs: Iterable[ActionSpec]) -> None:
        """Let `executor` do these actions from now on and no others; whoever holds the catalog sees it at once."""
        self._executors = {name: one for name, one in self._executors.items() if one is not executor}
        self._changing[executor] = tuple(specs)
        for spec in self._changing[executor]:
            self.register(spec.name, executor)
        self._catalog.replace(self._specs())
        self._stale = False

    def get(self, action_type: str) -> BaseExecutor:
        """Return the executor of an action. Raises UnknownActionError, which names the nearest actions."""
        executor = self._executors.get(action_type) or self._route(_dotted(action_type))
        if executor is None:
            known = {spec.name for spec in self.catalog} | {known for known in self._executors if known[-1] != "*"}
            raise UnknownActionError(action_type, field="action", known=sorted(known))
        return executor

    def does(self, action_type: str) -> bool:
        """Whether an action has an executor."""
        return action_type in self._executors or self._route(_dotted(action_type)) is not None

    def require(self, todo: ToDo) -> None:
        """Raise a CPAError when this machine lacks what a step needs; one that nobody does here lacks nothing."""
        executor = self._route(todo.action)
        if executor in self._demanding:
            executor.require(todo)

    def execute(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Awaitable[ExecutionResult]:
        """Have a step done once. Raises UnknownActionError; what goes wrong in the step is in the result."""
        return self.get(todo.action).execute(todo, context)

    def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Awaitable[Verification]:
        """Have it looked up whether a step has happened. Raises UnknownActionError."""
        return self.get(todo.action).verify(todo, context)

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        """Return paths of what shows why a step failed."""
        return await self.get(todo.action).evidence_of_failure(todo, context)

    @property
    def executors(self) -> tuple[BaseExecutor, ...]:
        """Every executor once, in the order of registration."""
        return tuple({id(executor): executor for executor in self._executors.values()}.values())

    @property
    def catalog(self) -> ActionCatalog:
        """The actions that would be done by the executor that lists them, and those of agents; it follows changes."""
        if self._stale:
            self._catalog.replace(self._specs())
            self._stale = False
        return self._catalog

    def _specs(self) -> Iterable[ActionSpec]:
        for executor in self.executors:
            yield from (spec for spec in executor.actions if self._route(spec.name) is executor)
        yield from self._elsewhere
        for specs in self._changing.values():
            yield from specs

    @property
    def hold_anything(self) -> bool:
        """Whether an executor keeps something for a job between its steps."""
        return bool(self._holders)

    async def keeps_session(self, context: ExecutionContext) -> bool:
        """Whether an executor can go on where an earlier step of the job has left off."""
        return any([await executor.keeps_session(context) for executor in self.executors])

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        """Have everything freed that is held for a job, also if one executor fails at it."""
        async with AsyncExitStack() as stack:
            for executor in self._holders:
                stack.push_async_callback(executor.let_go, job_id, ended=ended)

    async def close(self) -> None:
        """Have everything let go of, also if one executor fails at it."""
        async with AsyncExitStack() as stack:
            for executor in self.executors:
                stack.push_async_callback(executor.close)

    def _route(self, name: str) -> BaseExecutor | None:
        return self._executors.get(name) or self._executors.get(f"{name.partition('.')[0]}.*")


def _dotted(action_type: str) -> str:
    """Return the dotted name; `playwright` and `uia`, whose verb is a parameter, stand for their families."""
    return canonical_action(action_type, {"op": "*"})[0]
