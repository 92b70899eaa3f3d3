"""What the house asks of language models: a plan for a request, an agent for a step, a way out of an error."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from pydantic import BaseModel, ConfigDict

from scheduler.core.agent import Agent
from scheduler.core.errors import CPAError, LLMNotSetUpError, NoAgentError
from scheduler.core.ids import DEFAULT_TENANT, TenantId
from scheduler.core.intents import Intent
from scheduler.core.spending import Spender
from scheduler.core.todo import ToDo
from scheduler.llm.llm_provider import CallOptions, LLMProvider
from scheduler.llm.llm_task_planner import LLMTaskPlanner
from scheduler.llm.prompts import Prompt, render
from scheduler.llm.reasoned_graph import ReasonedGraph
from scheduler.llm.stopped_plan import StoppedPlan

__all__ = ["LLMProvider", "LLMWrapper"]

_LONGEST = 4_000  # characters of an error or of what is known of it
_QUICK = 5.0
"""Seconds within which an agent must be chosen: the step waits."""

log = structlog.get_logger(__name__)


class Choice(BaseModel):
    """The agent a model chooses, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent_id: str
    reason: str


class ShownAgent(NamedTuple):
    """What the model is told of an agent."""

    id: str
    type: str
    status: str
    description: str


class SelectionContext(BaseModel):
    """What the prompt for a choice is filled from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str
    step: str
    agents: Sequence[ShownAgent]


class AnalysisContext(BaseModel):
    """What the prompt for an analysis is filled from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    error: str
    known: Mapping[str, str]


class LLMWrapper:
    """The one door to models for those that plan and run jobs. What it gives still has to pass every check.

    `planner_of` returns what plans with all that a tenant's plans may name; without it nothing is planned.
    """

    def __init__(self, provider: LLMProvider, planner_of: Callable[[TenantId], LLMTaskPlanner] | None = None) -> None:
        self._provider = provider
        self._planner_of = planner_of

    async def intent_to_task_graph(
        self,
        intent: str,
        description: str,
        context: Mapping[str, Any] | None = None,
        spender: Spender | None = None,
    ) -> ReasonedGraph:
        """Return a checked plan for a request in words; for the context see LLMTaskPlanner.plan.

        Raises PlanUnusableError and what the provider raises.
        """
        told = {**(context or {}), "request": description}
        return await self._planner(spender).plan(Intent(name=intent), told, spender)

    async def repair_task_graph(
        self,
        intent: str,
        description: str,
        context: Mapping[str, Any],
        stopped: StoppedPlan,
        *,
        advice: str,
        spender: Spender | None = None,
    ) -> ReasonedGraph:
        """Return the whole plan with another rest; see LLMTaskPlanner.repair."""
        told = {**context, "request": description}
        return await self._planner(spender).repair(Intent(name=intent), told, stopped, advice=advice, spender=spender)

    def _planner(self, spender: Spender | None) -> LLMTaskPlanner:
        if self._planner_of is None:
            raise LLMNotSetUpError("no planner")
        return self._planner_of(DEFAULT_TENANT if spender is None else spender.tenant)

    async def select_agent_for_task(self, task: ToDo, agents: Sequence[Agent], spender: Spender | None = None) -> Agent:
        """Return one of those that are able to do the step; the first of them if the model gives no usable answer.

        Raises NoAgentError when nobody is.
        """
        able = [agent for agent in agents if agent.can(task.action)]
        if not able:
            raise NoAgentError(task.action)
        if len(able) == 1:
            return able[0]
        try:
            prompt = render("agent_selection", _selection(task, able))
            options = _options(prompt, "agent", 200, spender)
            options["within"] = _QUICK
            choice = await self._provider.generate_structured(prompt.user, Choice, **options)
        except CPAError as error:
            log.warning("llm_choice_fell_back", code=error.code)
            return able[0]
        return next((agent for agent in able if agent.id == choice.agent_id), able[0])

    async def analyze_error(self, error: str, context: Mapping[str, Any], spender: Spender | None = None) -> str:
        """Return what most likely went wrong and what to do about it, for a person. Raises what the provider raises."""
        known = {name: _text(value) for name, value in context.items()}
        prompt = render("error_analysis", AnalysisContext(error=error[:_LONGEST], known=known))
        return await self._provider.generate(prompt.user, **_options(prompt, "error", 300, spender))


def _selection(task: ToDo, able: Sequence[Agent]) -> SelectionContext:
    shown = [ShownAgent(one.id, one.type, one.status, _text({"name": one.name, **one.metadata})) for one in able]
    return SelectionContext(action=task.action, step=task.canonical()[:_LONGEST], agents=shown)


def _options(prompt: Prompt, purpose: str, most: int, spender: Spender | None) -> CallOptions:
    options = CallOptions(system=prompt.system, prompt_id=prompt.id, purpose=purpose, max_tokens=most)
    if spender is not None:
        options["spender"] = spender
    return options


def _text(value: object) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))[:_LONGEST]
