"""Carries a run in a task, and the steps of it that never wait in the same one: a task for each would cost more than
most of them do.

A step is begun as a part of the run. If it waits, the task is left to it (`asyncio.timeout` and the like have noted
which one it was begun in) and the run goes on in a new one. So whoever holds a run knows it by its carrier.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

Work = Coroutine[Any, Any, None]
Begin = Callable[[Work], asyncio.Task[None] | None]
"""Begins work that raises nothing but CancelledError; returns None if it has ended, else the task it goes on in."""
_MOST_IN_A_ROW: Final = 32  # steps that are begun before others get their turn


def in_a_task(work: Work) -> asyncio.Task[None]:
    """Begin work in a task of its own."""
    return asyncio.get_running_loop().create_task(work)


class Carrier:
    """Holds what it carries until that has ended; then `ended` is called.

    Others may carry a run as far as it goes at once: it has no task then. `runs`: so many are carried together.
    """

    over = False
    cancelled = False
    """Whether somebody wanted it to end while others carried it."""
    _end: asyncio.Future[None] | None = None
    _task: asyncio.Task[None] | None = None
    _stays: "_Begun | None" = None
    _in_a_row = 0

    def __init__(self, owner: asyncio.TaskGroup, ended: Callable[["Carrier"], None], runs: int = 1) -> None:
        self._owner = owner
        self._ended = ended
        self._most = runs * _MOST_IN_A_ROW

    def carry(self, work: Work) -> None:
        """Begin to carry, in a task of the owner. Work may not end before all parts of it that it has begun."""
        self._go_on_with(_Carried(self, work))

    @property
    def with_others(self) -> bool:
        """Whether others carry it, or should."""
        return self._task is None and not self.over

    def carry_on(self, work: Work) -> None:
        """Begin to carry as `carry` does, but at once as far as work goes without waiting, in whoever's task this is:
        so it is sure to have begun when it is cancelled."""
        try:
            waits_for = work.send(None)
        except (StopIteration, asyncio.CancelledError):
            self.end()
        else:
            self._go_on_with(_Carried(self, _Begun(work, waits_for)))

    def begin(self, work: Work) -> asyncio.Task[None] | None:
        """Run a part of what is carried as far as it goes without waiting; see Begin. Only what is carried may ask."""
        self._in_a_row += 1
        if self._task is None or self._stays is not None or self._in_a_row > self._most:
            return in_a_task(work)
        context = contextvars.copy_context()
        try:
            waits_for = context.run(work.send, None)
        except StopIteration:
            return None
        self._stays = _Begun(work, waits_for, context)
        return asyncio.current_task()

    def cancel(self) -> None:
        """Cancel what is carried; while others carry it they are left to see to it."""
        if self._task is None:
            self.cancelled = True
        else:
            self._task.cancel()

    async def until_ended(self) -> None:
        """Return when it has ended, also if cancelled meanwhile; that is passed on then."""
        cancelled = False
        while not self.over:
            self._end = self._end or asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait([self._end])
            except asyncio.CancelledError:
                cancelled = True
        if cancelled:
            raise asyncio.CancelledError

    def waits(self, work: Work, waits_for: object) -> "_Begun | None":
        """Note that work waits; return the part of it that stays in this task, if one does: the rest has left it."""
        self._in_a_row = 0
        stays, self._stays = self._stays, None
        if stays is not None:
            self._go_on_with(_Carried(self, _Begun(work, waits_for)))
        return stays

    def leaves(self) -> "_Begun | None":
        """Return the part of work, which has ended, that stays in this task, if one does: then nothing is carried."""
        stays, self._stays = self._stays, None
        if stays is not None and self._task is not None:
            self._task.remove_done_callback(self._over)
            self.end()
        return stays

    def end(self) -> None:
        """Say that it has ended."""
        self._task, self.over = None, True
        if self._end is not None:
            self._end.set_result(None)
        self._ended(self)

    def _go_on_with(self, work: Work) -> None:
        if self._task is not None:
            self._task.remove_done_callback(self._over)
        self._task = self._owner.create_task(work)
        self._task.add_done_callback(self._over)

    def _over(self, _task: asyncio.Task[None]) -> None:
        self.end()


class _Begun(Work):
    """Work that waits for something already, for the task that takes it over. `context`: it was begun in this one, and
    goes on in it, not in that of the task, which is of others as well."""

    def __init__(self, work: Work, waits_for: object, context: contextvars.Context | None = None) -> None:
        self._work = work
        self._context = context
        self.waits_for: object | None = waits_for
        self._taken_over = False

    def send(self, value: object) -> object:
        if not self._taken_over:
            self._taken_over = True
            return self.waits_for
        return self._work.send(value) if self._context is None else self._context.run(self._work.send, value)

    def throw(self, *error: Any) -> object:  # noqa: ANN401 - as tasks call it
        self._taken_over = True
        return self._work.throw(*error) if self._context is None else self._context.run(self._work.throw, *error)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise NotImplementedError("only a task drives it")


class _Carried(Work):
    """What a task of a carrier drives: the run, until a part of it keeps the task."""

    def __init__(self, carrier: Carrier, work: Work) -> None:
        self._carrier: Carrier | None = carrier
        self._work = work

    def send(self, value: object) -> object:
        return self._driven(self._work.send, value)

    def throw(self, *error: Any) -> object:  # noqa: ANN401 - as tasks call it
        return self._driven(self._work.throw, *error)

    def _driven(self, go_on: Callable[..., object], *given: object) -> object:
        """Let the work go on until it waits or has ended; a part of it that stays keeps the task."""
        try:
            waits_for = go_on(*given)
        except StopIteration:
            stays = None if self._carrier is None else self._carrier.leaves()
            if stays is None:
                raise
            return self._is_left_to(stays)
        stays = None if self._carrier is None else self._carrier.waits(self._work, waits_for)
        return waits_for if stays is None else self._is_left_to(stays)

    def _is_left_to(self, stays: _Begun) -> object:
        self._carrier, self._work = None, stays
        return stays.send(None)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise NotImplementedError("only a task drives it")
