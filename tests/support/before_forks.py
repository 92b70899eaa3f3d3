"""What the fork server imports and reads before its first fork, so that every process forked has it already.

It holds what any process of the tests needs, and what is read at a first request; no collector of garbage looks at it
again, which would copy it.
"""

import importlib
from typing import Final

from scheduler.core.intent_router import IntentRouter
from scheduler.garbage import collecting_nothing

NEEDED: Final = (
    "alembic.command",
    "playwright.async_api",
    "scheduler.llm.slot_weighing",
    "scheduler.main",
    "sqlalchemy.dialects.sqlite",
    "tests.support.agent_writes",
    "tests.support.cares_for_store",
    "tests.support.counting_agent",
    "tests.support.cpa_process",
    "tests.support.fault_process",
    "tests.support.opens_store",
    "tests.support.plan_writes",
    "tests.support.question_writes",
    "tests.support.scheduling",
    "tests.support.store_writes",
)

with collecting_nothing():
    for _name in NEEDED:
        importlib.import_module(_name)
    IntentRouter.default().orders("Schick Anna bis morgen um 9 Uhr die Rechnung 4711 und öffne den Kalender")
