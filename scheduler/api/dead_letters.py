"""Dead letters over HTTP: jobs that failed for good. Whoever has the tenant's key is an operator."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request, status
from pydantic import BaseModel, ConfigDict, Field, model_validator

from scheduler.api.audit import Moment
from scheduler.api.dependencies import ArtifactsDep, DeadLettersDep, TenantDep
from scheduler.api.errors import problem_of
from scheduler.api.files import artifact_links
from scheduler.api.models import JobResponse, Problem, TaskResponse, only_json
from scheduler.core.audit_entry import AuditEntry
from scheduler.core.corrections import Correction
from scheduler.core.dead_letter import DeadLetter, LetterFilter
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import TaskRun
from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import step_of
from scheduler.orchestrator.dead_letter_service import MOST_AT_ONCE, Handled, Story

router = APIRouter(tags=["dead letters"])

_ONE_CHOICE = Sentence("gebraucht werden entweder job_ids oder where", "needed are either job_ids or where")
_UNKNOWN = {"model": Problem, "description": "There is no such job, or it is no dead letter."}
_CONFLICT = {"model": Problem, "description": "The plan was changed meanwhile, or cannot be read."}
_REFUSED = {"model": Problem, "description": "The corrected plan cannot be carried out; `field` names what is wrong."}
_Reason = Annotated[str, Field(max_length=1000, description="Why; it is kept in the audit log.")]


class LetterListResponse(BaseModel):
    """A page of dead letters, those that failed last first; `next_cursor` leads to the next page."""

    model_config = ConfigDict(frozen=True)

    letters: list[DeadLetter]
    total: int
    total_is_estimate: bool
    next_cursor: str | None


class TaskStoryResponse(TaskResponse):
    """A task with its plan as it stands and why it failed, if it did."""

    plan: dict[str, Any]
    failure: dict[str, Any] | None
    effect_key: str | None

    @classmethod
    def with_failure(cls, plan: TaskGraph, run: TaskRun) -> Self:
        """Show a step of the plan, its run and its failure together."""
        todo = plan.tasks[step_of(run.task_id)]
        return cls(
            **TaskResponse.of(todo, run).model_dump(),
            plan=todo.model_dump(mode="json", exclude_defaults=True),
            failure=run.failure.model_dump(mode="json") if run.failure else None,
            effect_key=run.effect_key,
        )


class StoryResponse(BaseModel):
    """Everything about a dead letter. `stopped_at` are the tasks that failed, or else were left unfinished; the events
    are those of every run, the audit entries those of the job. `complete` is false when either was cut short."""

    model_config = ConfigDict(frozen=True)

    letter: DeadLetter
    job: JobResponse
    plan_version: int
    retry_count: int
    max_retries: int
    crashes: int
    context: dict[str, Any]
    stopped_at: list[TaskId]
    tasks: list[TaskStoryResponse]
    artifacts: list[str]
    events: list[JobEvent]
    audit: list[AuditEntry]
    complete: bool

    @classmethod
    def of(cls, story: Story, artifacts: list[str]) -> Self:
        """Show a story and the files the job has produced."""
        job = story.job
        return cls(
            letter=story.letter,
            job=JobResponse.of(job),
            plan_version=job.plan_version,
            retry_count=job.retry_count,
            max_retries=job.max_retries,
            crashes=job.crashes,
            context=job.context,
            stopped_at=list(story.stopped_at),
            tasks=[TaskStoryResponse.with_failure(job.task_graph, task) for task in story.tasks],
            artifacts=artifacts,
            events=list(story.events),
            audit=list(story.audit),
            complete=story.complete,
        )


class CorrectionRequest(Correction):
    """New values for tasks that are not done, and for the context. `version` is the plan that was looked at: if it is
    another one meanwhile, nothing is changed (409)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"tasks": {"send": {"params": {"to": ["anna@example.com"]}}}, "version": 1, "reason": "typo"}]
        }
    )

    reason: _Reason = ""

    _only_json = only_json


class CorrectionResponse(BaseModel):
    """The job and the version its plan has now."""

    model_config = ConfigDict(frozen=True)

    job: JobResponse
    plan_version: int


class LettersRequest(BaseModel):
    """Several letters: either these jobs, or up to `limit` that fit `where`; an empty `where` fits all."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"where": {"code": "site_unreachable"}}]}
    )

    job_ids: Annotated[list[JobId], Field(max_length=MOST_AT_ONCE)] | None = None
    where: LetterFilter | None = None
    limit: int = Field(default=MOST_AT_ONCE, ge=1, le=MOST_AT_ONCE)
    reason: _Reason = ""

    _only_json = only_json

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if (self.job_ids is None) == (self.where is None):
            raise unfit(_ONE_CHOICE)
        return self

    @property
    def chosen(self) -> Sequence[JobId] | LetterFilter:
        """What was asked for."""
        return self.job_ids or [] if self.where is None else self.where


class RefusedLetter(BaseModel):
    """A job that could not be handled, and why."""

    model_config = ConfigDict(frozen=True)

    job_id: JobId
    problem: Problem


class LettersResponse(BaseModel):
    """What became of several letters. `more`: further ones fit; ask again."""

    model_config = ConfigDict(frozen=True)

    job_ids: list[JobId]
    refused: list[RefusedLetter]
    more: bool


@router.get("/dead-letters")
async def list_dead_letters(
    letters: DeadLettersDep,
    tenant: TenantDep,
    code: Annotated[str | None, Query(description="Only those that failed with this code.")] = None,
    intent: Annotated[str | None, Query(description="Only those with this intent.")] = None,
    since: Annotated[Moment, Query(description="Failed at this moment or later; UTC unless it says otherwise.")] = None,
    until: Annotated[Moment, Query(description="Failed before this moment.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")] = None,
) -> LetterListResponse:
    """List jobs that failed for good and wait for a person, those that failed last first."""
    wanted = LetterFilter(code=code, intent=intent, since=since, until=until)
    page = await letters.list(wanted, tenant, limit, cursor)
    return LetterListResponse(
        letters=list(page.items),
        total=page.total,
        total_is_estimate=page.total_is_estimate,
        next_cursor=page.next_cursor,
    )


@router.get("/dead-letters/{job_id}", responses={404: _UNKNOWN, 409: _CONFLICT})
async def show_dead_letter(
    job_id: JobId, letters: DeadLettersDep, artifacts: ArtifactsDep, tenant: TenantDep
) -> StoryResponse:
    """Show the whole story of a dead letter: plan, tasks with failures and pictures, every run's events, audit log."""
    story = await letters.story(job_id, tenant)
    return StoryResponse.of(story, artifact_links(artifacts, job_id))


@router.patch("/dead-letters/{job_id}", responses={404: _UNKNOWN, 409: _CONFLICT, 422: _REFUSED, 403: _REFUSED})
async def correct_dead_letter(
    job_id: JobId, correction: CorrectionRequest, letters: DeadLettersDep, tenant: TenantDep
) -> CorrectionResponse:
    """Correct tasks that are not done, or the context, before the job is requeued. What is done stays as it is."""
    job = await letters.correct(job_id, correction, tenant, correction.reason)
    return CorrectionResponse(job=JobResponse.of(job), plan_version=job.plan_version)


@router.post(
    "/dead-letters/{job_id}/requeue",
    status_code=status.HTTP_202_ACCEPTED,
    responses={404: _UNKNOWN, 409: _CONFLICT},
)
async def requeue_dead_letter(
    job_id: JobId,
    letters: DeadLettersDep,
    tenant: TenantDep,
    reason: Annotated[str, Query(max_length=1000, description="Why; it is kept in the audit log.")] = "",
) -> JobResponse:
    """Open a new run that keeps what is done. `max_retries` does not bound it; asked twice, the second is 404."""
    return JobResponse.of(await letters.requeue(job_id, tenant, reason))


@router.delete("/dead-letters/{job_id}", responses={404: _UNKNOWN})
async def discard_dead_letter(
    job_id: JobId,
    letters: DeadLettersDep,
    tenant: TenantDep,
    reason: Annotated[str, Query(max_length=1000, description="Why; it is kept in the audit log.")] = "",
) -> DeadLetter:
    """Remove a dead letter; the job stays failed."""
    return await letters.discard(job_id, tenant, reason)


@router.post("/dead-letters:requeue", status_code=status.HTTP_202_ACCEPTED)
async def requeue_dead_letters(
    request: Request, order: LettersRequest, letters: DeadLettersDep, tenant: TenantDep
) -> LettersResponse:
    """Open a new run of several dead letters: those named, or those that fit. Each is handled by itself."""
    return _response(request, await letters.requeue_many(order.chosen, tenant, order.reason, order.limit))


@router.post("/dead-letters:discard", status_code=status.HTTP_200_OK)
async def discard_dead_letters(
    request: Request, order: LettersRequest, letters: DeadLettersDep, tenant: TenantDep
) -> LettersResponse:
    """Remove several dead letters: those named, or those that fit. Their jobs stay failed."""
    return _response(request, await letters.discard_many(order.chosen, tenant, order.reason, order.limit))


def _response(request: Request, handled: Handled) -> LettersResponse:
    return LettersResponse(
        job_ids=list(handled.job_ids),
        refused=[
            RefusedLetter(job_id=job_id, problem=Problem.model_validate(problem_of(request, error)))
            for job_id, error in handled.refused
        ],
        more=handled.more,
    )
