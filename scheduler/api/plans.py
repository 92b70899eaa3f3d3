"""Plans before they are jobs: shown with reasons, risk and estimate, changed, compared."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from scheduler.api.dependencies import PlansDep, TenantDep
from scheduler.api.models import PlanResponse, Problem, only_json
from scheduler.api.schedule import EXAMPLE, REFUSED
from scheduler.core.job import Locale
from scheduler.core.orders import PlanHash
from scheduler.core.plan_diff import PlanDiff
from scheduler.core.task_graph import TaskGraph

router = APIRouter(tags=["plans"])

_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such plan."}}
_CHANGED: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "The plan has expired, or has been changed: `newer` is its next version."}
}
HashInPath = Annotated[PlanHash, Path(description="`plan_hash` of a plan that was shown.")]


class PlanRequest(BaseModel):
    """A sentence, or a change of a plan that was shown. `locale` is found out from the sentence unless given.

    With `before` the answer is the next version of that plan: planned anew from the sentence, which may be left out
    then, or as `task_graph` says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"text": EXAMPLE}]})

    text: str = Field(default="", description="Needed unless `before` is given.")
    locale: Locale | None = None
    before: PlanHash | None = Field(default=None, description="`plan_hash` of the version before.")
    task_graph: TaskGraph | None = Field(default=None, description="The plan as a person has changed it.")

    _only_json = only_json


@router.post("/plan", responses=REFUSED | _UNKNOWN | _CHANGED)
async def plan(order: PlanRequest, plans: PlansDep, tenant: TenantDep) -> PlanResponse:
    """Show what a sentence would do: steps with reasons and risk, an estimate of cost and time. Nothing runs.

    The plan is kept until `expires_at`: until then `POST /schedule` and `POST /jobs` take its `plan_hash` as `plan`.
    """
    preview = await plans.show(order.text, order.locale, tenant, before=order.before, task_graph=order.task_graph)
    return PlanResponse.of(preview)


@router.get("/plans/{plan_hash}", responses=_UNKNOWN)
async def get_plan(plan_hash: HashInPath, plans: PlansDep, tenant: TenantDep) -> PlanResponse:
    """Show a plan again; `newer` tells whether it has been changed since."""
    return PlanResponse.of(await plans.get(plan_hash, tenant))


@router.get("/plans/{plan_hash}/diff", responses=_UNKNOWN)
async def diff(
    plan_hash: HashInPath,
    to: Annotated[PlanHash, Query(description="`plan_hash` of the plan it is compared with.")],
    plans: PlansDep,
    tenant: TenantDep,
) -> PlanDiff:
    """Say what is other in the plan `to`: steps that came, steps that went, fields that changed."""
    return await plans.diff(plan_hash, to, tenant)
