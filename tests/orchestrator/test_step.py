"""What a run does next, event by event: a table of small stories over the pure `step`."""

from datetime import timedelta

import pytest

from scheduler.core.events import EventType, RunOpened, TaskDue
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.core.retry import RetryPolicy, TaskFailure
from scheduler.core.todo import Postcondition
from scheduler.orchestrator.commands import SaveTask, SetTimer, StartTask
from scheduler.orchestrator.state import open_run
from scheduler.orchestrator.step import step
from tests.support.runs import (
    BROKEN,
    CATALOG,
    FIND,
    NOBODY,
    NOT_AS_DEMANDED,
    NOW,
    SEND,
    UNAVAILABLE,
    UNKNOWN,
    a_run,
    a_run_job,
    a_step,
    rows_of,
    success,
)


class TestOrder:
    def test_all_that_wait_for_nothing_start_at_once(self) -> None:
        run = a_run(a_step("a"), a_step("b", action=FIND), a_step("c", "a", "b"))

        assert run.started == [("a", 1), ("b", 1)]

    def test_a_task_starts_when_the_last_it_waits_for_is_done(self) -> None:
        run = a_run(a_step("a"), a_step("b"), a_step("c", "a", "b"))

        assert run.succeeds("a").started == []
        assert run.succeeds("b").started == [("c", 1)]

    def test_a_reference_makes_a_task_wait(self) -> None:
        run = a_run(a_step("find", action=FIND), a_step("send", params={"to": "${find.address}"}))

        assert run.started == [("find", 1)]
        assert run.succeeds("find", result={"address": "anna@example.com"}).started == [("send", 1)]

    def test_the_run_is_done_when_all_are(self) -> None:
        run = a_run(a_step("a"), a_step("b", "a")).succeeds("a").succeeds("b", result={"n": 1}, verified=True)

        assert run.state.status is JobStatus.DONE
        assert run.statuses == {"a": "done", "b": "done"}
        assert run.task("b").result == {"n": 1}
        assert [line for line, _ in run.said] == [
            EventType.TASK_STARTED,
            EventType.TASK_DONE,
            EventType.TASK_STARTED,
            EventType.TASK_DONE,
            EventType.JOB_DONE,
        ]

    def test_an_empty_result_is_a_result(self) -> None:
        run = a_run(a_step("a"), a_step("b", "a")).succeeds("a", result={})

        assert run.task("a").result == {}
        assert run.started == [("b", 1)]

    def test_two_answers_in_one_batch_count_both(self) -> None:
        run = a_run(a_step("a"), a_step("b"), a_step("c", "a", "b"))
        batch = [success("a"), success("b")]

        run.happens(*batch)

        assert run.started == [("c", 1)]
        assert [command for command in run.commands if command == SaveTask(TaskId("c"))] == [SaveTask(TaskId("c"))]


class TestRetry:
    def test_a_transient_failure_waits_by_full_jitter(self) -> None:
        run = a_run().fails("send", UNAVAILABLE, draw=0.25)

        assert run.statuses == {"send": "pending"}
        assert run.task("send").not_before == NOW + timedelta(seconds=0.25 * 2)
        assert run.timers == [TaskDue(task_id=TaskId("send"), at=NOW + timedelta(seconds=0.5))]

    def test_the_second_wait_is_drawn_from_twice_the_time(self) -> None:
        run = a_run().fails("send", UNAVAILABLE, draw=0.0).is_due("send").fails("send", UNAVAILABLE, 2, draw=0.5)

        assert run.task("send").not_before == NOW + timedelta(seconds=0.5 * 4)

    def test_it_starts_again_when_its_time_has_come_and_not_before(self) -> None:
        run = a_run().fails("send", UNAVAILABLE, draw=0.5)

        assert run.is_due("send").started == []
        assert run.passes(1).is_due("send").started == [("send", 2)]
        assert run.task("send").failure is None

    def test_attempts_are_bounded(self) -> None:
        run = a_run(a_step("send", retry=RetryPolicy(max_attempts=3)))

        for attempt in (1, 2, 3):
            run.fails("send", UNAVAILABLE, attempt, draw=0.0).is_due("send")

        assert run.state.status is JobStatus.FAILED
        assert run.task("send").attempts == 3
        assert run.task("send").failure == UNAVAILABLE

    def test_that_nobody_took_it_is_no_attempt_until_it_was_offered_often(self) -> None:
        run = a_run(a_step("send", retry=RetryPolicy(max_attempts=2)))

        for attempt in range(1, 61):
            run.fails("send", NOBODY, attempt, draw=0.0).is_due("send")
        assert (run.task("send").attempts, run.task("send").failures) == (61, 0)
        run.fails("send", UNAVAILABLE, 61, draw=0.0).is_due("send").fails("send", NOBODY, 62, draw=0.0)

        assert run.state.status is JobStatus.FAILED
        assert run.task("send").failure == NOBODY

    @pytest.mark.parametrize("failure", [BROKEN, NOT_AS_DEMANDED])
    def test_a_lasting_failure_ends_the_run(self, failure: TaskFailure) -> None:
        run = a_run(a_step("send"), a_step("after", "send")).fails("send", failure)

        assert run.state.status is JobStatus.FAILED
        assert run.statuses == {"send": "failed", "after": "skipped"}
        assert run.ends[0].failure == failure

    def test_the_plan_says_what_a_failure_of_the_step_itself_means(self) -> None:
        run = a_run(a_step("find", failure_code="document_not_found")).fails("find", BROKEN)

        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "document_not_found"

    def test_where_something_is_demanded_only_its_absence_means_what_the_plan_says(self) -> None:
        login = a_step("login", verify=Postcondition(text="Willkommen"), failure_code="login_rejected")

        no_button, no_welcome = a_run(login).fails("login", BROKEN), a_run(login).fails("login", NOT_AS_DEMANDED)

        codes = [end.failure.code for run in (no_button, no_welcome) for end in run.ends if end.failure]
        assert codes == ["element_not_found", "login_rejected"]

    def test_a_meaning_that_the_plan_gives_names_the_secrets_entered_on_the_way(self) -> None:
        run = a_run(
            a_step("other", text="secret://other.password"),
            a_step("user", text="secret://portal.username"),
            a_step("password", "user", text="secret://portal.password"),
            a_step("login", "password", verify=Postcondition(text="Willkommen"), failure_code="login_rejected"),
        )

        run.succeeds("other").succeeds("user").succeeds("password").fails("login", NOT_AS_DEMANDED)

        assert run.ends[0].failure is not None
        assert run.ends[0].failure.facts == {"secrets": "portal.username, portal.password"}

    def test_the_plan_does_not_say_what_another_failure_means(self) -> None:
        run = a_run(a_step("find", retry=RetryPolicy(max_attempts=1), failure_code="document_not_found"))

        run.fails("find", UNAVAILABLE)

        assert run.ends[0].failure == UNAVAILABLE

    def test_a_failure_lets_the_others_finish_but_starts_nothing(self) -> None:
        run = a_run(a_step("a"), a_step("b"), a_step("c", "b")).fails("a", BROKEN)
        assert not run.ends

        run.succeeds("b")

        assert run.started == []
        assert run.state.status is JobStatus.FAILED
        assert run.statuses == {"a": "failed", "b": "done", "c": "skipped"}

    def test_who_fails_for_a_moment_while_the_run_is_failing_does_not_start_again(self) -> None:
        run = a_run(a_step("a"), a_step("b")).fails("a", BROKEN).fails("b", UNAVAILABLE)

        assert run.timers == []
        assert run.state.status is JobStatus.FAILED
        assert run.ends[0].failure == BROKEN


class TestUnknownOutcome:
    def test_it_is_looked_after_before_anything_else(self) -> None:
        run = a_run().fails("send", UNKNOWN)

        assert run.statuses == {"send": "verifying"}
        assert run.looked_after == ["send"]
        assert run.started == []

    def test_what_happened_is_done(self) -> None:
        run = a_run().fails("send", UNKNOWN).is_seen("send", happened=True)

        assert run.state.status is JobStatus.DONE
        assert run.task("send").verified is True
        assert run.task("send").result == {}

    def test_what_did_not_happen_is_tried_again(self) -> None:
        run = a_run().fails("send", UNKNOWN).is_seen("send", happened=False).passes(2).is_due("send")

        assert run.started == [("send", 2)]

    def test_what_nobody_can_tell_ends_the_run_and_says_so(self) -> None:
        run = a_run().fails("send", UNKNOWN).is_seen("send", happened=None)

        assert run.state.status is JobStatus.FAILED
        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "outcome_unknown"
        assert run.ends[0].failure.facts["what"] == f"send ({SEND})"

    def test_what_never_happened_is_not_called_unknown_in_the_end(self) -> None:
        run = a_run(a_step("send", retry=RetryPolicy(max_attempts=1)))

        run.fails("send", UNKNOWN).is_seen("send", happened=False)

        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "unavailable"

    def test_attempts_of_unknown_outcome_are_bounded_too(self) -> None:
        run = a_run(a_step("send", retry=RetryPolicy(max_attempts=2, base_delay=timedelta(0))))

        for attempt in (1, 2):
            run.fails("send", UNKNOWN, attempt).is_seen("send", False, attempt).is_due("send")

        assert run.state.status is JobStatus.FAILED
        assert run.task("send").attempts == 2

    def test_a_repeatable_task_is_simply_tried_again(self) -> None:
        run = a_run(a_step("find", action=FIND)).fails("find", UNKNOWN)

        assert run.statuses == {"find": "pending"}
        assert run.looked_after == []

    def test_a_task_may_say_itself_that_it_is_repeatable(self) -> None:
        run = a_run(a_step("send", repeatable=True)).fails("send", UNKNOWN)

        assert run.statuses == {"send": "pending"}

    def test_who_cannot_look_looks_again_later_and_gives_up_in_the_end(self) -> None:
        run = a_run().fails("send", UNKNOWN)
        looks = 1

        while run.cannot_be_seen("send").timers:
            run.passes(120).is_due("send")
            looks += 1

        assert looks == 8
        assert run.state.status is JobStatus.FAILED
        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "outcome_unknown"

    def test_an_attempt_that_answers_while_it_is_looked_after_is_believed(self) -> None:
        run = a_run().is_overdue("send").succeeds("send", result={"id": "1"})

        assert run.state.status is JobStatus.DONE
        assert run.task("send").result == {"id": "1"}

    def test_an_attempt_that_says_it_did_nothing_while_it_is_looked_after_is_believed(self) -> None:
        run = a_run().is_overdue("send").fails("send", BROKEN)

        assert run.state.status is JobStatus.FAILED
        assert run.ends[0].failure == BROKEN


class TestWholeJobs:
    def test_invoice_from_the_portal_to_the_mail(self) -> None:
        run = a_run(
            a_step("open", action=FIND),
            a_step("login", "open"),
            a_step("search", "login", action=FIND, failure_code="document_not_found"),
            a_step("download", "search", action=FIND),
            a_step("send", params={"attachments": ["${download.artifact}"]}),
        )

        run.succeeds("open").succeeds("login").fails("search", UNAVAILABLE, draw=0.0).is_due("search")
        run.succeeds("search", 2).succeeds("download", result={"artifact": "artifact://job/download/4711.pdf"})
        run.fails("send", UNKNOWN).is_seen("send", happened=True)

        assert run.state.status is JobStatus.DONE
        assert {task_id: task.attempts for task_id, task in run.state.tasks.items()} == {
            "open": 1, "login": 1, "search": 2, "download": 1, "send": 1,
        }  # fmt: skip

    def test_an_invoice_that_is_not_there_is_not_sent(self) -> None:
        run = a_run(
            a_step("search", action=FIND, failure_code="document_not_found"),
            a_step("download", "search", action=FIND),
            a_step("send", "download"),
        ).fails("search", BROKEN)

        assert run.statuses == {"search": "failed", "download": "skipped", "send": "skipped"}
        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "document_not_found"


class TestPurity:
    def test_the_same_events_give_the_same_commands_also_from_an_old_state(self) -> None:
        old = open_run(a_run_job(a_step("a"), a_step("b", "a")), rows_of(a_run_job(a_step("a"), a_step("b"))), CATALOG)
        new, first = step(old, [RunOpened(at=NOW)])
        newer, _ = step(new, [success("a")])

        again, second = step(old, [RunOpened(at=NOW)])

        assert first == second
        assert again.tasks == new.tasks
        assert [task.status for task in old.tasks.values()] == [TaskStatus.PENDING, TaskStatus.PENDING]
        assert [task.status for task in newer.tasks.values()] == [TaskStatus.DONE, TaskStatus.RUNNING]


def test_timers_are_only_set_for_what_is_stored() -> None:
    run = a_run(a_step("a"), a_step("b", "a"))

    kinds = [type(command) for command in run.commands]

    assert kinds.index(SaveTask) < kinds.index(StartTask) < kinds.index(SetTimer)
