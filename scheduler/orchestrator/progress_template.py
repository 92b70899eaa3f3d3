"""What a step of a run stores, with holes for what differs between runs that take the same course.

A template is made of progress that `ProgressWriter` wrote for a run whose id, times and results were holes. A hole can
be handed on, and time can be added to one; whoever looks at it finds nothing: then there is no template.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from operator import itemgetter
from typing import Any, NoReturn, cast

from scheduler.core.audit_entry import AuditLine
from scheduler.core.events import EventLine
from scheduler.core.ids import IdFactory, JobId, LeaseToken, TaskId, TenantId
from scheduler.core.job import TaskLine
from scheduler.repository.repository_interface import RunProgress

Row = tuple[Any, ...]


class LookedAtError(Exception):
    """Somebody has looked at what differs from run to run, or made something of it that is no hole."""


class Part(IntEnum):
    """What a hole stands for. The first four are the same all through a run; RESULT and MOMENT are of its n-th event,
    KEY is that of a task's effect, ID a new one. OTHER is nothing that a run could bring."""

    JOB = 0
    TENANT = 1
    REASON = 2
    TOKEN = 3
    MOMENT = 4
    RESULT = 5
    KEY = 6
    ID = 7
    OTHER = 8


OWN = (Part.JOB, Part.TENANT, Part.REASON, Part.TOKEN)


class Hole:
    """Stands for what a run brings itself; it counts as true. Raises LookedAtError when it is compared, read or hashed.

    Its type is not guarded, nor is a result that one stands for, which is a dict: who asks of which type a hole is, or
    what such a result holds, gets an answer that no run has given.
    """

    __slots__ = ("later", "number", "part", "task_id")

    def __init__(
        self, part: Part, number: int = 0, task_id: TaskId | None = None, later: timedelta = timedelta()
    ) -> None:
        self.part = part
        self.number = number
        self.task_id = task_id
        self.later = later

    def __add__(self, later: timedelta) -> "Hole":
        if self.part is not Part.MOMENT:
            raise LookedAtError
        return Hole(self.part, self.number, later=self.later + later)

    def __eq__(self, other: object) -> bool:
        if other is not self:
            raise LookedAtError
        return True

    def __hash__(self) -> int:
        if self.part is not Part.RESULT:  # the only ones that are keys, see `result_with_hole`
            raise LookedAtError
        return object.__hash__(self)

    def __repr__(self) -> NoReturn:
        raise LookedAtError

    def __format__(self, _form: str) -> NoReturn:
        raise LookedAtError


def result_with_hole(number: int) -> Mapping[str, Any]:
    """Return the result of the n-th event; a copy of it is one as well."""
    return {cast("str", Hole(Part.RESULT, number)): None}


def hole_of(value: object) -> Hole | None:
    """Return the hole that a value is, or that stands for a result."""
    if type(value) is dict and len(value) == 1:
        value = next(iter(value))
        return value if type(value) is Hole and value.part is Part.RESULT else None
    return value if type(value) is Hole else None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a run brings: `own` in the order of OWN, the moment and the result of each of its events, and its keys."""

    own: tuple[JobId, TenantId, str, LeaseToken]
    moments: Sequence[datetime]
    results: Sequence[Mapping[str, Any] | None]
    effect_keys: Mapping[TaskId, str | None]
    new_id: IdFactory


class ProgressTemplate:
    """Progress of a run that has had so many events. Raises LookedAtError when its holes cannot be filled."""

    def __init__(self, progress: RunProgress, events: int) -> None:
        if progress.error_code or progress.rest or progress.not_before or progress.questions or progress.added:
            raise LookedAtError
        self._events = events
        self._keys: list[TaskId] = []
        self._ids = 0
        self._constants: list[Any] = []
        holes = [hole for row in (*progress.tasks, *progress.events, *progress.audit) for hole in _holes_of(row)]
        self._keys = list(dict.fromkeys(hole.task_id for hole in holes if hole.task_id is not None))
        self._ids = 1 + max((hole.number for hole in holes if hole.part is Part.ID), default=-1)
        self._tasks = [self._filler(row) for row in progress.tasks]
        self._lines = [self._filler(row) for row in progress.events]
        self._entries = [self._filler(row) for row in progress.audit]
        self._status = progress.status
        self._end = None if progress.completed_at is None else self._place(progress.completed_at)

    def filled(self, contents: Contents) -> RunProgress:
        """Return the progress of a run."""
        keys, new_id, own = contents.effect_keys, contents.new_id, contents.own
        values = (
            *own,
            *contents.moments,
            *contents.results,
            *[keys.get(task_id) for task_id in self._keys],
            *[new_id() for _ in range(self._ids)],
            *self._constants,
        )
        return RunProgress(
            job_id=own[0],
            tenant=own[1],
            lease_token=own[3],
            tasks=[TaskLine._make(fill(values)) for fill in self._tasks],
            events=[EventLine._make(fill(values)) for fill in self._lines],
            audit=[AuditLine._make(fill(values)) for fill in self._entries],
            status=self._status,
            completed_at=None if self._end is None else values[self._end],
        )

    def _filler(self, row: Iterable[object]) -> Callable[[Row], Row]:
        return itemgetter(*[self._place(value) for value in row])

    def _place(self, value: object) -> int:
        """Return where a value stands among those that `filled` lines up."""
        hole = hole_of(value)
        if hole is None:
            self._constants.append(_without_holes(value))
            return self._first_constant + len(self._constants) - 1
        if hole.later:
            raise LookedAtError
        first, number = len(OWN), self._events
        if hole.part is Part.MOMENT:
            return first + hole.number
        if hole.part is Part.RESULT:
            return first + number + hole.number
        if hole.part is Part.KEY and hole.task_id is not None:
            return first + 2 * number + self._keys.index(hole.task_id)
        if hole.part is Part.ID:
            return first + 2 * number + len(self._keys) + hole.number
        if hole.part not in OWN:
            raise LookedAtError
        return hole.part

    @property
    def _first_constant(self) -> int:
        return len(OWN) + 2 * self._events + len(self._keys) + self._ids


def _holes_of(row: Iterable[object]) -> Iterable[Hole]:
    return (hole for value in row if (hole := hole_of(value)) is not None)


def _without_holes(value: object) -> object:
    """Return a value in which no hole is hidden. Raises LookedAtError."""
    if isinstance(value, Mapping):
        parts: Iterable[object] = (*value, *value.values())
    elif isinstance(value, list | tuple):
        parts = value
    else:
        if type(value) is Hole:
            raise LookedAtError
        return value
    for part in parts:
        _without_holes(part)
    return value
