"""Pronouns of an order take the words of the person or the thing that was spoken of before."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.intent_router import IntentRouter

ROUTER = IntentRouter.default()


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("Such die Mail von Frau Kessler raus, und antworte ihr dann, dass der Hausmeister kommt.",
         {"recipient": "Frau Kessler", "body": "der Hausmeister kommt"}),
        ("Frau Dr. Ott wartet auf den Befund. Mailen Sie ihn ihr bitte.",
         {"recipient": "Frau Dr. Ott", "document": "Befund"}),
        ("Die Kollegen vom Einkauf brauchen die Preisliste, kannst du sie ihnen zuschicken?",
         {"recipient": "Kollegen vom Einkauf", "document": "Preisliste"}),
        (("Hol den Vertrag von Herrn Said aus dem Ordner Bewerbungen und mail ihn der Fachabteilung, "
         "danach lad ihn für Donnerstag um 15 Uhr ein."),
         {"participants": "Herrn Said", "date": "Donnerstag", "time": "15 Uhr"}),
        ("Öffne die preisliste.xlsx und exportier daraus ein PDF", {"file_name": "preisliste.xlsx"}),
        ("Lade den Kontoauszug vom Bankportal und zieh die Tabelle mit den Buchungen daraus",
         {"table": "Buchungen", "document": "Kontoauszug"}),
        ("Find Dr Patel's email and reply to her that the slot is taken.",
         {"recipient": "Dr Patel", "body": "the slot is taken"}),
        ("The Millers want the floor plan, can you send it to them?",
         {"recipient": "Millers", "document": "floor plan"}),
        ("Download statement 4471 from the bank portal and open it in Excel",
         {"application": "Excel", "document": "statement 4471", "document_id": "4471"}),
        ("Look up the tenants' email about the boiler and let them know that the plumber comes at nine.",
         {"recipient": "tenants", "body": "the plumber comes at nine"}),
        ("Email the rota to Priya and book a call with her for Friday at noon.",
         {"participants": "Priya", "date": "Friday", "time": "noon"}),
    ],
)  # fmt: skip
def test_pronouns_take_the_words_of_what_they_stand_for(text: str, slots: dict[str, str]) -> None:
    assert split_orders(text, ROUTER).parts[-1].routed.slots == slots


def test_somebody_nobody_spoke_of_is_not_guessed() -> None:
    routed = split_orders("Schick ihr bitte die Rechnung 4711", ROUTER).parts[-1].routed

    assert "recipient" not in routed.slots
