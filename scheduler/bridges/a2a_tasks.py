"""How a job of ours looks as a task of A2A: its state, what it says, and what it has given."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from a2a.helpers.proto_helpers import new_data_part, new_text_part, new_url_part
from a2a.types import Artifact, Message, Role, Task, TaskState, TaskStatus
from google.protobuf.timestamp_pb2 import Timestamp

from scheduler.bridges.desk import FINAL, open_questions

_MOST_OF_A_RESULT: Final = 20_000  # characters
_STATES: Final = {
    "pending": TaskState.TASK_STATE_SUBMITTED,
    "running": TaskState.TASK_STATE_WORKING,
    "waiting": TaskState.TASK_STATE_WORKING,
    "cancelling": TaskState.TASK_STATE_WORKING,
    "done": TaskState.TASK_STATE_COMPLETED,
    "failed": TaskState.TASK_STATE_FAILED,
    "cancelled": TaskState.TASK_STATE_CANCELED,
}
INTERRUPTED: Final = frozenset({TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED})
JOB_STATUSES: Final = {
    TaskState.TASK_STATE_SUBMITTED: ["pending"],
    TaskState.TASK_STATE_WORKING: ["running", "cancelling"],
    TaskState.TASK_STATE_INPUT_REQUIRED: ["waiting"],
    TaskState.TASK_STATE_COMPLETED: ["done"],
    TaskState.TASK_STATE_FAILED: ["failed"],
    TaskState.TASK_STATE_CANCELED: ["cancelled"],
}


def settled(job: Mapping[str, Any]) -> bool:
    """Whether nothing more happens until somebody says something."""
    return job["status"] in FINAL or bool(open_questions(job))


def state_of(job: Mapping[str, Any]) -> TaskState:
    """Return the state; a question whose answer is secret is for a person at CPA, not for the client to relay."""
    asked = open_questions(job)
    if any(question["secret"] for question in asked):
        return TaskState.TASK_STATE_AUTH_REQUIRED
    return TaskState.TASK_STATE_INPUT_REQUIRED if asked else _STATES[job["status"]]


def status_of(job: Mapping[str, Any], words: str = "") -> TaskStatus:
    """Return the status with what it says: `words`, else the questions, or why the job failed."""
    short = job["job"]
    stamp = Timestamp()
    stamp.FromDatetime(datetime.fromisoformat(short["completed_at"] or short["created_at"]))
    status = TaskStatus(state=state_of(job), timestamp=stamp)
    said = words or _words(job)
    if said:
        status.message.CopyFrom(_said(job, said))
    return status


def context_of(job: Mapping[str, Any]) -> str:
    """Return what the client groups its jobs by; one that came alone is a group of its own."""
    return str(job["context_id"] or job["job"]["job_id"])


def task_of(job: Mapping[str, Any], base: str, *, history: int | None = None, artifacts: bool = True) -> Task:
    """Return the task; `base` is the address at which files are fetched."""
    short = job["job"]
    task = Task(id=short["job_id"], context_id=context_of(job), status=status_of(job))
    task.metadata.update({"intent": short["intent"], "status": job["status"], "steps": len(job["tasks"])})
    if history != 0:
        asked = Message(message_id=f"{short['job_id']}-order", role=Role.ROLE_USER, task_id=short["job_id"])
        asked.context_id = context_of(job)
        asked.parts.append(new_text_part(short["description"]))
        task.history.append(asked)
    if artifacts:
        task.artifacts.extend(artifacts_of(job, base))
    return task


def artifacts_of(job: Mapping[str, Any], base: str) -> list[Artifact]:
    """Return what the done steps gave: their results as data, their files as addresses at this API."""
    return [_artifact(job, step, base) for step in job["tasks"] if step["status"] == "done"]


def _artifact(job: Mapping[str, Any], step: Mapping[str, Any], base: str) -> Artifact:
    found = Artifact(artifact_id=step["task_id"], name=step["action"], description=step["reason"])
    text = json.dumps(step["result"], ensure_ascii=False)
    if len(text) > _MOST_OF_A_RESULT:
        found.parts.append(new_text_part(text[:_MOST_OF_A_RESULT]))
    else:
        found.parts.append(new_data_part(step["result"], media_type="application/json"))
    for path in job["artifacts"]:
        _, _, _, _, task_id, name = path.split("/", 5)
        if task_id == step["task_id"]:
            found.parts.append(new_url_part(f"{base}{path}", filename=name))
    if step["picture"] is not None:
        found.parts.append(new_url_part(f"{base}{step['picture']}", media_type="image/png"))
    return found


def _words(job: Mapping[str, Any]) -> str:
    asked = open_questions(job)
    if any(question["secret"] for question in asked):
        return f"A person answers at CPA: cpa answer {job['job']['job_id']}"
    return " ".join(str(question["text"]) for question in asked) or str(job["job"]["error"] or "")


def _said(job: Mapping[str, Any], words: str) -> Message:
    job_id = job["job"]["job_id"]
    said = Message(message_id=f"{job_id}-{job['status']}", role=Role.ROLE_AGENT, task_id=job_id)
    said.context_id = context_of(job)
    said.parts.append(new_text_part(words))
    asked = [dict(question) for question in open_questions(job) if not question["secret"]]
    if asked:
        said.parts.append(new_data_part({"questions": asked}, media_type="application/json"))
    return said
