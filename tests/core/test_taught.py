"""What a taught example says of other sentences: the same intent, and what fills its slots there."""

from time import process_time

import pytest

from scheduler.core.intents import Intent
from scheduler.core.taught import read_example
from scheduler.core.taught_book import TaughtBook

EXAMPLES = (
    ("archive_file", "archiviere die Datei [file_name:a.txt]"),
    ("archive_file", "leg [file_name:b.txt] ins Archiv"),
    ("call_back", "ruf [person:Anna] zurück"),
    ("report", "erstelle den Monatsbericht für die Abteilung [dept:Einkauf]"),
    ("open_app", "mach [application:Word] fertig"),
    ("open_app", "mach mal Grindel Pro fertig"),
    ("open_app", "wirf mal Excel an"),
)
BOOK = TaughtBook(
    {name: Intent(name=name) for name, _ in EXAMPLES}, [read_example(name, marked) for name, marked in EXAMPLES]
)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("Archiviere bitte die Datei bericht.pdf", "archive_file", {"file_name": "bericht.pdf"}),
        ("Leg c.txt bitte ins Archiv.", "archive_file", {"file_name": "c.txt"}),
        ("Ruf bitte Frau Müller zurück!", "call_back", {"person": "Frau Müller"}),
    ],
)
def test_an_example_finds_its_intent_and_what_fills_its_slots(text: str, intent: str, slots: dict[str, str]) -> None:
    routed = BOOK.route(text)

    assert routed is not None
    assert (routed.name, dict(routed.slots)) == (intent, slots)


@pytest.mark.parametrize(
    "text", ["Archiviere die Datei bericht.pdf nicht", "Leg mir die Post hin", "Wie archiviere ich?"]
)
def test_what_is_no_such_order_is_not_taken_for_one(text: str) -> None:
    assert BOOK.route(text) is None


REPORT = "Erstelle den Monatsbericht für die Abteilung"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"{REPORT} Einkauf und schließ Teams", [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), "und schließ Teams"]),
        (f"{REPORT} Einkauf, dann schließ Teams", [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), "dann schließ Teams"]),
        (f"{REPORT} Einkauf und schick ihn Anna", [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), "und schick ihn Anna"]),
        (f"{REPORT} Einkauf\nSchließ Teams", [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), "Schließ Teams"]),
        (f"{REPORT} Einkauf\nLösche Archiv", [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), "Lösche Archiv"]),
        (
            "Erstelle den Monatsbericht\nfür die Abteilung Einkauf",
            [({"dept": "Einkauf"}, "Erstelle den Monatsbericht\nfür die Abteilung Einkauf")],
        ),
        (
            f"Schließ Teams und {REPORT.lower()} Einkauf",
            ["Schließ Teams", ({"dept": "Einkauf"}, f"und {REPORT.lower()} Einkauf")],
        ),
        (
            f"{REPORT} Einkauf und ruf Anna zurück",
            [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), ({"person": "Anna"}, "und ruf Anna zurück")],
        ),
        (
            f"{REPORT} Forschung und Entwicklung",
            [({"dept": "Forschung und Entwicklung"}, f"{REPORT} Forschung und Entwicklung")],
        ),
        ("Ruf Anna und Tom zurück", [({"person": "Anna und Tom"}, "Ruf Anna und Tom zurück")]),
        (f"1. {REPORT} Einkauf\n2. Schließ Teams", [({"dept": "Einkauf"}, f"{REPORT} Einkauf"), "Schließ Teams"]),
        (
            "Vergiss nicht, Anna zurückzurufen, und ruf Tom zurück",
            ["Vergiss nicht, Anna zurückzurufen", ({"person": "Tom"}, "und ruf Tom zurück")],
        ),
    ],
)
def test_an_example_is_held_against_each_part_of_a_request(
    text: str, parts: list[str | tuple[dict[str, str], str]]
) -> None:
    found = BOOK.parts(text)

    assert [(dict(one.routed.slots), one.text) if one.routed else one.text for one in found] == parts


@pytest.mark.parametrize(
    "text",
    [
        f"{REPORT} Einkauf schließ Teams",
        f"{REPORT} Einkauf frobnizier alles",
        f"{REPORT} Einkauf für März",
        f"{REPORT} Einkauf ohne die Zahlen",
        "mach den Monatsabschluss für Filiale Hamburg Nord fertig und lösch alles",
    ],
)
def test_what_an_example_does_not_explain_is_asked_about(text: str) -> None:
    found = BOOK.parts(text)[0].routed

    assert found is not None
    assert (found.name, found.unsure, len(found.nearest)) == ("unknown", True, 1)
    assert BOOK.route(text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"Hast du den {REPORT[13:]} Einkauf erstellt?",
        f"Wer erstellt den {REPORT[13:]} Einkauf?",
        f"{REPORT} Einkauf bitte nicht",
        f"Erstelle keinen {REPORT[13:]} Einkauf",
        f"Ich will nicht, dass du den {REPORT[13:]} Einkauf erstellst",
        f"Ich habe gestern den {REPORT[13:]} Einkauf erstellt",
        f"Der {REPORT[13:]} Einkauf ist erstellt",
        f"Wir erstellen den {REPORT[13:]} Einkauf",
        f"Wenn Anna kommt, {REPORT} Einkauf",
        f"Schließ Teams und erstelle nicht den {REPORT[13:]} Einkauf",
        f"Hast du den {REPORT[13:]} Einkauf erstellt? Schließ Teams.",
        f"Ich habe Teams geschlossen und den {REPORT[13:]} Einkauf erstellt. Schick Anna die Rechnung 4711.",
        "Schick Tom eine Mail: ruf Anna zurück",
        f"Schreib Anna, sie soll den {REPORT[13:]} Einkauf erstellen",
        f"Sag Anna, dass sie den {REPORT[13:]} Einkauf erstellen soll",
        f"Such im Web nach: {REPORT} Einkauf",
        f"Hättest du den {REPORT[13:]} Einkauf erstellt?",
    ],
)
def test_questions_negations_statements_and_what_others_are_told_mean_nothing_taught(text: str) -> None:
    assert BOOK.parts(text) == ()


@pytest.mark.parametrize("text", ["mach mal den Müll fertig bitte sofort", "wirf den Müll weg"])
def test_words_that_anything_is_done_with_tell_no_intent(text: str) -> None:
    book = TaughtBook(
        {"open_app": Intent(name="open_app")},
        [read_example("open_app", "mach mal Grindel Pro fertig"), read_example("open_app", "wirf mal Excel an")],
    )

    assert book.parts(text) == ()
    assert book.route("Mach Grindel Pro bitte fertig") is not None
    assert book.route("Wirf bitte Word an") is not None


def test_slots_are_read_by_the_example_of_the_intent_that_people_say_is_meant() -> None:
    assert BOOK.slots_of("report", f"{REPORT} Einkauf für März") == {"dept": "Einkauf"}


def test_a_taught_intent_is_among_the_nearest_where_it_fits() -> None:
    assert BOOK.nearest("Monatsbericht Abteilung Vertrieb erstellen?", ("send_mail", "read_mail"))[0] == "report"
    assert BOOK.nearest("xyz", ("send_mail",)) == ("send_mail",)


def test_a_long_list_of_what_was_taught_is_read_in_a_moment() -> None:
    book = TaughtBook({"close_app": Intent(name="close_app")}, [read_example("close_app", "wirf raus")])
    lines = "wirf raus\n" * 199
    began = process_time()

    parts = book.parts(lines)

    assert len(parts) == 199
    assert process_time() - began < 6
