"""The promise about plans that were shown, kept on SQLite."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic_core import from_json

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import PlanNotFoundError
from scheduler.core.ids import TenantId
from scheduler.core.kept_plans import KeptPlan
from scheduler.repository.plan_repository import PlanRepository
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.storable import to_json, to_micros, to_moment, well_formed

MOST_OF_TENANT: Final = 1000
_JOBS, _STEPS = 100, 5000
_LONGEST_GRAPH: Final = 200_000
"""Characters; longer plans are no evidence, reading them takes too long."""

_UPSERT = (
    "INSERT OR REPLACE INTO plans (tenant, hash, id, version, before, newer, text, document, created_at, expires_at)"
    " VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?)"
)
_CROWDED_OUT = (
    "DELETE FROM plans WHERE tenant = :tenant AND hash IN"
    " (SELECT hash FROM plans WHERE tenant = :tenant ORDER BY expires_at DESC LIMIT -1 OFFSET :most)"
)
_DONE_LAST = """
    SELECT task_graph, tasks.task_id, tasks.completed_at - tasks.started_at AS micros
    FROM (
        SELECT id, task_graph FROM jobs WHERE tenant = ? AND status = 'done' ORDER BY created_at DESC LIMIT ?
    ) AS done
    JOIN tasks ON tasks.job_id = done.id
    WHERE length(task_graph) < ? AND tasks.status = 'done' AND tasks.started_at IS NOT NULL LIMIT ?
"""


class SQLitePlanRepository(PlanRepository):
    """Plans in SQLite, one row each."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    @crash_points(CrashPoint.BEFORE_KEEP_PLAN, CrashPoint.AFTER_KEEP_PLAN)
    async def keep(self, plan: KeptPlan) -> KeptPlan:
        return await self._database.write(lambda connection: _keep(connection, plan))

    async def get(self, plan_hash: str, tenant: TenantId) -> KeptPlan | None:
        return await self._database.read(lambda connection: _fetch(connection, plan_hash, tenant))

    @crash_points(CrashPoint.BEFORE_PRUNE, CrashPoint.AFTER_PRUNE)
    async def forget(self, expired_before: datetime) -> int:
        at = to_micros(expired_before)
        return await self._database.write(
            lambda connection: connection.execute("DELETE FROM plans WHERE expires_at < ?", (at,)).rowcount
        )

    async def seconds_of_actions(self, tenant: TenantId) -> Mapping[str, Sequence[float]]:
        def look(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            return connection.execute(_DONE_LAST, (tenant, _JOBS, _LONGEST_GRAPH, _STEPS)).fetchall()

        return _by_action(await self._database.read(look))


def _keep(connection: sqlite3.Connection, plan: KeptPlan) -> KeptPlan:
    if plan.before is not None:
        before = _fetch(connection, plan.before, plan.tenant)
        if before is None:
            raise PlanNotFoundError(plan.before)
        before.current(plan.created_at)
        plan = plan.model_copy(update={"version": before.version + 1})
        connection.execute(
            "UPDATE plans SET newer = ? WHERE tenant = ? AND hash = ?", (plan.hash, plan.tenant, plan.before)
        )
    row = (
        plan.tenant, plan.hash, plan.id, plan.version, plan.before, well_formed(plan.text),
        well_formed(to_json(plan.document)), to_micros(plan.created_at), to_micros(plan.expires_at),
    )  # fmt: skip
    connection.execute(_UPSERT, row)
    connection.execute(_CROWDED_OUT, {"tenant": plan.tenant, "most": MOST_OF_TENANT})
    return plan


def _fetch(connection: sqlite3.Connection, plan_hash: str, tenant: TenantId) -> KeptPlan | None:
    row = connection.execute("SELECT * FROM plans WHERE tenant = ? AND hash = ?", (tenant, plan_hash)).fetchone()
    if row is None:
        return None
    moments = {name: to_moment(row[name]) for name in ("created_at", "expires_at")}
    return KeptPlan.model_validate({**dict(row), **moments, "document": from_json(row["document"])})


def _by_action(rows: Sequence[sqlite3.Row]) -> Mapping[str, Sequence[float]]:
    actions: dict[str, Mapping[str, str]] = {}
    found: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        graph = row["task_graph"]
        if graph not in actions:
            actions[graph] = {task.get("id", ""): task["action"] for task in from_json(graph)["tasks"]}
        action = actions[graph].get(row["task_id"])
        if action is not None and row["micros"] is not None:
            found[action].append(row["micros"] / 1_000_000)
    return found
