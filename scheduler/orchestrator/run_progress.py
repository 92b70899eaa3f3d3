"""Says in rows, lines of the timeline and audit entries what one step of a run has changed."""

from collections.abc import Mapping, Sequence

from scheduler.core.events import EventType
from scheduler.core.ids import IdFactory, TaskId
from scheduler.core.job import Job, Lease
from scheduler.core.questions import OpenQuestions
from scheduler.core.retry import TaskFailure
from scheduler.core.sentences import sentence
from scheduler.core.task_executor_interface import last_picture
from scheduler.core.todo import ToDo
from scheduler.orchestrator.commands import AddTasks, Command, FinishRun, NoteEvent, ParkJob, SaveTask
from scheduler.orchestrator.progress_template import stored
from scheduler.orchestrator.state import RunState, TaskState
from scheduler.repository.lines import AuditLine, EventLine, TaskLine
from scheduler.repository.repository_interface import RunProgress
from scheduler.repository.storable import document, maybe_micros, to_micros, well_formed

_STARTED, _VERIFYING = EventType.TASK_STARTED, EventType.TASK_VERIFYING
_ENDS_TASK = frozenset({EventType.TASK_DONE, EventType.TASK_FAILED})
_ACHIEVED = frozenset(
    {
        EventType.TASK_STARTED,
        EventType.TASK_ASKS,
        EventType.TASK_EXPANDED,
        EventType.TASK_DONE,
        EventType.JOB_DEFERRED,
        EventType.JOB_DONE,
        EventType.JOB_CANCELLED,
        EventType.QUESTION,
    }
)
_NAMES = {type_: (type_.partition("_")[0], type_.partition("_")[2]) for type_ in EventType} | {
    EventType.QUESTION: ("job", "question")
}
"""What a line is about, a job or a task, and what has become of it."""


def _worth_an_entry(notes: Sequence[NoteEvent]) -> list[NoteEvent]:
    """Return what goes into the audit log. A start that is stored together with its end is said by the end."""
    said = {(note.task_id, note.data.get("attempt")) for note in notes if note.type in _ENDS_TASK}
    return [
        note
        for note in notes
        if note.type is not _VERIFYING
        and not (note.type is _STARTED and (note.task_id, note.data.get("attempt")) in said)
    ]


def _is_success(note: NoteEvent) -> bool:
    return note.type in _ACHIEVED or (note.type is EventType.TASK_SKIPPED and bool(note.data))


class ProgressWriter:
    """Writes for one run. `effect_keys` holds the key of each task that was begun; whoever runs them fills it in."""

    def __init__(self, job: Job, lease: Lease, effect_keys: Mapping[TaskId, str | None], new_id: IdFactory) -> None:
        self._job = job
        self._job_id, self._tenant, self._run = job.id, job.tenant, job.run
        self._reason = stored(job.description or job.intent, well_formed)
        self._lease = lease
        self._effect_keys = effect_keys
        self._new_id = new_id

    def progress(self, state: RunState, commands: Sequence[Command]) -> RunProgress | None:
        """Return what must be stored before any of the commands is carried out; None: nothing."""
        changed: dict[TaskId, None] = {}
        notes: list[NoteEvent] = []
        end: FinishRun | None = None
        park: ParkJob | None = None
        added: tuple[TaskId, ...] = ()
        for command in commands:
            if type(command) is NoteEvent:
                notes.append(command)
            elif type(command) is SaveTask:
                changed[command.task_id] = None
            elif type(command) is FinishRun:
                end = command
            elif type(command) is ParkJob:
                park = command
            elif type(command) is AddTasks:
                added += tuple(command.task_ids)
        if not changed and not notes and end is None:
            return None
        tasks, todos = state.tasks.newest, state.plan.todos
        failure = end.failure if end else None
        return RunProgress(
            job_id=self._job_id,
            tenant=self._tenant,
            lease_token=self._lease.token,
            tasks=tuple(self._row(task_id, tasks[task_id]) for task_id in changed),
            events=tuple(self._line(state, note) for note in notes),
            audit=tuple(
                self._entry(note)
                if note.task_id is None
                else self._entry(note, todos[note.task_id], tasks[note.task_id].evidence)
                for note in _worth_an_entry(notes)
            ),
            status=end.status if end else state.status if park else None,
            completed_at=end.at if end else None,
            error=None if failure is None else self._sentence(failure),
            error_code=None if failure is None else failure.code,
            not_before=park.until if park else None,
            questions=self._open(park) if park else None,
            added=added,
        )

    def _open(self, park: ParkJob) -> OpenQuestions | None:
        """Return what is asked from now on; its round, the epoch of the lease, is of no other question of the job."""
        if park.expires_at is None:
            return None
        return OpenQuestions(round=self._lease.epoch, questions=park.questions, expires_at=park.expires_at)

    def _row(self, task_id: TaskId, task: TaskState) -> TaskLine:
        return TaskLine(
            run=self._run,
            status=task.status._value_,
            attempts=task.attempts,
            failures=task.failures,
            effect_key=self._effect_keys.get(task_id),
            not_before=stored(task.not_before, maybe_micros),
            result=None if task.result is None else stored(task.result, document),
            verified=None if task.verified is None else int(task.verified),
            failure=None if task.failure is None else document(task.failure.model_dump(mode="json")),
            evidence=document(task.evidence),
            started_at=stored(task.started_at, maybe_micros),
            completed_at=stored(task.completed_at, maybe_micros),
            job_id=self._job_id,
            task_id=task_id,
        )

    def _line(self, state: RunState, note: NoteEvent) -> EventLine:
        """Return a line; a failure is also said in the language of the request."""
        data = note.data
        if note.task_id is not None:
            data = {**data, "action": state.plan.todos[note.task_id].action}
            if note.type is EventType.TASK_FAILED or (note.type is EventType.TASK_SKIPPED and note.data):
                data["error"] = self._sentence(state.tasks[note.task_id].failure)
        elif note.type is EventType.JOB_FAILED:
            data = {**data, "error": self._sentence(state.failure)}
        at = stored(note.at, to_micros)
        return EventLine(self._tenant, self._job_id, self._run, note.type._value_, at, note.task_id, document(data))

    def _entry(self, note: NoteEvent, todo: ToDo | None = None, evidence: Sequence[str] = ()) -> AuditLine:
        kind, what = _NAMES[note.type]
        picture = last_picture(evidence) if evidence else None
        return AuditLine(
            tenant=self._tenant,
            id=self._new_id(),
            timestamp=stored(note.at, to_micros),
            job_id=self._job_id,
            task_id=note.task_id,
            action=f"job.{what}" if todo is None else well_formed(todo.action),
            reason=self._reason if todo is None or not todo.reason else well_formed(todo.reason),
            result="success" if _is_success(note) else "failure",
            screenshot_path=picture and well_formed(picture),
            metadata=document({"run": self._run, kind: what, **note.data}),
        )

    def _sentence(self, failure: TaskFailure | None) -> str | None:
        if failure is None:
            return None
        slots = self._job.context.get("slots")
        known = slots if isinstance(slots, Mapping) else {}
        return sentence(failure.code, self._job.locale, {**known, **failure.facts, "correlation_id": self._job.id})
