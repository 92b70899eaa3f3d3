"""Questions that keep a request from being planned, or a step from being done: answered, or given up in time."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog

from scheduler.core.clock import Clock
from scheduler.core.errors import UnansweredFullError
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.intents import UNKNOWN
from scheduler.core.job import Job, JobStatus
from scheduler.core.orders import JobOrder
from scheduler.core.questions import AskBackError, OpenQuestions, checked_answers
from scheduler.core.sentences import sentence
from scheduler.core.site_errors import NotWaitingError
from scheduler.core.task_graph import TaskGraph
from scheduler.core.unique_jobs import claim_of
from scheduler.orchestrator.file_plan import with_files
from scheduler.orchestrator.planned_request import given_context, given_slots
from scheduler.orchestrator.planner import Planner
from scheduler.orchestrator.teaching import Teaching
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.question_repository import QuestionRepository
from scheduler.repository.repository_interface import IdempotentRequest, JobRepository
from scheduler.security.answer_seal import seal_answer

_MOST_GIVEN_UP = 100  # jobs at one look
_UNSEEN: Final = "•••"

log = structlog.get_logger(__name__)


class Letterbox(Protocol):
    """Where steps find what people have answered."""

    def give(self, job_id: JobId, task_id: TaskId, answers: Mapping[str, str]) -> None:
        """Keep answers for the step's next attempt, in place of earlier ones."""


class AnswerService:
    """`patience`: how long answers are waited for; `most`: how many jobs may wait for them, apart from the queue."""

    def __init__(
        self,
        *,
        planner: Planner,
        questions: QuestionRepository,
        jobs: JobRepository,
        job_queue: JobQueue,
        admission: Admission,
        clock: Clock,
        patience: timedelta,
        most: int,
        letterbox: Letterbox,
        teaching: Teaching | None = None,
    ) -> None:
        self._letterbox = letterbox
        self._planner = planner
        self._questions = questions
        self._jobs = jobs
        self._queue = job_queue
        self._admission = admission
        self._clock = clock
        self._patience = patience
        self._most = most
        self._teaching = teaching

    async def accept(
        self, order: JobOrder, asked: AskBackError, job_id: JobId, tenant: TenantId, request: IdempotentRequest | None
    ) -> Job:
        """Accept an order as a job that waits. Raises UnansweredFullError while too many do, unless it makes no more:
        one of its kind is there."""
        now = self._clock.now()
        job = Job(
            id=job_id,
            tenant=tenant,
            intent=asked.intent or UNKNOWN,
            description=order.description,
            locale=asked.questions[0].locale,
            context={**given_context(order.context), "slots": {**given_slots(order.context), **asked.slots}},
            task_graph=TaskGraph(),
            status=JobStatus.WAITING,
            created_at=now,
            not_before=order.begins(now),
        )
        claim = claim_of(order.unique, job)
        if await self._questions.count(None, self._most) >= self._most and (
            claim is None or not any(await self._jobs.held(tenant, [claim]))
        ):
            raise UnansweredFullError(self._most)
        return await self._questions.accept(job, self._open(asked, now), request, claim)

    async def open(self, job: Job) -> OpenQuestions | None:
        """Return what a job asks; None: nothing."""
        return await self._questions.open(job.id, job.tenant)

    async def answer(self, job: Job, *, answers: Mapping[str, str] | None, text: str | None) -> Job:
        """Plan a waiting job again with the answers: it is pending with its plan, or asks for more.

        A job whose steps have asked is pending again; a step whose questions were not answered asks anew. Raises
        NotWaitingError, InvalidFieldError for answers that are none, InvalidRequestError for those it cannot be planned
        with, and QueueFullError while too many jobs wait for workers. Then nothing has changed.
        """
        asked = await self._questions.open(job.id, job.tenant)
        if asked is None or job.status is not JobStatus.WAITING:
            raise NotWaitingError(job.id)
        given = checked_answers(asked.questions, answers=answers, text=text)
        if asked.of_steps:
            return await self._carry_on(job, asked, given)
        known, now = {**asked.answers, **given}, self._clock.now()
        try:
            planned = await self._planner.plan(job.description, job.locale, known, tenant=job.tenant, job=job.id)
            planned = await with_files(self._planner, planned, job.description, job.context, job.id)
        except AskBackError as again:
            following = self._open(again, now).model_copy(update={"round": asked.round + 1, "answers": known})
            await self._questions.ask_again(job, following, given, now)
            return job
        planned.must_be_seen()
        await self._admission.admit(job.tenant)
        changes = {
            "intent": planned.intent,
            "context": {
                **job.context,
                "slots": {**given_slots(job.context), **planned.slots},
                "answers": known,
                "typed": [one.model_dump(mode="json") for one in planned.typed],
            }
            | planned.understood,
            "task_graph": planned.task_graph,
            "not_before": job.not_before if job.not_before is not None and job.not_before > now else None,
        }
        stored = await self._questions.go_on(job.model_copy(update=changes), asked.round, given, now)
        await self._queue.announce([stored])
        if self._teaching is not None and "intent" in known and not planned.orders:
            await self._teaching.correct(job.tenant, known["intent"], job.description, planned.slots)
        return stored

    async def give_up_unanswered(self) -> int:
        """Let jobs fail whose questions nobody has answered in time; return how many."""
        now, count = self._clock.now(), 0
        for job, asked in await self._questions.expired(now, _MOST_GIVEN_UP):
            if asked.of_steps:
                count += await self._nobody_answered(job, asked)
                continue
            words = " ".join(question.text for question in asked.questions)
            said = sentence("unanswered", job.locale, {"questions": words, "expired": f"{asked.expires_at:%Y-%m-%d}"})
            count += await self._questions.give_up(job, asked.round, said, now)
        if count:
            log.info("questions_given_up", jobs=count)
        return count

    async def _carry_on(self, job: Job, asked: OpenQuestions, given: Mapping[str, str] | None) -> Job:
        """Let a job go on whose steps have asked, with answers or (None) without. Raises NotWaitingError."""
        by_task: defaultdict[TaskId, dict[str, str]] = defaultdict(dict)
        shown: dict[str, str] | None = None if given is None else {}
        for question in asked.questions:
            if given is not None and shown is not None and question.task is not None and question.key in given:
                shown[question.key] = _UNSEEN if question.secret else given[question.key]
                said, box = given[question.key], question.sealed_for
                by_task[question.task][question.key.removeprefix(f"{question.task}.")] = (
                    said if box is None else seal_answer(said, box)
                )
        keep = partial(self._keep, job.id, by_task)
        stored = await self._questions.carry_on(job, asked.round, shown, self._clock.now(), keep)
        await self._queue.offer_again([stored])
        return stored

    def _keep(self, job_id: JobId, answers: Mapping[TaskId, Mapping[str, str]]) -> None:
        for task_id, given in answers.items():
            self._letterbox.give(job_id, task_id, given)

    async def _nobody_answered(self, job: Job, asked: OpenQuestions) -> bool:
        try:
            await self._carry_on(job, asked, None)
        except NotWaitingError:
            return False
        return True

    def _open(self, asked: AskBackError, now: datetime) -> OpenQuestions:
        return OpenQuestions(questions=asked.questions, expires_at=now + self._patience)
