"""That anything is ordered is believed by both models and by what rules make of a request."""

import math

import pytest

from scheduler.core.compound import OrderPart
from scheduler.core.intents import UNKNOWN
from scheduler.llm.guess import Guess
from scheduler.llm.ordering import Evidence, evidence, likely, logit
from tests.support.routers import the_router

RULES = the_router()
HALF = Guess(("send_mail", UNKNOWN), 0.5, (0.5, 0.5))


def parts(text: str) -> tuple[OrderPart, ...]:
    return RULES.orders(text).parts


def test_what_rules_know_is_likelier_than_what_they_refuse_or_take_for_a_statement() -> None:
    known, refused, told = (
        evidence(HALF, 0.5, 0.0, parts(text))
        for text in ("Öffne den Vertrag", "Wer hat die Rechnung an Anna geschickt?", "Der Kaffee ist kalt.")
    )

    assert (known.known, refused.refused, told.told) == (1.0, 1.0, 1.0)
    assert likely(known) > likely(told) > likely(refused)


def test_each_model_counts() -> None:
    sure = Guess(("send_mail", UNKNOWN), 0.9, (0.9, 0.1))

    even = likely(evidence(HALF, 0.5, 0.0, parts("Hm")))
    assert likely(evidence(sure, 0.5, 0.0, parts("Hm"))) > even
    assert likely(evidence(HALF, 0.1, 0.0, parts("Hm"))) > even
    assert likely(evidence(HALF, 0.5, 1.0, parts("Hm"))) > even


def test_where_no_whole_request_was_learned_the_other_speaks_for_it() -> None:
    assert evidence(HALF, None, None, parts("Hm")) == evidence(HALF, 0.5, 0.0, parts("Hm"))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_belief_is_without_bounds(share: float) -> None:
    assert math.isfinite(logit(share))
    assert 0 < likely(Evidence(logit(share), logit(share), logit(share), 0.0, 0.0, 0.0)) < 1
