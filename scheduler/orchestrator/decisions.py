"""What a run decides: by `step`, or, while it goes the way of other runs of its plan, as `step` has decided for those.

On such a course (see run_course.py) there is no state: what has happened is kept, and when something happens that is
not on it `step` is given all of that, and comes to the state in which the run is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scheduler.core.actions import ActionCatalog
from scheduler.core.assembling import values_of
from scheduler.core.events import RunEvent
from scheduler.core.ids import IdFactory, TaskId
from scheduler.core.job import Job, JobStatus, Lease, TaskRun
from scheduler.core.todo import ToDo
from scheduler.orchestrator.commands import Command
from scheduler.orchestrator.progress_template import Filling, Hole, ProgressTemplate, result_of
from scheduler.orchestrator.run_course import STORED, Course, Turn, course_of, must_be_stored
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import open_run
from scheduler.orchestrator.step import step
from scheduler.repository.repository_interface import RunProgress
from scheduler.repository.storable import well_formed


class Decisions:
    """Those of one run. Each is decided, its progress stored, if it must be, and then it counts: `settle`.

    `tasks` are the stored rows of those that were touched before. `effect_keys` holds the key of each task that was
    begun; whoever runs them fills it in. `stores`: the last decision must be stored before it is acted on.
    """

    status = JobStatus.RUNNING
    stores = False

    def __init__(
        self,
        job: Job,
        lease: Lease,
        tasks: Sequence[TaskRun],
        catalog: ActionCatalog,
        effect_keys: Mapping[TaskId, str | None],
        new_id: IdFactory,
    ) -> None:
        self._job, self._lease, self._effect_keys, self._new_id = job, lease, effect_keys, new_id
        self._turn = self._following = turn = course_of(job, tasks, catalog)
        if turn is None:
            self._unstored: list[Command] = []
            self._state = self._decided = open_run(job, tasks, catalog)
            self.plan = self._state.plan
        else:
            self._events: list[RunEvent] = []
            self._passed: list[Turn] = []
            self.plan = turn.plan

    @property
    def on_course(self) -> bool:
        """Whether `step` has not been asked yet."""
        return self._turn is not None

    @property
    def unstored(self) -> bool:
        """Whether something has been decided that is not stored."""
        return bool(self._unstored) if self._turn is None else self._turn.unstored

    def decide(self, events: Sequence[RunEvent], *, store: bool = False) -> Sequence[Command]:
        """Decide what follows from events, and return what is to be done beside storing. With `store` it is stored."""
        turn = self._turn
        if turn is not None:
            following = None if store else turn.after(events)
            if following is not None:
                self._events += events
                self._passed.append(following)
                self._following, self.stores = following, following.stores
                return following.to_do
            self._leave_course(turn.course)
        self._decided, commands = step(self._state, events)
        self.plan = self._decided.plan
        self._unstored += commands
        self.stores = store or must_be_stored(self._decided, commands)
        return [command for command in commands if type(command) not in STORED]

    @property
    def template(self) -> ProgressTemplate | None:
        """What has to be filled to store what was decided; None: there is none, see `progress`."""
        return None if self._following is None else self._following.progress

    @property
    def filling(self) -> Filling:
        """What fills it."""
        job = values_of(self._job)
        own = job["id"], job["tenant"], well_formed(job["description"] or job["intent"]), self._lease.token
        return own, self._events, self._effect_keys

    def progress(self) -> RunProgress | None:
        """Return what must be stored before any of what was decided is done; None: nothing."""
        if self._following is None:
            writer = ProgressWriter(self._job, self._lease, self._effect_keys, self._new_id)
            return writer.progress(self._decided, self._unstored)
        template = self._following.progress
        return None if template is None else template.filled([self.filling], self._new_id)[0]

    def stored(self) -> None:
        """Note that everything is stored."""
        self._unstored = []

    def settle(self) -> None:
        """Let the last decision count."""
        self._turn = turn = self._following
        if turn is None:
            self._state = self._decided
            self.status = self._state.status
        else:
            self.status = turn.status

    def timed(self, event: RunEvent) -> RunEvent:
        """Return an event of a command with its time."""
        at: object = event.at
        return replace(event, at=self._events[at.number].at + at.later) if type(at) is Hole else event

    def results(self, tasks: Sequence[TaskId]) -> dict[TaskId, Any]:
        """Return the results of those tasks that have one."""
        if self._following is not None:
            brought, events = self._following.results, self._events
            return {task_id: result_of(events[brought[task_id]]) for task_id in tasks if task_id in brought}
        states = self._decided.tasks
        return {task_id: result for task_id in tasks if (result := states[task_id].result) is not None}

    def sure_to_come(self) -> Iterator[ToDo]:
        """Yield the steps that nobody has begun yet and no condition may spare."""
        todos = self.plan.todos
        if self._turn is not None:
            yield from todos.values()
            return
        decisive, tasks = self.plan.decisive, self._state.tasks.newest
        for task_id, todo in todos.items():
            if task_id not in decisive and not tasks[task_id].begun:
                yield todo

    def _leave_course(self, course: Course) -> None:
        """Have `step` decide again what has been decided so far; what was stored stays so."""
        state, unstored = course.opened(self._job), list[Command]()
        begun = 0
        for turn in self._passed:
            state, commands = step(state, self._events[begun : turn.events])
            unstored = [] if turn.stores else unstored + commands
            begun = turn.events
        self._state, self._unstored = state, unstored
        self._turn = self._following = None
        self._passed, self._events = [], []
