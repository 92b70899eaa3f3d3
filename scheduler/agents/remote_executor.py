"""Has a step done by an agent: chooses one, asks it, waits for its answer, and finds out what became of it.

The answer may reach any process: it is stored, and whoever waits is woken by the store.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from scheduler.agents.agent_answers import known_from, result_of, verification_of
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.artifact_exchange import ArtifactExchange
from scheduler.agents.choosing import Choosing
from scheduler.agents.contract_net import ContractNet
from scheduler.agents.conversation import Conversation
from scheduler.agents.hedging import Hedging
from scheduler.agents.job_sessions import JobSessions
from scheduler.core.agent import Agent
from scheduler.core.agent_wire import LamReceipt
from scheduler.core.clock import Clock
from scheduler.core.errors import AgentRefusedError, AgentUnreachableError, NoFreeAgentError, OutcomeUnknownError
from scheduler.core.ids import AgentId, JobId, TaskId
from scheduler.core.lam_protocol import BaseMessage, MessageType, StatusMessage
from scheduler.core.retry import ErrorClass, TaskFailure
from scheduler.core.task_executor_interface import (
    AD_HOC,
    BaseExecutor,
    ExecutionContext,
    ExecutionResult,
    Performed,
    Verification,
)
from scheduler.core.to_its_end import until_ended
from scheduler.core.todo import ToDo
from scheduler.repository.lam_repository import LamRepository, Ordered

_ASK_AGAIN: Final = 0.5
_ANSWER_TO_CANCEL: Final = 5.0
_TELL_WITHIN: Final = timedelta(minutes=10)
_BUSY: Final = "busy"
_NOT_TAKEN: Final = frozenset({AgentRefusedError.code, AgentUnreachableError.code})

log = structlog.get_logger(__name__)


class RemoteExecutor(BaseExecutor):
    """Does by agents what they can do. What it asked and was answered lies in the store, so any worker can verify.

    With a `net` agents bid for steps; without, or when nobody bids, `choosing` says who gets one.
    """

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        messages: LamRepository,
        conversation: Conversation,
        choosing: Choosing,
        sessions: JobSessions,
        files: ArtifactExchange,
        clock: Clock,
        net: ContractNet | None = None,
    ) -> None:
        self._registry = registry
        self._messages = messages
        self._conversation = conversation
        self._choosing = choosing
        self._sessions = sessions
        self._files = files
        self._clock = clock
        self._net = net
        self._hedging = Hedging()
        self._behind: set[asyncio.Task[Any]] = set()

    async def execute(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> ExecutionResult:
        """Have the step done once; a failure names the agent, and whether it was at fault.

        A read that may be repeated and is late is asked of a second agent as well; the first answer counts.
        """
        started = time.perf_counter()
        may_be_hedged = self._sessions.may_be_hedged(todo, context)
        patience = self._hedging.patience(todo.action) if may_be_hedged else None
        work = self._by_one(todo, context, started)
        result = await (work if patience is None else self._hedged(work, todo, context, patience, started))
        if may_be_hedged and result.success:
            self._hedging.answered(todo.action, result.duration)
        return result

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        raise NotImplementedError("execute does it, since a failure comes from the agent with its own words")

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say what became of the step, from what the agent said, or by asking it until it is not at it any more.

        Raises AgentUnreachableError when it cannot be asked now.
        """
        reached = [one for one in await self._orders(context) if one.reached]
        if not reached:
            return Verification(happened=False, detail="no agent was asked")
        agent_id, order, _ = reached[0]
        known = known_from(await self._messages.answers(context.tenant, order.id))
        if known is not None:
            return known
        agent = await self._registry.get_agent(agent_id, context.tenant)
        if agent is None:
            return Verification(happened=None, detail="the agent that was asked has left")
        while True:
            status = await self._status(agent, todo, context)
            if status.status.state != "running":
                seen = verification_of(status)
                if seen.happened is None and status.payload is not None and status.payload.retryable:
                    raise AgentUnreachableError(agent.name, seen.detail)
                return seen
            await asyncio.sleep(_ASK_AGAIN)

    async def assign(
        self, todo: ToDo, agent: Agent, context: ExecutionContext, offer: str | None = None
    ) -> tuple[BaseMessage, datetime]:
        """Give the agent the step; return the order, and until when its answer is waited for. `offer`: the bid taken.

        Raises AgentUnreachableError and OutcomeUnknownError.
        """
        until = self._until(todo, context)
        kind = MessageType.REQUEST if offer is None else MessageType.ASSIGN
        payload: dict[str, Any] = {"todo": todo}
        if files := await self._files.named_in(todo):
            payload["artifacts"] = files
        if context.answers:
            payload["answers"] = dict(context.answers)
        order = self._conversation.message(
            kind, agent, context, until, answering=offer, intent=todo.action, payload=payload
        )
        await self._conversation.send(agent, order, context, until)
        return order, until

    async def receive(self, said: str | bytes | Mapping[str, Any]) -> LamReceipt:
        """Take in what an agent says. Raises what LamGateway.receive raises."""
        return await self._conversation.receive(said)

    async def was_asked(self, context: ExecutionContext) -> bool:
        """Whether an agent was asked for this very effect, as far as is known."""
        return any(one.reached for one in await self._orders(context))

    def shares_session(self, todo: ToDo, context: ExecutionContext) -> bool:
        """Whether the step has to do with the session of its job."""
        return self._sessions.shares(todo, context)

    async def holds_session(self, context: ExecutionContext) -> bool:
        """Whether an agent holds the session of the job."""
        return await self._sessions.holder(context) is not None

    @property
    def hold_anything(self) -> bool:
        """Whether agents hold sessions for jobs of this process."""
        return bool(self._sessions)

    async def let_go(self, job_id: JobId, *, ended: bool) -> None:
        """Tell the agents that hold a session of the job that it has ended."""
        held = self._sessions.forget(job_id)
        if held is None or not ended:
            return
        until = self._clock.now() + _TELL_WITHIN
        context = ExecutionContext(job_id, TaskId(""), held.tenant, run=held.run, lease_epoch=held.epoch)
        for agent_id in held.agents:
            agent = await self._registry.get_agent(agent_id, held.tenant)
            if agent is not None:
                told = self._conversation.message(
                    MessageType.INFORM, agent, context, until, seq=held.epoch, status={"state": "ended"}
                )
                await self._conversation.say(agent, told, context, until)

    async def close(self) -> None:
        """Wait for those who are being stopped; that has an end of its own."""
        if self._behind:
            await asyncio.wait(self._behind)

    async def _orders(self, context: ExecutionContext) -> Sequence[Ordered]:
        found = await self._messages.orders(context.tenant, context.job_id, context.task_id)
        return [one for one in found if one.message.correlation.effect_key == context.effect_key]

    async def _by_one(self, todo: ToDo, context: ExecutionContext, started: float) -> ExecutionResult:
        """Have it done by the first agent that is not busy and does not say that it never will; then by nobody.

        Raises NoFreeAgentError.
        """
        shares = self._sessions.shares(todo, context)
        holder = await self._sessions.holder(context) if shares else None
        orders = await self._orders(context)
        if context.answers:  # they are for whoever has asked
            holder = next((one.agent_id for one in orders if one.reached), holder)
        failed = Counter(one.agent_id for one in orders)
        busy: frozenset[AgentId] = frozenset()
        refused: ExecutionResult | None = None
        unable: frozenset[AgentId] = frozenset()
        while True:
            agent, offer = await self._best_bidder(todo, context, holder, frozenset(failed) | busy | unable)
            if agent is None:
                try:
                    agent = await self._choosing.agent(
                        todo, context, failed=failed, busy=busy, unable=unable, only=holder
                    )
                except NoFreeAgentError:
                    if refused is None:
                        raise
                    return refused
            result = await self._given(agent, todo, context, started, offer)
            if shares and (result.error is None or result.error.code not in _NOT_TAKEN):
                self._sessions.given(context, agent.id)
            if result.error is None or result.error.code != AgentRefusedError.code:
                return result
            if result.error.error_class is ErrorClass.PERMANENT and holder is None:
                refused, unable = result, unable | {agent.id}
            elif result.error.facts.get("reason") == _BUSY:
                self._registry.leave_alone(agent.id)
                busy |= {agent.id}
            else:
                return result

    async def _best_bidder(
        self, todo: ToDo, context: ExecutionContext, holder: AgentId | None, avoid: frozenset[AgentId]
    ) -> tuple[Agent | None, str | None]:
        """Return who made the best bid, and its offer; the others are told. Nobody, if there is no bidding."""
        if self._net is None or holder is not None or todo.agent is not None:
            return None, None
        until = self._until(todo, context)
        bids = await self._net.bids(self._choosing.need(todo, context, avoid), context, until)
        if not bids:
            return None, None
        best, *others = bids
        if others:
            self._leave_behind(asyncio.create_task(self._net.reject(others, context, until)))
        return best.agent, best.message_id

    async def _hedged(
        self,
        work: Coroutine[Any, Any, ExecutionResult],
        todo: ToDo,
        context: ExecutionContext,
        patience: float,
        started: float,
    ) -> ExecutionResult:
        """Ask a second agent when the first is late. Whoever is not needed any more is stopped, unwaited for."""
        first: asyncio.Task[ExecutionResult] = asyncio.create_task(work)
        running = {first}
        try:
            done, _ = await asyncio.wait(running, timeout=patience)
            if not done:
                asked = frozenset(one.agent_id for one in await self._orders(context))
                agent = await self._choosing.another(todo, context, asked) if asked else None
                if agent is not None and self._hedging.spend():
                    log.info("hedged", agent=agent.id, task_id=context.task_id, action=todo.action)
                    running.add(asyncio.create_task(self._given(agent, todo, context, started)))
            while True:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                result = next((one.result() for one in done if one.result().success), next(iter(done)).result())
                if result.success or not running:
                    return result
        except asyncio.CancelledError:
            for one in running:
                one.cancel()
            await until_ended(asyncio.wait(running))
            raise
        finally:
            for one in running:
                if not one.done():
                    one.cancel()
                    self._leave_behind(one)

    def _leave_behind(self, task: "asyncio.Task[Any]") -> None:
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _given(
        self, agent: Agent, todo: ToDo, context: ExecutionContext, started: float, offer: str | None = None
    ) -> ExecutionResult:
        """Have it done by this agent; `offer` is the bid that is taken."""
        with self._registry.slot(agent.id, todo.action) as slot:
            slot.well = False
            try:
                order, until = await self.assign(todo, agent, context, offer)
                final = await self._conversation.answer(agent, order, context, until)
            except asyncio.CancelledError:
                slot.well = None
                await until_ended(self._stop(agent, context))
                raise
            except (AgentUnreachableError, OutcomeUnknownError) as error:
                self._registry.suspect(agent.id)
                failure = TaskFailure.of(error).model_copy(update={"agent_id": agent.id, "agent_at_fault": True})
                return ExecutionResult(success=False, error=failure, duration=time.perf_counter() - started)
            slot.well = True
        return result_of(agent, final, time.perf_counter() - started)

    def _until(self, todo: ToDo, context: ExecutionContext) -> datetime:
        until = self._clock.now() + timedelta(seconds=todo.timeout)
        return until if context.deadline is None else min(until, context.deadline)

    async def _stop(self, agent: Agent, context: ExecutionContext) -> None:
        """Have the agent stop, and wait for what it says of it; what it does not say is found out by verifying."""
        until = self._clock.now() + timedelta(seconds=_ANSWER_TO_CANCEL)
        cancel = self._conversation.message(MessageType.CANCEL, agent, context, until)
        try:
            await self._conversation.ask(agent, cancel, context, until)
        except (AgentUnreachableError, OutcomeUnknownError) as error:
            log.warning("cancel_not_answered", agent=agent.id, task_id=context.task_id, error=str(error))

    async def _status(self, agent: Agent, todo: ToDo, context: ExecutionContext) -> StatusMessage:
        until = self._clock.now() + timedelta(seconds=min(todo.timeout, 10.0))
        query = self._conversation.message(
            MessageType.QUERY_STATUS, agent, context, until, intent=todo.action, payload={"todo": todo}
        )
        try:
            answer = await self._conversation.ask(agent, query, context, until)
        except OutcomeUnknownError as error:
            raise AgentUnreachableError(agent.name, str(error)) from error
        if not isinstance(answer, StatusMessage):
            raise AgentRefusedError(agent.name, "it does not tell how far it is")
        return answer
