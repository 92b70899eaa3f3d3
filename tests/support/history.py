"""Reads a store after a fault and says what must not be so; an empty list is what every fault test wants."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from scheduler.core.events import EventType
from scheduler.core.ids import DEFAULT_TENANT, JobId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.repository import sqlite_audit
from tests.support.world import ASK, EFFECT, MARK, World

_ONCE = frozenset({MARK, ASK})
_WORKING = {EventType.JOB_STARTED, EventType.JOB_RESUMED, EventType.JOB_CANCEL_REQUESTED}
_ENDS = {EventType.JOB_DONE, EventType.JOB_FAILED, EventType.JOB_CANCELLED}
_GIVEN_UP = {EventType.JOB_HANDED_BACK, EventType.JOB_DEFERRED, EventType.QUESTION}
_NEXT: Mapping[EventType | None, set[EventType]] = {
    None: {EventType.JOB_ACCEPTED},
    EventType.JOB_ACCEPTED: {EventType.JOB_STARTED, EventType.JOB_CANCELLED},
    EventType.JOB_RETRIED: {EventType.JOB_STARTED, EventType.JOB_CANCELLED},
    EventType.JOB_STARTED: {*_ENDS, *_WORKING, *_GIVEN_UP} - {EventType.JOB_STARTED},
    EventType.JOB_RESUMED: {*_ENDS, *_WORKING, *_GIVEN_UP} - {EventType.JOB_STARTED},
    EventType.JOB_DEFERRED: {EventType.JOB_RESUMED, EventType.JOB_CANCEL_REQUESTED},
    EventType.QUESTION: {EventType.ANSWERED, EventType.UNANSWERED, EventType.JOB_CANCEL_REQUESTED},
    EventType.ANSWERED: {EventType.JOB_RESUMED, EventType.JOB_CANCEL_REQUESTED},
    EventType.UNANSWERED: {EventType.JOB_RESUMED, EventType.JOB_CANCEL_REQUESTED},
    EventType.JOB_HANDED_BACK: {EventType.JOB_RESUMED, EventType.JOB_CANCEL_REQUESTED},
    EventType.JOB_CANCEL_REQUESTED: {*_ENDS, EventType.JOB_RESUMED, EventType.JOB_HANDED_BACK},
    EventType.JOB_DONE: set(),
    EventType.JOB_FAILED: {EventType.JOB_RETRIED},
    EventType.JOB_CANCELLED: {EventType.JOB_RETRIED},
}
_ORPHANS = """
SELECT (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM tasks))
     + (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM events WHERE type = 'job_accepted'))
     + (SELECT count(*) FROM jobs WHERE id NOT IN (SELECT job_id FROM audit_log WHERE action = 'job.accepted'))
     + (SELECT count(*) FROM jobs WHERE (status IN ('running', 'cancelling')) <> (lease_until IS NOT NULL))
     + (SELECT count(*) FROM jobs WHERE (status = 'waiting') <> (id IN (SELECT job_id FROM questions)))
     + (SELECT count(*) FROM jobs WHERE (status = 'failed') <> (id IN (SELECT job_id FROM dead_letters)))
"""
"""Counts what only half a transaction could leave."""


class _Task:
    """One task along the timeline. `taken_up` is its status when the last worker took the job; None since it moved."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.status = TaskStatus.PENDING
        self.attempt = 0
        self.taken_up: TaskStatus | None = None
        self.expanded = False

    def flaw(self, line: EventType, attempt: int | None) -> str | None:
        """Take the step; say what is wrong with it."""
        was, left = self.status, self.taken_up
        self.taken_up = None
        busy = was in {TaskStatus.RUNNING, TaskStatus.VERIFYING}
        if line is EventType.TASK_STARTED:
            return self._starts(was, left, attempt or 0)
        if line in {EventType.TASK_RETRY_SCHEDULED, EventType.TASK_ASKS}:
            self.status = TaskStatus.PENDING
            return None if busy else f"is scheduled again while {was}"
        if line is EventType.TASK_EXPANDED:
            again, self.expanded = self.expanded, True
            return f"is made a task for each element once more, while {was}" if again or was.final else None
        self.status = TaskStatus(line.removeprefix("task_"))
        if self.expanded:  # nobody does the step itself: it ends with its elements
            return f"{self.status} while {was}" if was.final else None
        if line in {EventType.TASK_VERIFYING, EventType.TASK_DONE}:
            wrong = not busy or attempt != self.attempt
        else:
            wrong = was.final
        if wrong:
            return f"{self.status} in attempt {attempt} while {was} in {self.attempt}"
        lost = line in {EventType.TASK_DONE, EventType.TASK_FAILED} and left is TaskStatus.RUNNING
        return f"{self.status} by a worker that had lost the job" if lost else None

    def _starts(self, was: TaskStatus, left: TaskStatus | None, attempt: int) -> str | None:
        """Only what may be repeated starts again without a look, when the next worker takes it up."""
        earlier, self.attempt, self.status = self.attempt, attempt, TaskStatus.RUNNING
        again = was is TaskStatus.RUNNING and left is TaskStatus.RUNNING and self.action not in _ONCE
        if was is not TaskStatus.PENDING and not again:
            return f"starts while {was}"
        return None if attempt == earlier + 1 else f"attempt {attempt} follows {earlier}"


def _path_flaws(rows: Iterable[sqlite3.Row], actions: Mapping[str, str]) -> Iterator[str]:
    """Follow the timeline of one job."""
    last: EventType | None = None
    epoch = 0
    tasks = {task_id: _Task(action) for task_id, action in actions.items()}
    for row in rows:
        line, data = EventType(row["type"]), json.loads(row["data"])
        if row["task_id"] is not None:
            flaw = tasks[row["task_id"]].flaw(line, data.get("attempt"))
            if flaw:
                yield f"{row['seq']}: {row['task_id']} {flaw}"
            if last not in _WORKING and line is not EventType.TASK_CANCELLED:
                yield f"{row['seq']}: {line} after {last}"
            continue
        if line not in _NEXT[last]:
            yield f"{row['seq']}: {line} after {last}"
        last = line
        if line in {EventType.JOB_STARTED, EventType.JOB_RESUMED}:
            if data["epoch"] <= epoch:
                yield f"{row['seq']}: epoch {data['epoch']} after {epoch}"
            epoch = data["epoch"]
            for task in tasks.values():
                task.taken_up = task.status
        if line is EventType.JOB_RETRIED:
            tasks = {id_: task if task.status is TaskStatus.DONE else _Task(task.action) for id_, task in tasks.items()}


def _job_flaws(connection: sqlite3.Connection, job: sqlite3.Row, effects: Counter[str]) -> Iterator[str]:
    steps = {task["id"]: task for task in json.loads(job["task_graph"])["tasks"]}
    actions = {task_id: "" if step.get("for_each") else step["action"] for task_id, step in steps.items()}
    tasks = connection.execute("SELECT * FROM tasks WHERE job_id = ?", (job["id"],)).fetchall()
    elements = (task["task_id"] for task in tasks if task["task_id"] not in steps)
    actions |= {element: steps[element.partition("[")[0]]["action"] for element in elements}
    rows = connection.execute("SELECT * FROM events WHERE job_id = ? ORDER BY seq", (job["id"],)).fetchall()
    yield from _path_flaws(rows, actions)
    end = next((row["type"] for row in reversed(rows) if row["task_id"] is None), "nothing")
    if end != f"job_{job['status']}":
        yield f"is {job['status']}, and its timeline ends with {end}"
    if (job["status"] == JobStatus.DONE) != all(task["status"] == TaskStatus.DONE for task in tasks):
        yield f"is {job['status']} with tasks {[task['status'] for task in tasks]}"
    for task in tasks:
        if actions[task["task_id"]] in _ONCE:
            happened = effects[task["effect_key"]]
            if task["status"] == TaskStatus.DONE and not happened:
                yield f"{task['task_id']} is done and did not happen"
            if task["status"] in {TaskStatus.CANCELLED, TaskStatus.SKIPPED} and happened:
                yield f"{task['task_id']} is {task['status']} and did happen"


def flaws(database: Path, accepted: Iterable[JobId], world: World) -> list[str]:
    """Return what is wrong: with the file, the audit chain, each job's timeline, the effects, or the promise of a 202.

    Everything accepted must have ended. To be asked when nobody writes any more.
    """
    effects = world.count(EFFECT)
    found = [f"effect {key} happened {count} times" for key, count in effects.items() if count > 1]
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        jobs = {row["id"]: row for row in connection.execute("SELECT * FROM jobs")}
        found += [f"{job_id} was accepted and is lost" for job_id in accepted if job_id not in jobs]
        for job_id, job in jobs.items():
            if not JobStatus(job["status"]).final:
                found.append(f"{job_id} is {job['status']}")
            else:
                found += [f"{job_id}: {flaw}" for flaw in _job_flaws(connection, job, effects)]
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            found.append("the file is damaged")
        if connection.execute(_ORPHANS).fetchone()[0]:
            found.append("a transaction was stored by halves")
        if (block := sqlite_audit.broken_link(connection, DEFAULT_TENANT)) is not None:
            found.append(f"the audit chain is broken at block {block}")
    return found
