"""Jobs in a store, and what its lists say of them."""

from collections.abc import Sequence
from typing import Any

from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.job import Job, JobFilter, JobStatus
from tests.support.builders import a_job, a_progress
from tests.support.clock import NOON
from tests.support.store import Store

ALL = JobFilter()


async def saved(store: Store, **fields: Any) -> Job:  # noqa: ANN401 - fields of Job
    return await store.jobs.save(a_job(**fields))


async def ended(store: Store, status: JobStatus = JobStatus.DONE, **fields: Any) -> Job:  # noqa: ANN401 - fields of Job
    job = await store.leased(**fields)
    await store.jobs.record(a_progress(job, status=status, completed_at=NOON))
    return job


async def found(store: Store, wanted: JobFilter = ALL, tenant: TenantId = DEFAULT_TENANT) -> list[JobId]:
    """Return every job that fits, page by page."""
    ids: list[JobId] = []
    cursor = None
    while True:
        page = await store.jobs.find(wanted, tenant, limit=2, cursor=cursor)
        ids += [job.id for job in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


def newest_first(jobs: Sequence[Job]) -> list[JobId]:
    return [job.id for job in reversed(jobs)]
