"""What a client may ask of jobs: plan, submit, look, cancel, retry. Each question is limited to the client's tenant."""

import hashlib
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.core.assembling import values_of
from scheduler.core.canonical_json import json_in_order
from scheduler.core.clock import Clock
from scheduler.core.errors import (
    CPAError,
    EarlierJobGoneError,
    InvalidFieldError,
    JobNotFoundError,
    RequestTooLargeError,
)
from scheduler.core.events import JobEvent
from scheduler.core.ids import DEFAULT_TENANT, IdFactory, JobId, TenantId
from scheduler.core.job import Job, JobFilter, JobStatus, JobSummary, Locale, MetJob, TaskRun, as_met, job_with
from scheduler.core.metering import Spent, metered
from scheduler.core.orders import JobOrder, StartLater, WorkOrder
from scheduler.core.questions import AskBackError, OpenQuestions
from scheduler.core.queue_counts import QueueReport
from scheduler.core.sentences import Sentence
from scheduler.core.unique_jobs import Unique, UniqueClaim, claim_of
from scheduler.orchestrator.answer_service import AnswerService
from scheduler.orchestrator.file_plan import with_files
from scheduler.orchestrator.offered_actions import check_plan_with_agents
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.planned_request import PlannedRequest, given_context, given_plan, given_slots
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.request_text import MAX_TEXT, checked_text
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.repository_interface import (
    EventRepository,
    IdempotentRequest,
    JobRepository,
    Page,
    TaskRepository,
)

_YOUNGER_THAN_KEYS: Final = (*StartLater.model_fields, "plan", "unique")
"""What is not said of these must not change the digest of a request: there are keys from before them."""
_ONLY_THE_PLAN = Sentence(
    "zu einem gezeigten Plan gehört kein anderer Auftrag", "a plan that was shown comes without another order"
)
_NOT_HERE = Sentence(
    "gezeigte Pläne nehmen nur POST /jobs und POST /schedule an", "only POST /jobs and POST /schedule take shown plans"
)
_NOTHING_ASKED = Sentence(
    "gebraucht wird ein intent mit description oder ein task_graph",
    "needed is an intent with a description, or a task_graph",
)


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
        admission: Admission,
        questions: AnswerService,
        plans: PlanService,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._questions = questions
        self._plans = plans
        self._planner = planner
        self._jobs = jobs
        self._tasks = tasks
        self._events = events
        self._queue = job_queue
        self._admission = admission
        self._clock = clock
        self._new_id = new_id

    async def plan(
        self, text: str, locale: Locale | None = None, *, tenant: TenantId = DEFAULT_TENANT, ask: bool = False
    ) -> PlannedRequest:
        """Say what a sentence would do, and do nothing. Raises InvalidRequestError, with `ask` AskBackError."""
        return await self._planner.plan(checked_text(text, "text"), locale, {} if ask else None, tenant=tenant)

    async def plan_with_files(self, planned: PlannedRequest, order: JobOrder, job_id: JobId) -> PlannedRequest:
        """Return the plan with the files that the order's context names. Raises InvalidFieldError for none of use."""
        return await with_files(self._planner, planned, order.description, order.context, job_id)

    async def schedule(
        self,
        text: str,
        *,
        tenant: TenantId,
        locale: Locale | None = None,
        context: Mapping[str, Any] | None = None,
        start: StartLater | None = None,
        key: str | None = None,
        ask: bool = False,
        unique: Unique | None = None,
    ) -> Job:
        """Accept a sentence as a job. With the client's idempotency key the same request is accepted once.

        An order that is `unique` gets the job of its kind that is there as MetJob, here and wherever one is accepted.

        With `ask` a request that lacks something an answer would give becomes a job that waits for it, else
        InvalidRequestError is raised.
        """
        later: dict[str, Any] = {} if start is None else start.model_dump(include={*StartLater.model_fields})
        order = JobOrder(description=text, context=dict(context or {}), locale=locale, unique=unique, **later)
        request = request_of("schedule", key, order)
        return await self.once(request, tenant, self._schedule(order, tenant, request, ask=ask))

    async def _schedule(
        self, order: JobOrder, tenant: TenantId, request: IdempotentRequest | None, *, ask: bool
    ) -> Job:
        job_id, words = self.next_id(), checked_text(order.description, "text")
        try:
            with metered() as calls:
                planned = await self._planner.plan(words, order.locale, {} if ask else None, tenant=tenant, job=job_id)
        except AskBackError as asked:
            if not ask:
                raise
            return await self.accept_asking(order, asked, tenant=tenant, request=request, job_id=job_id)
        if calls:
            planned = planned.model_copy(update={"spent": Spent.of(calls)})
        return await self.accept(order, planned, tenant=tenant, request=request, job_id=job_id)

    async def once(self, request: IdempotentRequest | None, tenant: TenantId, attempt: Awaitable[Job]) -> Job:
        """Return what comes of an attempt to accept a job. If something is in its way by now, and the same request has
        brought a job before, that is the answer all the same."""
        try:
            return await attempt
        except CPAError:
            if (known := await self._earlier(tenant, request)) is None:
                raise
            return known

    def next_id(self) -> JobId:
        """Return the id for a job that is about to be accepted."""
        return JobId(self._new_id())

    async def accept(
        self,
        order: JobOrder,
        planned: PlannedRequest,
        *,
        tenant: TenantId,
        request: IdempotentRequest | None,
        job_id: JobId | None = None,
    ) -> Job:
        """Accept a sentence that is planned already, under an id from `next_id` if one was taken."""
        return await self._accept(_understood(order, planned), planned, tenant, request, job_id)

    async def accept_asking(
        self,
        order: JobOrder,
        asked: AskBackError,
        *,
        tenant: TenantId,
        request: IdempotentRequest | None,
        job_id: JobId,
    ) -> Job:
        """Accept a sentence that lacks something, as a job that waits for the answer. Raises UnansweredFullError."""
        return await self._questions.accept(order, asked, job_id, tenant, request)

    async def create(self, order: JobOrder, *, tenant: TenantId, key: str | None = None) -> Job:
        """Accept an intent, a ready plan, or one that was shown, as a job.

        Raises InvalidRequestError, ActionForbiddenError, QueueFullError while too many jobs wait, or as `_submit` does.
        """
        if order.plan is not None:
            return await self._submit(order, order.plan, tenant, key)
        request = request_of("jobs", key, order)

        async def attempt() -> Job:
            return await self._accept(order, await plan_order(self._planner, order, tenant), tenant, request)

        return await self.once(request, tenant, attempt())

    async def _submit(self, order: JobOrder, plan_hash: str, tenant: TenantId, key: str | None) -> Job:
        """Accept a plan that was shown, exactly as it was shown. Sent again it is the same job, with or without a key.

        Without one, an order that only met another job leaves the plan as it was: it may be accepted later.

        Raises PlanNotFoundError, PlanSupersededError, PlanExpiredError, ActionForbiddenError when it no longer is
        allowed, InvalidFieldError for an order that says something else besides.
        """
        if order.intent is not None or order.description or order.task_graph is not None:
            raise InvalidFieldError("plan", _ONLY_THE_PLAN)
        request = request_of("plan", key, order)
        return await self.once(request, tenant, self._submit_kept(order, plan_hash, tenant, request))

    async def _submit_kept(
        self, order: JobOrder, plan_hash: str, tenant: TenantId, request: IdempotentRequest | None
    ) -> Job:
        kept = await self._plans.find(plan_hash, tenant)
        if request is None:
            request = request_of("plan", kept.id, order, implied=True)
            if (known := await self._earlier(tenant, request)) is not None:
                return known
        planned = self._plans.take(kept)
        shown = {"hash": kept.hash, "version": kept.version}
        context = {**order.context, "plan": shown}
        order = order.model_copy(update={"intent": planned.intent, "description": kept.text, "context": context})
        return await self._accept(order, planned, tenant, request)

    async def prepare(self, order: WorkOrder, text: str | None, *, tenant: TenantId) -> Job:
        """Make the job of an order, planned and checked, and store nothing; `text` is the order as a sentence.

        Raises InvalidRequestError and ActionForbiddenError.
        """
        if text is None:
            planned = await plan_order(self._planner, order, tenant)
        else:
            planned = await self.plan(text, order.locale, tenant=tenant)
        order = order if text is None else order.model_copy(update={"description": text})
        return job_of(order, planned, JobId(self._new_id()), tenant, self._clock.now())

    async def _accept(
        self,
        order: JobOrder,
        planned: PlannedRequest,
        tenant: TenantId,
        request: IdempotentRequest | None,
        job_id: JobId | None = None,
    ) -> Job:
        job = job_of(order, planned, job_id or self.next_id(), tenant, self._clock.now())
        claim = claim_of(order.unique, job)
        await self.make_room(tenant, claim)
        stored = await self._jobs.save(job, request, claim)
        if not isinstance(stored, MetJob):
            await self._queue.announce([stored])
        return stored

    async def make_room(
        self,
        tenant: TenantId,
        claim: UniqueClaim | None = None,
        *,
        lines_up: bool = True,
    ) -> None:
        """Make room for a job; what another job is in the way of needs none. `lines_up`: see Admission.

        Raises QueueFullError.
        """
        if claim is None or not any(await self._jobs.held(tenant, [claim])):
            await self._admission.admit(tenant, lines_up=lines_up)

    async def _earlier(self, tenant: TenantId, request: IdempotentRequest | None) -> Job | None:
        """Return the job that the same request has brought before. Raises EarlierJobGoneError when it was removed."""
        known = None if request is None else await self._jobs.earlier(tenant, request)
        if request is None or known is None or not known.ids or known.ids[0] is None:
            return None
        job = await self._jobs.get(known.ids[0], tenant)
        if job is None:
            raise EarlierJobGoneError(request.key, known.ids[0])
        return as_met(job) if known.met else job

    async def get(self, job_id: JobId, tenant: TenantId) -> Job:
        """Return the job. Raises JobNotFoundError, also for a job of another tenant."""
        job = await self._jobs.get(job_id, tenant)
        if job is None:
            raise JobNotFoundError(job_id)
        return job

    async def questions(self, job: Job) -> OpenQuestions | None:
        """Return what a job asks; None: nothing."""
        return await self._questions.open(job) if job.status is JobStatus.WAITING else None

    async def answer(
        self, job_id: JobId, tenant: TenantId, *, answers: Mapping[str, str] | None = None, text: str | None = None
    ) -> Job:
        """Answer what a job asks, see AnswerService. Raises JobNotFoundError."""
        return await self._questions.answer(await self.get(job_id, tenant), answers=answers, text=text)

    async def detail(self, job_id: JobId, tenant: TenantId) -> tuple[Job, Sequence[TaskRun]]:
        """Return the job and how far each of its tasks has come. Raises JobNotFoundError."""
        return await self.get(job_id, tenant), await self._tasks.list(job_id)

    async def find(
        self, wanted: JobFilter, tenant: TenantId, *, limit: int = 50, offset: int = 0, cursor: str | None = None
    ) -> Page[JobSummary]:
        """Return the jobs that fit, newest first. Raises InvalidFieldError for a cursor or a text that is none."""
        return await self._jobs.find(wanted, tenant, limit, offset, cursor)

    async def queued(self, tenant: TenantId | None) -> QueueReport:
        """Count what is in the queue, of a tenant; only an operator may ask for all."""
        return await self._queue.report(tenant)

    async def timeline(self, job_id: JobId, tenant: TenantId, after: int = 0) -> Sequence[JobEvent]:
        """Return what happened to a job after the event numbered `after`, up to 1000 events."""
        return await self._events.list(job_id, after, tenant=tenant)

    async def cancel(self, job_id: JobId, tenant: TenantId) -> Job:
        """Ask for a job to stop. Raises JobNotFoundError, and InvalidTransitionError when it has ended."""
        return await self._queue.cancel(job_id, tenant)

    async def retry(self, job_id: JobId, tenant: TenantId) -> Job:
        """Open the next run; done tasks are kept. Raises JobNotFoundError, InvalidTransitionError,
        RetriesExhaustedError, QueueFullError, and UniqueConflictError while another job has its place as the only one
        of its kind."""
        (await self.get(job_id, tenant)).next_run()
        await self._admission.admit(tenant)
        return await self._queue.retry(job_id, tenant)


def _understood(order: JobOrder, planned: PlannedRequest) -> JobOrder:
    """Return a sentence with what it was understood as: that makes no other request of it."""
    return order.model_copy(update={"intent": planned.intent})


async def plan_order(planner: Planner, order: WorkOrder, tenant: TenantId = DEFAULT_TENANT) -> PlannedRequest:
    """Return the plan of an order, checked. Raises InvalidRequestError and ActionForbiddenError."""
    if len(order.description) > MAX_TEXT:
        raise RequestTooLargeError("description", MAX_TEXT)
    if isinstance(order, JobOrder) and order.plan is not None:
        raise InvalidFieldError("plan", _NOT_HERE)
    if order.task_graph is not None:
        await check_plan_with_agents(order.task_graph, planner.catalog, planner.policy, planner.offered, tenant)
        return given_plan(order.task_graph, order.intent or None, order.locale)
    if order.intent is not None:
        return await planner.plan_intent(order.intent, order.description, order.context, order.locale, tenant=tenant)
    raise InvalidFieldError("intent", _NOTHING_ASKED)


def job_of(order: WorkOrder, planned: PlannedRequest, job_id: JobId, tenant: TenantId, now: datetime) -> Job:
    """Return the job that an order and its plan make. Raises PlanUnseenError."""
    planned.must_be_seen()
    said, plan = values_of(order), values_of(planned)
    begins = order.begins(now) if isinstance(order, StartLater) else None
    seconds = said["deadline_seconds"]
    context = {**given_context(said["context"]), "slots": {**given_slots(said["context"]), **plan["slots"]}}
    if plan["typed"]:
        context["typed"] = [one.model_dump(mode="json") for one in plan["typed"]]
    context |= planned.understood
    return job_with(
        {
            "id": job_id,
            "tenant": tenant,
            "intent": plan["intent"],
            "description": said["description"],
            "locale": plan["locale"],
            "context": context,
            "task_graph": plan["task_graph"],
            "priority": said["priority"],
            "max_retries": said["max_retries"],
            "created_at": now,
            "not_before": begins,
            "deadline": None if seconds is None else (begins or now) + timedelta(seconds=seconds),
        },
    )


def request_of(route: str, key: str | None, order: JobOrder, *, implied: bool = False) -> IdempotentRequest | None:
    """Name a request by the client's key; the order of names in its JSON makes no other request of it."""
    if key is None:
        return None
    document = order.model_dump(mode="json")
    for name in _YOUNGER_THAN_KEYS:
        if document[name] is None:
            del document[name]
    digest = hashlib.sha256(json_in_order(document).encode()).hexdigest()
    return IdempotentRequest(key=key, route=route, body_digest=digest, implied=implied)
