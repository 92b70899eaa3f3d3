"""Checks a plan that may name actions which only agents bring."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import UnknownActionError
from scheduler.core.ids import TenantId
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.plan_check import check_plan
from scheduler.security.policies import PolicyEngine


class OfferedActions(Protocol):
    """What agents can do besides."""

    @property
    def own(self) -> ActionCatalog:
        """The actions of this process."""

    def of(self, tenant: TenantId) -> ActionCatalog:
        """Return all that a plan of the tenant may name, as of the last look."""

    async def now(self, tenant: TenantId) -> ActionCatalog:
        """Return all that a plan of the tenant may name."""

    def at_work(self, tenant: TenantId) -> Sequence[str]:
        """Return who of the tenant can act now, and what each can do, as of the last look."""

    async def check_alive(self, actions: Iterable[str], tenant: TenantId) -> None:
        """Raise NoFreeAgentError for an action that only agents bring, none of whom is at work."""


async def check_plan_with_agents(
    graph: TaskGraph, catalog: ActionCatalog, policy: PolicyEngine, offered: OfferedActions | None, tenant: TenantId
) -> None:
    """Check the plan as `check_plan` does; agents are looked at only for what the catalog does not know.

    Raises NoFreeAgentError when nobody who brings an action is at work.
    """
    try:
        check_plan(graph, catalog, policy)
    except UnknownActionError:
        if offered is None:
            raise
        check_plan(graph, await offered.now(tenant), policy)
        await offered.check_alive({todo.action: None for todo in graph.tasks.values()}, tenant)
