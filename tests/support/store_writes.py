"""Every durable write of the store by the name of its function: what must be there first, and that write alone."""

import asyncio
import importlib
import inspect
import pkgutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import scheduler.queue
import scheduler.repository
from scheduler.core import crash_points
from scheduler.core.agent import Agent, AgentType
from scheduler.core.crash_points import CrashPoint
from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId
from scheduler.core.job import Job, JobStatus, TaskStatus
from scheduler.core.lam_message import BaseMessage
from scheduler.core.lam_protocol import MessageFactory
from scheduler.core.schedules import Schedule, ScheduleEventType
from scheduler.core.task_graph import TaskGraph
from scheduler.core.taught import Taught
from scheduler.core.unique_jobs import UniqueClaim
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.agent_repository import AgentRecord, Enrolment
from scheduler.repository.dead_letter_repository import NewPlan
from scheduler.repository.repair_repository import Repaired
from scheduler.repository.repository_interface import IdempotentRequest
from scheduler.repository.schedule_repository import FailedFiring, Firing
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from scheduler.repository.sqlite_ledger import SQLiteLedger
from scheduler.repository.sqlite_plans import SQLitePlanRepository
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repairs import SQLiteRepairRepository
from scheduler.repository.sqlite_retention import SQLiteRetentionRepository
from scheduler.repository.sqlite_schedule_repository import SQLiteScheduleRepository
from scheduler.repository.sqlite_taught import SQLiteTaughtRepository
from scheduler.repository.word_index import WordIndex
from tests.support.agent_writes import AGENT, KEYS, TENANT, an_arrival, ask
from tests.support.builders import a_graph, a_job, a_message, a_progress, a_task_run, an_audit_entry
from tests.support.clock import NOON, FakeClock
from tests.support.lam import a_document
from tests.support.plan_writes import FIRST, WHOLE, a_kept_plan
from tests.support.question_writes import ANSWERS, PLAN, asks
from tests.support.schedules import a_schedule
from tests.support.spending_writes import ACCOUNTS, MOST, UNUSED
from tests.support.store import LEASE, Store, sqlite_store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REQUEST: Final = IdempotentRequest(key="k", route="jobs", body_digest="d")
CLAIM: Final = UniqueClaim(key="k")
AN_AGENT: Final = Agent(
    id=AGENT, name="web-1", type=AgentType.WEB, capabilities=("web.*",), tenant=TENANT, last_heartbeat=NOON
)
AN_ENROLMENT: Final = Enrolment(id="enrolment-1", tenant=TENANT, digest="d", expires_at=NOON + HOUR, uses=1)
TAUGHT: Final = Taught.model_validate(
    {"id": "1", "tenant": TENANT, "kind": "example", "intent": "open_app", "text": "wirf X an", "at": NOON}
)
_OF_ITS_OWN: Final = frozenset({"_publish", "_put_in"})
"""Copies a whole store: killed in tests of their own."""


class Scene:
    """The parts of the store that write."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self.database = database
        self.clock = FakeClock()
        self.queue = SQLiteQueue(database, self.clock, LEASE)
        self.agents, self.lam = SQLiteAgentRepository(database), SQLiteLamRepository(database)
        self.beats = SQLiteHeartbeatStore(database, self.clock)
        self.questions = SQLiteQuestionRepository(database, self.clock)
        self.schedules = SQLiteScheduleRepository(database)
        self.plans, self.repairs = SQLitePlanRepository(database), SQLiteRepairRepository(database)
        self.taught, self.ledger = SQLiteTaughtRepository(database), SQLiteLedger(database)
        self.retention, self.words = SQLiteRetentionRepository(database), WordIndex(database)

    @cached_property
    def store(self) -> Store:
        return sqlite_store(self.database, self.clock)


async def _nothing(_: Scene) -> None:
    pass


async def _accepted(s: Scene) -> Job:
    return await s.store.jobs.save(a_job(tasks=2, description="Rechnung"), REQUEST, CLAIM)


async def _delayed(s: Scene) -> None:
    await s.store.jobs.save(a_job(not_before=NOON + HOUR))
    s.clock.advance(HOUR)


async def _leased(s: Scene) -> Job:
    await _accepted(s)
    (job,) = await s.queue.dequeue()
    return job


async def _cancelled(s: Scene) -> Job:
    return await s.queue.cancel((await _accepted(s)).id)


async def _failed(s: Scene) -> Job:
    return await s.store.failed(tasks=2)


async def _looked_at(s: Scene) -> Job:
    await _failed(s)
    broken = await s.repairs.claim(NOON, since=NOON - DAY, stale=NOON + DAY, most_tries=9)
    assert broken is not None
    return broken.job


def _asking() -> Job:
    return a_job(status=JobStatus.WAITING, task_graph=TaskGraph())


async def _waiting(s: Scene) -> Job:
    return await s.questions.accept(_asking(), asks("recipient", 0), None)


async def _scheduled(s: Scene) -> Schedule:
    await s.schedules.add(schedule := a_schedule(NOON))
    return schedule


async def _unreadable(s: Scene) -> None:
    await _scheduled(s)
    await s.database.write(lambda connection: connection.execute("UPDATE schedules SET definition = '{}'"))


async def _saved(s: Scene) -> None:
    await s.agents.save(AgentRecord(agent=AN_AGENT, token_digest="d", keys=KEYS))


async def _agent(s: Scene) -> None:
    await s.agents.allow(AN_ENROLMENT)
    await _saved(s)
    await s.beats.note([AN_AGENT])


async def _asked(s: Scene) -> str:
    await _agent(s)
    return await ask(s.lam, "request", "the-one-request")


async def _to_come(s: Scene) -> int:
    await _asked(s)
    *_, waiting = await s.lam.waiting(AGENT, 0, NOON)
    return waiting.n


async def _renewed_later(s: Scene, job: Job) -> None:
    s.clock.advance(LEASE / 2)
    await s.queue.renew([job])


def _order(message_id: str) -> BaseMessage:
    return MessageFactory.from_dict(a_document("request", id=message_id, correlation={"conversationId": "job-1"}))


async def _planned(s: Scene) -> None:
    await s.plans.keep(a_kept_plan(FIRST, None))


async def _taught(s: Scene) -> None:
    await s.taught.add([TAUGHT])


async def _charged(s: Scene) -> None:
    await s.ledger.charge(ACCOUNTS, MOST)


def _turn(schedule: Schedule) -> Firing:
    due = schedule.next_fire
    return Firing(schedule=schedule, at=NOON + HOUR, moment=due, next_fire=NOON + DAY, work=a_job())


def _repaired() -> Repaired:
    return Repaired(WHOLE, (), (TaskId("look"),), (TaskId("task1"), TaskId("task2")))


def _corrected(job: Job) -> NewPlan:
    return NewPlan(job_id=job.id, version=job.plan_version, task_graph=a_graph(2), context={"n": 1}, changes=())


Prepare = Callable[[Scene], Awaitable[Any]]
Write = Callable[[Scene, Any], Awaitable[object]]
WRITES: Final[Mapping[str, tuple[Prepare, Write]]] = {
    "SQLiteAgentRepository.allow": (_nothing, lambda s, _: s.agents.allow(AN_ENROLMENT)),
    "SQLiteAgentRepository.remove": (_agent, lambda s, _: s.agents.remove(AGENT)),
    "SQLiteAgentRepository.retire_key": (_agent, lambda s, _: s.agents.retire_key(AGENT, KEYS[1].kid)),
    "SQLiteAgentRepository.revoke": (_agent, lambda s, _: s.agents.revoke(AN_ENROLMENT.id)),
    "SQLiteAgentRepository.save": (_nothing, lambda s, _: _saved(s)),
    "SQLiteAgentRepository.spend": (_agent, lambda s, _: s.agents.spend(AN_ENROLMENT.id, NOON)),
    "SQLiteAuditRepository.save": (_nothing, lambda s, _: s.store.audit.save([an_audit_entry()])),
    "SQLiteDeadLetterRepository.correct": (
        _failed, lambda s, job: s.store.letters.correct(_corrected(job), DEFAULT_TENANT, "so")
    ),
    "SQLiteDeadLetterRepository.discard": (
        _failed, lambda s, job: s.store.letters.discard([job.id], DEFAULT_TENANT, "so")
    ),
    "SQLiteDeadLetterRepository.requeue": (
        _failed, lambda s, job: s.store.letters.requeue([job.id], DEFAULT_TENANT, "so")
    ),
    "SQLiteHeartbeatStore.forget": (_agent, lambda s, _: s.beats.forget(AGENT)),
    "SQLiteHeartbeatStore.note": (_saved, lambda s, _: s.beats.note([AN_AGENT])),
    "SQLiteJobRepository.delete": (_cancelled, lambda s, job: s.store.jobs.delete(job.id)),
    "SQLiteJobRepository.record": (
        _leased,
        lambda s, job: s.store.jobs.record(a_progress(job, tasks=[a_task_run(job, status=TaskStatus.DONE, result={})])),
    ),
    "SQLiteJobRepository.save": (_nothing, lambda s, _: _accepted(s)),
    "SQLiteJobRepository.save_many": (
        _nothing, lambda s, _: s.store.jobs.save_many([a_job(id="a"), a_job()], REQUEST, {JobId("a"): CLAIM})
    ),
    "SQLiteJobRepository.update_status": (
        _accepted, lambda s, job: s.store.jobs.update_status(job.id, JobStatus.CANCELLED)
    ),
    "SQLiteLamRepository.arrived": (_to_come, lambda s, n: s.lam.arrived(AGENT, n)),
    "SQLiteLamRepository.send": (_agent, lambda s, _: s.lam.send(_order("m"), TENANT, AGENT, NOON, NOON + HOUR)),
    "SQLiteLamRepository.sent": (_asked, lambda s, asked: s.lam.sent(asked, AGENT)),
    "SQLiteLamRepository.take": (
        _asked, lambda s, asked: s.lam.take(an_arrival("done", "answer", asked, payload={"result": {}}))
    ),
    "SQLiteLamRepository.undelivered": (_asked, lambda s, asked: s.lam.undelivered(_order(asked), TENANT, AGENT)),
    "SQLiteLedger.charge": (_nothing, lambda s, _: _charged(s)),
    "SQLiteLedger.give_back": (_charged, lambda s, _: s.ledger.give_back(ACCOUNTS, UNUSED)),
    "SQLiteMessageRepository.save": (_nothing, lambda s, _: s.store.messages.save(a_message(), DEFAULT_TENANT, NOON)),
    "SQLitePlanRepository.forget": (_planned, lambda s, _: s.plans.forget(NOON + 2 * DAY)),
    "SQLitePlanRepository.keep": (_nothing, lambda s, _: _planned(s)),
    "SQLiteQuestionRepository.accept": (_nothing, lambda s, _: _waiting(s)),
    "SQLiteQuestionRepository.ask_again": (
        _waiting, lambda s, job: s.questions.ask_again(job, asks("body", 1), ANSWERS[0], NOON)
    ),
    "SQLiteQuestionRepository.carry_on": (
        _waiting, lambda s, job: s.questions.carry_on(job, 0, ANSWERS[0], NOON, lambda: None)
    ),
    "SQLiteQuestionRepository.give_up": (_waiting, lambda s, job: s.questions.give_up(job, 0, "nobody", NOON)),
    "SQLiteQuestionRepository.go_on": (
        _waiting,
        lambda s, job: s.questions.go_on(job.model_copy(update={"task_graph": PLAN}), 0, ANSWERS[0], NOON),
    ),
    "SQLiteQueue._claim": (_accepted, lambda s, _: s.queue.dequeue()),
    "SQLiteQueue._promote": (_delayed, lambda s, _: s.queue.promote()),
    "SQLiteQueue.cancel": (_accepted, lambda s, job: s.queue.cancel(job.id)),
    "SQLiteQueue.claim": (_accepted, lambda s, job: s.queue.claim([job.id])),
    "SQLiteQueue.enqueue": (_nothing, lambda s, _: s.queue.enqueue(a_job())),
    "SQLiteQueue.hand_back": (_leased, lambda s, job: s.queue.hand_back(job)),
    "SQLiteQueue.renew": (_leased, _renewed_later),
    "SQLiteQueue.retry": (_cancelled, lambda s, job: s.queue.retry(job.id)),
    "SQLiteQueue.update_status": (_accepted, lambda s, job: s.queue.update_status(job.id, JobStatus.CANCELLED)),
    "SQLiteRepairRepository.apply": (_looked_at, lambda s, job: s.repairs.apply(job, _repaired(), "look", "so", NOON)),
    "SQLiteRepairRepository.claim": (
        _failed, lambda s, _: s.repairs.claim(NOON, since=NOON - DAY, stale=NOON + DAY, most_tries=9)
    ),
    "SQLiteRepairRepository.note": (_looked_at, lambda s, job: s.repairs.note(job, "none", "look", NOON)),
    "SQLiteRetentionRepository._delete": (_accepted, lambda s, _: s.retention.prune_keys(NOON + HOUR)),
    "SQLiteRetentionRepository._remove_jobs": (_cancelled, lambda s, _: s.retention.prune_jobs(NOON + HOUR, NOON)),
    "SQLiteScheduleRepository._stop_unreadable": (_unreadable, lambda s, _: s.schedules.due(NOON + HOUR)),
    "SQLiteScheduleRepository.add": (_nothing, lambda s, _: _scheduled(s)),
    "SQLiteScheduleRepository.change": (
        _scheduled, lambda s, one: s.schedules.change(one.pause(), ScheduleEventType.PAUSED, NOON)
    ),
    "SQLiteScheduleRepository.fire": (_scheduled, lambda s, one: s.schedules.fire(_turn(one))),
    "SQLiteScheduleRepository.put_off": (
        _scheduled, lambda s, one: s.schedules.put_off(one, NOON, FailedFiring(code="queue_full", error="voll"), NOON)
    ),
    "SQLiteScheduleRepository.remove": (_scheduled, lambda s, one: s.schedules.remove(one.id, DEFAULT_TENANT, NOON)),
    "SQLiteTaskRepository.delete": (_accepted, lambda s, job: s.store.tasks.delete(job.id, TaskId("task1"))),
    "SQLiteTaskRepository.save": (_accepted, lambda s, job: s.store.tasks.save(a_task_run(job, attempts=1))),
    "SQLiteTaskRepository.update_status": (
        _accepted, lambda s, job: s.store.tasks.update_status(job.id, TaskId("task1"), TaskStatus.RUNNING)
    ),
    "SQLiteTaughtRepository.add": (_nothing, lambda s, _: _taught(s)),
    "SQLiteTaughtRepository.forget": (_taught, lambda s, _: s.taught.forget(TENANT, ["1"], NOON)),
    "WordIndex._write": (_accepted, lambda s, _: s.words.catch_up()),
}  # fmt: skip


def writes_of_the_code() -> Mapping[str, tuple[CrashPoint, CrashPoint]]:
    """Return every function of the store that carries crash points, with them."""
    found = {function.__qualname__: function.crash_points for function in _guarded()}
    return {name: points for name, points in found.items() if name not in _OF_ITS_OWN}


def _guarded() -> Iterator[Any]:
    for package in (scheduler.repository, scheduler.queue):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            names = vars(importlib.import_module(module.name)).values()
            classes = [one for one in names if inspect.isclass(one) and one.__module__ == module.name]
            for function in (*names, *(function for one in classes for function in vars(one).values())):
                if hasattr(function, "crash_points"):
                    yield function


def write_and_die(path: Path, before: Path, write: str, point: CrashPoint) -> None:
    """The body of a process that dies at that point of the write; `before` is a copy of what was there first."""

    async def work() -> None:
        database = SQLiteDatabase(path)
        await database.connect()
        scene = Scene(database)
        prepare, do = WRITES[write]
        prepared = await prepare(scene)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(before)) as target:
            source.backup(target)
        crash_points.arm(point)
        await do(scene, prepared)

    asyncio.run(work())
