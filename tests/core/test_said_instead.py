"""What is said instead of what an order is about, or too, takes its place or stands beside it."""

import pytest

from scheduler.core.said_instead import Corrected, with_more, with_other
from tests.support.routers import the_router

ROUTER = the_router()


@pytest.mark.parametrize(
    ("order", "instead", "corrected"),
    [
        ("Find invoice 5", "invoice 6", Corrected("Find invoice 6", "invoice 5")),
        ("Öffne Word", "Excel", Corrected("Öffne Excel", "Word")),
        ("Open Word", "close Excel", None),
        ("Open Word", "in Berlin", None),
        ("Open Word", "", None),
        ("Open Word and Excel", "Outlook", None),
        ("Tom is ill", "Eva", None),
        ("Open Word, find the list", "Excel", None),
    ],
)
def test_another_thing_takes_the_place_of_the_one_that_an_order_is_about(
    order: str, instead: str, corrected: Corrected | None
) -> None:
    assert with_other(order, instead, ROUTER) == corrected


@pytest.mark.parametrize(
    ("order", "also", "both"),
    [
        ("Open Word", "Excel", "Open Word and Excel"),
        ("Lad die Preisliste herunter", "das Datenblatt", "Lad die Preisliste und das Datenblatt herunter"),
        ("Open Word", "close Excel", None),
        ("Open Word", "in Berlin", None),
        ("Send Tom the list", "Eva", None),
    ],
)
def test_one_thing_more_stands_beside_the_one_that_an_order_is_about(order: str, also: str, both: str | None) -> None:
    assert with_more(order, also, ROUTER) == both
