"""Mistakes made on purpose, one at a time: whatever breaks a rule must break an invariant in some history.

Most are made in `step` and what it stands on; those in the rules of store, queue, API and agents are made in their
models, which a test holds to be like the real ones where there are real ones.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.errors import Effect
from scheduler.core.events import (
    AttemptFailed,
    AttemptVerified,
    CancelRequested,
    DeadlinePassed,
    EventType,
    RunEvent,
    RunOpened,
)
from scheduler.core.ids import JobId, TaskId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.core.retry import GiveUp, RetryAt, RetryPolicy
from scheduler.orchestrator import run_change, step
from scheduler.orchestrator.commands import Command, StartTask
from scheduler.orchestrator.run_change import RunChange
from scheduler.orchestrator.run_progress import ProgressWriter
from scheduler.orchestrator.state import RunState, TaskState, open_run
from scheduler.repository.repository_interface import RunProgress
from tests.simulation import job_run
from tests.simulation.agents import FAILURES, Agent
from tests.simulation.clients import Api, Client
from tests.simulation.dispatch import ForgetfulDispatch, Place
from tests.simulation.job_run import SimulatedRun
from tests.simulation.model_rows import Stored, as_model
from tests.simulation.model_store import ModelStore
from tests.simulation.workers import SimulatedWorker

Patch = pytest.MonkeyPatch
_HANDLERS = step._HANDLERS
_attempt_failed, _attempt_verified = _HANDLERS[AttemptFailed], _HANDLERS[AttemptVerified]
_run_opened = _HANDLERS[RunOpened]
_ASKS = next(outcome for outcome, _ in FAILURES if outcome.name == "asks a person")
_decide, _done, _settle = RetryPolicy.decide, RunChange.done, RunChange.settle
_progress, _submit = ProgressWriter.progress, Api.submit
_record, _known_request, _leased = ModelStore.record, ModelStore._known_request, ModelStore._leased
_is_recorded = ModelStore._is_recorded


@dataclass(frozen=True)
class Mutation:
    """A mistake, how to make it, and the invariants of which it must break one."""

    name: str
    breaks: frozenset[str]
    make: Callable[[Patch], None]


MUTATIONS: list[Mutation] = []


def _breaks(*invariants: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def keep(make: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTATIONS.append(Mutation(make.__name__, frozenset(invariants), make))
        return make

    return keep


def _handles(patch: Patch, event: type, handler: Callable[..., None]) -> None:
    patch.setitem(_HANDLERS, event, handler)


@_breaks("I2")
def unknown_outcome_is_tried_again_without_a_look(patch: Patch) -> None:
    patch.setattr(RunChange, "look_after", lambda run, task_id, at, why: run.try_again(task_id, at, at, why))


@_breaks("I2")
def unknown_effect_is_taken_for_none(patch: Patch) -> None:
    def handler(run: RunChange, event: AttemptFailed) -> None:
        changes = {"effect": Effect.NONE, "retryable": True} if event.failure.effect is Effect.UNKNOWN else {}
        _attempt_failed(run, replace(event, failure=event.failure.model_copy(update=changes)))

    _handles(patch, AttemptFailed, handler)


@_breaks("I2")
def what_cannot_be_told_is_believed(patch: Patch) -> None:
    def handler(run: RunChange, event: AttemptVerified) -> None:
        _attempt_verified(run, replace(event, happened=event.happened is not False))

    _handles(patch, AttemptVerified, handler)


@_breaks("I2")
def what_was_seen_is_not_believed(patch: Patch) -> None:
    _handles(patch, AttemptVerified, lambda run, event: _attempt_verified(run, replace(event, happened=False)))


@_breaks("I2")
def task_of_an_earlier_run_starts_without_a_look(patch: Patch) -> None:
    def start(task_id: TaskId, attempt: int, again: bool = False) -> StartTask:  # noqa: ARG001
        return StartTask(task_id, attempt)

    patch.setattr(run_change, "StartTask", start)


@_breaks("I2", "I6")
def note_that_a_task_runs_is_lost(patch: Patch) -> None:
    def progress(writer: ProgressWriter, state: RunState, commands: list[Command]) -> RunProgress | None:
        whole = _progress(writer, state, commands)
        if whole is None:
            return None
        return replace(
            whole,
            tasks=[row for row in whole.tasks if row.status != TaskStatus.RUNNING],
            events=[line for line in whole.events if line.type != EventType.TASK_STARTED],
            audit=[entry for entry in whole.audit if as_model(AuditEntry, entry).metadata.get("task") != "started"],
        )

    patch.setattr(ProgressWriter, "progress", progress)


@_breaks("I3")
def attempts_have_no_end(patch: Patch) -> None:
    def decide(policy: RetryPolicy, *args: Any, **given: Any) -> RetryAt | GiveUp:  # noqa: ANN401 - as the original
        return _decide(policy, *args, **{**given, "attempts": 0})

    patch.setattr(RetryPolicy, "decide", decide)


@_breaks("I3")
def job_that_kills_workers_is_started_again(patch: Patch) -> None:
    def opened(run: RunChange, event: RunOpened) -> None:
        _run_opened(run, replace(event, most_crashes=1_000))

    _handles(patch, RunOpened, opened)


@_breaks("I3")
def crash_is_not_counted(patch: Patch) -> None:
    def leased(store: ModelStore, stored: Stored, *given: Any) -> Job:  # noqa: ANN401 - as the original
        lost = stored.job.lease is not None
        stored.job = stored.job.model_copy(update={"crashes": stored.job.crashes - lost})
        return _leased(store, stored, *given)

    patch.setattr(ModelStore, "_leased", leased)


@_breaks("I1", "I4")
def dependents_start_too_early(patch: Patch) -> None:
    def done(run: RunChange, task_id: TaskId, at: datetime, **changes: Any) -> None:  # noqa: ANN401 - as the original
        _done(run, task_id, at, **changes)
        for dependent in run.plan.dependents[task_id]:
            if run.task(dependent).status is TaskStatus.PENDING and not run.stopping:
                run.start(dependent, at)

    patch.setattr(RunChange, "done", done)


@_breaks("I4")
def cancelling_is_ignored(patch: Patch) -> None:
    _handles(patch, CancelRequested, lambda _run, _event: None)


@_breaks("I4")
def deadline_is_ignored(patch: Patch) -> None:
    _handles(patch, DeadlinePassed, lambda _run, _event: None)
    patch.setattr(job_run, "open_run", lambda *given: open_run(*given)._replace(deadline=None))


@_breaks("I4")
def run_ends_while_somebody_is_busy(patch: Patch) -> None:
    def settle(run: RunChange, at: datetime) -> None:
        run.active = 0
        _settle(run, at)

    patch.setattr(RunChange, "settle", settle)


@_breaks("I4")
def job_is_given_up_while_somebody_is_busy(patch: Patch) -> None:
    def settle(run: RunChange, at: datetime) -> None:
        if run.resting and not run.stopping:
            run._park(at)
        else:
            _settle(run, at)

    patch.setattr(RunChange, "settle", settle)


@_breaks("I9")
def nobody_looks_after_what_is_not_answered(patch: Patch) -> None:
    patch.setattr(Api, "give_up_unanswered", lambda _: None)
    patch.setattr(Client, "_answer", lambda *_: None)


@_breaks("I9")
def unanswered_step_asks_again_for_ever(patch: Patch) -> None:
    def opened(run: RunChange, event: RunOpened) -> None:
        _run_opened(run, replace(event, unanswered=False))

    _handles(patch, RunOpened, opened)
    patch.setattr(Client, "_answer", lambda *_: None)
    patch.setattr(Agent, "_outcome", lambda _: _ASKS)


@_breaks("I1", "I2", "I3", "I4", "I6")
def list_of_a_step_for_each_is_not_kept(patch: Patch) -> None:
    patch.setattr(run_change, "ITEMS", "forgotten")


@_breaks("I4")
def condition_is_not_asked(patch: Patch) -> None:
    patch.setattr(RunChange, "_why_skipped", lambda *_: None)


@_breaks("I4")
def run_goes_on_after_its_end(patch: Patch) -> None:
    def endless(state: RunState, events: Iterable[RunEvent]) -> tuple[RunState, list[Command]]:
        run = RunChange(state)
        for event in events:
            _HANDLERS[type(event)](run, event)
            run.settle(event.at)
        return run.state(), run.commands

    patch.setattr(step, "step", endless)


@_breaks("I4")
def final_status_is_not_final(patch: Patch) -> None:
    def cancel(store: ModelStore, job_id: JobId, now: datetime, *_: object) -> Job:
        stored = store.rows[job_id]
        before, stored.job = stored.job, stored.job.model_copy(update={"status": JobStatus.CANCELLED})
        store._committed("cancel", before, *store._note(stored.job, EventType.JOB_CANCELLED, now, ""))
        return stored.job

    patch.setattr(ModelStore, "cancel", cancel)


@_breaks("I5")
def late_answer_counts(patch: Patch) -> None:
    def current(run: RunChange, task_id: TaskId, _: int) -> TaskState | None:
        task = run.task(task_id)
        return task if task.active else None

    patch.setattr(RunChange, "current", current)


@_breaks("I5")
def lease_does_not_fence(patch: Patch) -> None:
    patch.setattr(ModelStore, "fenced", lambda store, job_id, _: store.rows[job_id])
    patch.setattr(ModelStore, "_may_become", lambda *_: True)


@_breaks("I5")
def old_epoch_may_claim(patch: Patch) -> None:
    patch.setattr(ModelStore, "_newer", lambda *_: True)


@_breaks("I5")
def answer_of_an_old_lease_is_heard(patch: Patch) -> None:
    patch.setattr(SimulatedRun, "_is_of_this_lease", lambda *_: True)


@_breaks("I1")
def idempotency_key_is_ignored(patch: Patch) -> None:
    def known_request(store: ModelStore, *given: Any) -> None:  # noqa: ANN401 - as the original
        _known_request(store, *given)  # only another request under the same key is still refused

    patch.setattr(ModelStore, "_known_request", known_request)


@_breaks("I1")
def job_is_answered_before_it_is_stored(patch: Patch) -> None:
    def submit(api: Api, order: Any, answer: Callable[[JobId], None], digest: str = "") -> None:  # noqa: ANN401
        answer(JobId("too-early"))
        _submit(api, order, lambda _: None, digest)

    patch.setattr(Api, "submit", submit)


@_breaks("I9")
def queue_is_not_swept(patch: Patch) -> None:
    patch.setattr(ForgetfulDispatch, "sweep", lambda _: None)


@_breaks("I9")
def lease_of_a_dead_worker_stays(patch: Patch) -> None:
    patch.setattr(ModelStore, "next_due", lambda store, now: next(iter(store.ready(now)), None))
    patch.setattr(ModelStore, "_is_free", lambda *_: False)


@_breaks("I6")
def entry_of_the_audit_log_is_lost(patch: Patch) -> None:
    def record(store: ModelStore, progress: RunProgress) -> None:
        _record(store, replace(progress, audit=progress.audit[1:]))

    patch.setattr(ModelStore, "record", record)


@_breaks("I6")
def line_of_the_timeline_is_lost(patch: Patch) -> None:
    def record(store: ModelStore, progress: RunProgress) -> None:
        lines = [line for line in progress.events if line.type != EventType.TASK_DONE]
        _record(store, replace(progress, events=lines))

    patch.setattr(ModelStore, "record", record)


@_breaks("I6")
def line_that_was_stored_is_not_known_again(patch: Patch) -> None:
    def is_recorded(store: ModelStore, progress: RunProgress) -> bool:
        return bool(progress.audit) and _is_recorded(store, progress)

    patch.setattr(ModelStore, "_is_recorded", is_recorded)


@_breaks("I7")
def tenant_is_not_asked_for(patch: Patch) -> None:
    patch.setattr(ModelStore, "_must_get", lambda store, job_id, _: store.rows[job_id])


@_breaks("I8")
def queue_has_no_limit(patch: Patch) -> None:
    patch.setattr(Api, "_is_full", lambda _: False)


@_breaks("I2")
def worker_acts_when_its_lease_is_over(patch: Patch) -> None:
    patch.setattr(SimulatedWorker, "holds", lambda *_: True)


@_breaks("I2")
def job_is_taken_from_a_worker_that_holds_it(patch: Patch) -> None:
    patch.setattr(ModelStore, "_is_free", lambda _store, stored, _now: stored.due is not None)
    patch.setattr(Place, "ready", lambda place, _: place.until is None or place.epoch < 4)


@_breaks("I2")
def look_does_not_stop_the_attempt(patch: Patch) -> None:
    def asked_to_look(agent: Agent, order: Any) -> None:  # noqa: ANN401 - as the original
        agent._send(order, agent._verified(order))

    patch.setattr(Agent, "_asked_to_look", asked_to_look)
