"""Chooses who gets a step, and waits for that while all who could do it are busy."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import structlog

from scheduler.agents.agent_index import Choice, Need, Unfit
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.core.agent import Agent
from scheduler.core.errors import AgentsBusyError, NoFreeAgentError
from scheduler.core.ids import AgentId
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.repository.repository_interface import ChangeSignal

_LOOK_AGAIN: Final = 0.5
_WAIT: Final = 5.0
"""Seconds for which one is waited for at a stretch: an attempt may not take much longer than the step's timeout."""

log = structlog.get_logger(__name__)


class Choosing:
    """The direct choice: by what is known here, without asking agents."""

    def __init__(self, registry: AgentRegistry, changes: ChangeSignal) -> None:
        self._registry = registry
        self._changes = changes

    async def agent(
        self,
        todo: ToDo,
        context: ExecutionContext,
        *,
        failed: Counter[AgentId],
        busy: frozenset[AgentId] = frozenset(),
        unable: frozenset[AgentId] = frozenset(),
        only: AgentId | None = None,
    ) -> Agent:
        """Return one that was not asked yet, else one that has failed less often, never one that is `unable`.

        `only`: this one, waited for.

        Raises NoFreeAgentError, of which AgentsBusyError says that waiting longer helps.
        """
        end = time.monotonic() + min(todo.timeout, _WAIT)
        while True:
            seen = self._changes.changes
            found: Choice | Unfit | None = None
            for avoid in avoided(failed, busy) if only is None else (frozenset[AgentId](),):
                found = await self._registry.choose(need_of(todo, context, avoid | unable, only))
                if isinstance(found, Choice):
                    log.info("agent_chosen", agent=found.agent.id, task_id=context.task_id, reasons=found.reasons)
                    return found.agent
            left = end - time.monotonic()
            if isinstance(found, Unfit) and (left <= 0 or not (found.soon or only)):
                raise (AgentsBusyError if found.soon else NoFreeAgentError)(todo.action, found.reasons)
            await self._changes.wait(seen, min(left, _LOOK_AGAIN))

    async def another(self, todo: ToDo, context: ExecutionContext, avoid: frozenset[AgentId]) -> Agent | None:
        """Return one that is none of these and free now; None: there is none."""
        found = await self._registry.choose(need_of(todo, context, avoid))
        return found.agent if isinstance(found, Choice) else None


def avoided(failed: Counter[AgentId], busy: frozenset[AgentId]) -> Iterator[frozenset[AgentId]]:
    """Yield whom to avoid: first all that were asked before, then those asked more often, in the end nobody."""
    for often in sorted({0, *failed.values()}):
        yield frozenset(agent_id for agent_id, times in failed.items() if times > often) | busy
    if busy:
        yield frozenset()


def need_of(todo: ToDo, context: ExecutionContext, avoid: frozenset[AgentId], only: AgentId | None = None) -> Need:
    """Return what the step asks of an agent."""
    url, app = todo.params.get("url"), todo.params.get("app")
    domain = urlsplit(url).hostname if isinstance(url, str) else None
    application = app if isinstance(app, str) else None
    return Need(
        action=todo.action,
        tenant=context.tenant,
        domain=domain,
        application=application,
        agent=todo.agent or only,
        avoid=avoid,
    )
