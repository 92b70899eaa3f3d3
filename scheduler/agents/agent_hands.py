"""Gives each step to whoever does it: an agent, if one is registered for it, else this process itself."""

from collections.abc import Awaitable

import structlog

from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.remote_executor import RemoteExecutor
from scheduler.core.errors import AgentRefusedError, AgentUnreachableError, NoFreeAgentError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.retry import ErrorClass
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.security.answer_seal import unsealed

log = structlog.get_logger(__name__)


class AgentHands:
    """The executors of this process and the agents of the tenant, as one.

    A registered agent goes first. When none can be given the step, this process does it if it can, unless the step
    names its agent.
    """

    def __init__(self, *, here: ExecutorRegistry, remote: RemoteExecutor, registry: AgentRegistry) -> None:
        self._here = here
        self._remote = remote
        self._registry = registry
        self._sessions_here: set[tuple[JobId, int]] = set()

    def require(self, todo: ToDo, tenant: TenantId) -> None:
        """Raise a CPAError when this machine lacks what the step needs, and no agent is there that might do it."""
        if todo.agent is None and not self._registry.knows(todo.action, tenant):
            self._here.require(todo)

    def execute(self, todo: ToDo, context: ExecutionContext) -> Awaitable[ExecutionResult]:
        action = todo.action
        if todo.agent is not None or self._registry.knows(action, context.tenant) or not self._here.does(action):
            return self._by_agent(todo, context)
        return self._by_us(todo, context)

    def _by_us(self, todo: ToDo, context: ExecutionContext) -> Awaitable[ExecutionResult]:
        """Do it here; what was answered to an agent for it alone, we cannot read and ask for again."""
        if context.answers:
            context = context._replace(answers=unsealed(context.answers))
        return self._here.execute(todo, context)

    async def _by_agent(self, todo: ToDo, context: ExecutionContext) -> ExecutionResult:
        """Have it done by an agent. A step that shares a session is done where the session is, there or here."""
        shares = self._here.does(todo.action) and self._remote.shares_session(todo, context)
        if shares and await self._is_here(context):
            return await self._by_us(todo, context)
        may_be_done_here = todo.agent is None and self._here.does(todo.action)
        try:
            ended = await self._remote.execute(todo, context)
            if not (may_be_done_here and _all_refused(ended)):
                return ended
            reason = "no agent takes it"
        except NoFreeAgentError as error:
            if not may_be_done_here or (shares and await self._remote.holds_session(context)):
                raise
            reason = str(error)
        log.info("done_here", task_id=context.task_id, action=todo.action, reason=reason)
        if shares:
            self._sessions_here.add((context.job_id, context.run))
        return await self._by_us(todo, context)

    async def _is_here(self, context: ExecutionContext) -> bool:
        """Whether the session of the job is this worker's, or was left on this machine by one before it, which died."""
        session = (context.job_id, context.run)
        if session in self._sessions_here or context.lease_epoch <= 1 or await self._remote.holds_session(context):
            return session in self._sessions_here
        if await self._here.keeps_session(context):
            self._sessions_here.add(session)
        return session in self._sessions_here

    def verify(self, todo: ToDo, context: ExecutionContext) -> Awaitable[Verification]:
        """Ask the agent that was given the step; where it cannot tell, look from here if that is possible.

        Raises AgentUnreachableError when the agent cannot be asked and the step is not to be seen from here: it may be
        at it still.
        """
        if not self._here.does(todo.action):
            return self._remote.verify(todo, context)
        if not len(self._registry):
            return self._here.verify(todo, context)
        return self._ask_or_look(todo, context)

    async def _ask_or_look(self, todo: ToDo, context: ExecutionContext) -> Verification:
        if not await self._remote.was_asked(context):
            return await self._here.verify(todo, context)
        try:
            seen = await self._remote.verify(todo, context)
        except AgentUnreachableError:
            found = await self._here.verify(todo, context)
            if not found.happened:
                raise
            return found
        return await self._here.verify(todo, context) if seen.happened is None else seen

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        return await self._here.evidence_of_failure(todo, context) if self._here.does(todo.action) else ()

    @property
    def hold_anything(self) -> bool:
        return self._here.hold_anything or self._remote.hold_anything

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        self._sessions_here = {held for held in self._sessions_here if held[0] != job_id}
        try:
            await self._here.let_go(job_id, ended=ended)
        finally:
            await self._remote.let_go(job_id, ended=ended)


def _all_refused(ended: ExecutionResult) -> bool:
    """Whether every agent said that it will never do it; none has begun it then."""
    error = ended.error
    return error is not None and error.code == AgentRefusedError.code and error.error_class is ErrorClass.PERMANENT
