"""The plainest orders, of which labelled sets hold few, are done whatever was learned; nothing is made up."""

from collections.abc import Iterator

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.remarks import FORBIDDEN
from tests.support.routers import the_router

pytestmark = pytest.mark.component

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
THINGS = (("die", "Rechnung 4711"), ("den", "Vertrag"), ("das", "Angebot"), ("die", "Liste"), ("das", "Protokoll"))
GERMAN_MAILS = (
    "Schick {to} {the} {thing}",
    "Schick {the} {thing} an {to}",
    "{The} {thing} an {to} schicken",
    "Bitte {the} {thing} an {to} senden",
    "Kannst du {to} {the} {thing} schicken?",
    "Könnten Sie bitte {the} {thing} an {to} mailen?",
    "Ich möchte {to} {the} {thing} schicken",
    "{The} {thing} muss heute noch an {to} raus",
)
ENGLISH_MAILS = (
    "Send {to} the {thing}",
    "Could you send the {thing} to {to}?",
    "The {thing} needs to go to {to}",
    "I need you to email {to} the {thing}",
    "I'd like the {thing} sent to {to}",
)
PROGRAMS: dict[str, tuple[str, ...]] = {
    "open_app": ("Öffne {}", "{} öffnen", "{} bitte starten", "Can you open {}?"),
    "close_app": ("{} schließen", "Close {}", "Kannst du {} zumachen?", "{} zu"),
}
DOCUMENTS: dict[str, tuple[str, ...]] = {
    "search_document": ("Such {the} {thing}", "{The} {thing} suchen", "Wo liegt {the} {thing}?"),
    "open_document": ("{The} {thing} bitte öffnen",),
    "export_pdf": ("{The} {thing} als PDF speichern", "{thing} als PDF exportieren"),
}


def _mails() -> Iterator[tuple[str, dict[str, str]]]:
    for to in ("Anna", "Tom", "Herrn Krause", "Frau Meier"):
        for the, thing in THINGS:
            for form in GERMAN_MAILS:
                text = form.format(to=to, the=the, The=the.capitalize(), thing=thing)
                yield text, {"recipient": to, "document": thing}
    for to in ("Tom", "Mr Smith", "Anna"):
        for thing in ("invoice", "contract", "price list", "report"):
            for form in ENGLISH_MAILS:
                yield form.format(to=to, thing=thing), {"recipient": to, "document": thing}


def _others() -> Iterator[tuple[str, str, dict[str, str]]]:
    for intent, forms in PROGRAMS.items():
        for name in ("Word", "Excel", "Outlook", "Teams", "Firefox"):
            yield from ((form.format(name), intent, {"application": name}) for form in forms)
    for intent, forms in DOCUMENTS.items():
        for the, thing in THINGS:
            texts = (form.format(the=the, The=the.capitalize(), thing=thing) for form in forms)
            yield from ((text, intent, {"document": thing}) for text in texts)


PLAIN = [*((text, "send_mail", slots) for text, slots in _mails()), *_others()]


async def _read(text: str) -> list[tuple[str, dict[str, str]]]:
    orders = await BEYOND.split(text, ROUTER)
    return [(part.routed.name, dict(part.routed.slots)) for part in orders.parts]


async def test_plain_orders_are_done() -> None:
    found = {text: await _read(text) for text, _, _ in PLAIN}
    wrong = {
        text: found[text]
        for text, intent, slots in PLAIN
        if [name for name, _ in found[text]] != [intent] or not slots.items() <= found[text][0][1].items()
    }

    assert len(PLAIN) > 250
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("Read the mail Tom sent yesterday and immediately forward it to Eva", ["read_mail", "send_mail"]),
        ("Modul 3: öffne die Folien in PowerPoint", ["open_document"]),
        ("Search the web: first aid, course in Leeds", ["web_search"]),
        ("Suche im Web: Excel, Kurs in Berlin", ["web_search"]),
        ("Let me see Anna's email", ["read_mail"]),
        ("Let me find the contract please", ["search_document"]),
        ("Let me look for the invoice", ["search_document"]),
        ("Great job, send Tom the list", ["send_mail"]),
        ("Tolle Arbeit, öffne Excel", ["open_app"]),
        ("Schulung zum Arbeiten mit Excel am Montag um 9 eintragen", ["create_appointment"]),
        ("Seminar zum Verhandeln am 3. Mai um 9 Uhr in den Kalender", ["create_appointment"]),
        ("Workshop on writing emails Monday 9 am, invite Tom", ["create_appointment"]),
        ("Agendapunkt 2: Termin mit Eva am Montag um 9 anlegen", ["create_appointment"]),
        ("Die Anleitung zum Drucken herunterladen", ["download_file"]),
        ("Action items for the team: send Tom the list, open Excel", ["send_mail", "open_app"]),
        ("Bring mich zur Seite der Kassenärztlichen Vereinigung", ["navigate_url"]),
    ],
)
async def test_an_order_is_not_taken_for_anything_else(text: str, intents: list[str]) -> None:
    assert [name for name, _ in await _read(text)] == intents


@pytest.mark.parametrize(
    ("text", "intent", "names"),
    [
        ("Close Excel first, then Outlook", "close_app", ["Excel", "Outlook"]),
        ("Öffne erst Excel, dann Word", "open_app", ["Excel", "Word"]),
        ("Open Excel and then Word", "open_app", ["Excel", "Word"]),
    ],
)
async def test_a_mere_name_takes_the_verb_before_it(text: str, intent: str, names: list[str]) -> None:
    assert await _read(text) == [(intent, {"application": name}) for name in names]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Beende Excel, der Notar hat längst aufgelegt.", "close_app"),
        ("Find the lease, the landlord is on the phone.", "search_document"),
        ("Mr Ogawa doubts the figures from the drill test. Open the test protocol.", "open_document"),
        ("Wenn du eine Minute hast, plane ein Gespräch mit Nina ein.", "create_appointment"),
        ("I need an email to the landlord about the broken lift.", "send_mail"),
        ("I'd like to hear what Rachel wrote this morning.", "read_mail"),
        ("Der Kunde wartet schon, schick ihm das Angebot", "send_mail"),
        ("Der Vertrag ist fertig. Schick ihn an Tom", "send_mail"),
        ("Send Anna the list, she is waiting for it", "send_mail"),
        ("Schick Anna das Angebot, wenn du eine Minute hast", "send_mail"),
        ("Denk dran, dem Steuerberater die Belege zu schicken.", "send_mail"),
        ("Don't forget to send the receipts to the tax advisor", "send_mail"),
        ("Schick Tom die Liste, ist dringend", "send_mail"),
        ("Der Kunde hat gleich einen Termin, schick ihm das Angebot", "send_mail"),
        ("Could you pull down the bank statement from online banking?", "download_file"),
    ],
)
async def test_a_plain_order_is_done_whatever_is_told_beside_it(text: str, intent: str) -> None:
    assert [name for name, _ in await _read(text)] == [intent]


@pytest.mark.parametrize(
    "text",
    [
        "The sign on the door says please close all programs before leaving.",
        "The supplier will fill in the form and email it to us after he has closed his books.",
        "Such nicht weiter nach dem Lieferschein, Eva hat ihn gefunden.",
        "Let me search my inbox for it first.",
        "Lass die Finger von der Preisliste, die stimmt so.",
        "Can you believe she replied to all 400 students?",
        "Sie suchte stundenlang die Mail mit den Zugangsdaten.",
        "Du suchst Mails schneller als jeder Kollege.",
        *FORBIDDEN,
    ],
)
async def test_what_is_told_is_no_order_beside_a_remark(text: str) -> None:
    assert [name for name, _ in await _read(text)] == [UNKNOWN]


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("Schick Anna und Tom das Angebot", ["Anna", "Tom"]),
        ("Schick die Liste an Anna und Tom", ["Anna", "Tom"]),
        ("Schick Frau Meier und Tom die Liste", ["Frau Meier", "Tom"]),
        ("Send Anna and Tom the offer", ["Anna", "Tom"]),
    ],
)
async def test_several_persons_get_the_same(text: str, to: list[str]) -> None:
    orders = await BEYOND.split(text, ROUTER)

    assert [(part.routed.name, part.routed.words["recipient"]) for part in orders.parts] == [("send_mail", to)]


async def test_a_request_is_never_read_as_no_orders_at_all() -> None:
    text = "Vor dem Verschicken an den Vorstand den Quartalsbericht bitte noch als PDF abspeichern"

    assert [name for name, _ in await _read(text)] == ["export_pdf"]


async def test_a_text_in_quotation_marks_is_sent_as_it_was_written() -> None:
    ((name, slots),) = await _read('Schreib Anna "Rechnung 5 an Bob, Gutschrift 6 an Eva"')

    assert (name, slots["recipient"], slots["body"]) == ("send_mail", "Anna", "Rechnung 5 an Bob, Gutschrift 6 an Eva")


@pytest.mark.parametrize(
    "text",
    [
        "Send Rosa the list. And Hamish the plan?",
        "Schick Anna den Vertrag, oder Bob die Rechnung",
        "Schick Tom den Vertrag, nein, Eva die Rechnung",
    ],
)
async def test_what_is_asked_or_said_instead_is_no_second_order(text: str) -> None:
    known = [slots.get("recipient", "") for name, slots in await _read(text) if name != UNKNOWN]

    assert not {"Hamish", "Bob", "Eva"} & {*known}


async def test_what_is_our_own_corrects_nothing() -> None:
    ((name, slots),) = await _read("Schick Anna das Protokoll und meine Liste")

    assert (name, slots["document"]) == ("send_mail", "Protokoll und Liste")


async def test_who_is_named_in_what_is_told_gets_no_mail() -> None:
    ((name, slots),) = await _read("Maile Tom, dass Eva die Rechnung 5 hat und Bob die Liste")

    assert (name, slots["recipient"]) == ("send_mail", "Tom")


async def test_what_is_to_go_too_is_named_where_it_is_overlooked() -> None:
    orders = await BEYOND.split("Send the report to Tom, the notes too", ROUTER)

    assert orders.overlooked == ("the notes too",)
