"""Steps that are skipped by their condition, and steps that are done for each element of a list."""

from typing import Any

import pytest

from scheduler.core.actions import ActionCatalog, ActionSpec, SessionUse
from scheduler.core.events import EventType, RunOpened, RunRules
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.orchestrator.commands import AddTasks
from tests.support.runs import BROKEN, CATALOG, FIND, NOW, SEND, HandDrivenRun, a_row, a_run, a_run_job, a_step

WEB = ActionCatalog([*CATALOG, ActionSpec(name="test.page", description="On the page", session=SessionUse.CHANGES)])
EACH = a_step("each", action=FIND, for_each="${find.list}", params={"what": "${item}"})


def found(run: HandDrivenRun, **result: Any) -> HandDrivenRun:  # noqa: ANN401 - JSON
    return run.succeeds("find", result=result)


def stored_again(run: HandDrivenRun, catalog: ActionCatalog = CATALOG) -> HandDrivenRun:
    """Take the run up from its rows, as the next worker does."""
    rows = [
        a_row(
            task_id,
            task.status,
            attempts=task.attempts,
            result=task.result,
            failure=task.failure,
            started_at=task.started_at,
        )
        for task_id, task in run.state.tasks.items()
    ]
    todos = [todo for todo in run.state.plan.todos.values() if "[" not in str(todo.id)]
    return HandDrivenRun(a_run_job(*todos), rows, catalog).opens()


class TestConditions:
    def test_a_step_is_done_if_its_condition_holds(self) -> None:
        run = a_run(a_step("find", action=FIND), a_step("send", when="${find.count} > 2"))

        assert found(run, count=3).started == [("send", 1)]

    def test_else_it_is_skipped_with_the_reason_and_the_job_is_done(self) -> None:
        run = found(a_run(a_step("find", action=FIND), a_step("send", when="${find.count} > 2")), count=1)

        assert (run.state.status, run.statuses["send"]) == (JobStatus.DONE, "skipped")
        failure = run.task("send").failure
        assert failure is not None
        assert (failure.code, failure.facts) == ("condition_not_met", {"condition": "${find.count} > 2"})
        assert (EventType.TASK_SKIPPED, "send") in run.said

    def test_who_only_comes_after_it_goes_on_who_needs_its_result_does_not(self) -> None:
        run = a_run(
            a_step("no", when="false"),
            a_step("after", "no"),
            a_step("needs", text="${no.path}"),
            a_step("needs_that", params={"x": "${needs.y}"}),
            a_step("asks", when="exists ${no.path}"),
            a_step("otherwise", when="not exists ${no.path}"),
        )

        assert run.started == [("after", 1), ("otherwise", 1)]
        assert {name for name, status in run.statuses.items() if status == "skipped"} == {
            "no", "needs", "needs_that", "asks"
        }  # fmt: skip
        failure = run.task("needs_that").failure
        assert failure is not None
        assert failure.facts == {"needed": "needs"}

    def test_a_long_chain_of_skipped_steps_is_no_trouble(self) -> None:
        chain = [a_step(f"s{number}", text=f"${{s{number - 1}.x}}") for number in range(1, 2000)]
        run = a_run(a_step("s0", when="false"), *chain, a_step("last", "s1999"))

        assert run.started == [("last", 1)]

    def test_a_condition_that_cannot_be_decided_fails_the_step(self) -> None:
        run = found(a_run(a_step("find", action=FIND), a_step("send", when="${find.count} > 2")), other=1)

        assert (run.state.status, run.statuses["send"]) == (JobStatus.FAILED, "failed")
        assert run.state.failure is not None
        assert run.state.failure.code == "condition_unclear"

    def test_it_is_decided_once_a_retry_does_not_ask_again(self) -> None:
        run = found(a_run(a_step("find", action=FIND), a_step("again", action=FIND, when="${find.n} > 2")), n=3)
        run = stored_again(run)

        assert run.started == [("again", 2)]

    def test_the_next_worker_knows_what_was_skipped(self) -> None:
        run = a_run(a_step("no", when="false"), a_step("find", "no", action=FIND), a_step("send", "find"))

        again = stored_again(run).succeeds("find", attempt=2)

        assert (again.started, again.state.open) == ([("send", 1)], 1)


class TestForEach:
    def test_each_element_becomes_a_task_and_the_results_a_list(self) -> None:
        run = found(
            a_run(a_step("find", action=FIND), EACH, a_step("send", params={"all": "${each.items}"})), list=[7, 8]
        )
        assert run.started == [("each[0]", 1), ("each[1]", 1)]
        assert [command.task_ids for command in run.commands if isinstance(command, AddTasks)] == [
            ["each[0]", "each[1]"]
        ]
        assert run.task("each").result == {"for_each": [7, 8]}

        run.succeeds("each[1]", result={"n": 1})
        assert run.started == []
        run.succeeds("each[0]", result={"n": 0})

        assert run.task("each").result == {"items": [{"n": 0}, {"n": 1}], "count": 2}
        assert run.started == [("send", 1)]
        assert run.succeeds("send").state.status is JobStatus.DONE

    def test_of_an_empty_list_nothing_is_done_and_the_rest_goes_on(self) -> None:
        run = found(a_run(a_step("find", action=FIND), EACH, a_step("send", "each")), list=[])

        assert run.task("each").result == {"items": [], "count": 0}
        assert run.started == [("send", 1)]

    def test_a_list_in_the_plan_needs_nobody(self) -> None:
        run = a_run(a_step("each", action=FIND, for_each=["a", "b", "c"]))

        assert run.started == [("each[0]", 1), ("each[1]", 1), ("each[2]", 1)]

    def test_a_condition_about_the_element_is_asked_for_each(self) -> None:
        each = EACH.model_copy(update={"when": "${item} > ${index}"})
        run = found(a_run(a_step("find", action=FIND), each, a_step("send", "each")), list=[5, 0, 7])
        assert run.started == [("each[0]", 1), ("each[2]", 1)]
        assert run.statuses["each[1]"] == "skipped"

        run.succeeds("each[0]", result={"n": 0}).succeeds("each[2]", result={"n": 2})

        assert run.task("each").result == {"items": [{"n": 0}, {"n": 2}], "count": 2}

    def test_if_all_are_skipped_the_step_is_done_with_nothing(self) -> None:
        each = EACH.model_copy(update={"when": "${item} > 9"})
        run = found(a_run(a_step("find", action=FIND), each, a_step("send", "each")), list=[1, 2])

        assert (run.task("each").result, run.started) == ({"items": [], "count": 0}, [("send", 1)])

    def test_a_condition_about_anything_else_is_asked_once(self) -> None:
        each = EACH.model_copy(update={"when": "${find.go}"})
        run = found(a_run(a_step("find", action=FIND), each), list=[1, 2], go=False)

        assert run.statuses == {"find": "done", "each": "skipped"}

    def test_what_an_element_may_not_do_twice_is_looked_after_like_any_other(self) -> None:
        each = EACH.model_copy(update={"action": SEND})
        run = stored_again(found(a_run(a_step("find", action=FIND), each), list=[1, 2]))

        assert run.looked_after == ["each[0]", "each[1]"]

    def test_the_next_worker_goes_on_with_the_same_list(self) -> None:
        run = found(a_run(a_step("find", action=FIND), EACH, a_step("send", "each")), list=[1, 2, 3])
        run.succeeds("each[1]", result={"n": 1})

        again = stored_again(run)
        assert again.started == [("each[0]", 2), ("each[2]", 2)]
        again.succeeds("each[0]", attempt=2, result={"n": 0}).succeeds("each[2]", attempt=2, result={"n": 2})

        assert again.task("each").result == {"items": [{"n": 0}, {"n": 1}, {"n": 2}], "count": 3}
        assert again.started == [("send", 1)]

    def test_when_all_elements_are_done_the_next_worker_collects(self) -> None:
        run = found(a_run(a_step("find", action=FIND), EACH, a_step("send", "each")), list=[1])
        rows = [
            a_row("find", TaskStatus.DONE),
            a_row("each", result={"for_each": [1]}),
            a_row("each[0]", TaskStatus.DONE, result={"n": 0}),
        ]
        todos = [todo for name, todo in run.state.plan.todos.items() if "[" not in name]
        again = HandDrivenRun(a_run_job(*todos), rows).opens()

        assert again.task("each").result == {"items": [{"n": 0}], "count": 1}
        assert again.started == [("send", 1)]

    def test_on_a_page_the_elements_take_turns(self) -> None:
        run = HandDrivenRun(a_run_job(a_step("each", action="test.page", for_each=[1, 2, 3])), None, WEB).opens()
        assert run.started == [("each[0]", 1)]

        assert run.succeeds("each[0]").started == [("each[1]", 1)]
        assert run.succeeds("each[1]").started == [("each[2]", 1)]
        assert run.succeeds("each[2]").state.status is JobStatus.DONE

    def test_an_element_that_fails_fails_the_run(self) -> None:
        run = found(a_run(a_step("find", action=FIND), EACH, a_step("send", "each")), list=[1, 2])
        run.fails("each[0]", BROKEN).succeeds("each[1]")

        assert run.state.status is JobStatus.FAILED
        assert {run.statuses[name] for name in ("each", "send")} == {"skipped"}

    @pytest.mark.parametrize(
        ("result", "code"),
        [
            ({"list": "text"}, "invalid_input"),
            ({"other": []}, "invalid_input"),
            ({"list": [0] * 4}, "too_many_items"),
        ],
    )
    def test_what_is_no_list_or_too_long_fails_the_step(self, result: dict[str, Any], code: str) -> None:
        run = HandDrivenRun(a_run_job(a_step("find", action=FIND), EACH))
        run.happens(RunOpened(at=NOW, rules=RunRules(most_items=3))).succeeds("find", result=result)

        assert (run.state.status, run.statuses["each"]) == (JobStatus.FAILED, "failed")
        assert run.state.failure is not None
        assert run.state.failure.code == code

    def test_one_for_each_may_follow_another(self) -> None:
        run = a_run(a_step("a", action=FIND, for_each=[1, 2]), a_step("b", action=FIND, for_each="${a.items}"))
        run.succeeds("a[0]", result={"n": 0}).succeeds("a[1]", result={"n": 1})

        assert run.started == [("b[0]", 1), ("b[1]", 1)]
        assert run.state.plan.items["b[1]"] == ({"n": 1}, 1)  # type: ignore[index]

    def test_a_run_that_stops_while_it_expands_starts_nothing(self) -> None:
        run = found(a_run(a_step("find", action=FIND), EACH), list=[1, 2])

        run.deadline_passes()

        assert run.state.status is JobStatus.FAILED
        assert {run.statuses[name] for name in ("each", "each[0]", "each[1]")} == {"skipped"}
