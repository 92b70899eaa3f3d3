"""The front door: a sentence in German or English becomes a job."""

from typing import Any

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field

from scheduler.api.dependencies import JobServiceDep, TenantDep
from scheduler.api.jobs import EXISTING, IdempotencyKey, told
from scheduler.api.models import EVERYWHERE, JobResponse, Problem, only_json
from scheduler.api.quick import QuickRoute
from scheduler.core.job import Locale
from scheduler.core.orders import JobOrder, PlanHash, StartLater
from scheduler.core.unique_jobs import Unique

quick_router = APIRouter(tags=["schedule"], route_class=QuickRoute, responses=EVERYWHERE)

EXAMPLE = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"
REFUSED: dict[int | str, dict[str, Any]] = {
    422: {"model": Problem, "description": "The sentence is empty, unknown, or lacks something; `field` names it."},
    413: {"model": Problem, "description": "The sentence is too long."},
}


class ScheduleRequest(StartLater):
    """A sentence to be carried out, or a plan that was shown, now or later; `context` is kept with the job.

    `locale` is found out from the sentence unless given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"text": EXAMPLE}]})

    text: str = Field(default="", description="Needed unless `plan` is given.")
    locale: Locale | None = None
    plan: PlanHash | None = Field(default=None, description="`plan_hash` of a plan that `POST /plan` has shown.")
    unique: Unique | None = Field(
        default=None, description="At most one job of this kind; not the same as an idempotency key."
    )
    context: dict[str, Any] = Field(default_factory=dict)

    _only_json = only_json


@quick_router.post("/schedule", status_code=status.HTTP_202_ACCEPTED, responses=EXISTING | REFUSED)
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
    With `plan` exactly the plan runs that was shown; sent again, it is the same job. With `unique` the answer is 200
    and the job that is there, with `existing`, if there is one of its kind.
    """
    if order.plan is not None:
        shown = JobOrder(description=order.text, **order.model_dump(exclude={"text"}))
        return told(await jobs.create(shown, tenant=tenant, key=idempotency_key), response)
    job = await jobs.schedule(
        order.text,
        tenant=tenant,
        locale=order.locale,
        context=order.context,
        start=order,
        key=idempotency_key,
        ask=order.context.get("ask", True) is not False,
        unique=order.unique,
    )
    asked = await jobs.questions(job)
    return told(job, response, () if asked is None else asked.questions)
