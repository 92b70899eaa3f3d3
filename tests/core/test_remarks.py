"""What stands around an order is no part of it."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.remarks import only_informs, without_remarks
from tests.support.routers import the_router

ROUTER = the_router()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi Tom, open the rota.", "open the rota."),
        ("search the web for rack rules, boss wants an answer by 3", "search the web for rack rules"),
        ("mail the list to Ann, the draft to Bob", "mail the list to Ann, the draft to Bob"),
    ],
)
def test_greetings_and_remarks_are_blanked_out(text: str, left: str) -> None:
    assert len(without_remarks(text)) == len(text)
    assert without_remarks(text).strip() == left


@pytest.mark.parametrize(
    "text",
    [
        "FYI: Slack wird am Wochenende neu gestartet.",
        "Hätte ich die Mail früher gelesen, wäre das nicht passiert.",
        "If it rains we may have to write to all holders.",
    ],
)
def test_what_only_informs_orders_nothing(text: str) -> None:
    assert only_informs(text)
    assert ROUTER.route(text).refused


def test_there_is_the_page_the_order_before_goes_to() -> None:
    _, second = split_orders("go on the carrier portal and download label 60177 there", ROUTER).parts

    assert second.routed.slots["portal"] == "carrier portal"
