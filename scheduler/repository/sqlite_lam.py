"""Inbox, outbox and conversations in SQLite."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from scheduler.core.agent import SCHEDULER_URI
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import MessageConflictError, MessageNotAllowedError, SignatureRefusedError
from scheduler.core.ids import AgentId, JobId, TaskId, TenantId, new_id
from scheduler.core.lam_protocol import BaseMessage, MessageFactory, MessageType
from scheduler.core.sentences import Sentence
from scheduler.repository import sqlite_audit
from scheduler.repository.lam_repository import FINAL, Arrival, Ordered, Taken, Unsent, Waiting
from scheduler.repository.lines import AuditLine
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_rows import insert, message_to_row
from scheduler.repository.storable import to_micros

_REPLAYED = Sentence(
    "ihr nonce war schon da; erneut senden heißt neu unterschreiben",
    "its nonce was used before; to send again is to sign anew",
)
_CHANGED = Sentence("unter dieser id kam schon anderes an", "this id stood for other words before")
_NOT_ASKED = Sentence("danach wurde dieser Agent nicht gefragt", "this agent was not asked that")

_TASK_ANSWERS: Final = frozenset(
    {MessageType.AGREE, MessageType.INFORM, MessageType.PROPOSE, MessageType.CONFIRM, *FINAL},
)
_FITTING: Final[Mapping[str, frozenset[MessageType]]] = {
    MessageType.REQUEST: _TASK_ANSWERS,
    MessageType.ASSIGN: _TASK_ANSWERS,
    MessageType.CANCEL: frozenset({MessageType.INFORM, *FINAL}),
    MessageType.QUERY_STATUS: frozenset({MessageType.STATUS, MessageType.NOT_UNDERSTOOD, MessageType.REFUSE}),
    MessageType.DISCOVER: frozenset({MessageType.OFFER, MessageType.REFUSE, MessageType.NOT_UNDERSTOOD}),
    MessageType.REJECT: frozenset({MessageType.CONFIRM, MessageType.NOT_UNDERSTOOD}),
}
"""With what each of our messages may be answered."""
_SENT = """
    SELECT type, agent_id, conversation_id, task_id, document ->> '$.payload.replyBy' AS reply_by
    FROM messages WHERE tenant = ? AND sender = ? AND id = ?
"""

_TAKEN = """
    SELECT agent_id, max(n) FROM messages AS asked
    WHERE tenant = ? AND conversation_id = ? AND task_id IS NOT NULL AND sender = ? AND type IN ('request', 'assign')
        AND document ->> '$.correlation.run' = ?
        AND document ->> '$.payload.todo.action' IN (SELECT value FROM json_each(?))
        AND EXISTS (
            SELECT 1 FROM messages AS answer WHERE answer.tenant = asked.tenant AND answer.in_reply_to = asked.id
            AND answer.type IN ('agree', 'inform', 'done', 'failure')
        )
    GROUP BY agent_id ORDER BY max(n) DESC
"""

_NAMES = """
    SELECT 1 FROM messages, json_each(messages.document, '$.payload.artifacts') AS file
    WHERE tenant = ? AND conversation_id = ? AND sender = ? AND agent_id = ? AND messages.type IN ('request', 'assign')
        AND file.value ->> '$.url' = ?
    LIMIT 1
"""

_PROGRESS = """
    SELECT task_id, document ->> '$.status.progress' AS share FROM messages
    WHERE tenant = ? AND conversation_id = ? AND task_id IS NOT NULL AND type = 'inform' AND refused IS NULL
        AND share IS NOT NULL
    ORDER BY n
"""

_UNSENT = """
    SELECT outbox.agent_id, messages.document, jobs.status = 'running' AND jobs.lease_epoch
        <= coalesce(messages.document ->> '$.correlation.leaseEpoch', 0) AS current
    FROM outbox
    JOIN messages ON messages.tenant = outbox.tenant AND messages.id = outbox.message_id AND messages.sender = ?
    LEFT JOIN jobs ON jobs.id = messages.conversation_id AND jobs.tenant = outbox.tenant
    WHERE outbox.agent_id IN (SELECT value FROM json_each(?)) AND messages.stored_at < ? AND outbox.expires_at > ?
    ORDER BY outbox.n LIMIT ?
"""


class SQLiteLamRepository:
    """Keeps the promise of LamRepository."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_LAM_IN, CrashPoint.AFTER_LAM_IN)
    async def take(self, arrival: Arrival) -> Taken:
        return await self._database.write(lambda connection: _take(connection, arrival))

    @crash_points(CrashPoint.BEFORE_LAM_OUT, CrashPoint.AFTER_LAM_OUT)
    async def send(
        self, message: BaseMessage, tenant: TenantId, agent_id: AgentId, at: datetime, until: datetime
    ) -> None:
        row = message_to_row(message, tenant, agent_id, at)
        place = {"tenant": tenant, "agent_id": agent_id, "message_id": message.id, "expires_at": to_micros(until)}

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM outbox WHERE expires_at < ?", (to_micros(at),))
            insert(connection, "messages", row)
            insert(connection, "outbox", place)

        await self._database.write(store)

    @crash_points(CrashPoint.BEFORE_LAM_OUT, CrashPoint.AFTER_LAM_OUT)
    async def sent(self, message_id: str, agent_id: AgentId) -> None:
        statement = "DELETE FROM outbox WHERE agent_id = ? AND message_id = ?"
        await self._database.write(lambda connection: connection.execute(statement, (agent_id, message_id)) and None)

    @crash_points(CrashPoint.BEFORE_LAM_OUT, CrashPoint.AFTER_LAM_OUT)
    async def undelivered(self, message: BaseMessage, tenant: TenantId, agent_id: AgentId) -> None:
        marked = "UPDATE messages SET refused = 'undelivered' WHERE tenant = ? AND sender = ? AND id = ?"

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM outbox WHERE agent_id = ? AND message_id = ?", (agent_id, message.id))
            connection.execute(marked, (tenant, SCHEDULER_URI, message.id))

        await self._database.write(store)

    async def unsent(
        self, agent_ids: Collection[AgentId], before: datetime, now: datetime, limit: int = 100
    ) -> Sequence[Unsent]:
        values = (SCHEDULER_URI, json.dumps(list(agent_ids)), to_micros(before), to_micros(now), limit)
        rows = await self._database.read(lambda connection: connection.execute(_UNSENT, values).fetchall())
        return [Unsent(AgentId(row["agent_id"]), row["document"], bool(row["current"])) for row in rows]

    async def waiting(self, agent_id: AgentId, after: int, now: datetime, limit: int = 100) -> Sequence[Waiting]:
        statement = (
            "SELECT outbox.n, messages.document FROM outbox JOIN messages ON messages.tenant = outbox.tenant"
            " AND messages.id = outbox.message_id AND messages.sender = ?"
            " WHERE outbox.agent_id = ? AND outbox.n > ? AND outbox.expires_at > ? ORDER BY outbox.n LIMIT ?"
        )
        values = (SCHEDULER_URI, agent_id, after, to_micros(now), limit)
        return await self._database.read(
            lambda connection: [Waiting(*row) for row in connection.execute(statement, values)]
        )

    @crash_points(CrashPoint.BEFORE_LAM_OUT, CrashPoint.AFTER_LAM_OUT)
    async def arrived(self, agent_id: AgentId, up_to: int) -> None:
        statement = "DELETE FROM outbox WHERE agent_id = ? AND n <= ?"
        await self._database.write(lambda connection: connection.execute(statement, (agent_id, up_to)) and None)

    async def answers(self, tenant: TenantId, message_id: str) -> Sequence[BaseMessage]:
        statement = "SELECT document FROM messages WHERE tenant = ? AND in_reply_to = ? AND refused IS NULL ORDER BY n"
        rows = await self._database.read(
            lambda connection: connection.execute(statement, (tenant, message_id)).fetchall()
        )
        return [MessageFactory.from_json(row["document"]) for row in rows]

    async def orders(self, tenant: TenantId, job_id: JobId, task_id: TaskId) -> Sequence[Ordered]:
        statement = (
            "SELECT agent_id, document, refused FROM messages WHERE tenant = ? AND conversation_id = ? AND task_id = ?"
            " AND sender = ? AND type IN ('request', 'assign') ORDER BY n DESC LIMIT 100"
        )
        values = (tenant, job_id, task_id, SCHEDULER_URI)
        rows = await self._database.read(lambda connection: connection.execute(statement, values).fetchall())
        return [
            Ordered(AgentId(row["agent_id"]), MessageFactory.from_json(row["document"]), row["refused"] is None)
            for row in rows
        ]

    async def taken(self, tenant: TenantId, job_id: JobId, run: int, actions: Collection[str]) -> Sequence[AgentId]:
        values = (tenant, job_id, SCHEDULER_URI, run, json.dumps(sorted(actions)))
        rows = await self._database.read(lambda connection: connection.execute(_TAKEN, values).fetchall())
        return [AgentId(row["agent_id"]) for row in rows]

    async def progress(self, tenant: TenantId, job_id: JobId) -> Mapping[TaskId, float]:
        rows = await self._database.read(lambda connection: connection.execute(_PROGRESS, (tenant, job_id)).fetchall())
        return {TaskId(row["task_id"]): float(row["share"]) for row in rows}

    async def names_file(self, tenant: TenantId, job_id: JobId, agent_id: AgentId, address: str) -> bool:
        values = (tenant, job_id, SCHEDULER_URI, agent_id, address)
        return await self._database.read(lambda connection: connection.execute(_NAMES, values).fetchone()) is not None

    async def has_task_of(self, tenant: TenantId, job_id: str, agent_id: AgentId) -> bool:
        statement = "SELECT 1 FROM messages WHERE tenant = ? AND conversation_id = ? AND agent_id = ? AND sender = ?"
        values = (tenant, job_id, agent_id, SCHEDULER_URI)
        return (
            await self._database.read(lambda connection: connection.execute(statement, values).fetchone()) is not None
        )


def _take(connection: sqlite3.Connection, arrival: Arrival) -> Taken:
    now = to_micros(arrival.at)
    connection.execute("DELETE FROM lam_nonces WHERE expires_at < ?", (now,))
    nonce = (arrival.kid, arrival.nonce, to_micros(arrival.expires))
    statement = "INSERT INTO lam_nonces (kid, nonce, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    if not connection.execute(statement, nonce).rowcount:
        raise SignatureRefusedError("replayed", _REPLAYED)
    message, tenant = arrival.message, arrival.tenant
    seen = connection.execute(
        "SELECT digest, answer, refused FROM messages WHERE tenant = ? AND sender = ? AND id = ?",
        (tenant, message.sender, message.id),
    ).fetchone()
    if seen is not None:
        if seen["digest"] != arrival.digest:
            raise MessageConflictError("changed", _CHANGED)
        return Taken(duplicate=True, answer=seen["answer"], refused=seen["refused"])
    row = message_to_row(message, tenant, arrival.agent_id, arrival.at) | {
        "digest": arrival.digest,
        "answer": arrival.answer,
    }
    refused = _judged(connection, arrival, row)
    if message.type is MessageType.INFORM and refused is None and not _newest(connection, row, message):
        return Taken(duplicate=False, answer=arrival.answer)
    insert(connection, "messages", row | {"refused": refused})
    if refused is not None:
        _audit(connection, arrival, refused)
    return Taken(duplicate=False, answer=arrival.answer, refused=refused)


def _judged(connection: sqlite3.Connection, arrival: Arrival, row: dict[str, Any]) -> str | None:
    """Return why the message changes nothing; complete its row by what it answers. Raises MessageNotAllowedError."""
    message = arrival.message
    if message.correlation.in_reply_to is not None:
        values = (arrival.tenant, SCHEDULER_URI, message.correlation.in_reply_to)
        asked = connection.execute(_SENT, values).fetchone()
        if asked is None or asked["agent_id"] != arrival.agent_id:
            raise MessageNotAllowedError("not_asked", _NOT_ASKED)
        for column in ("conversation_id", "task_id"):
            if row[column] not in {None, asked[column]}:
                raise MessageNotAllowedError("not_asked", _NOT_ASKED)
            row[column] = asked[column]
        if message.type not in _FITTING.get(asked["type"], frozenset()):
            return "no_answer_to_that"
        if message.type is MessageType.OFFER and datetime.fromisoformat(asked["reply_by"]) < arrival.at:
            return "late_offer"
    elif message.type is MessageType.INFORM and not _was_asked(connection, arrival):
        raise MessageNotAllowedError("not_asked", _NOT_ASKED)
    epoch = message.correlation.lease_epoch
    if epoch is not None and epoch < _epoch(connection, row["conversation_id"], arrival.tenant):
        return "stale_epoch"
    if message.type in FINAL and _answered(connection, row):
        return "already_answered"
    return None


def _was_asked(connection: sqlite3.Connection, arrival: Arrival) -> bool:
    statement = "SELECT 1 FROM messages WHERE tenant = ? AND conversation_id = ? AND agent_id = ? AND sender = ?"
    values = (arrival.tenant, arrival.message.correlation.conversation_id, arrival.agent_id, SCHEDULER_URI)
    return connection.execute(statement, values).fetchone() is not None


def _epoch(connection: sqlite3.Connection, job_id: str | None, tenant: TenantId) -> int:
    row = connection.execute("SELECT lease_epoch FROM jobs WHERE id = ? AND tenant = ?", (job_id, tenant)).fetchone()
    return 0 if row is None else int(row["lease_epoch"])


def _answered(connection: sqlite3.Connection, row: Mapping[str, Any]) -> bool:
    """Whether a final answer to the same message counts already."""
    marks = ", ".join(f"'{kind}'" for kind in sorted(FINAL))
    statement = f"SELECT 1 FROM messages WHERE tenant = ? AND in_reply_to = ? AND refused IS NULL AND type IN ({marks})"  # noqa: S608
    return connection.execute(statement, (row["tenant"], row["in_reply_to"])).fetchone() is not None


def _newest(connection: sqlite3.Connection, row: Mapping[str, Any], message: BaseMessage) -> bool:
    """Whether it is the newest progress of its task; then the older one is dropped."""
    same = (row["tenant"], row["conversation_id"], row["task_id"], row["sender"])
    where = "tenant = ? AND conversation_id IS ? AND task_id IS ? AND sender = ? AND type = 'inform'"
    older = connection.execute(f"SELECT document FROM messages WHERE {where}", same).fetchone()  # noqa: S608 - ours
    if older is not None:
        last = MessageFactory.from_json(older["document"]).correlation.seq or 0
        if last > (message.correlation.seq or 0):
            return False
        connection.execute(f"DELETE FROM messages WHERE {where}", same)  # noqa: S608 - ours
    return True


def _audit(connection: sqlite3.Connection, arrival: Arrival, refused: str) -> None:
    correlation = arrival.message.correlation
    entry = AuditLine.of(
        id_=new_id(),
        timestamp=arrival.at,
        tenant=arrival.tenant,
        job_id=JobId(correlation.conversation_id or "agents"),
        task_id=None if correlation.task_id is None else TaskId(correlation.task_id),
        action="lam.recorded",
        reason=f"{arrival.message.type} changes nothing: {refused}",
        result="failure",
        metadata={"agent": arrival.agent_id, "message": arrival.message.id, "kind": refused},
    )
    sqlite_audit.append(connection, [entry])
