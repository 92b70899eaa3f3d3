"""Does the tasks an agent has agreed to: each effect at most once, and every order gets exactly one final answer."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog

from agents.runtime.agent_files import AgentFiles
from agents.runtime.agent_store import AgentStore, Effect, EffectState, Fence
from agents.runtime.progress import Progress, reporting
from agents.runtime.task_orders import key_of, todo_of
from agents.runtime.track_record import TrackRecord
from scheduler.core import errors
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import (
    AgentUnreachableError,
    CPAError,
    OutcomeUnknownError,
    StepTimeoutError,
)
from scheduler.core.ids import JobId, TaskId, TenantId
from scheduler.core.lam_protocol import (
    AssignMessage,
    BaseMessage,
    MessageFactory,
    MessageType,
    RequestMessage,
    reply_to,
)
from scheduler.core.retry import TaskFailure
from scheduler.core.sentences import Sentence
from scheduler.core.task_executor_interface import ExecutionContext, ExecutionResult, Verification
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.security.answer_seal import AnswerKey
from scheduler.telemetry.telemetry import begin_span, end_span

_LOOK: Final = 4.0
"""Seconds for finding out what became of a step; the scheduler waits five for the answer to a cancel."""
_FOREVER: Final = timedelta(days=1)
_RESTARTED: Final = Sentence(
    "er wurde neu gestartet, bevor er den Schritt tat", "it was started anew before it did the step"
)

log = structlog.get_logger(__name__)


class Ending(NamedTuple):
    """How a task ended: the final answer, and what the ledger says of the effect."""

    kind: MessageType
    payload: dict[str, Any]
    state: EffectState


@dataclass
class Run:
    """A task that is being done. All of `orders` ask for the same effect; `cancels` wait for it to stop."""

    key: str
    todo: ToDo
    context: ExecutionContext
    orders: list[BaseMessage]
    due: datetime
    cancels: list[BaseMessage] = field(default_factory=list)
    begun: bool = False
    work: "asyncio.Task[Ending] | None" = None  # there from the start


class TaskRuns:
    """`now` tells the scheduler's time, `say` wakes whoever posts the outbox, `redact` takes secrets out of results.

    What is secret is asked with the `answer_key`, which alone opens what people answer.
    """

    def __init__(
        self,
        *,
        name: str,
        executors: ExecutorRegistry,
        store: AgentStore,
        files: AgentFiles,
        progress: Progress,
        now: Callable[[], datetime],
        say: Callable[[], None],
        redact: Callable[[str], str],
        answer_key: AnswerKey,
    ) -> None:
        self._answer_key = answer_key
        self._name = name
        self._executors = executors
        self._store = store
        self._files = files
        self._progress = progress
        self._now = now
        self._say = say
        self._redact = redact
        self._runs: dict[str, Run] = {}
        self._owners: set[asyncio.Task[None]] = set()
        self._heard_of: set[str] = set()
        self._record = TrackRecord()
        self.tenant = TenantId("default")

    @property
    def running(self) -> int:
        return len(self._runs)

    def expected(self, action: str) -> float:
        """Return how many seconds such a step takes here; 0 while nothing is known."""
        return self._record.expected(action)

    def confidence(self, action: str) -> float:
        """Return which share of such steps has gone well here lately."""
        return self._record.confidence(action)

    def take_conversations(self) -> set[str]:
        """Return the jobs of which something is being done, or was since this was asked last."""
        found, self._heard_of = self._heard_of, {str(run.context.job_id) for run in self._runs.values()}
        return found | self._heard_of

    def find(self, key: str | None, conversation: str | None, task: str | None) -> list[Run]:
        """Return what is being done for an effect, or for a task or the whole of a conversation."""
        return [
            run
            for run in self._runs.values()
            if (run.key == key if key else run.context.job_id == conversation and task in {None, run.context.task_id})
        ]

    def is_running(self, key: str) -> bool:
        return key in self._runs

    def join(self, order: BaseMessage) -> None:
        """Let a further order for an effect that is being done get its answer too."""
        run = self._runs[key_of(order)]
        run.orders.append(order)
        run.due = max(run.due, self._due(order))

    def start(self, order: BaseMessage, todo: ToDo, *, restarted: bool = False) -> None:
        """Do what was agreed to; `restarted`: the process that agreed is gone, so only say what became of it."""
        key = key_of(order)
        run = Run(key, todo, self._context(order, todo), [order], self._due(order))
        self._runs[key] = run
        self._heard_of.add(str(run.context.job_id))
        run.work = asyncio.create_task(self._became(run) if restarted else self._do(run))
        owner = asyncio.create_task(self._own(run, run.work), name=f"task {key[:8]}")
        self._owners.add(owner)
        owner.add_done_callback(self._owners.discard)

    async def recover(self) -> None:
        """Find out what became of everything that was agreed to before the process died; say it."""
        for order in await self._store.open_orders():
            message = MessageFactory.from_json(order.document)
            if self.is_running(order.key):
                self.join(message)
            else:
                self.start(message, todo_of(message), restarted=True)

    def stop(self, run: Run, cancel: BaseMessage | None = None) -> None:
        """Stop a task; what it had done by then is the answer to its orders and to the cancel."""
        if cancel is not None:
            run.cancels.append(cancel)
        if run.work is not None:
            run.work.cancel()

    async def drained(self, grace: timedelta) -> None:
        """Return when nothing is being done any more; stop what lasts longer than the grace time."""
        if self._owners:
            await asyncio.wait(self._owners, timeout=grace.total_seconds())
        for run in list(self._runs.values()):
            self.stop(run)
        if self._owners:
            await asyncio.wait(self._owners, timeout=2 * _LOOK)

    async def look(self, todo: ToDo, context: ExecutionContext, limit: float = _LOOK) -> Verification:
        """Look in the world whether a step has happened; that nobody can look now is no answer."""
        try:
            async with asyncio.timeout(limit):
                return await self._executors.verify(todo, context)
        except (CPAError, TimeoutError) as error:
            why = error if isinstance(error, CPAError) else StepTimeoutError("looking", f"{limit:g} s")
            return Verification(happened=None, detail=str(why), failure=TaskFailure.of(why))
        except Exception as error:
            log.exception("executor_broke", action=todo.action)
            return Verification(happened=None, detail=f"{type(error).__name__}: {error}")

    def context_of(self, message: BaseMessage) -> ExecutionContext:
        """Return for whom a step that a message speaks of is done, or looked up."""
        about = message.correlation
        order = message.payload if isinstance(message, RequestMessage | AssignMessage) else None
        return ExecutionContext(
            job_id=JobId(about.conversation_id or "adhoc"),
            task_id=TaskId(about.task_id or "task"),
            tenant=self.tenant,
            locale="en" if (message.context.locale or "").startswith("en") else "de",
            attempt=about.attempt or 1,
            effect_key=key_of(message),
            answers=self._answer_key.open((None if order is None else order.answers) or {}),
        )

    async def _own(self, run: Run, work: "asyncio.Task[Ending]") -> None:
        """Do a task, and put its answers into the outbox in the same transaction as what the ledger says."""
        about = run.orders[0].correlation
        structlog.contextvars.bind_contextvars(
            job_id=about.conversation_id, task_id=about.task_id, trace=run.orders[0].context.traceparent
        )
        parent = run.orders[0].context.traceparent or ""
        span = begin_span(f"agent {run.todo.action}", parent, agent=self._name, attempt=about.attempt or 1)
        log.info("task_taken", action=run.todo.action, attempt=about.attempt, message=run.orders[0].id)
        began = time.monotonic()
        try:
            ending = await work
        except asyncio.CancelledError:
            ending = await self._stopped(run)
        except Exception as error:
            log.exception("executor_broke", action=run.todo.action)
            failure = TaskFailure(code="internal", message=f"{type(error).__name__}: {error}")
            ending = await self._failed(run, failure)
        ending = self._sayable(run, ending)
        self._record.note(run.todo.action, time.monotonic() - began, well=ending.kind is MessageType.DONE)
        try:
            await self._conclude(run, ending)
        except Exception:  # the order stays open: it is answered after a restart, and when it is asked about
            log.exception("ending_not_stored", action=run.todo.action)
            return
        finally:
            del self._runs[run.key]
            end_span(span, None if ending.kind is MessageType.DONE else str(ending.payload.get("code", ending.kind)))
        log.info("task_ended", action=run.todo.action, answer=ending.kind, effect=ending.state)
        self._say()

    async def _do(self, run: Run) -> Ending:
        known = await self._store.effect(run.key)
        if known is not None and known.ended and self._counts(run.todo, known):
            return Ending(MessageType(known.ended), json.loads(known.payload), known.state)
        if self._is_open(run.todo, known):
            seen = await self.look(run.todo, run.context)
            if seen.happened is not False:
                return self._as_seen(run, seen)
        try:
            await self._files.fetch(run.orders[0])
        except CPAError as error:
            return self._failure(TaskFailure.of(error))
        await self._store.begin(run.key, self._now())
        run.begun = True
        left = (run.due - self._now()).total_seconds()
        try:
            async with asyncio.timeout(left):
                with reporting(self._progress, run.orders[0]):
                    result = await self._execute(run)
        except TimeoutError:
            limit = f"{run.todo.timeout:g} s"
            return await self._failed(run, TaskFailure.of(StepTimeoutError(run.todo.action, limit)))
        if result.error is not None:
            return self._failure(result.error, result.evidence)
        return Ending(MessageType.DONE, {"result": result.result, "evidence": list(result.evidence)}, EffectState.DONE)

    @crash_points(CrashPoint.BEFORE_AGENT_EFFECT, CrashPoint.AFTER_AGENT_EFFECT)
    async def _execute(self, run: Run) -> ExecutionResult:
        return await self._executors.execute(run.todo, run.context)

    async def _became(self, run: Run) -> Ending:
        """Say what became of a task whose process died."""
        known = await self._store.effect(run.key)
        if known is not None and known.ended and known.state is EffectState.DONE:
            return Ending(MessageType(known.ended), json.loads(known.payload), known.state)
        seen = Verification(happened=False)
        if self._is_open(run.todo, known):
            seen = await self.look(run.todo, run.context)
        if seen.happened is not False:
            return self._as_seen(run, seen)
        return self._failure(TaskFailure.of(AgentUnreachableError(self._name, _RESTARTED)))

    async def _stopped(self, run: Run) -> Ending:
        """Say what a task that was stopped had done by then."""
        effect = errors.Effect.NONE
        if run.begun:
            seen = await self.look(run.todo, run.context)
            effect = _effect_seen(seen)
        return Ending(MessageType.CANCELLED, {"effect": effect.value}, _STATES[effect])

    async def _failed(self, run: Run, failure: TaskFailure) -> Ending:
        """Say of a step that broke off what it did: looked up, since it may have gone on until then."""
        seen = await self.look(run.todo, run.context)
        if seen.happened:
            return self._as_seen(run, seen)
        effect = _effect_seen(seen)
        retryable = failure.retryable or failure.code == StepTimeoutError.code
        return self._failure(failure.model_copy(update={"effect": effect, "retryable": retryable}))

    def _as_seen(self, run: Run, seen: Verification) -> Ending:
        if seen.happened:
            return Ending(MessageType.DONE, {"result": seen.result or {}, "verified": True}, EffectState.DONE)
        error = OutcomeUnknownError(run.todo.action, seen.detail or "the agent was started anew meanwhile")
        return self._failure(TaskFailure.of(error).model_copy(update={"effect": errors.Effect.UNKNOWN}))

    def _failure(self, failure: TaskFailure, evidence: tuple[str, ...] = ()) -> Ending:
        payload = {
            "code": failure.code,
            "message": failure.message or failure.code,
            "facts": failure.facts,
            "retryable": failure.retryable,
            "effect": failure.effect.value,
            "evidence": list(evidence),
        }
        if failure.questions:
            key = self._answer_key.public
            asked = [one.model_copy(update={"sealed_for": key if one.secret else None}) for one in failure.questions]
            payload["questions"] = [one.model_dump(mode="json", exclude_none=True) for one in asked]
        return Ending(MessageType.FAILURE, payload, _STATES[failure.effect])

    def _sayable(self, run: Run, ending: Ending) -> Ending:
        """Return the ending without secrets, and as a failure when result or files are larger than what is taken."""
        ending = ending._replace(payload=self.clean(ending.payload))
        try:
            self._files.check_sizes(ending.payload)
            reply_to(run.orders[0], ending.kind, payload=ending.payload).to_json()
        except CPAError as error:
            effect = {state: effect for effect, state in _STATES.items()}[ending.state]
            return self._failure(TaskFailure.of(error).model_copy(update={"effect": effect, "retryable": False}))
        return ending

    async def _conclude(self, run: Run, ending: Ending) -> None:
        about = run.orders[0].correlation
        epochs = [order.correlation.lease_epoch or 0 for order in (*run.orders, *run.cancels)]
        fence: Fence = await self._store.fence(str(run.context.job_id), str(run.context.task_id))
        epoch = max([*epochs, fence.epoch]) if about.lease_epoch is not None else None
        replies = []
        for asked in (*run.orders, *run.cancels):
            reply = reply_to(asked, ending.kind, seq=self._progress.next_seq(), payload=ending.payload).to_dict()
            if epoch is not None:
                reply["correlation"]["leaseEpoch"] = epoch
            replies.append(json.dumps(reply, ensure_ascii=False))
        effect = Effect(
            key=run.key,
            conversation=str(run.context.job_id),
            task=str(run.context.task_id),
            state=ending.state,
            ended=ending.kind,
            payload=json.dumps(ending.payload, ensure_ascii=False),
        )
        await self._store.end(effect, replies, [order.id for order in run.orders], self._now())

    def _counts(self, todo: ToDo, known: Effect) -> bool:
        """Whether what is known of an effect is the answer: it happened, and is not such as may be done again."""
        return known.state is EffectState.DONE and not self._repeatable(todo)

    def _is_open(self, todo: ToDo, known: Effect | None) -> bool:
        """Whether it must be found out if an effect has happened, since it may not be done again."""
        started = known is not None and known.state in {EffectState.STARTED, EffectState.UNKNOWN}
        return started and not self._repeatable(todo)

    def _repeatable(self, todo: ToDo) -> bool:
        if todo.repeatable is not None:
            return todo.repeatable
        catalog = self._executors.catalog
        return todo.action in catalog and catalog.get(todo.action).repeatable

    def _context(self, order: BaseMessage, todo: ToDo) -> ExecutionContext:
        """Return for whom the step is done; its deadline is told by our own clock, which executors look at."""
        left = min(self._due(order) - self._now(), timedelta(seconds=todo.timeout))
        return self.context_of(order)._replace(deadline=datetime.now(UTC) + left)

    def _due(self, order: BaseMessage) -> datetime:
        return order.expected.due(self._now()) or self._now() + _FOREVER

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - JSON out
        """Return a value as JSON can carry it, without secrets."""
        if isinstance(value, Mapping):
            return {self._redact(str(name)): self.clean(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(part) for part in value]
        if value is None or isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
            return value
        return self._redact(str(value).encode(errors="replace").decode())


_STATES: Final = {
    errors.Effect.NONE: EffectState.NONE,
    errors.Effect.DONE: EffectState.DONE,
    errors.Effect.UNKNOWN: EffectState.UNKNOWN,
}


def _effect_seen(seen: Verification) -> errors.Effect:
    if seen.happened is None:
        return errors.Effect.UNKNOWN
    return errors.Effect.DONE if seen.happened else errors.Effect.NONE
