"""Agents, their keys, the right to join, and signs of life in SQLite."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from scheduler.core.agent import Agent, AgentStatus
from scheduler.core.agent_wire import EXPIRY, PublicKey
from scheduler.core.clock import Clock
from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import AgentKeyTakenError, AgentNameTakenError
from scheduler.core.ids import AgentId, TenantId
from scheduler.repository.agent_repository import AgentChanges, AgentKey, AgentRecord, Beat, Enrolment
from scheduler.repository.news import News
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_rows import insertion, storable
from scheduler.repository.storable import to_json, to_micros, to_moment

_SIGNS_OF_LIFE = {"last_heartbeat", "running"}
_KEYS_SINCE = """
    SELECT kid, agent_id, x, good_until FROM agent_keys WHERE agent_id IN (SELECT id FROM agents WHERE version > ?)
    ORDER BY agent_id, place
"""
_BEAT = """
    INSERT INTO agent_beats (agent_id, at, running, status) SELECT :agent_id, :at, :running, :status
    WHERE EXISTS (SELECT 1 FROM agents WHERE id = :agent_id)
    ON CONFLICT (agent_id) DO UPDATE SET at = excluded.at, running = excluded.running, status = excluded.status
    WHERE excluded.at >= agent_beats.at
"""


class SQLiteAgentRepository:
    """Keeps the promise of AgentRepository."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    def version(self) -> int:
        return int(
            self._database.peek(lambda connection: connection.execute("SELECT n FROM agents_version")).fetchone()[0]
        )

    async def all(self) -> Sequence[AgentRecord]:
        return (await self.changed(-1)).records

    async def changed(self, since: int) -> AgentChanges:
        return await self._database.read(lambda connection: _changed(connection, since))

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def save(self, record: AgentRecord, *, instead_of: AgentId | None = None) -> None:
        await self._database.write(lambda connection: _save(connection, record, instead_of))

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def remove(self, agent_id: AgentId) -> bool:
        return await self._database.write(lambda connection: _remove(connection, agent_id))

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def retire_key(self, agent_id: AgentId, kid: str) -> None:
        def retire(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM agent_keys WHERE agent_id = ? AND kid <> ?", (agent_id, kid))
            connection.execute("UPDATE agent_keys SET place = 0, good_until = NULL WHERE kid = ?", (kid,))
            _count_change(connection, agent_id)

        await self._database.write(retire)

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def allow(self, enrolment: Enrolment) -> None:
        row = {
            "id": enrolment.id,
            "tenant": enrolment.tenant,
            "digest": enrolment.digest,
            "expires_at": to_micros(enrolment.expires_at),
            "uses": enrolment.uses,
            "document": to_json(
                {"types": sorted(enrolment.types), "capabilities": sorted(enrolment.capabilities)},
            ),
        }
        await self._database.write(lambda connection: connection.execute(insertion("enrolments", row), row) and None)

    async def enrolment(self, enrolment_id: str) -> Enrolment | None:
        statement = "SELECT * FROM enrolments WHERE id = ?"
        row = await self._database.read(lambda connection: connection.execute(statement, (enrolment_id,)).fetchone())
        if row is None:
            return None
        allowed = json.loads(row["document"])
        return Enrolment(
            id=row["id"],
            tenant=TenantId(row["tenant"]),
            digest=row["digest"],
            expires_at=_moment(row["expires_at"]),
            uses=row["uses"],
            types=frozenset(allowed["types"]),
            capabilities=frozenset(allowed["capabilities"]),
        )

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def revoke(self, enrolment_id: str) -> None:
        statement = "UPDATE enrolments SET uses = 0 WHERE id = ?"
        await self._database.write(lambda connection: connection.execute(statement, (enrolment_id,)) and None)

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def spend(self, enrolment_id: str, now: datetime) -> bool:
        statement = "UPDATE enrolments SET uses = uses - 1 WHERE id = ? AND uses > 0 AND expires_at > ?"
        values = (enrolment_id, to_micros(now))
        return await self._database.write(lambda connection: connection.execute(statement, values).rowcount > 0)


class SQLiteHeartbeatStore:
    """Keeps the promise of HeartbeatStore."""

    def __init__(self, database: SQLiteDatabase, clock: Clock, expiry: timedelta = EXPIRY) -> None:
        self._database = database
        self._clock = clock
        self._expiry = expiry

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def note(self, agents: Collection[Agent]) -> None:
        rows = [
            {
                "agent_id": agent.id,
                "at": to_micros(agent.last_heartbeat),
                "running": agent.running,
                "status": agent.status,
            }
            for agent in agents
            if agent.last_heartbeat is not None
        ]
        await self._database.write(lambda connection: connection.executemany(_BEAT, rows) and None, news=News.FOR_LATER)

    async def last(self, agent_ids: Collection[AgentId], since: datetime | None = None) -> Mapping[AgentId, Beat]:
        wanted, expiry = set(agent_ids), self._clock.now() - self._expiry
        after = to_micros(expiry if since is None else max(since, expiry))
        statement = "SELECT agent_id, at, running, status FROM agent_beats WHERE at > ?"
        rows = await self._database.read(lambda connection: connection.execute(statement, (after,)).fetchall())
        return {
            AgentId(row["agent_id"]): Beat(_moment(row["at"]), row["running"], AgentStatus(row["status"]))
            for row in rows
            if row["agent_id"] in wanted
        }

    @crash_points(CrashPoint.BEFORE_AGENT, CrashPoint.AFTER_AGENT)
    async def forget(self, agent_id: AgentId) -> None:
        statement = "DELETE FROM agent_beats WHERE agent_id = ?"
        await self._database.write(lambda connection: connection.execute(statement, (agent_id,)) and None)

    async def close(self) -> None:
        """Leave the database to whoever opened it."""


def _changed(connection: sqlite3.Connection, since: int) -> AgentChanges:
    keys: defaultdict[str, list[AgentKey]] = defaultdict(list)
    for row in connection.execute(_KEYS_SINCE, (since,)):
        until = None if row["good_until"] is None else _moment(row["good_until"])
        keys[row["agent_id"]].append(AgentKey(row["kid"], PublicKey(x=row["x"]), until))
    records = [
        AgentRecord(
            agent=Agent.model_validate_json(row["document"]),
            token_digest=row["token_digest"],
            keys=tuple(keys[row["id"]]),
        )
        for row in connection.execute("SELECT id, document, token_digest FROM agents WHERE version > ?", (since,))
    ]
    version = int(connection.execute("SELECT n FROM agents_version").fetchone()[0])
    return AgentChanges(version, records, int(connection.execute("SELECT count(*) FROM agents").fetchone()[0]))


def _count_change(connection: sqlite3.Connection, agent_id: AgentId) -> None:
    connection.execute("UPDATE agents_version SET n = n + 1")
    connection.execute("UPDATE agents SET version = (SELECT n FROM agents_version) WHERE id = ?", (agent_id,))


def _save(connection: sqlite3.Connection, record: AgentRecord, instead_of: AgentId | None) -> None:
    agent = record.agent
    if instead_of is not None:
        _remove(connection, instead_of)
    statement = "SELECT 1 FROM agents WHERE tenant = ? AND name = ? AND id <> ?"
    if connection.execute(statement, (agent.tenant, agent.name, agent.id)).fetchone():
        raise AgentNameTakenError(agent.name)
    row = storable(
        {
            "id": agent.id,
            "tenant": agent.tenant,
            "name": agent.name,
            "document": agent.model_dump_json(exclude=_SIGNS_OF_LIFE),
            "token_digest": record.token_digest,
        }
    )
    connection.execute(
        f"{insertion('agents', row)} ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " document = excluded.document, token_digest = excluded.token_digest",
        row,
    )
    connection.execute("DELETE FROM agent_keys WHERE agent_id = ?", (agent.id,))
    for place, (kid, key, until) in enumerate(record.keys):
        if connection.execute("SELECT 1 FROM agent_keys WHERE kid = ?", (kid,)).fetchone():
            raise AgentKeyTakenError(agent.name)
        connection.execute(
            "INSERT INTO agent_keys (kid, agent_id, x, place, good_until) VALUES (?, ?, ?, ?, ?)",
            (kid, agent.id, key.x, place, None if until is None else to_micros(until)),
        )
    _count_change(connection, agent.id)


def _remove(connection: sqlite3.Connection, agent_id: AgentId) -> bool:
    removed = connection.execute("DELETE FROM agents WHERE id = ?", (agent_id,)).rowcount > 0
    if removed:
        connection.execute("DELETE FROM outbox WHERE agent_id = ?", (agent_id,))
        _count_change(connection, agent_id)
    return removed


def _moment(micros: int) -> datetime:
    moment = to_moment(micros)
    assert moment is not None  # noqa: S101 - the column is NOT NULL
    return moment
