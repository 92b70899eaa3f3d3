"""What is told beside an order fills its slots only where the order points there or lacks something."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.slot_background import beside, opened
from scheduler.core.slot_texts import cut_mail, without_reasons
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
        (
            "Das Formular heißt Reiseantrag. Füll das Formular mit 30 Euro aus.",
            {"form": "Reiseantrag", "amount": "30 Euro"},
        ),
    ],
)
def test_an_order_that_points_back_takes_what_was_told(text: str, slots: dict[str, str]) -> None:
    part = split_orders(text, the_router()).parts[-1]

    assert part.routed.slots == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        (
            "The price list is in the folder Stock. Send the price list to Mr Hill.",
            {"document": "price list", "folder": "Stock", "recipient": "Mr Hill"},
        ),
        (
            "Die Mail von Eva kam am Montag. Such die Mail mit dem Betreff Miete.",
            {"sender": "Eva", "date": "Montag", "subject": "Miete"},
        ),
    ],
)
def test_what_is_told_of_the_very_thing_of_an_order_fills_its_slots(text: str, slots: dict[str, str]) -> None:
    assert split_orders(text, the_router()).parts[-1].routed.slots == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        (
            "Frau Lang kommt am Freitag um 11 Uhr. Leg einen Termin wegen der Miete an.",
            {"participants": "Frau Lang", "date": "Freitag", "time": "11 Uhr", "title": "Miete"},
        ),
        (
            "Book a meeting with Anna on Monday. She can only come at 9.",
            {"participants": "Anna", "date": "Monday", "time": "9"},
        ),
        (
            "Book a meeting with Anna on Monday. Unluckily she has no time at 9.",
            {"participants": "Anna", "date": "Monday"},
        ),
        (
            "Bob kann nur am Freitag. Trag einen Termin mit Sue am Montag um 9 Uhr ein.",
            {"participants": "Sue", "date": "Montag", "time": "9 Uhr"},
        ),
    ],
)
def test_when_somebody_can_come_is_when_they_are_met(text: str, slots: dict[str, str]) -> None:
    assert split_orders(text, the_router()).parts[-1].routed.slots == slots


@pytest.mark.parametrize(
    ("told", "order", "slot", "words", "given"),
    [
        ("Die Rechnung hat die Nummer 4711", "Öffne die Rechnung", "document_id", "4711", True),
        ("Die Sitzung ist um 16 Uhr im Rathaus", "Trag die Sitzung ein", "time", "16 Uhr", True),
        ("Thema des Tages ist das neue Budget", "Leg einen Termin mit Eva an", "title", "Budget", True),
        ("Die Mail von Eva kam am Montag hier an", "Such die Mail mit Betreff Gala", "sender", "Eva", True),
        ("Die Mail von Eva kam am Montag hier an", "Such die Mail von Tom", "date", "Montag", False),
        ("The report from Jim is in the folder Old", "Send the report of Sue to Eva", "folder", "Old", False),
        ("The meeting with Bob on Monday was awful", "Set up a meeting with Sue", "date", "Monday", False),
        ("The report is due on Friday for Jim", "Send the report to Eva", "recipient", "Jim", False),
    ],
)
def test_what_is_told_of_the_very_thing_of_an_order_may_fill_its_slots(
    told: str, order: str, slot: str, words: str, given: bool
) -> None:
    text = f"{told}. {order}."

    assert beside(text, order, [told]).gives(slot, text.index(words), text, frozenset()) is given


def test_whose_mail_it_is_points_to_nobody_else() -> None:
    (part,) = split_orders("Eva wrote about the rent. Find Tom's mail.", the_router()).parts

    assert part.routed.slots == {"sender": "Tom"}


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


@pytest.mark.parametrize(
    "body",
    [
        "we won, she was right",
        "I can't come today, I will call her tomorrow",
        "the contract is ready, she has to sign it by Friday",
        "the suppliers are late, they have promised Monday",
        "Mr Hill is here, he has asked for the keys",
        "the rent is due, because he has not paid it",
        "the police were here, they asked for Tom",
    ],
)
def test_what_may_be_part_of_the_message_is_told(body: str) -> None:
    assert cut_text(f"Tell Eva that {body}.") == body


@pytest.mark.parametrize(
    "body",
    [
        "die Rechnung fehlt, die ist seit Mai fällig",
        "die Ware da ist, sie steht im Lager",
        "das Meeting ausfällt, ich werde einen neuen Termin schicken",
        "Herr Hill da ist, er hat nach dem Schlüssel gefragt",
        "es klappt, weil er gefragt hat, und dass wir um 9 Uhr da sind",
        "es klappt, er hat ja gefragt, und dass wir kommen",
    ],
)
def test_what_may_be_part_of_the_message_is_told_in_german(body: str) -> None:
    assert cut_text(f"Schreib Tom, dass {body}.") == body


def cut_text(text: str) -> str:
    ((start, end),) = cut_mail(without_reasons(text) if "und dass" in text else text).found["body"]
    return text[start:end]


def test_a_weekday_written_short_is_no_verb() -> None:
    told = beside("PZR mit Frau Ahlers, Do. 16 Uhr, bitte in den Kalender", "16 Uhr", ["PZR mit Frau Ahlers, Do"])

    assert not told


def test_a_reason_without_a_mark_is_no_part_of_what_is_searched_for() -> None:
    text = "such im Internet nach Wirkstoff Amoxil denn die Patientin hat Fieber"

    assert split_orders(text, the_router()).parts[0].routed.slots == {"query": "Wirkstoff Amoxil"}
