"""Jobs of one claim go through their runs together, and whatever happens to one of them is no matter of the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from scheduler.core.errors import StoreBusyError
from scheduler.core.ids import JobId, new_id
from scheduler.core.job import Job, JobStatus
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.orchestrator.carrier import Carrier
from scheduler.orchestrator.orchestrator import Work
from scheduler.orchestrator.run_group import Carried, RunGroup
from scheduler.orchestrator.worker import Worker
from scheduler.repository.repository_interface import AuditFilter, RunProgress
from scheduler.telemetry.logs import name_run
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors, World, fails, gives, hangs
from tests.support.orchestration import Office
from tests.support.runs import FIND, SEND, a_step
from tests.support.store import LEASE, Store


class GatedJobs:
    """A store that says who writes what together, and lets nobody write while its gate is shut."""

    def __init__(self, store: Store) -> None:
        self._jobs = store.jobs
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures = 0
        self.writes: list[Sequence[RunProgress]] = []

    async def written_to(self) -> None:
        async with asyncio.timeout(10):
            while not self.writes:  # noqa: ASYNC110 - a fake tells nobody
                await asyncio.sleep(0)

    async def record(self, *changes: RunProgress) -> None:
        self.writes.append(changes)
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StoreBusyError("cpa.db")
        await self._jobs.record(*changes)


@pytest.fixture
def jobs(store: Store) -> GatedJobs:
    return GatedJobs(store)


@pytest.fixture
def office(store: Store, executors: FakeExecutors, clock: FakeClock, jobs: GatedJobs) -> Office:
    executors.hold_anything = False
    return Office(store, executors, clock, jobs=jobs)  # type: ignore[arg-type]  # all that a run needs of it


@asynccontextmanager
async def at_work(office: Office, grace: timedelta = timedelta(seconds=20)) -> AsyncIterator[Worker]:
    worker = Worker(
        job_queue=office.store.queue,
        orchestrator=office.orchestrator,
        clock=office.clock,
        lease=LEASE,
        concurrency=16,
        grace=grace,
    )
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.drain()
        async with asyncio.timeout(30):
            await running


async def some_jobs(office: Office, *steps: str, action: str = FIND) -> list[Job]:
    return [await office.accept(a_step(step, action=action)) for step in steps]


async def all_become(office: Office, jobs: Sequence[Job], status: JobStatus = JobStatus.DONE) -> None:
    for job in jobs:
        await office.becomes(job.id, status)


async def entries_are_whole(office: Office, jobs: Sequence[Job]) -> bool:
    """Whether each job has all its entries once, and the chain of the tenant is not broken."""
    audit = office.store.audit
    for job in jobs:
        page = await audit.list(AuditFilter(job_id=job.id))
        said = {f"{entry.action} {entry.metadata}" for entry in page.items}
        if len(said) != len(page.items) or page.items[-1].action != "job.done":
            return False
    return await audit.broken_link(jobs[0].tenant) is None


async def test_what_they_store_at_the_same_time_is_stored_with_one_write(office: Office, jobs: GatedJobs) -> None:
    alike = await some_jobs(office, "a", "a", "a", "a")

    async with at_work(office):
        await all_become(office, alike)

    assert [len(changes) for changes in jobs.writes] == [4]
    assert await entries_are_whole(office, alike)


async def test_before_an_effect_that_may_happen_once_all_of_them_are_stored(office: Office, jobs: GatedJobs) -> None:
    alike = await some_jobs(office, "a", "a", "a", action=SEND)
    jobs.gate.clear()

    async with at_work(office):
        await jobs.written_to()
        assert not office.executors.asked
        jobs.gate.set()
        await all_become(office, alike)

    assert [len(changes) for changes in jobs.writes] == [3, 3]
    assert set(office.executors.world.effects.values()) == {1}
    assert await entries_are_whole(office, alike)


async def test_nobody_waits_for_the_step_of_another(office: Office, executors: FakeExecutors) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(world: World, context: ExecutionContext) -> dict[str, object]:
        begun.set()
        await release.wait()
        world.happens(context)
        return {}

    executors.scripts |= {"slow": [slow], "chain": [gives()]}
    first, late, last = await some_jobs(office, "a", "slow", "b")

    async with at_work(office):
        await all_become(office, [first, last])
        await begun.wait()
        assert (await office.now(late.id)).status is JobStatus.RUNNING
        release.set()
        await office.becomes(late.id, JobStatus.DONE)

    assert await entries_are_whole(office, [first, late, last])


@pytest.mark.parametrize("place", [0, 5, 12])
async def test_who_has_to_wait_turns_nobody_out_of_the_group(
    office: Office, executors: FakeExecutors, jobs: GatedJobs, place: int
) -> None:
    release = asyncio.Event()

    async def slow(world: World, context: ExecutionContext) -> dict[str, object]:
        await release.wait()
        world.happens(context)
        return {}

    executors.scripts["slow"] = [slow]
    steps = [f"quick{number}" for number in range(12)]
    many = await some_jobs(office, *steps[:place], "slow", *steps[place:])

    async with at_work(office):
        await all_become(office, [job for number, job in enumerate(many) if number != place])
        ended = [changes for changes in jobs.writes if any(change.status is not None for change in changes)]
        assert len(ended) == 2  # of the two groups that a worker carries at once
        release.set()
        await office.becomes(many[place].id, JobStatus.DONE)


async def test_clearing_up_after_one_that_breaks_leaves_nobody_behind(
    office: Office, executors: FakeExecutors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> None:
        raise RuntimeError("nobody to tell")

    monkeypatch.setattr(office.orchestrator, "_on_failed", breaks)
    executors.scripts["bad"] = [fails(ValueError("no such page"))] * 20
    bad = await office.accept(a_step("bad", action=FIND))
    chains = [await office.accept(a_step("a", action=FIND), a_step("b", "a", action=FIND)) for _ in range(2)]

    async with at_work(office):
        await office.becomes(bad.id, JobStatus.FAILED)
        await all_become(office, chains)


async def test_a_step_beside_one_that_waits_is_done_as_well(office: Office, executors: FakeExecutors) -> None:
    begun = asyncio.Event()
    executors.scripts["slow"] = [hangs(begun)]
    job = await office.accept(a_step("slow", action=FIND), a_step("quick", action=FIND))
    other = await office.accept(a_step("other", action=FIND))

    async with at_work(office):
        await office.becomes(other.id, JobStatus.DONE)
        await begun.wait()
        await office.store.queue.cancel(job.id)
        await office.becomes(job.id, JobStatus.CANCELLED)

    assert await office.statuses(job.id) == {"slow": "cancelled", "quick": "done"}


async def test_who_fails_is_tried_again_and_the_others_are_done(office: Office, executors: FakeExecutors) -> None:
    executors.scripts["flaky"] = [fails(StoreBusyError("x")), gives()]
    some = await some_jobs(office, "a", "flaky", "b")

    async with at_work(office):
        await all_become(office, some)

    assert (await office.rows(some[1].id))["flaky"].attempts == 2


@pytest.mark.parametrize("action", [FIND, SEND])
async def test_of_a_lost_lease_only_its_run_hears(office: Office, jobs: GatedJobs, action: str) -> None:
    some = await some_jobs(office, "a", "b", "c", action=action)
    jobs.gate.clear()

    async with at_work(office):
        await jobs.written_to()
        lost = await office.now(some[1].id)
        await office.store.queue.hand_back(lost)
        again = await office.store.queue.dequeue()
        assert again is not None
        jobs.gate.set()
        await all_become(office, [some[0], some[2]])

    assert (await office.now(lost.id)).lease == again.lease
    assert [entry for entry in await office.audit(lost.id) if "job.done" in entry or "test" in entry[0]] == []
    assert await entries_are_whole(office, [some[0], some[2]])


async def test_a_store_that_is_busy_is_asked_again_by_each_and_has_everything_once(
    office: Office, jobs: GatedJobs
) -> None:
    some = await some_jobs(office, "a", "b", "c")
    jobs.failures = 3

    async with at_work(office):
        await all_become(office, some)

    assert [len(changes) for changes in jobs.writes] == [3, 1, 1, 1, 1, 1]
    assert {id(change) for changes in jobs.writes for change in changes} == {id(change) for change in jobs.writes[0]}
    assert await entries_are_whole(office, some)


@pytest.mark.parametrize("failures", [0, 1])
async def test_who_is_stopped_while_all_are_stored_begins_nothing(
    office: Office, jobs: GatedJobs, failures: int
) -> None:
    some = await some_jobs(office, "a", "b", action=SEND)
    jobs.gate.clear()
    jobs.failures = failures

    async with at_work(office, grace=timedelta(0)) as worker:
        await jobs.written_to()
        worker.drain()
        await asyncio.sleep(0.05)
        jobs.gate.set()
        await all_become(office, some, JobStatus.PENDING)

    assert not office.executors.asked
    assert [len(changes) for changes in jobs.writes] == [2]


async def test_a_step_that_ends_as_if_it_were_cancelled_ends_its_own_run_alone(
    office: Office, executors: FakeExecutors
) -> None:
    async def cancelled(_world: World, _context: ExecutionContext) -> dict[str, object]:
        raise asyncio.CancelledError

    executors.scripts["odd"] = [cancelled]
    first, odd, last = await some_jobs(office, "a", "odd", "b")

    async with at_work(office):
        await all_become(office, [first, last])

    assert (await office.now(odd.id)).status is JobStatus.RUNNING


async def test_what_is_logged_names_the_job_of_the_step_however_long_that_waits(
    office: Office, executors: FakeExecutors
) -> None:
    release, said = asyncio.Event(), list[tuple[str, str]]()

    def named(context: ExecutionContext) -> None:
        said.append((context.job_id, str(name_run(None, "info", {}).get("job_id"))))

    async def waits(_world: World, context: ExecutionContext) -> dict[str, object]:
        named(context)
        await release.wait()
        named(context)
        return {}

    async def quick(_world: World, context: ExecutionContext) -> dict[str, object]:
        named(context)
        return {}

    executors.scripts |= {"slow": [waits], "quick": [quick], "second": [waits]}
    some = await some_jobs(office, "slow", "quick", "second", "quick")

    async with at_work(office):
        await all_become(office, [some[1], some[3]])
        release.set()
        await all_become(office, some)

    assert len(said) == 6
    assert all(job_id == logged for job_id, logged in said)


async def test_a_job_that_is_stopped_before_it_begins_does_not(office: Office) -> None:
    job = await office.accept(a_step("a"))
    leased = await office.lease()
    ended: list[Carrier] = []

    async with asyncio.TaskGroup() as owner:
        carrier, group = Carrier(owner, ended.append), Carrier(owner, lambda _: None)
        carrier.cancel()
        await office.orchestrator.process_together({carrier: leased}, group.begin, _nobody, _nothing)

    assert ended == [carrier]
    assert not office.executors.asked
    assert (await office.now(job.id)).status is JobStatus.RUNNING


def _nobody(run: Carrier, job: Job, work: Work) -> None:
    raise NotImplementedError


async def _nothing(runs: Sequence[Carrier]) -> None:
    raise NotImplementedError


class ScriptedRun:
    """A run of which is known where it stands when it has gone on as far as it can at once."""

    number, must_store = 1, False

    def __init__(self, name: str, *, ends: bool = False, waits: bool = False) -> None:
        self.id, self.left, self.busy = JobId(name), ends, waits
        self.broken: BaseException | None = None

    def go_on(self) -> bool:
        return not self.left

    def breaks(self, error: BaseException) -> None:
        self.broken = error


async def test_a_group_that_is_cancelled_while_it_makes_room_leaves_nobody_behind() -> None:
    stores, ends = ScriptedRun("stores"), ScriptedRun("ends", ends=True)
    waits, comes_later = ScriptedRun("waits", waits=True), ScriptedRun("comes later")
    alone, ended = list[object](), list[object]()

    async def have_ended(runs: Sequence[Carried]) -> None:
        ended.extend(run for _, run in runs)

    group = RunGroup(None, new_id, alone=lambda _, run: alone.append(run), ended=have_ended)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as owner:
        runs = [(Carrier(owner, lambda _: None), run) for run in (stores, ends, waits, comes_later)]
        carrying = asyncio.create_task(group.carry(runs))  # type: ignore[arg-type]  # all that a group asks of a run
        await asyncio.sleep(0)
        carrying.cancel()
        await asyncio.wait([carrying])

    assert carrying.cancelled()
    assert ended == [ends]
    assert alone == [waits, stores, comes_later]
    assert [isinstance(run.broken, asyncio.CancelledError) for run in (waits, stores, comes_later)] == [
        False,
        True,
        True,
    ]
