"""Has one attempt at a task done in this process, and says how it ended as an event for `step`."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

import structlog

from scheduler.core.assembling import values_of
from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import CPAError, Effect, VerificationFailedError
from scheduler.core.events import AttemptFailed, AttemptSucceeded, AttemptVerified, LookFailed
from scheduler.core.ids import JobId, TaskId, TenantId, effect_key
from scheduler.core.job import Job
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult, Verification
from scheduler.core.todo import ToDo
from scheduler.core.trace_context import of_run
from scheduler.orchestrator.lacking import lacking
from scheduler.telemetry.telemetry import begin_span, end_span, traceparent_of, traces_are_on

log = structlog.get_logger(__name__)


class Executors(Protocol):
    """Whoever can do the actions of a plan; the registry of executors is one."""

    def require(self, todo: ToDo, tenant: TenantId) -> None:
        """Raise a CPAError when the step cannot be done, whatever comes of the steps before it."""

    def execute(self, todo: ToDo, context: ExecutionContext) -> Awaitable[ExecutionResult]:
        """Do the step once and say how it ended."""

    def verify(self, todo: ToDo, context: ExecutionContext) -> Awaitable[Verification]:
        """Say whether the step has happened. Raises a CPAError when nobody can look now."""

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        """Return paths of what shows why the step failed."""

    @property
    def hold_anything(self) -> bool:
        """Whether `let_go` has something to do at all."""

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        """Free what is held for a job; what another worker would need to carry on goes only when the run has ended."""


class Answered(Protocol):
    """Where people's answers to steps wait for them."""

    def of(self, job_id: JobId, task_id: TaskId) -> Mapping[str, str]:
        """Return what was answered to a step and not used yet."""

    def forget(self, job_id: JobId, task_id: TaskId | None = None) -> None:
        """Forget what was answered to a step, or to all steps of a job."""


class TaskRunner:
    """Runs a task whose references are replaced, and verifies it. `redact` takes secrets out of all that is kept."""

    def __init__(
        self,
        *,
        executors: Executors,
        clock: Clock,
        random: Callable[[], float],
        redact: Callable[[str], str],
        answers: Answered,
    ) -> None:
        self._answers = answers
        self._executors = executors
        self._clock = clock
        self._random = random
        self._redact = redact

    def context(self, job: Job, task_id: TaskId, inputs: str, attempt: int) -> ExecutionContext:
        """Say for whom a task runs; the effect key is made here, of its `inputs`, see ToDo.canonical."""
        its = values_of(job)
        job_id, lease = its["id"], its["lease"]
        return ExecutionContext(
            job_id,
            task_id,
            its["tenant"],
            its["locale"],
            its["run"],
            attempt,
            effect_key(job_id, task_id, inputs),
            its["deadline"],
            0 if lease is None else lease.epoch,
        )

    def lacking(self, todos: Iterable[ToDo], tenant: TenantId) -> tuple[TaskId, TaskFailure] | None:
        """Return the first of the steps that cannot be done whatever comes of the others, and why."""
        for task_id, error in lacking(self._executors.require, todos, tenant):
            return task_id, self._cleaned(TaskFailure.of(error))
        return None

    def attempt(
        self, todo: ToDo, context: ExecutionContext, *, look_first: bool
    ) -> Awaitable[AttemptSucceeded | AttemptFailed]:
        """Do the task; with `look_first` only if the world does not show that an earlier attempt has done it."""
        attempt = self._traced if traces_are_on() else self._attempt
        return attempt(todo, context, look_first=look_first)

    async def _traced(
        self, todo: ToDo, context: ExecutionContext, *, look_first: bool
    ) -> AttemptSucceeded | AttemptFailed:
        span = begin_span(
            f"step {todo.action}",
            of_run(context.job_id, context.run),
            job_id=context.job_id,
            task_id=context.task_id,
            tenant=context.tenant,
            attempt=context.attempt,
        )
        code = "stopped"
        try:
            named = context if span is None else context._replace(trace=traceparent_of(span))
            ended = await self._attempt(todo, named, look_first=look_first)
            code = ended.failure.code if isinstance(ended, AttemptFailed) else ""
        finally:
            end_span(span, code or None)
        return ended

    async def _attempt(
        self, todo: ToDo, context: ExecutionContext, *, look_first: bool
    ) -> AttemptSucceeded | AttemptFailed:
        try:
            if look_first:
                earlier = await self._executors.verify(todo, context)
                if earlier.happened:
                    return self._succeeded(context, earlier.result or {}, verified=True)
            if context.attempt == 1:
                return await self._execute(todo, context)
            return await self._execute_answered(todo, context)
        except CPAError as error:
            return self._failed(context, TaskFailure.of(error))
        except Exception as error:
            log.exception("executor_broke", action=todo.action, task_id=context.task_id)
            return self._failed(context, _broken(error))

    async def look(self, todo: ToDo, context: ExecutionContext) -> AttemptVerified | LookFailed:
        """Find out whether an attempt of unknown outcome took effect."""
        try:
            seen = await self._executors.verify(todo, context)
        except CPAError as error:
            return self.not_seen(context, TaskFailure.of(error))
        except Exception as error:
            log.exception("executor_broke", action=todo.action, task_id=context.task_id)
            return self.not_seen(context, _broken(error))
        return AttemptVerified(
            task_id=context.task_id,
            attempt=context.attempt,
            at=self._clock.now(),
            happened=seen.happened,
            draw=self._random(),
            result=self._clean(seen.result or {}),
            detail=self._clean_text(seen.detail),
        )

    def not_seen(self, context: ExecutionContext, failure: TaskFailure) -> LookFailed:
        """Say that nobody could look now."""
        return LookFailed(
            task_id=context.task_id,
            attempt=context.attempt,
            at=self._clock.now(),
            failure=self._cleaned(failure),
            draw=self._random(),
        )

    def not_begun(self, task_id: TaskId, attempt: int, error: CPAError) -> AttemptFailed:
        """Say that an attempt failed, or must have, before anybody was asked to do it."""
        failure = self._cleaned(TaskFailure.of(error))
        return AttemptFailed(
            task_id=task_id, attempt=attempt, at=self._clock.now(), failure=failure, draw=self._random()
        )

    async def _execute_answered(self, todo: ToDo, context: ExecutionContext) -> AttemptSucceeded | AttemptFailed:
        """Do it with what people have answered to an earlier attempt, if that has asked. An answer is good for one."""
        answers = await asyncio.to_thread(self._answers.of, context.job_id, context.task_id)
        if not answers:
            return await self._execute(todo, context)
        ended = await self._execute(todo, context._replace(answers=answers))
        await asyncio.to_thread(self._answers.forget, context.job_id, context.task_id)
        return ended

    async def forget_answers(self, job_id: JobId) -> None:
        """Forget what was answered to the steps of a run that has ended."""
        await asyncio.to_thread(self._answers.forget, job_id)

    @crash_points(CrashPoint.BEFORE_STEP, CrashPoint.AFTER_STEP)
    async def _execute(self, todo: ToDo, context: ExecutionContext) -> AttemptSucceeded | AttemptFailed:
        ended = await self._executors.execute(todo, context)
        if ended.error is not None:
            return self._failed(context, ended.error, ended.evidence)
        seen = await self._seen(todo, context)
        if seen.happened is False and todo.verify is not None:
            failure = seen.failure or TaskFailure(
                code=VerificationFailedError.code,
                message=f"{todo.action} was done, but {seen.detail or 'what it demands does not hold'}",
                facts={"expected": todo.verify.model_dump_json(exclude_none=True), "found": seen.detail or "–"},
                effect=Effect.DONE,
            )
            return self._failed(context, failure, await self._executors.evidence_of_failure(todo, context))
        return self._succeeded(context, ended.result, verified=seen.happened, evidence=ended.evidence)

    async def _seen(self, todo: ToDo, context: ExecutionContext) -> Verification:
        """Look after a step that reported success; that nobody can look now does not undo it."""
        try:
            return await self._executors.verify(todo, context)
        except CPAError as error:
            return Verification(happened=None, detail=str(error))
        except Exception:
            log.exception("executor_broke", action=todo.action, task_id=context.task_id)
            return Verification(happened=None)

    def _succeeded(
        self,
        context: ExecutionContext,
        result: Mapping[str, Any],
        *,
        verified: bool | None,
        evidence: tuple[str, ...] = (),
    ) -> AttemptSucceeded:
        return AttemptSucceeded(
            task_id=context.task_id,
            attempt=context.attempt,
            at=self._clock.now(),
            result=self._clean(result) if result else {},
            verified=verified,
            evidence=evidence,
        )

    def _failed(self, context: ExecutionContext, failure: TaskFailure, evidence: tuple[str, ...] = ()) -> AttemptFailed:
        return AttemptFailed(
            task_id=context.task_id,
            attempt=context.attempt,
            at=self._clock.now(),
            failure=self._cleaned(failure),
            draw=self._random(),
            evidence=evidence,
        )

    def _cleaned(self, failure: TaskFailure) -> TaskFailure:
        facts = {name: self._clean_text(value) for name, value in failure.facts.items()}
        return failure.model_copy(update={"message": self._clean_text(failure.message), "facts": facts})

    def _clean(self, value: Any) -> Any:  # noqa: ANN401 - JSON out
        """Return a value as it will be read back from the store, so that a later step gets the same either way."""
        if isinstance(value, Mapping):
            return {key: self._clean(value[name]) for key, name in sorted((self._clean_text(str(n)), n) for n in value)}
        if isinstance(value, list | tuple):
            return [self._clean(part) for part in value]
        if value is None or isinstance(value, bool):
            return value
        text = self._clean_text(str(value))
        plain_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        return value if plain_number and text == str(value) else text

    def _clean_text(self, text: str) -> str:
        """Blank secrets, and what is no text (half of a surrogate pair) and could not be stored."""
        return self._redact(text.encode(errors="replace").decode())


def _broken(error: Exception) -> TaskFailure:
    """Describe an executor's mistake: nobody knows how far it came."""
    return TaskFailure(code="internal", message=f"{type(error).__name__}: {error}", effect=Effect.UNKNOWN)
