"""How models become rows of SQLite and come back."""

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from pydantic_core import from_json

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.events import JobEvent
from scheduler.core.ids import AgentId, TenantId
from scheduler.core.job import Job, JobStatus, Lease, TaskRun, job_with
from scheduler.core.lam_protocol import BaseMessage
from scheduler.core.task_graph import TaskGraph
from scheduler.repository.lines import AuditLine, EventLine, TaskLine
from scheduler.repository.storable import (
    EPOCH,
    MICROSECOND,
    document,
    maybe_micros,
    to_json,
    to_micros,
    to_moment,
    well_formed,
)

_NOTHING: Mapping[str, str] = MappingProxyType({})
_LONGEST_KEPT_PLAN = 20_000  # characters
_MOST_KEPT_PLANS = 500
_PLAIN_JOB_COLUMNS = (
    "id", "tenant", "intent", "description", "locale", "status", "priority", "run", "error", "error_code",
    "retry_count", "max_retries", "crashes", "plan_version",
)  # fmt: skip
"""Those of a job whose values need no reading."""
_JOB_MOMENTS = ("started_at", "completed_at", "deadline", "not_before")
JOB_COLUMNS = (*_PLAIN_JOB_COLUMNS, "graph_digest", "context", "task_graph", "created_at", *_JOB_MOMENTS)
"""What makes a job, apart from its lease."""
_job_values = itemgetter(*JOB_COLUMNS)


def storable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with well-formed texts."""
    return {column: well_formed(value) if isinstance(value, str) else value for column, value in row.items()}


def insertion(table: str, columns: Iterable[str]) -> str:
    """Return the statement that inserts a row; names of tables and columns are ours, values are bound by name."""
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"  # noqa: S608


def insertion_in_order(table: str, columns: Sequence[str], said: Mapping[str, str] = _NOTHING, *, rows: int = 1) -> str:
    """Return the statement that inserts rows whose values are bound in the order of the columns, but for what is `said`
    of some as SQL writes it."""
    row = f"({', '.join(said.get(column, '?') for column in columns)})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - ours


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    connection.execute(insertion(table, row), row)


def job_to_row(job: Job) -> dict[str, Any]:
    graph = job.task_graph.seal().canonical()
    return {
        "id": job.id,
        "tenant": job.tenant,
        "intent": well_formed(job.intent),
        "description": well_formed(job.description),
        "locale": job.locale,
        "status": job.status,
        "priority": job.priority,
        "run": job.run,
        "error": None if job.error is None else well_formed(job.error),
        "error_code": job.error_code,
        "retry_count": job.retry_count,
        "max_retries": job.max_retries,
        "crashes": job.crashes,
        "plan_version": job.plan_version,
        "context": well_formed(to_json(job.context)),
        "task_graph": graph,
        "graph_digest": hashlib.sha256(graph.encode()).hexdigest(),
        "created_at": to_micros(job.created_at),
        "started_at": maybe_micros(job.started_at),
        "completed_at": maybe_micros(job.completed_at),
        "deadline": maybe_micros(job.deadline),
        "not_before": maybe_micros(job.not_before) or 0,
        "delayed": int(job.not_before is not None),
    }


class _Plans:
    """Plans read before, by their digest: a schedule or a batch brings the same one again and again.

    A sealed plan cannot change, so its jobs share it. Those used least recently go first.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, TaskGraph]] = OrderedDict()
        self._latest = "", "", TaskGraph()

    def read(self, digest: str, text: str) -> TaskGraph:
        """Return the plan. Raises ValueError and CPAError for one that cannot be read."""
        latest = self._latest
        if latest[0] == digest and latest[1] == text:
            return latest[2]
        plan = self._read(digest, text)
        self._latest = digest, text, plan
        return plan

    def _read(self, digest: str, text: str) -> TaskGraph:
        known = self._known.get(digest)
        if known is not None and known[0] == text:
            self._known.move_to_end(digest)
            return known[1]
        plan = TaskGraph.model_validate(from_json(text)).seal()
        if len(text) <= _LONGEST_KEPT_PLAN:
            self._known[digest] = text, plan
            if len(self._known) > _MOST_KEPT_PLANS:
                self._known.popitem(last=False)
        return plan


_plans = _Plans()


def job_from_row(row: sqlite3.Row) -> Job:
    """Return the job of a row of `jobs`."""
    values = _job_values(row)
    lease = None
    if row["lease_token"] is not None:
        lease = Lease(token=row["lease_token"], epoch=row["lease_epoch"], until=_moment(row["lease_until"]))
    return job_of(values, lease=lease, status=JobStatus(row["status"]))


def job_of(values: Sequence[Any], **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
    """Return the job with these values of JOB_COLUMNS, and `changes` that are about to be stored, its status included.

    It was validated when it was accepted: to do so again at every claim would cost more than the claim's statements.
    """
    digest, context, plan, created_at, *moments = values[len(_PLAIN_JOB_COLUMNS) :]
    if any(moments):
        set_ = ((name, _moment(micros)) for name, micros in zip(_JOB_MOMENTS, moments, strict=True) if micros)
        changes = {**dict(set_), **changes}
    changes["created_at"] = _moment(created_at)
    changes["context"] = {} if context == "{}" else from_json(context)
    changes["task_graph"] = _plans.read(digest, plan)
    return job_with(zip(_PLAIN_JOB_COLUMNS, values, strict=False), changes)


def task_line(task: TaskRun) -> TaskLine:
    return TaskLine(
        run=task.run,
        status=task.status._value_,  # plain text, here and below: SQLite asks long how to store any other
        attempts=task.attempts,
        failures=task.failures,
        effect_key=task.effect_key,
        not_before=maybe_micros(task.not_before),
        result=None if task.result is None else document(task.result),
        verified=None if task.verified is None else int(task.verified),
        failure=None if task.failure is None else document(task.failure.model_dump(mode="json")),
        evidence=document(task.evidence),
        started_at=maybe_micros(task.started_at),
        completed_at=maybe_micros(task.completed_at),
        job_id=task.job_id,
        task_id=task.task_id,
    )


def task_from_row(row: sqlite3.Row) -> TaskRun:
    document = {name: row[name] for name in row.keys() if name in TaskRun.model_fields}  # noqa: SIM118 - see above
    return TaskRun.model_validate(
        document
        | {
            "not_before": to_moment(row["not_before"]),
            "result": _document(row["result"]),
            "verified": None if row["verified"] is None else bool(row["verified"]),
            "failure": _document(row["failure"]),
            "evidence": from_json(row["evidence"]),
            "started_at": to_moment(row["started_at"]),
            "completed_at": to_moment(row["completed_at"]),
        }
    )


def event_line(event: JobEvent) -> EventLine:
    return EventLine.of(event.tenant, event.job_id, event.run, event.type, event.at, event.task_id, event.data)


def event_from_row(row: sqlite3.Row) -> JobEvent:
    return JobEvent.model_validate(dict(row) | {"at": _moment(row["at"]), "data": from_json(row["data"])})


def audit_line(entry: AuditEntry) -> AuditLine:
    return AuditLine.of(id_=entry.id, **entry.model_dump(exclude={"id", "block", "position"}))


def audit_from_row(row: sqlite3.Row) -> AuditEntry:
    return AuditEntry.model_validate(
        dict(row) | {"timestamp": _moment(row["timestamp"]), "metadata": from_json(row["metadata"])}
    )


def _moment(micros: int) -> datetime:
    return EPOCH + micros * MICROSECOND


def _document(text: str | None) -> Any:  # noqa: ANN401 - JSON
    return None if text is None else from_json(text)


def message_to_row(message: BaseMessage, tenant: TenantId, agent_id: AgentId | None, at: datetime) -> dict[str, Any]:
    """Return the row of a message that an agent has sent or is sent; None: it is not known which."""
    correlation = message.correlation
    return {
        "tenant": tenant,
        "sender": message.sender,
        "id": message.id,
        "type": message.type,
        "conversation_id": correlation.conversation_id,
        "task_id": correlation.task_id,
        "in_reply_to": correlation.in_reply_to,
        "agent_id": agent_id,
        "document": message.to_json(),
        "stored_at": to_micros(at),
    }
