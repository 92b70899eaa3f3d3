"""The courses that runs of a plan take: most are alike but for ids, times and results, and `step` is pure, so what it
has decided for one it would decide for the others.

A course is a tree of turns: what has happened leads from one to the next. Each is made by `step` and `ProgressWriter`
themselves, from events whose times and results are holes (see progress_template.py); what looks at one of these makes
no turn. A run that meets a turn nobody knows leaves the course, see decisions.py.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

import structlog

from scheduler.core.actions import ActionCatalog
from scheduler.core.assembling import assembled, values_of
from scheduler.core.events import AttemptOverdue, AttemptSucceeded, EventType, RunEvent, RunOpened
from scheduler.core.ids import IdFactory, TaskId
from scheduler.core.job import Job, JobStatus, Lease, TaskRun, TaskStatus
from scheduler.orchestrator.commands import (
    AddTasks,
    Command,
    FinishRun,
    NoteEvent,
    ParkJob,
    SaveTask,
    SetTimer,
    StartTask,
)
from scheduler.orchestrator.progress_template import (
    OWN,
    Hole,
    LookedAtError,
    Part,
    ProgressTemplate,
    hole_of,
    result_with_hole,
)
from scheduler.orchestrator.run_plan import RunPlan
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import RunState, TaskState, open_untouched, plan_of
from scheduler.orchestrator.step import step
from scheduler.repository.repository_interface import RunProgress

if TYPE_CHECKING:
    from datetime import datetime

STORED: Final = frozenset({SaveTask, AddTasks, NoteEvent, ParkJob, FinishRun})
"""Commands that are carried out by being stored."""
_LARGEST_PLAN: Final = 20  # tasks; to make a turn the way to it is gone again
_MOST_TURNS: Final = 40
"""Of one plan: steps side by side can end in very many orders."""
WORTH_IT: Final = 2  # runs of a plan; one that never comes again would be learned for nothing
_COURSE: Final = "course"
_EXPECTED: Final = frozenset({JobStatus.RUNNING, JobStatus.DONE})
_UNKNOWN: Final = object()
_OF_HOLES: Final = (LookedAtError, TypeError, AttributeError)
"""What comes of looking at a hole."""
_OTHER: Final = Hole(Part.OTHER)
"""What no run on a course needs."""

log = structlog.get_logger(__name__)


def must_be_stored(state: RunState, commands: Iterable[Command]) -> bool:
    """Whether commands may not be carried out before others of them are stored.

    That a repeatable task has started may be stored together with what comes next: if it is forgotten, it starts
    again, which does no harm.
    """
    return any(type(command) in STORED and not _starts_repeatable(state, command) for command in commands)


def _starts_repeatable(state: RunState, command: Command) -> bool:
    """Whether the command says no more than that a repeatable task has started."""
    if type(command) is NoteEvent:
        return command.type is EventType.TASK_STARTED
    if type(command) is SaveTask:
        task_id = command.task_id
        return task_id in state.plan.repeatable and state.tasks.newest[task_id].status is TaskStatus.RUNNING
    return False


class Turn:
    """What a run decides when something has happened to it, after all that happened before on its course.

    `to_do` is to be done once `progress`, what the run has not stored before, is stored; the times in it are holes.
    `unstored`: something is left that need not be stored at once. `results` says which event brought a task's result,
    and `events` how many there were up to here.
    """

    __slots__ = (
        "_answer", "_asked", "_next", "_path", "course", "events", "plan", "progress", "results", "status", "stores",
        "to_do", "unstored",
    )  # fmt: skip

    def __init__(self, course: "Course", path: tuple[Sequence[RunEvent], ...]) -> None:
        """Go the way from the beginning. Raises LookedAtError, and whatever comes of looking at a hole."""
        self.course = course
        self._path = path
        self._asked: RunEvent | None = None
        self._answer: Turn | None = None
        self.events = sum(map(len, path))
        self.plan = course.plan
        self._next: dict[object, Any] = {}
        self.stores = False
        self.to_do: Sequence[Command] = ()
        state, unstored = course.opened(course.job), list[Command]()
        for events in path:
            state, commands = step(state, events)
            unstored = [*([] if self.stores else unstored), *commands]
            self.to_do = [command for command in commands if type(command) not in STORED]
            self.stores = must_be_stored(state, commands)
        if state.status not in _EXPECTED or not all(map(_is_expected, self.to_do)):
            raise LookedAtError
        progress = course.progress(state, unstored) if self.stores else None
        self.progress = None if progress is None else ProgressTemplate(progress)
        self.unstored = bool(unstored) and not self.stores
        self.status = state.status
        results = ((task_id, hole_of(task.result)) for task_id, task in state.tasks.items())
        self.results = {task_id: hole.number for task_id, hole in results if hole is not None}

    def after(self, events: Sequence[RunEvent]) -> "Turn | None":
        """Return the turn that comes when this has happened; None: it is not known."""
        if len(events) != 1:
            return self._following(_kinds(events), events)
        event = events[0]
        if event is self._asked:  # runs that begin together share it
            return self._answer
        following = self._following(_kind(event), events)
        if type(event) is RunOpened:
            self._asked, self._answer = event, following
        return following

    def _following(self, kind: object, events: Sequence[RunEvent]) -> "Turn | None":
        if kind is None:
            return None
        following: Turn | None = self._next.get(kind, _UNKNOWN)
        return self._explored(kind, events) if following is _UNKNOWN else following

    def _explored(self, kind: object, events: Sequence[RunEvent]) -> "Turn | None":
        if not self.course.left:
            return None
        self.course.left -= 1
        begun = self.events
        path = (*self._path, tuple(_with_holes(event, begun + place) for place, event in enumerate(events)))
        following = None
        try:
            following = Turn(self.course, path)
        except Exception as error:  # noqa: BLE001 - `step` finds out again, and raises what is to be raised
            tell = log.debug if isinstance(error, _OF_HOLES) else log.warning
            tell("no_turn", error=repr(error))
        self._next[kind] = following
        return following


class Course:
    """What runs of one `plan` have in common; `job` stands for theirs. `left` is how many turns may still be made."""

    def __init__(self, job: Job, plan: RunPlan, untouched: Mapping[TaskId, TaskState]) -> None:
        self.plan = plan
        self._untouched = untouched
        own = {part: Hole(part) for part in OWN}
        strange = dict.fromkeys(("intent", "locale", "context"), _OTHER)
        holes = {"id": own[Part.JOB], "tenant": own[Part.TENANT], "description": own[Part.REASON]}
        self.job = job.model_copy(update={**strange, **holes})
        self._lease = assembled(Lease, {"token": own[Part.TOKEN], "epoch": _OTHER, "until": _OTHER})
        self.left = _MOST_TURNS
        self.begin = Turn(self, ())

    def opened(self, job: Job) -> RunState:
        """Open a run with the plan of this course, whatever the catalog says by now."""
        return open_untouched(job, self.plan, self._untouched)

    def progress(self, state: RunState, commands: Sequence[Command]) -> RunProgress | None:
        ids = (Hole(Part.ID, number) for number in itertools.count())
        writer = ProgressWriter(self.job, self._lease, _Keys(), cast("IdFactory", ids.__next__))
        return writer.progress(state, commands)


def course_of(job: Job, tasks: Sequence[TaskRun], catalog: ActionCatalog) -> Turn | None:
    """Return where the course of a job begins; None: what comes depends on more than events, or its plan is new."""
    its = values_of(job)
    if tasks or its["deadline"] is not None or its["run"] != 1 or its["status"] is not JobStatus.RUNNING:
        return None
    plan, untouched = plan_of(job, catalog)
    learned = plan.learned
    course = learned.get(_COURSE)
    if course is None:
        learned["runs"] = runs = learned.get("runs", 0) + 1
        if runs < WORTH_IT or plan.decisive or len(plan.todos) > _LARGEST_PLAN or not job.task_graph.sealed:
            return None
        learned[_COURSE] = course = Course(job, plan, untouched)
    begin: Turn = course.begin
    return begin


class _Keys(dict[TaskId, Any]):
    """The effect keys of a run, all holes."""

    def get(self, task_id: TaskId, _default: object = None) -> Any:  # noqa: ANN401
        return Hole(Part.KEY, task_id=task_id)


def _kind(event: RunEvent) -> object:
    """Return what decides, of an event after which `step` decides alike whatever its time and result; None: others."""
    if type(event) is AttemptSucceeded and not event.evidence:
        return event.task_id, event.attempt, event.verified
    if type(event) is RunOpened and event.lacking is None:
        return event.crashes, event.most_crashes, event.unanswered, id(event.rules)
    return None


def _kinds(events: Sequence[RunEvent]) -> object:
    kinds = tuple(map(_kind, events))
    return None if None in kinds or not kinds else kinds


def _with_holes(event: RunEvent, number: int) -> RunEvent:
    at = cast("datetime", Hole(Part.MOMENT, number))
    if isinstance(event, AttemptSucceeded):
        return replace(event, at=at, result=result_with_hole(number))
    return replace(event, at=at)


def _is_expected(command: Command) -> bool:
    """Whether a command holds no hole but the time of the timer of an attempt."""
    return type(command) is StartTask or (type(command) is SetTimer and type(command.event) is AttemptOverdue)
