"""Builds jobs, tasks, graphs and audit entries, hiding what does not matter to a test."""

from typing import Any

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import JobId, TaskId, new_id
from scheduler.core.job import Job, TaskRun
from scheduler.core.lam_protocol import BaseMessage, MessageFactory, MessageType
from scheduler.core.task_graph import TaskGraph, ToDo
from scheduler.repository.repository_interface import RunProgress
from tests.support.clock import NOON
from tests.support.lam import a_document


def a_graph(tasks: int = 1) -> TaskGraph:
    """Return a chain of `tasks` steps: task1, task2, ..."""
    graph = TaskGraph()
    for number in range(tasks):
        graph.add_task(ToDo(action="web.click", text="Öffnen 📎", depends_on=(number - 1,) if number else ()))
    return graph


def a_job(tasks: int = 1, **changes: Any) -> Job:  # noqa: ANN401 - fields of Job
    fields: dict[str, Any] = {"intent": "fetch_invoice", "task_graph": a_graph(tasks), "created_at": NOON}
    return Job(**fields | changes)


def a_task_run(job: Job, task_id: str = "task1", **changes: Any) -> TaskRun:  # noqa: ANN401 - fields of TaskRun
    return TaskRun(job_id=job.id, task_id=TaskId(task_id), **changes)


def an_audit_entry(**changes: Any) -> AuditEntry:  # noqa: ANN401 - fields of AuditEntry
    fields: dict[str, Any] = {
        "id": new_id(),
        "timestamp": NOON,
        "job_id": JobId("job-1"),
        "action": "web.download",
        "reason": "Rechnung 4711 für Jörg 📎",
        "result": "success",
    }
    return AuditEntry(**fields | changes)


def an_event(job: Job, type_: EventType = EventType.TASK_DONE, **changes: Any) -> JobEvent:  # noqa: ANN401 - of JobEvent
    fields: dict[str, Any] = {"tenant": job.tenant, "job_id": job.id, "run": job.run, "type": type_, "at": NOON}
    return JobEvent(**fields | changes)


def a_progress(job: Job, **changes: Any) -> RunProgress:  # noqa: ANN401 - fields of RunProgress
    """Return the progress of a job as `dequeue` gave it."""
    assert job.lease is not None, "only a leased job makes progress"
    return RunProgress(job_id=job.id, tenant=job.tenant, lease_token=job.lease.token, **changes)


def a_message(number: int = 1, conversation: str = "job-1") -> BaseMessage:
    document = a_document(
        MessageType.REQUEST,
        id=f"message-{number}",
        task="Rechnung für Jörg holen 📎",
        correlation={"conversationId": conversation, "unknownField": 1},
    )
    return MessageFactory.from_dict(document)
