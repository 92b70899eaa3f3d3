"""What is told beside an order fills its slots only where the order points there or lacks something."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.slot_background import beside, opened
from tests.support.routers import the_router


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        (
            (
                "Der Kunde war gestern beim Landrat und der Bürgermeister wünscht Ergebnisse. "
                "Laden Sie bitte Frau Ahlers für den 4. Juni um 10 Uhr ein."
            ),
            {"participants": "Frau Ahlers", "date": "4. Juni", "time": "10 Uhr"},
        ),
        (
            (
                "So the Brandt audit got moved and the partner drives out to the client. "
                "Please pull the ledger from the Brandt folder and send it to Ida Moss."
            ),
            {"document": "ledger", "folder": "Brandt", "recipient": "Ida Moss"},
        ),
        (
            "Fill in the travel claim for 80 euro, since himself says he did it last year.",
            {"form": "travel claim", "amount": "80 euro"},
        ),
    ],
)
def test_an_order_that_says_all_takes_nothing_from_beside_it(text: str, slots: dict[str, str]) -> None:
    (part,) = split_orders(text, the_router()).parts

    assert part.routed.slots == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("Die Preisliste liegt im Ordner Einkauf. Öffne sie.", {"document": "Preisliste", "folder": "Einkauf"}),
        (
            "The agency wrote to us in July about overtime rates, please dig that mail out.",
            {"sender": "agency", "date": "July", "subject": "overtime rates"},
        ),
        (
            "Frau Ahlers kommt am Mittwoch um 10 Uhr vorbei, leg da einen Termin mit ihr an.",
            {"participants": "Frau Ahlers", "date": "Mittwoch", "time": "10 Uhr"},
        ),
    ],
)
def test_an_order_that_points_back_takes_what_was_told(text: str, slots: dict[str, str]) -> None:
    part = split_orders(text, the_router()).parts[-1]

    assert part.routed.slots == slots


def test_a_person_that_a_pronoun_means_is_found_and_nothing_else() -> None:
    text = "As Mr Lang is flying to Oslo tonight, would you forward the lease to him?"

    assert opened("send_mail", text, "would you forward the lease to him?", {"document"}, refers=False) is not None
    assert "document" not in (opened("send_mail", text, "forward the lease to him", {"document"}, refers=False) or ())


def test_details_may_follow_an_order_but_not_what_is_told_of_somebody() -> None:
    order = "Fill in the permit"
    text = f"{order}. The whole project starts on 1 September. He never does it before the 3 May."
    told = beside(text, order, ["The whole project starts on 1 September", "He never does it before the 3 May"])

    assert told.gives("date", text.index("1 September"), text, frozenset())
    assert not told.gives("date", text.index("3 May"), text, frozenset())


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Antworte Frau Ahlers, dass wir den Saal doch kriegen – die hat schon gefragt", "wir den Saal doch kriegen"),
        ("Let Mr Lang know by email that the hall is free, as he has asked twice", "the hall is free"),
        ("Tell Bo that the hall is free and that she may come", "the hall is free and that she may come"),
    ],
)
def test_words_to_somebody_end_where_a_clause_speaks_of_them(text: str, body: str) -> None:
    assert split_orders(text, the_router()).parts[0].routed.slots["body"] == body


def test_a_weekday_written_short_is_no_verb() -> None:
    told = beside("PZR mit Frau Ahlers, Do. 16 Uhr, bitte in den Kalender", "16 Uhr", ["PZR mit Frau Ahlers, Do"])

    assert not any(told)


def test_a_reason_without_a_mark_is_no_part_of_what_is_searched_for() -> None:
    text = "such im Internet nach Wirkstoff Amoxil denn die Patientin hat Fieber"

    assert split_orders(text, the_router()).parts[0].routed.slots == {"query": "Wirkstoff Amoxil"}
