"""What a person is told of a plan before it runs: its steps, their risk, and what it will cost and take."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from pydantic import BaseModel, ConfigDict

from scheduler.core.actions import ActionCatalog, Risk
from scheduler.core.ids import TaskId, TenantId
from scheduler.core.job import Locale
from scheduler.core.kept_plans import KeptPlan
from scheduler.core.metering import Spent
from scheduler.core.plan_diff import PlanDiff
from scheduler.core.sentences import sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.lacking import Require, lacking
from scheduler.orchestrator.planned_request import PlannedRequest

_MOST_SAMPLES: Final = 50
_RISKS: Final = tuple(Risk)
_THINKS: Final = "desktop."
"""Actions of agents that may ask models of their own."""


class StepPreview(BaseModel):
    """A step as people read it. `seconds` is what such steps took lately, half of them less; None: nobody knows."""

    model_config = ConfigDict(frozen=True)

    id: TaskId
    action: str
    reason: str
    depends_on: tuple[TaskId, ...]
    risk: Risk
    seconds: float | None
    runs: int


class Estimate(BaseModel):
    """What a plan has cost so far and is expected to cost and take.

    `calls_expected` counts calls of models while it runs, `seconds` goes along the longest way through the plan; `runs`
    are the earlier steps that this is known by, of the action known least. None: not known.
    """

    model_config = ConfigDict(frozen=True)

    spent: Spent
    currency: str
    calls_expected: int | None
    seconds: float | None
    runs: int


class Lack(BaseModel):
    """What keeps steps of a plan from being done here, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    steps: tuple[TaskId, ...]
    code: str
    text: str


class Preview(BaseModel):
    """A plan that is shown: what was understood, its steps, and until when it may be submitted by its hash.

    `lacking`: what is not set up or installed here and cannot be had from an agent either.
    """

    model_config = ConfigDict(frozen=True)

    planned: PlannedRequest
    kept: KeptPlan
    steps: tuple[StepPreview, ...]
    risk: Risk
    estimate: Estimate
    lacking: tuple[Lack, ...] = ()
    changes: PlanDiff | None = None


def steps_of(
    graph: TaskGraph, catalog: ActionCatalog, evidence: Mapping[str, Sequence[float]]
) -> tuple[StepPreview, ...]:
    """Return the steps in the order they can be done in."""
    return tuple(
        StepPreview(
            id=todo.id or TaskId(""),
            action=todo.action,
            reason=todo.reason,
            depends_on=todo.dependencies,
            risk=catalog.get(todo.action).risk,
            seconds=round(median(samples), 3) if samples else None,
            runs=len(samples),
        )
        for todo in graph.topological_sort()
        for samples in [evidence.get(todo.action, ())[:_MOST_SAMPLES]]
    )


def lacks_of(graph: TaskGraph, tenant: TenantId, locale: Locale, require: Require) -> tuple[Lack, ...]:
    """Return what is lacking for a plan, each with all the steps that need it."""
    steps: dict[tuple[str, str], list[TaskId]] = {}
    for task_id, error in lacking(require, graph.topological_sort(), tenant):
        steps.setdefault((error.code, sentence(error.code, locale, error.facts)), []).append(task_id)
    return tuple(Lack(steps=tuple(ids), code=code, text=text) for (code, text), ids in steps.items())


def risk_of(steps: Sequence[StepPreview]) -> Risk:
    """Return the risk of the whole: that of its riskiest step."""
    return max((step.risk for step in steps), key=_RISKS.index)


def estimate(steps: Sequence[StepPreview], spent: Spent, currency: str) -> Estimate:
    """Reckon what a plan costs and takes, from steps in an order they can be done in."""
    return Estimate(
        spent=spent,
        currency=currency,
        calls_expected=None if any(step.action.startswith(_THINKS) for step in steps) else 0,
        seconds=_longest_way(steps),
        runs=min(step.runs for step in steps),
    )


def _longest_way(steps: Sequence[StepPreview]) -> float | None:
    ends: dict[TaskId, float] = {}
    for step in steps:
        if step.seconds is None:
            return None
        ends[step.id] = step.seconds + max((ends[one] for one in step.depends_on), default=0.0)
    return round(max(ends.values()), 3)
