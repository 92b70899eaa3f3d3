"""Asks agents for bids before a step is given to one (Smith 1980; FIPA SC00029H): announce, collect, assign, reject.

A bid keeps a slot at its agent until it is assigned or rejected, or its time is over. Bids know what the index cannot:
how busy an agent is this very moment, also by the hands of other schedulers, and how long it takes.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog

from scheduler.agents.agent_index import Need
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.agents.conversation import Conversation
from scheduler.core.agent import Agent
from scheduler.core.clock import Clock
from scheduler.core.errors import AgentUnreachableError, CPAError, OutcomeUnknownError
from scheduler.core.lam_protocol import MessageType, OfferMessage
from scheduler.core.task_executor_interface import ExecutionContext

MOST_ASKED: Final = 8
ROUNDS: Final = 2
REPLY_BY: Final = timedelta(seconds=1)

log = structlog.get_logger(__name__)


class Bid(NamedTuple):
    """An agent's offer. `message_id` is what an assign or a reject answers."""

    agent: Agent
    message_id: str
    cost: float
    eta: float
    load: float
    confidence: float

    @property
    def rank(self) -> tuple[float, float, float, float]:
        """The lower the better: the price, then when it would be done, how sure that is, how busy the agent is."""
        return self.cost, self.eta, -self.confidence, self.load


class ContractNet:
    """Announces steps. `reply_by`: how long bids are waited for."""

    def __init__(
        self, *, registry: AgentRegistry, conversation: Conversation, clock: Clock, reply_by: timedelta = REPLY_BY
    ) -> None:
        self._registry = registry
        self._conversation = conversation
        self._clock = clock
        self._reply_by = reply_by

    async def bids(self, need: Need, context: ExecutionContext, until: datetime) -> list[Bid]:
        """Announce the step, again if nobody bids; return the bids, the best first."""
        for _ in range(ROUNDS):
            agents = await self._registry.candidates(need, MOST_ASKED)
            reply_by = min(self._clock.now() + self._reply_by, until)
            asked = (self._bid(agent, need, context, reply_by) for agent in agents)
            bids = [bid for bid in await asyncio.gather(*asked) if bid is not None]
            if bids:
                log.info("bids_came", task_id=context.task_id, asked=len(agents), bids=len(bids))
                return sorted(bids, key=lambda bid: bid.rank)
        return []

    async def reject(self, bids: Sequence[Bid], context: ExecutionContext, until: datetime) -> None:
        """Tell those who are not chosen; who does not hear it keeps a slot until his bid is over."""
        for bid in bids:
            refusal = self._conversation.message(
                MessageType.REJECT, bid.agent, context, until, answering=bid.message_id, payload={"reason": "another"}
            )
            try:
                await self._conversation.say(bid.agent, refusal, context, until)
                await self._conversation.deliver(bid.agent, refusal, until)
            except CPAError as error:
                log.info("reject_not_heard", agent=bid.agent.id, error=str(error))

    async def _bid(self, agent: Agent, need: Need, context: ExecutionContext, reply_by: datetime) -> Bid | None:
        payload: dict[str, Any] = {"capability": need.action, "replyBy": reply_by}
        bounds = {"domain": need.domain, "application": need.application}
        if constraints := {name: value for name, value in bounds.items() if value is not None}:
            payload["constraints"] = constraints
        announced = self._conversation.message(MessageType.DISCOVER, agent, context, reply_by, payload=payload)
        try:
            answer = await self._conversation.ask(agent, announced, context, reply_by)
        except (AgentUnreachableError, OutcomeUnknownError):
            return None
        if not isinstance(answer, OfferMessage) or not answer.is_bid:
            return None
        said = answer.payload
        if said.valid_until is None or said.valid_until <= self._clock.now():
            return None
        eta = (said.eta_ms or 0) / 1000
        return Bid(agent, answer.id, said.cost or 0.0, eta, said.load or 0.0, said.confidence or 0.0)
