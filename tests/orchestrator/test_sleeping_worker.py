"""A worker process that stood still for longer than its lease, and goes on as if nothing had been."""

from collections.abc import Awaitable, Callable

import pytest

from scheduler.core.errors import LeaseLostError
from scheduler.repository.repository_interface import RunProgress
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors
from tests.support.orchestration import Office
from tests.support.runs import a_step
from tests.support.store import LEASE, Store


class SleepyJobs:
    """A store whose first caller stands still when its write has been committed; meanwhile something else happens."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    def __init__(self, store: Store) -> None:
        self._jobs = store.jobs

    async def record(self, *changes: RunProgress) -> None:
        await self._jobs.record(*changes)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()


async def test_a_worker_that_slept_through_its_lease_begins_nothing(
    store: Store, executors: FakeExecutors, clock: FakeClock
) -> None:
    jobs = SleepyJobs(store)
    office = Office(store, executors, clock, jobs=jobs)  # type: ignore[arg-type]  # all that a run needs of it
    job = await office.accept(a_step("send"))
    leased = await office.lease()

    async def another_worker_takes_over() -> None:
        clock.advance(LEASE)
        await office.another_orchestrator(executors).process(await office.lease())

    jobs.meanwhile = another_worker_takes_over
    with pytest.raises(LeaseLostError):
        await office.orchestrator.process(leased)

    (row,) = (await office.rows(job.id)).values()
    assert row.effect_key is not None
    assert executors.world.effects[row.effect_key] == 1
