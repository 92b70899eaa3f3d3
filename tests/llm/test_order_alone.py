"""What is ordered beside a remark is found alone, unless the remark may change it or names what the order does not."""

import time

import pytest

from scheduler.core.language import normalise
from scheduler.llm.order_alone import order_alone, reminds, undone_beside, urges
from tests.support.remarks import FORBIDDEN
from tests.support.routers import the_router

RULES = the_router()


def _alone(text: str) -> str:
    return order_alone(normalise(text), RULES.orders(text))


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("Der Kunde wartet schon, schick ihm das Angebot", "schick ihm das Angebot"),
        ("Der Vertrag ist fertig. Schick ihn an Tom", "Schick ihn an Tom"),
        ("Start Teams, the vet is already in the call", "Start Teams"),
        ("Oma ist da, öffne chefkoch.de, sie kocht heute", "öffne chefkoch.de"),
        ("Vergiss nicht, dem Steuerberater die Belege zu schicken", "dem Steuerberater die Belege schicken"),
    ],
)
def test_the_order_beside_remarks(text: str, alone: str) -> None:
    assert _alone(text) == alone


@pytest.mark.parametrize(
    "text",
    [
        "Schick Tom die Liste",
        *FORBIDDEN,
        "Send Tom the list, Eva emailed it",
        "Send Tom the list, Eva wanted that",
        "Tom hat den Vertrag. Schick ihn an Eva",
        "Such nicht weiter nach der Mail von Tom, sie ist da",
    ],
)
def test_there_is_none_where_doubt_is_left(text: str) -> None:
    assert _alone(text) == ""


def test_a_reminder_says_itself_that_it_is_an_order() -> None:
    assert reminds("Don't forget to send Anna the list")
    assert not reminds("Forget the list")


def test_what_is_urgent_says_itself_that_it_is_an_order() -> None:
    text = "Schick Tom die Liste, ist dringend"

    assert (_alone(text), urges(RULES.orders(text))) == ("Schick Tom die Liste", True)


@pytest.mark.parametrize("text", ["Send Tom the list, just testing", "Send Tom the list, pending approval"])
def test_doubt_behind_an_order_takes_it_back(text: str) -> None:
    assert undone_beside(text, RULES.orders(text))


@pytest.mark.parametrize("mark", [",", "!", "–", " ,", "zum ", ", ist "])
def test_long_runs_take_no_time(mark: str) -> None:
    text = (mark * 4_000)[:4_000]
    read = RULES.orders("Send Tom the list, Eva is there")._replace(overlooked=(text,))
    started = time.process_time()

    assert (order_alone(text, read), undone_beside(text, read)) == ("", False)
    assert time.process_time() - started < 0.02
