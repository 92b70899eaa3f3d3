"""Lets a language model plan what no template covers, and believes it only as far as the checks go."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import structlog
from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog, ActionSpec
from scheduler.core.errors import (
    InvalidRequestError,
    LLMInvalidOutputError,
    PlanUnusableError,
    PolicyViolationError,
)
from scheduler.core.intents import Intent
from scheduler.core.spending import Spender
from scheduler.core.task_graph import TaskGraph, ToDo
from scheduler.llm.grounding import invented
from scheduler.llm.llm_provider import CallOptions, LLMProvider
from scheduler.llm.prompts import Prompt, render

MOST_STEPS: Final = 40
_REPAIRS = 2
_MOST_TOKENS = 4_096
_LONGEST = 8_000  # characters of a request or a known text that are shown
_LONGEST_PLAN = 20_000

log = structlog.get_logger(__name__)


class TaskPlan(BaseModel):
    """A plan as the model answers it, and why it is like that."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: list[ToDo]
    reasoning: str


class ShownAction(BaseModel):
    """What the model is told of an action."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    needs: Sequence[str]
    params: dict[str, Any]
    result: Sequence[str]


class PlanningContext(BaseModel):
    """What the prompt is filled from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    request: str
    known: Mapping[str, str]
    actions: Sequence[ShownAction]
    agents: Sequence[str]
    most_steps: int
    last_plan: str = ""
    problems: Sequence[str] = ()


class LLMTaskPlanner:
    """Plans by a language model, and has its plan repaired at most twice with the words of the checks.

    `check` is what any plan must pass (soundness, actions, policy). Beyond that, whatever a plan aims at must have been
    said: in the request, in what is known, or by an earlier step. `agents` says who can act, for the model to read.
    """

    def __init__(
        self,
        llm_provider: LLMProvider,
        *,
        catalog: ActionCatalog,
        check: Callable[[TaskGraph], None],
        allowed: Callable[[str], bool] = lambda _: True,
        agents: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._provider = llm_provider
        self._catalog = catalog
        self._check = check
        self._allowed = allowed
        self._agents = agents

    async def plan(self, intent: Intent, context: Mapping[str, Any]) -> TaskGraph:
        """Return a plan that passed every check; see `propose`."""
        graph, _ = await self.propose(intent, context)
        return graph

    async def propose(
        self, intent: Intent, context: Mapping[str, Any], spender: Spender | None = None
    ) -> tuple[TaskGraph, str]:
        """Return a plan that passed every check, and why it is like that.

        `context["request"]` holds the words of the request, `context["secrets"]` the names of secrets that may be used;
        every other text in it is known and may fill values. Raises PlanUnusableError when it cannot be repaired, and
        whatever the provider raises.
        """
        request, secrets = str(context.get("request", "")), [str(name) for name in context.get("secrets", ())]
        known = {name: str(value) for name, value in context.items() if name not in {"request", "secrets"}}
        sources = [request, *known.values()]
        last_plan, problems = "", list[str]()
        for _ in range(1 + _REPAIRS):
            prompt = self._prompt(intent, request, known | _shown(secrets), last_plan, problems)
            try:
                plan = await self._ask(prompt, spender)
            except LLMInvalidOutputError as error:
                last_plan, problems = error.output[:_LONGEST_PLAN], [str(error)]
            else:
                problems = self._problems(plan, sources, secrets)
                if not problems:
                    return _graph(plan), plan.reasoning
                last_plan = plan.model_dump_json(exclude_defaults=True)[:_LONGEST_PLAN]
            log.warning("llm_plan_refused", problems=problems)
        raise PlanUnusableError(problems[0])

    def _prompt(
        self, intent: Intent, request: str, known: Mapping[str, str], last_plan: str, problems: Sequence[str]
    ) -> Prompt:
        return render(
            "task_planning",
            PlanningContext(
                intent=intent.name,
                request=request[:_LONGEST],
                known={name: value[:_LONGEST] for name, value in known.items() if value},
                actions=[
                    _describe(spec) for spec in self._catalog if spec.name[-1] != "*" and self._allowed(spec.name)
                ],
                agents=self._agents(),
                most_steps=MOST_STEPS,
                last_plan=last_plan,
                problems=problems,
            ),
        )

    async def _ask(self, prompt: Prompt, spender: Spender | None) -> TaskPlan:
        options = CallOptions(system=prompt.system, prompt_id=prompt.id, purpose="plan", max_tokens=_MOST_TOKENS)
        if spender is not None:
            options["spender"] = spender
        return await self._provider.generate_structured(prompt.user, TaskPlan, **options)

    def _problems(self, plan: TaskPlan, sources: Sequence[str], secrets: Sequence[str]) -> list[str]:
        """Return what is wrong with the plan, in the words of the checks."""
        if not plan.tasks:
            return [f"there are no tasks: {plan.reasoning[:300]}"]
        if len(plan.tasks) > MOST_STEPS:
            return [f"{len(plan.tasks)} steps are too many; at most {MOST_STEPS}"]
        try:
            graph = _graph(plan)
            self._check(graph)
        except (InvalidRequestError, PolicyViolationError) as error:
            return [str(error)]
        return [str(one) for one in invented(graph.tasks.values(), sources, secrets)]


def _graph(plan: TaskPlan) -> TaskGraph:
    graph = TaskGraph()
    for todo in plan.tasks:
        graph.add_task(todo)
    return graph


def _shown(secrets: Sequence[str]) -> dict[str, str]:
    return {"secrets": ", ".join(secrets)} if secrets else {}


def _describe(spec: ActionSpec) -> ShownAction:
    needs = [name for name, needed in (("selector", spec.needs_selector), ("text", spec.needs_text)) if needed]
    return ShownAction(
        name=spec.name,
        description=spec.description,
        needs=needs,
        params=_shape(spec.params),
        result=sorted(spec.result or ()),
    )


@cache
def _shape(params: type[BaseModel]) -> dict[str, Any]:
    schema = params.model_json_schema()
    return {name: schema[name] for name in ("properties", "required", "$defs") if schema.get(name)}
