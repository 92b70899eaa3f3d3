"""What every store promises of tasks, events and messages. Runs over every back end."""

from datetime import timedelta

import pytest

from scheduler.core.errors import (
    JobNotFoundError,
    LeaseLostError,
)
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId, TenantId
from scheduler.core.job import TaskRun, TaskStatus
from scheduler.core.lam_protocol import MessageFactory
from scheduler.core.retry import TaskFailure
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from tests.support.builders import a_job, a_message, a_progress, a_task_run, an_event
from tests.support.clock import NOON
from tests.support.lam import a_document
from tests.support.store import Store

OTHERS = TenantId("others")
SECOND = timedelta(seconds=1)
FAILURE = TaskFailure(code="timeout", message="Zu spät 📎", facts={"limit": "30 s"}, retryable=True)


class TestTasks:
    async def test_a_task_is_stored_and_read_again(self, store: Store) -> None:
        job = await store.jobs.save(a_job(tasks=2))
        task = a_task_run(job, "task2", attempts=1, failure=FAILURE)

        await store.tasks.save(task)

        assert await store.tasks.get(job.id, task.task_id) == task
        assert await store.tasks.get(job.id, TaskId("unknown")) is None
        assert [row.task_id for row in await store.tasks.list(job.id)] == ["task1", "task2"]

    async def test_a_status_comes_with_its_event(self, store: Store) -> None:
        job = await store.jobs.save(a_job())

        assert await store.tasks.update_status(job.id, TaskId("task1"), TaskStatus.SKIPPED) is True
        assert await store.tasks.update_status(job.id, TaskId("task1"), TaskStatus.SKIPPED) is True
        assert await store.tasks.update_status(job.id, TaskId("unknown"), TaskStatus.SKIPPED) is False

        task = await store.tasks.get(job.id, TaskId("task1"))
        assert task is not None
        assert task.status is TaskStatus.SKIPPED
        assert await store.lines(job.id) == [EventType.JOB_ACCEPTED, EventType.TASK_SKIPPED]

    async def test_a_task_that_was_deleted_can_be_stored_again(self, store: Store) -> None:
        job = await store.jobs.save(a_job(tasks=2))
        task = a_task_run(job)

        assert await store.tasks.delete(job.id, task.task_id) is True
        assert await store.tasks.delete(job.id, task.task_id) is False
        await store.tasks.save(task)

        assert [row.task_id for row in await store.tasks.list(job.id)] == ["task2", "task1"]

    async def test_a_task_needs_a_job(self, store: Store) -> None:
        with pytest.raises(JobNotFoundError):
            await store.tasks.save(TaskRun(job_id=JobId("unknown"), task_id=TaskId("task1")))

    async def test_tasks_of_a_leased_job_are_written_by_its_worker_alone(self, store: Store) -> None:
        job = await store.leased()
        before = await store.everything(job.id)

        with pytest.raises(LeaseLostError):
            await store.tasks.save(a_task_run(job, status=TaskStatus.DONE))
        with pytest.raises(LeaseLostError):
            await store.tasks.update_status(job.id, TaskId("task1"), TaskStatus.DONE)
        with pytest.raises(LeaseLostError):
            await store.tasks.delete(job.id, TaskId("task1"))

        assert await store.everything(job.id) == before


class TestEvents:
    async def test_events_are_read_by_number_and_nothing_twice(self, store: Store) -> None:
        job = await store.leased()
        other = await store.jobs.save(a_job())
        await store.jobs.record(a_progress(job, events=[an_event(job, task_id=f"task{n}") for n in range(5)]))

        seen: list[JobEvent] = []
        after = 0
        while page := await store.events.list(job.id, after, limit=2):
            seen += page
            after = page[-1].seq

        assert [event.type for event in seen] == [EventType.JOB_ACCEPTED, EventType.JOB_STARTED] + [
            EventType.TASK_DONE
        ] * 5
        assert [event.seq for event in seen] == sorted({event.seq for event in seen})
        assert {event.job_id for event in seen} == {job.id}
        assert len(await store.events.list(other.id)) == 1

    async def test_an_event_comes_back_as_it_was(self, store: Store) -> None:
        job = await store.leased()
        event = an_event(job, task_id="task1", at=NOON + timedelta(microseconds=1), data={"Größe": "📎", "n": [1.5]})

        await store.jobs.record(a_progress(job, events=[event]))

        stored = (await store.events.list(job.id))[-1]
        assert stored.model_copy(update={"seq": 0}) == event


class TestMessages:
    async def test_a_message_is_stored_once(self, store: Store) -> None:
        message = a_message()

        first = await store.messages.save(message, DEFAULT_TENANT, NOON)
        second = await store.messages.save(message, DEFAULT_TENANT, NOON + SECOND)

        assert (first, second) == (True, False)
        stored = await store.messages.get(message.id, DEFAULT_TENANT)
        assert stored is not None
        assert stored.to_dict() == message.to_dict()
        assert await store.messages.get("unknown", DEFAULT_TENANT) is None

    async def test_a_conversation_is_read_in_the_order_it_was_stored(self, store: Store) -> None:
        for number, conversation in ((3, "job-1"), (1, "job-1"), (9, "job-2"), (2, "job-1")):
            await store.messages.save(a_message(number, conversation), DEFAULT_TENANT, NOON)

        ids = [message.id for message in await store.messages.list("job-1", DEFAULT_TENANT)]

        assert ids == ["message-3", "message-1", "message-2"]
        assert len(await store.messages.list("job-1", DEFAULT_TENANT, limit=2)) == 2

    async def test_a_message_is_one_of_its_agents_conversation(self, store: Store, database: SQLiteDatabase) -> None:
        answer = MessageFactory.from_dict(a_document("done", correlation={"inReplyTo": "asked"}))

        await store.messages.save(answer, DEFAULT_TENANT, NOON)

        found = await SQLiteLamRepository(database).answers(DEFAULT_TENANT, "asked")
        assert [message.to_dict() for message in found] == [answer.to_dict()]
