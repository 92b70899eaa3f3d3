"""Jobs over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from scheduler.api.audit import Moment
from scheduler.api.dependencies import ArtifactsDep, JobServiceDep, SeenTenantDep, TenantDep
from scheduler.api.files import artifact_links
from scheduler.api.lam_handler import GatewayDep
from scheduler.api.models import (
    EVERYWHERE,
    JobDetailResponse,
    JobListResponse,
    JobResponse,
    Problem,
    TaskResponse,
    only_json,
)
from scheduler.api.queue import NOT_YOURS
from scheduler.api.quick import LONGEST_KEY, QuickRoute
from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import JobId
from scheduler.core.job import Job, JobFilter, JobStatus, MetJob
from scheduler.core.orders import JobOrder
from scheduler.core.questions import LONGEST_ANSWER, Question
from scheduler.core.sentences import Sentence
from scheduler.core.todo import step_of

__all__ = ["CreateJobRequest", "JobDetailResponse", "JobListResponse", "JobResponse", "router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])
quick_router = APIRouter(tags=["jobs"], route_class=QuickRoute, responses=EVERYWHERE)

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=LONGEST_KEY, description="The same request with the same key is accepted once."),
]
_REFUSED = {"model": Problem, "description": "The request cannot be carried out; `field` names what is wrong."}
_UNKNOWN = {"model": Problem, "description": "There is no such job."}
_WHOSE = Sentence("der Schlüssel des Betriebs gehört zu keinem Mandanten", "the operator's key belongs to no tenant")
_CONFLICT = {"model": Problem, "description": "The job's status does not allow it."}


EXISTING: dict[int | str, dict[str, Any]] = {
    200: {"model": JobResponse, "description": "The order is unique, and this job of its kind was there already."}
}


def told(job: Job, response: Response, questions: Sequence[Question] = ()) -> JobResponse:
    """Answer an order with its job: where it is, what it asks, and (200) that it is none of this order's own."""
    response.headers["Location"] = f"/jobs/{job.id}"
    if isinstance(job, MetJob):
        response.status_code = status.HTTP_200_OK
    return JobResponse.of(job, questions)


class CreateJobRequest(JobOrder):
    """An intent with the words of the request, or a ready task graph."""

    _only_json = only_json

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "intent": "fetch_and_send",
                    "description": "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com",
                },
                {
                    "task_graph": {
                        "tasks": [
                            {"id": "open", "action": "web.goto", "params": {"url": "http://127.0.0.1:8080/login"}},
                            {"id": "picture", "action": "web.screenshot", "depends_on": ["open"]},
                        ]
                    }
                },
            ]
        }
    )


@quick_router.post(
    "/jobs",
    status_code=status.HTTP_202_ACCEPTED,
    responses=EXISTING | {422: _REFUSED, 403: _REFUSED, 409: _CONFLICT},
)
async def create_job(
    order: CreateJobRequest,
    jobs: JobServiceDep,
    tenant: TenantDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobResponse:
    """Accept a job. When this answers 202 the job is stored and will reach an end.

    With `unique` the answer is 200 and the job that is there, with `existing`, if there is one of its kind.
    """
    return told(await jobs.create(order, tenant=tenant, key=idempotency_key), response)


@router.get("", responses=NOT_YOURS)
async def list_jobs(
    jobs: JobServiceDep,
    tenant: SeenTenantDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    status: Annotated[list[JobStatus], Query(description="Only with one of these; may be given several times.")] = [],  # noqa: B006 - FastAPI's way
    intent: Annotated[str | None, Query(max_length=64, description="Only with this intent.")] = None,
    since: Annotated[
        Moment, Query(description="Created at this moment or later; UTC unless it says otherwise.")
    ] = None,
    until: Annotated[Moment, Query(description="Created before this moment.")] = None,
    text: Annotated[
        str | None, Query(max_length=200, description="Only with all these words in the description, in any case.")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")] = None,
) -> JobListResponse:
    """List jobs, newest first. `next_cursor` leads to the next page at the same cost, however long the list is.

    The operator's key lists those of the `tenant` that is named.
    `total` is exact up to 10,000; beyond, `total_is_estimate` says so. With `text` it says so sooner: when there is
    more than one page looks through (50,000 jobs of all tenants; with another filter 500 with these words), and while
    words are not indexed yet. Then a page may also be shorter than `limit`, or empty, and still have a next one.
    """
    if tenant is None:
        raise InvalidFieldError("tenant", _WHOSE)
    wanted = JobFilter(statuses=frozenset(status), intent=intent, since=since, until=until, text=text)
    page = await jobs.find(wanted, tenant, limit=limit, offset=offset, cursor=cursor)
    return JobListResponse(
        jobs=[JobResponse.of(job) for job in page.items],
        total=page.total,
        total_is_estimate=page.total_is_estimate,
        page=offset // limit + 1,
        page_size=limit,
        next_cursor=page.next_cursor,
    )


@router.get("/{job_id}", responses={404: _UNKNOWN})
async def get_job(
    job_id: JobId, jobs: JobServiceDep, artifacts: ArtifactsDep, tenant: TenantDep, gateway: GatewayDep
) -> JobDetailResponse:
    """Show a job with its tasks."""
    job, tasks = await jobs.detail(job_id, tenant)
    told = {} if job.status.final else await gateway.progress(job_id, tenant)
    todos = job.task_graph.tasks
    asked = await jobs.questions(job)
    return JobDetailResponse(
        job=JobResponse.of(job, asked.questions if asked else ()),
        status=job.status,
        plan_hash=job.task_graph.freeze() if len(job.task_graph) else None,
        plan_version=job.plan_version,
        locale=job.locale,
        slots=job.context.get("slots", {}),
        typed=job.context.get("typed", []),
        tasks=[TaskResponse.of(todos[step_of(task.task_id)], task, told.get(task.task_id)) for task in tasks],
        artifacts=artifact_links(artifacts, job_id),
        context_id=said if isinstance(said := job.context.get("context_id"), str) else None,
        retry_count=job.retry_count,
        max_retries=job.max_retries,
    )


class AnswerRequest(BaseModel):
    """What a person answers: `answers` by the keys of the questions, or `text` to the only one."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"answers": {"slot.recipient": "a@example.com"}}]}
    )

    answers: dict[str, str] | None = None
    text: str | None = Field(default=None, min_length=1, max_length=LONGEST_ANSWER)


@router.post(
    "/{job_id}/answer",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobResponse,
    responses={404: _UNKNOWN, 409: _CONFLICT, 422: _REFUSED},
)
async def answer_job(job_id: JobId, given: AnswerRequest, jobs: JobServiceDep, tenant: TenantDep) -> JobResponse:
    """Answer what a job asks; it goes on, or asks for more. One that asks nothing is a conflict (409)."""
    job = await jobs.answer(job_id, tenant, answers=given.answers, text=given.text)
    asked = await jobs.questions(job)
    return JobResponse.of(job, asked.questions if asked else ())


@router.delete("/{job_id}", status_code=status.HTTP_202_ACCEPTED, responses={404: _UNKNOWN, 409: _CONFLICT})
async def cancel_job(job_id: JobId, jobs: JobServiceDep, tenant: TenantDep) -> JobResponse:
    """Ask for a job to stop. Cancelling a job that has ended is a conflict (409)."""
    return JobResponse.of(await jobs.cancel(job_id, tenant))


@router.post("/{job_id}/retry", status_code=status.HTTP_202_ACCEPTED, responses={404: _UNKNOWN, 409: _CONFLICT})
async def retry_job(job_id: JobId, jobs: JobServiceDep, tenant: TenantDep) -> JobResponse:
    """Open the next run of a job that failed or was cancelled; what is done is not done again."""
    return JobResponse.of(await jobs.retry(job_id, tenant))
