"""A run that takes a known course decides what `step` decides, however far it goes and wherever it leaves it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from scheduler.core.actions import ActionCatalog, ActionSpec
from scheduler.core.events import (
    AttemptFailed,
    AttemptOverdue,
    AttemptSucceeded,
    CancelRequested,
    DeadlinePassed,
    EventType,
    RunEvent,
    RunOpened,
    RunRules,
)
from scheduler.core.ids import JobId, LeaseToken, TaskId, TenantId
from scheduler.core.job import Job, JobStatus, Lease
from scheduler.core.task_graph import TaskGraph
from scheduler.core.todo import ToDo
from scheduler.orchestrator import run_change, run_course, step
from scheduler.orchestrator.commands import SetTimer, StartTask
from scheduler.orchestrator.progress_template import Hole
from scheduler.orchestrator.run_change import RunChange
from tests.support.courses import Twice
from tests.support.runs import ASKS, CATALOG, FIND, NOW, SEND, UNAVAILABLE, UNKNOWN, a_graph, a_step

_VERIFIED: Final = st.sampled_from((None, True, False))
_RESULTS: Final[st.SearchStrategy[dict[str, Any]]] = st.sampled_from(({}, {"n": 1}, {"items": [1, 2], "job": "x"}))
_FAILURES: Final = st.sampled_from((UNAVAILABLE, UNKNOWN, ASKS))
_MOMENTS: Final = st.integers(0, 10_000_000).map(lambda micros: NOW + timedelta(microseconds=micros))


@pytest.fixture(autouse=True)
def courses_from_the_second_run(courses_from_the_first_run: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setattr(run_course, "WORTH_IT", 2)


@st.composite
def plans(draw: st.DrawFn) -> TaskGraph:
    """A few steps, some of which are conditional, many, or need the result of another."""
    steps: list[ToDo] = []
    for place in range(draw(st.integers(1, 4))):
        needed = [one.id or "" for one in steps if draw(st.booleans())]
        fields: dict[str, Any] = {}
        if draw(st.integers(0, 9)) == 0:
            fields["when"] = draw(st.sampled_from(("true", "false")))
        if draw(st.integers(0, 9)) == 0:
            fields["for_each"] = draw(st.sampled_from(([], [1, 2])))
        if draw(st.booleans()):
            fields["reason"] = "because"
        steps.append(a_step(f"t{place}", *needed, action=draw(st.sampled_from((SEND, FIND))), **fields))
    return a_graph(steps)


def a_job(graph: TaskGraph, number: int, **fields: Any) -> Job:  # noqa: ANN401 - fields of Job
    lease = Lease(token=LeaseToken(f"token{number}"), epoch=1, until=NOW + timedelta(hours=1))
    defaults = {
        "id": JobId(f"job{number}"),
        "tenant": TenantId(f"tenant{number}"),
        "intent": "test",
        "description": "" if number % 2 else f"the {number}th",
        "status": JobStatus.RUNNING,
        "created_at": NOW,
        "lease": lease,
    }
    return Job(task_graph=graph, **{**defaults, **fields})


@st.composite
def jobs(draw: st.DrawFn, graph: TaskGraph, number: int) -> Job:
    fields: dict[str, Any] = {}
    if draw(st.integers(0, 9)) == 0:
        fields["deadline"] = draw(_MOMENTS)
    if draw(st.integers(0, 9)) == 0:
        fields["run"] = 2
    if draw(st.integers(0, 9)) == 0:
        fields["status"] = JobStatus.CANCELLING
    return a_job(graph, number, **fields)


def _happens(data: st.DataObject, busy: list[tuple[TaskId, int]]) -> RunEvent:
    """Let something happen: mostly, somebody who is busy succeeds."""
    task_id, attempt = data.draw(st.sampled_from(busy))
    at, what = data.draw(_MOMENTS), data.draw(st.integers(0, 15))
    if what == 0:
        return CancelRequested(at=at)
    if what == 1:
        return AttemptFailed(task_id=task_id, attempt=attempt, at=at, failure=data.draw(_FAILURES), draw=0.5)
    if what == 2:
        return AttemptOverdue(task_id=task_id, attempt=attempt, at=at, draw=0.5)
    if what == 3:
        return DeadlinePassed(at=at)
    late = attempt + 1 if what == 4 else attempt
    evidence = ("a.png",) if what == 5 else ()
    result, verified = data.draw(_RESULTS), data.draw(_VERIFIED)
    return AttemptSucceeded(task_id=task_id, attempt=late, at=at, result=result, verified=verified, evidence=evidence)


def actions(*, otherwise: bool = False) -> list[ActionSpec]:
    """Return those of CATALOG; `otherwise`: what may be repeated may not, and the other way round."""
    return [action.model_copy(update={"repeatable": action.repeatable is not otherwise}) for action in CATALOG]


def live(data: st.DataObject, job: Job, catalog: ActionCatalog) -> Twice:
    """Open a run and let things happen to it, as long as somebody is busy."""
    keys: dict[TaskId, str | None] = {}
    run, busy = Twice(job, (), catalog, keys), list[tuple[TaskId, int]]()
    crashes = data.draw(st.sampled_from((0, 0, 0, 0, 5)))
    events: list[RunEvent] = [RunOpened(at=data.draw(_MOMENTS), crashes=crashes)]
    for _ in range(12):
        if data.draw(st.integers(0, 9)) == 0:
            catalog.replace(actions(otherwise=data.draw(st.booleans())))
        for command in run.decide(events, store=data.draw(st.integers(0, 9)) == 0):
            if isinstance(command, StartTask):
                busy.append((command.task_id, command.attempt))
                keys[command.task_id] = f"{job.id}/{command.task_id}"
        if not busy or run.state.status is not JobStatus.RUNNING:
            break
        events = [_happens(data, busy) for _ in range(data.draw(st.sampled_from((1, 1, 1, 2))))]
        done = {event.task_id for event in events if isinstance(event, AttemptSucceeded)}
        busy = [one for one in busy if one[0] not in done] or busy
    return run


@given(st.data())
def test_a_course_leads_where_step_does(data: st.DataObject) -> None:
    graph, catalog = data.draw(plans()), ActionCatalog(actions())

    for number in range(4):
        live(data, data.draw(jobs(graph, number)), catalog)


def a_success(task_id: str, *, seconds: float = 1, **fields: Any) -> AttemptSucceeded:  # noqa: ANN401 - of the event
    at = NOW + timedelta(seconds=seconds)
    return AttemptSucceeded(task_id=TaskId(task_id), attempt=1, at=at, result={"n": seconds}, **fields)


def opened(graph: TaskGraph, number: int, **fields: Any) -> Twice:  # noqa: ANN401 - fields of RunOpened
    run = Twice(a_job(graph, number), (), CATALOG, {TaskId("a"): f"key{number}", TaskId("b"): f"other{number}"})
    run.decide([RunOpened(at=NOW, **fields)])
    return run


@pytest.fixture
def graph() -> TaskGraph:
    return a_graph([a_step("a"), a_step("b", "a", action=FIND)])


class TestReplacedCatalog:
    """A run keeps the plan that it has read at its beginning, whatever may be repeated since."""

    @pytest.fixture(params=[SEND, FIND])
    def run(self, request: pytest.FixtureRequest) -> Twice:
        """A run on a course that nobody has gone on yet, and whose catalog says the opposite since its beginning."""
        graph, catalog = a_graph([a_step(name, action=request.param) for name in "ab"]), ActionCatalog(actions())
        for number in range(2):
            run = Twice(a_job(graph, number), (), catalog, {TaskId("a"): "key", TaskId("b"): "other"})
            run.decide([RunOpened(at=NOW)])
        catalog.replace(actions(otherwise=True))
        return run

    def test_turns_are_made_of_the_plan_of_the_run(self, run: Twice) -> None:
        run.decide([a_success("a")])
        run.decide([a_success("b")])

        assert run.on_course
        assert run.state.status is JobStatus.DONE

    @pytest.mark.parametrize(
        "event",
        [
            CancelRequested(at=NOW),
            AttemptFailed(task_id=TaskId("a"), attempt=1, at=NOW, failure=UNKNOWN, draw=0.5),
        ],
    )
    def test_it_leaves_its_course_with_the_plan_of_the_run(self, run: Twice, event: RunEvent) -> None:
        run.decide([event])

        assert not run.on_course


class TestCourse:
    def test_it_is_taken_from_the_second_run_of_a_plan_to_the_end(self, graph: TaskGraph) -> None:
        runs = [opened(graph, number) for number in range(3)]
        for run in runs:
            run.decide([a_success("a")])
            run.decide([a_success("b", seconds=2, verified=True)])

        assert [run.on_course for run in runs] == [False, True, True]
        assert {run.state.status for run in runs} == {JobStatus.DONE}

    def test_it_is_left_where_something_else_happens(self, graph: TaskGraph) -> None:
        opened(graph, 0)
        run = opened(graph, 1)
        run.decide([a_success("a")])
        assert run.on_course

        run.decide([CancelRequested(at=NOW)])

        assert not run.on_course

    def test_an_attempt_is_overdue_when_that_of_this_run_is(self, graph: TaskGraph) -> None:
        opened(graph, 0)
        opened(graph, 1).decide([a_success("a", seconds=1)])

        timer = opened(graph, 2).decide([a_success("a", seconds=100)])[1]

        assert isinstance(timer, SetTimer)
        assert timer.event.at == NOW + timedelta(seconds=100) + run_change.patience(a_step("b"))

    def test_other_rules_are_another_course(self, graph: TaskGraph) -> None:
        opened(graph, 0)
        opened(graph, 1, rules=RunRules(most_items=1))

        assert opened(graph, 2, rules=RunRules(most_items=2)).on_course
        assert not opened(graph, 3, most_crashes=0).on_course

    @pytest.mark.parametrize("fields", [{"verified": True}, {"verified": False}, {"evidence": ("a.png",)}])
    def test_what_a_success_says_besides_its_result_counts(self, graph: TaskGraph, fields: dict[str, Any]) -> None:
        opened(graph, 0)
        opened(graph, 1).decide([a_success("a")])

        opened(graph, 2).decide([a_success("a", **fields)])

    @pytest.mark.parametrize("fields", [{"deadline": NOW + timedelta(hours=1)}, {"run": 2}])
    def test_jobs_that_depend_on_more_take_none(self, graph: TaskGraph, fields: dict[str, Any]) -> None:
        opened(graph, 0)
        opened(graph, 1)

        assert not Twice(a_job(graph, 2, **fields), (), CATALOG, {}).on_course

    @pytest.mark.parametrize("step_", [a_step("a", when="true"), a_step("a", for_each=[1])])
    def test_plans_that_look_at_results_have_none(self, step_: ToDo) -> None:
        graph = a_graph([step_])

        assert not any(opened(graph, number).on_course for number in range(3))

    def test_not_all_orders_of_ends_are_learned(self) -> None:
        names = [f"s{place}" for place in range(20)]
        graph = a_graph([a_step(name) for name in names])
        opened(graph, 0)

        runs = [opened(graph, place + 1) for place in range(20)]
        for place, run in enumerate(runs):
            run.decide([a_success(names[place])])
            run.decide([a_success(names[place - 1])])

        assert runs[0].on_course
        assert not runs[-1].on_course

    def test_large_plans_have_none(self) -> None:
        graph = a_graph([a_step(f"s{place}") for place in range(21)])

        assert not any(opened(graph, number).on_course for number in range(3))


def _asks_the_time(run: RunChange, event: AttemptSucceeded) -> None:
    """Decide by the time, which `step` does not: no course can tell of that."""
    if event.at >= NOW:
        step._attempt_succeeded(run, event)


def _says_when(run: RunChange, event: AttemptSucceeded) -> None:
    """Make something of the time, which differs from run to run."""
    step._attempt_succeeded(run, event)
    run.note(EventType.TASK_DONE, event.at, event.task_id, when=f"{event.at}")


def _looks_the_time_up(run: RunChange, event: AttemptSucceeded) -> None:
    """Decide by whether the time is one of several."""
    if event.at not in {NOW, NOW + timedelta(days=1)}:
        step._attempt_succeeded(run, event)


def _fails(run: RunChange, event: AttemptSucceeded) -> None:
    """Fail where a course is learned, for a reason that has nothing to do with holes."""
    at: object = event.at
    if type(at) is Hole:
        raise KeyError(event.task_id)
    step._attempt_succeeded(run, event)


@pytest.mark.parametrize(("handler", "level"), [(_looks_the_time_up, "debug"), (_fails, "warning")])
def test_why_there_is_no_turn_is_told_the_louder_the_odder(
    graph: TaskGraph,
    monkeypatch: pytest.MonkeyPatch,
    handler: Callable[[RunChange, AttemptSucceeded], None],
    level: str,
) -> None:
    opened(graph, 0)
    run = opened(graph, 1)
    monkeypatch.setitem(step._HANDLERS, AttemptSucceeded, handler)

    with capture_logs() as logs:
        run.decide([a_success("a")])

    assert not run.on_course
    assert [line["log_level"] for line in logs if line["event"] == "no_turn"] == [level]


@pytest.mark.parametrize("handler", [_asks_the_time, _says_when, _looks_the_time_up])
def test_what_looks_at_times_is_not_learned(
    graph: TaskGraph, monkeypatch: pytest.MonkeyPatch, handler: Callable[[RunChange, AttemptSucceeded], None]
) -> None:
    monkeypatch.setitem(step._HANDLERS, AttemptSucceeded, handler)
    runs = [opened(graph, number) for number in range(3)]

    for run in runs:
        run.decide([a_success("a")])

    assert not any(run.on_course for run in runs)
