"""The front door: a sentence in German or English becomes a plan, or a job."""

from typing import Any

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field

from scheduler.api.dependencies import JobServiceDep, TenantDep
from scheduler.api.jobs import IdempotencyKey
from scheduler.api.models import EVERYWHERE, JobResponse, PlanResponse, Problem, only_json
from scheduler.api.quick import QuickRoute
from scheduler.core.job import Locale
from scheduler.core.orders import StartLater

router = APIRouter(tags=["schedule"])
quick_router = APIRouter(tags=["schedule"], route_class=QuickRoute, responses=EVERYWHERE)

_EXAMPLE = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
_REFUSED: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "The sentence is empty, unknown, or lacks something; `field` names it."},
    413: {"model": Problem, "description": "The sentence is too long."},
}


class PlanRequest(BaseModel):
    """A sentence. `locale` is found out from it unless given."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"text": _EXAMPLE}]})

    text: str
    locale: Locale | None = None

    _only_json = only_json


class ScheduleRequest(PlanRequest, StartLater):
    """A sentence to be carried out, now or later; `context` is kept with the job."""

    context: dict[str, Any] = Field(default_factory=dict)


@quick_router.post("/schedule", status_code=status.HTTP_202_ACCEPTED, responses=_REFUSED)
async def schedule(
    order: ScheduleRequest,
    jobs: JobServiceDep,
    tenant: TenantDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobResponse:
    """Accept a sentence as a job. When this answers 202 the job is stored and will reach an end.

    What an answer would help is asked for: the job is `waiting`, its `questions` are in the answer, and
    `POST /jobs/{job_id}/answer` lets it go on. With `"ask": false` in `context` such a sentence is refused (422).
    """
    job = await jobs.schedule(
        order.text,
        tenant=tenant,
        locale=order.locale,
        context=order.context,
        start=order,
        key=idempotency_key,
        ask=order.context.get("ask", True) is not False,
    )
    response.headers["Location"] = f"/jobs/{job.id}"
    asked = await jobs.questions(job)
    return JobResponse.of(job) if asked is None else JobResponse.of(job, asked.questions)


@router.post("/plan", responses=_REFUSED)
async def plan(order: PlanRequest, jobs: JobServiceDep, tenant: TenantDep) -> PlanResponse:
    """Show what a sentence would do; nothing is stored and nothing runs."""
    planned = await jobs.plan(order.text, order.locale, tenant=tenant)
    batches = [[todo.id or "" for todo in batch] for batch in planned.task_graph.get_parallel_batches()]
    return PlanResponse(
        intent=planned.intent,
        locale=planned.locale,
        slots=planned.slots,
        typed=list(planned.typed),
        task_graph=planned.task_graph,
        batches=batches,
        plan_hash=planned.task_graph.freeze(),
        overlooked=list(planned.overlooked),
        unseen=list(planned.unseen),
        orders=[one.model_dump(mode="json") for one in planned.orders],
        **planned.model_dump(include={"way", "why", "confidence", "by"}),
    )
