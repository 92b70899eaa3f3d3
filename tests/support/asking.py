"""What asks people, takes their answers, and shows them plans, over a database of a test."""

from datetime import timedelta

from scheduler.core.clock import Clock
from scheduler.core.ids import new_id
from scheduler.orchestrator.answer_service import AnswerService, Letterbox
from scheduler.orchestrator.plan_service import PlanService
from scheduler.orchestrator.planner import Planner
from scheduler.queue.admission import Admission
from scheduler.queue.job_queue import JobQueue
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.sqlite_plans import SQLitePlanRepository
from scheduler.repository.sqlite_questions import SQLiteQuestionRepository
from scheduler.repository.sqlite_repository import SQLiteJobRepository
from tests.support.answers import MemoryAnswers
from tests.support.queues import nobody_waits

PATIENCE = timedelta(days=7)
MOST = 3


def answer_service(
    database: SQLiteDatabase, planner: Planner, queue: JobQueue, clock: Clock, letterbox: Letterbox | None = None
) -> AnswerService:
    return AnswerService(
        planner=planner,
        questions=SQLiteQuestionRepository(database, clock),
        jobs=SQLiteJobRepository(database, clock),
        job_queue=queue,
        admission=Admission(nobody_waits, clock),
        clock=clock,
        patience=PATIENCE,
        most=MOST,
        letterbox=letterbox or MemoryAnswers(),
    )


def plan_service(database: SQLiteDatabase, planner: Planner, clock: Clock) -> PlanService:
    return PlanService(
        planner=planner,
        plans=SQLitePlanRepository(database),
        clock=clock,
        new_id=new_id,
        keep=timedelta(hours=24),
        currency="USD",
        require=lambda _todo, _tenant: None,
    )
