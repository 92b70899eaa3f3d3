"""Decides what a run decides twice: by `step` alone, and on a course as far as one leads. Both must come out alike."""

import itertools
from collections.abc import Mapping, Sequence

from scheduler.core.actions import ActionCatalog
from scheduler.core.events import RunEvent
from scheduler.core.ids import TaskId
from scheduler.core.job import Job, TaskRun
from scheduler.orchestrator.commands import Command, SetTimer
from scheduler.orchestrator.decisions import Decisions
from scheduler.orchestrator.run_course import STORED, WORTH_IT, must_be_stored
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import open_run, plan_of
from scheduler.orchestrator.step import step


class Twice:
    """One run. `keys` are those of its effects, for whoever runs it to fill in. `learns`: its plan's first one may."""

    def __init__(
        self,
        job: Job,
        tasks: Sequence[TaskRun],
        catalog: ActionCatalog,
        keys: Mapping[TaskId, str | None],
        *,
        learns: bool = False,
    ) -> None:
        assert job.lease is not None
        if learns:
            plan_of(job, catalog)[0].learned.setdefault("runs", WORTH_IT)
        ids, others = itertools.count(), itertools.count()
        self.state = open_run(job, tasks, catalog)
        self._decisions = Decisions(job, job.lease, tasks, catalog, keys, lambda: f"id{next(ids)}")
        self._writer = ProgressWriter(job, job.lease, keys, lambda: f"id{next(others)}")
        self._unstored: list[Command] = []

    @property
    def on_course(self) -> bool:
        """Whether `step` was not asked yet."""
        return self._decisions._turn is not None

    def decide(self, events: Sequence[RunEvent], *, store: bool = False) -> list[Command]:
        """Decide, and let it count; return what is to be done. Raises AssertionError where the two differ."""
        found, to_do = self._decisions, self._to_do(self._decisions.decide(events, store=store))
        state, commands = step(self.state, events)
        self._unstored += commands
        assert to_do == [command for command in commands if type(command) not in STORED]
        assert found.stores == (store or must_be_stored(state, commands))
        assert found.plan == state.plan
        assert found.results(list(state.tasks)) == {
            task_id: task.result for task_id, task in state.tasks.items() if task.result is not None
        }
        if found.stores:
            assert found.progress() == self._writer.progress(state, self._unstored)
            found.stored()
            self._unstored = []
        found.settle()
        assert found.status is state.status
        assert found.unstored == bool(self._unstored)
        assert self.on_course or found._state == state
        self.state = state
        return to_do

    def _to_do(self, commands: Sequence[Command]) -> list[Command]:
        found = self._decisions
        return [SetTimer(found.timed(command.event)) if type(command) is SetTimer else command for command in commands]
