"""Has one attempt at a task done in this process, and says how it ended as an event for `step`."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError

from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import CPAError, Effect, InvalidInputError
from scheduler.core.events import AttemptFailed, AttemptSucceeded, AttemptVerified, LookFailed
from scheduler.core.ids import JobId, TaskId, effect_key
from scheduler.core.job import Job
from scheduler.core.references import resolve
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult, Verification
from scheduler.core.task_graph import ToDo


class Executors(Protocol):
    """Whoever can do the actions of a plan; the registry of executors is one."""

    async def execute(self, todo: ToDo, context: ExecutionContext) -> ExecutionResult:
        """Do the step once and say how it ended."""

    async def verify(self, todo: ToDo, context: ExecutionContext) -> Verification:
        """Say whether the step has happened. Raises a CPAError when nobody can look now."""

    async def evidence_of_failure(self, todo: ToDo, context: ExecutionContext) -> tuple[str, ...]:
        """Return paths of what shows why the step failed."""

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        """Free what is held for a job; what another worker would need to carry on goes only when the run has ended."""


class TaskRunner:
    """Resolves a task's references, runs it, verifies it. `redact` takes secrets out of everything that is kept."""

    def __init__(
        self, *, executors: Executors, clock: Clock, random: Callable[[], float], redact: Callable[[str], str]
    ) -> None:
        self._executors = executors
        self._clock = clock
        self._random = random
        self._redact = redact

    def resolved(self, todo: ToDo, results: Mapping[TaskId, Mapping[str, Any]]) -> ToDo:
        """Return the task with every reference replaced. Raises InvalidInputError."""
        if not todo.references():
            return todo
        parts = todo.model_dump(mode="json", include={"text", "params", "selector", "verify"}, exclude_none=True)
        try:
            return ToDo.model_validate(todo.model_dump(exclude_unset=True) | resolve(parts, results))
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False)[0]
            field = ".".join(str(part) for part in problem["loc"])
            raise InvalidInputError(f"{todo.id}.{field}", problem["msg"]) from error

    def context(self, job: Job, todo: ToDo, attempt: int) -> ExecutionContext:
        """Say for whom the resolved task runs; the effect key is made here."""
        task_id = TaskId(todo.id or "")
        return ExecutionContext(
            job_id=job.id,
            task_id=task_id,
            tenant=job.tenant,
            locale=job.locale,
            run=job.run,
            attempt=attempt,
            effect_key=effect_key(job.id, task_id, todo.canonical()),
            deadline=job.deadline,
        )

    async def attempt(
        self, todo: ToDo, context: ExecutionContext, *, repeatable: bool
    ) -> AttemptSucceeded | AttemptFailed:
        """Do the task. One that may not be repeated, and was tried before, is looked for in the world first."""
        try:
            if not repeatable and (context.attempt > 1 or context.run > 1):
                earlier = await self._executors.verify(todo, context)
                if earlier.happened:
                    return self._succeeded(context, earlier.result or {}, verified=True)
            return await self._execute(todo, context)
        except CPAError as error:
            return self._failed(context, TaskFailure.of(error))

    async def look(self, todo: ToDo, context: ExecutionContext) -> AttemptVerified | LookFailed:
        """Find out whether an attempt of unknown outcome took effect."""
        at = self._clock.now
        try:
            seen = await self._executors.verify(todo, context)
        except CPAError as error:
            failure = self._cleaned(TaskFailure.of(error))
            return LookFailed(
                task_id=context.task_id, attempt=context.attempt, at=at(), failure=failure, draw=self._random()
            )
        return AttemptVerified(
            task_id=context.task_id,
            attempt=context.attempt,
            at=at(),
            happened=seen.happened,
            draw=self._random(),
            result=self._clean(dict(seen.result or {})),
            detail=self._redact(seen.detail),
        )

    @crash_points(CrashPoint.BEFORE_STEP, CrashPoint.AFTER_STEP)
    async def _execute(self, todo: ToDo, context: ExecutionContext) -> AttemptSucceeded | AttemptFailed:
        ended = await self._executors.execute(todo, context)
        if ended.error is not None:
            return self._failed(context, ended.error, ended.evidence)
        seen = await self._seen(todo, context)
        if seen.happened is False and todo.verify is not None:
            failure = TaskFailure(
                code="verification_failed",
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
            result=self._clean(dict(result)),
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
        facts = {name: self._redact(value) for name, value in failure.facts.items()}
        return failure.model_copy(update={"message": self._redact(failure.message), "facts": facts})

    def _clean(self, result: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(result, ensure_ascii=False, default=str)
        cleaned: dict[str, Any] = json.loads(self._redact(text))
        return cleaned


def results_of(tasks: Mapping[TaskId, Any]) -> dict[TaskId, Mapping[str, Any]]:
    """Return what the tasks that are done have given."""
    return {task_id: task.result for task_id, task in tasks.items() if task.result is not None}


def moment_after(clock: Clock, at: datetime) -> float:
    """Return the seconds from now until `at`, 0 when it has passed."""
    return max(0.0, (at - clock.now()).total_seconds())
