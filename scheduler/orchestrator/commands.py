"""What `step` wants done. The first three are stored together before any of the others is carried out.

Nobody changes a command, though nothing prevents it: freezing a class makes its objects four times dearer to build, and
each task takes half a dozen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.core.events import EventType, RunEvent
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus
from scheduler.core.questions import Question
from scheduler.core.retry import TaskFailure


@dataclass(slots=True)
class SaveTask:
    """Store the task as it stands after this step."""

    task_id: TaskId


@dataclass(slots=True)
class AddTasks:
    """Give tasks that are new, in this order, their rows; they are stored together with what else is known of them."""

    task_ids: Sequence[TaskId]


@dataclass(slots=True)
class NoteEvent:
    """Add a line to the timeline."""

    type: EventType
    at: datetime
    task_id: TaskId | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class StartTask:
    """Do the task; answer with AttemptSucceeded or AttemptFailed. `again`: it was begun before, in any run."""

    task_id: TaskId
    attempt: int
    again: bool = False


@dataclass(slots=True)
class VerifyTask:
    """Look whether the attempt took effect; answer with AttemptVerified or AttemptFailed."""

    task_id: TaskId
    attempt: int


@dataclass(slots=True)
class StopTask:
    """Stop whoever works on the attempt; what comes next for the task waits until they have let go."""

    task_id: TaskId
    attempt: int


@dataclass(slots=True)
class SetTimer:
    """Bring `event` back at its time `event.at`."""

    event: RunEvent


@dataclass(slots=True)
class ParkJob:
    """Nothing of the run can go on: give the lease up until somebody has answered, else until the time `until`.

    `expires_at`: how long answers are waited for.
    """

    until: datetime | None = None
    questions: tuple[Question, ...] = ()
    expires_at: datetime | None = None


@dataclass(slots=True)
class FinishRun:
    """The run is over."""

    status: JobStatus
    at: datetime
    failure: TaskFailure | None = None


Command = SaveTask | AddTasks | NoteEvent | StartTask | VerifyTask | StopTask | SetTimer | ParkJob | FinishRun
