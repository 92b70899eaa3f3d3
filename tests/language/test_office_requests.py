"""The set of office requests is sound, and scored as it says."""

import re
from collections import Counter

import pytest

from bench.office_requests import NoRequest, Order, Request, Understood, acts, fold, load, score
from scheduler.core.slots import SLOTS

OFFICE = load()
INTENTS = {
    "send_mail",
    "fetch_and_send",
    "read_mail",
    "search_mail",
    "search_document",
    "open_document",
    "export_pdf",
    "open_app",
    "close_app",
    "navigate_url",
    "web_search",
    "download_file",
    "fill_form",
    "create_appointment",
    "extract_table",
}
REQUEST = Request(
    id="de-1",
    locale="de",
    text="Schick die Liste an Ada und Bob, dann schließ Teams",
    orders=(
        Order(intent="send_mail", slots={"document": "Liste", "recipient": ["Ada", "Bob"]}, may={"file_format": None}),
        Order(intent="close_app", slots={"application": "Teams"}),
    ),
    plan=(),
)
MAIL = Understood("send_mail", {"document": "liste", "recipient": "Ada und Bob", "file_format": "PDF"})
CLOSE = Understood("close_app", {"application": "Teams."})


@pytest.mark.parametrize("locale", ["de", "en"])
def test_each_language_has_a_hundred_requests_of_all_intents(locale: str) -> None:
    requests = [one for one in OFFICE.requests if one.locale == locale]

    assert len(requests) == 100
    assert 20 <= sum(one.compound for one in requests) <= 25
    assert {order.intent for one in requests for order in one.orders} == INTENTS
    assert sum(one.locale == locale for one in OFFICE.no_requests) == 30


def test_ids_and_texts_are_unique() -> None:
    entries: list[Request | NoRequest] = [*OFFICE.requests, *OFFICE.no_requests]

    assert [name for name, count in Counter(one.id for one in entries).items() if count > 1] == []
    assert [text for text, count in Counter(fold(one.text) for one in entries).items() if count > 1] == []


def test_labels_are_words_of_the_text_in_slots_of_the_vocabulary() -> None:
    strange = [
        (request.id, slot, value)
        for request in OFFICE.requests
        for order in request.orders
        for slot, words in [*order.slots.items(), *order.may.items()]
        for value in ([words] if isinstance(words, str) else words or [])
        if slot not in SLOTS or not re.search(rf"(?<!\w){re.escape(fold(value))}(?!\w)", fold(request.text))
    ]

    assert strange == []


def test_what_is_right_is_scored_so() -> None:
    assert score(REQUEST, [MAIL, CLOSE]).whole


def test_a_missing_order_costs_its_slots() -> None:
    result = score(REQUEST, [CLOSE])

    assert not result.right
    assert result.hits == 1
    assert sorted(result.missed) == [("document", "liste"), ("recipient", "ada"), ("recipient", "bob")]
    assert result.false == []


def test_words_that_two_orders_miss_count_twice() -> None:
    twice = REQUEST.model_copy(update={"orders": (REQUEST.orders[1], REQUEST.orders[1])})

    assert score(twice, [CLOSE]).hits == 1
    assert score(twice, []).missed == [("application", "teams"), ("application", "teams")]


def test_orders_turned_round_are_not_right() -> None:
    assert not score(REQUEST, [CLOSE, MAIL]).right


def test_wrong_words_are_missed_and_false() -> None:
    result = score(REQUEST, [MAIL, Understood("close_app", {"application": "Teams gleich", "date": "gleich"})])

    assert result.right
    assert result.missed == [("application", "teams")]
    assert sorted(result.false) == [("application", "teams gleich"), ("date", "gleich")]


def test_only_what_is_not_unknown_acts() -> None:
    assert not acts([Understood("unknown", {})])
    assert acts([Understood("unknown", {}), CLOSE])


def test_a_plan_follows_only_earlier_orders() -> None:
    document = REQUEST.model_dump() | {"plan": [{"order": 1, "after": [2]}]}

    with pytest.raises(ValueError, match="order 1 may follow"):
        Request.model_validate(document)
