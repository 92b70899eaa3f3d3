"""Carries runs of jobs that were leased together side by side, for as long as none of them has to wait for anything but
the store: then what they store goes there with one write, and all of them need but one task.

Each decides for itself. One that does not do what the others do goes on alone, from where it is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableSequence, Sequence

from scheduler.core.ids import IdFactory
from scheduler.orchestrator.carrier import Carrier
from scheduler.orchestrator.job_run import JobRun
from scheduler.orchestrator.progress_template import ProgressTemplate
from scheduler.repository.repository_interface import JobRepository, RunProgress
from scheduler.telemetry.logs import log_of_no_run, log_of_run

Carried = tuple[Carrier, JobRun]
"""A run, and who carries it on when the group does not."""


_MOST_MADE_ROOM_FOR = 16
"""Runs that begin to wait in one pass, for each of which the group takes another turn of the loop."""


class RunGroup:
    """`alone` gets a run that the others do not wait for, and `ended` those that have ended or are parked.

    A run that was cancelled, or breaks, goes on alone, too: it ends with the error then, and in order. Nobody is left
    behind when the group itself is cancelled, wherever it waits.
    """

    def __init__(
        self,
        jobs: JobRepository,
        new_id: IdFactory,
        *,
        alone: Callable[[Carrier, JobRun], None],
        ended: Callable[[Sequence[Carried]], Awaitable[None]],
    ) -> None:
        self._jobs = jobs
        self._new_id = new_id
        self._alone = alone
        self._ended = ended

    async def carry(self, runs: MutableSequence[Carried]) -> None:
        """Carry runs that are open until each has ended or goes on alone; `runs` is left empty: none is kept."""
        going = list(runs)
        runs.clear()
        while going:
            storing, ended = list[Carried](), list[Carried]()
            waiting = 0
            for place, carried in enumerate(going, 1):
                fate = self._go_on(*carried)
                if fate is not None:
                    (ended if fate else storing).append(carried)
                elif carried[1].busy and waiting < _MOST_MADE_ROOM_FOR:
                    waiting += 1
                    await self._make_room([*storing, *going[place:]], ended)
            log_of_no_run()
            if ended:
                await self._have_ended(ended, storing)
            going = await self._stored(storing) if storing else []

    async def _make_room(self, others: Sequence[Carried], ended: Sequence[Carried]) -> None:
        """Let others have a turn of the loop: a step keeps the task of the group, and they would need one each.

        Who is cancelled meanwhile leaves nobody behind, as in `_stored`, and sees to those that have ended.
        """
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            log_of_no_run()
            for carrier, run in others:
                run.breaks(error)
                self._alone(carrier, run)
            if ended:
                await self._ended(ended)
            raise

    async def _have_ended(self, ended: Sequence[Carried], storing: Sequence[Carried]) -> None:
        """See to those that have ended; where that fails, the others go on alone, so that nobody is left behind."""
        try:
            await self._ended(ended)
        except BaseException:
            for carried in storing:
                self._leave(*carried)
            raise

    def _go_on(self, carrier: Carrier, run: JobRun) -> bool | None:
        """Let a run go on as far as it can at once; return whether it has ended, or None: it goes on alone."""
        log_of_run(run.id, run.number)
        try:
            if run.must_store and not carrier.cancelled:
                run.stored()
                run.act()
            if not carrier.cancelled and run.go_on() and not run.busy:
                return False
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whoever carries it gets it
            run.breaks(error)
        if run.left:
            return True
        self._leave(carrier, run)
        return None

    def _leave(self, carrier: Carrier, run: JobRun) -> None:
        """Have a run go on alone, or end so if it was cancelled."""
        if carrier.cancelled:
            run.breaks(asyncio.CancelledError())
        self._alone(carrier, run)

    async def _stored(self, runs: list[Carried]) -> list[Carried]:
        """Store what the runs have decided; return those that go on. If not all can be stored, each tries it alone."""
        try:
            changes = self._changes([run for _, run in runs])
            if changes:
                await self._jobs.record(*changes)
        except asyncio.CancelledError as error:
            for carrier, run in runs:
                run.breaks(error)
                self._alone(carrier, run)
            raise
        except Exception:  # noqa: BLE001 - each finds out alone which and why
            for carrier, run in runs:
                self._leave(carrier, run)
            return []
        return runs

    def _changes(self, runs: Sequence[JobRun]) -> Sequence[RunProgress]:
        """Return what the runs store; that of those who take the same course is made at once."""
        alike = defaultdict[ProgressTemplate, list[JobRun]](list)
        for run in runs:
            template = run.template
            if template is not None:
                alike[template].append(run)
        for template, some in alike.items():
            made = template.filled([run.decisions.filling for run in some], self._new_id)
            for run, its in zip(some, made, strict=True):
                run.has_made(its)
        return [progress for run in runs if (progress := run.progress()) is not None]
