"""What a client may ask of jobs: plan, submit, look, cancel, retry. Each question is limited to the client's tenant."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scheduler.core.clock import Clock
from scheduler.core.errors import EmptyRequestError, InvalidFieldError, JobNotFoundError, RequestTooLargeError
from scheduler.core.events import JobEvent
from scheduler.core.ids import IdFactory, JobId, TenantId
from scheduler.core.job import Job, JobStatus, Locale, TaskRun
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.plan_check import check_plan
from scheduler.orchestrator.planner import PlannedRequest, Planner, given_slots
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import (
    EventRepository,
    IdempotentRequest,
    JobRepository,
    Page,
    TaskRepository,
)

MAX_TEXT = 10_000
"""Characters of a request in words."""

_NOTHING_ASKED = Sentence(
    "gebraucht wird ein intent mit description oder ein task_graph",
    "needed is an intent with a description, or a task_graph",
)


class JobOrder(BaseModel):
    """What a client asks for: an intent with the words of the request, or a ready plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str | None = Field(default=None, max_length=64)
    description: str = ""
    context: dict[str, Any] = Field(default_factory=dict)
    task_graph: TaskGraph | None = None
    locale: Locale | None = None
    priority: int = Field(default=0, ge=-100, le=100, strict=True)
    max_retries: int = Field(default=3, ge=0, le=100, strict=True)
    deadline_seconds: float | None = Field(default=None, gt=0, le=31_536_000, strict=True)


class JobService:
    """The use cases of the API and the command line."""

    def __init__(
        self,
        *,
        planner: Planner,
        jobs: JobRepository,
        tasks: TaskRepository,
        events: EventRepository,
        job_queue: JobQueue,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._planner = planner
        self._jobs = jobs
        self._tasks = tasks
        self._events = events
        self._queue = job_queue
        self._clock = clock
        self._new_id = new_id

    def plan(self, text: str, locale: Locale | None = None) -> PlannedRequest:
        """Say what a sentence would do, and do nothing. Raises InvalidRequestError."""
        return self._planner.plan(_checked(text, "text"), locale)

    async def schedule(
        self,
        text: str,
        *,
        tenant: TenantId,
        locale: Locale | None = None,
        context: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Job:
        """Accept a sentence as a job. With the client's idempotency key the same request is accepted once."""
        planned = self.plan(text, locale)
        order = JobOrder(intent=planned.intent, description=text, context=dict(context or {}), locale=locale)
        return await self._accept(order, planned, tenant, _request("schedule", key, order))

    async def create(self, order: JobOrder, *, tenant: TenantId, key: str | None = None) -> Job:
        """Accept an intent, or a ready plan, as a job. Raises InvalidRequestError and ActionForbiddenError."""
        if len(order.description) > MAX_TEXT:
            raise RequestTooLargeError("description", MAX_TEXT)
        if order.task_graph is not None:
            check_plan(order.task_graph, self._planner.catalog, self._planner.policy)
            planned = PlannedRequest(
                intent=order.intent or "custom", locale=order.locale or "de", slots={}, task_graph=order.task_graph
            )
        elif order.intent is not None:
            planned = self._planner.plan_intent(order.intent, order.description, order.context, order.locale)
        else:
            raise InvalidFieldError("intent", _NOTHING_ASKED)
        return await self._accept(order, planned, tenant, _request("jobs", key, order))

    async def _accept(
        self, order: JobOrder, planned: PlannedRequest, tenant: TenantId, request: IdempotentRequest | None
    ) -> Job:
        now = self._clock.now()
        job = Job(
            id=JobId(self._new_id()),
            tenant=tenant,
            intent=planned.intent,
            description=order.description,
            locale=planned.locale,
            context={**order.context, "slots": {**given_slots(order.context), **planned.slots}},
            task_graph=planned.task_graph,
            priority=order.priority,
            max_retries=order.max_retries,
            created_at=now,
            deadline=None if order.deadline_seconds is None else now + timedelta(seconds=order.deadline_seconds),
        )
        stored = await self._jobs.save(job, request)
        await self._queue.enqueue(stored)
        return stored

    async def get(self, job_id: JobId, tenant: TenantId) -> Job:
        """Return the job. Raises JobNotFoundError, also for a job of another tenant."""
        job = await self._jobs.get(job_id, tenant)
        if job is None:
            raise JobNotFoundError(job_id)
        return job

    async def detail(self, job_id: JobId, tenant: TenantId) -> tuple[Job, Sequence[TaskRun]]:
        """Return the job and how far each of its tasks has come. Raises JobNotFoundError."""
        return await self.get(job_id, tenant), await self._tasks.list(job_id)

    async def list(
        self, tenant: TenantId, *, limit: int = 50, offset: int = 0, status: JobStatus | None = None
    ) -> Page[Job]:
        """Return jobs, newest first."""
        return await self._jobs.list(limit, offset, status, tenant)

    async def timeline(self, job_id: JobId, tenant: TenantId, after: int = 0) -> Sequence[JobEvent]:
        """Return what happened to a job after the event numbered `after`, up to 1000 events."""
        return await self._events.list(job_id, after, tenant=tenant)

    async def cancel(self, job_id: JobId, tenant: TenantId) -> Job:
        """Ask for a job to stop. Raises JobNotFoundError, and InvalidTransitionError when it has ended."""
        return await self._queue.cancel(job_id, tenant)

    async def retry(self, job_id: JobId, tenant: TenantId) -> Job:
        """Open the next run; done tasks are kept. Raises JobNotFoundError, InvalidTransitionError and
        RetriesExhaustedError."""
        return await self._queue.retry(job_id, tenant)


def _checked(text: str, field: str) -> str:
    if not text.strip():
        raise EmptyRequestError(field)
    if len(text) > MAX_TEXT:
        raise RequestTooLargeError(field, MAX_TEXT)
    return text


def _request(route: str, key: str | None, order: JobOrder) -> IdempotentRequest | None:
    """Name a request by the client's key; the order of names in its JSON makes no other request of it."""
    if key is None:
        return None
    body = json.dumps(order.model_dump(mode="json"), sort_keys=True)
    return IdempotentRequest(key=key, route=route, body_digest=hashlib.sha256(body.encode()).hexdigest())
