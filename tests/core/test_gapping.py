"""A verb that is said once and counts for several orders is put into each; words of one order stay as they are."""

import pytest

from scheduler.core.gapping import spelled_out
from scheduler.core.intent_router import IntentRouter

RULES = IntentRouter.default()


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("Send Nora the offer, Paul the contract.", "Send Nora the offer, email Paul the contract."),
        ("Schick Jana das Angebot, dem Notar den Vertrag.", "Schick Jana das Angebot, maile dem Notar den Vertrag."),
        ("launch teams, excel as well", "launch teams, start excel as well"),
        ("Starte Word, Excel auch", "Starte Word, starte Excel auch"),
        (
            "Schließ erst Word, dann Excel, zuletzt Teams.",
            "Schließ erst Word, dann schließe Excel, zuletzt schließe Teams.",
        ),
        (
            "Tell Ben by email that the van is late, and Zoe that the van is full",
            "Tell Ben by email that the van is late, and email Zoe that the van is full",
        ),
        (
            "mail an tom dass die ware da ist und an den fahrer dass wir morgen laden",
            "mail an tom dass die ware da ist, und maile an den fahrer dass wir morgen laden",
        ),
        (
            "Fill in the leave form, then do the same with the claim form.",
            "Fill in the leave form, then fill in the claim form.",
        ),
        (
            "Zwei Termine bitte: Montag 10 Uhr Inventur, Dienstag 11 Uhr Zahnarzt",
            "trage Montag 10 Uhr Inventur in den Kalender ein, trage Dienstag 11 Uhr Zahnarzt in den Kalender ein",
        ),
    ],
)
def test_each_order_gets_its_verb(said: str, spelled: str) -> None:
    assert spelled_out(said, RULES) == spelled


@pytest.mark.parametrize(
    "said",
    [
        "Send the list to Anna and Tom",
        "Schließ Excel und Word",
        "Email Tom the offer, the plan and the list",
        "Did you send Nora the offer, Paul the contract?",
        "Schick Frau Weber, unserer Anwältin, den Vertrag",
        "Ich brauche das Layoutprogramm, also InDesign.",
        "Write to Tom: the list to Anna, the plan to Paul",
        "Send Tom the list, copy to Anna",
    ],
)
def test_what_is_one_order_stays_as_it_was_said(said: str) -> None:
    assert spelled_out(said, RULES) == said
