"""What every store promises of jobs: accepting, listing, changing, deleting. Runs over every back end."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from scheduler.core.errors import (
    ConflictError,
    EarlierJobGoneError,
    IdempotencyConflictError,
    InvalidTransitionError,
    JobNotFoundError,
)
from scheduler.core.events import EventType
from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.job import JobStatus, TaskStatus
from scheduler.repository.repository_interface import (
    AuditFilter,
    IdempotentRequest,
)
from tests.support.builders import a_job, a_progress, a_task_run, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.examples import examples
from tests.support.store import Store

OTHERS = TenantId("others")
SECOND = timedelta(seconds=1)


def a_request(key: str = "key-1", route: str = "schedule", body: str = "digest") -> IdempotentRequest:
    return IdempotentRequest(key=key, route=route, body_digest=body)


class TestAccepting:
    async def test_a_job_is_stored_as_it_is(self, store: Store) -> None:
        job = a_job(
            tasks=3,
            tenant=OTHERS,
            description="Hol die Rechnung für Jörg Müßig 📎 und 👩‍👩‍👧",
            locale="en",
            context={"slots": {"Straße": "Äußere Öde 7", "n": 1.5, "list": [None, True]}},
            priority=-3,
            deadline=NOON + timedelta(microseconds=1),
            not_before=NOON - timedelta(microseconds=1),
            max_retries=0,
        )

        stored = await store.jobs.save(job)

        assert stored == job
        assert await store.jobs.get(job.id) == job
        assert await store.tasks.list(job.id) == tuple(a_task_run(job, f"task{n}") for n in (1, 2, 3))

    async def test_an_accepted_job_has_its_first_event_and_audit_entry(self, store: Store) -> None:
        job = a_job(description="Grüße 📎")

        await store.jobs.save(job)

        [event] = await store.events.list(job.id)
        assert (event.type, event.at, event.job_id, event.tenant) == (
            EventType.JOB_ACCEPTED,
            NOON,
            job.id,
            DEFAULT_TENANT,
        )
        [entry] = (await store.audit.list(AuditFilter(job_id=job.id))).items
        assert (entry.action, entry.reason, entry.result) == ("job.accepted", "Grüße 📎", "success")

    async def test_saving_again_stores_nothing(self, store: Store) -> None:
        job = await store.leased()
        before = await store.everything(job.id)

        again = await store.jobs.save(a_job(id=job.id, description="another"))

        assert again == job
        assert await store.everything(job.id) == before

    async def test_the_id_of_another_tenants_job_shows_nothing_of_it(self, store: Store) -> None:
        job = await store.jobs.save(a_job(tenant=OTHERS))

        with pytest.raises(ConflictError):
            await store.jobs.save(a_job(id=job.id))

    async def test_the_same_request_gives_the_same_job(self, store: Store) -> None:
        first = await store.jobs.save(a_job(), a_request())

        second = await store.jobs.save(a_job(), a_request())

        assert second == first
        assert (await store.jobs.list()).total == 1

    async def test_a_key_used_for_another_request_is_a_conflict(self, store: Store) -> None:
        await store.jobs.save(a_job(), a_request())

        with pytest.raises(IdempotencyConflictError):
            await store.jobs.save(a_job(), a_request(body="another"))

        assert (await store.jobs.list()).total == 1

    async def test_keys_belong_to_a_tenant_and_a_route(self, store: Store) -> None:
        await store.jobs.save(a_job(), a_request())
        await store.jobs.save(a_job(), a_request(route="jobs", body="another"))
        await store.jobs.save(a_job(tenant=OTHERS), a_request(body="another"))

        assert (await store.jobs.list()).total == 3

    async def test_the_key_of_a_deleted_job_stays_spent(self, store: Store) -> None:
        job = await store.jobs.save(a_job(), a_request())
        await store.queue.cancel(job.id)
        await store.jobs.delete(job.id)

        with pytest.raises(EarlierJobGoneError, match=job.id):
            await store.jobs.save(a_job(), a_request())

        assert (await store.jobs.list()).total == 0

    async def test_half_an_emoji_does_not_stop_a_job(self, store: Store) -> None:
        job = await store.leased(description="abgeschnitten \ud83d", context={"title": "x\ud83d"})
        task = a_task_run(job, status=TaskStatus.DONE, result={"text": "y\ude00"})

        await store.jobs.record(a_progress(job, tasks=[task], events=[an_event(job, data={"t": "\ud83d"})]))

        [stored] = await store.tasks.list(job.id)
        assert stored.result == {"text": "y\ufffd"}
        reread = await store.jobs.get(job.id)
        assert reread is not None
        assert (reread.description, reread.context) == ("abgeschnitten \ufffd", {"title": "x\ufffd"})
        assert await store.audit.broken_link(DEFAULT_TENANT) is None

    @given(
        moment=st.datetimes(
            min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis wants bounds without a zone
            timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
        )
    )
    @examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    async def test_times_keep_their_microseconds(self, store: Store, moment: datetime) -> None:
        job = await store.jobs.save(a_job(created_at=moment, deadline=moment))

        stored = await store.jobs.get(job.id)

        assert stored == job
        assert stored.created_at.utcoffset() == timedelta(0)

    @pytest.mark.component
    async def test_a_job_of_ten_thousand_tasks_is_accepted(self, store: Store) -> None:
        job = a_job(tasks=10_000)

        await store.jobs.save(job)

        tasks = await store.tasks.list(job.id)
        assert [task.task_id for task in tasks] == list(job.task_graph.tasks)


class TestListing:
    async def test_pages_are_newest_first_and_know_the_total(self, store: Store) -> None:
        jobs = [await store.jobs.save(a_job()) for _ in range(5)]

        page = await store.jobs.list(limit=2, offset=1)

        assert page.total == 5
        assert [job.id for job in page.items] == [jobs[3].id, jobs[2].id]
        assert list((await store.jobs.list(limit=2, offset=5)).items) == []

    async def test_a_list_is_filtered_by_status_and_tenant(self, store: Store) -> None:
        ours, cancelled = await store.jobs.save(a_job()), await store.jobs.save(a_job())
        await store.queue.cancel(cancelled.id)
        theirs = await store.jobs.save(a_job(tenant=OTHERS))

        async def ids(status: JobStatus | None, tenant: TenantId | None) -> set[JobId]:
            page = await store.jobs.list(status_filter=status, tenant=tenant)
            assert page.total == len(page.items)
            return {job.id for job in page.items}

        assert await ids(None, None) == {ours.id, cancelled.id, theirs.id}
        assert await ids(None, DEFAULT_TENANT) == {ours.id, cancelled.id}
        assert await ids(JobStatus.PENDING, None) == {ours.id, theirs.id}
        assert await ids(JobStatus.CANCELLED, DEFAULT_TENANT) == {cancelled.id}
        assert await ids(JobStatus.CANCELLED, OTHERS) == set()


class TestStatus:
    async def test_a_status_comes_with_its_event_and_audit_entry(self, store: Store) -> None:
        job = await store.leased()

        await store.jobs.update_status(job.id, JobStatus.CANCELLING)
        await store.jobs.update_status(job.id, JobStatus.FAILED)

        assert await store.lines(job.id) == [
            EventType.JOB_ACCEPTED,
            EventType.JOB_STARTED,
            EventType.JOB_CANCEL_REQUESTED,
            EventType.JOB_FAILED,
        ]
        entries = (await store.audit.list(AuditFilter(job_id=job.id))).items
        assert [(entry.action, entry.result) for entry in entries][2:] == [
            ("job.cancel_requested", "success"),
            ("job.failed", "failure"),
        ]

    async def test_a_refused_status_changes_nothing(self, store: Store) -> None:
        job = await store.jobs.save(a_job())
        before = await store.everything(job.id)

        with pytest.raises(InvalidTransitionError):
            await store.jobs.update_status(job.id, JobStatus.DONE)
        with pytest.raises(JobNotFoundError):
            await store.jobs.update_status(JobId("unknown"), JobStatus.DONE)

        assert await store.everything(job.id) == before

    async def test_cancelling_a_waiting_job_cancels_its_tasks(self, store: Store, clock: FakeClock) -> None:
        job = await store.jobs.save(a_job(tasks=2))
        clock.advance(SECOND)

        await store.queue.cancel(job.id)

        tasks = await store.tasks.list(job.id)
        assert [(task.status, task.completed_at) for task in tasks] == [(TaskStatus.CANCELLED, clock.now())] * 2
        ends = [(event.type, event.task_id) for event in await store.events.list(job.id)][1:]
        assert sorted(ends) == [
            (EventType.JOB_CANCELLED, None),
            (EventType.TASK_CANCELLED, "task1"),
            (EventType.TASK_CANCELLED, "task2"),
        ]
        entries = (await store.audit.list(AuditFilter(job_id=job.id))).items
        assert [(entry.task_id, entry.result, entry.metadata) for entry in entries][1:] == [
            ("task1", "failure", {"run": 1, "task": "cancelled"}),
            ("task2", "failure", {"run": 1, "task": "cancelled"}),
            (None, "success", {"run": 1}),
        ]


class TestDeleting:
    @pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    async def test_a_job_that_ended_can_go_and_the_audit_log_stays(self, store: Store, status: JobStatus) -> None:
        job = await store.leased()
        await store.jobs.update_status(job.id, status)

        assert await store.jobs.delete(job.id) is True

        assert await store.jobs.get(job.id) is None
        assert not await store.tasks.list(job.id)
        assert not await store.events.list(job.id)
        actions = [entry.action for entry in (await store.audit.list(AuditFilter(job_id=job.id))).items]
        assert actions == ["job.accepted", "job.started", f"job.{status}", "job.deleted"]
        assert await store.audit.broken_link(DEFAULT_TENANT) is None

    async def test_what_has_not_ended_stays(self, store: Store) -> None:
        job = await store.leased()
        before = await store.everything(job.id)

        with pytest.raises(InvalidTransitionError):
            await store.jobs.delete(job.id)

        assert await store.everything(job.id) == before

    async def test_there_may_be_nothing_to_delete(self, store: Store) -> None:
        assert await store.jobs.delete(JobId("unknown")) is False
