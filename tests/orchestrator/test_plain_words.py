"""Nothing is done to what stays as it is, was taken back, or waits for a condition: programs, documents."""

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

pytestmark = pytest.mark.component

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
ASKED = "?"


async def read(text: str, slot: str) -> list[str]:
    """Return each order of a request with one slot of it; "?" for what is asked about."""
    orders = await BEYOND.split(text, ROUTER)
    return [
        ASKED if part.routed.name == UNKNOWN else f"{part.routed.name} {part.routed.slots.get(slot, '')}".strip()
        for part in orders.parts
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Close Word, Excel stays open",
        "Schließ Word, Excel bleibt offen",
        "Close Word but keep Excel open",
        "Mach Word zu, aber lass Excel offen",
        "Mach Word zu, Excel lass an",
        "Close Word and leave Excel running",
        "Schließ Word, aber Excel nicht",
        "Close Word, not Excel",
        "Schließ Word, Excel brauche ich noch",
        "Close Word, I still need Excel",
        "Close Word, Excel must stay open",
        "Schließ Word, Excel soll offen bleiben",
        "Word schließen, Excel offen lassen",
        "Close Word instead of Excel",
        "Close Excel, I mean Word",
        "Schließ Excel. Nein, Word.",
        "Close Excel. No, sorry, Word.",
        "Close Word and Excel. Forget Excel.",
        "Close Excel and Word, forget Excel.",
        "Close Word. Forget Excel.",
        "Word zumachen, Excel nicht.",
        "Mach Word zu, Excel bitte nicht.",
    ],
)
async def test_what_stays_as_it_is_is_not_closed(text: str) -> None:
    assert await read(text, "application") == ["close_app Word"]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("Open Word, Excel is already open", ["open_app Word"]),
        ("Öffne Word, nein, Excel", ["open_app Excel"]),
        ("Open Word, no, Excel", ["open_app Excel"]),
        ("Open Word, Excel if necessary", ["open_app Word", ASKED]),
        ("Öffne Word und notfalls Excel", ["open_app Word", ASKED]),
        ("Öffne Word. Und Excel?", ["open_app Word", ASKED]),
        ("Öffne Word oder Excel", ["open_app"]),
        ("Schließ alles außer Outlook", ["close_app"]),
        ("Close everything except Outlook", ["close_app"]),
        ("Open Word and Excel", ["open_app Word and Excel"]),
        ("Kannst du vielleicht Word und Excel öffnen?", ["open_app Word und Excel"]),
        ("Kill Chrome and Firefox", ["close_app Chrome and Firefox"]),
    ],
)
async def test_programs_are_opened_as_the_words_say(text: str, orders: list[str]) -> None:
    assert await read(text, "application") == orders


@pytest.mark.parametrize(
    "text",
    [
        "Close Word when I'm done",
        "Close Word once I've saved",
        "Close Word as soon as I have saved",
        "Schließ Word, sobald ich gespeichert habe",
        "Schließ Word erst, wenn ich gespeichert habe",
        "Schließ Word erst nachdem ich gespeichert habe",
        "Close Word after I have saved",
        "Don't close Word until I've saved",
        "Wait until I've saved, then close Word",
        "When I say so, close Word",
        "Send Tom the contract once I've signed it",
        "Schick Tom den Vertrag, sobald ich ihn unterschrieben habe",
    ],
)
async def test_what_waits_for_us_is_not_done_at_once(text: str) -> None:
    assert await read(text, "application") == [ASKED]


@pytest.mark.parametrize(
    ("text", "slot", "orders"),
    [
        ("Such die Rechnung 5, quatsch, die Rechnung 6", "document", ["search_document Rechnung 6"]),
        ("Find invoice 5, I mean invoice 6", "document", ["search_document invoice 6"]),
        ("Open invoice 5. Sorry, invoice 6.", "document", ["open_document invoice 6"]),
        ("Lade die Preisliste herunter, nein, das Datenblatt", "document", ["download_file Datenblatt"]),
        ("Exportiere die Rechnung 5 als PDF, nein, die Rechnung 6", "document", ["export_pdf Rechnung 6"]),
        ("Open the invoice, not the credit note", "document", ["open_document invoice"]),
        ("Öffne die Rechnung 5 und die Gutschrift 6", "document", ["open_document Rechnung 5 und Gutschrift 6"]),
        ("Termin mit Anna am Montag um 10, nein, am Dienstag", "date", ["create_appointment Dienstag"]),
        ("Book a meeting with Tom on Monday, no, Tuesday at 10", "date", ["create_appointment Tuesday"]),
        ("Book a meeting with Tom on Monday, make that on Tuesday.", "date", ["create_appointment Tuesday"]),
        ("Set up a meeting with Tom, I mean Eva, on Monday at 10", "participants", ["create_appointment Eva"]),
        ("Termin mit Anna, nein, mit Tom am Montag um 10", "participants", ["create_appointment Tom"]),
        ("Termin mit Anna und Tom am Montag um 10", "participants", ["create_appointment Anna und Tom"]),
        ("Invite Anna, and Tom if necessary, on Monday at 10", "participants", ["create_appointment Anna", ASKED]),
    ],
)
async def test_what_is_said_instead_is_done_instead(text: str, slot: str, orders: list[str]) -> None:
    assert await read(text, slot) == orders


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Schick Tom die Mail: Nein, an Eva.", "Nein, an Eva"),
        ('Schreib Anna "Öffne Word, nein, Excel"', "Öffne Word, nein, Excel"),
        ("Write to Tom that Excel stays open if necessary", "Excel stays open if necessary"),
    ],
)
async def test_what_is_written_to_others_is_left_as_it_is(text: str, body: str) -> None:
    assert await read(text, "body") == [f"send_mail {body}"]


@pytest.mark.parametrize(
    ("text", "slot", "orders"),
    [
        ("Zoom kann weg. Mach es bitte zu.", "application", ["close_app Zoom"]),
        ("Zoom can go now, they've all hung up. Shut it, would you.", "application", ["close_app Zoom"]),
        (
            "Zum Öffnen von dach.docx: Die Datei liegt auf dem Portal, also vorher bitte laden. Dann aufmachen.",
            "file_name",
            ["download_file dach.docx", "open_document dach.docx"],
        ),
        (
            "Open the contract, close Word, open it.",
            "document",
            ["open_document contract", "close_app", "open_document contract"],
        ),
        (
            "Öffne den Vertrag, mach Word zu und öffne ihn.",
            "document",
            ["open_document Vertrag", "close_app", "open_document Vertrag"],
        ),
        ("Send the list to Tom and send it to him encrypted.", "document", ["send_mail list", "send_mail list"]),
        (
            "Open the contract, then open it read-only.",
            "document",
            ["open_document contract", "open_document contract"],
        ),
        (
            "Send the list to Tom and send it a second time to be safe.",
            "document",
            ["send_mail list", "send_mail list"],
        ),
    ],
)
async def test_only_what_adds_nothing_is_said_twice(text: str, slot: str, orders: list[str]) -> None:
    assert await read(text, slot) == orders


@pytest.mark.parametrize(
    "text",
    [
        "Close Word and open Excel. Forget Word.",
        "Open Excel and close Word. Forget Word.",
        "Mach Word und Excel zu, vergiss Excel.",
        "Mach Word zu, meine Excel.",
        "Schließ Word, meine Kontakte.",
    ],
)
async def test_what_may_be_meant_instead_or_is_forgotten_beside_others_is_asked_about(text: str) -> None:
    assert await read(text, "application") == [ASKED]


async def test_whom_something_is_meant_for_too_corrects_nobody() -> None:
    assert await read("Schick die Liste an Tom, ups, an Eva auch.", "recipient") == ["send_mail Tom und Eva"]
    assert await read("Schick Eva die Liste, hoppla, das war Tom.", "recipient") == [ASKED]


async def test_a_contrast_that_is_not_of_programs_leaves_an_order_as_it_is() -> None:
    text = "Bitte das Gutachten Steinbrecher als PDF drucken, also nicht auf Papier, nur als Datei."

    assert await read(text, "document") == ["export_pdf Gutachten Steinbrecher"]


async def test_what_does_not_stay_open_is_closed() -> None:
    assert await read("Chrome bleibt offen, aber Citrix nicht: zumachen.", "application") != ["close_app Chrome"]
