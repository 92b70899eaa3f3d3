"""What a step of a run stores, with holes for what differs between runs that take the same course.

A template is made of progress that `ProgressWriter` wrote for a run whose id, times and results were holes. A hole can
be handed on, and time can be added to one; whoever looks at it finds nothing: then there is no template.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from functools import partial
from operator import itemgetter
from typing import Any, Final, NoReturn, TypeVar, cast

from scheduler.core.ids import IdFactory, JobId, LeaseToken, TaskId, TenantId
from scheduler.repository.lines import AuditLine, EventLine, TaskLine
from scheduler.repository.repository_interface import RunProgress
from scheduler.repository.storable import document, to_micros

Row = tuple[Any, ...]
Stored = TypeVar("Stored")


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


OWN: Final = (Part.JOB, Part.TENANT, Part.REASON, Part.TOKEN)
_BROUGHT: Final = (Part.MOMENT, Part.RESULT, Part.KEY, Part.ID)
_task: Callable[[Row], TaskLine] = partial(tuple.__new__, TaskLine)
_event: Callable[[Row], EventLine] = partial(tuple.__new__, EventLine)
_entry: Callable[[Row], AuditLine] = partial(tuple.__new__, AuditLine)
"""What `_make` does, without a look at the number of values."""


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


Own = tuple[JobId, TenantId, str, LeaseToken]
"""What OWN stands for."""


def stored(value: Any, form: Callable[[Any], Stored]) -> Stored:  # noqa: ANN401 - whatever `form` takes
    """Return a value in the form in which it is stored; a hole stays one, for what has that form already."""
    hole = hole_of(value)
    return form(value) if hole is None else cast("Stored", hole)


class ProgressTemplate:
    """Progress of a run. Raises LookedAtError when its holes cannot be filled."""

    def __init__(self, progress: RunProgress) -> None:
        if progress.error_code or progress.rest or progress.not_before or progress.questions or progress.added:
            raise LookedAtError
        lines = (*progress.tasks, *progress.events, *progress.audit)
        holes = [_name(hole) for line in lines for hole in map(hole_of, line) if hole is not None]
        self._moments, self._results, self._keys, self._ids = (
            list(dict.fromkeys(which for part, which in holes if part is wanted)) for wanted in _BROUGHT
        )
        names = [*((part, 0) for part in OWN)]
        for part, which in zip(_BROUGHT, (self._moments, self._results, self._keys, self._ids), strict=True):
            names += [(part, one) for one in which]
        self._places = {name: place for place, name in enumerate(names)}
        self._constants: list[Any] = []
        kinds = ((_task, progress.tasks), (_event, progress.events), (_entry, progress.audit))
        self._lines: list[tuple[Callable[[Row], Any], Callable[[Row], Row]]] = [
            (make, self._filler(line)) for make, some in kinds for line in some
        ]
        self._events = len(progress.tasks)
        self._audit = self._events + len(progress.events)
        self._status = progress.status
        self._end = None if progress.completed_at is None else _moment_of(progress.completed_at)

    def filled(
        self,
        own: Own,
        moments: Sequence[datetime],
        results: Sequence[Mapping[str, Any] | None],
        effect_keys: Mapping[TaskId, str | None],
        new_id: IdFactory,
    ) -> RunProgress:
        """Return the progress of a run, of the moment and the result of each of its events, and its keys."""
        values: Any = [*own]
        put = values.append  # one by one: a call from within `map` or a comprehension costs more
        for number in self._moments:
            put(to_micros(moments[number]))
        for number in self._results:
            put(document(results[number]))
        for task_id in self._keys:
            put(effect_keys.get(task_id))
        for _ in self._ids:
            put(new_id())
        values += self._constants
        lines = [make(fill(values)) for make, fill in self._lines]
        return RunProgress(
            job_id=own[0],
            tenant=own[1],
            lease_token=own[3],
            tasks=lines[: self._events],
            events=lines[self._events : self._audit],
            audit=lines[self._audit :],
            status=self._status,
            completed_at=None if self._end is None else moments[self._end],
            checked=True,
        )

    def _filler(self, line: Iterable[object]) -> Callable[[Row], Row]:
        return itemgetter(*map(self._place, line))

    def _place(self, value: object) -> int:
        """Return where a value stands among those that `filled` lines up."""
        hole = hole_of(value)
        if hole is None:
            self._constants.append(value)
            return len(self._places) + len(self._constants) - 1
        place = self._places.get(_name(hole))
        if hole.later or place is None:
            raise LookedAtError
        return place


def _name(hole: Hole) -> tuple[Part, Any]:
    return hole.part, hole.number if hole.task_id is None else hole.task_id


def _moment_of(value: object) -> int:
    """Return of which event a hole is the moment. Raises LookedAtError when it is none."""
    if type(value) is not Hole or value.part is not Part.MOMENT or value.later:
        raise LookedAtError
    return value.number
