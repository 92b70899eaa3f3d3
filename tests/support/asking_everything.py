"""Asks the store what agents, plans, questions, budgets and teachers ask, so that its statements can be looked at."""

import dataclasses
from datetime import timedelta

from scheduler.core.ids import DEFAULT_TENANT, JobId, TaskId
from scheduler.core.job import JobStatus
from scheduler.core.lam_protocol import MessageFactory
from scheduler.core.questions import OpenQuestions, Question
from scheduler.core.spending import Account, Amount
from scheduler.core.taught import Taught
from scheduler.queue.sqlite_queue import SQLiteQueue
from scheduler.repository.sqlite_agents import SQLiteAgentRepository, SQLiteHeartbeatStore
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_lam import SQLiteLamRepository
from scheduler.repository.sqlite_leases import count_waiting
from scheduler.repository.sqlite_ledger import SQLiteLedger
from scheduler.repository.sqlite_plans import SQLitePlanRepository
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repairs import SQLiteRepairRepository
from scheduler.repository.sqlite_taught import SQLiteTaughtRepository
from tests.support import agent_writes, plan_writes, question_writes
from tests.support.agent_writes import AGENT, TENANT
from tests.support.builders import a_job, a_progress
from tests.support.clock import NOON, FakeClock
from tests.support.lam import a_document
from tests.support.store import LEASE, Store

DAY = timedelta(days=1)


async def ask_of_agents(database: SQLiteDatabase) -> None:
    await agent_writes.write_all(database)
    agents, beats = SQLiteAgentRepository(database), SQLiteHeartbeatStore(database, FakeClock())
    agents.version()
    await agents.all()
    await agents.enrolment("e")
    await agents.revoke("e")
    await beats.last([AGENT], NOON)
    lam, job, task = SQLiteLamRepository(database), JobId("job-1"), TaskId("task-1")
    for _, order, _ in await lam.orders(TENANT, job, task):
        await lam.undelivered(order, TENANT, AGENT)
    told = a_document("inform", id="told", sender=f"agent://web/{AGENT}", correlation={"conversationId": job, "seq": 1})
    arrival = agent_writes.an_arrival("inform", "told", "unasked")
    await lam.take(dataclasses.replace(arrival, message=MessageFactory.from_dict(told)))
    await lam.unsent([AGENT], NOON + DAY, NOON)
    await lam.taken(TENANT, job, 1, ["web.open"])
    await lam.progress(TENANT, job)
    await lam.names_file(TENANT, job, AGENT, "http://a/b")
    await lam.has_task_of(TENANT, job, AGENT)


async def ask_of_plans(database: SQLiteDatabase, store: Store) -> None:
    await plan_writes.write_all(database)
    plans, repairs = SQLitePlanRepository(database), SQLiteRepairRepository(database)
    await store.queue.cancel(plan_writes.JOB)
    await store.jobs.delete(plan_writes.JOB, plan_writes.TENANT)
    await plans.seconds_of_actions(plan_writes.TENANT)
    await plans.forget(NOON + 2 * DAY)
    await store.failed()
    broken = await repairs.claim(NOON, since=NOON - DAY, stale=NOON - DAY, most_tries=9)
    assert broken is not None
    await repairs.note(broken.job, "advice", "look elsewhere", NOON)


async def ask_of_questions(database: SQLiteDatabase, store: Store) -> None:
    await question_writes.write_all(database)
    questions = SQLiteQuestionRepository(database, FakeClock())
    await store.queue.cancel(question_writes.JOB)
    asked = OpenQuestions(round=1, questions=(Question(key="step.code", about="step", text="?"),), expires_at=NOON)
    for answers in ({"step.code": "1"}, {}, None):
        job = await store.leased()
        await store.jobs.record(a_progress(job, status=JobStatus.WAITING, questions=asked))
        if answers is None:
            await questions.expired(NOON, 10)
            waiting = await store.jobs.get(job.id)
            assert waiting is not None
            assert await questions.give_up(waiting, 1, "nobody", NOON)
        elif answers:
            await questions.carry_on(job, 1, answers, NOON, lambda: None)
        if answers is not None:
            await store.queue.cancel(job.id)
            stopped = await store.queue.dequeue()
            assert stopped is not None
            await store.jobs.record(a_progress(stopped, status=JobStatus.CANCELLED, completed_at=NOON))
    for tenant in (None, DEFAULT_TENANT):
        await questions.count(tenant, 10)


async def ask_of_people(database: SQLiteDatabase) -> None:
    """What they teach, and what they may spend."""
    teaching, ledger, account = SQLiteTaughtRepository(database), SQLiteLedger(database), Account("job 1", 10)
    for kind in ("example", "intent"):
        values = {"id": kind, "tenant": DEFAULT_TENANT, "kind": kind, "intent": "open_app", "text": "X", "at": NOON}
        await teaching.add([Taught.model_validate(values)])
    await teaching.list(DEFAULT_TENANT)
    await teaching.version(DEFAULT_TENANT)
    await teaching.forget(DEFAULT_TENANT, ["example"], NOON)
    await ledger.charge([account], Amount(1, 1))
    await ledger.give_back([account], Amount(1, 1))
    await ledger.spent(account.name)


async def ask_as_a_dispatch(database: SQLiteDatabase, clock: FakeClock, store: Store) -> None:
    """What a queue beside the store asks of it, and what bounds its length."""
    queue = SQLiteQueue(database, clock, LEASE)
    jobs = [await store.jobs.save(a_job(not_before=clock.now() + LEASE if late else None)) for late in (False, True)]
    for tenant in (None, DEFAULT_TENANT):
        await database.read(lambda connection, tenant=tenant: count_waiting(connection, tenant, 10))  # type: ignore[misc]
    _, end = await queue.waiting(None, 1)
    await queue.waiting(end, 1)
    clock.advance(LEASE)
    await queue.promote()
    await queue.claim([job.id for job in jobs])
    await queue.claim([job.id for job in jobs])
    clock.advance(LEASE)
    await queue.lapsed(10)
