"""What is taken out of a request because it is not to be done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.plain_words import plain_words
from tests.support.routers import the_router

ROUTER = the_router()


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Close Word, Excel stays open", "Close Word"),
        ("Schließ Word, aber lass Excel offen", "Schließ Word"),
        ("Close everything except Outlook", "Close everything"),
        ("Close all programs but Outlook", "Close everything"),
        ("Close Word, and Excel?", "Close Word?"),
        ("Öffne Word und notfalls Excel", "Öffne Word"),
        ("Öffne Word. Und Excel?", "Öffne Word. ?"),
        ("Open the invoice, not the list", "Open the invoice"),
        ("Find invoice 5, I mean invoice 6", "Find invoice 6"),
        ("Lad die Preisliste herunter und das Datenblatt auch", "Lad die Preisliste und das Datenblatt herunter"),
    ],
)
def test_what_is_not_to_be_done_is_taken_out(text: str, rest: str) -> None:
    assert plain_words(text, ROUTER).text == rest


@pytest.mark.parametrize(
    "text",
    [
        "Open Word and Excel",
        "Schreib Anna: Word bleibt offen",
        'Schreib Anna "öffne Word, nein, Excel"',
        "Schreib Anna, dass Excel offen bleibt",
        "Leave the meeting notes where they are",
        "Such die Rechnung, vielleicht liegt sie im Ordner Ablage",
        "Chrome? Close. Spotify? Close as well.",
        "Open Word, not only Excel",
    ],
)
def test_all_other_words_are_left_as_they_are(text: str) -> None:
    assert plain_words(text, ROUTER).text == text


WORDS = (
    "öffne",
    "close",
    "Word",
    "Excel",
    "bleibt",
    "offen",
    "stays",
    "open",
    "nein",
    "no",
    "not",
    "auch",
    "too",
    "notfalls",
    "und",
)


@given(
    st.lists(
        st.sampled_from((*WORDS, "and", ",", ".", "?", "die", "Rechnung", "5", "statt", "ich", "i mean")), max_size=12
    )
)
def test_any_words_can_be_looked_at(words: list[str]) -> None:
    text = " ".join(words)

    assert len(plain_words(text, ROUTER).text) <= len(text) + len("and")
