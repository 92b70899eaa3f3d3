"""Chooses who gets a step, and waits for that while all who could do it are busy."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog

from scheduler.agents.agent_index import Choice, Need, Unfit
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.core.agent import Agent
from scheduler.core.errors import AgentsBusyError, CPAError, NoFreeAgentError
from scheduler.core.ids import AgentId
from scheduler.core.site_book import Sites
from scheduler.core.spending import Spender
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.executors.web_allowance import origin_of
from scheduler.repository.repository_interface import ChangeSignal

_LOOK_AGAIN: Final = 0.5
_WAIT: Final = 5.0
"""Seconds for which one is waited for at a stretch: an attempt may not take much longer than the step's timeout."""

_MOST_SHOWN: Final = 8
"""Agents among whom a selector chooses."""
_TAGGED: Final = "tag:"

log = structlog.get_logger(__name__)


class AgentSelector(Protocol):
    """Chooses among several agents for a step, as a language model does. Never raises for what the model does."""

    async def select_agent_for_task(self, task: ToDo, agents: Sequence[Agent], spender: Spender | None = None) -> Agent:
        """Return one of them; the first if it knows no better."""


class Choosing:
    """The direct choice: by what is known here, without asking agents. `sites` say where steps at a site act.

    With a `selector` that one chooses among those who are free.
    """

    def __init__(
        self, registry: AgentRegistry, changes: ChangeSignal, sites: Sites, selector: AgentSelector | None = None
    ) -> None:
        self._registry = registry
        self._changes = changes
        self._sites = sites
        self._selector = selector

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
                need = self.need(todo, context, avoid | unable, only)
                found = await self._registry.choose(need)
                if isinstance(found, Choice):
                    chosen = await self._selected(todo, context, need, found.agent)
                    log.info("agent_chosen", agent=chosen.id, task_id=context.task_id, reasons=found.reasons)
                    return chosen
            left = end - time.monotonic()
            if isinstance(found, Unfit) and (left <= 0 or not (found.soon or only)):
                raise (AgentsBusyError if found.soon else NoFreeAgentError)(todo.action, found.reasons)
            await self._changes.wait(seen, min(left, _LOOK_AGAIN))

    async def _selected(self, todo: ToDo, context: ExecutionContext, need: Need, found: Agent) -> Agent:
        """Return whom the selector chooses among all who are free, `found` if there is none."""
        if self._selector is None:
            return found
        others = [one for one in await self._registry.free(need, _MOST_SHOWN) if one.id != found.id]
        spender = Spender(context.tenant, context.job_id)
        return await self._selector.select_agent_for_task(todo, [found, *others], spender) if others else found

    async def another(self, todo: ToDo, context: ExecutionContext, avoid: frozenset[AgentId]) -> Agent | None:
        """Return one that is none of these and free now; None: there is none."""
        found = await self._registry.choose(self.need(todo, context, avoid))
        return found.agent if isinstance(found, Choice) else None

    def need(
        self, todo: ToDo, context: ExecutionContext, avoid: frozenset[AgentId], only: AgentId | None = None
    ) -> Need:
        """Return what the step asks of an agent."""
        application = todo.params.get("application")
        wanted = todo.agent or only
        tag = wanted.removeprefix(_TAGGED) if wanted is not None and wanted.startswith(_TAGGED) else None
        return Need(
            action=todo.action,
            tenant=context.tenant,
            domain=self._host(todo.params),
            application=application if isinstance(application, str) else None,
            tag=tag,
            agent=wanted if tag is None else only,
            avoid=avoid,
        )

    def _host(self, params: Mapping[str, Any]) -> str | None:
        """Return where the step acts in the web; None: its parameters do not say."""
        url, key = params.get("url"), params.get("site")
        if isinstance(key, str):
            try:
                url = self._sites.keyed(key).profile.url
            except CPAError:  # the agent may have the profile of a site that is not set up here
                return None
        origin = origin_of(url) if isinstance(url, str) else None
        return None if origin is None else origin.host


def avoided(failed: Counter[AgentId], busy: frozenset[AgentId]) -> Iterator[frozenset[AgentId]]:
    """Yield whom to avoid: first all that were asked before, then those asked more often, in the end nobody."""
    for often in sorted({0, *failed.values()}):
        yield frozenset(agent_id for agent_id, times in failed.items() if times > often) | busy
    if busy:
        yield frozenset()
