"""Requests in which much is told around an order are read as they are meant: no share of them falls."""

from pathlib import Path
from typing import Final

import pytest

from bench.office import by_orders, figures_of
from bench.office_requests import FILE, acts, load, score
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

pytestmark = pytest.mark.component

UNDERSTAND = by_orders(BeyondRules(learned=make_learned(the_router()), slots=SlotWeigher()))
FOLDER: Final = Path(FILE).parent


@pytest.mark.parametrize(
    ("name", "intent", "recall", "precision", "acting"),
    [("told_requests_1", 0.93, 0.87, 0.91, 1), ("told_requests_2", 0.88, 0.83, 0.81, 7)],
)
def test_what_is_told_around_orders_changes_little(
    name: str, intent: float, recall: float, precision: float, acting: int
) -> None:
    told = load(FOLDER / f"{name}.yaml")

    figures = figures_of([(one, score(one, UNDERSTAND(one.text))) for one in told.requests])

    assert figures["intent"] >= intent
    assert figures["slot-recall"] >= recall
    assert figures["slot-precision"] >= precision
    assert sum(acts(UNDERSTAND(one.text)) for one in told.no_requests) <= acting
