"""Lets a language model plan what no template covers, and believes it only as far as the checks go."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import structlog
from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog, ActionSpec, Risk
from scheduler.core.errors import (
    InvalidRequestError,
    LLMInvalidOutputError,
    PlanUnusableError,
    PolicyViolationError,
)
from scheduler.core.ids import TaskId
from scheduler.core.intents import Intent
from scheduler.core.spending import Spender
from scheduler.core.task_graph import TaskGraph, ToDo
from scheduler.llm.grounding import invented, literals
from scheduler.llm.llm_provider import CallOptions, LLMProvider
from scheduler.llm.prompts import Prompt, render
from scheduler.llm.reasoned_graph import ReasonedGraph
from scheduler.llm.stopped_plan import StoppedPlan

MOST_STEPS: Final = 40
MOST_SECONDS: Final = 600.0
"""How long a step of a model's plan may take."""
_REPAIRS = 2
_NOT_FOR_MODELS: Final = ("repeatable", "retry", "failure_code")
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


class Stopped(BaseModel):
    """A plan that stopped on its way, what of it is done, and what is known of why, as the model is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: str
    done: Sequence[str]
    error: str
    advice: str


class PlanningContext(BaseModel):
    """What the prompt is filled from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    request: str
    known: Mapping[str, str]
    foreign: Mapping[str, str]
    actions: Sequence[ShownAction]
    agents: Sequence[str]
    most_steps: int
    stopped: Stopped | None = None
    last_plan: str = ""
    problems: Sequence[str] = ()


class LLMTaskPlanner:
    """Plans by a language model, and has its plan repaired at most twice with the words of the checks.

    `check` is what any plan must pass (soundness, actions, policy). Beyond that, whatever a plan aims at must have been
    said: in the request, in what the house knows, or by an earlier step, never by the text of a mail, page, file or
    screen. `agents` says who can act, for the model to read.
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

    async def plan(self, intent: Intent, context: Mapping[str, Any], spender: Spender | None = None) -> ReasonedGraph:
        """Return a plan that passed every check, and why it is like that.

        Of the context "request" holds the words of the request, "trusted" by name what the house knows (settings,
        addresses), "secrets" the names of secrets that may be used. Every other text in it is foreign: it may fill
        texts, but a plan may aim at nothing that only it says. Raises PlanUnusableError when it cannot be repaired, and
        whatever the provider raises.
        """
        given = _Given.of(context)
        plan = await self._until_sound(
            lambda last, problems: self._prompt(intent, given, last, problems),
            lambda plan: self._problems(plan, given.sources, given.secrets),
            spender,
        )
        return _graph(plan.tasks, plan.reasoning)

    async def repair(
        self,
        intent: Intent,
        context: Mapping[str, Any],
        stopped: StoppedPlan,
        *,
        advice: str,
        spender: Spender | None = None,
    ) -> ReasonedGraph:
        """Return the whole plan with another rest that passed every check, and why it is like that.

        What is done stays word for word; so does every step left that carries risk. What the plan says counts as said;
        what the error and the advice say does not. Raises as `plan` does.
        """
        given, before = _Given.of(context), stopped.graph.tasks
        sources = [*given.sources, *(value for todo in before.values() for value in literals(todo))]
        shown = Stopped(
            plan=stopped.graph.canonical()[:_LONGEST_PLAN],
            done=sorted(stopped.done),
            error=stopped.error[:_LONGEST],
            advice=advice[:_LONGEST],
        )

        def problems(plan: TaskPlan) -> list[str]:
            again = [todo.id for todo in plan.tasks if todo.id in stopped.done]
            if again:
                return [f"{again[0]} is done; leave it out"]
            whole = TaskPlan(tasks=[*stopped.kept, *plan.tasks], reasoning=plan.reasoning)
            left = [todo for todo in plan.tasks if todo != before.get(todo.id or TaskId(""))]
            found = self._problems(whole, sources, given.secrets, TaskPlan(tasks=left, reasoning=""))
            return found or [*self._risks_changed(plan, stopped)]

        plan = await self._until_sound(
            lambda last, found: self._prompt(intent, given, last, found, shown), problems, spender
        )
        return _graph([*stopped.kept, *plan.tasks], plan.reasoning)

    def _risks_changed(self, plan: TaskPlan, stopped: StoppedPlan) -> Iterator[str]:
        """Tell what carries risk and is other than it was, or gone: that is for a person to say."""
        now, before = {todo.id: todo for todo in plan.tasks}, stopped.graph.tasks
        for todo in plan.tasks:
            if self._catalog.get(todo.action).risk is not Risk.LOW and not _same(
                todo, before.get(todo.id or TaskId(""))
            ):
                yield f"{todo.id or todo.action}: {todo.action} carries risk: keep it word for word"
        for task_id, todo in before.items():
            if (
                task_id not in stopped.done
                and task_id not in now
                and self._catalog.get(todo.action).risk is not Risk.LOW
            ):
                yield f"{task_id}: {todo.action} carries risk and must stay in the plan word for word"

    async def _until_sound(
        self,
        prompt: Callable[[str, Sequence[str]], Prompt],
        problems_of: Callable[[TaskPlan], list[str]],
        spender: Spender | None,
    ) -> TaskPlan:
        """Ask, and send back at most twice what is not sound. Raises PlanUnusableError."""
        last_plan, problems = "", list[str]()
        for _ in range(1 + _REPAIRS):
            try:
                plan = await self._ask(prompt(last_plan, problems), spender)
            except LLMInvalidOutputError as error:
                last_plan, problems = error.output[:_LONGEST_PLAN], [str(error)]
            else:
                problems = problems_of(plan)
                if not problems:
                    return plan
                last_plan = plan.model_dump_json(exclude_defaults=True)[:_LONGEST_PLAN]
            log.warning("llm_plan_refused", problems=problems)
        raise PlanUnusableError(problems[0])

    def _prompt(
        self,
        intent: Intent,
        given: "_Given",
        last_plan: str,
        problems: Sequence[str],
        stopped: Stopped | None = None,
    ) -> Prompt:
        known = given.trusted | _shown(given.secrets)
        return render(
            "task_planning",
            PlanningContext(
                intent=intent.name,
                request=given.request[:_LONGEST],
                known=_cut(known),
                foreign=_cut(given.foreign),
                actions=[
                    _describe(spec) for spec in self._catalog if spec.name[-1] != "*" and self._allowed(spec.name)
                ],
                agents=self._agents(),
                most_steps=MOST_STEPS,
                stopped=stopped,
                last_plan=last_plan,
                problems=problems,
            ),
        )

    async def _ask(self, prompt: Prompt, spender: Spender | None) -> TaskPlan:
        options = CallOptions(system=prompt.system, prompt_id=prompt.id, purpose="plan", max_tokens=_MOST_TOKENS)
        if spender is not None:
            options["spender"] = spender
        return await self._provider.generate_structured(prompt.user, TaskPlan, **options)

    def _problems(
        self, plan: TaskPlan, sources: Sequence[str], secrets: Sequence[str], new: TaskPlan | None = None
    ) -> list[str]:
        """Return what is wrong with the plan, in the words of the checks; `new` is what of it the model made."""
        new = new or plan
        if not plan.tasks:
            return [f"there are no tasks: {plan.reasoning[:300]}"]
        if len(plan.tasks) > MOST_STEPS:
            return [f"{len(plan.tasks)} steps are too many; at most {MOST_STEPS}"]
        try:
            self._check(_graph(plan.tasks))
        except (InvalidRequestError, PolicyViolationError) as error:
            return [str(error)]
        return [*_overreach(new), *(str(one) for one in invented(new.tasks, sources, secrets))]


def _overreach(plan: TaskPlan) -> list[str]:
    """Return what steps say that is not for a model to say: how often a step may be done, or how long it may take."""
    said = [(todo, name) for todo in plan.tasks for name in _NOT_FOR_MODELS if name in todo.model_fields_set]
    late = [todo for todo in plan.tasks if todo.timeout > MOST_SECONDS]
    return [
        *(f"{todo.id or todo.action}.{name}: leave this out" for todo, name in said),
        *(f"{todo.id or todo.action}.timeout: at most {MOST_SECONDS:g} seconds" for todo in late),
    ]


class _Given(NamedTuple):
    """What a plan is made from."""

    request: str
    trusted: dict[str, str]
    foreign: dict[str, str]
    secrets: list[str]

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> "_Given":
        return cls(
            str(context.get("request", "")),
            _texts(context.get("trusted", {})),
            _texts({name: value for name, value in context.items() if name not in {"request", "trusted", "secrets"}}),
            [str(name) for name in context.get("secrets", ())],
        )

    @property
    def sources(self) -> list[str]:
        return [self.request, *self.trusted.values()]


def _texts(known: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in known.items()}


def _cut(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:_LONGEST] for name, value in texts.items() if value}


def _same(todo: ToDo, before: ToDo | None) -> bool:
    """Whether the step does what it did before; why, and what it waits for, may be other."""
    free = {"depends_on", "reason"}
    return before is not None and todo.model_dump(exclude=free) == before.model_dump(exclude=free)


def _graph(tasks: Sequence[ToDo], why: str = "") -> ReasonedGraph:
    graph = ReasonedGraph(why=why)
    for todo in tasks:
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
