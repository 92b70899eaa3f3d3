"""Speaks LAM with the scheduler for an A2A agent of others: orders become messages, tasks become answers.

Before a message is sent that is noted. The same order handed over again is never sent again: its task is looked at, or,
when nobody knows whether it has arrived, the outcome is unknown, as it would be of any other effect.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
import orjson
import structlog

from scheduler.agents.a2a_ledger import A2aLedger, Sent
from scheduler.agents.transports.judged import JudgedTransport, trusted
from scheduler.core.agent import Agent
from scheduler.core.clock import Clock
from scheduler.core.errors import AgentRefusedError, AgentUnreachableError, CPAError, OutcomeUnknownError
from scheduler.core.ids import AgentId, TenantId
from scheduler.core.lam_protocol import BaseMessage, MessageFactory, MessageType, RequestMessage, reply_to
from scheduler.core.questions import AskingError, Question
from scheduler.executors.web_allowance import Network
from scheduler.security.lam_signatures import SigningKey, sign

_LOOK: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between looks at a task, the last one for ever
_EFFECTS: Final = {"done": "done", "failed": "none", "rejected": "none"}

log = structlog.get_logger(__name__)

Receive = Callable[[Mapping[str, Any]], Awaitable[object]]
Secret = Callable[[str], str]


class A2aTransport:
    """`networks` says which private networks may be called for a tenant, `secret` gives the token of an agent.

    `receive` takes what is answered later; the keys it is signed with lie in `folder`, as does what was sent.
    """

    def __init__(
        self,
        *,
        networks: Callable[[TenantId], tuple[Network, ...]],
        folder: Path,
        secret: Secret,
        receive: Receive,
        clock: Clock,
        timeout: float = 30.0,
    ) -> None:
        self._networks = networks
        self._folder = folder
        self._secret = secret
        self._receive = receive
        self._clock = clock
        self._timeout = httpx.Timeout(timeout, connect=3.0)
        self._ledger = A2aLedger(folder / "sent")
        self._follows: set[asyncio.Task[None]] = set()
        self._calls: ModuleType | None = None

    @functools.cached_property
    def _inner(self) -> httpx.AsyncHTTPTransport:
        """Made with the first call, as that of HttpTransport is."""
        return httpx.AsyncHTTPTransport(verify=trusted(), trust_env=False)

    def key_of(self, agent_id: AgentId) -> SigningKey:
        """Return the key with which answers of the agent are signed here."""
        return SigningKey.load(self._folder / "keys" / f"{agent_id}.json")

    async def calls(self) -> ModuleType:
        """Return what talks A2A (`a2a_client`), imported at the first time."""
        if self._calls is None:
            self._calls = await asyncio.to_thread(_imported)
        return self._calls

    def http(self, tenant: TenantId, secret: str | None) -> httpx.AsyncClient:
        """Return a client that reaches only what the tenant's agents may lie at; nothing needs to be closed."""
        headers = {} if secret is None else {"Authorization": f"Bearer {self._secret(secret)}"}
        transport = JudgedTransport(self._inner, self._networks(tenant))
        return httpx.AsyncClient(transport=transport, headers=headers, timeout=self._timeout, trust_env=False)

    async def deliver(self, agent: Agent, message: Mapping[str, Any]) -> bytes | None:
        asked = MessageFactory.from_dict(message)
        match asked.type:
            case MessageType.REQUEST if isinstance(asked, RequestMessage):
                answer = await self._order(agent, asked)
            case MessageType.QUERY_STATUS:
                answer = await self._status(agent, asked)
            case MessageType.CANCEL:
                answer = await self._cancel(agent, asked)
            case _:
                return None
        return orjson.dumps(self._signed(agent, answer))

    async def close(self) -> None:
        """Stop looking at tasks; who asked for them finds out by asking again."""
        for task in self._follows:
            task.cancel()
        await asyncio.gather(*self._follows, return_exceptions=True)
        if "_inner" in self.__dict__:
            await self._inner.aclose()

    async def _order(self, agent: Agent, asked: RequestMessage) -> BaseMessage:
        before = await self._ledger.last(_effect_key(asked))
        if before is None or before.message_id != asked.id:
            answered = asked.payload is not None and asked.payload.answers
            return await self._send(agent, asked, goes_on=before if answered else None)
        if before.task_id is not None:
            return self._followed(agent, asked, before)
        return _failure(asked, OutcomeUnknownError(f"the message to {agent.name}", "it may have arrived"))

    async def _send(self, agent: Agent, asked: RequestMessage, goes_on: Sent | None) -> BaseMessage:
        """Note it, send it, note what became of it. `goes_on`: what was sent before has asked for what this answers."""
        if asked.payload is None:
            return reply_to(asked, MessageType.REFUSE, payload={"reason": "the step must be in the message"})
        key, todo = _effect_key(asked), asked.payload.to_todo()
        said = {"text": str(todo.params.get("message") or todo.text or ""), "data": todo.params.get("data")}
        task_id = None if goes_on is None else goes_on.task_id
        if task_id is not None:
            said = {"text": "\n".join((asked.payload.answers or {}).values()), "data": None}
        skill = str(agent.metadata.get("skills", {}).get(todo.action, todo.action))
        sent = Sent(message_id=asked.id, task_id=task_id, asked="" if goes_on is None else goes_on.asked)
        await self._ledger.note(key, sent)
        told = {**said, "skill": skill, "message_id": asked.id, "task_id": task_id}
        try:
            async with asyncio.timeout(self._left(asked)):
                outcome = await (await self.calls()).send(*self._to(agent), **told)
        except AgentUnreachableError:
            await (self._ledger.forget(key) if goes_on is None else self._ledger.note(key, goes_on))
            raise
        except AgentRefusedError as error:
            await self._ledger.forget(key)
            return reply_to(asked, MessageType.REFUSE, payload={"reason": error.facts["reason"]})
        except TimeoutError:
            return _failure(asked, OutcomeUnknownError(f"the message to {agent.name}", "no answer in time"))
        except OutcomeUnknownError as error:
            return _failure(asked, error)
        if outcome.task_id is not None:
            sent = sent.model_copy(update={"task_id": outcome.task_id})
            await self._ledger.note(key, sent)
        return await self._final(asked, outcome, sent) or self._followed(agent, asked, sent)

    def _left(self, asked: BaseMessage) -> float | None:
        """Return the seconds that an order may still take."""
        until = asked.expected.deadline
        return None if until is None else max(0.0, (until - self._clock.now()).total_seconds())

    def _followed(self, agent: Agent, asked: BaseMessage, sent: Sent) -> BaseMessage:
        task = asyncio.create_task(self._follow(agent, asked, sent))
        self._follows.add(task)
        task.add_done_callback(self._follows.discard)
        return reply_to(asked, MessageType.AGREE)

    async def _follow(self, agent: Agent, asked: BaseMessage, sent: Sent) -> None:
        """Look at the task until it has ended or its time is over, and tell how it ended."""
        number, until, task_id = 0, asked.expected.deadline, sent.task_id or ""
        while until is None or self._clock.now() < until:
            await asyncio.sleep(_LOOK[min(number, len(_LOOK) - 1)])
            number += 1
            try:
                outcome = await (await self.calls()).look(*self._to(agent), task_id)
                answer = await self._final(asked, outcome, sent)
                if answer is not None:
                    if outcome.state == "asks_to_log_in":
                        await (await self.calls()).stop(*self._to(agent), task_id)
                    await self._receive(self._signed(agent, answer))
                    return
            except CPAError as error:
                log.info("a2a_task_not_seen", agent=agent.id, task=task_id, error=str(error))

    async def _status(self, agent: Agent, asked: BaseMessage) -> BaseMessage:
        """Say what became of an order, as far as the agent tells. Raises AgentUnreachableError."""
        sent = await self._ledger.last(_effect_key(asked))
        if sent is None:
            return reply_to(asked, MessageType.STATUS, status={"state": "unknown"}, payload={"effect": "none"})
        calls = await self.calls()
        if sent.task_id is None:
            outcome = await calls.find(*self._to(agent), sent.message_id)
            if outcome is None:
                detail = "nobody knows whether the message arrived"
                payload = {"effect": "unknown", "detail": detail}
                return reply_to(asked, MessageType.STATUS, status={"state": "unknown"}, payload=payload)
        else:
            outcome = await calls.look(*self._to(agent), sent.task_id)
        if outcome.state == "running":
            return reply_to(asked, MessageType.STATUS, status={"state": "running"})
        payload = {"effect": _EFFECTS.get(outcome.state, "unknown")}
        payload |= {"detail": outcome.words} if outcome.words else {}
        payload |= {"result": outcome.result} if outcome.state == "done" else {}
        return reply_to(asked, MessageType.STATUS, status={"state": outcome.state}, payload=payload)

    async def _cancel(self, agent: Agent, asked: BaseMessage) -> BaseMessage:
        """Have the task stopped; how much it had done by then no A2A agent says."""
        sent = await self._ledger.last(_effect_key(asked))
        effect = "none" if sent is None else "unknown"
        if sent is not None and sent.task_id is not None:
            try:
                outcome = await (await self.calls()).stop(*self._to(agent), sent.task_id)
            except AgentUnreachableError as error:
                log.info("a2a_task_not_stopped", agent=agent.id, task=sent.task_id, error=str(error))
            else:
                effect = _EFFECTS.get(outcome.state, "unknown")
        return reply_to(asked, MessageType.CANCELLED, payload={"effect": effect})

    async def _final(self, asked: BaseMessage, outcome: Any, sent: Sent) -> BaseMessage | None:  # noqa: ANN401 - a2a_client.Outcome
        """Return the last answer to an order; None: the task goes on, or has not looked at the answer yet."""
        if outcome.state == "running" or (outcome.state == "asks" and outcome.said and outcome.said == sent.asked):
            return None
        if outcome.state == "done":
            return reply_to(asked, MessageType.DONE, payload={"result": {**outcome.result, "task_id": outcome.task_id}})
        if outcome.state == "rejected":
            return reply_to(asked, MessageType.REFUSE, payload={"reason": outcome.words or "rejected"})
        words = outcome.words or outcome.state
        if outcome.state == "asks":
            await self._ledger.note(_effect_key(asked), sent.model_copy(update={"asked": outcome.said}))
            return _question(asked, words)
        effect = _EFFECTS.get(outcome.state, "unknown")
        facts = {"agent": asked.to[0], "problem": words}
        payload = {"code": "agent_failed", "retryable": False, "effect": effect, "message": words, "facts": facts}
        return reply_to(asked, MessageType.FAILURE, payload=payload)

    def _to(self, agent: Agent) -> tuple[httpx.AsyncClient, str, str]:
        return self.http(agent.tenant, agent.metadata.get("secret")), agent.endpoint, agent.name

    def _signed(self, agent: Agent, answer: BaseMessage) -> dict[str, Any]:
        return sign(answer.to_dict(), self.key_of(agent.id), self._clock.now())


def _question(asked: BaseMessage, words: str) -> BaseMessage:
    """Say that the step waits for what a person must say; with that the same task goes on."""
    question = Question(key="answer", about="step", text=words, locale="en" if asked.context.locale == "en" else "de")
    error = AskingError(words, [question])
    payload = {"code": error.code, "retryable": False, "effect": "none", "message": words, "facts": error.facts}
    payload["questions"] = [one.model_dump(mode="json") for one in error.questions]
    return reply_to(asked, MessageType.FAILURE, payload=payload)


def _failure(asked: BaseMessage, error: CPAError) -> BaseMessage:
    payload = {"code": error.code, "retryable": True, "effect": "unknown", "message": str(error), "facts": error.facts}
    return reply_to(asked, MessageType.FAILURE, payload=payload)


def _effect_key(message: BaseMessage) -> str:
    return message.correlation.effect_key or message.id


def _imported() -> ModuleType:
    from scheduler.agents import a2a_client  # noqa: PLC0415 - takes a second to import, which only those pay who use it

    return a2a_client
