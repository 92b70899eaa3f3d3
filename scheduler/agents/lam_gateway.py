"""Takes LAM messages in, whatever brought them: checks who sent them, stores them, and has each type dealt with."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from scheduler.agents.agent_index import Entry
from scheduler.agents.agent_registry import AgentRegistry
from scheduler.audit.audit_log import AuditLog
from scheduler.core.agent import SCHEDULER_URI, AgentStatus
from scheduler.core.agent_wire import LamReceipt
from scheduler.core.clock import Clock
from scheduler.core.errors import (
    MessageConflictError,
    MessageNotAllowedError,
    NotUnderstoodError,
    SignatureRefusedError,
    TooManyMessagesError,
)
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.lam_protocol import (
    BaseMessage,
    DiscoverMessage,
    MessageFactory,
    MessageType,
    OfferMessage,
    is_addressed,
    not_understood,
    read_object,
    reply_to,
)
from scheduler.core.sentences import Sentence
from scheduler.repository.lam_repository import Arrival, LamRepository
from scheduler.security.lam_signatures import SigningKey, canonical, check_signature, check_time, seal_of, sign

MOST_PROGRESS: Final = 10
"""Messages of progress a second that are taken of one conversation with one agent."""
_MOST_REFUSALS: Final = 60
"""Refusals a minute that are audited one by one; more are only logged, lest somebody fills the disk."""
_MOST_MEMORY: Final = 10_000

_UNKNOWN_KEY = Sentence("diesen Schlüssel hat kein Agent", "no agent has this key")
_RETIRED = Sentence("der Schlüssel ist durch einen anderen ersetzt", "the key has been replaced by another")
_WRONG_SENDER = Sentence(
    "sender ist nicht der Agent, dessen Schlüssel es ist", "sender is not the agent whose key it is"
)
_WRONG_TENANT = Sentence("context.tenant ist nicht der Mandant des Agenten", "context.tenant is not the agent's tenant")
_NOT_FOR_US = Sentence("to nennt den Scheduler nicht", "to does not name the scheduler")
_QUARANTINED = Sentence("der Agent ist in Quarantäne", "the agent is in quarantine")
_NOT_YOURS = Sentence("dieser Agent hat keine Aufgabe dieses Auftrags", "this agent has no task of this job")
_WHY: Final[Mapping[str, Sentence]] = {
    "stale_epoch": Sentence("ein anderer Worker hat den Auftrag inzwischen", "another worker has the job by now"),
    "already_answered": Sentence("eine endgültige Antwort ist schon da", "a final answer is there already"),
    "late_offer": Sentence("Angebote waren nur bis replyBy erwünscht", "offers were wanted until replyBy only"),
    "no_answer_to_that": Sentence("das beantwortet nicht, was gefragt war", "that is no answer to what was asked"),
}
_ORDERS: Final = "orders come by POST /jobs; agents answer"

JobState = Callable[[JobId, TenantId], Awaitable[str | None]]

log = structlog.get_logger(__name__)


class LamGateway:
    """The scheduler's ear. `job_state` tells how a job stands."""

    def __init__(
        self,
        *,
        registry: AgentRegistry,
        messages: LamRepository,
        audit: AuditLog,
        key: SigningKey,
        clock: Clock,
        job_state: JobState,
    ) -> None:
        self._registry = registry
        self._messages = messages
        self._audit = audit
        self._key = key
        self._clock = clock
        self._job_state = job_state
        self._progress = _Meter(clock, MOST_PROGRESS, 1.0)
        self._refusals = _Meter(clock, _MOST_REFUSALS, 60.0)

    async def receive(self, text: str | bytes | Mapping[str, Any]) -> LamReceipt:
        """Take a message in, and say what becomes of it.

        Raises InvalidMessageError and MessageTooLargeError; SignatureRefusedError and MessageNotAllowedError, which are
        audited; MessageConflictError for what came too late, TooManyMessagesError.
        """
        document = text if isinstance(text, Mapping) else read_object(text)
        tenant, kid = DEFAULT_TENANT, str(_at(document, "security", "kid"))[:128]
        try:
            entry = await self._sender(document)
            tenant = entry.record.agent.tenant
            return await self._take(document, entry)
        except (SignatureRefusedError, MessageNotAllowedError) as error:
            await self._note_refusal(document, tenant, kid, error)
            raise

    async def progress(self, job_id: JobId, tenant: TenantId) -> Mapping[TaskId, float]:
        """Return how far agents are with tasks of the job, from 0 to 1, as they said last."""
        return await self._messages.progress(tenant, job_id)

    def sign(self, message: BaseMessage) -> dict[str, Any]:
        """Return a message of ours as it goes out: signed anew each time."""
        return sign(message.to_dict(), self._key, self._clock.now())

    async def _sender(self, document: Mapping[str, Any]) -> Entry:
        """Return who has signed the message. Raises SignatureRefusedError and MessageNotAllowedError."""
        seal = seal_of(document)
        found = await self._registry.of_key(seal.kid)
        if found is None:
            raise SignatureRefusedError("unknown_key", _UNKNOWN_KEY)
        entry, key = found
        if key.until is not None and key.until <= self._clock.now():
            raise SignatureRefusedError("retired_key", _RETIRED)
        check_signature(document, seal, key.key)
        check_time(seal, self._clock.now())
        agent = entry.record.agent
        if document.get("sender") != agent.uri:
            raise MessageNotAllowedError("wrong_sender", _WRONG_SENDER)
        if _at(document, "context", "tenant") not in {None, agent.tenant}:
            raise MessageNotAllowedError("wrong_tenant", _WRONG_TENANT)
        if self._registry.status(entry) is AgentStatus.QUARANTINED:
            raise MessageNotAllowedError("quarantined", _QUARANTINED)
        if not is_addressed(document, SCHEDULER_URI):
            raise MessageNotAllowedError("wrong_addressee", _NOT_FOR_US)
        await self._registry.key_used(entry, seal.kid)
        return entry

    async def _take(self, document: Mapping[str, Any], entry: Entry) -> LamReceipt:
        try:
            message = MessageFactory.from_dict(document)
        except NotUnderstoodError as error:
            answer = not_understood(document, error, sender=SCHEDULER_URI)
            signed = None if answer is None else self.sign(answer)
            return LamReceipt(id=str(document.get("id", "-"))[:128], status="accepted", answer=signed)
        agent = entry.record.agent
        if message.type is MessageType.INFORM:
            conversation = message.correlation.conversation_id or message.correlation.in_reply_to
            if not self._progress.admits(f"{agent.id} {conversation}"):
                raise TooManyMessagesError(agent.name)
        reply = await self._answer(message, entry)
        taken = await self._messages.take(_arrival(message, document, entry, self._clock.now(), reply))
        if taken.refused is not None:
            raise MessageConflictError(taken.refused, _WHY[taken.refused])
        if isinstance(message, OfferMessage) and not message.is_bid:
            await self._add_capability(message, entry)
        kept = None if taken.answer is None else self.sign(MessageFactory.from_json(taken.answer))
        return LamReceipt(id=message.id, status="duplicate" if taken.duplicate else "accepted", answer=kept)

    async def _answer(self, message: BaseMessage, entry: Entry) -> BaseMessage | None:
        """Return the answer that the type asks for at once."""
        match message.type:
            case MessageType.REQUEST | MessageType.ASSIGN | MessageType.PROPOSE | MessageType.CANCEL:
                return _reply(message, MessageType.REFUSE, payload={"reason": _ORDERS})
            case MessageType.OFFER if isinstance(message, OfferMessage) and not message.is_bid:
                return _reply(message, MessageType.CONFIRM)
            case MessageType.DISCOVER if isinstance(message, DiscoverMessage):
                return await self._who_can(message, entry)
            case MessageType.QUERY_STATUS:
                return await self._how_is(message, entry)
        return None

    async def _who_can(self, message: DiscoverMessage, entry: Entry) -> BaseMessage:
        found = await self._registry.list_agents(message.payload.capability, entry.record.agent.tenant)
        agents = [{"uri": agent.uri, "status": agent.status.value, "load": agent.load} for agent in found[:100]]
        return _reply(message, MessageType.INFORM, payload={"agents": agents})

    async def _how_is(self, message: BaseMessage, entry: Entry) -> BaseMessage:
        """Answer with the state of a job of which the agent has a task. Raises MessageNotAllowedError."""
        agent, job_id = entry.record.agent, JobId(message.correlation.conversation_id or "")
        if not await self._messages.has_task_of(agent.tenant, job_id, agent.id):
            raise MessageNotAllowedError("not_asked", _NOT_YOURS)
        state = await self._job_state(job_id, agent.tenant) or "unknown"
        return _reply(message, MessageType.STATUS, status={"state": state})

    async def _add_capability(self, message: OfferMessage, entry: Entry) -> None:
        agent, capability = entry.record.agent, message.payload.capability
        if capability is not None and capability not in agent.capabilities:
            agent = agent.model_copy(update={"capabilities": (*agent.capabilities, capability)})
            await self._registry.register(agent, token_digest=entry.record.token_digest, keys=entry.record.keys)

    async def _note_refusal(
        self,
        document: Mapping[str, Any],
        tenant: TenantId,
        kid: str,
        error: SignatureRefusedError | MessageNotAllowedError,
    ) -> None:
        facts = {"kind": error.kind, "kid": kid, "message": str(document.get("id"))[:128]}
        facts["sender"] = str(document.get("sender"))[:255]
        log.warning("lam_refused", **facts)
        if self._refusals.admits("all"):
            job_id = JobId("agents")
            await self._audit.log_action(
                "lam.refused", str(error), "failure", job_id=job_id, tenant=tenant, metadata=facts
            )


class _Meter:
    """Counts what comes in a window of time, by name; those not heard of for longest are forgotten first."""

    def __init__(self, clock: Clock, most: int, window: float) -> None:
        self._clock = clock
        self._most = most
        self._window = window
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def admits(self, name: str) -> bool:
        """Count one more, and say whether it is within the bound."""
        now = self._clock.monotonic()
        began, count = self._counts.pop(name, (now, 0))
        if now - began >= self._window:
            began, count = now, 0
        self._counts[name] = began, count + 1
        if len(self._counts) > _MOST_MEMORY:
            self._counts.popitem(last=False)
        return count < self._most


def _reply(message: BaseMessage, kind: MessageType, **fields: Any) -> BaseMessage:  # noqa: ANN401 - checked by the model
    return reply_to(message, kind, sender=SCHEDULER_URI, **fields)


def _arrival(
    message: BaseMessage, document: Mapping[str, Any], entry: Entry, now: datetime, answer: BaseMessage | None
) -> Arrival:
    seal = seal_of(document)
    content = canonical({name: part for name, part in document.items() if name != "security"})
    return Arrival(
        message=message,
        tenant=entry.record.agent.tenant,
        agent_id=entry.record.agent.id,
        kid=seal.kid,
        nonce=seal.nonce,
        expires=seal.expires,
        digest=hashlib.sha256(content).hexdigest(),
        at=now,
        answer=None if answer is None else answer.to_json(),
    )


def _at(document: Mapping[str, Any], part: str, name: str) -> object:
    inner = document.get(part)
    return inner.get(name) if isinstance(inner, Mapping) else None
