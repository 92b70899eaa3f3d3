"""The model of the store and the real one do the same: random operations on both, and all that can be read is compared.

Sense and nonsense alike: old leases, wrong tenants, used keys, steps that the tables do not have.
"""

import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from scheduler.core.audit_entry import AuditEntry
from scheduler.core.events import EventType, JobEvent
from scheduler.core.ids import JobId, LeaseToken, TaskId, TenantId
from scheduler.core.job import Job, JobStatus, Lease, TaskStatus
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.retry import TaskFailure
from scheduler.repository.repository_interface import AuditFilter, IdempotentRequest, RunProgress
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from tests.simulation.model_rows import RepeatedEntryError
from tests.simulation.model_store import ModelStore
from tests.support.builders import a_job, a_task_run, an_audit_entry, an_event
from tests.support.clock import NOON, FakeClock
from tests.support.store import LEASE, Store

pytestmark = pytest.mark.component

TENANTS = (TenantId("acme"), TenantId("bell"))
MOVES = 450
_ALWAYS = frozenset(
    {
        "accept: done", "claim: done", "claim: nothing", "record: done", "record: LeaseLostError",
        "record: InvalidTransitionError", "record again: done", "record again: LeaseLostError", "renew: done",
        "renew: LeaseLostError", "hand back: done", "hand back: LeaseLostError", "change status: done",
        "change status: InvalidTransitionError", "cancel: done", "cancel: JobNotFoundError",
        "retry: InvalidTransitionError", "carry on: done", "carry on: NotWaitingError",
    }
)  # fmt: skip
_ASKED = OpenQuestions(questions=(Question(key="step.code", about="step", text="?"),), expires_at=NOON)
_ALIKE: Mapping[type[Exception], str] = {sqlite3.IntegrityError: RepeatedEntryError.__name__}


class Twins:
    """Does everything twice, by the model and by the real store, and compares."""

    def __init__(self, seed: int, store: Store, questions: SQLiteQuestionRepository, clock: FakeClock) -> None:
        self.questions = questions
        self.random = Random(seed)  # noqa: S311 - to be repeated, not a secret
        self.real = store
        self.model = ModelStore()
        self.clock = clock
        self.met: Counter[str] = Counter()
        self._ids: list[JobId] = []
        self._leases: list[tuple[Job, Job]] = []  # of the same job: the model's, the real one's
        self._recorded: list[tuple[RunProgress, RunProgress]] = []

    async def live(self) -> None:
        moves: Sequence[tuple[int, Callable[[], Awaitable[None]]]] = (
            (3, self._accept), (6, self._claim), (2, self._renew), (2, self._hand_back), (6, self._record),
            (2, self._change_status), (2, self._cancel), (2, self._retry), (2, self._let_time_pass),
            (3, self._carry_on), (3, self._record_again),
        )  # fmt: skip
        for _ in range(MOVES):
            await self.random.choices([move for _, move in moves], [weight for weight, _ in moves])[0]()
        await self._compare()

    async def _both(
        self, what: str, model: Callable[[], Any], real: Callable[[], Awaitable[Any]], job_id: JobId | None = None
    ) -> tuple[Any, Any]:
        """Do it in both; both answer, or both refuse for the same reason, and then the job is the same in both."""
        answers: list[Any] = []
        try:
            answers.append(model())
        except Exception as error:  # noqa: BLE001 - whatever it is, the other must say the same
            answers.append(error)
        try:
            answers.append(await real())
        except Exception as error:  # noqa: BLE001 - see above
            answers.append(error)
        said = [_said(answer) for answer in answers]
        assert said[0] == said[1], what
        self.met[f"{what}: {said[0] if isinstance(said[0], str) else 'done'}"] += 1
        if job_id is not None:
            await self._compare_job(job_id)
        return answers[0], answers[1]

    def _a_job_id(self) -> JobId:
        return self.random.choice([*self._ids, JobId("unknown")])

    def _a_tenant(self) -> TenantId | None:
        return self.random.choice((*TENANTS, None, None))

    async def _accept(self) -> None:
        draw = self.random
        job = a_job(
            tasks=draw.randint(1, 3),
            tenant=draw.choice(TENANTS),
            priority=draw.choice((0, 0, 5)),
            created_at=self.clock.now(),
            not_before=self.clock.now() + timedelta(seconds=5) if draw.random() < 0.2 else None,
            max_retries=draw.choice((0, 2)),
            status=JobStatus.RUNNING if draw.random() < 0.05 else JobStatus.PENDING,
        )
        if self._ids and draw.random() < 0.1:
            job = job.model_copy(update={"id": draw.choice(self._ids)})
        request = None
        if draw.random() < 0.5:
            request = IdempotentRequest(key=f"key-{draw.randint(1, 4)}", route="jobs", body_digest=draw.choice("aab"))
        stored, _ = await self._both(
            "accept", lambda: self.model.accept(job, request), lambda: self.real.jobs.save(job, request), job.id
        )
        if isinstance(stored, Job) and stored.id not in self._ids:
            self._ids.append(stored.id)

    async def _claim(self) -> None:
        model, real = await self._both(
            "claim", lambda: self.model.claim(self.clock.now(), LEASE), self.real.queue.dequeue
        )
        if model is None:
            self.met["claim: nothing"] += 1
        else:
            self._leases.append((model, real))
            await self._compare_job(model.id)

    def _a_lease(self) -> tuple[Job, Job]:
        """Return a lease that may be an old one, or, seldom, one that never was."""
        if self._leases and self.random.random() < 0.95:
            return self.random.choice(self._leases[-6:])
        lease = Lease(token=LeaseToken("made up"), epoch=1, until=self.clock.now())
        job = a_job(id=self._a_job_id(), status=JobStatus.RUNNING, lease=lease)
        return job, job

    async def _renew(self) -> None:
        ours, theirs = self._a_lease()
        until = self.clock.now() + LEASE
        token = ours.lease.token if ours.lease else LeaseToken("")
        await self._both(
            "renew",
            lambda: self.model.renew(ours.id, token, until),
            lambda: self.real.queue.renew(theirs),
            ours.id,
        )

    async def _hand_back(self) -> None:
        ours, theirs = self._a_lease()
        await self._both(
            "hand back",
            lambda: self.model.hand_back(ours, self.clock.now()),
            lambda: self.real.queue.hand_back(theirs),
            ours.id,
        )

    async def _record(self) -> None:
        ours, theirs = self._a_lease()
        assert ours.lease is not None
        assert theirs.lease is not None
        progress = self._progress(ours)
        both = tuple(RunProgress(**progress, lease_token=its.token) for its in (ours.lease, theirs.lease))
        self._recorded.append((both[0], both[1]))
        await self._both_record("record", *both)

    async def _record_again(self) -> None:
        """Try again what was stored or refused, as a worker does whose write went unanswered."""
        if self._recorded:
            await self._both_record("record again", *self.random.choice(self._recorded[-4:]))

    async def _both_record(self, what: str, ours: RunProgress, theirs: RunProgress) -> None:
        await self._both(what, lambda: self.model.record(ours), lambda: self.real.jobs.record(theirs), ours.job_id)

    def _progress(self, job: Job) -> dict[str, Any]:
        draw, now = self.random, self.clock.now()
        tasks = [
            a_task_run(
                job,
                task_id,
                status=draw.choice(list(TaskStatus)),
                run=job.run,
                attempts=draw.randint(0, 3),
                failures=draw.randint(0, 2),
                result=draw.choice((None, {"path": "Rechnung Müller.pdf"})),
                verified=draw.choice((None, True, False)),
                effect_key=draw.choice((None, "k" * 64)),
                started_at=draw.choice((None, now)),
            )
            for task_id in [*job.task_graph.tasks, *(["nowhere"] if draw.random() < 0.05 else [])]
            if draw.random() < 0.6
        ]
        status = draw.choice((None, None, None, *JobStatus, JobStatus.WAITING))
        put_aside = status is JobStatus.FAILED and draw.random() < 0.5
        events = [an_event(job, EventType.TASK_DONE, at=now, task_id=TaskId("task1"), data={"attempt": 1})]
        entry = an_audit_entry(job_id=job.id, tenant=job.tenant, timestamp=now)
        if draw.random() < 0.05:
            entry = entry.model_copy(update={"id": "the same again"})
        return {
            "job_id": job.id,
            "tenant": job.tenant,
            "tasks": [] if put_aside else tasks,
            "events": events if put_aside or draw.random() < 0.7 else [],
            "audit": [entry] if draw.random() < 0.7 else [],
            "status": status,
            "error": "Zu spät 📎" if status is JobStatus.FAILED else None,
            "error_code": "timeout" if status is JobStatus.FAILED else None,
            "completed_at": now if status is not None and status.final else None,
            "rest": TaskFailure(code="worker_crashes", message="too many") if put_aside else None,
            "not_before": now + LEASE if status is JobStatus.PENDING and draw.random() < 0.5 else None,
            "questions": _ASKED if status is JobStatus.WAITING and draw.random() < 0.8 else None,
        }

    async def _change_status(self) -> None:
        job_id, tenant, status = self._a_job_id(), self._a_tenant(), self.random.choice(list(JobStatus))
        await self._both(
            "change status",
            lambda: self.model.change_status(job_id, status, self.clock.now(), tenant),
            lambda: self.real.jobs.update_status(job_id, status, tenant),
            job_id,
        )

    async def _cancel(self) -> None:
        job_id, tenant = self._a_job_id(), self._a_tenant()
        await self._both(
            "cancel",
            lambda: self.model.cancel(job_id, self.clock.now(), tenant),
            lambda: self.real.queue.cancel(job_id, tenant),
            job_id,
        )

    async def _retry(self) -> None:
        job_id, tenant = self._a_job_id(), self._a_tenant()
        await self._both(
            "retry",
            lambda: self.model.retry(job_id, self.clock.now(), tenant),
            lambda: self.real.queue.retry(job_id, tenant),
            job_id,
        )

    async def _carry_on(self) -> None:
        waiting = [job_id for job_id, stored in self.model.rows.items() if stored.questions is not None]
        job_id = self.random.choice(waiting) if waiting and self.random.random() < 0.8 else self._a_job_id()
        job = await self.real.jobs.get(job_id) or a_job(id=job_id)
        round_, answers = self.random.choice((1, 1, 2)), self.random.choice((None, {"step.code": "•••"}))
        await self._both(
            "carry on",
            lambda: self.model.carry_on(job_id, round_, answers, self.clock.now()),
            lambda: self.questions.carry_on(job, round_, answers, self.clock.now(), lambda: None),
            job_id,
        )

    async def _let_time_pass(self) -> None:
        self.clock.advance(self.random.choice((timedelta(seconds=1), LEASE / 2, LEASE)))

    async def _compare_job(self, job_id: JobId) -> None:
        ours, theirs = self.model.get(job_id), await self.real.jobs.get(job_id)
        assert _said(ours) == _said(theirs)
        if ours is not None:
            assert self.model.tasks(job_id) == await self.real.tasks.list(job_id)
            events = await self.real.events.list(job_id)
            assert _lines(self.model.rows[job_id].events) == _lines(events)

    async def _compare(self) -> None:
        for job_id in self._ids:
            await self._compare_job(job_id)
            for tenant in TENANTS:
                unseen = self.model.get(job_id, tenant) is None
                assert unseen == (await self.real.jobs.get(job_id, tenant) is None)
        for tenant in TENANTS:
            assert self.model.broken_link(tenant) is None
            blocks = [_entries(block.entries) for block in self.model.chains.get(tenant, ())]
            page = await self.real.audit.list(AuditFilter(tenant=tenant), limit=10_000)
            theirs = [
                _entries([entry for entry in page.items if entry.block == number])
                for number in range(1, len(blocks) + 1)
            ]
            assert blocks == theirs
            assert page.total == sum(map(len, blocks))


def _said(answer: object) -> object:
    """Return an answer as it may be compared: errors by name, jobs without the token of the lease."""
    if isinstance(answer, Exception):
        return _ALIKE.get(type(answer), type(answer).__name__)
    if isinstance(answer, Job) and answer.lease is not None:
        return answer.model_copy(update={"lease": answer.lease.model_copy(update={"token": LeaseToken("")})})
    return answer


def _lines(events: Sequence[JobEvent]) -> list[JobEvent]:
    return [event.model_copy(update={"seq": 0}) for event in events]


def _entries(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    """Return entries without place, and without the ids that the stores make up."""
    return [entry.model_copy(update={"id": "", "block": None, "position": None}) for entry in entries]


@pytest.mark.parametrize("seed", range(12))
async def test_model_and_store_do_the_same(store: Store, database: SQLiteDatabase, clock: FakeClock, seed: int) -> None:
    twins = Twins(seed, store, SQLiteQuestionRepository(database, clock), clock)

    await twins.live()

    assert set(twins.met) >= _ALWAYS
