"""Headings and praise name what is done and order nothing; what is like them and orders is none."""

import pytest

from scheduler.core.headings import is_heading


@pytest.mark.parametrize(
    "text",
    [
        "Leitfaden zum Ausfüllen des Antrags",
        "A quick guide to booking rooms",
        "Anleitung zum Herunterladen",
        "TOP 3: Rechnungen verschicken",
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
        "Great job, send Tom the list",
        "Tolle Arbeit, öffne Excel",
        "Schulung zum Arbeiten mit Excel am Montag um 9 eintragen",
        "Seminar zum Verhandeln am 3. Mai um 9 Uhr in den Kalender",
        "Workshop on writing emails Monday 9 am, invite Tom",
        "Agendapunkt 2: Termin mit Eva am Montag um 9 anlegen",
        "Die Anleitung zum Drucken herunterladen",
        "Action items for the team: send Tom the list, open Excel",
        "Als PDF speichern Sie die Liste",
        "x" * 400,
    ],
)
def test_orders_and_long_texts_are_none(text: str) -> None:
    assert not is_heading(text)
