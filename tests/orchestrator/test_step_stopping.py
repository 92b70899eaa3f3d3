"""How a run comes to its end before its time, and that nothing is done after it."""

from datetime import timedelta

import pytest

from scheduler.core.events import AttemptOverdue, CancelRequested, DeadlinePassed, EventType, RunOpened, TaskDue
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus
from tests.support.runs import BROKEN, FIND, NOW, UNAVAILABLE, UNKNOWN, HandDrivenRun, a_run, a_run_job, a_step, success


class TestTime:
    def test_an_attempt_gets_its_time_and_some_for_its_report(self) -> None:
        run = a_run(a_step("a", timeout=30), a_step("b", timeout=1))

        assert run.timers == [
            AttemptOverdue(task_id=TaskId("a"), attempt=1, at=NOW + timedelta(seconds=40)),
            AttemptOverdue(task_id=TaskId("b"), attempt=1, at=NOW + timedelta(seconds=2)),
        ]

    def test_an_overdue_attempt_is_stopped_and_looked_after(self) -> None:
        run = a_run().is_overdue("send")

        assert (run.stopped, run.looked_after) == (["send"], ["send"])
        assert run.task("send").failure is not None
        assert run.task("send").failure.code == "timeout"  # type: ignore[union-attr]  # said one line above

    def test_an_overdue_repeatable_attempt_is_stopped_and_tried_again(self) -> None:
        run = a_run(a_step("find", action=FIND)).is_overdue("find")

        assert (run.stopped, run.looked_after) == (["find"], [])
        assert run.passes(1).is_due("find").started == [("find", 2)]

    def test_the_deadline_stops_all_and_ends_the_run_when_it_is_known_what_happened(self) -> None:
        run = a_run(a_step("send"), a_step("find", action=FIND), a_step("after", "send"))

        run.deadline_passes()
        assert (run.stopped, run.looked_after) == (["send", "find"], ["send"])
        assert not run.ends

        run.is_seen("send", happened=True)
        assert run.state.status is JobStatus.FAILED
        assert run.statuses == {"send": "done", "find": "skipped", "after": "skipped"}
        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "deadline_exceeded"

    def test_the_deadline_stops_what_a_failing_run_still_waits_for(self) -> None:
        run = a_run(a_step("a"), a_step("b")).fails("a", BROKEN).deadline_passes()

        assert run.stopped == ["b"]
        assert run.is_seen("b", happened=False).ends[0].failure == BROKEN

    def test_a_deadline_rings(self) -> None:
        later = NOW + timedelta(minutes=1)

        assert DeadlinePassed(at=later) in a_run(deadline=later).timers

    def test_a_run_opened_after_its_deadline_starts_nothing(self) -> None:
        run = a_run(deadline=NOW)

        assert run.started == []
        assert run.statuses == {"send": "skipped"}
        assert run.state.status is JobStatus.FAILED

    def test_a_deadline_that_comes_after_the_end_changes_nothing(self) -> None:
        run = a_run().succeeds("send").deadline_passes()

        assert run.commands == []
        assert run.state.status is JobStatus.DONE


class TestAtOnce:
    """What comes in one batch has not been acted upon in between."""

    def test_what_would_start_and_stop_at_once_is_not_started(self) -> None:
        run = a_run(a_step("a"), a_step("b", "a"), a_step("c", "a", action=FIND))

        run.happens(success("a"), CancelRequested(at=NOW))

        assert (run.started, run.stopped, run.looked_after, run.timers) == ([], [], [], [])
        assert run.statuses == {"a": "done", "b": "cancelled", "c": "cancelled"}
        assert run.task("b").attempts == 0
        assert EventType.TASK_STARTED not in [line for line, _ in run.said[2:]]

    def test_what_was_tried_before_goes_back_to_where_it_was(self) -> None:
        run = a_run().fails("send", UNAVAILABLE, draw=0.5).passes(1)

        run.happens(TaskDue(task_id=TaskId("send"), at=run.now), DeadlinePassed(at=run.now))

        assert (run.started, run.looked_after) == ([], [])
        assert run.statuses == {"send": "skipped"}
        assert (run.task("send").attempts, run.task("send").failures) == (1, 1)
        assert run.state.status is JobStatus.FAILED

    def test_a_run_that_is_opened_and_cancelled_at_once_starts_nothing(self) -> None:
        run = HandDrivenRun(a_run_job(a_step("send")))

        run.happens(RunOpened(at=NOW), CancelRequested(at=NOW))

        assert (run.started, run.looked_after) == ([], [])
        assert run.state.status is JobStatus.CANCELLED


class TestCancel:
    def test_a_run_is_cancelled_when_it_is_known_what_its_tasks_did(self) -> None:
        run = a_run(a_step("send"), a_step("find", action=FIND), a_step("after", "send"))

        run.happens(CancelRequested(at=NOW))
        assert (run.stopped, run.looked_after) == (["send", "find"], ["send"])
        assert not run.ends

        run.is_seen("send", happened=True)
        assert run.state.status is JobStatus.CANCELLED
        assert run.statuses == {"send": "done", "find": "cancelled", "after": "cancelled"}

    def test_done_beats_cancel_if_it_was_first(self) -> None:
        run = a_run()

        run.happens(success("send"), CancelRequested(at=NOW))

        assert run.state.status is JobStatus.DONE

    def test_done_beats_cancel_if_everything_had_happened(self) -> None:
        run = a_run()

        run.happens(CancelRequested(at=NOW), success("send"))

        assert run.state.status is JobStatus.DONE

    def test_cancelling_twice_is_cancelling_once(self) -> None:
        run = a_run().happens(CancelRequested(at=NOW)).happens(CancelRequested(at=NOW))

        assert run.commands == []
        assert run.is_seen("send", happened=False).state.status is JobStatus.CANCELLED

    def test_cancelling_while_somebody_looks_waits_for_them(self) -> None:
        run = a_run().fails("send", UNKNOWN).happens(CancelRequested(at=NOW))
        assert run.commands == []

        run.is_seen("send", happened=False)

        assert run.state.status is JobStatus.CANCELLED
        assert run.statuses == {"send": "cancelled"}

    def test_cancelling_while_a_retry_is_due_later_ends_at_once(self) -> None:
        run = a_run().fails("send", UNAVAILABLE).happens(CancelRequested(at=NOW))

        assert run.state.status is JobStatus.CANCELLED

    def test_a_retry_that_falls_due_while_the_run_stops_does_not_start(self) -> None:
        run = a_run(a_step("a"), a_step("b")).fails("a", UNAVAILABLE).happens(CancelRequested(at=NOW))

        assert run.passes(5).is_due("a").started == []

    def test_a_failure_without_effect_does_not_make_a_cancelled_run_a_failed_one(self) -> None:
        run = a_run().happens(CancelRequested(at=NOW)).fails("send", BROKEN)

        assert run.state.status is JobStatus.CANCELLED

    def test_an_outcome_nobody_knows_is_said_also_when_the_run_was_cancelled(self) -> None:
        run = a_run().happens(CancelRequested(at=NOW)).is_seen("send", happened=None)

        assert run.state.status is JobStatus.FAILED
        assert run.statuses == {"send": "failed"}

    def test_a_failure_that_came_first_stays_the_reason(self) -> None:
        run = a_run(a_step("a"), a_step("b")).fails("a", BROKEN).happens(CancelRequested(at=NOW))
        assert run.stopped == ["b"]

        run.is_seen("b", happened=True)

        assert run.ends[0].failure == BROKEN

    def test_the_deadline_of_a_run_that_is_cancelled_does_not_matter(self) -> None:
        run = a_run().happens(CancelRequested(at=NOW)).deadline_passes().is_seen("send", happened=False)

        assert run.state.status is JobStatus.CANCELLED


class TestLateEvents:
    @pytest.mark.parametrize("late", ["success", "failure", "overdue", "seen", "not seen"])
    def test_what_an_older_attempt_says_changes_nothing(self, late: str) -> None:
        run = a_run(a_step("find", action=FIND)).fails("find", UNAVAILABLE, draw=0.0).is_due("find")
        before = run.state

        _say(run, "find", late, attempt=1)

        assert run.commands == []
        assert run.state == before

    @pytest.mark.parametrize("late", ["success", "failure", "overdue", "seen", "not seen", "due"])
    def test_nothing_happens_to_a_task_that_is_done(self, late: str) -> None:
        run = a_run(a_step("a"), a_step("b")).succeeds("a")

        _say(run, "a", late, attempt=1)

        assert run.commands == []
        assert run.statuses["a"] == "done"

    @pytest.mark.parametrize("late", ["success", "failure", "overdue", "seen", "not seen", "due"])
    def test_nothing_happens_after_the_end(self, late: str) -> None:
        run = a_run(a_step("a"), a_step("b", "a")).fails("a", BROKEN)

        _say(run, "a", late, attempt=1)

        assert run.commands == []
        assert run.state.status is JobStatus.FAILED


def _say(run: HandDrivenRun, task_id: str, what: str, attempt: int) -> None:
    match what:
        case "success":
            run.succeeds(task_id, attempt)
        case "failure":
            run.fails(task_id, BROKEN, attempt)
        case "overdue":
            run.is_overdue(task_id, attempt)
        case "seen":
            run.is_seen(task_id, happened=False, attempt=attempt)
        case "not seen":
            run.cannot_be_seen(task_id, attempt)
        case "due":
            run.is_due(task_id)
