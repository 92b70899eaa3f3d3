"""What the API answers with, beside the models of the core."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scheduler.core.actions import Risk
from scheduler.core.assembling import assembled, values_of
from scheduler.core.events import JobEvent
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import Job, JobStatus, JobSummary, Locale, MetJob, TaskRun, TaskStatus
from scheduler.core.lam_json import json_value
from scheduler.core.plan_diff import PlanDiff
from scheduler.core.questions import Question
from scheduler.core.task_executor_interface import last_picture
from scheduler.core.task_graph import TaskGraph, ToDo
from scheduler.orchestrator.plan_preview import Lack, Preview, StepPreview
from scheduler.orchestrator.slot_values import Slot


@model_validator(mode="before")
def only_json(document: Any) -> Any:  # noqa: ANN401 - whatever the body held
    """Refuse a body with what Python reads as JSON and no other reader does: NaN, half a letter, endless depth.

    Of a request model it is the field `_only_json`.
    """
    return json_value(document) if isinstance(document, dict) else document


class JobResponse(BaseModel):
    """A job in short."""

    model_config = ConfigDict(frozen=True)

    job_id: JobId
    status: JobStatus
    created_at: datetime
    intent: str
    description: str
    run: int
    not_before: datetime | None = None
    completed_at: datetime | None = None
    error: str | None = None
    error_code: str | None = None
    way: str | None = Field(
        default=None, description="Who understood the words: rules, learned, llm; null of a plan a client sent."
    )
    why: str | None = None
    confidence: float | None = None
    by: str | None = Field(default=None, description="Who made the plan: template, llm.")
    questions: tuple[Question, ...] = Field(
        default=(), description="What a waiting job asks, as `POST /schedule` and `GET /jobs/{job_id}` tell it."
    )

    existing: bool = Field(
        default=False, description="Told of a unique order: this job was there already, it made no other."
    )

    @classmethod
    def of(cls, job: Job | JobSummary, questions: Sequence[Question] = ()) -> Self:
        """Show a job in short."""
        of_job = values_of(job)
        understood = of_job["context"].get("understood", {}) if isinstance(job, Job) else {}
        shown = {"job_id": of_job["id"], **{name: of_job[name] for name in _OF_A_JOB}}
        shown |= {name: understood.get(name) for name in _UNDERSTOOD}
        shown |= {"questions": tuple(questions), "existing": isinstance(job, MetJob)}
        return assembled(cls, shown)


_UNDERSTOOD: Final = ("way", "why", "confidence", "by")
_OF_A_JOB: Final = tuple(
    name for name in JobResponse.model_fields if name not in {"job_id", "questions", "existing", *_UNDERSTOOD}
)


class JobListResponse(BaseModel):
    """A page of jobs, newest first; `page` counts from 1, as far as pages are asked for by `offset`."""

    model_config = ConfigDict(frozen=True)

    jobs: list[JobResponse]
    total: int
    total_is_estimate: bool
    page: int
    page_size: int
    next_cursor: str | None


class TaskResponse(BaseModel):
    """A task: what is to be done, how far it has come, what it gave. `evidence` says where its pictures, pages and
    traces lie on disk, `picture` where the last picture is served."""

    model_config = ConfigDict(frozen=True)

    task_id: TaskId
    action: str
    reason: str
    depends_on: tuple[str, ...]
    status: TaskStatus
    attempts: int
    progress: float | None = Field(default=None, description="How far its agent is, from 0 to 1, while it is busy.")
    verified: bool | None
    result: dict[str, Any] | None
    error_code: str | None
    evidence: tuple[str, ...]
    picture: str | None
    started_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def of(cls, todo: ToDo, run: TaskRun, progress: float | None = None) -> Self:
        """Show a step of the plan and its run together."""
        return cls(
            progress=progress if run.status is TaskStatus.RUNNING else None,
            task_id=run.task_id,
            action=todo.action,
            reason=todo.reason,
            depends_on=todo.dependencies,
            error_code=run.failure.code if run.failure else None,
            picture=f"/jobs/{run.job_id}/screenshots/{run.task_id}" if last_picture(run.evidence) else None,
            **run.model_dump(
                include={
                    "status",
                    "attempts",
                    "verified",
                    "result",
                    "evidence",
                    "started_at",
                    "completed_at",
                }
            ),
        )


class JobDetailResponse(BaseModel):
    """A job, its status, its tasks, and what it has produced."""

    model_config = ConfigDict(frozen=True)

    job: JobResponse
    status: JobStatus
    plan_hash: str | None = Field(description="SHA-256 of the plan, in hex; null while it waits for an answer.")
    plan_version: int
    locale: Locale
    slots: dict[str, str] = Field(default_factory=dict)
    typed: list[Slot] = Field(default_factory=list, description="The slots with their values.")
    tasks: list[TaskResponse]
    artifacts: list[str]
    context_id: str | None = Field(default=None, description="`context_id` of the `context` it was ordered with.")
    retry_count: int
    max_retries: int


class SpentResponse(BaseModel):
    """What asking models has cost: tries, failed ones too, tokens, and money; null: a price is not known."""

    calls: int
    tokens: int
    money: float | None


class EstimateResponse(BaseModel):
    """What a plan has cost and is expected to cost and take; null: not known.

    `calls_expected`: calls of models while it runs. `seconds`: along the longest way through the plan, from `runs`
    earlier steps of the action known least.
    """

    spent: SpentResponse
    currency: str
    calls_expected: int | None
    seconds: float | None
    runs: int


class PlanResponse(BaseModel):
    """What a sentence was understood as, and the plan that would run."""

    model_config = ConfigDict(frozen=True)

    intent: str
    locale: Locale
    slots: dict[str, str]
    typed: list[Slot] = Field(description="The slots with their values and the places of their words.")
    task_graph: TaskGraph
    batches: list[list[str]]
    way: str = Field(description="Who understood it: rules, examples (learned), or a language model (llm).")
    why: str
    confidence: float
    by: str = Field(description="Who made the plan: a template, a language model (llm), or a person (client).")
    orders: list[dict[str, Any]] = Field(description="The orders, where the sentence holds several.")
    overlooked: list[str] = Field(description="Statements of the sentence that nothing is done about.")
    unseen: list[str] = Field(
        description="Steps of a model's plan that a person must look at: only its hash or its graph can be submitted."
    )
    steps: tuple[StepPreview, ...] = Field(description="In an order they can be done in.")
    risk: Risk = Field(description="That of the riskiest step.")
    estimate: EstimateResponse
    lacking: tuple[Lack, ...] = Field(
        description="What steps need that is not set up here and no agent brings: a job of it ends before its first "
        "step, saying so. Steps with a condition or a list fail when their turn comes."
    )
    plan_hash: str = Field(description="SHA-256 of the plan, in hex.")
    version: int
    before: str | None = Field(description="`plan_hash` of the version before.")
    newer: str | None = Field(description="`plan_hash` of the version that has taken its place.")
    changes: PlanDiff | None = Field(description="What is other than in the version before.")
    text: str
    expires_at: datetime = Field(description="Until then the plan may be submitted by its hash.")

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """Show a plan."""
        planned, kept, reckoned = preview.planned, preview.kept, preview.estimate
        batches = [[todo.id or "" for todo in batch] for batch in planned.task_graph.get_parallel_batches()]
        spent = SpentResponse.model_validate(reckoned.spent._asdict())
        return cls(
            batches=batches,
            typed=list(planned.typed),
            task_graph=planned.task_graph,
            overlooked=list(planned.overlooked),
            unseen=list(planned.unseen),
            orders=[one.model_dump(mode="json") for one in planned.orders],
            steps=preview.steps,
            risk=preview.risk,
            estimate=EstimateResponse(spent=spent, **reckoned.model_dump(exclude={"spent"})),
            lacking=preview.lacking,
            changes=preview.changes,
            plan_hash=kept.hash,
            **planned.model_dump(include={"intent", "locale", "slots", "way", "why", "confidence", "by"}),
            **kept.model_dump(include={"version", "before", "newer", "text", "expires_at"}),
        )


class TimelineResponse(BaseModel):
    """What has happened to a job so far."""

    model_config = ConfigDict(frozen=True)

    events: list[JobEvent]


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable, `detail` is for people, `field` names what is wrong."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    correlation_id: str = ""
    field: str | None = None


EVERYWHERE: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Problem, "description": "Keys are set up, and no valid one came with the request."},
    422: {"model": Problem, "description": "Something of the request is not valid; `field` names it."},
}
"""What every route but `/health` may answer, as OpenAPI tells it."""
