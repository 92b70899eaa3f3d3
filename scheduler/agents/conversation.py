"""Talks with agents: stores what is said, posts it, and waits for the answer, whichever process that reaches."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from scheduler.agents.lam_gateway import LamGateway
from scheduler.agents.transports.transport import AgentTransport
from scheduler.core.agent import SCHEDULER_URI, Agent
from scheduler.core.agent_wire import LamReceipt
from scheduler.core.clock import Clock
from scheduler.core.errors import AgentUnreachableError, CPAError, MessageConflictError, OutcomeUnknownError
from scheduler.core.lam_protocol import BaseMessage, MessageFactory, MessageType
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.trace_context import span_of, trace_of, traceparent
from scheduler.repository.lam_repository import FINAL, LamRepository
from scheduler.repository.repository_interface import ChangeSignal

_RESEND: Final = 2.0  # seconds until what may not have arrived is sent again
_ANSWERS: Final = frozenset({*FINAL, MessageType.STATUS, MessageType.OFFER})

log = structlog.get_logger(__name__)


class Conversation:
    """The scheduler's mouth."""

    def __init__(
        self,
        *,
        messages: LamRepository,
        gateway: LamGateway,
        transport: AgentTransport,
        changes: ChangeSignal,
        clock: Clock,
    ) -> None:
        self._messages = messages
        self._gateway = gateway
        self._transport = transport
        self._changes = changes
        self._clock = clock

    async def say(self, agent: Agent, message: BaseMessage, context: ExecutionContext, until: datetime) -> None:
        """Store a message for an agent; it is posted or fetched soon, until then or never."""
        await self._messages.send(message, context.tenant, agent.id, self._clock.now(), until)

    async def ask(self, agent: Agent, message: BaseMessage, context: ExecutionContext, until: datetime) -> BaseMessage:
        """Send, and wait for the final answer. Raises AgentUnreachableError and OutcomeUnknownError."""
        await self.send(agent, message, context, until)
        return await self.answer(agent, message, context, until)

    async def send(self, agent: Agent, message: BaseMessage, context: ExecutionContext, until: datetime) -> None:
        """Store a message and post it at once. Raises as `deliver`."""
        await self.say(agent, message, context, until)
        await self.deliver(agent, message, until)

    async def answer(
        self, agent: Agent, message: BaseMessage, context: ExecutionContext, until: datetime
    ) -> BaseMessage:
        """Wait for the final answer to what was sent. Raises OutcomeUnknownError when none comes in time."""
        while True:
            seen = self._changes.changes
            for answer in await self._messages.answers(context.tenant, message.id):
                if answer.type in _ANSWERS:
                    return answer
            left = (until - self._clock.now()).total_seconds()
            if left <= 0:
                raise OutcomeUnknownError(_what(message), f"{agent.name} did not answer in time")
            await self._changes.wait(seen, left)

    async def receive(self, said: str | bytes | Mapping[str, Any]) -> LamReceipt:
        """Take in what an agent says; whoever waits for it, here or in another process, is woken by the store.

        Raises what LamGateway.receive raises.
        """
        return await self._gateway.receive(said)

    async def deliver(self, agent: Agent, message: BaseMessage, until: datetime) -> None:
        """Post it, again while it may not have arrived; what the agent answers at once goes the way of all answers.

        Raises AgentUnreachableError when no try has reached it, OutcomeUnknownError when one may have.
        """
        may_have_arrived = False
        while True:
            try:
                answer = await self._transport.deliver(agent, self._gateway.sign(message))
            except (AgentUnreachableError, OutcomeUnknownError) as error:
                may_have_arrived |= isinstance(error, OutcomeUnknownError)
                if not may_have_arrived:
                    await self._messages.undelivered(message, agent.tenant, agent.id)
                    raise
                if self._clock.now() + timedelta(seconds=_RESEND) >= until:
                    raise OutcomeUnknownError(_what(message), f"{agent.name}: {error}") from error
                await asyncio.sleep(_RESEND)
                continue
            break
        if answer is not None:
            try:
                await self._gateway.receive(answer)
            except MessageConflictError as error:
                log.info("answer_changes_nothing", agent=agent.id, error=str(error))
            except CPAError as error:
                raise OutcomeUnknownError(_what(message), f"the answer of {agent.name} is no good: {error}") from error
        if answer is not None or agent.endpoint:
            await self._messages.sent(message.id, agent.id)

    def message(
        self,
        kind: MessageType,
        agent: Agent,
        context: ExecutionContext,
        until: datetime,
        *,
        answering: str | None = None,
        seq: int | None = None,
        **fields: Any,  # noqa: ANN401 - checked by the model of the type
    ) -> BaseMessage:
        """Return a message about a step, or about its whole job when the context names no task."""
        now = self._clock.now()
        return MessageFactory.create(
            kind,
            sender=SCHEDULER_URI,
            to=agent.uri,
            ts=now,
            context={"tenant": context.tenant, "locale": context.locale, "traceparent": trace_of_step(context)},
            correlation={
                "conversationId": context.job_id,
                "inReplyTo": answering,
                "taskId": context.task_id or None,
                "seq": seq,
                "run": context.run,
                "attempt": max(context.attempt, 1),
                "leaseEpoch": context.lease_epoch,
                "effectKey": context.effect_key or None,
            },
            expected={"deadline": until, "budgetMs": max(0, int((until - now).total_seconds() * 1000))},
            **fields,
        )


def _what(message: BaseMessage) -> str:
    """Return what may or may not have happened: the action, where it is about a step."""
    return message.intent or message.type


def trace_of_step(context: ExecutionContext) -> str:
    """Return the traceparent of a step, which is the same in every process."""
    return context.trace or traceparent(
        trace_of(context.job_id), span_of(context.task_id, context.run, context.attempt)
    )
