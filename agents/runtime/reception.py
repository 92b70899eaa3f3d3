"""Takes what the scheduler says: checks that it is genuine and new, and answers each type at once as it should be."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from agents.runtime.agent_store import AgentStore, Arrival, Effect, EffectState, Fence, Order
from agents.runtime.scheduler_link import Load, SchedulerLink
from agents.runtime.task_orders import key_of, todo_of
from agents.runtime.task_runs import TaskRuns
from scheduler.core.errors import (
    CPAError,
    InvalidMessageError,
    MessageConflictError,
    MessageNotAllowedError,
    MessageTooLargeError,
    NotUnderstoodError,
    SignatureRefusedError,
    UnknownActionError,
)
from scheduler.core.ids import JobId, new_id
from scheduler.core.lam_protocol import (
    BaseMessage,
    DiscoverMessage,
    InformMessage,
    MessageFactory,
    MessageType,
    QueryStatusMessage,
    is_addressed,
    not_understood,
    read_object,
    reply_to,
)
from scheduler.core.sentences import Sentence
from scheduler.core.task_executor_interface import Verification
from scheduler.core.todo import ToDo
from scheduler.executors.executor_registry import ExecutorRegistry
from scheduler.security.lam_signatures import Seal, canonical, check_signature, check_time, kid_of, seal_of

_LONGEST_LOOK: Final = 6.0
"""Seconds that the answer to `query_status` may take; the scheduler waits ten."""
_BID: Final = timedelta(seconds=5)
"""How long a slot is kept for a bid after bids are in."""

_UNKNOWN_KEY = Sentence("das ist nicht der Schlüssel des Schedulers", "this is not the scheduler's key")
_REPLAYED = Sentence("die Nachricht kam mit diesem nonce schon einmal", "a message with this nonce has come before")
_NOT_SCHEDULER = Sentence("sender ist nicht der Scheduler", "sender is not the scheduler")
_NOT_FOR_ME = Sentence("to nennt diesen Agenten nicht", "to does not name this agent")
_WRONG_TENANT = Sentence("context.tenant ist nicht der Mandant des Agenten", "context.tenant is not the agent's tenant")
_CHANGED = Sentence("unter dieser id kam schon ein anderer Inhalt", "other words have come under this id")
_STALE = Sentence(
    "ein anderer Worker hat die Aufgabe, oder sie wurde inzwischen abgebrochen oder nachgefragt",
    "another worker has the task, or it was stopped or asked about meanwhile",
)

log = structlog.get_logger(__name__)


class Reception:
    """The agent's ear. One message is decided on at a time, so that two copies of it cannot both count as the first."""

    def __init__(
        self, *, link: SchedulerLink, store: AgentStore, runs: TaskRuns, executors: ExecutorRegistry, concurrency: int
    ) -> None:
        self._link = link
        self._store = store
        self._runs = runs
        self._executors = executors
        self._concurrency = concurrency
        self._bids: dict[str, datetime] = {}
        self._one_at_a_time = asyncio.Lock()
        self.draining = False

    async def receive(self, text: bytes | Mapping[str, Any]) -> dict[str, Any] | None:
        """Take a message; return the answer, signed, or None when it comes later or there is none.

        Raises SignatureRefusedError, MessageNotAllowedError, MessageConflictError, InvalidMessageError.
        """
        document = text if isinstance(text, Mapping) else read_object(text)
        try:
            seal = self._genuine(document)
            arrival = _arrival(document, seal)
            async with self._one_at_a_time:
                answer = await self._take(document, arrival)
        except CPAError as error:
            log.warning("lam_refused", code=error.code, error=str(error), message=str(document.get("id"))[:128])
            raise
        if isinstance(answer, QueryStatusMessage):  # looking may take long, and others need not wait for it
            answer = await self._asked(answer, arrival)
        elif isinstance(answer, InformMessage):
            await self._ended(answer)
            answer = None
        return None if answer is None else self._link.signed(answer.to_dict())

    def load(self) -> Load:
        """Return how many tasks there are, and whether more are taken: the body of a sign of life."""
        running = self._runs.running
        if self.draining:
            return running, "draining"
        return running, "busy" if running >= self._concurrency else "online"

    def _genuine(self, document: Mapping[str, Any]) -> Seal:
        """Return the signature of a message that is from the scheduler, from now, and to this agent."""
        me, seal = self._link.me, seal_of(document)
        keys = () if me.scheduler is None else me.scheduler.keys
        key = next((one for one in keys if kid_of(one) == seal.kid), None)
        if me.scheduler is None or key is None:
            raise SignatureRefusedError("unknown_key", _UNKNOWN_KEY)
        check_signature(document, seal, key)
        check_time(seal, self._link.now())
        if document.get("sender") != me.scheduler.uri:
            raise MessageNotAllowedError("wrong_sender", _NOT_SCHEDULER)
        if not is_addressed(document, me.uri):
            raise MessageNotAllowedError("wrong_addressee", _NOT_FOR_ME)
        context = document.get("context")
        if isinstance(context, Mapping) and context.get("tenant", me.tenant) != me.tenant:
            raise MessageNotAllowedError("wrong_tenant", _WRONG_TENANT)
        return seal

    async def _take(self, document: Mapping[str, Any], arrival: Arrival) -> BaseMessage | None:
        """Decide on a message. A new `query_status` or `inform` is returned as it came: what it asks for takes time."""
        if await self._store.was_used(arrival.nonce):
            raise SignatureRefusedError("replayed", _REPLAYED)
        kept = await self._store.kept(arrival.id)
        if kept is not None:
            if kept.digest != arrival.digest:
                raise MessageConflictError("changed", _CHANGED)
            await self._store.note(arrival, kept.answer, self._link.now())
            return None if kept.answer is None else MessageFactory.from_json(kept.answer)
        try:
            message = MessageFactory.from_dict(document)
        except NotUnderstoodError as error:
            answer = not_understood(document, error, sender=self._link.me.uri)
            await self._note(arrival, answer)
            return answer
        return await self._decide(message, arrival)

    async def _decide(self, message: BaseMessage, arrival: Arrival) -> BaseMessage | None:
        answer: BaseMessage | None = None
        match message.type:
            case MessageType.REQUEST | MessageType.ASSIGN:
                return await self._order(message, arrival)
            case MessageType.CANCEL:
                return await self._cancel(message, arrival)
            case MessageType.QUERY_STATUS:
                await self._check_epoch(message)
                return message
            case MessageType.INFORM:
                await self._note(arrival, None)
                return message
            case MessageType.DISCOVER if isinstance(message, DiscoverMessage):
                answer = self._bid(message)
            case MessageType.REJECT:
                self._bids.pop(message.correlation.in_reply_to or "", None)
                answer = self._reply(message, MessageType.CONFIRM)
            case MessageType.PROPOSE:
                answer = self._refusal(message, "plans are changed by people")
        await self._note(arrival, answer)
        return answer

    async def _order(self, message: BaseMessage, arrival: Arrival) -> BaseMessage:
        """Agree to a step or refuse it; what is agreed to is stored before it is said."""
        fence = await self._check_epoch(message, late=True)
        todo = todo_of(message)
        promised = self._bids.pop(message.correlation.in_reply_to or "", None) is not None
        reason = self._why_not(message, todo, promised=promised)
        if reason is not None:
            able = self._is_able(todo)
            answer = self._refusal(message, reason, for_good=not able)
            await self._note(arrival, answer)
            log.info("task_refused", action=todo.action, reason=reason, message=message.id)
            return answer
        answer = self._reply(message, MessageType.AGREE)
        key = key_of(message)
        conversation, task = _place(message)
        await self._store.note(
            arrival,
            answer.to_json(),
            self._link.now(),
            order=Order(message.id, key, message.to_json()),
            effect=Effect(key, conversation, task),
            fence=(conversation, task, fence),
        )
        if self._runs.is_running(key):
            self._runs.join(message)
        else:
            self._runs.start(message, todo)
        return answer

    async def _cancel(self, message: BaseMessage, arrival: Arrival) -> BaseMessage | None:
        """Stop what is being done, which answers by itself; nothing that was asked before this will be begun."""
        fence = await self._check_epoch(message)
        conversation, task = _place(message)
        about = message.correlation
        running = self._runs.find(about.effect_key, about.conversation_id, about.task_id)
        if running:
            await self._note(arrival, None, fence=(conversation, task, fence))
            for run in running[1:]:
                self._runs.stop(run)
            self._runs.stop(running[0], message)
            return None
        answer = await self._came_before(message)
        await self._note(arrival, answer, fence=(conversation, task, fence))
        return answer

    async def _came_before(self, message: BaseMessage) -> BaseMessage:
        """Answer a cancel with how the task ended; with `cancelled` when nothing of it was ever begun."""
        known = await self._known(message)
        if known is None or not known.ended:
            return self._reply(message, MessageType.CANCELLED, payload={"effect": "none"})
        return self._reply(message, MessageType(known.ended), payload=json.loads(known.payload))

    async def _asked(self, message: QueryStatusMessage, arrival: Arrival) -> BaseMessage:
        """Tell how a step stands, looking in the world when it is not known; orders from before this are void then."""
        about = message.correlation
        running = self._runs.find(about.effect_key, about.conversation_id, about.task_id)
        known = await self._known(message)
        fence: tuple[str, str, Fence] | None = None
        if running:
            answer = self._reply(message, MessageType.STATUS, status={"state": "running"})
        elif known is not None and known.ended and known.state is not EffectState.UNKNOWN:
            answer = self._status(message, known)
        else:
            fence = (*_place(message), _fence_of(message))
            answer = self._seen(message, await self._look(message))
        await self._note(arrival, answer, fence=fence)
        return answer

    async def _ended(self, message: InformMessage) -> None:
        """Free what is held for a job that has ended, unless something is done for it, as when it was opened again."""
        job, epoch = message.correlation.conversation_id, message.correlation.lease_epoch or 0
        if job is None or message.status.state != "ended" or epoch < await self._store.latest_epoch(job):
            return
        if not self._runs.find(None, job, None):
            await self._executors.let_go(JobId(job), ended=True)
            log.info("job_let_go", job_id=job)

    async def _look(self, message: QueryStatusMessage) -> Verification:
        if message.payload is None or message.payload.todo is None:
            return Verification(happened=None, detail="the step is not known here")
        try:
            todo = ToDo.model_validate(message.payload.todo)
        except ValueError as error:
            return Verification(happened=None, detail=f"the step cannot be read: {error}"[:1000])
        due = message.expected.due(self._link.now())
        left = _LONGEST_LOOK if due is None else (due - self._link.now()).total_seconds()
        return await self._runs.look(todo, self._runs.context_of(message), max(0.0, min(left, _LONGEST_LOOK)))

    async def _known(self, message: BaseMessage) -> Effect | None:
        if message.correlation.effect_key is not None:
            return await self._store.effect(message.correlation.effect_key)
        return await self._store.effect_of(*_place(message))

    async def _check_epoch(self, message: BaseMessage, *, late: bool = False) -> Fence:
        """Return the fence that the message raises. Raises MessageConflictError for one from an older lease.

        With `late` also for one that was said before its task was stopped or asked about.
        """
        fence, own = await self._store.fence(*_place(message)), _fence_of(message)
        if own.epoch < fence.epoch or (late and own < fence):
            raise MessageConflictError("stale_epoch", _STALE)
        return own._replace(ts=0.0) if late else own

    def _why_not(self, message: BaseMessage, todo: ToDo, *, promised: bool) -> str | None:
        due, now = message.expected.due(self._link.now()), self._link.now()
        if self.draining:
            return "draining"
        if due is not None and due <= now:
            return "expired"
        if not self._is_able(todo):
            return f"{todo.action} is not done here"
        if self._runs.is_running(key_of(message)) or promised:
            return None
        return "busy" if self._taken() >= self._concurrency else None

    def _is_able(self, todo: ToDo) -> bool:
        try:
            self._executors.get(todo.action)
        except UnknownActionError:
            return False
        return True

    def _bid(self, message: DiscoverMessage) -> BaseMessage:
        """Offer to do it and keep a slot for that, or refuse."""
        wanted = message.payload.capability
        able = any(spec.name == wanted or _covers(wanted, spec.name) for spec in self._executors.catalog)
        if not able or self.draining or self._taken() >= self._concurrency:
            return self._refusal(message, "busy" if able else "unknown action")
        until = max(self._link.now(), message.payload.reply_by) + _BID
        load = self._runs.running / self._concurrency
        eta = self._runs.expected(wanted) * (1 + self._runs.running / self._concurrency)
        bid: dict[str, Any] = {
            "cost": 0.0,
            "etaMs": round(eta * 1000),
            "load": load,
            "confidence": self._runs.confidence(wanted),
        }
        bid["validUntil"] = until.isoformat()
        offer = self._reply(message, MessageType.OFFER, id=new_id(), payload={"capability": wanted, **bid})
        self._bids[offer.id] = until
        return offer

    def _taken(self) -> int:
        now = self._link.now()
        self._bids = {bid: until for bid, until in self._bids.items() if until > now}
        return self._runs.running + len(self._bids)

    def _status(self, message: BaseMessage, known: Effect) -> BaseMessage:
        said: dict[str, Any] = json.loads(known.payload)
        state = {MessageType.DONE: "done", MessageType.CANCELLED: "cancelled"}.get(MessageType(known.ended), "failed")
        payload: dict[str, Any] = {"effect": known.state.value}
        if "result" in said:
            payload["result"] = said["result"]
        if "message" in said:
            payload["detail"] = said["message"]
        return self._reply(message, MessageType.STATUS, status={"state": state}, payload=payload)

    def _seen(self, message: BaseMessage, seen: Verification) -> BaseMessage:
        payload: dict[str, Any] = {"effect": {True: "done", False: "none"}.get(seen.happened, "unknown")}  # type: ignore[arg-type]
        if seen.detail:
            payload["detail"] = self._runs.clean(seen.detail)[:1000]
        if seen.happened is None and seen.failure is not None:
            payload["retryable"] = True
        status = {"state": "done" if seen.happened else "unknown"}
        if seen.happened and seen.result is not None:
            result = self._runs.clean(seen.result)
            with suppress(MessageTooLargeError, InvalidMessageError):  # that it happened matters more
                return self._reply(message, MessageType.STATUS, status=status, payload=payload | {"result": result})
        return self._reply(message, MessageType.STATUS, status=status, payload=payload)

    def _refusal(self, message: BaseMessage, reason: str, *, for_good: bool = False) -> BaseMessage:
        said = {"reason": reason, "retryable": False} if for_good else {"reason": reason}
        return self._reply(message, MessageType.REFUSE, payload=said)

    def _reply(self, message: BaseMessage, kind: MessageType, **fields: Any) -> BaseMessage:  # noqa: ANN401 - checked by the model
        return reply_to(message, kind, sender=self._link.me.uri, **fields)

    async def _note(
        self, arrival: Arrival, answer: BaseMessage | None, fence: tuple[str, str, Fence] | None = None
    ) -> None:
        document = None if answer is None else answer.to_json()
        await self._store.note(arrival, document, self._link.now(), fence=fence)


def _arrival(document: Mapping[str, Any], seal: Seal) -> Arrival:
    message_id = document.get("id")
    if not isinstance(message_id, str):
        raise InvalidMessageError("id", "is missing")
    content = canonical({name: part for name, part in document.items() if name != "security"})
    return Arrival(message_id, hashlib.sha256(content).hexdigest(), seal.nonce, seal.expires.timestamp())


def _place(message: BaseMessage) -> tuple[str, str]:
    return message.correlation.conversation_id or "adhoc", message.correlation.task_id or "task"


def _fence_of(message: BaseMessage) -> Fence:
    return Fence(message.correlation.lease_epoch or 0, message.ts.timestamp())


def _covers(family: str, action: str) -> bool:
    return family.endswith(".*") and action.startswith(family[:-1])
