"""Every queue under random orders of calls, held against a model that is a dictionary.

Whatever the order: a job is leased by one token at a time, epochs grow, nothing is lost, no limit is passed, and of the
jobs of one tenant that are ready the one with the highest priority comes first, then the oldest. What a dispatch beside
the store was not told of, or has forgotten, comes after a sweep at the latest.
"""

import asyncio
import itertools
import shutil
from collections import Counter
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from scheduler.core.errors import InvalidTransitionError, LeaseLostError, RetriesExhaustedError
from scheduler.core.ids import JobId, TenantId
from scheduler.core.job import Job, JobStatus
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.site_errors import NotWaitingError
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_leases import NO_LIMITS, Limits
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from tests.support.builders import a_job, a_progress
from tests.support.clock import NOON, FakeClock
from tests.support.examples import examples
from tests.support.queue_model import Dispatch, Known
from tests.support.store import LEASE

pytestmark = pytest.mark.component

Answer = TypeVar("Answer")
TENANTS = (TenantId("acme"), TenantId("bell"))
_IDLE = frozenset({JobStatus.PENDING, JobStatus.WAITING})
_ENDS = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)
_ASKED = OpenQuestions(
    round=1, questions=(Question(key="step.code", about="step", text="?"),), expires_at=NOON + timedelta(days=9)
)
_STEPS = (timedelta(seconds=1), LEASE / 2, LEASE)


class QueueMachine(RuleBasedStateMachine):
    """Two queue objects on one store, as two workers have them, and the repository beside them."""

    def __init__(self, path: Path, dispatch: Dispatch, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.forgets = dispatch.empty
        self.counts = True
        """Whether everybody who counts what runs has all of it."""
        if self.forgets is not None:
            self.forgets()
        self.clock = FakeClock()
        self.known: dict[JobId, Known] = {}
        self.leases: list[Job] = []
        self.numbers = itertools.count(1)
        self.runner = asyncio.Runner()
        self.queues = [dispatch.make(path, self.clock, limits) for _ in range(2)]
        self.database = SQLiteDatabase(path)
        self.jobs = SQLiteJobRepository(self.database, self.clock)
        for queue in self.queues:
            self.do(queue.connect())
        self.do(self.database.connect())

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    def teardown(self) -> None:
        try:
            self.everything_comes_in_the_end()
        finally:
            self.close()

    def everything_comes_in_the_end(self) -> None:
        """Workers that come when all leases have run out get all that waits, whatever was forgotten."""
        self.clock.advance(2 * LEASE)
        found = True
        while found:
            found = False
            for queue in self.queues * 2:
                self.do(queue.sweep())
                for job in self.do(queue.dequeue_many(2)):
                    found = True
                    self._has_taken(job, self.clock.now())
                    self.do(self.jobs.record(a_progress(job, status=JobStatus.CANCELLED, completed_at=NOON)))
                    self.do(queue.release([job]))
                    known = self.known[job.id]
                    known.status, known.held, known.due = JobStatus.CANCELLED, None, None
        now = self.clock.now()
        assert [known for known in self.known.values() if known.ready(now) or known.lost(now)] == [], "never handed out"

    def close(self) -> None:
        for queue in self.queues:
            self.do(queue.close())
        self.do(self.database.close())
        self.runner.close()

    def _some(self, data: st.DataObject) -> tuple[JobQueue, Known]:
        return data.draw(st.sampled_from(self.queues)), data.draw(st.sampled_from(list(self.known.values())))

    def _leased(self, data: st.DataObject) -> tuple[JobQueue, Job, Known, bool]:
        """Draw a lease, old or new; say whether it is the one that counts."""
        lease = data.draw(st.sampled_from(self.leases[-5:]))
        known = self.known[lease.id]
        return data.draw(st.sampled_from(self.queues)), lease, known, known.held is lease

    @rule(
        data=st.data(),
        count=st.sampled_from((1, 1, 4)),
        priority=st.sampled_from((0, 0, 5)),
        delay=st.sampled_from((0, 0, 5)),
    )
    def enqueue(self, data: st.DataObject, count: int, priority: int, delay: int) -> None:
        now = self.clock.now()
        not_before = now + timedelta(seconds=delay) if delay else None
        for _ in range(count):
            tenant = data.draw(st.sampled_from(TENANTS))
            job = a_job(priority=priority, not_before=not_before, tenant=tenant, created_at=now, max_retries=2)
            assert self.do(data.draw(st.sampled_from(self.queues)).enqueue(job)) == job.id
            self.known[job.id] = Known(job, next(self.numbers))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def enqueue_again(self, data: st.DataObject) -> None:
        queue, known = self._some(data)
        assert self.do(queue.enqueue(known.job)) == known.job.id

    @rule(data=st.data(), priority=st.sampled_from((0, 5)))
    def save_and_lose_the_announcement(self, data: st.DataObject, priority: int) -> None:
        """Who accepts a job dies before it has told anybody."""
        tenant = data.draw(st.sampled_from(TENANTS))
        job = self.do(self.jobs.save(a_job(priority=priority, tenant=tenant, created_at=self.clock.now())))
        forgets = self.forgets is not None
        self.known[job.id] = Known(job, next(self.numbers), moved=forgets, unheard=forgets)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def announce(self, data: st.DataObject) -> None:
        """May be repeated, also of jobs that somebody has, or that have ended."""
        queue, known = self._some(data)
        self.do(queue.announce([known.job]))
        if known.ready(self.clock.now()):
            known.unheard = False

    @rule(data=st.data())
    def sweep(self, data: st.DataObject) -> None:
        now = self.clock.now()
        self.do(data.draw(st.sampled_from(self.queues)).sweep())
        for known in self.known.values():
            if known.ready(now) or known.lost(now):
                known.unheard = False

    @precondition(lambda self: self.forgets is not None)
    @rule()
    def empty_the_dispatch(self) -> None:
        assert self.forgets is not None
        self.forgets()
        self.counts = False
        for known in self.known.values():
            known.unheard, known.moved = True, True

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release_late(self, data: st.DataObject) -> None:
        """A worker that has lost its job says that it has ended; whoever has it now keeps it."""
        queue, lease, known, counts = self._leased(data)
        if not counts:
            self.do(queue.release([lease]))
            known.unheard = self.forgets is not None
            self.counts = self.counts and self.forgets is None

    @rule(data=st.data(), limit=st.sampled_from((1, 1, 2, 5)))
    def dequeue(self, data: st.DataObject, limit: int) -> None:
        now = self.clock.now()
        queue = data.draw(st.sampled_from(self.queues))
        ready = [known for known in self.known.values() if known.ready(now)]
        lost = [known for known in self.known.values() if known.lost(now)]
        held = Counter(known.job.tenant for known in self.known.values() if known.due is not None)
        heard = not any(known.unheard for known in (*ready, *lost))
        jobs = self.do(queue.dequeue_many(limit)) if limit > 1 else [job for job in [self.do(queue.dequeue())] if job]
        assert len({job.id for job in jobs}) == len(jobs) <= limit
        taken = [self.known[job.id] for job in jobs]
        assert all(known.ready(now) or known.lost(now) for known in taken), (
            "handed out though somebody has it, or may not"
        )
        if self.limits == NO_LIMITS and heard:
            assert jobs or not (ready or lost), "there is something to do"
            self._come_first([known for known in taken if known in ready], ready)
        elif self.counts:
            self._keep_to_limits([known for known in taken if known in ready], held)
        for job in jobs:
            self._has_taken(job, now)

    def _has_taken(self, job: Job, now: datetime) -> None:
        known = self.known[job.id]
        assert job.lease is not None
        assert job.lease.epoch > known.epoch
        assert (job.id, job.lease.token) not in {(lease.id, lease.lease.token) for lease in self.leases if lease.lease}
        known.crashes += known.held is not None
        known.status = JobStatus.CANCELLING if known.status is JobStatus.CANCELLING else JobStatus.RUNNING
        known.epoch, known.held, known.due, known.begun = job.lease.epoch, job, now + LEASE, True
        self.leases.append(job)

    def _keep_to_limits(self, taken: list[Known], held: Counter[TenantId]) -> None:
        """What was ready has found room beside what was held already; what was lost had its place."""
        after = held + Counter(known.job.tenant for known in taken)
        for tenant in {known.job.tenant for known in taken}:
            assert after[tenant] <= (self.limits.running_of_tenant or after[tenant]), "more than the tenant may have"
        assert not taken or after.total() <= (self.limits.running or after.total()), "more than may run"

    @classmethod
    def _come_first(cls, taken: list[Known], ready: list[Known]) -> None:
        """Those that were taken come before those that were not."""
        left = list(ready)
        for chosen in sorted(taken, key=lambda known: (-known.job.priority, known.number)):
            cls._comes_first(chosen, left)
            left.remove(chosen)

    @staticmethod
    def _comes_first(chosen: Known, ready: list[Known]) -> None:
        """The highest priority comes first, and of it, for each tenant, the oldest that never left the line."""
        assert chosen.job.priority == max(known.job.priority for known in ready), "another one is more urgent"
        line = [known for known in ready if known.in_line and known.job.tenant == chosen.job.tenant]
        line = [known for known in line if known.job.priority == chosen.job.priority]
        assert not chosen.in_line or chosen is min(line, key=lambda known: known.number), "not its turn"

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        queue, lease, known, counts = self._leased(data)
        try:
            self.do(queue.renew(lease))
        except LeaseLostError:
            assert not counts or known.lost(self.clock.now()), "the lease is valid"
        else:
            assert counts, "an old lease was renewed"
            known.due = self.clock.now() + LEASE

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        queue, lease, known, counts = self._leased(data)
        if not counts:
            with pytest.raises(LeaseLostError):
                self.do(queue.hand_back(lease))
            return
        self.do(queue.hand_back(lease))
        running = known.status is JobStatus.RUNNING
        known.status = JobStatus.PENDING if running else known.status
        known.held, known.due = None, None if running else self.clock.now()

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), status=st.sampled_from(_ENDS), told=st.booleans())
    def end_as_a_worker_does(self, data: st.DataObject, status: JobStatus, told: bool) -> None:
        queue, lease, known, counts = self._leased(data)
        progress = a_progress(lease, status=status, completed_at=self.clock.now())
        if not counts:
            with pytest.raises(LeaseLostError):
                self.do(self.jobs.record(progress))
            return
        self.do(self.jobs.record(progress))
        known.status, known.held, known.due = status, None, None
        if told:
            self.do(queue.release([lease]))

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), until=st.sampled_from((None, *_STEPS)), told=st.booleans())
    def park_as_a_worker_does(self, data: st.DataObject, until: timedelta | None, told: bool) -> None:
        queue, lease, known, counts = self._leased(data)
        status, at = (JobStatus.WAITING, None) if until is None else (JobStatus.PENDING, self.clock.now() + until)
        asked = _ASKED if until is None else None
        progress = a_progress(lease, status=status, not_before=at, questions=asked)
        if not counts:
            with pytest.raises(LeaseLostError):
                self.do(self.jobs.record(progress))
            return
        self.do(self.jobs.record(progress))
        stopping = known.status is JobStatus.CANCELLING
        known.status, known.held = known.status if stopping else status, None
        known.due, known.asks = self.clock.now() if stopping else None, until is None and not stopping
        known.job = known.job.model_copy(update={"not_before": at})
        if told:
            self.do(queue.release([lease]))

    @precondition(lambda self: any(known.asks for known in self.known.values()))
    @rule(data=st.data(), answers=st.sampled_from((None, {"step.code": "•••"})))
    def carry_on(self, data: st.DataObject, answers: dict[str, str] | None) -> None:
        known = data.draw(st.sampled_from([known for known in self.known.values() if known.asks]))
        queue, questions = data.draw(st.sampled_from(self.queues)), SQLiteQuestionRepository(self.database, self.clock)
        job = self.do(queue.get_job(known.job.id))
        assert job is not None
        if known.status is not JobStatus.WAITING:
            with pytest.raises(NotWaitingError):
                self.do(questions.carry_on(job, 1, answers, self.clock.now(), lambda: None))
            return
        answered = self.do(questions.carry_on(job, 1, answers, self.clock.now(), lambda: None))
        self.do(queue.offer_again([answered]))
        known.status, known.asks = JobStatus.PENDING, False

    @precondition(lambda self: any(known.status is JobStatus.RUNNING for known in self.known.values()))
    @rule(data=st.data(), status=st.sampled_from((*_ENDS, JobStatus.WAITING, JobStatus.PENDING)))
    def change_by_hand(self, data: st.DataObject, status: JobStatus) -> None:
        running = [known for known in self.known.values() if known.status is JobStatus.RUNNING]
        known = data.draw(st.sampled_from(running))
        self.do(data.draw(st.sampled_from(self.queues)).update_status(known.job.id, status))
        known.status, known.held, known.due = status, None, None

    @precondition(lambda self: any(known.status is JobStatus.WAITING for known in self.known.values()))
    @rule(data=st.data())
    def go_on_with_a_parked_job(self, data: st.DataObject) -> None:
        parked = [known for known in self.known.values() if known.status is JobStatus.WAITING]
        known = data.draw(st.sampled_from(parked))
        self.do(data.draw(st.sampled_from(self.queues)).update_status(known.job.id, JobStatus.PENDING))
        known.status, known.asks = JobStatus.PENDING, False

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        queue, known = self._some(data)
        if known.status in {JobStatus.DONE, JobStatus.FAILED}:
            with pytest.raises(InvalidTransitionError):
                self.do(queue.cancel(known.job.id))
            return
        self.do(queue.cancel(known.job.id))
        if known.status in _IDLE and known.begun:
            known.status, known.due = JobStatus.CANCELLING, self.clock.now()
        elif known.status is JobStatus.RUNNING:
            known.status = JobStatus.CANCELLING
        elif known.status in _IDLE:
            known.status = JobStatus.CANCELLED

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        queue, known = self._some(data)
        try:
            job = self.do(queue.retry(known.job.id))
        except InvalidTransitionError:
            assert known.status not in {JobStatus.FAILED, JobStatus.CANCELLED}
        except RetriesExhaustedError:
            assert known.status in {JobStatus.FAILED, JobStatus.CANCELLED}
        else:
            assert known.status in {JobStatus.FAILED, JobStatus.CANCELLED}
            known.job = known.job.model_copy(update={"not_before": job.not_before})
            known.status, known.begun, known.crashes, known.moved = JobStatus.PENDING, False, 0, True

    @rule(by=st.sampled_from(_STEPS))
    def let_time_pass(self, by: timedelta) -> None:
        self.clock.advance(by)

    @invariant()
    def nothing_is_lost_and_nothing_is_held_twice(self) -> None:
        now = self.clock.now()
        for job_id, known in self.known.items():
            job = self.do(self.queues[0].get_job(job_id))
            assert job is not None
            assert (job.status, job.crashes, job.tenant) == (known.status, known.crashes, known.job.tenant)
            held = known.held.lease if known.held else None
            assert (job.lease and job.lease.token) == (held and held.token)
        assert self.do(self.queues[1].length()) == sum(known.ready(now) for known in self.known.values())
        stopping = {job_id for job_id, known in self.known.items() if known.status is JobStatus.CANCELLING}
        assert self.do(self.queues[1].cancelling()) == stopping


@pytest.mark.hypothesis
@pytest.mark.parametrize("limits", [NO_LIMITS, Limits(running=3, running_of_tenant=2)], ids=["no-limits", "limits"])
def test_a_queue_keeps_its_promises_in_any_order_of_calls(
    dispatch: Dispatch, limits: Limits, migrated_file: Path, tmp_path: Path
) -> None:
    files = (tmp_path / f"{number}.db" for number in itertools.count())

    class Machine(QueueMachine):
        def __init__(self) -> None:
            super().__init__(Path(shutil.copy(migrated_file, next(files))), dispatch, limits)

    run_state_machine_as_test(
        Machine,
        settings=examples(
            25,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
