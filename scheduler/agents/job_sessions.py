"""Which agent holds the session of a job, the page of its browser for example: the steps that share it go there."""

from collections.abc import Callable
from typing import NamedTuple

from scheduler.core.actions import ActionCatalog, SessionUse
from scheduler.core.ids import AgentId, JobId, TenantId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.repository.lam_repository import LamRepository


class Held(NamedTuple):
    """Sessions of one job: with whom, in which run, and as whose worker we knew it last."""

    tenant: TenantId
    run: int
    epoch: int
    agents: tuple[AgentId, ...]


class JobSessions:
    """Remembers it, and reads it from the store where another worker had the job before."""

    def __init__(self, messages: LamRepository, catalog_of: Callable[[TenantId], ActionCatalog]) -> None:
        self._messages = messages
        self._catalog_of = catalog_of
        self._held: dict[JobId, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def shares(self, todo: ToDo, context: ExecutionContext) -> bool:
        """Whether the step has to do with the session of its job."""
        catalog = self._catalog_of(context.tenant)
        return todo.action in catalog and catalog.get(todo.action).session is not SessionUse.NONE

    def may_be_hedged(self, todo: ToDo, context: ExecutionContext) -> bool:
        """Whether two agents may do the step at the same time: it may be repeated, and shares nothing."""
        catalog = self._catalog_of(context.tenant)
        repeatable = todo.repeatable
        if repeatable is None:
            repeatable = todo.action in catalog and catalog.get(todo.action).repeatable
        return repeatable and not self.shares(todo, context)

    async def holder(self, context: ExecutionContext) -> AgentId | None:
        """Return who holds the session of the job; None: nobody does yet."""
        known = self._held.get(context.job_id)
        if known is not None and known.run == context.run:
            return known.agents[0] if known.agents else None
        agents: tuple[AgentId, ...] = ()
        if context.lease_epoch > 1:
            catalog = self._catalog_of(context.tenant)
            actions = [spec.name for spec in catalog if spec.session is not SessionUse.NONE]
            agents = tuple(await self._messages.taken(context.tenant, context.job_id, context.run, actions))
        self._held[context.job_id] = Held(context.tenant, context.run, context.lease_epoch, agents)
        return agents[0] if agents else None

    def given(self, context: ExecutionContext, agent_id: AgentId) -> None:
        """Note that the agent has taken on a step of the session."""
        known = self._held.get(context.job_id)
        agents = known.agents if known is not None and known.run == context.run else ()
        others = tuple(one for one in agents if one != agent_id)
        self._held[context.job_id] = Held(context.tenant, context.run, context.lease_epoch, (agent_id, *others))

    def forget(self, job_id: JobId) -> Held | None:
        """Return what was known of a job that this process has no more."""
        return self._held.pop(job_id, None)
