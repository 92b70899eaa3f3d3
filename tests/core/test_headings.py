"""Headings and praise name what is done and order nothing; what is like them and orders is none."""

import pytest

from scheduler.core.headings import is_heading


@pytest.mark.parametrize(
    "text",
    [
        "Leitfaden zum Ausfüllen des Antrags",
        "A quick guide to booking rooms",
        "Agenda item 5: sending the invoices",
        "Tasks for team C: find the leases, close the files",
        "Nice work finding that lease!",
        "Als Assistenz öffnen Sie täglich die Post.",
    ],
)
def test_headings(text: str) -> None:
    assert is_heading(text)


@pytest.mark.parametrize(
    "text",
    [
        "Bitte die Anleitung zum Ausfüllen schicken",
        "Anleitung zum Ausfüllen an Tom",
        "Find the guide to booking rooms",
        "Agenda item 5, the audit. It should be mailed to Eva.",
        "Good job, now send it to Tom",
        "Als PDF speichern Sie die Liste",
        "x" * 400,
    ],
)
def test_orders_and_long_texts_are_none(text: str) -> None:
    assert not is_heading(text)
