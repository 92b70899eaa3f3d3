"""What a step of a run stores, with holes for what differs between runs that take the same course.

A template is made of progress that `ProgressWriter` wrote for a run whose id, times and results were holes. A hole can
be handed on, and time can be added to one; whoever looks at it finds nothing: then there is no template.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from enum import IntEnum
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NoReturn, TypeVar, cast

from scheduler.core.events import AttemptSucceeded, RunEvent
from scheduler.core.ids import IdFactory, JobId, LeaseToken, TaskId, TenantId, ids_of
from scheduler.repository.lines import entry_of, event_of, task_of
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
Filling = tuple[Own, Sequence[RunEvent], Mapping[TaskId, str | None]]
"""What a run brings: its own, what has happened to it, and the keys of its effects."""
Line = tuple[Callable[[Row], Any], Callable[[Sequence[Iterable[Any]]], Iterable[Iterable[Any]]]]
"""How a line is made of a row, and what finds the columns in which its values stand."""


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
        self._constants: list[repeat[Any]] = []
        kinds = ((task_of, progress.tasks), (event_of, progress.events), (entry_of, progress.audit))
        self._lines = [[(make, itemgetter(*map(self._place, line))) for line in some] for make, some in kinds]
        self._status = progress.status
        self._end = None if progress.completed_at is None else _moment_of(progress.completed_at)

    def filled(self, runs: Sequence[Filling], new_id: IdFactory) -> list[RunProgress]:
        """Return the progress of each of the runs: what they bring makes columns, of which the lines take some each."""
        own, events, keys = zip(*runs, strict=True)
        job_ids, tenants, reasons, tokens = zip(*own, strict=True)
        columns: list[Iterable[Any]] = [
            *(job_ids, tenants, reasons, tokens),
            *([to_micros(some[number].at) for some in events] for number in self._moments),
            *([document(result_of(some[number])) for some in events] for number in self._results),
            *([some.get(task_id) for some in keys] for task_id in self._keys),
            *(ids_of(new_id, len(runs)) for _ in self._ids),
            *self._constants,
        ]
        tasks, lines, entries = (_of_each(columns, some) for some in self._lines)
        end = self._end
        ends = repeat(None) if end is None else [some[end].at for some in events]
        return [
            RunProgress(
                job_id=job_id,
                tenant=tenant,
                lease_token=token,
                tasks=its_tasks,
                events=its_events,
                audit=its_entries,
                status=self._status,
                completed_at=completed_at,
                checked=True,
            )
            for job_id, tenant, token, its_tasks, its_events, its_entries, completed_at in zip(
                job_ids, tenants, tokens, tasks, lines, entries, ends, strict=False
            )
        ]

    def _place(self, value: object) -> int:
        """Return where a value stands among those that `filled` lines up."""
        hole = hole_of(value)
        if hole is None:
            self._constants.append(repeat(value))
            return len(self._places) + len(self._constants) - 1
        place = self._places.get(_name(hole))
        if hole.later or place is None:
            raise LookedAtError
        return place


def result_of(event: RunEvent) -> Mapping[str, Any]:
    """Return the result that a hole says an event has brought."""
    return cast("AttemptSucceeded", event).result


def _of_each(columns: Sequence[Iterable[Any]], lines: Sequence[Line]) -> Iterable[Sequence[Any]]:
    """Return the lines of each of the runs whose values the columns hold."""
    made = [map(make, zip(*columns_of(columns), strict=False)) for make, columns_of in lines]
    return zip(*made, strict=True) if made else repeat(())


def _name(hole: Hole) -> tuple[Part, Any]:
    return hole.part, hole.number if hole.task_id is None else hole.task_id


def _moment_of(value: object) -> int:
    """Return of which event a hole is the moment. Raises LookedAtError when it is none."""
    if type(value) is not Hole or value.part is not Part.MOMENT or value.later:
        raise LookedAtError
    return value.number
