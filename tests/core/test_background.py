"""What is only told around the orders of a message is left out, and what may change an order never is."""

import pytest

from scheduler.core.background import without_background

AROUND = [
    (
        "The vet was on about some new rules and the wee girl's at school till three. Would you go to www.farms.ie?",
        "Would you go to www.farms.ie?",
    ),
    (
        "Slack bitte zumachen, ich krieg sonst heute gar nichts mehr gebacken, weil im Channel dauernd jemand schreit.",
        "Slack bitte zumachen.",
    ),
    (
        "Open the stock sheet for us, she can't stand waiting and the card machine's playing up, so I'm stuck.",
        "Open the stock sheet for us.",
    ),
    (
        "Mein Rechner hat sich dreimal aufgehängt und die IT zuckt nur mit den Schultern, drum starte bitte mal Excel.",
        "starte bitte mal Excel.",
    ),
    (
        (
            "Print two copies of it cos she likes scribbling on paper and he keeps losing his own, "
            "and close Spotify as well."
        ),
        "Print two copies of it, and close Spotify as well.",
    ),
    (
        "Please start Google Meet so I can hop right on when his mom gets here from the other side of the town.",
        "Please start Google Meet.",
    ),
]


@pytest.mark.parametrize(("text", "addressed"), AROUND)
def test_only_what_is_addressed_to_us_is_left(text: str, addressed: str) -> None:
    said = without_background(text)

    assert said.text == addressed
    assert said.beside


WHOLE = [
    "When the pressing's done I'll sit down, go onto the payments site and enter the maps, it takes me a while.",
    "Our accountant wrote something on dividends last week, have it up on the screen, then google the allowance.",
    "Kollegin Berger meint, die Leitlinien stünden jetzt unter leitlinien.example/kardio, ruf die mal bitte auf.",
    "Schick Tom die Liste, die er seit drei Wochen haben will.",
    "Meine Kollegin in der Buchhaltung hat mir gestern am Telefon gesagt, schick bitte die Rechnung an Anna Berger.",
    "As soon as the payment for the second half of the year arrives from the bank, please forward the receipt to Anna.",
    "Bitte schick Tom die Liste, die Chefin muss sie aber heute Nachmittag erst noch einmal genehmigen.",
    "Please send Tom the list of all the members, I don't need it any more and he has it already, come to think of it.",
    "Schreib Tom, dass ich morgen komme, die Dichtung hol ich noch beim Händler und das Werkzeug bring ich auch mit.",
    "The fee table in the club rules would be handier as Excel, and the minutes of the meeting should be a PDF soon.",
    "Ich hab seit zwei Stunden nichts gespeichert und der Rechner wird immer langsamer, das ist doch kein Zustand.",
]


@pytest.mark.parametrize("text", WHOLE)
def test_what_may_change_an_order_or_be_one_stays(text: str) -> None:
    assert without_background(text).text == text


def test_a_pronoun_for_what_is_told_says_that_the_whole_is_needed() -> None:
    text = (
        "Mrs Ogden has rung again about her boiler and I'm up to my elbows in a drain, can you email her that I'm late."
    )

    said = without_background(text)

    assert said.refers
    assert said.text == "can you email her that I'm late."


def test_what_is_named_in_the_order_needs_no_more() -> None:
    text = (
        "Our driver is stuck at the gate and they won't let him in without papers. Get note 77120 off the Cargo portal."
    )

    assert not without_background(text).refers
