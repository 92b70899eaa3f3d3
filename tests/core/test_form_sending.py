"""When a form is to be sent, and when not."""

import pytest

from scheduler.core.form_sending import without_sending

FORM = "Fülle das Formular auf https://example.com/a mit Name: Max, Tage: 3 aus"
ENGLISH = "Fill in the form on https://example.com/a with Name: Max, Days: 3"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"{FORM} und sende es ab", FORM),
        (f"{FORM} und schick es dann bitte ab.", FORM),
        (f"{FORM}, dann absenden!", FORM),
        (f"{FORM} und reich den Antrag ein", FORM),
        ("Formular a.example mit Name: Max ausfüllen und abschicken", "Formular a.example mit Name: Max ausfüllen"),
        (f"{ENGLISH} and submit it", ENGLISH),
        (f"{ENGLISH}, then send it off please", ENGLISH),
        (f"{ENGLISH} and submit the form.", ENGLISH),
    ],
)  # fmt: skip
def test_words_that_order_to_send_it_are_heard(text: str, rest: str) -> None:
    plain, says = without_sending(text)

    assert plain == rest
    assert says


@pytest.mark.parametrize(
    "text",
    [
        FORM,
        f"{FORM}, aber noch nicht absenden",
        f"{FORM} und schick es noch nicht ab",
        f"{FORM} ohne es abzuschicken",
        f"{FORM} und schick es an Anna",
        f"{ENGLISH} but do not submit it",
        f"{ENGLISH} and don't submit it",
        f"{ENGLISH} and send it to Anna",
        "Fülle das Formular mit Nachricht: bitte absenden aus",
    ],
)
def test_what_orders_nothing_of_that_kind_is_left_as_it_is(text: str) -> None:
    assert without_sending(text) == (text, "")
