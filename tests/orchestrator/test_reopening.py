"""The next run does again what went with the session of the last one, and nothing else."""

import pytest

from scheduler.core.actions import ActionCatalog, ActionSpec, SessionUse
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus, TaskRun, TaskStatus
from scheduler.core.todo import ToDo
from scheduler.orchestrator.reopening import lost_with_session, session_uses
from scheduler.orchestrator.state import open_run
from tests.support.runs import FIND, SEND, HandDrivenRun, a_row, a_run_job, a_step, rows_of

ENTER, ORDER, FETCH = "page.enter", "page.order", "page.fetch"
CATALOG = ActionCatalog(
    [
        ActionSpec(name=ENTER, description="Lives on the page", session=SessionUse.CHANGES, repeatable=True),
        ActionSpec(name=ORDER, description="Lives on the page, once", session=SessionUse.CHANGES),
        ActionSpec(name=FETCH, description="Needs the page", session=SessionUse.NEEDS, repeatable=True),
        ActionSpec(name=SEND, description="Needs no page"),
        ActionSpec(name=FIND, description="Needs no page", repeatable=True),
    ]
)
PORTAL = (
    a_step("open", action=ENTER),
    a_step("login", "open", action=ENTER),
    a_step("first", "login", action=FETCH),
    a_step("second", "first", action=FETCH),
    a_step("send", "second"),
)


def lost(*steps: ToDo, done: str, run: int = 2, **rows: TaskRun) -> list[TaskId]:
    """Return what is lost when the tasks named in `done` were done in run 1."""
    kept = {task_id: a_row(task_id, TaskStatus.DONE) for task_id in done.split()}
    job = a_run_job(*steps, run=run)
    todos = job.task_graph.tasks
    return lost_with_session(
        todos, {row.task_id: row for row in rows_of(job, kept | rows)}, session_uses(todos, CATALOG), run
    )


@pytest.mark.parametrize(
    ("done", "again"),
    [
        ("", []),
        ("open", ["open"]),
        ("open login", ["open", "login"]),
        ("open login first", ["open", "login"]),
        ("open login first second", []),
        ("open login first second send", []),
    ],
)
def test_what_the_rest_of_the_plan_needs_of_the_session_is_done_again(done: str, again: list[str]) -> None:
    assert lost(*PORTAL, done=done) == again


def test_in_the_first_run_nothing_is_lost() -> None:
    assert lost(*PORTAL, done="open login", run=1) == []


def test_what_was_done_in_this_run_is_not_done_again() -> None:
    assert lost(*PORTAL, done="login", open=a_row("open", TaskStatus.DONE, run=2)) == ["login"]


def test_what_nothing_left_to_do_waits_for_stays_done() -> None:
    beside = a_step("beside", action=ENTER)

    assert lost(*PORTAL, beside, done="open beside") == ["open"]


def test_a_session_is_also_needed_through_steps_that_have_none() -> None:
    steps = (a_step("open", action=ENTER), a_step("find", "open", action=FIND), a_step("go", "find", action=ENTER))

    assert lost(*steps, done="open find") == ["open"]


def test_an_action_nobody_knows_any_more_needs_no_session() -> None:
    assert lost(a_step("open", action=ENTER), a_step("gone", "open", action="gone.away"), done="open") == []


def test_a_run_begins_with_what_is_lost_and_keeps_its_pictures() -> None:
    job = a_run_job(*PORTAL, run=2)
    rows = {
        "open": a_row("open", TaskStatus.DONE, effect_key="key", evidence=("open.png",)),
        "login": a_row("login", TaskStatus.DONE),
        "first": a_row("first", TaskStatus.DONE, result={"file": "a"}),
    }

    state = open_run(job, rows_of(job, rows), CATALOG)

    opened = state.tasks[TaskId("open")]
    assert (opened.status, opened.begun, opened.result, opened.evidence) == ("pending", False, None, ("open.png",))
    assert state.tasks[TaskId("first")].result == {"file": "a"}
    assert (state.open, state.failure) == (4, None)


def test_what_is_left_waits_for_the_session_also_past_what_stays_done() -> None:
    steps = (*PORTAL, a_step("find", "first", action=FIND), a_step("third", "find", action=FETCH))
    job = a_run_job(*steps, run=2)
    rows = {task_id: a_row(task_id, TaskStatus.DONE) for task_id in ("open", "login", "first")}

    run = HandDrivenRun(job, rows_of(job, rows), CATALOG).opens()

    assert run.started == [("open", 1), ("find", 1)]
    assert run.succeeds("find").succeeds("open").started == [("login", 1)]
    assert run.succeeds("login").started == [("second", 1), ("third", 1)]
    run.succeeds("second").succeeds("third").succeeds("send")
    assert run.state.status is JobStatus.DONE


def test_a_lost_step_that_may_not_be_repeated_ends_the_run_and_stays_done() -> None:
    steps = (a_step("open", action=ENTER), a_step("order", "open", action=ORDER), a_step("read", "order", action=FETCH))
    job = a_run_job(*steps, run=2)
    rows = {"open": a_row("open", TaskStatus.DONE), "order": a_row("order", TaskStatus.DONE)}

    state = open_run(job, rows_of(job, rows), CATALOG)

    assert state.status is JobStatus.RUNNING
    assert state.failure is not None
    assert (state.failure.code, state.failure.facts) == ("session_lost", {"what": "order (page.order)"})
    assert [task.status for task in state.tasks.values()] == ["done", "done", "pending"]
