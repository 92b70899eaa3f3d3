"""What a worker does with a run that another one left behind, and with a large one."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any, ClassVar

import pytest

from scheduler.core.events import MOST_CRASHES, RunOpened, TaskDue
from scheduler.core.ids import TaskId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.orchestrator.commands import StartTask
from scheduler.orchestrator.state import TaskMap, TaskState
from tests.support.cases import each_of
from tests.support.runs import BROKEN, FIND, NOW, SEND, UNKNOWN, HandDrivenRun, a_row, a_run, a_run_job, a_step, rows_of


def resumed(job_fields: dict[str, Any], *steps: Any, crashes: int = 1, **rows: Any) -> HandDrivenRun:  # noqa: ANN401
    job = a_run_job(*steps, **job_fields)
    return HandDrivenRun(job, rows_of(job, rows)).opens(crashes)


class TestResume:
    """What a worker finds when it takes up a run of which another one left `rows`."""

    def test_a_task_that_was_running_is_looked_after(self) -> None:
        run = resumed({}, a_step("send"), send=a_row("send", TaskStatus.RUNNING))

        assert (run.started, run.looked_after) == ([], ["send"])
        assert run.is_seen("send", happened=False).is_due("send").started == [("send", 2)]
        assert run.task("send").failures == 0  # the worker's death is not the task's fault

    def test_a_repeatable_task_that_was_running_starts_again(self) -> None:
        run = resumed({}, a_step("find", action=FIND), find=a_row("find", TaskStatus.RUNNING))

        assert run.started == [("find", 2)]

    def test_a_task_that_was_being_looked_after_still_is(self) -> None:
        row = a_row("send", TaskStatus.VERIFYING, failures=1, failure=UNKNOWN)
        run = resumed({}, a_step("send"), send=row)
        assert run.looked_after == ["send"]

        run.is_seen("send", happened=False)

        assert run.task("send").failures == 1

    def test_a_task_that_waits_for_its_retry_goes_on_waiting(self) -> None:
        later = NOW + timedelta(seconds=5)
        run = resumed({}, a_step("send"), send=a_row("send", not_before=later, attempts=1, failures=1, started_at=NOW))

        assert run.started == []
        assert run.timers == [TaskDue(task_id=TaskId("send"), at=later)]
        assert run.passes(5).is_due("send").commands[2] == StartTask(TaskId("send"), 2, again=True)

    def test_what_is_done_is_not_done_again(self) -> None:
        run = resumed({}, a_step("a"), a_step("b", "a"), a=a_row("a", TaskStatus.DONE))

        assert run.started == [("b", 1)]

    def test_a_run_of_which_all_is_done_ends(self) -> None:
        run = resumed({}, a_step("a"), a=a_row("a", TaskStatus.DONE))

        assert run.state.status is JobStatus.DONE

    def test_a_run_in_which_a_task_has_failed_fails(self) -> None:
        failed = a_row("a", TaskStatus.FAILED, failure=BROKEN)
        run = resumed({}, a_step("a"), a_step("b"), a_step("c", "a"), a=failed, b=a_row("b", TaskStatus.RUNNING))
        assert run.started == []

        run.is_seen("b", happened=True)

        assert run.state.status is JobStatus.FAILED
        assert run.ends[0].failure == BROKEN
        assert run.statuses == {"a": "failed", "b": "done", "c": "skipped"}

    @pytest.mark.parametrize("status", [TaskStatus.SKIPPED, TaskStatus.CANCELLED, TaskStatus.FAILED])
    def test_a_run_with_a_task_that_ended_for_no_known_reason_ends_too(self, status: TaskStatus) -> None:
        run = resumed({}, a_step("a"), a_step("b", "a"), a=a_row("a", status))

        assert run.state.status is JobStatus.FAILED

    def test_a_job_whose_cancellation_was_asked_for_starts_nothing(self) -> None:
        run = resumed({"status": JobStatus.CANCELLING}, a_step("a"), a_step("b"), a=a_row("a", TaskStatus.RUNNING))

        assert (run.started, run.looked_after) == ([], ["a"])
        assert run.is_seen("a", happened=False).state.status is JobStatus.CANCELLED

    def test_a_job_that_killed_too_many_workers_starts_nothing_more(self) -> None:
        running = a_row("a", TaskStatus.RUNNING)
        run = resumed({}, a_step("a"), a_step("b"), a=running, crashes=MOST_CRASHES)
        assert (run.started, run.looked_after) == ([], ["a"])

        run.is_seen("a", happened=True)

        assert run.state.status is JobStatus.FAILED
        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "worker_crashes"
        assert run.ends[0].failure.facts == {"crashes": str(MOST_CRASHES)}

    def test_how_many_workers_may_die_with_a_job_can_be_set(self) -> None:
        run = HandDrivenRun(a_run_job(a_step("a")))

        run.happens(RunOpened(at=NOW, crashes=1, most_crashes=1))

        assert run.started == []
        assert run.ends[0].failure is not None
        assert run.ends[0].failure.code == "worker_crashes"

    def test_a_job_that_kills_even_those_who_only_look_ends_unlooked(self) -> None:
        running = a_row("a", TaskStatus.RUNNING)
        run = resumed({}, a_step("a"), a_step("b"), a=running, crashes=MOST_CRASHES + 1)

        assert run.looked_after == []
        assert run.state.status is JobStatus.FAILED
        assert run.statuses == {"a": "failed", "b": "skipped"}

    def test_an_action_that_is_no_longer_known_fails_its_task_and_not_the_opening(self) -> None:
        run = a_run(a_step("a", action="gone.away"))

        assert run.started == [("a", 1)]

    def test_a_task_begun_in_an_earlier_run_starts_with_a_look(self) -> None:
        fresh, begun = a_row("a"), a_row("b", effect_key="key")
        run = resumed({"run": 2}, a_step("a"), a_step("b"), a=fresh, b=begun)

        starts = [command for command in run.commands if isinstance(command, StartTask)]
        assert starts == [StartTask(TaskId("a"), 1, again=False), StartTask(TaskId("b"), 1, again=True)]

    @each_of(product([SEND, FIND], [JobStatus.RUNNING, JobStatus.CANCELLING], TaskStatus, TaskStatus))
    def test_from_whatever_rows_a_run_ends(
        self, action: str, status: JobStatus, first: TaskStatus, second: TaskStatus
    ) -> None:
        steps = (a_step("a", action=action), a_step("b", "a", action=action), a_step("c", "b", action=action))
        run = resumed({"status": status}, *steps, a=a_row("a", first), b=a_row("b", second))
        done_before = {task_id for task_id, row in (("a", first), ("b", second)) if row is TaskStatus.DONE}

        for _ in range(20):
            assert not {task_id for task_id, _ in run.started} & done_before
            _answer_all(run)

        assert run.state.status.final
        assert all(TaskStatus(task).final for task in run.statuses.values())
        assert len(run.ends) == 1


def _answer_all(run: HandDrivenRun) -> None:
    """Let everything that is busy succeed, and everything that waits for its time start."""
    for task_id, task in run.state.tasks.items():
        if task.status is TaskStatus.VERIFYING:
            run.is_seen(task_id, happened=False, attempt=task.attempts)
        elif task.active:
            run.succeeds(task_id, task.attempts)
        elif task.status is TaskStatus.PENDING:
            run.is_due(task_id)


class CountedTasks(TaskMap):
    """Counts every look at a task and every task that a copy would touch."""

    looks: ClassVar[int] = 0

    def __getitem__(self, task_id: TaskId) -> TaskState:
        CountedTasks.looks += 1
        return super().__getitem__(task_id)

    def __iter__(self) -> Iterator[TaskId]:
        for task_id in super().__iter__():
            CountedTasks.looks += 1
            yield task_id


@pytest.mark.parametrize(("shape", "large"), [("chain", 2_000), ("fan", 2_000)])
def test_the_work_for_a_large_job_grows_with_its_tasks_and_dependencies(shape: str, large: int) -> None:
    small, looks = large // 10, {}
    for size in (small, large):
        names = [f"t{number}" for number in range(size)]
        chain = [
            a_step(name, *before, action=FIND)
            for name, before in zip(names, [[], *([n] for n in names[:-1])], strict=True)
        ]
        fan = [a_step(names[0]), *(a_step(name, names[0]) for name in names[1:])]
        job = a_run_job(*(chain if shape == "chain" else fan))
        run = HandDrivenRun(job, [a_row(name) for name in names])
        run.state = type(run.state)(
            job_id=run.state.job_id, plan=run.state.plan, tasks=CountedTasks(run.state.tasks), open=run.state.open
        )
        CountedTasks.looks = 0

        run.opens()
        for name in names:
            run.succeeds(name)

        assert run.state.status is JobStatus.DONE
        looks[size] = CountedTasks.looks

    assert looks[large] <= 10.5 * looks[small]
    assert looks[large] <= 10 * large
