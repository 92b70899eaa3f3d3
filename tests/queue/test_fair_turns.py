"""Tenants share fairly, on every back end and at every priority: who floods lines up behind itself."""

import pytest

from scheduler.core.ids import TenantId
from scheduler.core.job import JobStatus
from scheduler.queue.job_queue import JobQueue
from tests.support.builders import a_job
from tests.support.queues import leased

OLD, FLOOD, NEW = TenantId("old"), TenantId("flood"), TenantId("new")
SERVED, BROUGHT = 12, 20


@pytest.mark.parametrize("priority", [-1, 0, 1])
async def test_a_tenant_that_was_served_before_does_not_wait_behind_a_flood(queue: JobQueue, priority: int) -> None:
    for _ in range(SERVED):
        await queue.enqueue(a_job(tenant=OLD, priority=priority))
        job = await leased(queue)
        await queue.update_status(job.id, JobStatus.DONE)
    for _ in range(BROUGHT):
        await queue.enqueue(a_job(tenant=FLOOD, priority=priority))
    await queue.enqueue(a_job(tenant=OLD, priority=priority))

    tenants = [(await leased(queue)).tenant for _ in range(4)]

    assert OLD in tenants


async def test_tenants_take_turns(queue: JobQueue) -> None:
    for tenant in (FLOOD, NEW):
        for _ in range(3):
            await queue.enqueue(a_job(tenant=tenant))

    tenants = [(await leased(queue)).tenant for _ in range(6)]

    assert {tenants[place] for place in (0, 1)} == {FLOOD, NEW}
    assert {tenants[place] for place in (2, 3)} == {FLOOD, NEW}
