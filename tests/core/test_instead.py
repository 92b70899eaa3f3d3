"""What is taken out of an order because something else is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.instead import meant


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Send the report to Clara, not to Bernd", "Send the report to Clara"),
        ("Send the report not to Bernd but to Clara", "Send the report to Clara"),
        ("Schick den Vertrag nicht Anna, sondern Ben", "Schick den Vertrag an Ben"),
        ("Open Word instead of Excel and close Teams", "Open Word and close Teams"),
        ("Send the contract to Carl instead of Anna and Bob.", "Send the contract to Carl."),
        ("Mail den Plan an Eva statt der Liste an Tom.", "Mail den Plan an Eva."),
        ("Instead of Word, open Excel", "Open Excel"),
        ("Termin am Dienstag statt Montag mit Anna", "Termin am Dienstag mit Anna"),
        ("Lade Anna, aber nicht Tom, am Montag ein", "Lade Anna, am Montag ein"),
    ],
)
def test_only_what_is_meant_is_left(text: str, rest: str) -> None:
    assert meant(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "Schick das Angebot nicht an Tom",
        "Schick das Angebot nicht an Tom. Schick es an Anna",
        "Schick den Bericht nicht nur an Bernd, sondern auch an Clara",
        "Schick Anna den Bericht. Doch nicht Anna.",
        "Don't close Word, close Excel",
        "Such die Mail, nicht den Plan, die Liste",
        "Send Anna the list, not later than Monday",
        "Ich komme nicht ans Laufwerk, hol bitte den Vertrag",
        'Write Anna "tea instead of coffee"',
        "Write Anna that we have tea instead of coffee",
        "Du solltest doch Eva die Liste schicken, nicht Ben",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert meant(text) == text


WORDS = ("schick", "send", "Anna", "an", "to", "die", "the", "list", "nicht", "not", "sondern", "but", "statt", "aber")


@given(st.lists(st.sampled_from((*WORDS, "instead", "of", "don't", "und", ",", ".", "Tom", "5")), max_size=12))
def test_any_words_can_be_looked_at(words: list[str]) -> None:
    text = " ".join(words)

    assert len(meant(text)) <= len(text) + len("an ")
