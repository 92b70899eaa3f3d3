"""A compound request is planned rightly where each order waits for those that it should, at once or over others."""

import pytest

from bench.office_requests import Request, Understood, score

REQUEST = Request.model_validate(
    {
        "id": "en-1",
        "locale": "en",
        "text": "Save the list as a PDF, send it to Tom and then close Word.",
        "orders": [
            {"intent": "export_pdf", "slots": {"document": "list"}},
            {"intent": "send_mail", "slots": {"recipient": "Tom"}},
            {"intent": "close_app", "slots": {"application": "Word"}},
        ],
        "plan": [{"order": 2, "after": [1], "takes": {"document": 1}}, {"order": 3, "after": [1, 2]}],
    }
)


@pytest.mark.parametrize(
    ("waits", "planned"),
    [
        ([set(), {0}, {1}], True),
        ([set(), {0}, {0, 1}], True),
        ([set(), {0}, {0}], False),
        ([set(), set(), {0, 1}], False),
        ([set(), {0}, set()], False),
    ],
)
def test_waits_count_at_once_or_over_others(waits: list[set[int]], planned: bool) -> None:
    found = [
        Understood(order.intent, order.slots, frozenset(places))
        for order, places in zip(REQUEST.orders, waits, strict=True)
    ]

    assert score(REQUEST, found).planned is planned


def test_other_orders_are_not_planned_rightly() -> None:
    assert not score(REQUEST, [Understood("export_pdf", {}), Understood("close_app", {}, frozenset({0}))]).planned
