"""Has a step done by an agent: chooses one, asks it, waits for its answer, and finds out what became of it.

The answer may reach any process: it is stored, and whoever waits is woken by the store.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from scheduler.agents.agent_index import Choice, Need, Unfit
from scheduler.agents.agent_registry import AgentRegistry, Slot
from scheduler.agents.lam_gateway import LamGateway
from scheduler.agents.transports.transport import AgentTransport
from scheduler.core.agent import SCHEDULER_URI, Agent
from scheduler.core.clock import Clock
from scheduler.core.errors import (
    AgentRefusedError,
    AgentUnreachableError,
    CPAError,
    Effect,
    MessageConflictError,
    NoFreeAgentError,
    OutcomeUnknownError,
)
from scheduler.core.ids import AgentId
from scheduler.core.lam_protocol import (
    BaseMessage,
    CancelledMessage,
    DoneMessage,
    FailureMessage,
    MessageFactory,
    MessageType,
    RefuseMessage,
    StatusMessage,
)
from scheduler.core.retry import TaskFailure
from scheduler.core.task_executor_interface import (
    AD_HOC,
    BaseExecutor,
    ExecutionContext,
    ExecutionResult,
    Performed,
    Verification,
)
from scheduler.core.todo import ToDo
from scheduler.repository.lam_repository import FINAL, LamRepository
from scheduler.repository.repository_interface import ChangeSignal

_RESEND: Final = 2.0  # seconds until what may not have arrived is sent again
_ASK_AGAIN: Final = 0.5
_ANSWER_TO_CANCEL: Final = 5.0
_BUSY: Final = "busy"

log = structlog.get_logger(__name__)


class RemoteExecutor(BaseExecutor):
    """Does by agents what they can do. What it asked and was answered lies in the store, so any worker can verify."""

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        messages: LamRepository,
        gateway: LamGateway,
        transport: AgentTransport,
        changes: ChangeSignal,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._messages = messages
        self._gateway = gateway
        self._transport = transport
        self._changes = changes
        self._clock = clock

    async def execute(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> ExecutionResult:
        """Have the step done once; a failure names the agent, and whether it was at fault."""
        started = time.perf_counter()
        busy: frozenset[AgentId] = frozenset()
        failed = Counter(agent_id for agent_id, _ in await self._orders(context))
        while True:
            agent = await self._choose(todo, context, failed, busy)
            with self._registry.slot(agent.id, todo.action) as slot:
                result = await self._by(agent, todo, context, slot, started)
            if result.error is None or result.error.facts.get("reason") != _BUSY:
                return result
            self._registry.leave_alone(agent.id)
            busy |= {agent.id}

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        raise NotImplementedError("execute does it, since a failure comes from the agent with its own words")

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say what became of the step, from what the agent said, or by asking it until it is not at it any more.

        Raises AgentUnreachableError when it cannot be asked now.
        """
        orders = await self._orders(context)
        if not orders:
            return Verification(happened=False, detail="no agent was asked")
        agent_id, order = orders[0]
        known = _known(await self._messages.answers(context.tenant, order.id))
        if known is not None:
            return known
        agent = await self._registry.get_agent(agent_id, context.tenant)
        if agent is None:
            return Verification(happened=None, detail="the agent that was asked has left")
        while True:
            status = await self._status(agent, todo, context)
            if status.status.state != "running":
                return _as_verification(status)
            await asyncio.sleep(_ASK_AGAIN)

    async def was_asked(self, context: ExecutionContext) -> bool:
        """Whether an agent was asked for this very effect."""
        return bool(await self._orders(context))

    async def _orders(self, context: ExecutionContext) -> Sequence[tuple[AgentId, BaseMessage]]:
        found = await self._messages.orders(context.tenant, context.job_id, context.task_id)
        return [one for one in found if one[1].correlation.effect_key == context.effect_key]

    async def _choose(
        self, todo: ToDo, context: ExecutionContext, failed: Counter[AgentId], busy: frozenset[AgentId]
    ) -> Agent:
        """Choose an agent, waiting while all are busy: one that was not asked yet, else one that has failed less often.

        Raises NoFreeAgentError.
        """
        end = time.monotonic() + todo.timeout
        while True:
            seen = self._changes.changes
            found: Choice | Unfit | None = None
            for avoid in _avoided(failed, busy):
                found = await self._registry.choose(_need(todo, context, avoid))
                if isinstance(found, Choice):
                    log.info("agent_chosen", agent=found.agent.id, task_id=context.task_id, reasons=found.reasons)
                    return found.agent
            left = end - time.monotonic()
            if isinstance(found, Unfit) and (left <= 0 or not found.soon):
                raise NoFreeAgentError(todo.action, found.reasons)
            await self._changes.wait(seen, min(left, _ASK_AGAIN))

    async def _by(
        self, agent: Agent, todo: ToDo, context: ExecutionContext, slot: Slot, started: float
    ) -> ExecutionResult:
        until = self._clock.now() + timedelta(seconds=todo.timeout)
        until = until if context.deadline is None else min(until, context.deadline)
        order = self._message(MessageType.REQUEST, agent, context, until, payload={"todo": todo})
        slot.well = False
        try:
            final = await self._converse(agent, order, context, until)
        except asyncio.CancelledError:
            slot.well = None
            await _to_its_end(self._stop(agent, context))
            raise
        except (AgentUnreachableError, OutcomeUnknownError) as error:
            failure = TaskFailure.of(error).model_copy(update={"agent_id": agent.id, "agent_at_fault": True})
            return ExecutionResult(success=False, error=failure, duration=time.perf_counter() - started)
        slot.well = True
        return _result(agent, final, time.perf_counter() - started)

    async def _converse(
        self, agent: Agent, message: BaseMessage, context: ExecutionContext, until: datetime
    ) -> BaseMessage:
        """Send, and wait for the final answer. Raises AgentUnreachableError and OutcomeUnknownError."""
        now = self._clock.now()
        await self._messages.send(message, context.tenant, agent.id, now, until)
        await self._deliver(agent, message, until)
        while True:
            seen = self._changes.changes
            for answer in await self._messages.answers(context.tenant, message.id):
                if answer.type in FINAL or answer.type is MessageType.STATUS:
                    return answer
            left = (until - self._clock.now()).total_seconds()
            if left <= 0:
                raise OutcomeUnknownError(str(message.intent or message.type), f"{agent.name} did not answer in time")
            await self._changes.wait(seen, left)

    async def _deliver(self, agent: Agent, message: BaseMessage, until: datetime) -> None:
        """Post it, again while it may not have arrived; what the agent answers at once goes the way of all answers."""
        while True:
            try:
                answer = await self._transport.deliver(agent, self._gateway.sign(message))
            except AgentUnreachableError:
                await self._messages.sent(message.id, agent.id)
                raise
            except OutcomeUnknownError:
                if self._clock.now() + timedelta(seconds=_RESEND) >= until:
                    raise
                await asyncio.sleep(_RESEND)
                continue
            break
        if answer is not None:
            try:
                await self._gateway.receive(answer)
            except MessageConflictError as error:
                log.info("answer_changes_nothing", agent=agent.id, error=str(error))
            except CPAError as error:
                raise OutcomeUnknownError(f"what {agent.name} was asked", f"its answer is no good: {error}") from error
        if answer is not None or agent.endpoint:
            await self._messages.sent(message.id, agent.id)

    async def _stop(self, agent: Agent, context: ExecutionContext) -> None:
        """Have the agent stop, and wait for what it says of it; what it does not say is found out by verifying."""
        until = self._clock.now() + timedelta(seconds=_ANSWER_TO_CANCEL)
        cancel = self._message(MessageType.CANCEL, agent, context, until)
        try:
            await self._converse(agent, cancel, context, until)
        except (AgentUnreachableError, OutcomeUnknownError) as error:
            log.warning("cancel_not_answered", agent=agent.id, task_id=context.task_id, error=str(error))

    async def _status(self, agent: Agent, todo: ToDo, context: ExecutionContext) -> StatusMessage:
        until = self._clock.now() + timedelta(seconds=min(todo.timeout, 10.0))
        query = self._message(MessageType.QUERY_STATUS, agent, context, until, payload={"todo": todo})
        try:
            answer = await self._converse(agent, query, context, until)
        except OutcomeUnknownError as error:
            raise AgentUnreachableError(agent.name, str(error)) from error
        if not isinstance(answer, StatusMessage):
            raise AgentRefusedError(agent.name, "it does not tell how far it is")
        return answer

    def _message(
        self,
        kind: MessageType,
        agent: Agent,
        context: ExecutionContext,
        until: datetime,
        **fields: Any,  # noqa: ANN401 - checked by the model of the type
    ) -> BaseMessage:
        now = self._clock.now()
        return MessageFactory.create(
            kind,
            sender=SCHEDULER_URI,
            to=agent.uri,
            ts=now,
            context={"tenant": context.tenant, "locale": context.locale},
            correlation={
                "conversationId": context.job_id,
                "taskId": context.task_id,
                "attempt": max(context.attempt, 1),
                "leaseEpoch": context.lease_epoch,
                "effectKey": context.effect_key,
            },
            expected={"deadline": until, "budgetMs": max(0, int((until - now).total_seconds() * 1000))},
            **fields,
        )


def _avoided(failed: Counter[AgentId], busy: frozenset[AgentId]) -> Iterator[frozenset[AgentId]]:
    """Yield whom to avoid: first all that were asked before, then those asked more often, in the end nobody."""
    for often in sorted({0, *failed.values()}):
        yield frozenset(agent_id for agent_id, times in failed.items() if times > often) | busy
    if busy:
        yield frozenset()


def _need(todo: ToDo, context: ExecutionContext, avoid: frozenset[AgentId]) -> Need:
    url, app = todo.params.get("url"), todo.params.get("app")
    domain = urlsplit(url).hostname if isinstance(url, str) else None
    application = app if isinstance(app, str) else None
    return Need(
        action=todo.action,
        tenant=context.tenant,
        domain=domain,
        application=application,
        agent=todo.agent,
        avoid=avoid,
    )


def _result(agent: Agent, final: BaseMessage, duration: float) -> ExecutionResult:
    """Return what the agent's final answer means."""
    if isinstance(final, DoneMessage) and final.payload is not None:
        evidence = final.payload.evidence or ()
        return ExecutionResult(success=True, result=final.payload.result, duration=duration, evidence=evidence)
    if isinstance(final, FailureMessage):
        said = final.payload
        failure = TaskFailure(
            code=said.code,
            message=said.message or said.code,
            facts=said.facts or {},
            retryable=said.retryable,
            effect=said.effect,
            agent_id=agent.id,
        )
        return ExecutionResult(success=False, error=failure, duration=duration, evidence=said.evidence or ())
    if isinstance(final, CancelledMessage):
        error: Exception = OutcomeUnknownError(final.intent or "the step", f"{agent.name} stopped by itself")
        effect = final.payload.effect
    else:
        reason = final.payload.reason if isinstance(final, RefuseMessage) else str(final.type)
        error, effect = AgentRefusedError(agent.name, reason), Effect.NONE
    failure = TaskFailure.of(error)  # type: ignore[arg-type]  # both are CPAErrors
    changes = {"effect": effect, "retryable": True, "agent_id": agent.id, "agent_at_fault": True}
    return ExecutionResult(success=False, error=failure.model_copy(update=changes), duration=duration)


def _known(answers: Sequence[BaseMessage]) -> Verification | None:
    """Return what the final answer says of the effect, if there is one that knows."""
    for answer in answers:
        if isinstance(answer, DoneMessage) and answer.payload is not None:
            return Verification(happened=True, result=answer.payload.result)
        if isinstance(answer, FailureMessage | CancelledMessage) and answer.payload.effect is not Effect.UNKNOWN:
            return Verification(happened=answer.payload.effect is Effect.DONE)
        if answer.type in {MessageType.REFUSE, MessageType.NOT_UNDERSTOOD}:
            return Verification(happened=False, detail="the agent did not take it")
    return None


def _as_verification(status: StatusMessage) -> Verification:
    said = status.payload
    effect = None if said is None else said.effect
    happened = {Effect.DONE: True, Effect.NONE: False}.get(effect) if effect is not None else None
    result = said.result if said is not None and happened else None
    return Verification(happened=happened, result=result, detail=(said.detail or "") if said is not None else "")


async def _to_its_end(work: Any) -> None:  # noqa: ANN401 - a coroutine
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:  # once is enough, and it has an end of its own
            continue
