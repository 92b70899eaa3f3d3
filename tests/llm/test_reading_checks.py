"""What stands beside a negation, and which words order what nobody configured."""

import pytest

from scheduler.llm.reading_checks import besides_negations, is_foreign


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("They take no Word, so make it a PDF", "so make it a PDF"),
        ("Ich finde ihn nicht. Such bitte den Vertrag.", "Such bitte den Vertrag."),
        ("Make it a PDF, so that nobody changes it", "Make it a PDF"),
        ("Send it to Tom, no, to Eva", ""),
        ("Close Word. No, not now.", ""),
        ("Send it, but not today", ""),
        ("Wag es nicht, Excel zuzumachen, bitte.", ""),
        ("Untersteh dich nicht, Word zu schließen", ""),
        ("Avoid closing Excel", ""),
        ("Avoid closing Excel, because it is late", ""),
    ],
)
def test_what_is_beside_a_negation_may_be_ordered(text: str, beside: str) -> None:
    assert besides_negations(text) == beside


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("Restart Outlook", True),
        ("Das PDF bitte kürzen", True),
        ("Kannst du das PDF kürzen?", True),
        ("Print the plan", True),
        ("Lease signing with Tom at ten, into the diary", False),
        ("I want the table as data I can sort", False),
        ("Close Word", False),
    ],
)
def test_a_verb_that_nobody_configured_orders(text: str, foreign: bool) -> None:
    assert is_foreign(text) is foreign
